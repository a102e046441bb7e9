"""Reads of the environment log: rooms, their limits by day, their readings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.errors import NotFoundError
from results.environment.models import EnvironmentReading, Room, RoomLimits
from results.environment.types import Allowed, Span

SHOWN = 500  # readings: a fortnight, every forty minutes


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room in the list, with its last reading and how many wait for a decision."""

    room: Room
    limits: RoomLimits | None
    last: EnvironmentReading | None
    undecided: int


@dataclass(frozen=True, slots=True)
class Course:
    """What a room was over a time: how many readings, between which ends, how often outside and undecided.

    Humidities are None where none was measured.
    """

    room: Room
    readings: int
    lowest: Decimal
    highest: Decimal
    driest: Decimal | None
    wettest: Decimal | None
    outside: int
    undecided: int


def get_room(session: Session, lab_id: UUID, room_id: UUID) -> Room:
    """One room.

    Raises:
        NotFoundError: there is none of this laboratory.
    """
    room = session.scalar(sa.select(Room).where(Room.id == room_id, Room.lab_id == lab_id))
    if room is None:
        raise NotFoundError
    return room


def limits_on(session: Session, room_id: UUID, day: date) -> RoomLimits | None:
    """What a room may be on a day; None before anything was said."""
    return session.scalar(
        sa.select(RoomLimits)
        .where(RoomLimits.room_id == room_id, RoomLimits.valid_from <= day)
        .order_by(RoomLimits.valid_from.desc())
        .limit(1)
    )


def list_limits(session: Session, room_id: UUID) -> Sequence[RoomLimits]:
    """Everything that was said of a room, the newest first."""
    return session.scalars(
        sa.select(RoomLimits).where(RoomLimits.room_id == room_id).order_by(RoomLimits.valid_from.desc())
    ).all()


def allowed_by(limits: RoomLimits) -> Allowed:
    """The same as the rules read it."""
    return Allowed(
        Span(limits.lowest_celsius, limits.highest_celsius), Span(limits.lowest_humidity, limits.highest_humidity)
    )


def list_rooms(session: Session, lab_id: UUID, today: date) -> list[RoomRow]:
    """The rooms of a laboratory by name."""
    rooms = session.scalars(sa.select(Room).where(Room.lab_id == lab_id).order_by(Room.name, Room.id)).all()
    return [
        RoomRow(one, limits_on(session, one.id, today), _last(session, one.id), _undecided(session, one.id))
        for one in rooms
    ]


def list_readings(session: Session, room_id: UUID) -> Sequence[EnvironmentReading]:
    """The newest readings of a room, in order of time."""
    newest = session.scalars(
        sa.select(EnvironmentReading)
        .where(EnvironmentReading.room_id == room_id)
        .order_by(EnvironmentReading.read_at.desc())
        .limit(SHOWN)
    ).all()
    return newest[::-1]


def list_outside(session: Session, room_id: UUID) -> Sequence[EnvironmentReading]:
    """The readings of a room outside of its limits, those that wait first."""
    return session.scalars(
        sa.select(EnvironmentReading)
        .where(EnvironmentReading.room_id == room_id, EnvironmentReading.is_outside)
        .order_by(EnvironmentReading.decided_at.is_not(None), EnvironmentReading.read_at.desc())
        .limit(SHOWN)
    ).all()


def courses_between(session: Session, lab_id: UUID, first: datetime, last: datetime) -> list[Course]:
    """What the rooms of a laboratory were over a time, by name; rooms without a reading are left out."""
    one = EnvironmentReading
    rows = session.execute(
        sa.select(
            Room,
            sa.func.count(),
            sa.func.min(one.celsius),
            sa.func.max(one.celsius),
            sa.func.min(one.humidity),
            sa.func.max(one.humidity),
            sa.func.count().filter(one.is_outside),
            sa.func.count().filter(one.is_outside, one.decided_at.is_(None)),
        )
        .join(one, one.room_id == Room.id)
        .where(Room.lab_id == lab_id, one.read_at >= first, one.read_at <= last)
        .group_by(Room.id)
        .order_by(Room.name, Room.id)
    )
    return [Course(*row) for row in rows]


def count_undecided(session: Session, actor: Actor) -> int:
    """How many readings wait for a decision of the laboratory; nobody else is asked."""
    if not actor.may("environment.decide"):
        return 0
    waiting = (
        sa.select(sa.func.count())
        .select_from(EnvironmentReading)
        .join(Room, Room.id == EnvironmentReading.room_id)
        .where(
            Room.lab_id == actor.organisation_id, EnvironmentReading.is_outside, EnvironmentReading.decided_at.is_(None)
        )
    )
    return session.scalar(waiting) or 0


def _last(session: Session, room_id: UUID) -> EnvironmentReading | None:
    return session.scalar(
        sa.select(EnvironmentReading)
        .where(EnvironmentReading.room_id == room_id)
        .order_by(EnvironmentReading.read_at.desc())
        .limit(1)
    )


def _undecided(session: Session, room_id: UUID) -> int:
    waiting = sa.select(sa.func.count()).where(
        EnvironmentReading.room_id == room_id, EnvironmentReading.is_outside, EnvironmentReading.decided_at.is_(None)
    )
    return session.scalar(waiting) or 0
