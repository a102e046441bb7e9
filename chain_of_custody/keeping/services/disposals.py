"""Disposal by two persons: the first proposes a list, the second confirms it, and the custody of its portions ends."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import select

from chain_of_custody.keeping.events import PortionsDisposed
from chain_of_custody.keeping.models import Disposal, DisposalLine
from chain_of_custody.keeping.queries import list_kept, numbers_on_labels
from chain_of_custody.keeping.types import DisposalState, DisposalWay, HoldKind, KeepingState, KeptPortion
from chain_of_custody.models import CustodyEntry, HandOverLine, Portion
from chain_of_custody.queries import current_entries
from chain_of_custody.rules import normalise_scan
from chain_of_custody.types import CustodyKind, PortionKind
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.numbering import take_number
from lims.people.authorisations import Needed, require_authorised
from lims.people.types import AuthorisationKind
from lims.uow import UnitOfWork
from sampling.services.separation import get_sample_for_act

MAX_LINES = 500  # a store is cleared by the shelf
SERIES = "disposal"
HOLD_WORDS = {
    HoldKind.RECHECK: _l("a recheck is running"),
    HoldKind.OBJECTION: _l("an objection is under review"),
    HoldKind.CASE: _l("its case is open"),
    HoldKind.RELEASED: _l("it was released for a recheck"),
}


class HeldError(ConflictError):
    """A portion has to be kept; the message says which, and why."""

    code = "portion_held"


def propose_disposal(uow: UnitOfWork, portion_nos: Sequence[str], way: DisposalWay, reason: str) -> Disposal:
    """Put portions whose period is over on a list; somebody else carries it out and confirms it.

    Locks the samples.

    Raises:
        InvalidInputError: nothing or too much listed, an unknown number, no reason.
        NotAuthorisedError: the actor is not authorised to keep samples of one of these foods.
        HeldError: a portion has to be kept, with the reason.
        ConflictError: a portion is offered to somebody, or stands on another disposal.

    **Source:** Measures Art. 25.
    """
    organisation_id = uow.actor.require_organisation()
    read = {normalise_scan(number) for number in portion_nos}
    of_label = numbers_on_labels(uow.session, organisation_id, read)
    numbers = sorted({of_label.get(code, code) for code in read})
    if not 1 <= len(numbers) <= MAX_LINES:
        raise InvalidInputError(_l("Choose 1 to %(most)s portions.", most=MAX_LINES), field="portion_nos")
    if not reason.strip():
        raise InvalidInputError(_l("Say why they are disposed of."), field="reason")
    portions = uow.session.scalars(
        select(Portion).where(Portion.portion_no.in_(numbers)).order_by(Portion.portion_no)
    ).all()
    kept, category_ids = _lock_and_look(uow, portions)
    known = {one.portion_no for one in kept}
    unknown = [number for number in numbers if number not in known]
    if unknown:
        raise InvalidInputError(_l("No such portion is kept here: %(number)s.", number=unknown[0]), field="portion_nos")
    _require_keeper(uow, category_ids)
    _check_disposable(uow, kept, {portion.id: portion.kind for portion in portions})
    year = f"{local_date(uow.now):%Y}"
    disposal = Disposal(
        id=uuid4(),
        record_no=f"CZ{year}{take_number(uow, SERIES, year):06d}",
        organisation_id=organisation_id,
        state=DisposalState.PROPOSED,
        way=way,
        reason=reason.strip(),
        proposed_by_id=uow.actor.require_person(),
        proposed_at=uow.now,
    )
    uow.session.add(disposal)
    uow.session.flush()
    uow.session.add_all(
        DisposalLine(disposal_id=disposal.id, portion_id=portion.id, sample_id=portion.sample_id, stands=True)
        for portion in portions
    )
    uow.session.flush()
    return disposal


def confirm_disposal(uow: UnitOfWork, disposal_id: UUID, weight_kg: Decimal, witness: str) -> Disposal:
    """Confirm, as the second person, that everything on the list was disposed of; asks again what holds it back.

    Locks the disposal and its samples.

    Args:
        uow: the transaction of somebody else than the proposer.
        disposal_id: a proposal of this organisation.
        weight_kg: of everything, with its packing.
        witness: who else saw it.

    Raises:
        NotFoundError: no such proposal here.
        ConflictError: it has ended, the proposer confirms, or a portion left the store since.
        NotAuthorisedError: a custodian confirms who is not authorised to keep samples of one of these foods.
        HeldError: a portion has to be kept since.
        InvalidInputError: no weight or no witness.

    Emits: PortionsDisposed.
    """
    disposal = _lock_proposed(uow, disposal_id)
    person_id = uow.actor.require_person()
    if person_id == disposal.proposed_by_id:
        raise ConflictError(_l("Somebody else has to confirm what you propose to dispose of."))
    if not 0 < weight_kg < Decimal("Infinity"):
        raise InvalidInputError(
            _l("%(value)s kg is no weight; expected a number such as 12.5.", value=weight_kg), field="weight_kg"
        )
    if not witness.strip():
        raise InvalidInputError(_l("Say who else saw it."), field="witness")
    portions = uow.session.scalars(
        select(Portion)
        .join(DisposalLine, DisposalLine.portion_id == Portion.id)
        .where(DisposalLine.disposal_id == disposal_id)
        .order_by(Portion.portion_no)
    ).all()
    kept, category_ids = _lock_and_look(uow, portions)
    gone = {portion.portion_no for portion in portions} - {one.portion_no for one in kept}
    if gone:
        raise ConflictError(_l("%(number)s is not kept here any more.", number=min(gone)))
    # The head and the quality manager look on by their office; whoever keeps the store has to be trained for it.
    if uow.actor.may("custody.keep"):
        _require_keeper(uow, category_ids)
    _check_disposable(uow, kept, {portion.id: portion.kind for portion in portions}, is_listed=True)
    disposal.state, disposal.ended_by_id, disposal.ended_at = DisposalState.DONE, person_id, uow.now
    disposal.weight_kg, disposal.witness = weight_kg, witness.strip()
    for entry in current_entries(uow.session, [portion.id for portion in portions]).values():
        uow.session.add(
            CustodyEntry(
                portion_id=entry.portion_id,
                seq=entry.seq + 1,
                sample_id=entry.sample_id,
                kind=CustodyKind.DISPOSED,
                holder_id=entry.holder_id,
                organisation_id=entry.organisation_id,
                prev_seq=entry.seq,
                prev_kind=entry.kind,
                handed_by_id=entry.holder_id,
                disposal_id=disposal.id,
                at=uow.now,
            )
        )
    uow.emit(PortionsDisposed(disposal_id=disposal.id, portions=len(portions)))
    return disposal


def withdraw_disposal(uow: UnitOfWork, disposal_id: UUID) -> Disposal:
    """Take a proposal back; the portions stay where they are.

    Raises:
        NotFoundError: no such proposal here.
        ConflictError: it has ended.
    """
    disposal = _lock_proposed(uow, disposal_id)
    disposal.state, disposal.ended_by_id, disposal.ended_at = DisposalState.WITHDRAWN, uow.actor.person_id, uow.now
    for line in uow.session.scalars(select(DisposalLine).where(DisposalLine.disposal_id == disposal_id)):
        line.stands = False
    return disposal


def _lock_proposed(uow: UnitOfWork, disposal_id: UUID) -> Disposal:
    disposal = uow.session.get(Disposal, disposal_id, with_for_update=True)
    if disposal is None or disposal.organisation_id != uow.actor.organisation_id:
        raise NotFoundError
    if disposal.state is not DisposalState.PROPOSED:
        raise ConflictError(_l("This disposal has ended already."))
    return disposal


def _lock_and_look(uow: UnitOfWork, portions: Sequence[Portion]) -> tuple[list[KeptPortion], set[UUID]]:
    """The clocks of these portions and the foods they are of.

    Their samples are locked in one order, so that no recheck begins meanwhile.
    """
    samples = [get_sample_for_act(uow, sample_id) for sample_id in sorted({one.sample_id for one in portions})]
    kept = list_kept(
        uow.session, uow.actor.require_organisation(), local_date(uow.now), [portion.id for portion in portions]
    )
    return kept, {sample.category_id for sample in samples}


def _require_keeper(uow: UnitOfWork, category_ids: Iterable[UUID]) -> None:
    keeper = Needed.of(uow.actor, AuthorisationKind.CUSTODY)
    for category_id in sorted(category_ids):
        require_authorised(uow.session, [keeper], local_date(uow.now), category_id=category_id)


def _check_disposable(
    uow: UnitOfWork, kept: Sequence[KeptPortion], kinds: dict[UUID, PortionKind], *, is_listed: bool = False
) -> None:
    offered = set(
        uow.session.scalars(
            select(HandOverLine.portion_id).where(
                HandOverLine.portion_id.in_([one.portion_id for one in kept]), HandOverLine.is_open
            )
        )
    )
    for one in kept:
        if one.portion_id in offered:
            raise ConflictError(
                _l("%(number)s is offered to another laboratory.", number=one.portion_no), field="portion_nos"
            )
        if one.holds:
            why = HOLD_WORDS[one.holds[0].kind]
            raise HeldError(
                _l(
                    "%(number)s is held: %(why)s (%(reference)s).",
                    number=one.portion_no,
                    why=why,
                    reference=one.holds[0].reference,
                ),
                field="portion_nos",
            )
        if one.state is KeepingState.PROPOSED and not is_listed:
            raise ConflictError(
                _l("%(number)s stands on another disposal already.", number=one.portion_no), field="portion_nos"
            )
        # What is left of a test portion has no period of its own: it may go once there is a conclusion.
        if one.state is KeepingState.WAITING or (
            one.state is KeepingState.RUNNING and kinds[one.portion_id] is PortionKind.BACKUP
        ):
            raise HeldError(_period_words(one), field="portion_nos")


def _period_words(one: KeptPortion) -> LazyString:
    if one.keep_until is None:
        return _l("%(number)s is kept: its sample has no conclusion yet.", number=one.portion_no)
    return _l("%(number)s is kept until %(day)s.", number=one.portion_no, day=one.keep_until)
