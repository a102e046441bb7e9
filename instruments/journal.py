"""The journal of one connection: every byte received and sent, durable before anything is acknowledged.

A folder of segment files, appended to by one owner and locked against a second one. A record is a fixed header, the
payload and a SHA-256 that runs through the whole journal: a record that was changed, moved or taken out is found. What
the parsers made of the bytes is not in here; it is made again from here whenever needed.

A write that was cut off by a crash leaves a torn tail. When the journal is opened again the tail is moved to a side
file, byte for byte, and writing goes on behind the last whole record: such bytes were never acknowledged, because
`sync` had not returned. Every record says how far its segment was durable when it was written, so that damage to
bytes that had been durable is told from a torn tail, and refused.
"""

import fcntl
import os
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from errno import ENOSPC
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from lims import clock
from lims.i18n import gettext as _

SEGMENT_BYTES = 64 * 1024 * 1024  # about ten days of an uninterrupted line at 9600 baud
MAX_PAYLOAD = 1024 * 1024  # the reader hands over at most what one read gives

_MAGIC = b"FJ1\n"
# magic, kind, epoch, sequence, wall clock ns, monotonic ns, bytes of this segment that were durable, length
_HEADER = struct.Struct(">4sBxxxIQqQQI")
_DIGEST_SIZE = 32
_GENESIS = bytes(_DIGEST_SIZE)
_NANO = 1_000_000_000


class EntryKind(IntEnum):
    """What a record says."""

    OPENED = 1  # a connection began; the payload describes it
    RECEIVED = 2
    SENT = 3
    CLOSED = 4  # the payload says why
    SILENT = 5  # the line was silent for as long as the framer waits: it gave up what was begun


_KINDS = frozenset(int(kind) for kind in EntryKind)


class JournalError(Exception):
    """The journal cannot be used: it is locked by another process, or damaged."""


def _damaged(segment: Path, at: int) -> JournalError:
    return JournalError(
        _(
            "%(segment)s is damaged at byte %(at)s, where it had been durable. Nothing in it was changed: "
            "set its folder aside to begin a new journal.",
            segment=str(segment),
            at=at,
        )
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One record.

    Attributes:
        kind: what it says.
        epoch: number of the connection, from 1.
        sequence: number of the record in its epoch, from 0.
        wall_ns: wall clock, nanoseconds since 1970 (UTC).
        monotonic_ns: clock that only runs forward; comparable within one run of the machine.
        payload: the bytes.
        digest: hash over this record and all before it.
    """

    kind: EntryKind
    epoch: int
    sequence: int
    wall_ns: int
    monotonic_ns: int
    payload: bytes
    digest: bytes

    @property
    def at(self) -> datetime:
        """Wall clock of the record, aware and in UTC."""
        return datetime.fromtimestamp(self.wall_ns / _NANO, tz=UTC)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The two clocks of a record, injectable for tests."""

    wall_ns: Callable[[], int]
    monotonic_ns: Callable[[], int]


def _wall_ns() -> int:
    return int(clock.now().timestamp() * _NANO)


SYSTEM_CLOCKS = Clocks(_wall_ns, time.monotonic_ns)


class Journal:
    """Appends to and reads one journal folder.

    Args:
        folder: made when absent.
        segment_bytes: size at which a new segment is begun.
        clocks: where the two instants of a record come from.

    Raises:
        JournalError: another process holds the folder, or a record before the tail is damaged.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES, clocks: Clocks = SYSTEM_CLOCKS) -> None:
        self.folder = folder
        self._segment_bytes = segment_bytes
        self._clocks = clocks
        self._fd = -1
        self._digest = _GENESIS
        self.epoch = 0
        self._sequence = 0
        self._segment_no = 0
        self._size = 0
        self._durable_size = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._lock_fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._recover()
        except BlockingIOError:
            os.close(self._lock_fd)
            raise JournalError(
                _(
                    "%(folder)s is in use by another process; only one may own the journal of a port.",
                    folder=str(folder),
                )
            ) from None
        except BaseException:
            os.close(self._lock_fd)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _recover(self) -> None:
        segments = segments_of(self.folder)
        if not segments:
            self._begin_segment(1)
            return
        scan = Scan()
        for segment in segments:
            for entry in scan.entries(segment):
                self.epoch, self._sequence = entry.epoch, entry.sequence + 1
            if segment != segments[-1] and scan.good_to != segment.stat().st_size:
                raise _damaged(segment, scan.good_to)
        self._digest = scan.digest
        last = segments[-1]
        self._set_torn_tail_aside(last, scan.good_to)
        self._fd = os.open(last, os.O_WRONLY | os.O_APPEND)
        self._size = self._durable_size = scan.good_to
        self._segment_no = int(last.stem.rsplit("-", 1)[1])

    @staticmethod
    def _set_torn_tail_aside(segment: Path, good_to: int) -> None:
        content = segment.read_bytes()
        tail = content[good_to:]
        if not tail:
            return
        if says_durable_beyond(tail, good_to):
            raise _damaged(segment, good_to)
        aside = segment.with_suffix(f".torn-at-{good_to}")
        if aside.exists():
            aside = segment.with_suffix(f".torn-at-{good_to}-{time.time_ns()}")
        aside.write_bytes(tail)
        _fsync_path(aside)
        os.truncate(segment, good_to)
        _fsync_path(segment)
        _fsync_path(segment.parent)

    def _begin_segment(self, number: int) -> None:
        path = self.folder / f"segment-{number:08}.fj"
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._segment_no = number
        self._size = self._durable_size = 0
        _fsync_path(self.folder)

    def begin_epoch(self, description: bytes) -> int:
        """Say that a connection was opened; returns its number. Durable on return."""
        self.epoch += 1
        self._sequence = 0
        self.append(EntryKind.OPENED, description)
        self.sync()
        return self.epoch

    def append(self, kind: EntryKind, payload: bytes) -> Entry:
        """Write one record; `sync` makes it durable.

        Raises:
            OSError: disk full or gone. Nothing of the record stays; the caller must not acknowledge.
        """
        if len(payload) > MAX_PAYLOAD:
            raise ValueError(f"a record holds at most {MAX_PAYLOAD} bytes, got {len(payload)}")
        if self._fd < 0:
            self._reopen()
        if self._size >= self._segment_bytes:
            self.sync()
            os.close(self._fd)
            self._fd = -1
            self._begin_segment(self._segment_no + 1)
        wall_ns, monotonic_ns = self._clocks.wall_ns(), self._clocks.monotonic_ns()
        header = _HEADER.pack(
            _MAGIC, kind, self.epoch, self._sequence, wall_ns, monotonic_ns, self._durable_size, len(payload)
        )
        digest = sha256(self._digest + header + payload).digest()
        record = header + payload + digest
        self._write(record)
        entry = Entry(kind, self.epoch, self._sequence, wall_ns, monotonic_ns, payload, digest)
        self._digest = digest
        self._sequence += 1
        self._size += len(record)
        return entry

    def _write(self, record: bytes) -> None:
        try:
            written = os.write(self._fd, record)
        except OSError:
            os.ftruncate(self._fd, self._size)
            raise
        if written != len(record):
            os.ftruncate(self._fd, self._size)
            raise OSError(ENOSPC, f"only {written} of {len(record)} bytes could be written", str(self.folder))

    def sync(self) -> None:
        """Return only when everything appended is on disk.

        Raises:
            OSError: the disk did not confirm. What was appended since the last success is taken back, because after a
                failed fsync nobody knows what is on disk; the device will send it again.
        """
        if self._size == self._durable_size:
            return
        try:
            os.fdatasync(self._fd)
        except OSError:
            os.close(self._fd)
            self._fd = -1
            raise
        self._durable_size = self._size

    def _reopen(self) -> None:
        """After a failed fsync: read back what is really there and go on behind it."""
        epoch = self.epoch
        os.truncate(self._path(), self._durable_size)
        self._digest, self.epoch, self._sequence = _GENESIS, 0, 0
        self._recover()
        self.epoch = max(self.epoch, epoch)

    def _path(self) -> Path:
        return self.folder / f"segment-{self._segment_no:08}.fj"

    def close(self) -> None:
        """Give the folder back."""
        if self._fd >= 0:
            self.sync()
            os.close(self._fd)
            self._fd = -1
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1


class Scan:
    """Reads segments one after another and remembers how far they are whole."""

    def __init__(self) -> None:
        self.digest = _GENESIS
        self.good_to = 0

    def entries(self, segment: Path) -> Iterator[Entry]:
        """The whole records of a segment, in order, stopping at the first that is not."""
        self.good_to = 0
        with segment.open("rb") as file:
            while len(header := file.read(_HEADER.size)) == _HEADER.size:
                magic, kind, epoch, sequence, wall_ns, monotonic_ns, _, length = _HEADER.unpack(header)
                if magic != _MAGIC or length > MAX_PAYLOAD or kind not in _KINDS:
                    return
                payload, digest = file.read(length), file.read(_DIGEST_SIZE)
                if sha256(self.digest + header + payload).digest() != digest:
                    return
                self.digest = digest
                self.good_to += _HEADER.size + length + _DIGEST_SIZE
                yield Entry(EntryKind(kind), epoch, sequence, wall_ns, monotonic_ns, payload, digest)


def segments_of(folder: Path) -> list[Path]:
    """The segment files of a journal, oldest first."""
    return sorted(folder.glob("segment-*.fj"))


def read_journal(folder: Path) -> Iterator[Entry]:
    """Every whole record of a journal, oldest first; also while its owner goes on writing.

    Raises:
        JournalError: a segment that is not the last one is damaged.
    """
    scan = Scan()
    segments = segments_of(folder)
    for segment in segments:
        yield from scan.entries(segment)
        if segment != segments[-1] and scan.good_to != segment.stat().st_size:
            raise _damaged(segment, scan.good_to)


def says_durable_beyond(tail: bytes, good_to: int) -> bool:
    """Whether a record in `tail` says that more than `good_to` bytes of its segment had been durable before it.

    The hash runs through the record that is damaged, so records behind it can only be told by their shape.
    """
    at = tail.find(_MAGIC, 1)
    while at >= 0:
        if len(tail) - at >= _HEADER.size:
            _, kind, *_, durable, length = _HEADER.unpack_from(tail, at)
            if kind in _KINDS and length <= MAX_PAYLOAD and good_to < durable <= good_to + at:
                return True
        at = tail.find(_MAGIC, at + 1)
    return False


def _fsync_path(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
