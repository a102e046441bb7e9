"""Reads of control materials and what they should give."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.catalog.models import TestItem
from lims.errors import NotFoundError
from results.quality.models import ControlLot, ControlValue


@dataclass(frozen=True, slots=True)
class LotValue:
    """The target of a lot for one item by one method that counts now."""

    value: ControlValue
    item: TestItem


@dataclass(frozen=True, slots=True)
class UsableLot:
    """A lot that a batch of a method may take, with its targets by item."""

    lot: ControlLot
    values: dict[UUID, ControlValue]


def get_lot(session: Session, lab_id: UUID, lot_id: UUID) -> ControlLot:
    """A lot of one's own laboratory.

    Raises:
        NotFoundError: there is none.
    """
    found = session.get(ControlLot, lot_id)
    if found is None or found.lab_id != lab_id:
        raise NotFoundError
    return found


def list_lots(session: Session, lab_id: UUID) -> Sequence[ControlLot]:
    """All lots of a laboratory: those in use first, then by name and the day they expire."""
    return session.scalars(
        sa.select(ControlLot)
        .where(ControlLot.lab_id == lab_id)
        .order_by(ControlLot.withdrawn_at.is_not(None), ControlLot.name, ControlLot.expires_on.desc(), ControlLot.id)
    ).all()


def values_of_lot(session: Session, lot_id: UUID) -> list[LotValue]:
    """The targets of a lot that count now, by method and item."""
    rows = session.execute(
        sa.select(ControlValue, TestItem)
        .join(TestItem, TestItem.id == ControlValue.item_id)
        .where(ControlValue.lot_id == lot_id)
        .order_by(ControlValue.method, TestItem.code, ControlValue.version.desc())
    )
    standing: dict[tuple[str, UUID], LotValue] = {}
    for value, item in rows:
        standing.setdefault((value.method, item.id), LotValue(value, item))
    return list(standing.values())


def usable_lots(session: Session, lab_id: UUID, method: str, on: date) -> list[UsableLot]:
    """The lots of a laboratory that have targets by a method and may be used on a day, by name."""
    rows = session.execute(
        sa.select(ControlLot, ControlValue)
        .join(ControlValue, ControlValue.lot_id == ControlLot.id)
        .where(
            ControlLot.lab_id == lab_id,
            ControlLot.withdrawn_at.is_(None),
            ControlLot.expires_on >= on,
            ControlValue.method == method,
        )
        .order_by(ControlLot.name, ControlLot.lot_no, ControlValue.version)
    )
    found: dict[UUID, UsableLot] = {}
    for lot, value in rows:
        found.setdefault(lot.id, UsableLot(lot, {})).values[value.item_id] = value
    return list(found.values())


def values_for(session: Session, lot_ids: Collection[UUID], method: str) -> dict[tuple[UUID, UUID], ControlValue]:
    """The targets of lots by a method that count now, by lot and item."""
    rows = session.scalars(
        sa.select(ControlValue)
        .where(ControlValue.lot_id.in_(lot_ids), ControlValue.method == method)
        .order_by(ControlValue.version)
    )
    return {(row.lot_id, row.item_id): row for row in rows}


def last_value(session: Session, lot_id: UUID, item_id: UUID, method: str) -> ControlValue | None:
    """The target of a lot for an item by a method that counts now."""
    return values_for(session, [lot_id], method).get((lot_id, item_id))
