"""What every framer says and does.

A framer is fed bytes in whatever pieces the line gives and answers with events. The same bytes give the same events
however they are cut: decisions depend on the bytes, never on where a chunk ended. Time is the caller's: when the line
has been silent for `idle_seconds` while `pending` is true, it calls `expire`.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, Protocol

GARBAGE_BLOCK = 4096  # garbage is reported at the latest after so many bytes, so that memory stays bounded


class Frame(NamedTuple):
    """A complete, checked unit.

    Events are named tuples: they are made by the hundred thousand each second.

    Attributes:
        raw: the bytes of the unit as received, framing included.
        end: offset in the stream just behind it.
    """

    raw: bytes
    end: int


class Message(NamedTuple):
    """Several frames that only together mean something (ASTM: from H to L); `raw` is the text without the framing."""

    raw: bytes
    end: int


class Garbage(NamedTuple):
    """Bytes that belong to no frame."""

    raw: bytes
    end: int


class Incomplete(NamedTuple):
    """The beginning of a unit whose end never came. Kept, never parsed into readings.

    `is_refused`: the device was told so (NAK) and still has it.
    """

    raw: bytes
    end: int
    reason: str
    is_refused: bool = False


class Send(NamedTuple):
    """Bytes to write to the device, after everything fed so far is durable."""

    data: bytes


Run = list[tuple[bytes, int]]
"""Frames one behind the other with nothing between them, each as the plain (raw, end) of a `Frame`.

A device that empties its memory sends thousands of small units: a plain pair costs a sixth of a named one, and a plain
list a quarter of one with a name.
"""

Event = Frame | Run | Message | Garbage | Incomplete | Send
NOTHING: tuple[Event, ...] = ()

new_frame: Callable[[tuple[bytes, int]], Frame] = partial(tuple.__new__, Frame)
"""A `Frame` of (raw, end) in half the time of its constructor: one is made for every unit of every device."""

new_message: Callable[[tuple[bytes, int]], Message] = partial(tuple.__new__, Message)


def unfold(events: Iterable[Event]) -> Iterator[Event]:
    """The same events with every run as its single frames."""
    for event in events:
        if isinstance(event, list):
            yield from map(new_frame, event)
        else:
            yield event


class Framer(Protocol):
    """The interface the reader drives."""

    idle_seconds: float

    @property
    def pending(self) -> bool:
        """Whether `expire` would do anything."""
        ...

    def feed(self, data: bytes) -> Sequence[Event]: ...

    def expire(self) -> Sequence[Event]:
        """The line has been silent for `idle_seconds`: give up waiting for what was begun."""
        ...

    def close(self) -> Sequence[Event]:
        """The connection is over."""
        ...


class Rejected(Exception):  # noqa: N818 - a signal inside one loop, not an error
    """No unit begins here; `skip` bytes are garbage before it is worth looking again."""

    def __init__(self, skip: int = 1) -> None:
        super().__init__(skip)
        self.skip = skip


def each_byte(of: bytes) -> frozenset[bytes]:
    """The bytes one by one, to look up a piece of one byte in: `in` a bytes object costs four times as much."""
    return frozenset(bytes((byte,)) for byte in of)


EVERY_BYTE = bytes(range(256))
_SMALL = 256  # below it a buffer is looked at as a whole sooner than a piece is searched for its end
_SHORT = 4096  # a buffer is copied to be cut at speed; a memory that waits for its end is not copied with each chunk


class ScanningFramer(ABC):
    """Hunts for units in a buffer: the base of all framers that have no conversation to hold.

    A subclass says where a unit may begin (`find_start`) and how long it is there (`measure`). A plausible but wrong
    length cannot block for ever: past `max_frame` it is refused at once, and when the line falls silent one byte is
    dropped and the rest is looked at again.

    What makes it fast is the same for all of them. Bytes that cannot change anything are only kept: below `_need`
    bytes the unit that was begun cannot end, unless by one of the bytes in `ends`. And whole units that stand one
    behind the other are taken by `take_run` in calls that do not look at single bytes; `measure` is left with the
    first unit that is cut, damaged or strange.
    """

    idle_seconds = 0.5
    max_frame = 4096
    rescans = 4096  # false starts that are given up one by one when the line falls silent; a flood has no end of them
    ends = b""  # the bytes that can end a unit before it has `_need` bytes; none where a length or a size decides
    starts = b""  # the bytes that, standing alone, begin a unit of which nothing is known below `start_need` bytes
    start_need = 1
    idle_need = 1  # bytes below which only `ends` matter when no unit was begun
    blanks = b""  # the bytes that may stand between units without being garbage

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._base = 0  # stream offset of the first byte in the buffer
        self._need = self.idle_need  # length of the buffer below which only `ends` can change anything
        self._garbage = bytearray()
        self._find_end = re.compile(b"[%s]" % re.escape(self.ends)).search if self.ends else None
        self._quiet = each_byte(EVERY_BYTE.translate(None, self.ends))
        self._starts = each_byte(self.starts)
        self._blanks = each_byte(self.blanks)

    @property
    def pending(self) -> bool:
        return bool(self._buffer or self._garbage)

    @abstractmethod
    def find_start(self, buffer: bytearray, at: int) -> int:
        """The first position from `at` where a unit may begin, or the end of the buffer."""

    @abstractmethod
    def measure(self, buffer: bytearray, at: int) -> tuple[bool, int]:
        """Look at the unit that may begin at `at`.

        Returns:
            (True, length) when it is complete and right; (False, n) when n bytes from `at`, or one of `ends`, are
            needed to say more: the smallest n, because a verdict that waits longer than it must depends on how the
            bytes were cut.

        Raises:
            Rejected: no unit begins here.
        """

    def take_run(self, _data: bytes, _base: int, _run: Run) -> tuple[int, int]:
        """Take the whole units that stand one right behind the other from the beginning of the buffer.

        A short cut for the ordinary case: a framer without it gives the same events, only slower.

        Args:
            _data: the whole buffer.
            _base: stream offset of its first byte.
            _run: where the units go.

        Returns:
            Where the last unit ends, and how many bytes the unit that is cut there needs; 0 where it takes a full
            look to say so.
        """
        return 0, 0

    def feed(self, data: bytes) -> Sequence[Event]:
        buffer = self._buffer
        buffer += data
        size = len(buffer)
        if size < self._need:
            if len(data) == 1:
                if data in self._quiet:
                    return NOTHING
            elif self._find_end is None or (size > _SMALL and self._find_end(data) is None):
                return NOTHING
        if size == 1:
            if data in self._starts:
                self._need = self.start_need
                return NOTHING
            if data in self._blanks and not self._garbage:
                buffer.clear()
                self._base += 1
                self._need = self.idle_need
                return NOTHING
        run: Run = []
        at = 0
        if not self._garbage and (size <= _SHORT or size <= 2 * len(data)):
            at, need = self.take_run(bytes(buffer), self._base, run)
            if need or at == size:
                self._base += at
                del buffer[:at]
                self._need = need or self.idle_need
                return (run,) if run else NOTHING
        return self._scan(at, [run] if run else [])

    def _scan(self, at: int, events: list[Event]) -> Sequence[Event]:
        """Look at the buffer unit by unit from `at`; `events` is what stood before."""
        at, need = self._hunt(at, events)
        self._pass(at, need or self.idle_need)
        return events or NOTHING

    def _pass(self, count: int, need: int) -> None:
        """Be done with so many bytes; the rest is looked at when it has `need` bytes."""
        del self._buffer[:count]
        self._base += count
        self._need = need

    def _hunt(self, at: int, events: list[Event]) -> tuple[int, int]:
        """Look for units one by one from `at`; answers as `take_run`."""
        buffer = self._buffer
        size = len(buffer)
        while at < size:
            start = self.find_start(buffer, at)
            if start > at:
                self._discard(buffer, at, start, events)
                at = start
                if at >= size:
                    break
            try:
                complete, length = self._measure_bounded(buffer, at)
            except Rejected as rejected:
                self._discard(buffer, at, at + rejected.skip, events)
                at += rejected.skip
                continue
            if not complete:
                return at, length
            if self._garbage:
                self._flush_garbage(self._base + at, events)
            events.append(Frame(bytes(buffer[at : at + length]), self._base + at + length))
            at += length
        return at, 0

    def _measure_bounded(self, buffer: bytearray, at: int) -> tuple[bool, int]:
        """As `measure`; a length beyond `max_frame` is refused whether or not its bytes are there already."""
        complete, length = self.measure(buffer, at)
        if length > self.max_frame:
            raise Rejected
        return complete, length

    def _discard(self, buffer: bytearray, start: int, stop: int, events: list[Event]) -> None:
        piece = buffer[start:stop]
        self._garbage += piece.translate(None, self.blanks)
        while len(self._garbage) >= GARBAGE_BLOCK:
            block = bytes(self._garbage[:GARBAGE_BLOCK])
            del self._garbage[:GARBAGE_BLOCK]
            events.append(Garbage(block, self._base + stop - len(self._garbage)))

    def _flush_garbage(self, end: int, events: list[Event]) -> None:
        if self._garbage:
            events.append(Garbage(bytes(self._garbage), end))
            self._garbage.clear()

    def accept_silence(self, _buffer: bytearray) -> bool:
        """Whether what is pending counts as complete once the line has been silent."""
        return False

    def accept_end(self, _buffer: bytearray) -> bool:
        """Whether it does when the connection ends: a line may have been unplugged in the middle of a value."""
        return False

    def may_hide_a_unit(self, _buffer: bytearray) -> bool:
        """Whether a whole unit could stand behind a false start; a quick look before a long one."""
        return True

    def expire(self) -> Sequence[Event]:
        return self._give_up("the line fell silent in mid frame", self.accept_silence)

    def close(self) -> Sequence[Event]:
        return self._give_up("the connection ended in mid frame", self.accept_end)

    def _give_up(self, reason: str, accept: Callable[[bytearray], bool]) -> list[Event]:
        """Stop waiting: look for units behind the false start, else report one that was never finished."""
        events: list[Event] = []
        while self._buffer:
            self._flush_garbage(self._base, events)
            pending = bytes(self._buffer)
            end = self._base + len(pending)
            if accept(self._buffer):
                events.append(Frame(pending, end))
                self._drop_buffer(end)
                break
            behind: list[Event] = []
            tries = self.rescans if self.may_hide_a_unit(self._buffer) else 0
            while tries and self._buffer and not any(isinstance(event, Frame) for event in behind):
                tries -= 1
                self._discard(self._buffer, 0, 1, behind)
                del self._buffer[:1]
                self._base += 1
                behind.extend(self._scan(0, []))
            if any(isinstance(event, Frame) for event in behind):
                events.extend(behind)
            else:
                self._garbage.clear()
                events.append(Incomplete(pending, end, reason))
                self._drop_buffer(end)
        self._need = self.idle_need
        self._flush_garbage(self._base, events)
        return events

    def _drop_buffer(self, end: int) -> None:
        self._base = end
        self._buffer.clear()
