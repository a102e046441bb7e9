"""The chapter of instruments: a reader of pesticide residues that delivers what the bench put into it.

Most readings find their sample by its barcode. Now and then a barcode was not read; the reader sends a reading again
with another value; somebody leaves it set to an item and unit that the sample's method cannot have; and one reading of
a tube that was being rinsed is rejected by the tester.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

from sqlalchemy import select

from chain_of_custody.models import BlindCode
from instruments.models import Instrument
from instruments.queries import asked_of
from instruments.services import readings, record
from instruments.types import Delivered, Found
from lims.clock import local_date
from lims.demo import World
from lims.quantities import parse_measured
from lims.uow import UnitOfWork
from sampling.models import Sample

READER = "农残检测仪 1 号"
DRIVER = "lz-4000t"
BENCH = "tester_1_city"
SHARE = 0.2  # of the samples of the city's laboratory
UNREADABLE_SHARE = 0.06
RINSED, SENT_AGAIN, MISSET = 3, (5, 17), (8, 21)  # which readings go wrong, counted from the first
CERTIFICATE = "JZ-2026-0417"
CALIBRATED_FOR, CALIBRATION_LEFT, CHECKED_FOR = timedelta(days=365), timedelta(days=20), timedelta(days=180)
CHECK = Found("中性密度滤光片", Decimal("0.500"), Decimal("0.010"), Decimal("0.503"), "Abs")
EXTRACT_UNIT = "mg/L"  # of what is in the tube; a method's result is in the food, in mg/kg


class Chapter:
    """What the reader of one laboratory sends."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._sent = 0

    def measure(self, sample_id: UUID) -> None:
        """Some of the samples that reach the bench are put into the reader a day later."""
        if self.world.rng.random() < SHARE:
            self.world.later(timedelta(hours=26), lambda: self.deliver(sample_id))

    def deliver(self, sample_id: UUID) -> None:
        """One inhibition rate under the scanned blind code; now and then something is wrong with it."""
        with self.world.acting(BENCH) as uow:
            asked = select(BlindCode.code).join(Sample, Sample.id == BlindCode.sample_id)
            mine = asked.where(Sample.id == sample_id, Sample.lab_id == uow.actor.organisation_id)
            code = uow.session.scalar(mine)
            if code is None:
                return
            is_read = self.world.rng.random() >= UNREADABLE_SHARE
            rate = f"{self.world.rng.randrange(20, 320) / 10:.1f}"
            reading = self._reading(uow, code if is_read else "", rate)
            if self._sent in MISSET:
                reading = _misset(uow, reading, code)
            readings.take_readings(uow, READER, [reading])
            if self._sent == 1:
                self._describe(uow)
        if self._sent in SENT_AGAIN:
            again = _changed(reading)
            self.world.later(timedelta(minutes=20), partial(self._send, again))
        if self._sent == RINSED:
            self.world.later(timedelta(hours=1), self._rinse)

    def _describe(self, uow: UnitOfWork) -> None:
        """What the reader is, known from its first reading on: its calibration ends soon after the month."""
        instrument_id = uow.session.scalars(
            select(Instrument.id).where(
                Instrument.organisation_id == uow.actor.organisation_id, Instrument.name == READER
            )
        ).one()
        today, due_on = local_date(uow.now), self.world.today + CALIBRATION_LEFT
        record.note_calibration(
            uow, instrument_id, calibrated_on=due_on - CALIBRATED_FOR, due_on=due_on, certificate_no=CERTIFICATE
        )
        checked_on = today - timedelta(days=10)
        record.note_check(uow, instrument_id, checked_on=checked_on, due_on=checked_on + CHECKED_FOR, found=CHECK)

    def _reading(self, uow: UnitOfWork, sample_text: str, rate: str) -> Delivered:
        self._sent += 1
        return Delivered(
            key=f"demo-{self._sent:06d}",
            identity=f"demo-record-{self._sent:06d}",
            captured_at=uow.now - timedelta(seconds=4),
            driver=DRIVER,
            parser_version=1,
            raw=f"{self._sent:04d},{sample_text},{rate}%".encode(),
            item_text="农药残留抑制率",
            sample_text=sample_text,
            slot=str(self._sent % 8 + 1),
            value_text=rate,
            value=parse_measured(rate),
            unit_text="%",
            record_no=str(self._sent),
        )

    def _send(self, reading: Delivered) -> None:
        with self.world.acting(BENCH) as uow:
            readings.take_readings(uow, READER, [replace(reading, captured_at=uow.now - timedelta(seconds=4))])

    def _rinse(self) -> None:
        with self.world.acting(BENCH) as uow:
            taken = readings.take_readings(uow, READER, [self._reading(uow, "", "0.3")])
        for one in taken.new:
            self.world.later(timedelta(minutes=5), partial(self._reject, one.id))

    def _reject(self, reading_id: UUID) -> None:
        with self.world.acting(BENCH) as uow:
            readings.reject_reading(uow, reading_id, "冲洗比色管时误按测量键，不属于任何样品")


def _changed(reading: Delivered) -> Delivered:
    """The same record, read out again with another value."""
    value = parse_measured(reading.value_text) + 3
    raw = reading.raw.replace(reading.value_text.encode(), str(value).encode())
    return replace(reading, key=f"{reading.key}-again", value_text=str(value), value=value, raw=raw)


def _misset(uow: UnitOfWork, reading: Delivered, code: str) -> Delivered:
    """The same, as the reader sends it when it was left set to what is in the tube instead of in the food."""
    asked = next((one for one in asked_of(uow.session, [code]).get(code, ()) if one.unit), None)
    return replace(reading, item_text=asked.name, unit_text=EXTRACT_UNIT) if asked else reading


def live(world: World) -> None:
    """Answer every blind code with what the reader may send of it."""
    world.on("sample_recoded", Chapter(world).measure)
