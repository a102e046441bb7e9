"""Handling a referral: acknowledged, given to a station, written down in seven parts, closed; or withdrawn."""

from collections.abc import Collection, Mapping
from uuid import UUID, uuid4

from sqlalchemy import select

from lims import files
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from results.referral.events import (
    BranchAcknowledged,
    BranchClosed,
    BranchDispatched,
    PartSubmitted,
    ReferralClosed,
    ReferralWithdrawn,
)
from results.referral.models import (
    CaseEntry,
    HandlingAttachment,
    HandlingPartVersion,
    Referral,
    ReferralBranch,
)
from results.referral.queries import list_notices, list_stations, standing_parts, submitted_parts
from results.referral.rules.handling import PART_NAMES, check_facts, missing_for_closing
from results.referral.rules.states import ENDS, WrongBranchStateError, next_state
from results.referral.types import BranchEvent, BranchKind, BranchState, CaseAct, HandlingPart, Severity
from sampling.models import PlanLine, Sample, SamplingPlan
from sampling.services.samples import move_sample
from sampling.services.separation import get_sample_for_act
from sampling.types import SampleEvent, SampleState

MAX_NOTE = 500  # characters of a remark in the history
# A penalty waits for service and for the recheck period; what must be done at once does not (product.md §11).
WAITS_FOR_RECHECK = frozenset({HandlingPart.PENALTY, HandlingPart.DISCLOSURE})
BEING_HANDLED = frozenset({BranchState.ACKNOWLEDGED, BranchState.WITH_STATION})


class NotAllInPlaceError(ConflictError):
    """A branch is closed when start, product control, cause, rectification, penalty and publication are handed in."""

    code = "not_all_in_place"


class RecheckPendingError(ConflictError):
    """The notice is not served everywhere, the recheck period runs, or a recheck is under way."""

    code = "recheck_pending"


def acknowledge(uow: UnitOfWork, branch_id: UUID) -> ReferralBranch:
    """Take note of a branch, as its regulator; the escalation clock stops.

    Raises:
        NotFoundError: no such branch of this regulator.
        WrongBranchStateError: acknowledged before, or withdrawn.
    Emits: BranchAcknowledged.
    """
    branch = _lock_branch(uow, branch_id, by_station=False)
    _move(uow, branch, BranchEvent.ACKNOWLEDGE)
    branch.acknowledged_at, branch.acknowledged_by_id = uow.now, uow.actor.require_person()
    note_act(uow, branch.referral_id, CaseAct.ACKNOWLEDGED, branch_id=branch.id)
    uow.emit(BranchAcknowledged(referral_id=branch.referral_id, sample_id=branch.sample_id, branch_id=branch.id))
    return branch


def dispatch(uow: UnitOfWork, branch_id: UUID, station_id: UUID, note: str = "") -> ReferralBranch:
    """Give a branch to one of the bureau's stations, which accepts it or sends it back.

    Raises:
        NotFoundError: no such branch of this regulator.
        InvalidInputError: no station of this regulator.
        WrongBranchStateError: not acknowledged, or with a station already.
    Emits: BranchDispatched.
    """
    branch = _lock_branch(uow, branch_id, by_station=False)
    stations = {station.id for station in list_stations(uow.session, branch.regulator_id)}
    if station_id not in stations:
        raise InvalidInputError(_l("This is not a station of your bureau."), field="station_id")
    _move(uow, branch, BranchEvent.DISPATCH, station_id=station_id)
    note_act(uow, branch.referral_id, CaseAct.DISPATCHED, note, branch.id)
    uow.emit(
        BranchDispatched(
            referral_id=branch.referral_id, sample_id=branch.sample_id, branch_id=branch.id, station_id=station_id
        )
    )
    return branch


def accept_branch(uow: UnitOfWork, branch_id: UUID) -> ReferralBranch:
    """Take a branch over, as the station it was given to.

    Raises:
        NotFoundError: no such branch of this station.
        WrongBranchStateError: it was accepted or returned before.
    """
    branch = _lock_branch(uow, branch_id)
    if branch.station_id != uow.actor.organisation_id:
        raise NotFoundError
    _move(uow, branch, BranchEvent.ACCEPT)
    note_act(uow, branch.referral_id, CaseAct.ACCEPTED, branch_id=branch.id)
    return branch


def return_branch(uow: UnitOfWork, branch_id: UUID, reason: str) -> ReferralBranch:
    """Send a branch back to the bureau, as the station; or call it back, as the bureau.

    Raises:
        NotFoundError: no such branch here.
        InvalidInputError: no reason.
        WrongBranchStateError: no station has it.
    """
    text = _require(reason, "reason")
    branch = _lock_branch(uow, branch_id)
    _move(uow, branch, BranchEvent.RETURN)
    note_act(uow, branch.referral_id, CaseAct.RETURNED, text, branch.id)
    branch.station_id = None
    return branch


def transfer(uow: UnitOfWork, branch_id: UUID, to_regulator: str, letter_no: str) -> ReferralBranch:
    """Note that the regulator of another region was told by letter and handles this branch there.

    Raises:
        NotFoundError: no such branch of this regulator.
        InvalidInputError: the party belongs here, or the addressee or the letter is not named.
        WrongBranchStateError: not acknowledged, or ended.

    **Source:** Measures Art. 28 (a producer of another region).
    """
    branch = _lock_branch(uow, branch_id, by_station=False)
    if not branch.is_outside:
        raise InvalidInputError(_l("This business belongs to a regulator that works here."), field="to_regulator")
    _move(
        uow,
        branch,
        BranchEvent.TRANSFER,
        transferred_to=_require(to_regulator, "to_regulator"),
        transfer_letter_no=_require(letter_no, "letter_no"),
    )
    note_act(uow, branch.referral_id, CaseAct.TRANSFERRED, f"{branch.transferred_to} {letter_no.strip()}", branch.id)
    _close_referral_if_done(uow, branch.referral_id)
    return branch


def save_part(
    uow: UnitOfWork,
    branch_id: UUID,
    part: HandlingPart,
    facts: Mapping[str, str],
    *,
    submit: bool,
    change_reason: str = "",
) -> HandlingPartVersion:
    """Keep what one part says as its next version; handed in, it counts towards 五到位.

    Raises:
        NotFoundError: no such branch here.
        WrongBranchStateError: not acknowledged, not with its handler, or ended.
        InvalidInputError: an answer that is missing or cannot be read; or a part handed in before, and no reason given.
        RecheckPendingError: penalty and publication wait until the recheck period is over.
    Emits: PartSubmitted, when it is handed in.
    """
    branch = _lock_branch(uow, branch_id)
    _require_handler(uow, branch)
    answers = check_facts(part, facts, submit=submit)
    if submit and part in WAITS_FOR_RECHECK:
        check_recheck_is_over(uow, branch.sample_id)
    before = standing_parts(uow.session, branch_id).get(part)
    reason: str | None = None
    if before is not None and before.is_submitted:
        reason = _require(change_reason, "change_reason")
        if not submit:
            raise InvalidInputError(_l("This part was handed in: a correction is handed in, too."), field="submit")
    saved = HandlingPartVersion(
        branch_id=branch_id,
        part=part,
        version=before.version + 1 if before else 1,
        referral_id=branch.referral_id,
        facts=answers,
        is_submitted=submit,
        change_reason=reason,
        saved_by_id=uow.actor.require_person(),
        saved_at=uow.now,
    )
    uow.session.add(saved)
    uow.session.flush()
    if submit:
        note_act(uow, branch.referral_id, CaseAct.PART_SUBMITTED, part.value, branch_id)
        uow.emit(
            PartSubmitted(referral_id=branch.referral_id, sample_id=branch.sample_id, branch_id=branch_id, part=part)
        )
    return saved


def attach(uow: UnitOfWork, branch_id: UUID, part: HandlingPart, content: bytes, caption: str) -> HandlingAttachment:
    """Add a file (photo, scan or PDF) to a part.

    Raises:
        NotFoundError: no such branch here.
        WrongBranchStateError: not acknowledged, not with its handler, or ended.
        InvalidInputError: no such kind of file, or no caption.
        ConflictError: attached before.
    """
    branch = _lock_branch(uow, branch_id)
    _require_handler(uow, branch)
    text = _require(caption, "caption")
    attachment = HandlingAttachment(
        id=uuid4(),
        branch_id=branch_id,
        referral_id=branch.referral_id,
        part=part,
        sha256=files.store_file(uow, content, allowed=files.PAPERS),
        caption=text,
        added_by_id=uow.actor.require_person(),
        added_at=uow.now,
    )
    uow.session.add(attachment)
    uow.session.flush()
    return attachment


def close_branch(uow: UnitOfWork, branch_id: UUID) -> ReferralBranch:
    """Close a branch in which everything is in place; the last one closes the referral and its sample.

    Raises:
        NotFoundError: no such branch here.
        NotAllInPlaceError: names the parts that are missing.
        RecheckPendingError: the recheck period is not over, or a recheck is under way.
        WrongBranchStateError: not with its handler, or ended.
    Emits: BranchClosed; ReferralClosed with the last branch.
    """
    branch = _lock_branch(uow, branch_id)
    _require_handler(uow, branch)
    done = submitted_parts(uow.session, [branch_id]).get(branch_id, frozenset())
    missing = missing_for_closing(done)
    if missing:
        names = "、".join(str(PART_NAMES[part]) for part in missing)
        raise NotAllInPlaceError(
            _l("Not handed in yet: %(parts)s.", parts=names), facts={"missing": [part.value for part in missing]}
        )
    check_recheck_is_over(uow, branch.sample_id)
    _move(uow, branch, BranchEvent.CLOSE, closed_at=uow.now, closed_by_id=uow.actor.require_person())
    note_act(uow, branch.referral_id, CaseAct.CLOSED, branch_id=branch_id)
    uow.emit(BranchClosed(referral_id=branch.referral_id, sample_id=branch.sample_id, branch_id=branch_id))
    _close_referral_if_done(uow, branch.referral_id)
    return branch


def raise_severity(uow: UnitOfWork, referral_id: UUID, reason: str) -> Referral:
    """Put a referral into the 24-hour lane, as any officer who handles it; nobody lowers it again alone.

    Raises:
        NotFoundError: no such referral here.
        InvalidInputError: no reason.
        ConflictError: it is urgent already, or ended.
    """
    text = _require(reason, "reason")
    referral = uow.session.get(Referral, referral_id, with_for_update=True)
    organisation = uow.actor.require_organisation()
    here = select(ReferralBranch.id).where(
        ReferralBranch.referral_id == referral_id,
        (ReferralBranch.regulator_id == organisation) | (ReferralBranch.station_id == organisation),
    )
    if referral is None or uow.session.scalar(here.limit(1)) is None:
        raise NotFoundError
    if referral.severity is Severity.URGENT or referral.closed_at or referral.withdrawn_at:
        raise ConflictError(_l("This case is urgent already, or it has ended."))
    referral.severity = Severity.URGENT
    note_act(uow, referral_id, CaseAct.SEVERITY_RAISED, text)
    return referral


def withdraw_referral(uow: UnitOfWork, referral_id: UUID, reason: str) -> None:
    """Take a referral back whose conclusion does not stand; every open branch ends, and all of it stays on record.

    Called by the conclusion of a recheck and by the review of an objection, in their transaction.

    Raises:
        ConflictError: it was withdrawn or closed before.
    Emits: ReferralWithdrawn.
    """
    referral = uow.session.get_one(Referral, referral_id, with_for_update=True)
    if referral.withdrawn_at is not None or referral.closed_at is not None:
        raise ConflictError(_l("This case was closed or withdrawn already."))
    branches = uow.session.scalars(
        select(ReferralBranch)
        .where(ReferralBranch.referral_id == referral_id, ReferralBranch.state.not_in(ENDS))
        .order_by(ReferralBranch.id)
        .with_for_update()
    )
    for branch in branches:
        _move(uow, branch, BranchEvent.WITHDRAW)
    referral.withdrawn_at, referral.withdrawn_reason = uow.now, reason
    note_act(uow, referral_id, CaseAct.WITHDRAWN, reason[:MAX_NOTE])
    uow.emit(ReferralWithdrawn(referral_id=referral_id, sample_id=referral.sample_id))


def withdraw_producer(uow: UnitOfWork, referral_id: UUID, reason: str) -> None:
    """Let the nominal producer go: it did not make what was sampled. The branches of the others go on.

    Called by the review of an objection, in its transaction.
    """
    branch = uow.session.scalar(
        select(ReferralBranch)
        .where(
            ReferralBranch.referral_id == referral_id,
            ReferralBranch.kind == BranchKind.PRODUCER,
            ReferralBranch.state.not_in(ENDS),
        )
        .with_for_update()
    )
    if branch is None:
        return
    _move(uow, branch, BranchEvent.WITHDRAW)
    note_act(uow, referral_id, CaseAct.WITHDRAWN, reason[:MAX_NOTE], branch.id)
    _close_referral_if_done(uow, referral_id)


def check_recheck_is_over(uow: UnitOfWork, sample_id: UUID) -> None:
    """Refuse what has to wait for service and the recheck period.

    Raises:
        RecheckPendingError: says what is awaited.
    """
    sample = uow.session.get_one(Sample, sample_id)
    if sample.state is SampleState.RECHECK:
        raise RecheckPendingError(_l("A recheck is under way: wait for its conclusion."))
    notices = list_notices(uow.session, sample_id)
    waiting = [one.notice.name for one in notices if one.service is None]
    if waiting:
        raise RecheckPendingError(_l("The notice is not served yet on: %(names)s.", names="、".join(waiting)))
    last = max(
        (one.service.recheck_until for one in notices if one.service and one.service.recheck_until), default=None
    )
    if last is not None and local_date(uow.now) <= last:
        raise RecheckPendingError(_l("A recheck can be applied for until %(day)s.", day=last.isoformat()))


def note_act(uow: UnitOfWork, referral_id: UUID, act: CaseAct, note: str = "", branch_id: UUID | None = None) -> None:
    """Write a line into the history of a case."""
    if len(note) > MAX_NOTE or "\0" in note:
        raise InvalidInputError(
            _l("The text has %(length)s characters, expected %(most)s at most.", length=len(note), most=MAX_NOTE),
            field="note",
        )
    uow.session.add(
        CaseEntry(
            referral_id=referral_id,
            branch_id=branch_id,
            act=act,
            note=note.strip(),
            at=uow.now,
            by_id=uow.actor.person_id,
        )
    )


def _lock_branch(uow: UnitOfWork, branch_id: UUID, *, by_station: bool = True) -> ReferralBranch:
    """The branch, locked, for its regulator or (where it may act) the station it was given to."""
    branch = uow.session.get(ReferralBranch, branch_id, with_for_update=True)
    organisation = uow.actor.require_organisation()
    if branch is None or (
        organisation != branch.regulator_id and not (by_station and organisation == branch.station_id)
    ):
        raise NotFoundError
    return branch


def _require_handler(uow: UnitOfWork, branch: ReferralBranch) -> None:
    """Only who has the branch in hand writes in it: the station once it has accepted, the bureau before."""
    if branch.state not in BEING_HANDLED:
        raise WrongBranchStateError(
            _l("This branch is not being handled: acknowledge it first, or wait for the station."),
            facts={"state": branch.state.value},
        )
    if branch.state is BranchState.WITH_STATION and branch.station_id != uow.actor.organisation_id:
        raise WrongBranchStateError(
            _l("The station handles this branch; call it back to write here yourself."),
            facts={"state": branch.state.value},
        )


def _move(uow: UnitOfWork, branch: ReferralBranch, event: BranchEvent, **columns: object) -> None:
    branch.state = next_state(branch.state, event)
    branch.state_changed_at = uow.now
    for name, value in columns.items():
        setattr(branch, name, value)


def _close_referral_if_done(uow: UnitOfWork, referral_id: UUID) -> None:
    """With the last of its branches a referral is closed, and with it the sample."""
    uow.session.flush()
    states: Collection[BranchState] = uow.session.scalars(
        select(ReferralBranch.state).where(ReferralBranch.referral_id == referral_id)
    ).all()
    if not set(states) <= ENDS or BranchState.CLOSED not in states:
        return
    referral = uow.session.get_one(Referral, referral_id, with_for_update=True)
    referral.closed_at = uow.now
    sample = get_sample_for_act(uow, referral.sample_id)
    move_sample(uow, sample, SampleEvent.CLOSED)
    round_id, stratum = uow.session.execute(
        select(SamplingPlan.pick_round_id, PlanLine.stratum)
        .join(PlanLine, PlanLine.plan_id == SamplingPlan.id)
        .where(PlanLine.id == sample.plan_line_id)
    ).one()
    note_act(uow, referral_id, CaseAct.CLOSED)
    uow.emit(ReferralClosed(referral_id=referral_id, sample_id=sample.id, pick_round_id=round_id, stratum=stratum))


def _require(text: str, field: str) -> str:
    if not text.strip():
        raise InvalidInputError(_l("Fill this in."), field=field)
    if len(text) > MAX_NOTE or "\0" in text:
        raise InvalidInputError(
            _l("The text has %(length)s characters, expected %(most)s at most.", length=len(text), most=MAX_NOTE),
            field=field,
        )
    return text.strip()
