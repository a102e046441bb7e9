"""Preparing something, throwing it away, and noting what a batch was measured with."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import sqlalchemy as sa

from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.numbering import take_number
from lims.quantities import NO_UNIT, QuantityError, Unit, UnitMismatchError, parse_unit
from lims.uow import UnitOfWork
from results.preparations.models import BatchMaterial, Preparation, PreparationParent
from results.preparations.queries import find_materials, get_preparation
from results.preparations.rules import diluted, dilution_factor, earliest
from results.preparations.types import Material, ParentKind, PreparationKind, Recipe, Taken
from results.quality.queries.batches import get_batch
from results.queries import find_set
from results.rules.findings import parse_finding
from results.types import FindingKind

SERIES = "preparation"
PREFIX = "PZ"  # 配制
MOST_PARENTS = 12


@dataclass(frozen=True, slots=True)
class _Amount:
    value: Decimal
    unit: Unit


def prepare(uow: UnitOfWork, recipe: Recipe) -> Preparation:
    """Write down what was prepared, from what, how much, and until when it may be used.

    The concentration of a standard follows from its one parent that has one, the amount taken and the final amount;
    where it does not follow it is given, and where both stand they have to be the same.

    Raises:
        NotFoundError: the sample of a homogenate is not one of this laboratory.
        InvalidInputError: a number that is no material or several, an amount that cannot be read, a standard without
            a concentration, or an expiry that is past or later than that of a parent.
        ConflictError: a parent expired or was taken out of use; names it and the day.
    """
    lab_id, today = uow.actor.require_organisation(), local_date(uow.now)
    if not recipe.name.strip():
        raise InvalidInputError(_l("Fill this in."), field="name")
    if len(recipe.parents) > MOST_PARENTS:
        raise InvalidInputError(
            _l("%(count)s parents are given, expected at most %(most)s.", count=len(recipe.parents), most=MOST_PARENTS),
            field="parents",
        )
    parents = [(find_usable(uow, lab_id, one.number, today, "parents"), one) for one in recipe.parents]
    _check_expiry(recipe, [material for material, _taken in parents], today)
    test_set_id = None
    if recipe.kind is PreparationKind.HOMOGENATE:
        test_set_id = find_set(uow.session, recipe.blind_code.strip().upper(), lab_id).id
    final = _amount(recipe.final_amount, "final_amount") if recipe.final_amount.strip() else None
    taken = [_amount(one.amount, "parents") if one.amount.strip() else None for _material, one in parents]
    factor, concentration, unit = _concentration(recipe, parents, taken, final)
    made = Preparation(
        id=uuid4(),
        lab_id=lab_id,
        preparation_no=f"{PREFIX}{today:%y%m%d}-{take_number(uow, SERIES, f'{lab_id}:{today.isoformat()}'):02d}",
        kind=recipe.kind,
        name=recipe.name.strip(),
        test_set_id=test_set_id,
        final_amount=final.value if final else None,
        final_unit=final.unit.text if final else "",
        dilution_factor=factor,
        concentration=concentration,
        unit=unit,
        storage=recipe.storage.strip(),
        expires_on=recipe.expires_on,
        prepared_by_id=uow.actor.require_person(),
        prepared_at=uow.now,
    )
    uow.session.add(made)
    uow.session.flush()
    uow.session.add_all(
        PreparationParent(
            made_id=made.id,
            seq=place,
            lab_id=lab_id,
            **_pointing(material),
            taken=amount.value if amount else None,
            taken_unit=amount.unit.text if amount else "",
            concentration=material.concentration,
            unit=material.unit,
        )
        for place, ((material, _taken), amount) in enumerate(zip(parents, taken, strict=True), start=1)
    )
    uow.session.flush()
    return made


def discard(uow: UnitOfWork, number: str, reason: str) -> None:
    """Throw a preparation away before it expires.

    Raises:
        NotFoundError: no such preparation of this laboratory.
        InvalidInputError: no reason.
        ConflictError: it was thrown away already.
    """
    made = get_preparation(uow.session, uow.actor.require_organisation(), number).preparation
    if not reason.strip():
        raise InvalidInputError(_l("Say why."), field="reason")
    if made.discarded_at is not None:
        raise ConflictError(_l("%(number)s was thrown away already.", number=number))
    made.discarded_at, made.discarded_by_id = uow.now, uow.actor.require_person()
    made.discarded_reason = reason.strip()


def use_in_batch(uow: UnitOfWork, batch_no: str, number: str) -> BatchMaterial:
    """Note that a batch was measured with a preparation or a lot.

    Raises:
        NotFoundError: no such batch of this laboratory.
        InvalidInputError: a number that is no material of this laboratory, or several.
        ConflictError: it expired or was taken out of use, which names it and the day; or the batch names it already.
    """
    lab_id = uow.actor.require_organisation()
    batch = get_batch(uow.session, lab_id, batch_no)
    material = find_usable(uow, lab_id, number, local_date(uow.now), "number")
    before = uow.session.scalar(sa.select(sa.func.max(BatchMaterial.seq)).where(BatchMaterial.batch_id == batch.id))
    used = BatchMaterial(
        batch_id=batch.id,
        seq=(before or 0) + 1,
        **_pointing(material),
        noted_by_id=uow.actor.require_person(),
        noted_at=uow.now,
    )
    uow.session.add(used)
    uow.session.flush()
    return used


def find_usable(uow: UnitOfWork, lab_id: UUID, number: str, on: date, field: str) -> Material:
    """The one material that goes by a number and may be used on a day.

    Raises:
        InvalidInputError: none goes by it, or several.
        ConflictError: it expired or was taken out of use.
    """
    found = find_materials(uow.session, lab_id, number.strip())
    if not found:
        raise InvalidInputError(
            _l("No preparation and no lot of this laboratory goes by “%(number)s”.", number=number.strip()[:60]),
            field=field,
        )
    if len(found) > 1:
        raise InvalidInputError(
            _l(
                "Several go by “%(number)s”: %(names)s. Note the lot under a number of its own.",
                number=number.strip()[:60],
                names="、".join(one.name for one in found),
            ),
            field=field,
        )
    [material] = found
    if material.unusable:
        raise ConflictError(
            _l(
                "%(name)s, lot %(lot)s, was withdrawn: %(why)s",
                name=material.name,
                lot=material.number,
                why=material.unusable,
            ),
            field=field,
        )
    if material.last_day < on:
        raise ConflictError(
            _l(
                "%(name)s, lot %(lot)s, expired on %(day)s and cannot be used any more.",
                name=material.name,
                lot=material.number,
                day=material.last_day.isoformat(),
            ),
            field=field,
        )
    return material


def _check_expiry(recipe: Recipe, parents: list[Material], today: date) -> None:
    if recipe.expires_on < today:
        raise InvalidInputError(
            _l(
                "The date is %(day)s, expected %(today)s or later.",
                day=recipe.expires_on.isoformat(),
                today=today.isoformat(),
            ),
            field="expires_on",
        )
    first = earliest(parents)
    if first is not None and recipe.expires_on > first.last_day:
        raise InvalidInputError(
            _l(
                "The date is %(day)s, but %(name)s (%(lot)s) may be used until %(last)s only.",
                day=recipe.expires_on.isoformat(),
                name=first.name,
                lot=first.number,
                last=first.last_day.isoformat(),
            ),
            field="expires_on",
        )


def _concentration(
    recipe: Recipe, parents: list[tuple[Material, Taken]], taken: list[_Amount | None], final: _Amount | None
) -> tuple[Decimal | None, Decimal | None, str]:
    """Dilution factor, concentration and its unit; none of them for what is no standard."""
    if recipe.kind is not PreparationKind.STANDARD:
        return None, None, ""
    given = _amount(recipe.concentration, "concentration") if recipe.concentration.strip() else None
    known = [
        (material, amount)
        for (material, _taken), amount in zip(parents, taken, strict=True)
        if material.concentration is not None and amount is not None
    ]
    if len(known) != 1 or final is None:
        if given is None:
            raise InvalidInputError(
                _l(
                    "Give the concentration: it follows only from one parent that has one, with the amount taken of it"
                    " and the final amount."
                ),
                field="concentration",
            )
        return None, given.value, given.unit.text
    [(material, amount)] = known
    try:
        factor = dilution_factor(amount.value, amount.unit, final.value, final.unit)
    except UnitMismatchError as error:
        raise InvalidInputError(
            _l(
                "%(taken)s were taken and %(final)s made: expected two volumes or two masses.",
                taken=f"{amount.value} {amount.unit}",
                final=f"{final.value} {final.unit}",
            ),
            field="final_amount",
        ) from error
    assert material.concentration is not None  # noqa: S101 - chosen so
    follows = diluted(material.concentration, factor)
    if given is not None and (given.value, given.unit.text) != (follows, material.unit):
        raise InvalidInputError(
            _l(
                "The concentration is %(given)s, but %(follows)s follows from %(number)s.",
                given=f"{given.value} {given.unit}",
                follows=f"{follows} {material.unit}",
                number=material.number,
            ),
            field="concentration",
        )
    return factor, follows, material.unit


def _amount(text: str, field: str) -> _Amount:
    """A figure above 0 with its unit.

    Raises:
        InvalidInputError: it is none.
    """
    try:
        found = parse_finding(text, "")
        unit = found.unit if found.unit_stated else NO_UNIT
    except QuantityError:
        found, unit = None, NO_UNIT
    if found is None or found.kind is not FindingKind.MEASURED or not found.value or found.value < 0 or not unit.text:
        raise InvalidInputError(
            _l("“%(text)s” is no amount, expected a figure above 0 with its unit, such as 10 mL.", text=text[:60]),
            field=field,
        )
    return _Amount(found.value, parse_unit(unit.text))


def _pointing(material: Material) -> dict[str, UUID | None]:
    return {
        "preparation_id": material.id if material.kind is ParentKind.PREPARATION else None,
        "reagent_lot_id": material.id if material.kind is ParentKind.REAGENT_LOT else None,
        "control_lot_id": material.id if material.kind is ParentKind.CONTROL_LOT else None,
    }
