"""Reads of readings and of the runs they belong to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from chain_of_custody.models import BlindCode
from instruments.models import Instrument, InstrumentRun, RawFrame, RunSlot, StoredReading
from instruments.types import QuarantineReason, ReadingState
from lims.errors import NotFoundError

PAGE = 50


@dataclass(frozen=True, slots=True)
class QuarantineCount:
    """How many readings wait for one reason."""

    reason: QuarantineReason
    count: int


def count_quarantine(session: Session, organisation_id: UUID) -> list[QuarantineCount]:
    """How many readings of a laboratory wait, by reason."""
    rows = session.execute(
        select(StoredReading.quarantine_reason, func.count())
        .join(Instrument, Instrument.id == StoredReading.instrument_id)
        .where(Instrument.organisation_id == organisation_id, StoredReading.state == ReadingState.QUARANTINED)
        .group_by(StoredReading.quarantine_reason)
    )
    found = {reason: count for reason, count in rows if reason is not None}
    return [QuarantineCount(reason, found[reason]) for reason in QuarantineReason if reason in found]


def count_waiting(session: Session, organisation_id: UUID | None) -> int:
    """How many readings of a laboratory wait for a person; blanks, controls and calibrations wait for nobody."""
    if organisation_id is None:
        return 0
    found = session.scalar(
        select(func.count(StoredReading.id))
        .join(Instrument, Instrument.id == StoredReading.instrument_id)
        .where(
            Instrument.organisation_id == organisation_id,
            StoredReading.state == ReadingState.QUARANTINED,
            StoredReading.quarantine_reason != QuarantineReason.QUALITY_CONTROL,
        )
    )
    return found or 0


def get_instrument(session: Session, organisation_id: UUID, instrument_id: UUID) -> Instrument:
    """An instrument of one's own laboratory.

    Raises:
        NotFoundError: there is none.
    """
    found = session.get(Instrument, instrument_id)
    if found is None or found.organisation_id != organisation_id:
        raise NotFoundError
    return found


def get_reading(session: Session, organisation_id: UUID, reading_id: UUID) -> StoredReading:
    """A reading of one's own laboratory.

    Raises:
        NotFoundError: there is none.
    """
    found = session.get(StoredReading, reading_id)
    if found is None:
        raise NotFoundError
    get_instrument(session, organisation_id, found.instrument_id)
    return found


def list_readings(
    session: Session,
    organisation_id: UUID,
    *,
    instrument_id: UUID | None = None,
    state: ReadingState | None = None,
    reasons: Collection[QuarantineReason] | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> list[tuple[StoredReading, Instrument]]:
    """Readings of a laboratory, the newest first.

    Args:
        session: to read with.
        organisation_id: whose.
        instrument_id: only of this instrument.
        state: only these.
        reasons: only those that wait, or waited, for one of these.
        after: instant of arrival and id of the last one of the page before.
        limit: how many.
    """
    query = (
        select(StoredReading, Instrument)
        .join(Instrument, Instrument.id == StoredReading.instrument_id)
        .where(Instrument.organisation_id == organisation_id)
    )
    if instrument_id is not None:
        query = query.where(Instrument.id == instrument_id)
    if state is not None:
        query = query.where(StoredReading.state == state)
    if reasons is not None:
        query = query.where(StoredReading.quarantine_reason.in_(reasons))
    if after is not None:
        newest = tuple_(StoredReading.received_at, StoredReading.id)
        query = query.where(newest < tuple_(*(literal(part) for part in after)))
    rows = session.execute(query.order_by(StoredReading.received_at.desc(), StoredReading.id.desc()).limit(limit))
    return [(reading, instrument) for reading, instrument in rows]


def readings_by_id(session: Session, ids: Collection[UUID]) -> dict[UUID, StoredReading]:
    """Readings by their ids, to show beside those that contradict them."""
    return {one.id: one for one in session.scalars(select(StoredReading).where(StoredReading.id.in_(ids)))}


def bytes_of(session: Session, readings: Collection[StoredReading]) -> dict[bytes, bytes]:
    """What the devices sent for these readings, by its hash."""
    hashes = {one.raw_sha256 for one in readings}
    rows = session.execute(select(RawFrame.sha256, RawFrame.content).where(RawFrame.sha256.in_(hashes)))
    return {one.sha256: one.content for one in rows}


def matched_readings(session: Session, blind_code: str) -> Sequence[StoredReading]:
    """Every reading that belongs to a blind code, in the order they were taken: what the bench may adopt.

    What was read under an earlier code of the same portion belongs to it, too.
    """
    portion = select(BlindCode.portion_id).where(BlindCode.code == blind_code).scalar_subquery()
    return session.scalars(
        select(StoredReading)
        .join(BlindCode, BlindCode.code == StoredReading.blind_code)
        .where(BlindCode.portion_id == portion)
        .order_by(StoredReading.captured_at, StoredReading.id)
    ).all()


def readings_of_codes(session: Session, blind_codes: Collection[str]) -> Sequence[StoredReading]:
    """The readings that stand under one of these blind codes, in the order they were taken."""
    return session.scalars(
        select(StoredReading)
        .where(StoredReading.blind_code.in_(blind_codes))
        .order_by(StoredReading.captured_at, StoredReading.id)
    ).all()


def control_readings(session: Session, organisation_id: UUID, sample_texts: Collection[str]) -> Sequence[StoredReading]:
    """What the instruments of a laboratory gave for its controls, known by what stood on the vial."""
    return session.scalars(
        select(StoredReading)
        .join(Instrument, Instrument.id == StoredReading.instrument_id)
        .where(
            Instrument.organisation_id == organisation_id,
            StoredReading.sample_text.in_(sample_texts),
            StoredReading.state == ReadingState.QUARANTINED,
        )
        .order_by(StoredReading.captured_at, StoredReading.id)
    ).all()


def open_run(session: Session, instrument_id: UUID) -> InstrumentRun | None:
    """The run of an instrument that has not ended."""
    return session.scalar(
        select(InstrumentRun).where(InstrumentRun.instrument_id == instrument_id, InstrumentRun.ended_at.is_(None))
    )


def runs_over(session: Session, instrument_id: UUID, first: datetime, last: datetime) -> Sequence[InstrumentRun]:
    """The runs that were open at some instant of a time, the latest first."""
    return session.scalars(
        select(InstrumentRun)
        .where(
            InstrumentRun.instrument_id == instrument_id,
            InstrumentRun.opened_at <= last,
            or_(InstrumentRun.ended_at.is_(None), InstrumentRun.ended_at >= first),
        )
        .order_by(InstrumentRun.opened_at.desc(), InstrumentRun.id)
    ).all()


def slots_of(session: Session, run_id: UUID) -> dict[str, str]:
    """Slot → blind code of a run, by slot."""
    rows = session.execute(
        select(RunSlot.slot, RunSlot.blind_code).where(RunSlot.run_id == run_id).order_by(RunSlot.slot)
    )
    return {row.slot: row.blind_code for row in rows}
