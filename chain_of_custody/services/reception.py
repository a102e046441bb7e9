"""Reception in the laboratory: six checks, accept or refuse."""

from collections.abc import Sequence
from uuid import UUID

from chain_of_custody.events import SampleAccepted, SampleRefused
from chain_of_custody.models import Portion, Reception
from chain_of_custody.queries import current_entries, is_with, list_portions
from chain_of_custody.types import ReceptionChecks
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.people.authorisations import Needed, require_authorised
from lims.people.types import AuthorisationKind
from lims.uow import UnitOfWork
from sampling.models import Sample
from sampling.rules.states import WrongStateError
from sampling.services.samples import move_sample
from sampling.services.separation import get_sample_for_act
from sampling.types import SampleEvent, SampleState


class NotHereError(ConflictError):
    """A portion of the sample has not arrived at the laboratory."""

    code = "portion_not_here"


def record_reception(
    uow: UnitOfWork, sample_id: UUID, checks: ReceptionChecks, refusal_reason: str | None = None
) -> Reception:
    """Fill in the 样品移交确认单 of one sample: without a reason it is accepted, with one refused.

    Locks the sample.

    Raises:
        NotFoundError: no such sample of this laboratory.
        NotHereError: a portion has not arrived.
        InvalidInputError: accepted although a check failed; irregular samples must be refused in writing.
        WrongStateError: it was accepted or refused before.
        NotAuthorisedError: the receiver is not authorised to keep samples of this food.

    Emits: SampleAccepted or SampleRefused.

    **Source:** Measures Art. 22; domain.md §2.4.
    """
    sample, _portions = get_sample_here(uow, sample_id)
    keeper = Needed.of(uow.actor, AuthorisationKind.CUSTODY)
    require_authorised(uow.session, [keeper], local_date(uow.now), category_id=sample.category_id)
    reason = (refusal_reason or "").strip() or None
    if reason is None and not checks.all_good:
        raise InvalidInputError(_l("A sample with a failed check is refused: give the reason."), field="refusal_reason")
    reception = Reception(
        sample_id=sample_id,
        lab_id=sample.lab_id,
        checked_by_id=uow.actor.require_person(),
        checked_at=uow.now,
        accepted=reason is None,
        refusal_reason=reason,
        **{name: getattr(checks, name) for name in ReceptionChecks.__slots__},
    )
    if reason is None:
        move_sample(uow, sample, SampleEvent.ACCEPTED)
        uow.session.add(reception)
        uow.emit(SampleAccepted(sample_id=sample_id, lab_id=sample.lab_id))
    else:
        move_sample(uow, sample, SampleEvent.REFUSED_AT_RECEPTION, reason)
        uow.session.add(reception)
        uow.emit(SampleRefused(sample_id=sample_id, lab_id=sample.lab_id))
    return reception


def decide_reception(
    uow: UnitOfWork, sample_id: UUID, checks: ReceptionChecks, refusal_reason: str | None, *, accepts: bool
) -> Reception:
    """As `record_reception`, for a person who says which of the two it is: nobody accepts by leaving a field empty.

    Raises:
        InvalidInputError: refused without a reason, or accepted with one.
        NotFoundError, NotHereError, WrongStateError: as for `record_reception`.

    Emits: SampleAccepted or SampleRefused.
    """
    has_reason = bool((refusal_reason or "").strip())
    if accepts and has_reason:
        raise InvalidInputError(_l("An accepted sample has no reason of refusal."), field="refusal_reason")
    if not accepts and not has_reason:
        raise InvalidInputError(_l("A refusal is made in writing: give the reason."), field="refusal_reason")
    return record_reception(uow, sample_id, checks, refusal_reason)


def give_up_sample(uow: UnitOfWork, sample_id: UUID, reason: str) -> None:
    """End an accepted sample before it has its blind code: it cannot be tested, and says why (I5). Locks the sample.

    Raises:
        NotFoundError: no such sample of this laboratory.
        NotHereError: a portion is not here.
        InvalidInputError: no reason.
        WrongStateError: it was not accepted, or the bench knows it already.

    Emits: SampleMoved.
    """
    sample, _portions = get_sample_here(uow, sample_id)
    # The same event ends sets of the bench, which is its reviewer's act and not the custodian's.
    if sample.state is not SampleState.RECEIVED:
        raise WrongStateError(_l("Only an accepted sample without a blind code is given up here."))
    move_sample(uow, sample, SampleEvent.GIVEN_UP, reason.strip())


def get_sample_here(uow: UnitOfWork, sample_id: UUID) -> tuple[Sample, Sequence[Portion]]:
    """A sample with its portions, all of which are at the actor's laboratory. Locks the sample.

    Raises:
        NotFoundError: no such sample of this laboratory, or nothing of it has arrived.
        NotHereError: a portion has not arrived.
    """
    sample = get_sample_for_act(uow, sample_id)
    if sample.lab_id != uow.actor.require_organisation():
        raise NotFoundError
    portions = list_portions(uow.session, sample_id)
    entries = current_entries(uow.session, [portion.id for portion in portions])
    absent = [portion for portion in portions if not is_with(entries[portion.id], sample.lab_id)]
    if not portions:
        raise NotFoundError
    if len(absent) == len(portions):
        raise NotFoundError  # nothing of it came here yet, so nothing is told about it
    if absent:
        raise NotHereError(_l("%(number)s has not arrived here.", number=absent[0].portion_no))
    return sample, portions
