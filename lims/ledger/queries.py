"""Reading the ledger."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.ledger.models import LedgerCheckpoint, LedgerEvent, LedgerLeaf
from lims.reading import read_once

STREAM_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One event of one chain as an auditor reads it."""

    seq: int
    type: str
    at: datetime
    body: str
    hash: bytes
    leaf: int | None


def stream_bodies(session: Session) -> Iterator[str]:
    """All bodies: first those with a leaf, in leaf order, then what waits, in the order of its chains."""
    leaves = (
        select(LedgerEvent.body)
        .join(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.id)
        .order_by(LedgerLeaf.index)
        .execution_options(yield_per=STREAM_ROWS)
    )
    yield from session.scalars(leaves)
    waiting = (
        select(LedgerEvent.body)
        .outerjoin(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.id)
        .where(LedgerLeaf.index.is_(None))
        .order_by(LedgerEvent.id)
        .execution_options(yield_per=STREAM_ROWS)
    )
    yield from session.scalars(waiting)


def list_checkpoints(session: Session) -> list[LedgerCheckpoint]:
    """All signed heads, smallest first."""
    return list(session.scalars(select(LedgerCheckpoint).order_by(LedgerCheckpoint.size)))


@read_once
def latest_checkpoint(session: Session) -> LedgerCheckpoint | None:
    """The newest signed head."""
    return session.scalar(select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).limit(1))


def count_events(session: Session) -> int:
    """How many events there are."""
    return session.scalar(select(func.count()).select_from(LedgerEvent)) or 0


def trail(session: Session, chain: str) -> list[TrailEntry]:
    """The whole history of one object, oldest first, each event with its place in the tree."""
    rows = session.execute(
        select(LedgerEvent, LedgerLeaf.index)
        .outerjoin(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.id)
        .where(LedgerEvent.chain == chain)
        .order_by(LedgerEvent.seq)
    )
    return [TrailEntry(event.seq, event.type, event.at, event.body, event.hash, leaf) for event, leaf in rows]
