"""Reception in the laboratory: six checks, accept or refuse, and the blind code of what was accepted."""

import secrets
from collections.abc import Sequence
from uuid import UUID

from chain_of_custody.events import SampleAccepted, SampleRecoded, SampleRefused
from chain_of_custody.models import BlindCode, Portion, Reception
from chain_of_custody.queries import current_entries, is_with, list_portions
from chain_of_custody.rules import ALPHABET, BODY_LENGTH, check_character
from chain_of_custody.types import Blindness, PortionKind, ReceptionChecks
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from sampling.models import Sample
from sampling.services.samples import move_sample
from sampling.services.separation import claim_act, get_sample_for_act, sample_tuple
from sampling.types import DutyRole, SampleEvent


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

    Emits: SampleAccepted or SampleRefused.

    **Source:** Measures Art. 22; domain.md §2.4.
    """
    sample, _portions = _get_sample_here(uow, sample_id)
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


def recode(uow: UnitOfWork, sample_id: UUID, blindness: Blindness) -> BlindCode:
    """Give the test portion its blind code: random, so that nothing can be derived from it.

    The recoder stands on the sampling side of this sample from now on. Locks the sample.

    Raises:
        NotFoundError: no such sample of this laboratory.
        NotHereError: a portion has not arrived.
        WrongStateError: not accepted, or recoded already.
        SeparationRefusedError: the recoder stands on the testing side.

    Emits: SampleRecoded.
    """
    sample, portions = _get_sample_here(uow, sample_id)
    move_sample(uow, sample, SampleEvent.RECODED)
    claim_act(uow, sample_tuple(sample), DutyRole.RECODER)
    portion = next(one for one in portions if one.kind is PortionKind.TEST)
    body = "".join(secrets.choice(ALPHABET) for _ in range(BODY_LENGTH))
    blind = BlindCode(
        portion_id=portion.id,
        sample_id=sample_id,
        portion_kind=PortionKind.TEST,
        code=body + check_character(body),
        blindness=blindness,
        coded_by_id=uow.actor.require_person(),
        coded_at=uow.now,
    )
    uow.session.add(blind)
    uow.emit(SampleRecoded(sample_id=sample_id, portion_id=portion.id))
    return blind


def _get_sample_here(uow: UnitOfWork, sample_id: UUID) -> tuple[Sample, Sequence[Portion]]:
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
