"""Attaching the file of a data logger: kept as it came, read at once, and what went wrong is an exception."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from chain_of_custody.conditions.models import TemperatureExcursion, TemperatureLog
from chain_of_custody.conditions.queries import find_same, journey_of
from chain_of_custody.conditions.reader import read_readings
from chain_of_custody.conditions.rules import CLOCKS_DIFFER, find_excursions
from chain_of_custody.conditions.types import Excursion, Reading
from chain_of_custody.models import HandOver, HandOverException
from chain_of_custody.queries import get_hand_over, get_place, list_listed_portions, temperature_range
from chain_of_custody.types import CelsiusRange, ExceptionKind
from lims import files
from lims.clock import local_date, local_time
from lims.errors import ConflictError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from sampling.types import StorageCondition

LOGS = frozenset({"text/plain", "application/octet-stream", "application/zip", "application/vnd.ms-excel"})


@dataclass(frozen=True, slots=True)
class LogFile:
    """What came from the logger."""

    name: str
    content: bytes


def attach_to_hand_over(uow: UnitOfWork, hand_over_id: UUID, file: LogFile) -> TemperatureLog:
    """Attach the log of a journey; each stretch outside of what the load bears opens an exception of the hand-over.

    What it bears is judged by the coldest food in it, by the rule parameters of the day it was handed over.

    Raises:
        NotFoundError: no such hand-over of this organisation.
        InvalidInputError: the file cannot be read, or was logged at another time than that of the journey.
        ConflictError: this very file is attached already.
    """
    hand_over = get_hand_over(uow.session, uow.actor, hand_over_id)
    conditions = [line.storage_condition for line in list_listed_portions(uow.session, hand_over_id)]
    allowed = temperature_range(uow.session, conditions, local_date(hand_over.offered_at))
    log, excursions = _attach(
        uow, file, allowed, hand_over=hand_over, during=journey_of(uow.session, hand_over, uow.now)
    )
    uow.session.add_all(
        HandOverException(
            id=uuid4(),
            hand_over_id=hand_over_id,
            kind=ExceptionKind.TEMPERATURE,
            scanned=f"{allowed.fault(_extreme(one))} {_stretch(one)}",
            portion_id=None,
            opened_at=uow.now,
        )
        for one in excursions
    )
    return log


def _check_times(readings: Sequence[Reading], during: tuple[datetime, datetime] | None, now: datetime) -> None:
    """A log of another day proves nothing of this journey, and one from tomorrow was not logged."""
    first_at, last_at = readings[0].at, readings[-1].at
    begins_at, ends_at = during or (first_at, now)
    if last_at <= now + CLOCKS_DIFFER and last_at >= begins_at - CLOCKS_DIFFER and first_at <= ends_at + CLOCKS_DIFFER:
        return
    said = {"first": _written(first_at), "last": _written(last_at)}
    if during is None or last_at > now + CLOCKS_DIFFER:
        raise InvalidInputError(
            _l(
                "The file was logged from %(first)s to %(last)s, now it is %(now)s: look at the clock of the logger.",
                now=_written(now),
                **said,
            ),
            field="file",
        )
    raise InvalidInputError(
        _l(
            "The file was logged from %(first)s to %(last)s, and the journey was from %(begin)s to %(end)s.",
            begin=_written(begins_at),
            end=_written(ends_at),
            **said,
        ),
        field="file",
    )


def _written(at: datetime) -> str:
    return f"{local_time(at):%Y-%m-%d %H:%M}"


def _extreme(one: Excursion) -> Decimal:
    extreme = one.highest if one.highest is not None else one.lowest
    assert extreme is not None  # noqa: S101 - an excursion has one of the two
    return extreme


def _stretch(one: Excursion) -> str:
    return f"{local_time(one.begins_at):%m-%d %H:%M}–{local_time(one.ends_at):%m-%d %H:%M}"


def attach_to_place(uow: UnitOfWork, place_id: UUID, file: LogFile, condition: StorageCondition) -> TemperatureLog:
    """Attach the log of a fridge, freezer or room, judged by what is kept there.

    Raises:
        NotFoundError: no such place of this organisation.
        InvalidInputError: the file cannot be read, or ends after today.
        ConflictError: this very file is attached already.
    """
    get_place(uow.session, uow.actor.require_organisation(), place_id)
    allowed = temperature_range(uow.session, [condition], local_date(uow.now))
    return _attach(uow, file, allowed, place_id=place_id)[0]


def _attach(
    uow: UnitOfWork,
    file: LogFile,
    allowed: CelsiusRange,
    *,
    hand_over: HandOver | None = None,
    place_id: UUID | None = None,
    during: tuple[datetime, datetime] | None = None,
) -> tuple[TemperatureLog, list[Excursion]]:
    organisation_id = uow.actor.require_organisation()
    same = find_same(uow.session, organisation_id, hashlib.sha256(file.content).digest())
    if same is not None:
        raise ConflictError(
            _l(
                "This very file is attached already, as %(name)s on %(day)s.",
                name=same.file_name,
                day=f"{local_time(same.attached_at):%Y-%m-%d %H:%M}",
            ),
            field="file",
        )
    digest = files.store_file(uow, file.content, allowed=LOGS)
    readings = read_readings(file.content)
    _check_times(readings, during, uow.now)
    excursions = find_excursions(readings, allowed)
    log = TemperatureLog(
        id=uuid4(),
        organisation_id=organisation_id,
        hand_over_id=None if hand_over is None else hand_over.id,
        place_id=place_id,
        file_sha256=digest,
        file_name=file.name.strip() or digest.hex()[:12],
        bound=allowed.highest,
        lower_bound=allowed.lowest,
        readings=len(readings),
        first_at=readings[0].at,
        last_at=readings[-1].at,
        lowest=min(one.celsius for one in readings),
        highest=max(one.celsius for one in readings),
        attached_by_id=uow.actor.require_person(),
        attached_at=uow.now,
    )
    uow.session.add(log)
    uow.session.flush()
    uow.session.add_all(
        TemperatureExcursion(
            temperature_log_id=log.id,
            seq=seq,
            begins_at=one.begins_at,
            ends_at=one.ends_at,
            highest=one.highest,
            lowest=one.lowest,
        )
        for seq, one in enumerate(excursions, start=1)
    )
    return log, excursions
