"""Opening a batch: which samples, and what quality control stands beside them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

from lims.catalog.parameters import parameters_in_force
from lims.clock import local_date
from lims.errors import ConfigurationError, ConflictError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.numbering import take_number
from lims.people.authorisations import Needed, require_authorised
from lims.people.types import AuthorisationKind
from lims.quantities import QuantityError, Unit, UnitMismatchError, convert, parse_unit
from lims.uow import UnitOfWork
from results.models import TestSet, TestSetItem
from results.quality.models import Batch, BatchLine, BatchSlot, ControlLot, ControlValue, QcItem
from results.quality.queries.batches import waiting_lines
from results.quality.queries.lots import get_lot, values_for
from results.quality.rules.stored import criteria_to_json
from results.quality.types import (
    OF_SAMPLE,
    BlankCriteria,
    ControlCriteria,
    Criteria,
    DuplicateCriteria,
    PlannedSlot,
    RangeCriteria,
    SlotKind,
    SpikeCriteria,
)
from results.rules.findings import parse_finding

MAX_POSITIONS = 400  # as many as the largest loading of an instrument has (`instruments`)
MAX_NOTE = 400
SERIES = "analytical_batch"
PREFIX = "FX"  # 分析批
DUPLICATE_PERCENT = "qc_duplicate_percent"
# The recovery that is expected depends on how much there is to recover: bounds in mg/kg, from the largest down.
RECOVERY_LEVELS = ((Decimal(100), "high"), (Decimal(1), "middle"), (Decimal("0.1"), "low"), (Decimal(0), "trace"))
PARAMETERS = frozenset(
    {DUPLICATE_PERCENT} | {f"qc_recovery_{level}_{end}" for _from, level in RECOVERY_LEVELS for end in ("min", "max")}
)
Lines = Mapping[str, Sequence[tuple[TestSet, TestSetItem]]]


def open_batch(uow: UnitOfWork, method: str, slots: Sequence[PlannedSlot], note: str = "") -> Batch:
    """Open a batch: the samples' lines by this method and their quality control, in the order of the positions.

    What each control has to meet is frozen here: target and bounds of the lot, LOQ of the method, recovery and
    difference by the rule parameters of the day.

    Raises:
        NotFoundError: a lot of another laboratory.
        InvalidInputError: no sample, too many positions, a sample twice, nothing of a sample waits to be measured by
            this method, a duplicate or spike of a sample outside the batch, or an amount that cannot be read.
        ConflictError: a lot that expired or was withdrawn, or one without a target for this method.
        NotAuthorisedError: the person may not test by this method.
    """
    lab_id, today = uow.actor.require_organisation(), local_date(uow.now)
    require_authorised(
        uow.session, [Needed.of(uow.actor, AuthorisationKind.TEST)], today, methods=lambda: frozenset({method})
    )
    lines = _lines(uow, lab_id, method, slots)
    lots = {one.lot_id: get_lot(uow.session, lab_id, one.lot_id) for one in slots if one.lot_id is not None}
    for lot in lots.values():
        check_usable(lot, today)
    values = values_for(uow.session, lots.keys(), method)
    items = _items(lines)
    bounds = parameters_in_force(uow.session, PARAMETERS, today)
    batch = Batch(
        id=uuid4(),
        lab_id=lab_id,
        batch_no=batch_number(uow, lab_id, today),
        method=method,
        note=note.strip()[:MAX_NOTE],
        opened_by_id=uow.actor.require_person(),
        opened_at=uow.now,
    )
    uow.session.add(batch)
    uow.session.flush()
    beside: list[BatchLine | QcItem] = []
    for position, slot in enumerate(slots, start=1):
        own = lines.get(slot.blind_code or "", ())
        uow.session.add(
            BatchSlot(
                batch_id=batch.id,
                position=position,
                kind=slot.kind,
                test_set_id=own[0][0].id if own else None,
                lot_id=slot.lot_id,
            )
        )
        match slot.kind:
            case SlotKind.SAMPLE:
                beside += [_line(batch, position, line) for _set, line in own]
                continue
            case SlotKind.BLANK:
                expected = [_blank(line) for line in items.values()]
            case SlotKind.DUPLICATE:
                expected = [_duplicate(line, _in_force(bounds, DUPLICATE_PERCENT)) for _set, line in own]
            case SlotKind.SPIKE:
                expected = [_spike(line, slot.added_text, bounds) for _set, line in own]
            case SlotKind.CONTROL | SlotKind.REFERENCE:
                assert slot.lot_id is not None  # noqa: S101 - ck_batch_slot_of_a_lot
                expected = _of_lot(lots[slot.lot_id], values, items.keys(), method)
        beside += [_qc_item(batch, position, one) for one in expected]
    uow.session.flush()
    uow.session.add_all(beside)
    uow.session.flush()
    return batch


def check_usable(lot: ControlLot, on: date) -> None:
    """Insist that a lot may be used on a day.

    Raises:
        ConflictError: it expired or was withdrawn; names the lot and the day.
    """
    if lot.withdrawn_at is not None:
        raise ConflictError(
            _l(
                "%(name)s, lot %(lot)s, was withdrawn: %(why)s",
                name=lot.name,
                lot=lot.lot_no,
                why=lot.withdrawn_reason or "",
            )
        )
    if lot.expires_on < on:
        raise ConflictError(
            _l(
                "%(name)s, lot %(lot)s, expired on %(day)s and cannot be used any more.",
                name=lot.name,
                lot=lot.lot_no,
                day=lot.expires_on.isoformat(),
            )
        )


@dataclass(frozen=True, slots=True)
class _Expected:
    """What one item in a position of quality control has to meet."""

    item_id: UUID
    unit: str
    criteria: Criteria
    value_id: UUID | None = None


def _lines(uow: UnitOfWork, lab_id: UUID, method: str, slots: Sequence[PlannedSlot]) -> Lines:
    """The waiting lines of the samples by code, each sample once.

    Raises:
        InvalidInputError: as `open_batch`.
    """
    codes = [slot.blind_code for slot in slots if slot.kind is SlotKind.SAMPLE and slot.blind_code]
    if not codes:
        raise InvalidInputError(_l("Choose at least one sample."), field="samples")
    if len(slots) > MAX_POSITIONS:
        raise InvalidInputError(
            _l("The batch has %(count)s positions, expected at most %(most)s.", count=len(slots), most=MAX_POSITIONS),
            field="samples",
        )
    doubled = next((code for code in codes if codes.count(code) > 1), None)
    if doubled is not None:
        raise InvalidInputError(_l("The sample %(code)s is given twice.", code=doubled), field="samples")
    found: dict[str, list[tuple[TestSet, TestSetItem]]] = {}
    for test_set, line in waiting_lines(uow.session, lab_id, method, codes):
        found.setdefault(test_set.blind_code, []).append((test_set, line))
    for slot in slots:
        if slot.kind in OF_SAMPLE and slot.blind_code not in found:
            raise InvalidInputError(
                _l(
                    "Nothing of the sample %(code)s waits to be measured by %(method)s in this batch.",
                    code=slot.blind_code or "",
                    method=method,
                ),
                field="samples",
            )
    return found


def _items(lines: Lines) -> dict[UUID, TestSetItem]:
    """One line for each item of the batch, in the order of the worklists: its unit and its LOQ are those of all."""
    items: dict[UUID, TestSetItem] = {}
    for own in lines.values():
        for _set, line in own:
            items.setdefault(line.item_id, line)
    return items


def _unit_of(line: TestSetItem) -> str:
    return line.unit or line.limit_unit


def _seen_from(line: TestSetItem) -> Decimal | None:
    """From where on the method gives a figure; stated in the unit of the line."""
    return line.loq if line.loq is not None else line.lod


def _blank(line: TestSetItem) -> _Expected:
    return _Expected(line.item_id, _unit_of(line), BlankCriteria(_seen_from(line)))


def _duplicate(line: TestSetItem, most_percent: Decimal) -> _Expected:
    return _Expected(line.item_id, _unit_of(line), DuplicateCriteria(most_percent, _seen_from(line)))


def _spike(line: TestSetItem, added_text: str, bounds: Mapping[str, Decimal]) -> _Expected:
    unit = parse_unit(_unit_of(line))
    try:
        added = parse_finding(added_text, unit.text)
        amount = convert(added.value, added.unit, unit) if added.value is not None else Decimal(0)
    except QuantityError:
        amount = Decimal(0)
    if amount <= 0:
        raise InvalidInputError(
            _l(
                "The added amount is “%(text)s”, expected a figure above 0 in %(unit)s.",
                text=added_text[:60],
                unit=unit.text,
            ),
            field="added",
        )
    low, high = _recovery_bounds(amount, unit, bounds)
    return _Expected(line.item_id, unit.text, SpikeCriteria(amount, low, high))


def _recovery_bounds(amount: Decimal, unit: Unit, bounds: Mapping[str, Decimal]) -> tuple[Decimal, Decimal]:
    """The recovery expected of an amount, in per cent; of units that are no mg/kg, that of the middle level.

    **Source:** GB/T 27404-2008 table F.1.
    """
    try:
        in_mg_per_kg = convert(amount, unit, parse_unit("mg/kg"))
        level = next(name for above, name in RECOVERY_LEVELS if in_mg_per_kg >= above)
    except UnitMismatchError:
        level = "middle"
    return _in_force(bounds, f"qc_recovery_{level}_min"), _in_force(bounds, f"qc_recovery_{level}_max")


def _of_lot(
    lot: ControlLot, values: Mapping[tuple[UUID, UUID], ControlValue], items: Collection[UUID], method: str
) -> list[_Expected]:
    expected = [
        _Expected(item_id, value.unit, _criteria(value), value.id)
        for item_id in items
        if (value := values.get((lot.id, item_id))) is not None
    ]
    if not expected:
        raise ConflictError(
            _l(
                "%(name)s, lot %(lot)s, has no target by %(method)s for any item of this batch.",
                name=lot.name,
                lot=lot.lot_no,
                method=method,
            )
        )
    return expected


def _criteria(value: ControlValue) -> Criteria:
    if value.deviation is not None:
        return ControlCriteria(value.target, value.deviation)
    assert value.low is not None  # noqa: S101 - ck_control_value_one_kind_of_bound
    assert value.high is not None  # noqa: S101
    return RangeCriteria(value.target, value.low, value.high)


def _in_force(bounds: Mapping[str, Decimal], code: str) -> Decimal:
    """A rule parameter of the day.

    Raises:
        ConfigurationError: nothing of that code is in force; a bound must never be guessed.
    """
    if code not in bounds:
        raise ConfigurationError(_l("No rule parameter %(code)s is in force today.", code=code), facts={"code": code})
    return bounds[code]


def _line(batch: Batch, position: int, line: TestSetItem) -> BatchLine:
    return BatchLine(
        batch_id=batch.id, set_item_id=line.id, sample_id=line.sample_id, item_id=line.item_id, position=position
    )


def _qc_item(batch: Batch, position: int, expected: _Expected) -> QcItem:
    return QcItem(
        batch_id=batch.id,
        position=position,
        item_id=expected.item_id,
        unit=expected.unit,
        criteria=criteria_to_json(expected.criteria),
        value_id=expected.value_id,
    )


def batch_number(uow: UnitOfWork, lab_id: UUID, day: date) -> str:
    """The next number of a day: FX260914-01."""
    return f"{PREFIX}{day:%y%m%d}-{take_number(uow, SERIES, f'{lab_id}:{day.isoformat()}'):02d}"
