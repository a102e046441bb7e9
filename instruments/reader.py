"""One thread for one port: read, journal, answer, parse; reopen when the line is gone.

The order inside one turn is what the promise rests on: bytes are in the journal and synced before the framer sees
them, and the framer's answers (ACK) are written after that. When the disk refuses, nothing is answered and nothing
more is read; the bytes wait in memory until the disk takes them, and the device keeps what it has not been told we
have.
"""

import json
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from instruments.framing.base import Event, Framer, Send
from instruments.intake import Intake, IntakeCounts, TakeReadings, replay
from instruments.journal import Entry, EntryKind, Journal, read_journal
from instruments.transports import CallEndedError, NobodyCalledError, Opener, Port
from instruments.types import Driver, PortState, Settings
from lims import clock

READ_SECONDS = 0.2  # how long one read waits: the longest delay of a stop
FIRST_RETRY_SECONDS = 0.2
LONGEST_RETRY_SECONDS = 4.0  # with the time of an opening still below the promised five seconds
DISK_RETRY_SECONDS = 0.5
CATCH_UP_RETRY_SECONDS = 2.0
SETTLE_SECONDS = 0.3  # silence before a request: opening toggles DTR, which resets some devices
ERROR_LOG_SECONDS = 60.0  # the same fault is logged once a minute with its count
NOISE_BYTES = 256  # without a whole frame among them: the line rate, the cable or the driver is wrong

log = logging.getLogger(__name__)

Stored = TypeVar("Stored")


@dataclass(slots=True)
class PortStatus:
    """The live state of one connection. Written by its thread, read by others."""

    instrument: str
    driver: str
    port: str
    state: PortState = PortState.STARTING
    epoch: int = 0
    opened_at: datetime | None = None
    last_byte_at: datetime | None = None
    received_bytes: int = 0
    errors: int = 0
    last_error: str = ""
    last_error_at: datetime | None = None
    settings: dict[str, str] = field(default_factory=dict)
    counts: IntakeCounts = field(default_factory=IntakeCounts)

    @property
    def healthy(self) -> bool:
        """Whether nobody need look: the port is open, and what comes can be read."""
        return self.state in {PortState.OPEN, PortState.STARTING} and self.counts.noise_bytes <= NOISE_BYTES

    def note_error(self, words: str) -> None:
        """Keep the last fault with its time: a port that is well again still says what it had, and when."""
        self.errors += 1
        self.last_error = words
        self.last_error_at = clock.now()

    def to_json(self) -> dict[str, Any]:
        """For the status page; instants in ISO form."""
        facts = asdict(self) | {"healthy": self.healthy}
        counts = facts.pop("counts")
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in (facts | counts).items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What a reader needs to know about its port.

    Attributes:
        instrument: name the readings carry.
        driver: how the device talks.
        port: name of the port, for people.
        opener: opens it.
        settings: free settings of the driver.
        poll_seconds: how often the device is asked; None for devices that send by themselves.
    """

    instrument: str
    driver: Driver
    port: str
    opener: Opener
    settings: Settings
    poll_seconds: float | None = None


class Reader:
    """Owns one port and its journal.

    Args:
        connection: the port.
        journal: of this instrument; the reader is its only writer.
        take: where readings go, in order.
        processed_epoch: the last connection whose readings are known to have been taken.
        note_epoch: told when everything before an epoch has been taken.
    """

    def __init__(
        self,
        connection: Connection,
        journal: Journal,
        take: TakeReadings,
        *,
        processed_epoch: int = 0,
        note_epoch: Callable[[int], None] = lambda _epoch: None,
    ) -> None:
        self.connection = connection
        self.status = PortStatus(
            connection.instrument, connection.driver.name, connection.port, settings=dict(connection.settings)
        )
        self._journal = journal
        self._take = take
        self._processed_epoch = processed_epoch
        self._note_epoch = note_epoch
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"port {connection.instrument}", daemon=True)
        self._logged_at: dict[str, float] = {}  # by what is wrong
        self._unlogged: Counter[str] = Counter()
        self._is_behind = True  # something is journalled that was perhaps not taken

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; `join` waits for it."""
        self._stop.set()

    def join(self, seconds: float = 10.0) -> None:
        self._thread.join(seconds)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._keep_open()
        finally:
            self.status.state = PortState.STOPPED
            self.connection.opener.close()

    def _caught_up(self) -> bool:
        """Turn into readings what was journalled and not taken: before the last end, or before a failure of ours.

        Until that has worked the port stays closed, because a new connection would count the old one as taken.
        """
        if not self._is_behind:
            return True
        try:
            intake = self._new_intake(IntakeCounts())
            replay(read_journal(self._journal.folder), intake, from_epoch=max(1, self._processed_epoch))
        except Exception as error:  # noqa: BLE001 - whatever fails, the bytes are safe and it is tried again
            self._note_error("readings cannot be kept", error, is_ours=True)
            self._stop.wait(CATCH_UP_RETRY_SECONDS)
            return False
        self._is_behind = False
        return True

    def _new_intake(self, counts: IntakeCounts) -> Intake:
        connection = self.connection
        return Intake(connection.instrument, connection.driver, connection.settings, self._take, counts)

    def _keep_open(self) -> None:
        delay = FIRST_RETRY_SECONDS
        while not self._stop.is_set():
            if not self._caught_up():
                continue
            try:
                port = self.connection.opener.open()
            except NobodyCalledError:
                self.status.state = PortState.STARTING  # also behind a device that has called, sent and gone
                continue
            except Exception as error:  # noqa: BLE001 - pyserial has a ValueError too, and the port must be tried again
                self._note_error("cannot be opened", error)
                self._stop.wait(delay)
                delay = min(delay * 2, LONGEST_RETRY_SECONDS)
                continue
            delay = FIRST_RETRY_SECONDS
            try:
                self._serve(port)
            except CallEndedError:
                self.status.state = PortState.STARTING
            except OSError as error:
                self._note_error("was lost", error)
                self._stop.wait(FIRST_RETRY_SECONDS)
            except Exception as error:  # noqa: BLE001 - a fault of ours must not end the port for good
                # What came is in the journal, and the next opening goes on from there.
                self._is_behind = True
                self._note_error("the reader failed", error, is_ours=True)
                self._stop.wait(LONGEST_RETRY_SECONDS)
            finally:
                port.close()

    def _serve(self, port: Port) -> None:
        connection = self.connection
        facts = {"instrument": connection.instrument, "driver": connection.driver.name, "port": connection.port}
        epoch = self._durably(lambda: self._journal.begin_epoch(json.dumps(facts).encode()))
        if epoch is None:
            return
        self._note_epoch(epoch)
        self._processed_epoch = epoch
        self.status.state = PortState.OPEN
        self.status.epoch = epoch
        self.status.opened_at = clock.now()
        session = _Session(self, port, connection.driver.new_framer(), epoch)
        reason = "stopped"
        try:
            while not self._stop.is_set():
                session.turn()
        except OSError as error:
            reason = str(error)
            raise
        finally:
            session.end(reason)

    def store(self, kind: EntryKind, payload: bytes) -> Entry | None:
        """Journal one record durably, however long the disk takes; None only when the reader is being stopped."""
        return self._durably(lambda: self._append(kind, payload))

    def _append(self, kind: EntryKind, payload: bytes) -> Entry:
        entry = self._journal.append(kind, payload)
        self._journal.sync()
        return entry

    def _durably(self, write: Callable[[], Stored]) -> Stored | None:
        before = self.status.state
        while True:
            try:
                result = write()
            except OSError as error:
                self.status.state = PortState.DISK_REFUSES
                self._note_error("journal cannot be written", error, keep_state=True)
                if self._stop.wait(DISK_RETRY_SECONDS):
                    return None
            else:
                self.status.state = before
                return result

    def _note_error(self, what: str, error: Exception, *, keep_state: bool = False, is_ours: bool = False) -> None:
        """Show a fault, and log it once a minute; one of ours with where it came from."""
        if not keep_state:
            self.status.state = PortState.RECONNECTING
        self.status.note_error(f"{what}: {error}")
        self._unlogged[what] += 1
        now = time.monotonic()
        if now - self._logged_at.get(what, float("-inf")) >= ERROR_LOG_SECONDS:
            log.warning(
                "%s (%s) %s: %s [%d times]",
                self.connection.instrument,
                self.connection.port,
                what,
                error,
                self._unlogged.pop(what),
                exc_info=error if is_ours else None,
            )
            self._logged_at[what] = now


class _Session:
    """One opening of the port."""

    def __init__(self, reader: Reader, port: Port, framer: Framer, epoch: int) -> None:
        self._reader = reader
        self._port = port
        self._framer = framer
        self._epoch = epoch
        self._intake = reader._new_intake(reader.status.counts)  # noqa: SLF001 - the reader's other half
        self._requests: deque[bytes] = deque()
        self._quiet_since = time.monotonic()
        self._next_poll = self._quiet_since + SETTLE_SECONDS

    def turn(self) -> None:
        """Read once, and do what follows from it or from the silence."""
        data = self._port.read(READ_SECONDS)
        if data:
            self._received(data)
        else:
            self._silent()

    def _received(self, data: bytes) -> None:
        entry = self._reader.store(EntryKind.RECEIVED, data)
        if entry is None:
            return
        status = self._reader.status
        status.received_bytes += len(data)
        status.last_byte_at = entry.at
        self._quiet_since = time.monotonic()
        self._dispatch(self._framer.feed(data), entry.at)

    def _silent(self) -> None:
        quiet = time.monotonic() - self._quiet_since
        if self._framer.pending and quiet >= self._framer.idle_seconds:
            entry = self._reader.store(EntryKind.SILENT, b"")
            if entry is not None:
                self._dispatch(self._framer.expire(), entry.at)
            self._quiet_since = time.monotonic()
        elif not self._framer.pending and quiet >= SETTLE_SECONDS:
            self._poll()

    def _poll(self) -> None:
        connection = self._reader.connection
        if connection.poll_seconds is None or connection.driver.requests is None:
            return
        now = time.monotonic()
        if not self._requests and now >= self._next_poll:
            self._requests.extend(connection.driver.requests(clock.now()))
            self._next_poll = now + connection.poll_seconds
        if self._requests:
            self._send(self._requests.popleft())
            self._quiet_since = now

    def _dispatch(self, events: Sequence[Event], at: datetime) -> None:
        """Answers first: the bytes are durable, and the device waits."""
        for event in events:
            if isinstance(event, Send):
                self._send(event.data)
        self._intake.handle(events, self._epoch, at)

    def _send(self, data: bytes) -> None:
        self._port.write(data)
        self._reader._journal.append(EntryKind.SENT, data)  # noqa: SLF001 - what was sent is a note, not a promise

    def end(self, reason: str) -> None:
        entry = self._reader.store(EntryKind.CLOSED, reason.encode())
        if entry is not None:
            self._intake.handle(self._framer.close(), self._epoch, entry.at)
