"""How a reading finds its sample, what holds it back, and what a row of a file would become."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from instruments.types import Asked, Comparator, MatchedBy, QuarantineReason, ReadingStatus
from lims.clock import local_date
from lims.quantities import QuantityError, parse_unit
from lims.tables import decode_text

EXPECTED_SEPARATOR = "、"  # the names of the catalogue are Chinese
CALIBRATION_WARNING = timedelta(days=30)  # before the day it is due: time to book the verification
REPORT_SECONDS = 5.0  # how often a reader says how it is
SILENT_AFTER = timedelta(seconds=6 * REPORT_SECONDS)  # so many reports are missing: nobody knows how things are
SHOWN_CHARACTERS = 240  # of a unit that could not be read: enough to know it again
FUTURE_TOLERANCE = timedelta(minutes=10)  # a device clock may be a little fast


@dataclass(frozen=True, slots=True)
class Match:
    """What ties a reading to a blind code, or why nothing does.

    `expected`: what the sample is tested for, in words, where the reading disagrees with that.
    """

    blind_code: str | None
    matched_by: MatchedBy | None
    reason: QuarantineReason | None
    expected: str | None = None


def match_reading(
    barcode: str,
    slot: str,
    *,
    is_quality_control: bool,
    looks_like_code: Callable[[str], bool],
    codes: frozenset[str] | set[str],
    slots: Mapping[str, str],
) -> Match:
    """Tie a reading to a sample, never by name and never by what is merely alike.

    A barcode that looks like a blind code and is none of this laboratory is not put right by its slot: one of the two
    is wrong, and a person has to look.

    Args:
        barcode: the sample code as the device sent it, normalised.
        slot: channel, well or hole.
        is_quality_control: a blank, a control or a calibration.
        looks_like_code: whether a text has the form and the check character of a blind code.
        codes: blind codes that this laboratory gave.
        slots: slot → blind code of the run that was open when the reading was taken.
    """
    if is_quality_control:
        return Match(None, None, QuarantineReason.QUALITY_CONTROL)
    if barcode in codes:
        return Match(barcode, MatchedBy.BARCODE, None)
    if looks_like_code(barcode):
        return Match(None, None, QuarantineReason.UNKNOWN_BARCODE)
    if slot and slot in slots:
        return Match(slots[slot], MatchedBy.RUN_SLOT, None)
    return Match(None, None, QuarantineReason.NOTHING_TO_MATCH)


def disagreement(item_id: UUID | None, unit_text: str, asked: Sequence[Asked]) -> tuple[QuarantineReason, str] | None:
    """Why a reading cannot be of the sample it was tied to, and what that sample is tested for instead.

    Only what is known can disagree: a device that names no item, or one by a word that the catalogue does not have,
    says nothing about the test; a reading without a unit, or a method row without one, nothing about the unit. Units
    of one dimension (ug/kg, mg/kg) agree, because they convert exactly.

    Args:
        item_id: what the catalogue knows under the name the device gave, None where it knows nothing.
        unit_text: as sent.
        asked: what the sample is tested for; empty where it has no worklist.
    """
    if item_id is None or not asked:
        return None
    of_item = [one for one in asked if one.item_id == item_id]
    if not of_item:
        return QuarantineReason.WRONG_TEST, EXPECTED_SEPARATOR.join(one.name for one in asked)
    if not unit_text or any(not one.unit or _of_one_dimension(unit_text, one.unit) for one in of_item):
        return None
    return QuarantineReason.WRONG_UNIT, EXPECTED_SEPARATOR.join(f"{one.name} {one.unit}" for one in of_item)


def _of_one_dimension(text: str, unit: str) -> bool:
    try:
        return parse_unit(text).dimension == parse_unit(unit).dimension
    except QuantityError:
        return False


class CalibrationSpan(Protocol):
    """The days of one calibration."""

    calibrated_on: date
    due_on: date


class CheckSpan(Protocol):
    """The days of one intermediate check, and how it came out."""

    checked_on: date
    due_on: date
    passed: bool


class LotSpan(Protocol):
    """When a lot was in use, and its last day."""

    in_use_from: datetime
    used_up_at: datetime | None
    expires_on: date


class DownSpan(Protocol):
    """A time in which the instrument must not be used."""

    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """What is written down about an instrument and decides whether its readings may be used."""

    calibrations: tuple[CalibrationSpan, ...] = ()
    lots: tuple[LotSpan, ...] = ()
    downtimes: tuple[DownSpan, ...] = ()
    checks: tuple[CheckSpan, ...] = ()

    def due_on(self) -> date | None:
        """The day the latest calibration ends; None for an instrument without any."""
        return max((one.due_on for one in self.calibrations), default=None)


def what_holds(record: Record, at: datetime) -> QuarantineReason | None:
    """Why a reading of this instant must wait for a person; None when nothing does.

    A reading is kept whatever the state of its instrument, and released with a reason. An instrument without any
    calibration on record is not under calibration control: a strip has none.

    Args:
        record: of the instrument.
        at: when it was measured.
    """
    if not (record.calibrations or record.lots or record.downtimes or record.checks):
        return None
    if any(one.began_at <= at and (one.ended_at is None or at <= one.ended_at) for one in record.downtimes):
        return QuarantineReason.OUT_OF_SERVICE
    day = local_date(at)
    if record.calibrations and not any(one.calibrated_on <= day <= one.due_on for one in record.calibrations):
        return QuarantineReason.OUT_OF_CALIBRATION
    if not is_checked(record.checks, day):
        return QuarantineReason.NOT_CHECKED
    in_use = [one for one in record.lots if one.in_use_from <= at and (one.used_up_at is None or at <= one.used_up_at)]
    if any(one.expires_on < day for one in in_use):
        return QuarantineReason.REAGENT_EXPIRED
    return None


def is_checked(checks: Sequence[CheckSpan], day: date) -> bool:
    """Whether the intermediate checks let an instrument be relied on: the last one passed and the next is not due.

    One that failed holds from its very day, and of two on one day a failed one counts. An instrument without any check
    on record up to that day is checked by its calibrations alone.
    """
    done = [one for one in checks if one.checked_on <= day]
    if not done:
        return True
    last = max(one.checked_on for one in done)
    of_last_day = [one for one in done if one.checked_on == last]
    return all(one.passed for one in of_last_day) and day <= max(one.due_on for one in of_last_day)


def measured_instant(measured_at: datetime | None, captured_at: datetime) -> datetime:
    """When a reading was taken: by the device's clock where that can be true, else when it arrived.

    A memory dump brings readings of last week, so an early clock is believed; one that is ahead is not.
    """
    if measured_at is None or measured_at > captured_at + FUTURE_TOLERANCE:
        return captured_at
    return measured_at


def is_clock_suspect(measured_text: str, measured_at: datetime | None, captured_at: datetime) -> bool:
    """Whether the device showed a time that cannot be: never set, or ahead of ours."""
    return bool(measured_text) and (measured_at is None or measured_at > captured_at + FUTURE_TOLERANCE)


_LINE_ENDS = re.compile(r"[\r\n]+")


def shown_bytes(raw: bytes) -> str:
    """Bytes of a device as a person can read them: as text where they are one, else in hex; a long end is left out."""
    text = _LINE_ENDS.sub("⏎", decode_text(raw).text.strip("\r\n\x02\x03\x04"))
    shown = text if text.isprintable() else raw.hex(" ").upper()
    return shown if len(shown) <= SHOWN_CHARACTERS else f"{shown[:SHOWN_CHARACTERS]}…"


class Valued(Protocol):
    """The part of a reading that says what was measured."""

    @property
    def value_text(self) -> str: ...
    @property
    def comparator(self) -> Comparator | None: ...
    @property
    def unit_text(self) -> str: ...
    @property
    def status(self) -> ReadingStatus: ...


def says_the_same(one: Valued, other: Valued) -> bool:
    """Whether two readings with one identity agree: the second is a repetition, else they contradict each other."""
    return (one.value_text, one.comparator, one.unit_text, one.status) == (
        other.value_text,
        other.comparator,
        other.unit_text,
        other.status,
    )


PLATES = {96: ("ABCDEFGH", 12), 384: ("ABCDEFGHIJKLMNOP", 24)}  # rows and columns of the plates that are in use
DEFAULT_SLOTS = 8  # of the commonest reader, until the record of the instrument says otherwise


def slot_names(count: int) -> list[str]:
    """What the positions of an instrument are called: wells of a plate, else numbers from 1."""
    if count in PLATES:
        rows, columns = PLATES[count]
        return [f"{row}{column}" for row in rows for column in range(1, columns + 1)]
    return [str(number) for number in range(1, count + 1)]
