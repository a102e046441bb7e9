"""From the bytes of one connection to readings in the spool, the same way live and from the journal.

Live: bytes are journalled and synced, then framed, then answered, then parsed. From the journal: the same bytes, the
same silences, the same framer, so the same readings with the same keys. A crash between the journal and the spool
therefore loses nothing: the next start reads the journal again from the last connection that was not finished.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from instruments.framing.base import Event, Frame, Framer, Garbage, Incomplete, Message
from instruments.journal import Entry, EntryKind
from instruments.spool import Captured
from instruments.types import Driver, Settings

log = logging.getLogger(__name__)

TakeReadings = Callable[[str, Sequence[Captured]], int]
"""Stores readings of an instrument in order and says how many were new (`Spool.add`)."""


@dataclass(slots=True)
class IntakeCounts:
    """What came in on one connection, for the status page and the summary of `decode`."""

    frames: int = 0
    garbage_bytes: int = 0
    incomplete: int = 0
    readings: int = 0
    duplicates: int = 0
    undecodable: int = 0
    last_reading_at: datetime | None = None


@dataclass(slots=True)
class Intake:
    """Turns events into readings and counts them.

    Attributes:
        instrument: name of the connection.
        driver: how its units are parsed.
        settings: free settings of the connection.
        take: where readings go.
    """

    instrument: str
    driver: Driver
    settings: Settings
    take: TakeReadings
    counts: IntakeCounts = field(default_factory=IntakeCounts)

    def handle(self, events: Iterable[Event], epoch: int, captured_at: datetime) -> None:
        """Parse the units among `events` and hand their readings on, in order."""
        for event in events:
            match event:
                case Frame(raw, end):
                    self.counts.frames += 1
                    self._parse(raw, f"{epoch}:{end}", captured_at)
                case Message(raw, end):
                    self._parse(raw, f"{epoch}:{end}", captured_at)
                case Garbage(raw, _):
                    self.counts.garbage_bytes += len(raw)
                case Incomplete():
                    self.counts.incomplete += 1
                    log.warning("%s: incomplete, %s (%d bytes)", self.instrument, event.reason, len(event.raw))

    def _parse(self, raw: bytes, position: str, captured_at: datetime) -> None:
        try:
            readings = self.driver.parse(raw, self.settings)
        except Exception:
            # A parser that fails on bytes nobody foresaw must not stop the port; the bytes are in the journal.
            self.counts.undecodable += 1
            log.exception("%s: %s cannot parse %s", self.instrument, self.driver.name, raw.hex())
            return
        if not readings:
            return
        captured = [
            Captured(reading.key(self.instrument, f"{position}:{at}"), captured_at, reading)
            for at, reading in enumerate(readings)
        ]
        added = self.take(self.instrument, captured)
        self.counts.readings += added
        self.counts.duplicates += len(captured) - added
        self.counts.last_reading_at = captured_at


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
