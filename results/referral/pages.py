"""What the pages of cases show: one reading of everything that stands on a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from chain_of_custody.queries import TrailEntry, custody_trail
from lims.actors import Actor
from lims.catalog.queries import load_calendar
from lims.catalog.workdays import Calendar, last_day
from lims.errors import NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.people.models import Organisation
from lims.people.queries import get_organisation, person_names
from lims.web.panels import NextStep, Panel
from results.models import Conclusion, TestReport
from results.referral import queries
from results.referral.models import (
    CaseEntry,
    HandlingPartVersion,
    Referral,
    ReferralBranch,
    ResultNotice,
    Service,
)
from results.referral.queries import PriorFailures, ServedNotice
from results.referral.rules.handling import missing_for_closing
from results.referral.rules.opening import next_clock
from results.referral.rules.states import ENDS, MOVES
from results.referral.types import BranchEvent, BranchState, EscalationMark, HandlingPart
from sampling.models import Sample, SamplingForm


@dataclass(frozen=True, slots=True)
class ClockView:
    """A limit as it is shown."""

    name: str
    on: date
    days_left: int
    is_provisional: bool
    is_done: bool


@dataclass(frozen=True, slots=True)
class BranchView:
    """A branch with everything its card shows, and what this person can do with it now."""

    branch: ReferralBranch
    regulator: Organisation
    station: Organisation | None
    due: ClockView | None
    parts: dict[HandlingPart, HandlingPartVersion]
    missing: tuple[HandlingPart, ...]
    marks: tuple[EscalationMark, ...]
    can: frozenset[str]


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as its page shows it."""

    referral: Referral
    sample: Sample
    form: SamplingForm
    lab: Organisation
    conclusion: Conclusion
    report: TestReport
    branches: tuple[BranchView, ...]
    notices: tuple[tuple[ServedNotice, ClockView], ...]
    history: Sequence[CaseEntry]
    trail: Sequence[TrailEntry]
    names: dict[UUID, str]
    organisations: dict[UUID, Organisation]
    prior: PriorFailures
    prior_referrals: Sequence[Referral]
    can_raise: bool


def case_view(session: Session, actor: Actor, referral_id: UUID, now: datetime) -> CaseView:
    """Read one case.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    referral = queries.get_referral(session, actor, referral_id)
    branches = queries.list_branches(session, actor, referral_id)
    signed = queries.signed_report(session, referral.sample_id)
    if signed is None:
        raise NotFoundError
    ids = [branch.id for branch in branches]
    history = queries.list_history(session, referral_id, ids)
    trail = custody_trail(session, referral.sample_id)
    calendar = load_calendar(session)
    marks = queries.list_marks(session, ids)
    people = {entry.by_id for entry in history if entry.by_id} | {step.holder_id for step in trail}
    sample = session.get_one(Sample, referral.sample_id)
    return CaseView(
        referral=referral,
        sample=sample,
        form=session.get_one(SamplingForm, referral.sample_id),
        lab=get_organisation(session, sample.lab_id),
        conclusion=signed[0],
        report=signed[1],
        branches=tuple(
            _branch_view(session, actor, branch, marks=marks.get(branch.id, ()), calendar=calendar, now=now)
            for branch in branches
        ),
        notices=tuple(
            (one, _clock("serve", one.notice.due_at, calendar, now, is_done=one.service is not None))
            for one in queries.list_notices(session, referral.sample_id)
        ),
        history=history,
        trail=trail,
        names=person_names(session, people),
        organisations={one: get_organisation(session, one) for one in {step.organisation_id for step in trail}},
        prior=queries.prior_failures(session, referral),
        prior_referrals=queries.list_prior_referrals(session, referral),
        can_raise=actor.may("cases.handle") and any(_is_mine(actor, branch) for branch in branches),
    )


def _branch_view(
    session: Session,
    actor: Actor,
    branch: ReferralBranch,
    *,
    marks: tuple[EscalationMark, ...],
    calendar: Calendar,
    now: datetime,
) -> BranchView:
    parts = queries.standing_parts(session, branch.id)
    submitted = {part for part, saved in parts.items() if saved.is_submitted}
    due_at = next_clock(branch.state, submitted, queries.clocks_of(branch))
    ended = branch.state in ENDS
    return BranchView(
        branch=branch,
        regulator=get_organisation(session, branch.regulator_id),
        station=get_organisation(session, branch.station_id) if branch.station_id else None,
        due=None if ended else _clock("next", due_at, calendar, now, is_done=False),
        parts=parts,
        missing=tuple(missing_for_closing(submitted)),
        marks=marks,
        can=_steps(actor, branch),
    )


def _clock(name: str, due_at: datetime, calendar: Calendar, now: datetime, *, is_done: bool) -> ClockView:
    on = last_day(due_at)
    return ClockView(name, on, calendar.days_left(due_at, now), calendar.is_provisional(on), is_done)


def _is_mine(actor: Actor, branch: ReferralBranch) -> bool:
    return actor.organisation_id in {branch.regulator_id, branch.station_id}


def _steps(actor: Actor, branch: ReferralBranch) -> frozenset[str]:
    """What this person could do now; the services decide again."""
    if not actor.may("cases.handle") or not _is_mine(actor, branch):
        return frozenset()
    is_bureau = actor.organisation_id == branch.regulator_id
    is_station = actor.organisation_id == branch.station_id
    offered = {event for state, event in MOVES if state is branch.state}
    can = set()
    if is_bureau:
        can |= {event.value for event in offered & {BranchEvent.ACKNOWLEDGE, BranchEvent.DISPATCH}}
        if branch.is_outside and BranchEvent.TRANSFER in offered:
            can.add("transfer")
    if is_station and BranchEvent.ACCEPT in offered:
        can.add("accept")
    if BranchEvent.RETURN in offered:
        can.add("return")
    handles = is_station if branch.state is BranchState.WITH_STATION else is_bureau
    if handles and branch.state in {BranchState.ACKNOWLEDGED, BranchState.WITH_STATION}:
        can |= {"parts", "close"}
    return frozenset(can)


def service_of(session: Session, notice_id: UUID) -> Service | None:
    """The service of a notice, where it has one."""
    return session.get(Service, notice_id)


def notice_home(session: Session, notice: ResultNotice) -> str:
    """Where the page of a notice leads back to: its case, or the list of notices."""
    if notice.branch_id is None:
        return url_for("cases.notices")
    branch = session.get_one(ReferralBranch, notice.branch_id)
    return url_for("cases.detail", referral_id=branch.referral_id)


def sample_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """What the page of a sample says about its notices and its case."""
    if not actor.may("cases.see"):
        return None
    notices = queries.list_notices(session, sample_id)
    if not notices:
        return None
    return Panel(
        _l("Notices and case"),
        "results/referral/panel.html",
        {"notices": notices, "referral": queries.find_referral(session, actor, sample_id)},
    )


def case_step(session: Session, actor: Actor, sample_id: UUID) -> NextStep | None:
    """From the page of a sample to its case."""
    if not actor.may("cases.see"):
        return None
    referral = queries.find_referral(session, actor, sample_id)
    if referral is None:
        return None
    return NextStep(_l("Open the case"), url_for("cases.detail", referral_id=referral.id), "case")
