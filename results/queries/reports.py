"""What a report says, read from the database in as many queries as there are kinds of facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chain_of_custody.models import Reception
from lims.catalog.models import FoodCategory, FoodLimit, Standard, StandardEdition
from lims.catalog.queries import ancestors, get_parameter
from lims.clock import local_date
from lims.errors import NotFoundError
from lims.ledger.queries import latest_checkpoint
from lims.people.models import Accreditation, Organisation, Person
from lims.people.queries import accreditations_on, get_organisation
from results.models import Conclusion, ItemResult, ResultLock, TestReport, TestSet
from results.queries.bench import BenchLine, list_lines
from results.types import ItemVerdict
from sampling.models import DutyAct, Sample, SamplingForm, SamplingPlan
from sampling.types import DutyRole

CMA = "CMA"
RECHECK_APPLY = "recheck_apply"


@dataclass(frozen=True, slots=True)
class Basis:
    """A standard judged by: its number with the year, and its title."""

    number: str
    title_zh: str | None
    title_en: str | None


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """Everything a report over one lock shows.

    Attributes:
        lines: all lines of the worklist with the results that stand.
        superseded: what was entered before an amendment after a lock, by worklist line.
        people: names by id, of everybody below.
        accreditation: the CMA certificate that covers food, items and days; None where none does.
        ledger_head: origin, size and root of the newest signed head; None while nothing is signed.
    """

    sample: Sample
    form: SamplingForm
    plan: SamplingPlan
    lab: Organisation
    regulator: Organisation
    path: Sequence[FoodCategory]
    lines: Sequence[BenchLine]
    superseded: Mapping[UUID, str]
    bases: Sequence[Basis]
    people: Mapping[UUID, Person]
    sampler_ids: Sequence[UUID]
    tester_ids: Sequence[UUID]
    reviewer_id: UUID
    received_at: datetime | None
    tested_from: datetime
    tested_to: datetime
    objection_working_days: int
    accreditation: Accreditation | None
    ledger_head: str | None

    @property
    def tested(self) -> list[BenchLine]:
        """The lines something was found for."""
        return [one for one in self.lines if one.result and one.result.verdict is not ItemVerdict.UNTESTED]


def gather_report(session: Session, test_set: TestSet, lock: ResultLock, now: datetime) -> ReportFacts:
    """Read what the report over a lock shows."""
    sample = session.get_one(Sample, test_set.sample_id)
    form = session.get_one(SamplingForm, sample.id)
    lines = list_lines(session, test_set.id)
    results = [one.result for one in lines if one.result is not None]
    sampler_ids = session.scalars(
        sa.select(DutyAct.person_id)
        .where(DutyAct.sample_id == sample.id, DutyAct.role == DutyRole.SAMPLER)
        .order_by(DutyAct.acted_at, DutyAct.person_id)
    ).all()
    tester_ids = list(dict.fromkeys(row.entered_by_id for row in sorted(results, key=lambda row: row.entered_at)))
    wanted = {*sampler_ids, *tester_ids, lock.reviewer_id}
    path = ancestors(session, sample.food_category_id)
    tested = [one for one in lines if one.result and one.result.verdict is not ItemVerdict.UNTESTED]
    tested_to = max((row.entered_at for row in results), default=lock.locked_at)
    return ReportFacts(
        sample=sample,
        form=form,
        plan=session.get_one(SamplingPlan, sample.plan_id),
        lab=get_organisation(session, test_set.lab_id),
        regulator=get_organisation(session, sample.regulator_id),
        path=path,
        lines=lines,
        superseded=_superseded(session, test_set, lines),
        bases=_bases(session, tested),
        people={one.id: one for one in session.scalars(sa.select(Person).where(Person.id.in_(wanted)))},
        sampler_ids=sampler_ids,
        tester_ids=tester_ids,
        reviewer_id=lock.reviewer_id,
        received_at=session.scalar(sa.select(Reception.checked_at).where(Reception.sample_id == sample.id)),
        tested_from=min((row.entered_at for row in results), default=lock.locked_at),
        tested_to=tested_to,
        objection_working_days=int(get_parameter(session, RECHECK_APPLY, local_date(now)).value),
        accreditation=_accreditation(session, test_set.lab_id, path[0].code, tested, tested_to),
        ledger_head=ledger_head(session),
    )


def ledger_head(session: Session) -> str | None:
    """The newest signed head in one line: origin, size, root."""
    head = latest_checkpoint(session)
    return None if head is None else " ".join(head.note.split("\n")[:3])


def get_report(session: Session, report_id: UUID) -> TestReport:
    """One report.

    Raises:
        NotFoundError: no such report.
    """
    report = session.get(TestReport, report_id)
    if report is None:
        raise NotFoundError
    return report


def conclusion_of(session: Session, sample_id: UUID) -> Conclusion | None:
    """The signed conclusion of a sample."""
    return session.scalar(sa.select(Conclusion).where(Conclusion.sample_id == sample_id))


def signed_report(session: Session, sample_id: UUID) -> tuple[TestReport, Conclusion] | None:
    """The report that a sample was concluded on."""
    row = session.execute(
        sa.select(TestReport, Conclusion)
        .join(Conclusion, Conclusion.report_id == TestReport.id)
        .where(Conclusion.sample_id == sample_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def find_by_check_code(session: Session, code: str) -> tuple[TestReport, Conclusion | None] | None:
    """The report behind the code of a public check page, with its sample's conclusion."""
    row = session.execute(
        sa.select(TestReport, Conclusion)
        .outerjoin(Conclusion, Conclusion.sample_id == TestReport.sample_id)
        .where(TestReport.check_code == code)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def _superseded(session: Session, test_set: TestSet, lines: Sequence[BenchLine]) -> dict[UUID, str]:
    """For every result that two persons amended after a lock, what was entered before."""
    amended = [one.result for one in lines if one.result and one.result.proposal_id is not None]
    if not amended:
        return {}
    before = session.scalars(
        sa.select(ItemResult).where(
            ItemResult.sample_id == test_set.sample_id,
            sa.tuple_(ItemResult.set_item_id, ItemResult.version).in_(
                [(row.set_item_id, row.replaces_version) for row in amended]
            ),
        )
    )
    return {row.set_item_id: row.entered_text for row in before}


def _bases(session: Session, tested: Sequence[BenchLine]) -> list[Basis]:
    limit_ids = {one.line.limit_id for one in tested if one.line.limit_id is not None}
    rows = session.execute(
        sa.select(Standard.number, StandardEdition.edition, Standard.title_zh, Standard.title_en)
        .join(StandardEdition, StandardEdition.standard_id == Standard.id)
        .join(FoodLimit, FoodLimit.edition_id == StandardEdition.id)
        .where(FoodLimit.id.in_(limit_ids))
        .distinct()
        .order_by(Standard.number, StandardEdition.edition)
    )
    return [
        Basis(f"{number}-{edition}" if edition else number, title_zh, title_en)
        for number, edition, title_zh, title_en in rows
    ]


def _accreditation(
    session: Session, lab_id: UUID, major: str, tested: Sequence[BenchLine], tested_to: datetime
) -> Accreditation | None:
    """The certificate in force on the last day of the test whose scope covers the food and every item."""
    items = {one.item.code for one in tested}
    for row in accreditations_on(session, lab_id, local_date(tested_to)):
        covers_food = not row.category_codes or major in row.category_codes
        covers_items = not row.item_codes or items <= set(row.item_codes)
        if row.scheme == CMA and covers_food and covers_items:
            return row
    return None
