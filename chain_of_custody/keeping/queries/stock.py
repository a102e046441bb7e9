"""Counts of the store: what was scanned, what is known to stand there, what differs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, literal, select, tuple_, union_all
from sqlalchemy.orm import Session, aliased

from chain_of_custody.keeping.models import StockCount, StockDifference, StockScan
from chain_of_custody.keeping.queries.retention import held_by_lab
from chain_of_custody.models import BlindCode, Portion, Seal, StorageMove, StoragePlace
from lims.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class CountRow:
    """A count in a list."""

    count: StockCount
    place: StoragePlace
    scanned: int
    differences: int
    unresolved: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of a difference list, with the place where the portion is known to stand."""

    difference: StockDifference
    known_place: StoragePlace | None


def get_count(session: Session, organisation_id: UUID, count_id: UUID) -> StockCount:
    """A count of one's own organisation.

    Raises:
        NotFoundError: there is none.
    """
    found = session.get(StockCount, count_id)
    if found is None or found.organisation_id != organisation_id:
        raise NotFoundError
    return found


def list_counts(
    session: Session, organisation_id: UUID, *, after: tuple[datetime, UUID] | None = None, limit: int
) -> list[CountRow]:
    """Counts of an organisation's store, the newest first."""
    scanned = select(func.count()).where(StockScan.stock_count_id == StockCount.id).scalar_subquery()
    of_count = StockDifference.stock_count_id == StockCount.id
    differences = select(func.count()).where(of_count).scalar_subquery()
    unresolved = select(func.count()).where(of_count, StockDifference.resolved_at.is_(None)).scalar_subquery()
    query = (
        select(StockCount, StoragePlace, scanned, differences, unresolved)
        .join(StoragePlace, StoragePlace.id == StockCount.place_id)
        .where(StockCount.organisation_id == organisation_id)
    )
    if after is not None:
        query = query.where(tuple_(StockCount.started_at, StockCount.id) < tuple_(*(literal(part) for part in after)))
    rows = session.execute(query.order_by(StockCount.started_at.desc(), StockCount.id.desc()).limit(limit))
    return [CountRow(*row) for row in rows]


def list_scans(session: Session, count_id: UUID) -> Sequence[StockScan]:
    """What was scanned in a count, the newest first."""
    return session.scalars(
        select(StockScan)
        .where(StockScan.stock_count_id == count_id)
        .order_by(StockScan.scanned_at.desc(), StockScan.scanned)
    ).all()


def list_differences(session: Session, count_id: UUID) -> list[Difference]:
    """The difference list of a closed count, by kind and number."""
    rows = session.execute(
        select(StockDifference, StoragePlace)
        .outerjoin(StoragePlace, StoragePlace.id == StockDifference.known_place_id)
        .where(StockDifference.stock_count_id == count_id)
        .order_by(StockDifference.kind, StockDifference.scanned)
    )
    return [Difference(*row) for row in rows]


def places_below(session: Session, place_id: UUID) -> list[UUID]:
    """A place and every place inside it."""
    tree = select(StoragePlace.id).where(StoragePlace.id == place_id).cte("tree", recursive=True)
    inside = aliased(StoragePlace)
    tree = tree.union_all(select(inside.id).join(tree, inside.parent_id == tree.c.id))
    return list(session.scalars(select(tree.c.id).order_by(tree.c.id)))


def numbers_on_labels(session: Session, lab_id: UUID, scanned: Collection[str]) -> dict[str, str]:
    """Of what was scanned, each seal and blind code of a portion kept here → the number of the portion.

    A repacked portion bears its blind label and nothing else, so that is what a scanner reads off it.
    """
    seals = select(Seal.seal_no.label("code"), Seal.portion_id).where(Seal.seal_no.in_(scanned))
    codes = select(BlindCode.code, BlindCode.portion_id).where(BlindCode.code.in_(scanned))
    read = union_all(seals, codes).subquery()
    rows = session.execute(
        select(read.c.code, Portion.portion_no)
        .join(Portion, Portion.id == read.c.portion_id)
        .where(Portion.id.in_(held_by_lab(lab_id)))
        .order_by(read.c.code)
    )
    return {row.code: row.portion_no for row in rows}


def kept_here(session: Session, lab_id: UUID, scanned: Collection[str]) -> dict[str, tuple[UUID, UUID | None]]:
    """Portions that a laboratory keeps: number → portion and the place where it is known to stand.

    Everything that was put into a place, and what was scanned beside it.
    """
    last = (
        select(StorageMove.place_id)
        .where(StorageMove.portion_id == Portion.id)
        .order_by(StorageMove.moved_at.desc(), StorageMove.id.desc())
        .limit(1)
        .correlate(Portion)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Portion.portion_no, Portion.id, last.label("place_id"))
        .where(Portion.id.in_(held_by_lab(lab_id)), last.is_not(None) | Portion.portion_no.in_(scanned))
        .order_by(Portion.portion_no)
    )
    return {row.portion_no: (row.id, row.place_id) for row in rows}
