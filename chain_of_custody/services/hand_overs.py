"""Changing hands: offered by who holds, confirmed by who takes; what does not match is kept, never typed away."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import select

from chain_of_custody.events import HandOverConfirmed
from chain_of_custody.models import CustodyEntry, HandOver, HandOverException, HandOverLine, Portion
from chain_of_custody.queries import (
    OpenLine,
    current_entries,
    delivery_deadline,
    list_open_lines,
    released_to,
    temperature_range,
)
from chain_of_custody.rules import compare_scans, normalise_scan
from chain_of_custody.types import (
    UNPACKED,
    CustodyKind,
    ExceptionKind,
    HandOverState,
    HandOverWay,
    LineOutcome,
    Packing,
    Scan,
)
from lims.actors import OrganisationKind
from lims.clock import local_date, local_time
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.numbering import take_number
from lims.people.authorisations import Needed, require_authorised
from lims.people.queries import get_organisation, person_names
from lims.people.types import AuthorisationKind
from lims.uow import UnitOfWork
from sampling.models import Sample
from sampling.services.samples import move_sample
from sampling.services.separation import get_sample_for_act
from sampling.types import SampleEvent, SampleState

MAX_LINES = 200  # a team's van holds fewer
SERIES = "hand_over"


class TakenAlreadyError(ConflictError):
    """Somebody confirmed this hand-over, or its giver took it back; the message says who and when."""

    code = "hand_over_ended"


class NotHolderError(ConflictError):
    """Only who holds a portion can hand it over."""

    code = "not_holder"


def offer_hand_over(
    uow: UnitOfWork, portion_nos: Sequence[str], to_organisation_id: UUID, packing: Packing = UNPACKED
) -> HandOver:
    """Offer what one holds to another organisation's people; custody stays until one of them confirms.

    Args:
        uow: the holder's transaction.
        portion_nos: the scan list.
        to_organisation_id: the laboratory that shall take them.
        packing: the box, its ice and its picture.

    Raises:
        NotFoundError: no such organisation.
        InvalidInputError: nothing scanned, too much, an unknown number, or a sample of another laboratory.
        NotHolderError: a portion is held by somebody else.
        NotAuthorisedError: the giver is authorised neither to sample nor to keep samples.
        ConflictError: a portion stands on another open list.
    """
    return _offer(uow, portion_nos, to_organisation_id, packing)


def hand_to_courier(
    uow: UnitOfWork,
    portion_nos: Sequence[str],
    to_organisation_id: UUID,
    consignment_no: str,
    packing: Packing = UNPACKED,
) -> HandOver:
    """Give portions to a carrier, who has no account: the sender answers for them until the receiver confirms.

    Raises:
        InvalidInputError: no consignment number, or as for `offer_hand_over`.
        NotHolderError, NotAuthorisedError, ConflictError, NotFoundError: as for `offer_hand_over`.
    """
    number = normalise_scan(consignment_no)
    if not number:
        raise InvalidInputError(_l("Fill in the number of the consignment."), field="consignment_no")
    offered = _offer(uow, portion_nos, to_organisation_id, packing, consignment_no=number)
    for line in list_open_lines(uow.session, offered.id):
        _append_entry(uow, line, offered.id, CustodyKind.CONSIGNED)
    _move_samples(uow, list_open_lines(uow.session, offered.id))
    return offered


def confirm_hand_over(
    uow: UnitOfWork, hand_over_id: UUID, scans: Sequence[Scan], celsius: Decimal | None = None
) -> Sequence[HandOverException]:
    """Take what was scanned, having looked at each seal, and open an exception for all that is not as the list says.

    Locks the hand-over: of two people who confirm at once the second is told who has it.

    Args:
        uow: the receiver's transaction.
        hand_over_id: an open offer to the receiver's organisation.
        scans: every portion that arrived. What was not scanned stays with its giver.
        celsius: of the load, asked for when chilled or frozen food is in it.

    Returns:
        The exceptions, empty when everything is as it should be.

    Raises:
        NotFoundError: no such offer to this organisation.
        TakenAlreadyError: it was confirmed or withdrawn.
        ConflictError: the giver confirms.
        NotAuthorisedError: the receiver is not authorised to keep samples.
        InvalidInputError: nothing scanned, or no temperature where it is asked for.

    Emits: HandOverConfirmed.
    """
    offered = _lock_open(uow, hand_over_id)
    if offered.to_organisation_id != uow.actor.organisation_id:
        raise NotFoundError
    receiver_id = uow.actor.require_person()
    require_authorised(uow.session, [Needed.of(uow.actor, AuthorisationKind.CUSTODY)], local_date(uow.now))
    if receiver_id == offered.offered_by_id:
        raise ConflictError(_l("Somebody else has to confirm what you hand over."))
    if not scans or len(scans) > MAX_LINES:
        raise InvalidInputError(_l("Scan every portion that arrived, at most %(most)s.", most=MAX_LINES), field="scans")
    lines = list_open_lines(uow.session, hand_over_id)
    allowed = temperature_range(uow.session, [line.storage_condition for line in lines], local_date(uow.now))
    if allowed.highest is not None and celsius is None:
        raise InvalidInputError(_l("There is cold food in the load: measure its temperature."), field="celsius")
    read = [
        Scan(normalise_scan(scan.portion_no), scan.seal_intact, scan.seal_no and normalise_scan(scan.seal_no))
        for scan in scans
    ]
    compared = compare_scans({line.portion_no: line.seal_no for line in lines}, read)
    found = [
        _exception(offered, ExceptionKind(outcome.value), line.portion_no, line.portion_id)
        for line in lines
        if (outcome := compared.outcomes[line.portion_no]) is not LineOutcome.RECEIVED
    ]
    found += [_exception(offered, ExceptionKind.EXTRA, number, None) for number in compared.extra]
    if celsius is not None and (fault := allowed.fault(celsius)) is not None:
        found.append(_exception(offered, ExceptionKind.TEMPERATURE, fault, None))
    released = released_to(uow.session, [line.portion_id for line in lines], offered.to_organisation_id)
    taken = [line for line in lines if compared.outcomes[line.portion_no] is not LineOutcome.MISSING]
    found += [
        _exception(offered, ExceptionKind.LATE, line.portion_no, line.portion_id)
        for line in taken
        # The way to the first laboratory ended when it took the portion; a recheck has a term of its own.
        if line.portion_id not in released and uow.now > delivery_deadline(uow.session, line).due_at
    ]
    for exception in found:
        exception.opened_at = uow.now
    uow.session.add_all(found)
    for line in taken:
        _append_entry(uow, line, offered.id, CustodyKind.HANDED_OVER)
    _close_lines(uow, hand_over_id, {line.portion_id: compared.outcomes[line.portion_no] for line in lines})
    offered.state, offered.taken_by_id = HandOverState.CONFIRMED, receiver_id
    offered.ended_at, offered.celsius = uow.now, celsius
    _move_samples(uow, taken)
    uow.emit(HandOverConfirmed(hand_over_id=hand_over_id, portions=len(taken), exceptions=len(found)))
    return found


def withdraw_hand_over(uow: UnitOfWork, hand_over_id: UUID) -> None:
    """Take an offer back; custody never left its giver.

    Raises:
        NotFoundError: no such offer of this person.
        TakenAlreadyError: it was confirmed or withdrawn.
        ConflictError: a carrier has the portions.
    """
    offered = _lock_open(uow, hand_over_id)
    if offered.offered_by_id != uow.actor.person_id:
        raise NotFoundError
    if offered.way is HandOverWay.COURIER:
        raise ConflictError(_l("A carrier has these portions: they are confirmed where they arrive."))
    _close_lines(uow, hand_over_id, {})
    offered.state, offered.ended_at = HandOverState.WITHDRAWN, uow.now


def resolve_exception(uow: UnitOfWork, exception_id: UUID, resolution: str) -> HandOverException:
    """Write down how something that did not match was cleared up; once, and by a person of either side.

    Raises:
        NotFoundError: no such exception of this organisation.
        ConflictError: it was resolved.
        InvalidInputError: nothing written down.
    """
    exception = uow.session.get(HandOverException, exception_id, with_for_update=True)
    if exception is None:
        raise NotFoundError
    offered = uow.session.get_one(HandOver, exception.hand_over_id)
    if uow.actor.organisation_id not in {offered.from_organisation_id, offered.to_organisation_id}:
        raise NotFoundError
    if exception.resolved_at is not None:
        raise ConflictError(_l("This was resolved already."))
    if not resolution.strip():
        raise InvalidInputError(_l("Say how it was cleared up."), field="resolution")
    exception.resolved_at, exception.resolution = uow.now, resolution.strip()
    exception.resolved_by_id = uow.actor.require_person()
    return exception


def _offer(
    uow: UnitOfWork,
    portion_nos: Sequence[str],
    to_organisation_id: UUID,
    packing: Packing,
    *,
    consignment_no: str | None = None,
) -> HandOver:
    numbers = sorted({normalise_scan(number) for number in portion_nos})
    if not 1 <= len(numbers) <= MAX_LINES:
        raise InvalidInputError(_l("Scan 1 to %(most)s portions.", most=MAX_LINES), field="portion_nos")
    receiver = get_organisation(uow.session, to_organisation_id)
    if receiver.kind is not OrganisationKind.LAB:
        raise InvalidInputError(_l("Samples are handed over to a laboratory."), field="to_organisation_id")
    portions = uow.session.scalars(
        select(Portion).where(Portion.portion_no.in_(numbers)).order_by(Portion.portion_no)
    ).all()
    _check_list(uow, numbers, portions, to_organisation_id)
    # Whoever took samples keeps them until they are handed over; a laboratory's portions are its custodian's.
    kinds = (AuthorisationKind.CUSTODY, AuthorisationKind.SAMPLE)
    first, second = kinds if uow.actor.organisation_kind is OrganisationKind.LAB else kinds[::-1]
    require_authorised(uow.session, [Needed.of(uow.actor, first, second)], local_date(uow.now))
    year = f"{local_date(uow.now):%Y}"
    offered = HandOver(
        id=uuid4(),
        record_no=f"YJ{year}{take_number(uow, SERIES, year):06d}",
        way=HandOverWay.IN_PERSON if consignment_no is None else HandOverWay.COURIER,
        consignment_no=consignment_no,
        state=HandOverState.OFFERED,
        offered_by_id=uow.actor.require_person(),
        offered_at=uow.now,
        from_organisation_id=uow.actor.require_organisation(),
        to_organisation_id=to_organisation_id,
        box_no=normalise_scan(packing.box_no or "") or None,
        ice_packs=packing.ice_packs,
        ice_placed_at=packing.ice_placed_at,
        box_photo_sha256=packing.box_photo,
    )
    uow.session.add(offered)
    uow.session.flush()
    uow.session.add_all(
        HandOverLine(hand_over_id=offered.id, portion_id=portion.id, sample_id=portion.sample_id, is_open=True)
        for portion in portions
    )
    uow.session.flush()
    return offered


def _check_list(uow: UnitOfWork, numbers: Sequence[str], portions: Sequence[Portion], lab_id: UUID) -> None:
    entries = current_entries(uow.session, [portion.id for portion in portions])
    mine = uow.actor.organisation_id
    # A portion that another organisation holds is as unknown as one that does not exist.
    known = {portion.portion_no for portion in portions if entries[portion.id].organisation_id == mine}
    unknown = [number for number in numbers if number not in known]
    if unknown:
        raise InvalidInputError(_l("No such portion here: %(number)s.", number=unknown[0]), field="portion_nos")
    samples = {portion.sample_id for portion in portions}
    rows = uow.session.execute(select(Sample.id, Sample.lab_id).where(Sample.id.in_(samples)))
    labs = {row.id: row.lab_id for row in rows}
    released = released_to(uow.session, [portion.id for portion in portions], lab_id)
    for portion in portions:
        if entries[portion.id].kind is CustodyKind.DISPOSED:
            raise ConflictError(_l("%(number)s was disposed of.", number=portion.portion_no), field="portion_nos")
        if entries[portion.id].holder_id != uow.actor.person_id:
            raise NotHolderError(_l("%(number)s is held by somebody else.", number=portion.portion_no))
        if labs[portion.sample_id] != lab_id and portion.id not in released:
            raise InvalidInputError(
                _l("%(number)s goes to another laboratory.", number=portion.portion_no), field="to_organisation_id"
            )


def _lock_open(uow: UnitOfWork, hand_over_id: UUID) -> HandOver:
    offered = uow.session.get(HandOver, hand_over_id, with_for_update=True)
    if offered is None or uow.actor.organisation_id not in {offered.from_organisation_id, offered.to_organisation_id}:
        raise NotFoundError
    if offered.state is HandOverState.OFFERED:
        return offered
    ended_at = local_time(offered.ended_at or uow.now)
    if offered.taken_by_id is None:
        raise TakenAlreadyError(_l("This list was taken back at %(time)s.", time=f"{ended_at:%H:%M}"))
    name = person_names(uow.session, [offered.taken_by_id])[offered.taken_by_id]
    raise TakenAlreadyError(_l("%(name)s has these since %(time)s.", name=name, time=f"{ended_at:%Y-%m-%d %H:%M}"))


def _exception(offered: HandOver, kind: ExceptionKind, scanned: str, portion_id: UUID | None) -> HandOverException:
    return HandOverException(id=uuid4(), hand_over_id=offered.id, kind=kind, scanned=scanned, portion_id=portion_id)


def _append_entry(uow: UnitOfWork, line: OpenLine, hand_over_id: UUID, kind: CustodyKind) -> None:
    """The next link of the chain: with a carrier the holder stays, otherwise it is who acts."""
    is_taken = kind is CustodyKind.HANDED_OVER
    uow.session.add(
        CustodyEntry(
            portion_id=line.portion_id,
            seq=line.seq + 1,
            sample_id=line.sample_id,
            kind=kind,
            holder_id=uow.actor.require_person() if is_taken else line.holder_id,
            organisation_id=uow.actor.require_organisation() if is_taken else line.organisation_id,
            prev_seq=line.seq,
            prev_kind=line.custody,
            handed_by_id=line.holder_id,
            hand_over_id=hand_over_id,
            at=uow.now,
        )
    )


def _close_lines(uow: UnitOfWork, hand_over_id: UUID, outcomes: dict[UUID, LineOutcome]) -> None:
    rows = uow.session.scalars(select(HandOverLine).where(HandOverLine.hand_over_id == hand_over_id))
    for row in rows:
        row.is_open, row.outcome = False, outcomes.get(row.portion_id)


def _move_samples(uow: UnitOfWork, lines: Iterable[OpenLine]) -> None:
    """The sample is on its way with the first portion that leaves the samplers."""
    for sample_id in sorted({line.sample_id for line in lines}):
        sample = get_sample_for_act(uow, sample_id)
        if sample.state is SampleState.SAMPLED:
            move_sample(uow, sample, SampleEvent.HANDED_OVER)
