"""Reads of batches: what waits for one, what stands in one, and how it came out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from lims.catalog.models import Method, TestItem
from lims.db import among
from lims.errors import NotFoundError
from results.models import ItemResult, TestSet, TestSetItem
from results.quality.models import Batch, BatchLine, BatchSlot, ControlLot, QcHold, QcItem, QcResult, QcVerdict
from results.quality.types import QcOutcome, SlotKind
from results.types import TestSetState

PAGE = 50
method_name = sa.func.btrim(Method.standard + " " + Method.part)  # as `Method.name` puts it together


@dataclass(frozen=True, slots=True)
class WaitingMethod:
    """A method by which lines wait to be measured."""

    method: str
    sets: int
    lines: int


@dataclass(frozen=True, slots=True)
class WaitingSet:
    """A sample with lines that wait to be measured by a method."""

    test_set: TestSet
    lines: int


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A line of the list of batches.

    Attributes:
        missing: results of quality control that are still to be entered or judged.
        outcome: the worst there is; None while nothing was judged.
    """

    batch: Batch
    samples: int
    controls: int
    missing: int
    open_holds: int
    outcome: QcOutcome | None


@dataclass(frozen=True, slots=True)
class SampleCell:
    """One line of a worklist in its position of a batch."""

    position: int
    test_set: TestSet
    line: TestSetItem
    item: TestItem
    result: ItemResult | None


@dataclass(frozen=True, slots=True)
class QcCell:
    """One item in a position of quality control, with what was found and how it was judged."""

    slot: BatchSlot
    expected: QcItem
    item: TestItem
    lot: ControlLot | None
    blind_code: str | None
    result: QcResult | None
    verdict: QcVerdict | None

    @property
    def is_settled(self) -> bool:
        """Whether the result that stands was judged."""
        return self.verdict is not None and self.result is not None and self.verdict.result_id == self.result.id


def get_batch(session: Session, lab_id: UUID, batch_no: str) -> Batch:
    """A batch of one's own laboratory.

    Raises:
        NotFoundError: there is none.
    """
    found = session.scalar(sa.select(Batch).where(Batch.lab_id == lab_id, Batch.batch_no == batch_no))
    if found is None:
        raise NotFoundError
    return found


def waiting_methods(session: Session, lab_id: UUID) -> list[WaitingMethod]:
    """The methods by which something waits to be measured, those with most first."""
    rows = session.execute(
        _waiting(lab_id)
        .with_only_columns(
            method_name, sa.func.count(sa.distinct(TestSet.id)), sa.func.count(sa.distinct(TestSetItem.id))
        )
        .group_by(method_name)
        .order_by(sa.func.count(sa.distinct(TestSetItem.id)).desc(), method_name)
    )
    return [WaitingMethod(*row) for row in rows]


def waiting_sets(session: Session, lab_id: UUID, method: str) -> list[WaitingSet]:
    """The samples with something to be measured by a method, the oldest first."""
    rows = session.execute(
        _waiting(lab_id)
        .with_only_columns(TestSet, sa.func.count(sa.distinct(TestSetItem.id)))
        .where(method_name == method)
        .group_by(TestSet.id)
        .order_by(TestSet.opened_at, TestSet.id)
    )
    return [WaitingSet(*row) for row in rows]


def waiting_lines(
    session: Session, lab_id: UUID, method: str, codes: Collection[str]
) -> list[tuple[TestSet, TestSetItem]]:
    """The lines of these samples that wait to be measured by a method, in the order of their worklists."""
    rows = session.execute(
        _waiting(lab_id)
        .with_only_columns(TestSet, TestSetItem)
        .where(method_name == method, TestSet.blind_code.in_(codes))
        .distinct()
        .order_by(TestSet.blind_code, TestSetItem.position, TestSetItem.id)
    )
    return [(test_set, line) for test_set, line in rows]


def _waiting(lab_id: UUID) -> sa.Select[TestSet]:
    """Lines that were not measured in a batch yet, or whose result is held and has to be measured again.

    A line with a result that stands under no batch was measured without one, and waits for nothing.
    """
    in_a_batch = sa.exists().where(BatchLine.set_item_id == TestSetItem.id)
    has_result = sa.exists().where(ItemResult.set_item_id == TestSetItem.id)
    held = sa.exists().where(
        BatchLine.set_item_id == TestSetItem.id,
        QcHold.batch_id == BatchLine.batch_id,
        QcHold.item_id == BatchLine.item_id,
        QcHold.lifted_at.is_(None),
    )
    return (
        sa.select(TestSet)
        .join(TestSetItem, TestSetItem.test_set_id == TestSet.id)
        .join(Method, Method.id == TestSetItem.method_id)
        .where(
            TestSet.lab_id == lab_id,
            TestSet.state.in_([TestSetState.OPEN, TestSetState.TESTING]),
            sa.or_(held, sa.and_(~in_a_batch, ~has_result)),
        )
    )


def list_batches(
    session: Session,
    lab_id: UUID,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
    only_held: bool = False,
) -> list[BatchRow]:
    """The batches of a laboratory, the newest first; or only those that hold results."""
    query = sa.select(Batch).where(Batch.lab_id == lab_id)
    if only_held:
        query = query.where(sa.exists().where(QcHold.batch_id == Batch.id, QcHold.lifted_at.is_(None)))
    if after is not None:
        query = query.where(sa.tuple_(Batch.opened_at, Batch.id) < sa.tuple_(*map(sa.literal, after)))
    batches = session.scalars(query.order_by(Batch.opened_at.desc(), Batch.id.desc()).limit(limit)).all()
    return _rows(session, batches)


def _rows(session: Session, batches: Sequence[Batch]) -> list[BatchRow]:
    ids = [one.id for one in batches]
    samples = _counts(
        session, sa.select(BatchSlot.batch_id).where(BatchSlot.batch_id.in_(ids), BatchSlot.kind == SlotKind.SAMPLE)
    )
    holds = _counts(session, sa.select(QcHold.batch_id).where(QcHold.batch_id.in_(ids), QcHold.lifted_at.is_(None)))
    cells: dict[UUID, list[QcCell]] = {one: [] for one in ids}
    for cell in qc_cells(session, ids):
        cells[cell.slot.batch_id].append(cell)
    return [
        BatchRow(
            batch,
            samples.get(batch.id, 0),
            len(cells[batch.id]),
            sum(not cell.is_settled for cell in cells[batch.id]),
            holds.get(batch.id, 0),
            worst([cell.verdict.outcome for cell in cells[batch.id] if cell.verdict is not None]),
        )
        for batch in batches
    ]


def _counts(session: Session, which: sa.Select[UUID]) -> dict[UUID, int]:
    """How often each batch is chosen."""
    [batch_id] = which.selected_columns
    rows = session.execute(which.add_columns(sa.func.count()).group_by(batch_id))
    return {found: count for found, count in rows}  # noqa: C416 - dict() of rows is no dict to mypy


def worst(outcomes: Collection[QcOutcome]) -> QcOutcome | None:
    """The gravest of the outcomes; None of none."""
    return max(outcomes, key=list(QcOutcome).index, default=None)


def sample_cells(session: Session, batch_id: UUID) -> list[SampleCell]:
    """The lines of worklists in a batch, by position."""
    latest = (
        sa.select(ItemResult.set_item_id, sa.func.max(ItemResult.version).label("version"))
        .join(BatchLine, BatchLine.set_item_id == ItemResult.set_item_id)
        .where(BatchLine.batch_id == batch_id)
        .group_by(ItemResult.set_item_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(BatchLine.position, TestSet, TestSetItem, TestItem, ItemResult)
        .join(TestSetItem, TestSetItem.id == BatchLine.set_item_id)
        .join(TestSet, TestSet.id == TestSetItem.test_set_id)
        .join(TestItem, TestItem.id == TestSetItem.item_id)
        .outerjoin(latest, latest.c.set_item_id == TestSetItem.id)
        .outerjoin(
            ItemResult,
            sa.and_(ItemResult.set_item_id == TestSetItem.id, ItemResult.version == latest.c.version),
        )
        .where(BatchLine.batch_id == batch_id)
        .order_by(BatchLine.position, TestSetItem.position, TestSetItem.id)
    )
    return [SampleCell(*row) for row in rows]


def qc_cells(session: Session, batch_ids: Collection[UUID]) -> list[QcCell]:
    """The quality control of batches, by position and item, each with the last result and the last verdict."""
    rows = session.execute(
        sa.select(BatchSlot, QcItem, TestItem, ControlLot, TestSet.blind_code)
        .join(QcItem, sa.and_(QcItem.batch_id == BatchSlot.batch_id, QcItem.position == BatchSlot.position))
        .join(TestItem, TestItem.id == QcItem.item_id)
        .outerjoin(ControlLot, ControlLot.id == BatchSlot.lot_id)
        .outerjoin(TestSet, TestSet.id == BatchSlot.test_set_id)
        .where(BatchSlot.batch_id.in_(batch_ids))
        .order_by(BatchSlot.batch_id, BatchSlot.position, TestItem.code, TestItem.id)
    ).all()
    results = {
        (one.batch_id, one.position, one.item_id): one
        for one in session.scalars(
            sa.select(QcResult).where(QcResult.batch_id.in_(batch_ids)).order_by(QcResult.version)
        )
    }
    verdicts = {
        (one.batch_id, one.position, one.item_id): one
        for one in session.scalars(
            sa.select(QcVerdict).where(QcVerdict.batch_id.in_(batch_ids)).order_by(QcVerdict.seq)
        )
    }
    return [
        QcCell(
            slot,
            expected,
            item,
            lot,
            code,
            results.get((slot.batch_id, slot.position, item.id)),
            verdicts.get((slot.batch_id, slot.position, item.id)),
        )
        for slot, expected, item, lot, code in rows
    ]


def batch_items(session: Session, batch_id: UUID) -> Sequence[TestItem]:
    """The items that are measured in a batch, by code."""
    return session.scalars(
        sa.select(TestItem)
        .where(TestItem.id.in_(sa.select(BatchLine.item_id).where(BatchLine.batch_id == batch_id)))
        .order_by(TestItem.code, TestItem.id)
    ).all()


def compared_batches(session: Session, set_ids: Collection[UUID]) -> Sequence[Batch]:
    """The batches that hold duplicates or spikes against the results of these samples, each once, in one order.

    Of the batches that a sample stood in only the newest counts: in the earlier ones it was measured before.
    """
    newest = (
        sa.select(BatchSlot.test_set_id, BatchSlot.batch_id)
        .join(Batch, Batch.id == BatchSlot.batch_id)
        .where(among(BatchSlot.test_set_id, set_ids), BatchSlot.kind == SlotKind.SAMPLE)
        .ext(distinct_on(BatchSlot.test_set_id))
        .order_by(BatchSlot.test_set_id, Batch.opened_at.desc(), Batch.id.desc())
        .subquery()
    )
    compared = sa.exists().where(
        BatchSlot.batch_id == newest.c.batch_id,
        BatchSlot.test_set_id == newest.c.test_set_id,
        BatchSlot.kind != SlotKind.SAMPLE,
    )
    return session.scalars(
        sa.select(Batch).where(Batch.id.in_(sa.select(newest.c.batch_id).where(compared))).order_by(Batch.id)
    ).all()


def batches_of_set(session: Session, test_set_id: UUID) -> Sequence[Batch]:
    """The batches that a sample stands in, the oldest first."""
    return session.scalars(
        sa.select(Batch)
        .join(BatchSlot, BatchSlot.batch_id == Batch.id)
        .where(BatchSlot.test_set_id == test_set_id, BatchSlot.kind == SlotKind.SAMPLE)
        .order_by(Batch.opened_at, Batch.id)
    ).all()
