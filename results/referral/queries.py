"""Reads of referrals, branches and notices: totally ordered, and within what the actor may see (product.md §2a)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chain_of_custody.keeping.types import Hold, HoldKind
from lims.actors import Actor, OrganisationKind
from lims.auth.permissions import BENCH_ROLES
from lims.catalog.limit_forms import Maximum
from lims.catalog.limits import parse_limit
from lims.catalog.models import TestItem
from lims.catalog.queries import get_parameter, load_calendar
from lims.catalog.workdays import Calendar, last_day
from lims.clock import local_date
from lims.erasure.subjects import GONE, Place
from lims.errors import NotFoundError
from lims.people.models import Organisation
from results.models import Conclusion, TestReport, TestSet, TestSetItem
from results.queries import standing_results
from results.referral.models import (
    BranchEscalation,
    CaseEntry,
    HandlingAttachment,
    HandlingPartVersion,
    Referral,
    ReferralBranch,
    ResultNotice,
    Service,
)
from results.referral.rules.opening import next_clock
from results.referral.rules.states import ENDS
from results.referral.types import BranchState, Clocks, EscalationMark, FailedItem, HandlingPart
from results.types import ItemVerdict
from sampling.models import Sample, SamplingForm

PAGE = 50
WITH_STATION = (BranchState.DISPATCHED, BranchState.WITH_STATION, BranchState.CLOSED)


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A branch as the officer's inbox shows it."""

    branch: ReferralBranch
    referral: Referral
    sampling_no: str
    product_name: str
    due_on: date
    days_left: int | None
    is_provisional: bool
    marks: tuple[EscalationMark, ...]


@dataclass(frozen=True, slots=True)
class ServedNotice:
    """A notice with its service, where it has one."""

    notice: ResultNotice
    service: Service | None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice as the list of what must be served shows it."""

    notice: ResultNotice
    service: Service | None
    sampling_no: str
    product_name: str
    due_on: date
    days_left: int
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class PriorFailures:
    """How often the business and the producer failed before; flagged from a number of failures on."""

    of_business: int
    of_producer: int
    threshold: int

    @property
    def is_flagged(self) -> bool:
        """Whether either failed often enough to be marked."""
        return max(self.of_business, self.of_producer) >= self.threshold


def visible_branches(actor: Actor) -> sa.ColumnElement[bool]:
    """The condition under which a person may see a branch.

    The regulator that answers for it, the station it was given to, and the regulator that commissioned the sample. A
    bench role sees none, whatever other roles the person carries.
    """
    if actor.is_system:
        return sa.true()
    if actor.organisation_id is None or actor.roles & BENCH_ROLES:
        return sa.false()
    commissioned = sa.select(Sample.id).where(Sample.regulator_id == actor.organisation_id)
    return sa.or_(
        ReferralBranch.regulator_id == actor.organisation_id,
        sa.and_(ReferralBranch.station_id == actor.organisation_id, ReferralBranch.state.in_(WITH_STATION)),
        ReferralBranch.sample_id.in_(commissioned),
    )


def clocks_of(branch: ReferralBranch) -> Clocks:
    """The clocks of a branch."""
    return Clocks(branch.acknowledge_due_at, branch.start_due_at, branch.control_due_at, branch.finish_due_at)


def failed_items(session: Session, sample_id: UUID) -> list[FailedItem]:
    """What failed in a sample by the results that stand, in the order of its worklist."""
    test_set = session.scalar(sa.select(TestSet).where(TestSet.sample_id == sample_id))
    if test_set is None:
        return []
    standing = standing_results(session, test_set.id)
    rows = session.execute(
        sa.select(TestSetItem, TestItem)
        .join(TestItem, TestItem.id == TestSetItem.item_id)
        .where(TestSetItem.test_set_id == test_set.id)
        .order_by(TestSetItem.position, TestSetItem.id)
    )
    found = []
    for line, item in rows:
        result = standing.get(line.id)
        if result is None or result.verdict is not ItemVerdict.FAIL:
            continue
        form = parse_limit(line.limit_text, line.limit_unit).form if line.limit_id else None
        found.append(
            FailedItem(
                set_item_id=line.id,
                item_code=item.code,
                name_zh=item.name_zh,
                name_en=item.name_en,
                result=result.entered_text,
                limit=line.limit_text,
                unit=line.limit_unit or line.unit,
                basis=line.basis,
                hazard=item.hazard,
                is_microbiological=item.is_microbiological,
                measured=result.compared_value,
                limit_max=form.value if isinstance(form, Maximum) else None,
            )
        )
    return found


def regulators_by_region(session: Session) -> dict[str, UUID]:
    """The regulator of each region that works in this installation."""
    rows = session.execute(
        sa.select(Organisation.region_code, Organisation.id)
        .where(Organisation.kind == OrganisationKind.REGULATOR, Organisation.closed_on.is_(None))
        .order_by(Organisation.id)
    )
    return {code: organisation_id for code, organisation_id in rows if code}


def list_stations(session: Session, regulator_id: UUID) -> Sequence[Organisation]:
    """The stations under a regulator, by name."""
    return session.scalars(
        sa.select(Organisation)
        .where(
            Organisation.kind == OrganisationKind.STATION,
            Organisation.superior_id == regulator_id,
            Organisation.closed_on.is_(None),
        )
        .order_by(Organisation.name_zh, Organisation.id)
    ).all()


def submitted_parts(session: Session, branch_ids: Iterable[UUID]) -> dict[UUID, frozenset[HandlingPart]]:
    """The parts of each branch that were handed in."""
    rows = session.execute(
        sa.select(HandlingPartVersion.branch_id, HandlingPartVersion.part)
        .where(HandlingPartVersion.branch_id.in_(list(branch_ids)), HandlingPartVersion.is_submitted)
        .distinct()
    )
    found: dict[UUID, set[HandlingPart]] = defaultdict(set)
    for branch_id, part in rows:
        found[branch_id].add(part)
    return {branch_id: frozenset(parts) for branch_id, parts in found.items()}


def list_inbox(
    session: Session,
    actor: Actor,
    now: datetime,
    *,
    ended: bool = False,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> list[InboxRow]:
    """Branches that the actor's organisation answers for, the one to be finished first on top; or those that ended."""
    query = (
        sa.select(ReferralBranch, Referral, Sample.sampling_no, SamplingForm.product_name)
        .join(Referral, Referral.id == ReferralBranch.referral_id)
        .join(Sample, Sample.id == ReferralBranch.sample_id)
        .join(SamplingForm, SamplingForm.sample_id == Sample.id)
        .where(
            visible_branches(actor),
            ReferralBranch.state.in_(ENDS) if ended else ReferralBranch.state.not_in(ENDS),
        )
    )
    if after is not None:
        query = query.where(
            sa.tuple_(ReferralBranch.finish_due_at, ReferralBranch.id) > sa.tuple_(*map(sa.literal, after))
        )
    rows = session.execute(query.order_by(ReferralBranch.finish_due_at, ReferralBranch.id).limit(limit)).all()
    ids = [row[0].id for row in rows]
    parts, marks = submitted_parts(session, ids), list_marks(session, ids)
    calendar = load_calendar(session)
    return [_inbox_row(row, parts.get(row[0].id, frozenset()), marks.get(row[0].id, ()), calendar, now) for row in rows]


def _inbox_row(
    row: tuple[ReferralBranch, Referral, str, str],
    parts: frozenset[HandlingPart],
    marks: tuple[EscalationMark, ...],
    calendar: Calendar,
    now: datetime,
) -> InboxRow:
    branch, referral, sampling_no, product_name = row
    due_at = next_clock(branch.state, parts, clocks_of(branch))
    ended = branch.state in ENDS
    return InboxRow(
        branch=branch,
        referral=referral,
        sampling_no=sampling_no,
        product_name=product_name,
        due_on=last_day(due_at),
        days_left=None if ended else calendar.days_left(due_at, now),
        is_provisional=not ended and calendar.is_provisional(last_day(due_at)),
        marks=marks,
    )


def count_open(session: Session, actor: Actor, now: datetime) -> tuple[int, int]:
    """How many branches are unacknowledged, and how many have passed a clock."""
    row = session.execute(
        sa.select(
            sa.func.count().filter(ReferralBranch.state == BranchState.OPEN),
            sa.func.count().filter(
                sa.or_(
                    sa.and_(ReferralBranch.state == BranchState.OPEN, ReferralBranch.acknowledge_due_at <= now),
                    ReferralBranch.id.in_(sa.select(BranchEscalation.branch_id)),
                )
            ),
        ).where(visible_branches(actor), ReferralBranch.state.not_in(ENDS))
    ).one()
    return row[0], row[1]


def list_marks(session: Session, branch_ids: Iterable[UUID]) -> dict[UUID, tuple[EscalationMark, ...]]:
    """The marks each branch has passed, the first one first."""
    rows = session.execute(
        sa.select(BranchEscalation.branch_id, BranchEscalation.mark)
        .where(BranchEscalation.branch_id.in_(list(branch_ids)))
        .order_by(BranchEscalation.branch_id, BranchEscalation.at, BranchEscalation.mark)
    )
    found: dict[UUID, tuple[EscalationMark, ...]] = {}
    for branch_id, mark in rows:
        found[branch_id] = (*found.get(branch_id, ()), mark)
    return found


def get_referral(session: Session, actor: Actor, referral_id: UUID) -> Referral:
    """One referral.

    Raises:
        NotFoundError: there is none of which the actor may see a branch.
    """
    seen = sa.select(ReferralBranch.referral_id).where(visible_branches(actor))
    found = session.scalar(sa.select(Referral).where(Referral.id == referral_id, Referral.id.in_(seen)))
    if found is None:
        raise NotFoundError
    return found


def find_referral(session: Session, actor: Actor, sample_id: UUID) -> Referral | None:
    """The referral of a sample, or None where there is none of which the actor may see a branch."""
    seen = sa.select(ReferralBranch.referral_id).where(visible_branches(actor))
    return session.scalar(sa.select(Referral).where(Referral.sample_id == sample_id, Referral.id.in_(seen)))


def list_referrals(
    session: Session, actor: Actor, *, after: tuple[datetime, UUID] | None = None, limit: int = PAGE
) -> Sequence[Referral]:
    """Referrals of which the actor may see a branch, the newest first."""
    seen = sa.select(ReferralBranch.referral_id).where(visible_branches(actor))
    query = sa.select(Referral).where(Referral.id.in_(seen))
    if after is not None:
        query = query.where(sa.tuple_(Referral.opened_at, Referral.id) < sa.tuple_(*map(sa.literal, after)))
    return session.scalars(query.order_by(Referral.opened_at.desc(), Referral.id.desc()).limit(limit)).all()


def list_branches(session: Session, actor: Actor, referral_id: UUID) -> Sequence[ReferralBranch]:
    """The branches of a referral that the actor may see, operator first."""
    order = sa.case({"operator": 0, "producer": 1}, value=ReferralBranch.kind, else_=2)
    return session.scalars(
        sa.select(ReferralBranch)
        .where(ReferralBranch.referral_id == referral_id, visible_branches(actor))
        .order_by(order, ReferralBranch.id)
    ).all()


def get_branch(session: Session, actor: Actor, branch_id: UUID) -> ReferralBranch:
    """One branch.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    found = session.scalar(sa.select(ReferralBranch).where(ReferralBranch.id == branch_id, visible_branches(actor)))
    if found is None:
        raise NotFoundError
    return found


def standing_parts(session: Session, branch_id: UUID) -> dict[HandlingPart, HandlingPartVersion]:
    """The last version of each part of a branch."""
    rows = session.scalars(
        sa.select(HandlingPartVersion)
        .where(HandlingPartVersion.branch_id == branch_id)
        .order_by(HandlingPartVersion.part, HandlingPartVersion.version)
    )
    return {row.part: row for row in rows}


def list_attachments(session: Session, branch_id: UUID) -> Sequence[HandlingAttachment]:
    """The files of a branch, in the order they came."""
    return session.scalars(
        sa.select(HandlingAttachment)
        .where(HandlingAttachment.branch_id == branch_id)
        .order_by(HandlingAttachment.added_at, HandlingAttachment.id)
    ).all()


def list_history(session: Session, referral_id: UUID, branch_ids: Iterable[UUID]) -> Sequence[CaseEntry]:
    """What happened in a referral and in these of its branches, in order."""
    return session.scalars(
        sa.select(CaseEntry)
        .where(
            CaseEntry.referral_id == referral_id,
            sa.or_(CaseEntry.branch_id.is_(None), CaseEntry.branch_id.in_(list(branch_ids))),
        )
        .order_by(CaseEntry.at, CaseEntry.id)
    ).all()


def list_notices(session: Session, sample_id: UUID) -> list[ServedNotice]:
    """The notices of a sample with their service."""
    rows = session.execute(
        sa.select(ResultNotice, Service)
        .outerjoin(Service, Service.notice_id == ResultNotice.id)
        .where(ResultNotice.sample_id == sample_id)
        .order_by(ResultNotice.notice_no)
    )
    return [ServedNotice(notice, service) for notice, service in rows]


def visible_notices(actor: Actor) -> sa.ColumnElement[bool]:
    """The condition under which a person may see a notice: their organisation serves it, or its station does."""
    if actor.is_system:
        return sa.true()
    if actor.organisation_id is None or actor.roles & BENCH_ROLES:
        return sa.false()
    given = sa.select(ReferralBranch.id).where(
        ReferralBranch.station_id == actor.organisation_id, ReferralBranch.state.in_(WITH_STATION)
    )
    commissioned = sa.select(Sample.id).where(Sample.regulator_id == actor.organisation_id)
    return sa.or_(
        ResultNotice.organisation_id == actor.organisation_id,
        ResultNotice.branch_id.in_(given),
        ResultNotice.sample_id.in_(commissioned),
    )


def get_notice(session: Session, actor: Actor, notice_id: UUID) -> ResultNotice:
    """One notice.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    found = session.scalar(sa.select(ResultNotice).where(ResultNotice.id == notice_id, visible_notices(actor)))
    if found is None:
        raise NotFoundError
    return found


def list_unserved(
    session: Session,
    actor: Actor,
    now: datetime,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> list[NoticeRow]:
    """Notices that wait to be served, the most urgent first."""
    query = (
        sa.select(ResultNotice, Service, Sample.sampling_no, SamplingForm.product_name)
        .join(Sample, Sample.id == ResultNotice.sample_id)
        .join(SamplingForm, SamplingForm.sample_id == Sample.id)
        .outerjoin(Service, Service.notice_id == ResultNotice.id)
        .where(visible_notices(actor), Service.notice_id.is_(None))
    )
    if after is not None:
        query = query.where(sa.tuple_(ResultNotice.due_at, ResultNotice.id) > sa.tuple_(*map(sa.literal, after)))
    rows = session.execute(query.order_by(ResultNotice.due_at, ResultNotice.id).limit(limit))
    calendar = load_calendar(session)
    return [
        NoticeRow(
            notice,
            service,
            number,
            product,
            last_day(notice.due_at),
            calendar.days_left(notice.due_at, now),
            calendar.is_provisional(last_day(notice.due_at)),
        )
        for notice, service, number, product in rows
    ]


def prior_failures(session: Session, referral: Referral) -> PriorFailures:
    """How often the business and the nominal producer of a referral failed before it."""
    before = sa.and_(Referral.opened_at < referral.opened_at, Referral.withdrawn_at.is_(None))
    of_business, of_producer = session.execute(
        sa.select(
            sa.func.count().filter(Referral.business_id == referral.business_id),
            # Goods without a label have no producer, and are no repeat of each other.
            sa.func.count().filter(
                Referral.producer_name.is_not(None), Referral.producer_name == referral.producer_name
            ),
        ).where(before)
    ).one()
    threshold = get_parameter(session, "repeat_failure_flag", local_date(referral.opened_at))
    return PriorFailures(of_business, of_producer, int(threshold.value))


def list_prior_referrals(session: Session, referral: Referral, *, limit: int = 10) -> Sequence[Referral]:
    """Earlier failures of the same business or producer, the newest first."""
    same = Referral.business_id == referral.business_id
    if referral.producer_name is not None:
        same = sa.or_(same, Referral.producer_name == referral.producer_name)
    return session.scalars(
        sa.select(Referral)
        .where(same, Referral.opened_at < referral.opened_at, Referral.withdrawn_at.is_(None))
        .order_by(Referral.opened_at.desc(), Referral.id)
        .limit(limit)
    ).all()


def signed_report(session: Session, sample_id: UUID) -> tuple[Conclusion, TestReport] | None:
    """The conclusion of a sample and the report it was signed on; None before the signature."""
    row = session.execute(
        sa.select(Conclusion, TestReport)
        .join(TestReport, TestReport.id == Conclusion.report_id)
        .where(Conclusion.sample_id == sample_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def receivers_of_notices(session: Session, sample_id: UUID) -> Iterable[Place]:
    """Who took the notices of a sample: personal, and erased with the people on its form."""
    served = sa.select(Service.notice_id).where(Service.sample_id == sample_id).order_by(Service.notice_id)
    for notice_id in session.scalars(served):
        yield Place("service", {"notice_id": notice_id}, {"receiver": GONE})


def open_cases_of(session: Session, sample_ids: Collection[UUID]) -> dict[UUID, list[Hold]]:
    """Cases of these samples that have not come to their end: their portions are evidence."""
    rows = session.execute(
        sa.select(Referral.sample_id, Referral.case_no, Referral.opened_at)
        .where(Referral.sample_id.in_(sample_ids), Referral.closed_at.is_(None), Referral.withdrawn_at.is_(None))
        .order_by(Referral.opened_at, Referral.id)
    )
    return {row.sample_id: [Hold(HoldKind.CASE, row.case_no, row.opened_at)] for row in rows}
