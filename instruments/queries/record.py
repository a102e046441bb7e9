"""Reads of instruments: the list, what readers say of them, and their record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.models import (
    Calibration,
    Downtime,
    Instrument,
    InstrumentRun,
    IntermediateCheck,
    ReaderConnection,
    ReagentLot,
    StoredReading,
)
from instruments.rules import Record
from instruments.types import QuarantineReason, ReadingState


@dataclass(frozen=True, slots=True)
class InstrumentRow:
    """An instrument in the list.

    Attributes:
        quarantined: readings that wait for a person; blanks, controls and calibrations wait for nobody.
        due_on: the day its calibration ends; None without one.
        is_down: whether it is out of service.
        has_run: whether a run is open.
        connection: what its reader last said.
    """

    instrument: Instrument
    readings: int
    quarantined: int
    last_at: datetime | None
    due_on: date | None
    is_down: bool
    has_run: bool
    connection: ReaderConnection | None


def list_instruments(session: Session, organisation_id: UUID) -> list[InstrumentRow]:
    """The instruments of a laboratory by name, with their last reading and how they are now."""
    waits = (StoredReading.state == ReadingState.QUARANTINED) & (
        StoredReading.quarantine_reason != QuarantineReason.QUALITY_CONTROL
    )
    counted = (
        select(
            StoredReading.instrument_id,
            func.count().label("readings"),
            func.count().filter(waits).label("quarantined"),
            func.max(StoredReading.captured_at).label("last_at"),
        )
        .group_by(StoredReading.instrument_id)
        .subquery()
    )
    due = select(func.max(Calibration.due_on)).where(Calibration.instrument_id == Instrument.id).scalar_subquery()
    down = select(Downtime.id).where(Downtime.instrument_id == Instrument.id, Downtime.ended_at.is_(None)).exists()
    run = select(InstrumentRun.id).where(InstrumentRun.instrument_id == Instrument.id, InstrumentRun.ended_at.is_(None))
    connections = {one.instrument_name: one for one in list_connections(session, organisation_id)}
    rows = session.execute(
        select(
            Instrument,
            func.coalesce(counted.c.readings, 0),
            func.coalesce(counted.c.quarantined, 0),
            counted.c.last_at,
            due,
            down,
            run.exists(),
        )
        .outerjoin(counted, counted.c.instrument_id == Instrument.id)
        .where(Instrument.organisation_id == organisation_id)
        .order_by(Instrument.name, Instrument.id)
    )
    return [
        InstrumentRow(one, readings, waiting, last_at, due_on, is_down, has_run, connections.get(one.name))
        for one, readings, waiting, last_at, due_on, is_down, has_run in rows
    ]


def list_connections(session: Session, organisation_id: UUID) -> Sequence[ReaderConnection]:
    """What the readers of a laboratory last said, by name of the instrument."""
    return session.scalars(
        select(ReaderConnection)
        .where(ReaderConnection.organisation_id == organisation_id)
        .order_by(ReaderConnection.instrument_name)
    ).all()


def find_connection(session: Session, organisation_id: UUID, instrument_name: str) -> ReaderConnection | None:
    """What the reader of one instrument last said."""
    return session.get(ReaderConnection, (organisation_id, instrument_name))


@dataclass(frozen=True, slots=True)
class RecordRows:
    """The record of an instrument, the latest first."""

    calibrations: Sequence[Calibration]
    lots: Sequence[ReagentLot]
    downtimes: Sequence[Downtime]
    checks: Sequence[IntermediateCheck]


def record_rows(session: Session, instrument_id: UUID) -> RecordRows:
    """Calibrations, lots, downtimes and intermediate checks of an instrument."""
    calibrations = select(Calibration).where(Calibration.instrument_id == instrument_id)
    lots = select(ReagentLot).where(ReagentLot.instrument_id == instrument_id)
    downtimes = select(Downtime).where(Downtime.instrument_id == instrument_id)
    checks = select(IntermediateCheck).where(IntermediateCheck.instrument_id == instrument_id)
    return RecordRows(
        session.scalars(calibrations.order_by(Calibration.due_on.desc(), Calibration.id)).all(),
        session.scalars(lots.order_by(ReagentLot.in_use_from.desc(), ReagentLot.id)).all(),
        session.scalars(downtimes.order_by(Downtime.began_at.desc(), Downtime.id)).all(),
        session.scalars(checks.order_by(IntermediateCheck.checked_on.desc(), IntermediateCheck.id)).all(),
    )


def record_of(session: Session, instrument_id: UUID) -> Record:
    """What of the record decides whether readings may be used."""
    rows = record_rows(session, instrument_id)
    return Record(tuple(rows.calibrations), tuple(rows.lots), tuple(rows.downtimes), tuple(rows.checks))


def open_downtime(session: Session, instrument_id: UUID) -> Downtime | None:
    """The downtime of an instrument that has not ended."""
    return session.scalar(select(Downtime).where(Downtime.instrument_id == instrument_id, Downtime.ended_at.is_(None)))
