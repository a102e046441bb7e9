"""From the bytes of one connection to readings in the spool, the same way live and from the journal.

Live: bytes are journalled and synced, then framed, then answered, then parsed. From the journal: the same bytes, the
same silences, the same framer, so the same readings with the same keys. A crash between the journal and the spool
therefore loses nothing: the next start reads the journal again from the last connection that was not finished.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from instruments.framing.base import Event, Frame, Framer, Garbage, Incomplete, Message
from instruments.journal import Entry, EntryKind
from instruments.spool import NUL_SIGN, Captured
from instruments.types import Delivered, Driver, QuarantineReason, Reading, ReadingStatus, Settings

PROBLEM_UNITS_OF_A_CONNECTION = 100  # told to the server; a line full of noise has no end, and the journal keeps it all
LOGGED_BYTES = 256  # of a unit that cannot be read; the journal has it whole
PROBLEM_BYTES = 65_536  # of one such unit: the longest frame of any protocol

log = logging.getLogger(__name__)

TakeReadings = Callable[[str, Sequence[Captured]], int]
"""Stores readings of an instrument in order and says how many were new (`Spool.add`)."""

ReportUnread = Callable[[bytes, str], None]
"""Is told the bytes of every unit that could not be read, and why."""


@dataclass(slots=True)
class IntakeCounts:
    """What came in on one connection, for the status page and the summary of `decode`."""

    frames: int = 0
    garbage_bytes: int = 0
    incomplete: int = 0
    readings: int = 0
    duplicates: int = 0
    undecodable: int = 0
    noise_bytes: int = 0  # since the last whole frame: a wrong line rate shows here
    last_reading_at: datetime | None = None


@dataclass(slots=True)
class Intake:
    """Turns events into readings and counts them.

    Attributes:
        instrument: name of the connection.
        driver: how its units are parsed.
        settings: free settings of the connection.
        take: where readings go.
        report: told of what cannot be read; None writes it to the log.
    """

    instrument: str
    driver: Driver
    settings: Settings
    take: TakeReadings
    counts: IntakeCounts = field(default_factory=IntakeCounts)
    report: ReportUnread | None = None
    _told: dict[int, int] = field(default_factory=dict)  # epoch → units that could not be read

    def handle(self, events: Iterable[Event], epoch: int, captured_at: datetime) -> None:
        """Parse the units among `events` and hand their readings on, in order."""
        for event in events:
            match event:
                case Frame():
                    self._take_frames((event,), epoch, captured_at)
                case list():
                    self._take_frames(event, epoch, captured_at)
                case Message(raw, end):
                    self._parse(raw, f"{epoch}:{end}", captured_at)
                case Garbage(raw, _):
                    self.counts.garbage_bytes += len(raw)
                    self.counts.noise_bytes += len(raw)
                case Incomplete(raw, end):
                    self.counts.incomplete += 1
                    self.counts.noise_bytes += len(raw)
                    self._report(raw, event.reason)
                    if not event.is_refused:
                        self._tell(raw, QuarantineReason.INCOMPLETE, event.reason, f"{epoch}:{end}", captured_at)

    def _take_frames(self, frames: Sequence[tuple[bytes, int]], epoch: int, captured_at: datetime) -> None:
        for raw, end in frames:
            is_read = self._parse(raw, f"{epoch}:{end}", captured_at)
            self.counts.noise_bytes = 0 if is_read else self.counts.noise_bytes + len(raw)
            self.counts.frames += 1  # behind its readings: who sees the count sees them too

    def _parse(self, raw: bytes, position: str, captured_at: datetime) -> bool:
        """Hand on what a unit holds; False when that is nothing but what cannot be read."""
        try:
            readings = self.driver.parse(raw, self.settings)
        except Exception as error:
            # A parser that fails on bytes nobody foresaw must not stop the port; a person sees the bytes in quarantine.
            self.counts.undecodable += 1
            problem = f"{type(error).__name__}: {error}"
            if self._tell(raw, QuarantineReason.UNDECODABLE, problem, position, captured_at):
                log.exception("%s: %s cannot parse %s", self.instrument, self.driver.name, raw.hex())
            return False
        read = [one for one in readings if one.problem is None]
        self._take(read, position, captured_at)
        for at, one in enumerate(readings):
            if one.problem is not None:
                self.counts.undecodable += 1
                if self._tell(one.raw, one.problem, one.verdict_text, f"{position}:{at}", captured_at):
                    self._report(one.raw, one.verdict_text)
        return bool(read or not readings)

    def _report(self, raw: bytes, why: str) -> None:
        if self.report is not None:
            self.report(raw, why)
        else:
            shown = raw[:LOGGED_BYTES].hex()
            log.warning("%s: cannot read %d bytes, %s: %s", self.instrument, len(raw), why, shown)

    def _tell(self, raw: bytes, problem: QuarantineReason, words: str, position: str, captured_at: datetime) -> bool:
        """Let a person see bytes that are no reading, as long as there are not too many of them; whether they are."""
        epoch = int(position.partition(":")[0])
        self._told[epoch] = self._told.get(epoch, 0) + 1
        if self._told[epoch] > PROBLEM_UNITS_OF_A_CONNECTION or not raw.strip(b"\x00\xff\r\n "):
            return False
        unit = Reading(
            driver=self.driver.name,
            parser_version=self.driver.parser_version,
            raw=raw[:PROBLEM_BYTES],
            status=ReadingStatus.INVALID,
            verdict_text=words,
            problem=problem,
        )
        self._take((unit,), f"{position}:{problem}", captured_at)
        return True

    def _take(self, readings: Sequence[Reading], position: str, captured_at: datetime) -> None:
        if not readings:
            return
        captured = [
            Captured(reading.key(self.instrument, f"{position}:{at}"), captured_at, reading)
            for at, reading in enumerate(readings)
        ]
        added = self.take(self.instrument, captured)
        if readings[0].problem is not None:
            return
        self.counts.readings += added
        self.counts.duplicates += len(captured) - added
        self.counts.last_reading_at = captured_at


_SHARED = tuple(name for name in Delivered.__slots__ if name in Reading.__slots__)
_shared_of = attrgetter(*_SHARED)


def delivered_of(
    reading: Reading, key: str, instrument: str, captured_at: datetime, *, file_row: int | None = None
) -> Delivered:
    """A reading that was parsed on the server, as a reader would have delivered it.

    Args:
        reading: as parsed.
        key: of the reading, made with its position.
        instrument: name of the connection.
        captured_at: when its bytes arrived.
        file_row: where it stands in its file, from 1.
    """
    # The database keeps no NUL in a text; the bytes themselves stay in `raw`.
    clean: dict[str, Any] = {
        name: value.replace("\0", NUL_SIGN) if type(value) is str and "\0" in value else value
        for name, value in zip(_SHARED, _shared_of(reading), strict=True)
    }
    return Delivered(
        **clean, key=key, identity=reading.identity(instrument), file_row=file_row, captured_at=captured_at
    )


def replay(entries: Iterable[Entry], intake: Intake, *, from_epoch: int = 0) -> int:
    """Run journal entries through the framer and the parser again; returns how many epochs there were.

    Entries of epochs before `from_epoch` are passed over. What an unfinished connection began is closed at its end, as
    the crash closed it.
    """
    framer: Framer | None = None
    epoch, epochs, last_at = 0, 0, None
    for entry in entries:
        if entry.epoch < from_epoch:
            continue
        if entry.epoch != epoch:
            if framer is not None and last_at is not None:
                intake.handle(framer.close(), epoch, last_at)
            framer, epoch, epochs = intake.driver.new_framer(), entry.epoch, epochs + 1
        if framer is None:
            continue
        last_at = entry.at
        if entry.kind is EntryKind.RECEIVED:
            intake.handle(framer.feed(entry.payload), epoch, entry.at)
        elif entry.kind is EntryKind.SILENT:
            intake.handle(framer.expire(), epoch, entry.at)
        elif entry.kind is EntryKind.CLOSED:
            intake.handle(framer.close(), epoch, entry.at)
    if framer is not None and last_at is not None:
        intake.handle(framer.close(), epoch, last_at)
    return epochs
