"""Reads of how the results of one sample came about: measured on what, under which control, locked and signed when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from instruments.models import Calibration, Instrument, StoredReading
from instruments.queries import readings_of_codes
from lims.actors import Actor
from lims.clock import local_date
from results.models import Conclusion, ResultLock, TestReport, TestSet
from results.quality.models import Batch
from results.quality.queries.batches import QcCell, batches_of_set, qc_cells
from results.quality.queries.holds import HoldRow, list_holds
from results.queries import get_visible_report, signed_report


@dataclass(frozen=True, slots=True)
class MeasuredOn:
    """A reading with its instrument and the calibration that held on that day; None where none did."""

    reading: StoredReading
    instrument: Instrument
    calibration: Calibration | None


@dataclass(frozen=True, slots=True)
class Controlled:
    """A batch that the sample stood in, with its controls and its holds."""

    batch: Batch
    controls: Sequence[QcCell]
    holds: Sequence[HoldRow]


@dataclass(frozen=True, slots=True)
class Signed:
    """A report that was composed, with the conclusion signed on it."""

    report: TestReport
    conclusion: Conclusion | None


def visible_set(session: Session, actor: Actor, sample_id: UUID) -> TestSet | None:
    """The worklist of a sample, for who may read its signed report; None for everybody else, and before."""
    signed = signed_report(session, sample_id)
    if signed is None or get_visible_report(session, actor, signed[0].id) is None:
        return None
    return session.scalars(sa.select(TestSet).where(TestSet.sample_id == sample_id)).one()


def measured_on(session: Session, test_set: TestSet) -> list[MeasuredOn]:
    """What instruments gave for a sample, in the order they gave it."""
    readings = readings_of_codes(session, [test_set.blind_code])
    of = {one.instrument_id for one in readings}
    instruments = {one.id: one for one in session.scalars(sa.select(Instrument).where(Instrument.id.in_(of)))}
    calibrations = session.scalars(
        sa.select(Calibration)
        .where(Calibration.instrument_id.in_(of))
        .order_by(Calibration.calibrated_on.desc(), Calibration.id)
    ).all()
    return [
        MeasuredOn(one, instruments[one.instrument_id], _held(calibrations, one, local_date(one.captured_at)))
        for one in readings
    ]


def _held(calibrations: Sequence[Calibration], reading: StoredReading, on: date) -> Calibration | None:
    return next(
        (
            one
            for one in calibrations
            if one.instrument_id == reading.instrument_id and one.calibrated_on <= on < one.due_on
        ),
        None,
    )


def controlled(session: Session, test_set: TestSet) -> list[Controlled]:
    """The batches a sample was measured in, the oldest first."""
    batches = batches_of_set(session, test_set.id)
    cells = qc_cells(session, [one.id for one in batches])
    return [
        Controlled(one, [cell for cell in cells if cell.slot.batch_id == one.id], list_holds(session, one.id))
        for one in batches
    ]


def list_locks(session: Session, test_set_id: UUID) -> Sequence[ResultLock]:
    """Every lock of a set, the first one first."""
    return session.scalars(
        sa.select(ResultLock).where(ResultLock.test_set_id == test_set_id).order_by(ResultLock.seq)
    ).all()


def list_reports(session: Session, sample_id: UUID) -> list[Signed]:
    """Every report that was composed of a sample, the first one first."""
    rows = session.execute(
        sa.select(TestReport, Conclusion)
        .outerjoin(Conclusion, Conclusion.report_id == TestReport.id)
        .where(TestReport.sample_id == sample_id)
        .order_by(TestReport.version, TestReport.id)
    )
    return [Signed(report, conclusion) for report, conclusion in rows]
