"""Reads of fails that are measured a second time."""

from collections.abc import Collection, Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lims.catalog.models import Method, TestItem
from lims.db import among
from results.models import ItemResult, ResultRetest, TestSet, TestSetItem
from results.queries.bench import BenchLine
from results.types import ItemVerdict, TestSetState

MOST_SHOWN = 200  # fails on one page; the oldest come first, and the next ones when these are entered


def retests_of(session: Session, lines: Collection[BenchLine]) -> dict[UUID, ResultRetest]:
    """Of these lines, the retests of the results that stand."""
    return retests_of_versions(session, {one.line.id: one.result.version for one in lines if one.result is not None})


def retests_of_versions(session: Session, standing: Mapping[UUID, int]) -> dict[UUID, ResultRetest]:
    """By line the retests of these versions of their results."""
    rows = session.scalars(sa.select(ResultRetest).where(among(ResultRetest.set_item_id, list(standing))))
    return {row.set_item_id: row for row in rows if row.version == standing[row.set_item_id]}


def replaced_retests(session: Session, lines: Collection[BenchLine]) -> dict[UUID, list[ResultRetest]]:
    """Of these lines, the retests of results that were replaced since, the first one first: mostly why they were."""
    standing = {one.line.id: one.result.version for one in lines if one.result is not None}
    rows = session.scalars(
        sa.select(ResultRetest)
        .where(among(ResultRetest.set_item_id, list(standing)))
        .order_by(ResultRetest.set_item_id, ResultRetest.version)
    )
    found: dict[UUID, list[ResultRetest]] = {}
    for row in rows:
        if row.version != standing[row.set_item_id]:
            found.setdefault(row.set_item_id, []).append(row)
    return found


def list_fails(session: Session, lab_id: UUID) -> list[tuple[str, BenchLine]]:
    """Items at the bench of a laboratory that failed and wait for their retest, with their blind codes."""
    query = (
        sa.select(TestSet.blind_code, TestSetItem, TestItem, Method, ItemResult)
        .join(TestSetItem, TestSetItem.test_set_id == TestSet.id)
        .join(ItemResult, ItemResult.set_item_id == TestSetItem.id)
        .join(TestItem, TestItem.id == TestSetItem.item_id)
        .outerjoin(Method, Method.id == TestSetItem.method_id)
        .where(_waits(lab_id))
        .order_by(ItemResult.entered_at, TestSet.blind_code, TestSetItem.position, TestSetItem.id)
        .limit(MOST_SHOWN)
    )
    return [
        (code, BenchLine(line, item, method, result)) for code, line, item, method, result in session.execute(query)
    ]


def count_fails(session: Session, lab_id: UUID) -> int:
    """How many items wait for their retest."""
    query = (
        sa.select(sa.func.count(ItemResult.id))
        .join(TestSetItem, TestSetItem.id == ItemResult.set_item_id)
        .join(TestSet, TestSet.id == TestSetItem.test_set_id)
        .where(_waits(lab_id))
    )
    return session.scalar(query) or 0


def _waits(lab_id: UUID) -> sa.ColumnElement[bool]:
    """Results at the bench that stand as a fail and were not tested again."""
    later = aliased(ItemResult)
    is_replaced = sa.exists().where(later.set_item_id == ItemResult.set_item_id, later.version > ItemResult.version)
    is_retested = sa.exists().where(
        ResultRetest.set_item_id == ItemResult.set_item_id, ResultRetest.version == ItemResult.version
    )
    return sa.and_(
        TestSet.lab_id == lab_id,
        TestSet.state == TestSetState.TESTING,
        ItemResult.verdict == ItemVerdict.FAIL,
        ~is_replaced,
        ~is_retested,
    )
