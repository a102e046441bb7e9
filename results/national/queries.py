"""Reads of the bridge: where every signed sample stands, and what it says in the national field order."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.catalog.limit_forms import LimitTextError, Maximum, Minimum, Range
from lims.catalog.limits import parse_limit
from lims.catalog.models import Region
from lims.catalog.queries import deadlines
from lims.clock import local_date
from lims.errors import NotFoundError
from lims.people.models import Organisation
from lims.quantities import NO_UNIT, QuantityError, format_measured
from results.models import Conclusion, TestReport
from results.national.models import NationalExport
from results.national.rules import ITEM_VERDICTS, conclusion_of, report_category
from results.national.types import DUE, BoardRow, ReportingState, SampleRow
from results.papers.assembly import reported_result
from results.queries import BenchLine, ReportFacts, gather_report, set_and_lock
from results.rules.stored import from_json
from results.types import ItemVerdict
from results.urgent.models import UrgentReport
from sampling.models import Sample, SamplingForm
from sampling.queries import filing_of
from sampling.types import SampleVerdict
from sampling.words import WORDS

PAGE = 50
MOST_FILES = 30
SEND = {True: "send_fail", False: "send_pass"}  # rule parameters, by whether the sample failed

# Every signed sample of an organisation with its state. What was reported is compared by what it was reported from:
# the report, the verdict, and whether a recheck was concluded since. A conclusion that was withdrawn after an objection
# is reported by nobody.
BOARD = """
    SELECT sample.id AS sample_id, sample.sampling_no, form.product_name, sample.verdict, report.report_no,
        report.id AS report_id, conclusion.signed_at, last.export_id, last.taken_at, returned.reason AS return_reason,
        CASE
            WHEN last.export_id IS NULL THEN 'not_reported'
            WHEN returned.export_id IS NOT NULL THEN 'returned'
            WHEN last.report_id <> conclusion.report_id OR last.verdict <> sample.verdict OR EXISTS (
                SELECT 1 FROM recheck_conclusion again
                WHERE again.sample_id = sample.id AND again.signed_at > last.taken_at
            ) THEN 'corrected'
            ELSE 'reported'
        END AS state
    FROM sample
    JOIN conclusion ON conclusion.sample_id = sample.id
    JOIN test_report report ON report.id = conclusion.report_id
    JOIN sampling_form form ON form.sample_id = sample.id
    LEFT JOIN LATERAL (
        SELECT line.export_id, line.report_id, line.verdict, export.taken_at
        FROM national_export_line line JOIN national_export export ON export.id = line.export_id
        WHERE line.sample_id = sample.id ORDER BY export.taken_at DESC, export.id DESC LIMIT 1
    ) last ON true
    LEFT JOIN national_return returned
        ON (returned.export_id, returned.sample_id) = (last.export_id, sample.id)
    WHERE :organisation_id IN (sample.lab_id, sample.regulator_id) AND NOT EXISTS (
        SELECT 1 FROM objection
        WHERE objection.sample_id = sample.id AND objection.consequence = 'case_withdrawn'
    )
"""
ROWS = sa.text(
    f"""
    SELECT * FROM ({BOARD}) board
    WHERE state = ANY(:states) AND (CAST(:numbers AS text[]) IS NULL OR sampling_no = ANY(:numbers))
        AND (CAST(:after_at AS timestamptz) IS NULL OR (signed_at, sample_id) > (:after_at, :after_id))
    ORDER BY signed_at, sample_id LIMIT :most
    """  # noqa: S608 - our own constant
).bindparams(
    sa.bindparam("numbers", type_=sa.ARRAY(sa.Text())),
    sa.bindparam("states", type_=sa.ARRAY(sa.Text())),
    sa.bindparam("after_at", type_=sa.DateTime(timezone=True)),
    sa.bindparam("after_id", type_=sa.Uuid()),
)
COUNTS = sa.text(f"SELECT state, count(*) FROM ({BOARD}) board GROUP BY state")  # noqa: S608 - our own constant


def list_board(
    session: Session,
    actor: Actor,
    now: datetime,
    *,
    states: Collection[ReportingState] = tuple(ReportingState),
    numbers: Sequence[str] | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> list[BoardRow]:
    """Signed samples of the actor's organisation by their state, the earliest signature first.

    Args:
        session: to read with.
        actor: of the laboratory or of the regulator.
        now: from which working days are counted.
        states: that are shown.
        numbers: of these samples only.
        after: instant and id of the last one before.
        limit: how many.
    """
    found = session.execute(
        ROWS,
        {
            "organisation_id": actor.require_organisation(),
            "states": [one.value for one in states],
            "numbers": list(numbers) if numbers is not None else None,
            "after_at": after[0] if after else None,
            "after_id": after[1] if after else None,
            "most": limit,
        },
    )
    return _with_days(session, [_row(one) for one in found], now)


def count_states(session: Session, actor: Actor) -> dict[ReportingState, int]:
    """How many signed samples stand in each state."""
    counted = session.execute(COUNTS, {"organisation_id": actor.require_organisation()})
    return dict.fromkeys(ReportingState, 0) | {ReportingState(state): count for state, count in counted}


def get_export(session: Session, actor: Actor, export_id: UUID) -> NationalExport:
    """A file that the actor's organisation took out.

    Raises:
        NotFoundError: there is none.
    """
    export = session.get(NationalExport, export_id)
    if export is None or export.organisation_id != actor.organisation_id:
        raise NotFoundError
    return export


def list_exports(session: Session, actor: Actor, limit: int = MOST_FILES) -> Sequence[NationalExport]:
    """The files that the actor's organisation took out, the newest first."""
    return session.scalars(
        sa.select(NationalExport)
        .where(NationalExport.organisation_id == actor.organisation_id)
        .order_by(NationalExport.taken_at.desc(), NationalExport.id.desc())
        .limit(limit)
    ).all()


def number_of(session: Session, sample_id: UUID) -> str | None:
    """The sampling number of a sample."""
    return session.scalar(sa.select(Sample.sampling_no).where(Sample.id == sample_id))


def reports_of(session: Session, sample_ids: Collection[UUID]) -> dict[UUID, TestReport]:
    """The signed report of each sample."""
    rows = session.scalars(
        sa.select(TestReport)
        .join(Conclusion, Conclusion.report_id == TestReport.id)
        .where(Conclusion.sample_id.in_(sample_ids))
    )
    return {one.sample_id: one for one in rows}


def national_rows(session: Session, sample_ids: Sequence[UUID], now: datetime) -> list[SampleRow]:
    """Signed samples in the national field order, by the order of `sample_ids`."""
    reports = reports_of(session, sample_ids)
    regions = {row.code: row.name_zh for row in session.execute(sa.select(Region.code, Region.name_zh))}
    urgent = set(session.scalars(sa.select(UrgentReport.sample_id).where(UrgentReport.sample_id.in_(sample_ids))))
    return [
        _national_row(session, reports[sample_id], regions, now, is_urgent=sample_id in urgent)
        for sample_id in sample_ids
    ]


def _national_row(
    session: Session, report: TestReport, regions: Mapping[str, str], now: datetime, *, is_urgent: bool
) -> SampleRow:
    test_set, lock = set_and_lock(session, report)
    facts = gather_report(session, test_set, lock, now)
    sampler = session.get_one(Organisation, facts.sample.sampling_organisation_id)
    verdicts = {one.result.verdict for one in facts.lines if one.result is not None}
    verdict = facts.sample.verdict or report.verdict
    given: dict[str, Any] = {
        **_task_fields(session, facts),
        **_party_fields(facts.sample, facts.form, regions),
        **_product_fields(facts.form),
        "sampling_organisation": sampler.name_zh,
        "samplers": "、".join(facts.people[one].name for one in facts.sampler_ids),
        "sampled_on": local_date(facts.sample.sampled_at) if facts.sample.sampled_at else None,
        "lab": facts.lab.name_zh,
        "report_no": report.report_no,
        "received_on": local_date(facts.received_at) if facts.received_at else None,
        "reported_on": report.issued_on,
        "conclusion": conclusion_of(verdict, verdicts),
        "report_category": report_category(verdict, verdicts, is_urgent=is_urgent and verdict is SampleVerdict.FAIL),
    }
    fields = {name: str(value) for name, value in given.items() if value not in {None, ""}}
    return SampleRow(fields, [_item_fields(facts.sample.sampling_no, one) for one in facts.lines])


def _task_fields(session: Session, facts: ReportFacts) -> dict[str, Any]:
    """Where the sample belongs; levels that the category tree does not have stay empty."""
    plan, form = facts.plan, facts.form
    filing = filing_of(session, plan, facts.sample.plan_line_id)
    levels = {f"category_l{depth}": one.name_zh for depth, one in enumerate(facts.path[:4], start=1)}
    return {
        "sampling_no": facts.sample.sampling_no,
        "task_source": filing.task_source,
        "report_class_a": filing.report_class_a,
        "report_class_b": filing.report_class_b,
        "task_category": WORDS[type(plan.task_category)][plan.task_category].zh,
        "stage": WORDS[type(form.stage)][form.stage].zh,
        "place_kind": WORDS[type(form.place_kind)][form.place_kind].zh,
        **levels,
    }


def _party_fields(_sample: Sample, form: SamplingForm, regions: Mapping[str, str]) -> dict[str, Any]:
    code = form.region_code
    return {
        "party_name": form.party_name,
        "party_province": regions.get(f"{code[:2]}0000"),
        "party_city": regions.get(f"{code[:4]}00") if code[2:4] != "00" else None,
        "party_county": regions.get(code) if code[4:] != "00" else None,
        "party_address": form.party_address,
        "party_uscc": form.party_uscc,
        "party_licence_kind": form.party_licence_kind,
        "party_licence_no": form.party_licence_no,
    }


def _product_fields(form: SamplingForm) -> dict[str, Any]:
    return {
        "product_name": form.product_name,
        "specification": form.specification,
        "batch_no": form.batch_no,
        "product_date": form.product_date,
        "producer_licence_no": form.producer_licence_no,
        "producer_name": form.producer_name,
        "producer_address": form.producer_address,
    }


def _item_fields(sampling_no: str, one: BenchLine) -> dict[str, str]:
    line, result = one.line, one.result
    given: dict[str, str | None] = {
        "sampling_no": sampling_no,
        "item": one.item.name_zh,
        "method_basis": one.method.name if one.method else None,
        "basis": line.basis,
        "lod": format_measured(line.lod) if line.lod is not None else None,
        "lod_unit": line.unit if line.lod is not None else None,
        "limit_unit": line.limit_unit,
        **_bounds(line.limit_text, line.limit_unit),
    }
    if result is not None:
        given["verdict"] = ITEM_VERDICTS.get(result.verdict)
        if result.verdict is ItemVerdict.UNTESTED:
            given["remark"] = result.untested_reason
        else:
            finding = from_json(result.used).findings[0]
            stated = finding.unit if finding.unit_stated and finding.unit != NO_UNIT else None
            given["result"] = reported_result(result)
            given["unit"] = stated.text if stated else line.unit or line.limit_unit
    return {name: text for name, text in given.items() if text}


def _bounds(text: str, unit: str) -> dict[str, str]:
    """The lowest and the highest that is allowed, where the limit is such a figure; other forms have no column."""
    if not text:
        return {}
    try:
        form = parse_limit(text, unit).form
    except (LimitTextError, QuantityError):
        return {}
    match form:
        case Maximum(value):
            return {"limit_max": format_measured(value)}
        case Minimum(value):
            return {"limit_min": format_measured(value)}
        case Range(low, high):
            return {"limit_min": format_measured(low), "limit_max": format_measured(high)}
        case _:
            return {}


def _row(one: sa.Row[Any]) -> BoardRow:
    return BoardRow(
        one.sample_id,
        one.sampling_no,
        one.product_name,
        SampleVerdict(one.verdict),
        one.report_no,
        one.signed_at,
        ReportingState(one.state),
        one.export_id,
        one.taken_at,
        one.return_reason,
    )


def _with_days(session: Session, rows: Sequence[BoardRow], now: datetime) -> list[BoardRow]:
    """The rows with the days that are left: by the conclusion, as results are sent to who organised the sampling."""
    found: dict[UUID, int] = {}
    for has_failed, code in SEND.items():
        due = [row for row in rows if row.state in DUE and (row.verdict is SampleVerdict.FAIL) is has_failed]
        if due:
            calendar, ends = deadlines(session, code, [row.signed_at for row in due])
            found |= {row.sample_id: calendar.days_left(ends[row.signed_at].due_at, now) for row in due}
    return [replace(row, days_left=found.get(row.sample_id)) for row in rows]
