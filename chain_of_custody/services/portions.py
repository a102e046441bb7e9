"""Sealing what was taken, at the place it was taken."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import select

from chain_of_custody.events import PortionsSealed
from chain_of_custody.models import CustodyEntry, Portion, Seal
from chain_of_custody.rules import normalise_scan
from chain_of_custody.services.label_blocks import use_labels
from chain_of_custody.types import CustodyKind, PortionKind, Seals
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from sampling.models import Sample, SamplingForm
from sampling.rules.states import WrongStateError
from sampling.services.separation import get_sample_for_act
from sampling.types import SampleState

SUFFIX = {PortionKind.TEST: "1", PortionKind.BACKUP: "2"}


def seal_portions(
    uow: UnitOfWork, sample_id: UUID, seals: Seals, labels: Mapping[PortionKind, str] | None = None
) -> Sequence[Portion]:
    """Divide a sample into its portions and seal each; whoever does it holds them from now on.

    The form says whether a backup portion is kept, and if not, why. Locks the sample.

    Args:
        uow: the transaction of one of the sampling organisation's people.
        sample_id: a sample whose form was submitted and which has not left the place.
        seals: the number on the seal of each portion.
        labels: the pre-printed label on a portion, which gives it its number; else the sample does.

    Raises:
        NotFoundError: no such sample of this organisation.
        WrongStateError: the sample is past its sampling.
        InvalidInputError: a seal is missing, of no portion, or used twice; a label that is not of this organisation.
        ConflictError: sealed already, or a seal or a label that is on another portion.

    Emits: PortionsSealed.
    """
    sample = get_sample_for_act(uow, sample_id)
    organisation_id = uow.actor.require_organisation()
    if sample.sampling_organisation_id != organisation_id:
        raise NotFoundError
    if sample.state is not SampleState.SAMPLED:
        raise WrongStateError(_l("The portions of a sample are sealed before it leaves the place."))
    amounts = portion_amounts(uow.session.get_one(SamplingForm, sample_id))
    _check_seals(seals, amounts)
    _check_unused(uow, seals, amounts)
    holder_id = uow.actor.require_person()
    numbers = {kind: f"{sample.sampling_no}-{SUFFIX[kind]}" for kind in amounts} | use_labels(uow, _of(amounts, labels))
    portions = [_portion(uow, sample, kind, amount, numbers[kind]) for kind, amount in amounts.items()]
    uow.session.add_all(portions)
    uow.session.flush()
    for portion in portions:
        uow.session.add(
            Seal(
                portion_id=portion.id,
                sample_id=sample_id,
                seal_no=normalise_scan(seals[portion.kind]),
                sealed_by_id=holder_id,
                sealed_at=uow.now,
            )
        )
        uow.session.add(
            CustodyEntry(
                portion_id=portion.id,
                seq=1,
                sample_id=sample_id,
                kind=CustodyKind.SEALED,
                holder_id=holder_id,
                organisation_id=organisation_id,
                at=uow.now,
            )
        )
    uow.emit(PortionsSealed(sample_id=sample_id))
    return portions


def portion_amounts(form: SamplingForm) -> dict[PortionKind, tuple[Decimal, str]]:
    """How much goes into each portion: what was taken for the test, and the backup where one is kept."""
    backup = form.backup_qty
    amounts = {PortionKind.TEST: (form.sampled_qty, form.quantity_unit)}
    if backup is not None:
        amounts[PortionKind.BACKUP] = (backup, form.quantity_unit)
        if form.sampled_qty > backup:
            amounts[PortionKind.TEST] = (form.sampled_qty - backup, form.quantity_unit)
    return amounts


def _check_seals(seals: Seals, amounts: dict[PortionKind, tuple[Decimal, str]]) -> None:
    for kind in amounts:
        if not normalise_scan(seals.get(kind, "")):
            raise InvalidInputError(_l("Every portion has a seal of its own."), field=f"{kind.value}_seal_no")
    if any(kind not in amounts and number.strip() for kind, number in seals.items()):
        raise InvalidInputError(
            _l("The form keeps no backup portion, so there is nothing to seal."), field="backup_seal_no"
        )
    given = [normalise_scan(seals[kind]) for kind in amounts]
    if len(set(given)) != len(given):
        raise InvalidInputError(
            _l("Both portions have the seal %(seal_no)s.", seal_no=given[0]), field="backup_seal_no"
        )


def _check_unused(uow: UnitOfWork, seals: Seals, amounts: dict[PortionKind, tuple[Decimal, str]]) -> None:
    """Say which seal is on another portion; the unique key decides, should two people be at it at once."""
    given = {normalise_scan(seals[kind]): kind for kind in amounts}
    used = uow.session.scalars(select(Seal.seal_no).where(Seal.seal_no.in_(given)).order_by(Seal.seal_no)).first()
    if used is not None:
        raise ConflictError(
            _l("The seal %(seal_no)s is on another portion already.", seal_no=used),
            field=f"{given[used].value}_seal_no",
        )


def _of(
    amounts: Mapping[PortionKind, tuple[Decimal, str]], labels: Mapping[PortionKind, str] | None
) -> Mapping[PortionKind, str]:
    """The labels, each of which has a portion."""
    if any(kind not in amounts and number.strip() for kind, number in (labels or {}).items()):
        raise InvalidInputError(
            _l("The form keeps no backup portion, so there is nothing to label."), field="backup_label_no"
        )
    return labels or {}


def _portion(
    uow: UnitOfWork, sample: Sample, kind: PortionKind, amount: tuple[Decimal, str], portion_no: str
) -> Portion:
    return Portion(
        id=uuid4(),
        sample_id=sample.id,
        portion_no=portion_no,
        kind=kind,
        quantity=amount[0],
        quantity_unit=amount[1],
        created_at=uow.now,
    )
