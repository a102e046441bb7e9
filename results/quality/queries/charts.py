"""Reads of control charts: what a lot gave for one item, run after run."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lims.catalog.models import TestItem
from results.quality.models import Batch, BatchSlot, ControlLot, QcHold, QcResult, QcVerdict
from results.quality.rules.westgard import LONGEST
from results.quality.types import ControlPoint, SlotKind

MOST_POINTS = 400


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One result of quality control on its chart.

    Attributes:
        hold: what its rejection opened; None where nothing was held by it.
    """

    batch: Batch
    position: int
    result: QcResult
    verdict: QcVerdict
    hold: QcHold | None


@dataclass(frozen=True, slots=True)
class Series:
    """A chart that can be looked at: one kind of control, one method, one item, and how many points there are."""

    kind: SlotKind
    method: str
    item: TestItem
    lot: ControlLot | None
    points: int
    last_at: datetime


def earlier_runs(
    session: Session, batch: Batch, item_id: UUID, lots: Collection[str]
) -> tuple[tuple[ControlPoint, ...], ...]:
    """The runs before a batch that the rules of its chart look back on, the oldest first.

    A lifted hold begins the chart anew: whoever lifted it found the cause, and what was measured up to then is no
    witness of what comes after. No rule looks at more than ten measurements of a lot.
    """
    lot_ids = [UUID(one) for one in lots]
    begins = session.scalar(
        sa.select(sa.func.max(Batch.opened_at))
        .join(QcHold, QcHold.batch_id == Batch.id)
        .join(BatchSlot, BatchSlot.batch_id == Batch.id)
        .where(
            QcHold.item_id == item_id,
            QcHold.lifted_at.is_not(None),
            BatchSlot.lot_id.in_(lot_ids),
            Batch.method == batch.method,
            Batch.opened_at < batch.opened_at,
        )
    )
    query = (
        _standing()
        .with_only_columns(Batch.id, Batch.opened_at, BatchSlot.lot_id, QcVerdict.used)
        .where(
            BatchSlot.kind == SlotKind.CONTROL,
            BatchSlot.lot_id.in_(lot_ids),
            QcVerdict.item_id == item_id,
            Batch.method == batch.method,
            sa.tuple_(Batch.opened_at, Batch.id) < sa.tuple_(sa.literal(batch.opened_at), sa.literal(batch.id)),
        )
        .order_by(Batch.opened_at.desc(), Batch.id.desc(), BatchSlot.position.desc())
        .limit(LONGEST * len(lot_ids))
    )
    if begins is not None:
        query = query.where(Batch.opened_at > begins)
    runs: dict[UUID, list[ControlPoint]] = {}
    for batch_id, _at, lot_id, used in session.execute(query).all()[::-1]:
        chart = used["chart"]
        if chart is not None:  # without a figure there is no place on a chart
            runs.setdefault(batch_id, []).append(ControlPoint(str(lot_id), Decimal(chart["run"][chart["place"]][1])))
    return tuple(tuple(points) for points in runs.values())


def list_series(session: Session, lab_id: UUID) -> list[Series]:
    """The charts of a laboratory, by method, item, kind and lot."""
    rows = session.execute(
        _standing()
        .with_only_columns(
            BatchSlot.kind,
            Batch.method,
            TestItem,
            ControlLot,
            sa.func.count(QcVerdict.id),
            sa.func.max(Batch.opened_at),
        )
        .join(TestItem, TestItem.id == QcVerdict.item_id)
        .outerjoin(ControlLot, ControlLot.id == BatchSlot.lot_id)
        .where(Batch.lab_id == lab_id)
        .group_by(BatchSlot.kind, Batch.method, TestItem.id, ControlLot.id)
        .order_by(Batch.method, TestItem.code, BatchSlot.kind, ControlLot.name, ControlLot.lot_no, ControlLot.id)
    )
    return [Series(*row) for row in rows]


def chart_points(
    session: Session,
    lab_id: UUID,
    *,
    kind: SlotKind,
    method: str,
    item_id: UUID,
    lot_id: UUID | None = None,
    limit: int = MOST_POINTS,
) -> Sequence[ChartPoint]:
    """The last results of quality control of one kind, the oldest first."""
    query = (
        _standing()
        .with_only_columns(Batch, BatchSlot.position, QcResult, QcVerdict, QcHold)
        .join(QcResult, QcResult.id == QcVerdict.result_id)
        .outerjoin(QcHold, QcHold.verdict_id == QcVerdict.id)
        .where(Batch.lab_id == lab_id, BatchSlot.kind == kind, Batch.method == method, QcVerdict.item_id == item_id)
        .order_by(Batch.opened_at.desc(), Batch.id.desc(), BatchSlot.position.desc())
        .limit(limit)
    )
    if lot_id is not None:
        query = query.where(BatchSlot.lot_id == lot_id)
    return [ChartPoint(*row) for row in session.execute(query).all()[::-1]]


def _standing() -> sa.Select[QcVerdict]:
    """The verdicts that count, each the last of its position and item."""
    later = aliased(QcVerdict)
    return (
        sa.select(QcVerdict)
        .join(BatchSlot, sa.and_(BatchSlot.batch_id == QcVerdict.batch_id, BatchSlot.position == QcVerdict.position))
        .join(Batch, Batch.id == QcVerdict.batch_id)
        .where(
            ~sa.exists().where(
                later.batch_id == QcVerdict.batch_id,
                later.position == QcVerdict.position,
                later.item_id == QcVerdict.item_id,
                later.seq > QcVerdict.seq,
            )
        )
    )
