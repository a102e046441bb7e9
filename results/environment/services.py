"""Describing rooms, noting what they were, and deciding what a reading outside of the limits means."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

from chain_of_custody.conditions.reader import read_readings
from lims.clock import local_date, local_time
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.files import store_file
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from results.environment.models import EnvironmentReading, Room, RoomLimits
from results.environment.queries import allowed_by, get_room, limits_on
from results.environment.rules import is_in_order, is_outside, is_possible
from results.environment.types import Allowed, RoomReading, Span

MOST_ROWS = 3_000  # of one file: three weeks, every ten minutes


def add_room(uow: UnitOfWork, name: str) -> Room:
    """Name a room whose conditions are to be watched.

    Raises:
        InvalidInputError: no name.
        ConflictError: there is one of this name.
    """
    if not name.strip():
        raise InvalidInputError(_l("Fill this in."), field="name")
    room = Room(id=uuid4(), lab_id=uow.actor.require_organisation(), name=name.strip())
    uow.session.add(room)
    uow.session.flush()
    return room


def set_limits(uow: UnitOfWork, room_id: UUID, allowed: Allowed, *, valid_from: date) -> RoomLimits:
    """Say what a room may be from a day on; what was read before keeps the limits it was judged by.

    Raises:
        NotFoundError: no such room of this laboratory.
        InvalidInputError: ends that cross.
        ConflictError: there are limits from this day on.
    """
    get_room(uow.session, uow.actor.require_organisation(), room_id)
    _check_span(allowed.celsius, "highest_celsius")
    _check_span(allowed.humidity, "highest_humidity")
    limits = RoomLimits(
        room_id=room_id,
        valid_from=valid_from,
        lowest_celsius=allowed.celsius.lowest,
        highest_celsius=allowed.celsius.highest,
        lowest_humidity=allowed.humidity.lowest,
        highest_humidity=allowed.humidity.highest,
        set_by_id=uow.actor.require_person(),
        set_at=uow.now,
    )
    uow.session.add(limits)
    uow.session.flush()
    return limits


def note_reading(uow: UnitOfWork, room_id: UUID, reading: RoomReading) -> EnvironmentReading:
    """Note what somebody read off.

    Raises:
        NotFoundError: no such room of this laboratory.
        InvalidInputError: an instant to come, figures that no room has, or a day before any limits.
        ConflictError: there is a reading of this instant.
    """
    [noted] = _note(uow, room_id, [reading], None, "read_at")
    return noted


def take_logger_file(uow: UnitOfWork, room_id: UUID, content: bytes) -> int:
    """Take every reading of a data logger's file, which is kept as it came; returns how many.

    Raises:
        NotFoundError: no such room of this laboratory.
        InvalidInputError: the file cannot be read, is too long, or a reading as `note_reading`.
        ConflictError: a reading of one of these instants stands already.
    """
    get_room(uow.session, uow.actor.require_organisation(), room_id)
    found = read_readings(content)
    if len(found) > MOST_ROWS:
        raise InvalidInputError(
            _l("The file has %(count)s readings, at most %(most)s are taken.", count=len(found), most=MOST_ROWS),
            field="file",
        )
    digest = store_file(uow, content)
    return len(_note(uow, room_id, [RoomReading(one.at, one.celsius) for one in found], digest, "file"))


def decide_reading(uow: UnitOfWork, reading_id: UUID, decision: str) -> EnvironmentReading:
    """Write down what a reading outside of the limits means for the results of that time, and what was done.

    Raises:
        NotFoundError: no such reading of this laboratory.
        InvalidInputError: nothing written down.
        ConflictError: it lies within, was decided before, or the actor noted it.
    """
    why = read_reason(decision, field="decision")
    reading = uow.session.get(EnvironmentReading, reading_id, with_for_update=True)
    if reading is None:
        raise NotFoundError
    get_room(uow.session, uow.actor.require_organisation(), reading.room_id)
    if not reading.is_outside or reading.decided_at is not None:
        raise ConflictError(_l("There is nothing to decide about this reading any more."))
    if reading.noted_by_id == uow.actor.require_person():
        raise ConflictError(_l("Who noted it does not decide about it."))
    reading.decision, reading.decided_by_id, reading.decided_at = why, uow.actor.require_person(), uow.now
    uow.session.flush()
    return reading


def _note(
    uow: UnitOfWork, room_id: UUID, readings: Sequence[RoomReading], digest: bytes | None, field: str
) -> list[EnvironmentReading]:
    room = get_room(uow.session, uow.actor.require_organisation(), room_id)
    noted = [_judged(uow, room, one, digest, field) for one in readings]
    uow.session.add_all(noted)
    uow.session.flush()
    return noted


def _judged(uow: UnitOfWork, room: Room, reading: RoomReading, digest: bytes | None, field: str) -> EnvironmentReading:
    shown = f"{local_time(reading.at):%Y-%m-%d %H:%M}"
    if reading.at > uow.now:
        raise InvalidInputError(_l("%(day)s lies in the future.", day=shown), field=field)
    if not is_possible(reading):
        raise InvalidInputError(
            _l(
                "%(at)s: %(celsius)s °C and %(humidity)s %% cannot be; expected -90 to 70 °C and 0 to 100 %%.",
                at=shown,
                celsius=f"{reading.celsius:f}",
                humidity="/" if reading.humidity is None else f"{reading.humidity:f}",
            ),
            field=field,
        )
    limits = limits_on(uow.session, room.id, local_date(reading.at))
    if limits is None:
        raise InvalidInputError(_l("Nothing is said of what %(room)s may be on %(day)s.", room=room.name, day=shown))
    return EnvironmentReading(
        id=uuid4(),
        room_id=room.id,
        limits_from=limits.valid_from,
        read_at=reading.at,
        celsius=reading.celsius,
        humidity=reading.humidity,
        is_outside=is_outside(reading, allowed_by(limits)),
        file_sha256=digest,
        noted_by_id=uow.actor.require_person(),
        noted_at=uow.now,
    )


def _check_span(span: Span, field: str) -> None:
    if not is_in_order(span):
        raise InvalidInputError(
            _l("%(high)s lies below %(low)s.", high=f"{span.highest:f}", low=f"{span.lowest:f}"), field=field
        )
