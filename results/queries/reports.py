"""What a report says, read from the database in as many queries as there are kinds of facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chain_of_custody.models import Reception
from lims.actors import Actor
from lims.auth.permissions import BENCH_ROLES, Role
from lims.catalog.models import FoodCategory, FoodLimit, Standard, StandardEdition
from lims.catalog.queries import ancestors, get_parameter
from lims.clock import local_date
from lims.errors import NotFoundError
from lims.ledger.queries import latest_checkpoint
from lims.people.models import Accreditation, Organisation, Person
from lims.people.queries import accreditations_on, get_organisation
from results.models import Conclusion, ItemResult, ResultLock, TestReport, TestSet
from results.queries.bench import BenchLine, last_lock, list_lines
from results.queries.deadlines import ReportDue, reports_due
from results.queries.later import LaterConclusion, UpheldObjection, later_conclusion, upheld_objection
from results.types import ItemVerdict, ReportStanding, TestSetState
from sampling.models import DutyAct, Sample, SamplingForm, SamplingPlan
from sampling.queries import visible_samples
from sampling.types import DutyRole, SampleState

CMA = "CMA"
RECHECK_APPLY = "recheck_apply"
QUEUE = 200  # more than a signatory reads in a day


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


def set_and_lock(session: Session, report: TestReport) -> tuple[TestSet, ResultLock]:
    """The worklist a report is over, and its lock."""
    return (
        session.get_one(TestSet, report.test_set_id),
        session.get_one(ResultLock, (report.test_set_id, report.lock_seq)),
    )


def is_locked_at(session: Session, report: TestReport) -> bool:
    """Whether the results are still locked as they were when the report was composed."""
    test_set = session.get_one(TestSet, report.test_set_id)
    lock = last_lock(session, test_set.id)
    return test_set.state is TestSetState.LOCKED and lock is not None and lock.seq == report.lock_seq


@dataclass(frozen=True, slots=True)
class ToSign:
    """A locked set without a conclusion. Whose sample it is, is told only beside a composed report."""

    blind_code: str
    category_zh: str
    category_en: str | None
    locked_at: datetime
    report: TestReport | None
    sampling_no: str | None
    product_name: str | None
    party_name: str | None
    due: ReportDue

    def is_ready_for(self, person_id: UUID, today: date) -> bool:
        """Whether this person can sign the report today as it is."""
        report = self.report
        return report is not None and report.signatory_id == person_id and report.issued_on == today


def list_to_sign(session: Session, lab_id: UUID, *, now: datetime, limit: int = QUEUE) -> list[ToSign]:
    """Locked sets of a laboratory that nobody concluded, the first locked first, each with its newest report."""
    newest = (
        sa.select(TestReport.sample_id, sa.func.max(TestReport.version).label("version"))
        .group_by(TestReport.sample_id)
        .subquery()
    )
    locked = (
        sa.select(ResultLock.test_set_id, sa.func.max(ResultLock.seq).label("seq"))
        .group_by(ResultLock.test_set_id)
        .subquery()
    )
    query = (
        sa.select(TestSet, FoodCategory, ResultLock, TestReport, Sample.sampling_no, SamplingForm)
        .join(locked, locked.c.test_set_id == TestSet.id)
        .join(ResultLock, sa.and_(ResultLock.test_set_id == TestSet.id, ResultLock.seq == locked.c.seq))
        .join(FoodCategory, FoodCategory.id == TestSet.food_category_id)
        .join(Sample, Sample.id == TestSet.sample_id)
        .join(SamplingForm, SamplingForm.sample_id == Sample.id)
        .outerjoin(newest, newest.c.sample_id == TestSet.sample_id)
        .outerjoin(
            TestReport,
            sa.and_(
                TestReport.sample_id == TestSet.sample_id,
                TestReport.version == newest.c.version,
                TestReport.lock_seq == ResultLock.seq,
            ),
        )
        .where(TestSet.lab_id == lab_id, TestSet.state == TestSetState.LOCKED, Sample.state == SampleState.LOCKED)
        .order_by(ResultLock.locked_at, TestSet.id)
        .limit(limit)
    )
    rows = session.execute(query).all()
    due = reports_due(session, [row[0] for row in rows], now)
    return [
        ToSign(
            blind_code=one.blind_code,
            category_zh=category.name_zh,
            category_en=category.name_en,
            locked_at=lock.locked_at,
            report=report,
            sampling_no=sampling_no if report else None,
            product_name=form.product_name if report else None,
            party_name=form.party_name if report else None,
            due=due[one.sample_id],
        )
        for one, category, lock, report, sampling_no, form in rows
    ]


def list_signed(session: Session, person_id: UUID, *, limit: int = 20) -> Sequence[tuple[TestReport, Conclusion]]:
    """What somebody signed last, the newest first."""
    rows = session.execute(
        sa.select(TestReport, Conclusion)
        .join(Conclusion, Conclusion.report_id == TestReport.id)
        .where(Conclusion.signatory_id == person_id)
        .order_by(Conclusion.signed_at.desc(), Conclusion.id)
        .limit(limit)
    )
    return [(report, conclusion) for report, conclusion in rows]


def get_visible_report(session: Session, actor: Actor, report_id: UUID) -> TestReport | None:
    """The report, if the actor may read it (product.md §2a).

    A signatory of the laboratory may from its composition on; its custodian, the regulator that commissioned the
    sample and the one that handles it may once it is signed. A bench role sees none.
    """
    row = session.execute(
        sa.select(TestReport, TestSet.lab_id, Conclusion.id)
        .join(TestSet, TestSet.id == TestReport.test_set_id)
        .outerjoin(Conclusion, Conclusion.report_id == TestReport.id)
        .where(TestReport.id == report_id)
    ).one_or_none()
    if row is None or actor.organisation_id is None or actor.roles & BENCH_ROLES:
        return None
    report, lab_id, conclusion_id = row
    if actor.organisation_id == lab_id:
        is_allowed = Role.SIGNATORY in actor.roles or (Role.CUSTODIAN in actor.roles and conclusion_id is not None)
        return report if is_allowed else None
    if conclusion_id is None:
        return None
    sample = session.scalar(sa.select(Sample).where(Sample.id == report.sample_id, visible_samples(actor)))
    if sample is None or sample.sampling_organisation_id == actor.organisation_id != sample.regulator_id:
        return None
    return report


@dataclass(frozen=True, slots=True)
class CheckedReport:
    """What the public is told about a report: nothing about the sample.

    Attributes:
        standing: current, not issued, superseded by a later version, or withdrawn: replaced by a recheck, or taken back
            by an objection.
        later: the recheck that replaced its conclusion, whether it came to another one or to the same.
        upheld: the objection by which its conclusion does not stand.
    """

    report_no: str
    version: int
    lab_zh: str
    lab_en: str
    issued_on: date
    pdf_sha256: bytes
    standing: ReportStanding
    signed_at: datetime | None
    later: LaterConclusion | None = None
    upheld: UpheldObjection | None = None


def check_report(session: Session, code: str) -> CheckedReport | None:
    """What became of the report with this check code; None for an unknown code."""
    row = session.execute(
        sa.select(TestReport, Conclusion, Organisation, Sample)
        .join(TestSet, TestSet.id == TestReport.test_set_id)
        .join(Organisation, Organisation.id == TestSet.lab_id)
        .join(Sample, Sample.id == TestReport.sample_id)
        .outerjoin(Conclusion, Conclusion.sample_id == TestReport.sample_id)
        .where(TestReport.check_code == code)
    ).one_or_none()
    if row is None:
        return None
    report, conclusion, lab, sample = row
    is_signed = conclusion is not None and conclusion.report_id == report.id
    upheld = upheld_objection(session, sample.id) if is_signed else None
    if not is_signed:
        standing = ReportStanding.NOT_ISSUED if conclusion is None else ReportStanding.SUPERSEDED
    elif upheld is not None or sample.verdict is not conclusion.verdict:
        standing = ReportStanding.WITHDRAWN
    else:
        standing = ReportStanding.CURRENT
    return CheckedReport(
        report.report_no,
        report.version,
        lab.name_zh,
        lab.name_en,
        report.issued_on,
        report.pdf_sha256,
        standing,
        conclusion.signed_at if is_signed else None,
        later_conclusion(session, sample.id) if is_signed else None,
        upheld,
    )


@dataclass(frozen=True, slots=True)
class TestProgress:
    """How far the laboratory is with a sample, without a figure."""

    __test__ = False  # pytest takes classes that begin with Test for its own

    state: TestSetState
    opened_at: datetime
    locked_at: datetime | None


def progress_of(session: Session, sample_id: UUID) -> TestProgress | None:
    """How far the test of a sample is; None before it reached the bench."""
    row = session.execute(
        sa.select(TestSet.id, TestSet.state, TestSet.opened_at).where(TestSet.sample_id == sample_id)
    ).one_or_none()
    if row is None:
        return None
    lock = last_lock(session, row.id) if row.state is TestSetState.LOCKED else None
    return TestProgress(row.state, row.opened_at, lock.locked_at if lock else None)


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
