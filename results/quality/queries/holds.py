"""Reads of holds, and the one question that a lock, a report and a signature ask."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lims.actors import Actor
from lims.catalog.models import TestItem
from lims.people.models import Person
from results.models import ItemResult, TestSet, TestSetItem
from results.quality.models import Batch, BatchLine, BatchSlot, QcHold, QcItem, QcResult, QcVerdict
from results.quality.types import SlotKind
from sampling.models import DutyAct
from sampling.types import DutyRole


class Obstacle(StrEnum):
    """Why a result of a batch cannot go on."""

    HELD = "held"
    NOT_JUDGED = "not_judged"  # quality control is not complete, or does not fit what stands
    NOT_MEASURED_AGAIN = "not_measured_again"  # it was put into a later batch and its result is older


@dataclass(frozen=True, slots=True)
class Blocked:
    """A line of a worklist that cannot go on, and the batch that keeps it."""

    batch_no: str
    item: TestItem
    obstacle: Obstacle


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A hold with what it is about and who acted."""

    hold: QcHold
    verdict: QcVerdict
    item: TestItem
    batch: Batch
    opened_by: str
    lifted_by: str | None


def blocked_lines(session: Session, test_set_id: UUID) -> list[Blocked]:
    """The lines of a worklist that quality control keeps from going on, by item.

    Only the last batch of a line counts, for its result comes from there: earlier ones were rejected and measured
    again. One statement for a sample that stands in no batch. Shares a lock on the batches, so that quality control
    which is being entered at this moment is waited for.
    """
    rows = session.execute(
        sa.select(BatchLine, Batch)
        .join(Batch, Batch.id == BatchLine.batch_id)
        .join(TestSetItem, TestSetItem.id == BatchLine.set_item_id)
        .where(TestSetItem.test_set_id == test_set_id)
        .order_by(Batch.opened_at, Batch.id)
    )
    last = {line.set_item_id: (line, batch) for line, batch in rows}
    if not last:
        return []
    batch_ids = {batch.id for _line, batch in last.values()}
    session.execute(sa.select(Batch.id).where(Batch.id.in_(batch_ids)).order_by(Batch.id).with_for_update(read=True))
    held = open_items(session, batch_ids)
    unjudged = unjudged_items(session, batch_ids)
    entered = _entered_at(session, last.keys())
    item_ids = {line.item_id for line, _batch in last.values()}
    items = {one.id: one for one in session.scalars(sa.select(TestItem).where(TestItem.id.in_(item_ids)))}
    found = []
    for line, batch in last.values():
        key, at = (batch.id, line.item_id), entered.get(line.set_item_id)
        if at is not None and at < batch.opened_at:
            found.append(Blocked(batch.batch_no, items[line.item_id], Obstacle.NOT_MEASURED_AGAIN))
        elif key in held:
            found.append(Blocked(batch.batch_no, items[line.item_id], Obstacle.HELD))
        elif key in unjudged:
            found.append(Blocked(batch.batch_no, items[line.item_id], Obstacle.NOT_JUDGED))
    return sorted(found, key=lambda one: (one.batch_no, one.item.code))


def _entered_at(session: Session, line_ids: Collection[UUID]) -> dict[UUID, datetime]:
    rows = session.execute(
        sa.select(ItemResult.set_item_id, sa.func.max(ItemResult.entered_at))
        .where(ItemResult.set_item_id.in_(line_ids))
        .group_by(ItemResult.set_item_id)
    )
    return {line_id: at for line_id, at in rows}  # noqa: C416 - dict() of rows is no dict to mypy


def open_items(session: Session, batch_ids: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """What is held, by batch and item."""
    rows = session.execute(
        sa.select(QcHold.batch_id, QcHold.item_id).where(QcHold.batch_id.in_(batch_ids), QcHold.lifted_at.is_(None))
    )
    return {(batch_id, item_id) for batch_id, item_id in rows}


def unjudged_items(session: Session, batch_ids: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """What waits for its quality control, by batch and item.

    A position without a result, a result that was corrected after it was judged, or a duplicate or spike whose sample
    has another result than the one it was held against.
    """
    judged, later, newer = aliased(QcVerdict), aliased(QcVerdict), aliased(ItemResult)
    corrected = aliased(QcResult)
    last_verdict = ~sa.exists().where(
        later.batch_id == judged.batch_id,
        later.position == judged.position,
        later.item_id == judged.item_id,
        later.seq > judged.seq,
    )
    fits = (
        sa.select(judged.id)
        .join(QcResult, QcResult.id == judged.result_id)
        .where(
            judged.batch_id == QcItem.batch_id,
            judged.position == QcItem.position,
            judged.item_id == QcItem.item_id,
            last_verdict,
            ~sa.exists().where(
                corrected.batch_id == QcResult.batch_id,
                corrected.position == QcResult.position,
                corrected.item_id == QcResult.item_id,
                corrected.version > QcResult.version,
            ),
            sa.or_(
                judged.compared_id.is_(None),
                ~sa.exists(
                    sa.select(newer.id)
                    .join(ItemResult, ItemResult.set_item_id == newer.set_item_id)
                    .where(ItemResult.id == judged.compared_id, newer.version > ItemResult.version)
                ),
            ),
        )
    )
    rows = session.execute(
        sa.select(QcItem.batch_id, QcItem.item_id).where(QcItem.batch_id.in_(batch_ids), ~sa.exists(fits))
    )
    return {(batch_id, item_id) for batch_id, item_id in rows}


def list_holds(session: Session, batch_id: UUID) -> list[HoldRow]:
    """The holds of a batch, the oldest first."""
    return _hold_rows(session, QcHold.batch_id == batch_id)


def list_open_holds(session: Session, lab_id: UUID) -> list[HoldRow]:
    """What is held in a laboratory, the oldest first."""
    return _hold_rows(session, sa.and_(Batch.lab_id == lab_id, QcHold.lifted_at.is_(None)))


def _hold_rows(session: Session, which: sa.ColumnElement[bool]) -> list[HoldRow]:
    opener, lifter = aliased(Person), aliased(Person)
    rows = session.execute(
        sa.select(QcHold, QcVerdict, TestItem, Batch, opener.name, lifter.name)
        .join(QcVerdict, QcVerdict.id == QcHold.verdict_id)
        .join(TestItem, TestItem.id == QcHold.item_id)
        .join(Batch, Batch.id == QcHold.batch_id)
        .join(opener, opener.id == QcHold.opened_by_id)
        .outerjoin(lifter, lifter.id == QcHold.lifted_by_id)
        .where(which)
        .order_by(QcHold.opened_at, QcHold.id)
    )
    return [HoldRow(*row) for row in rows]


def count_open_holds(session: Session, actor: Actor) -> int:
    """How many holds wait in the actor's laboratory."""
    if actor.organisation_id is None:
        return 0
    found = session.scalar(
        sa.select(sa.func.count(QcHold.id))
        .join(Batch, Batch.id == QcHold.batch_id)
        .where(Batch.lab_id == actor.organisation_id, QcHold.lifted_at.is_(None))
    )
    return found or 0


def bench_people(session: Session, batch_id: UUID) -> set[UUID]:
    """Who worked on a batch: opened it, entered quality control, or tests one of its samples."""
    own = session.scalars(
        sa.select(Batch.opened_by_id)
        .where(Batch.id == batch_id)
        .union(
            sa.select(QcResult.entered_by_id).where(QcResult.batch_id == batch_id),
            sa.select(DutyAct.person_id)
            .join(TestSet, TestSet.sample_id == DutyAct.sample_id)
            .join(BatchSlot, BatchSlot.test_set_id == TestSet.id)
            .where(
                BatchSlot.batch_id == batch_id,
                BatchSlot.kind == SlotKind.SAMPLE,
                DutyAct.role == DutyRole.TESTER,
            ),
        )
    )
    return set(own)


def results_affected(session: Session, hold: QcHold) -> Sequence[str]:
    """The blind codes of the samples whose item a hold keeps."""
    return session.scalars(
        sa.select(TestSet.blind_code)
        .join(TestSetItem, TestSetItem.test_set_id == TestSet.id)
        .join(BatchLine, BatchLine.set_item_id == TestSetItem.id)
        .where(BatchLine.batch_id == hold.batch_id, BatchLine.item_id == hold.item_id)
        .order_by(TestSet.blind_code)
    ).all()
