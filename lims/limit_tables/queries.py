"""Reads of limit tables, always totally ordered."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.errors import NotFoundError
from lims.limit_tables.models import LimitTable, LimitTableRow
from lims.limit_tables.types import RowVerdict


def get_table(session: Session, table_id: UUID) -> LimitTable:
    """One table.

    Raises:
        NotFoundError: no such table.
    """
    table = session.get(LimitTable, table_id)
    if table is None:
        raise NotFoundError
    return table


def list_tables(
    session: Session, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> Sequence[LimitTable]:
    """Tables that were sent, the newest first."""
    query = sa.select(LimitTable)
    if after is not None:
        query = query.where(sa.tuple_(LimitTable.requested_at, LimitTable.id) < sa.tuple_(*after))
    return session.scalars(query.order_by(LimitTable.requested_at.desc(), LimitTable.id.desc()).limit(limit)).all()


def list_rows(
    session: Session,
    table_id: UUID,
    *,
    verdict: RowVerdict | None = None,
    after: int | None = None,
    limit: int | None = None,
) -> Sequence[LimitTableRow]:
    """The rows of a table in the order of its file."""
    query = sa.select(LimitTableRow).where(LimitTableRow.table_id == table_id).order_by(LimitTableRow.row_no)
    if verdict is not None:
        query = query.where(LimitTableRow.verdict == verdict)
    if after is not None:
        query = query.where(LimitTableRow.row_no > after)
    return session.scalars(query.limit(limit)).all()


def count_rows(session: Session, table_ids: Collection[UUID]) -> dict[UUID, Counter[RowVerdict]]:
    """How many rows of each table have which verdict."""
    found: dict[UUID, Counter[RowVerdict]] = {table_id: Counter() for table_id in table_ids}
    rows = session.execute(
        sa.select(LimitTableRow.table_id, LimitTableRow.verdict, sa.func.count())
        .where(LimitTableRow.table_id.in_(table_ids))
        .group_by(LimitTableRow.table_id, LimitTableRow.verdict)
    )
    for table_id, verdict, count in rows:
        found[table_id][verdict] = count
    return found
