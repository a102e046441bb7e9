"""The storage tree of a laboratory, and what stands where.

A portion stands where it was put last, until it is disposed of, given to a carrier or taken by another organisation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from chain_of_custody.models import CustodyEntry, Portion, StorageMove, StoragePlace
from chain_of_custody.rules import normalise_scan
from chain_of_custody.types import CustodyKind, PortionKind
from lims.errors import NotFoundError

MAX_SHOWN = 500  # a freezer holds fewer
AWAY = (CustodyKind.CONSIGNED, CustodyKind.DISPOSED)


@dataclass(slots=True)
class PlaceNode:
    """A place with what lies in it."""

    place: StoragePlace
    portions: int
    inside: "list[PlaceNode]" = field(default_factory=list)

    @property
    def total(self) -> int:
        """Portions in this place and all places inside it."""
        return self.portions + sum(node.total for node in self.inside)


@dataclass(frozen=True, slots=True)
class StoredPortion:
    """A portion in a place."""

    portion_id: UUID
    portion_no: str
    kind: PortionKind
    moved_at: datetime


def _stands(organisation_id: UUID | InstrumentedAttribute[UUID]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """That a move is the last of its portion, and the organisation has that portion still."""
    later, following = aliased(StorageMove), aliased(CustodyEntry)
    return (
        ~exists().where(
            later.portion_id == StorageMove.portion_id,
            (later.moved_at > StorageMove.moved_at)
            | ((later.moved_at == StorageMove.moved_at) & (later.id > StorageMove.id)),
        ),
        exists().where(
            CustodyEntry.portion_id == StorageMove.portion_id,
            CustodyEntry.organisation_id == organisation_id,
            CustodyEntry.kind.not_in(AWAY),
            ~exists().where(following.portion_id == CustodyEntry.portion_id, following.seq == CustodyEntry.seq + 1),
        ),
    )


def list_places(session: Session, organisation_id: UUID) -> list[PlaceNode]:
    """The storage tree of an organisation, places beside each other by code."""
    places = session.scalars(
        select(StoragePlace).where(StoragePlace.organisation_id == organisation_id).order_by(StoragePlace.code)
    ).all()
    rows = session.execute(
        select(StorageMove.place_id, func.count().label("portions"))
        .where(
            StorageMove.place_id.in_([place.id for place in places]),
            *_stands(organisation_id),
        )
        .group_by(StorageMove.place_id)
    )
    counts = {row.place_id: row.portions for row in rows}
    nodes = {place.id: PlaceNode(place, counts.get(place.id, 0)) for place in places}
    roots: list[PlaceNode] = []
    for place in places:
        siblings = roots if place.parent_id is None else nodes[place.parent_id].inside
        siblings.append(nodes[place.id])
    return roots


def get_place(session: Session, organisation_id: UUID, place_id: UUID) -> StoragePlace:
    """A place of one's own organisation.

    Raises:
        NotFoundError: there is none.
    """
    place = session.get(StoragePlace, place_id)
    if place is None or place.organisation_id != organisation_id:
        raise NotFoundError
    return place


def find_place(session: Session, organisation_id: UUID, code: str) -> StoragePlace | None:
    """The place with this code on its label."""
    return session.scalar(
        select(StoragePlace).where(
            StoragePlace.organisation_id == organisation_id, StoragePlace.code == normalise_scan(code)
        )
    )


def list_stored(session: Session, place_id: UUID) -> Sequence[StoredPortion]:
    """What stands in a place now, the newest first, at most `MAX_SHOWN`."""
    place = session.get_one(StoragePlace, place_id)
    rows = session.execute(
        select(Portion.id, Portion.portion_no, Portion.kind, StorageMove.moved_at)
        .join(StorageMove, StorageMove.portion_id == Portion.id)
        .where(
            StorageMove.place_id == place_id,
            *_stands(place.organisation_id),
        )
        .order_by(StorageMove.moved_at.desc(), Portion.portion_no)
        .limit(MAX_SHOWN)
    )
    return [StoredPortion(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class PlaceMove:
    """A portion put into a place."""

    id: UUID
    code: str
    name: str
    moved_by_id: UUID
    moved_at: datetime


def list_moves(session: Session, portion_id: UUID) -> list[PlaceMove]:
    """Where a portion was put, the first place first."""
    rows = session.execute(
        select(StorageMove.id, StoragePlace.code, StoragePlace.name, StorageMove.moved_by_id, StorageMove.moved_at)
        .join(StoragePlace, StoragePlace.id == StorageMove.place_id)
        .where(StorageMove.portion_id == portion_id)
        .order_by(StorageMove.moved_at, StorageMove.id)
    )
    return [PlaceMove(*row) for row in rows]


def place_of(session: Session, portion_id: UUID) -> list[StoragePlace]:
    """Where a portion stands, from the site down to the place; empty when nobody has put it anywhere, or it left."""
    place_id = session.scalar(
        select(StorageMove.place_id)
        .join(StoragePlace, StoragePlace.id == StorageMove.place_id)
        .where(StorageMove.portion_id == portion_id, *_stands(StoragePlace.organisation_id))
    )
    way: list[StoragePlace] = []
    while place_id is not None:
        place = session.get_one(StoragePlace, place_id)
        way.insert(0, place)
        place_id = place.parent_id
    return way
