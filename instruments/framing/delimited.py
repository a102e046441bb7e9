"""Units told apart by what stands around them: lines, marked blocks, fixed sizes, JSON objects."""

import re
from collections.abc import Callable, Sequence

from instruments.framing.base import NOTHING, Event, Frame, Rejected, ScanningFramer

_LINE_END = re.compile(rb"[\r\n]")
_LINE_TEXT = re.compile(rb"[^\r\n]")


class LineFramer(ScanningFramer):
    """Lines ending in CR, LF or both: balances, scanners, pH meters.

    The unit is the line without its end. A line longer than `max_line` is garbage, byte by byte, until an end comes.

    Args:
        max_line: bytes of the longest line the device can send.
        accept_silence: whether a silent line ends a unit (scanners set up without a terminator).
    """

    def __init__(self, max_line: int = 1024, *, accept_silence: bool = False) -> None:
        super().__init__()
        self.max_frame = max_line + 1
        self._max_line = max_line
        self._accept_silence = accept_silence
        self._overflow = False
        # A whole line in one look; the end stays for the next look, which passes over it.
        self._whole = re.compile(rb"[\r\n]*([^\r\n]{1,%d})(?=[\r\n])" % max_line)

    def separators(self) -> bytes:
        return b"\r\n"

    def may_end(self, data: bytes) -> bool:
        return b"\n" in data or b"\r" in data

    def feed(self, data: bytes) -> Sequence[Event]:
        if len(data) == 1 and not self._overflow and not self._garbage:
            events = self._feed_byte(data)
            if events is not None:
                return events
        return super().feed(data)

    def _feed_byte(self, data: bytes) -> Sequence[Event] | None:
        """The ordinary course of a line that comes byte by byte; None where it needs a full look."""
        buffer = self._buffer
        if data in {b"\n", b"\r"}:
            if buffer and not self._begun:
                return None
            line = bytes(buffer)
            buffer.clear()
            self._base += len(line) + 1
            self._begun, self._need = False, 1
            return [Frame(line, self._base - 1)] if line else NOTHING
        if (buffer and not self._begun) or len(buffer) >= self._max_line:
            return None
        buffer += data
        self._begun, self._need = True, len(buffer) + 1
        return NOTHING

    def take_run(self, buffer: bytearray, at: int, events: list[Event]) -> int:
        if self._overflow:
            return at
        base, match = self._base, self._whole.match
        while (found := match(buffer, at)) is not None:
            at = found.end()
            events.append(Frame(found[1], base + at))
        return at

    def find_start(self, buffer: bytearray, at: int) -> int:
        if self._overflow:
            found = _LINE_END.search(buffer, at)
            if found is None:
                return len(buffer)
            at = found.start()
            self._overflow = False
        found = _LINE_TEXT.search(buffer, at)
        return len(buffer) if found is None else found.start()

    def measure(self, buffer: bytearray, at: int) -> tuple[bool, int]:
        available = len(buffer) - at
        end = _LINE_END.search(buffer, at, at + self._max_line + 1)
        if end is not None:
            return True, end.start() - at
        if available <= self._max_line:
            return False, available + 1
        self._overflow = True
        raise Rejected

    def expire(self) -> Sequence[Event]:
        events = super().expire()
        self._overflow = False
        return events

    def accept_unterminated(self, _buffer: bytearray) -> bool:
        return self._accept_silence


class TerminatedFramer(ScanningFramer):
    """Everything up to a terminator that cannot stand inside: `FINISH`, `#|`, or control byte to control byte.

    Args:
        start: what a unit begins with; empty when anything may.
        end: what it ends with.
        max_frame: bytes of the longest unit.
        check: whether a candidate (with start and end) is one; None takes all.
        idle_seconds: silence after which a unit that was begun is given up.
    """

    def __init__(
        self,
        start: bytes,
        end: bytes,
        *,
        max_frame: int = 4096,
        check: Callable[[bytes], bool] | None = None,
        idle_seconds: float = 2.0,
    ) -> None:
        super().__init__()
        self._start = start
        self._end = end
        self._check = check
        self.max_frame = max_frame
        self.idle_seconds = idle_seconds
        self._origin = -1
        self._searched = 0

    def separators(self) -> bytes:
        return b"\r\n"

    def may_end(self, data: bytes) -> bool:
        return len(self._start) > 1 or self._end[-1] in data

    def may_hide_a_unit(self, buffer: bytearray) -> bool:
        return self._end in buffer

    def find_start(self, buffer: bytearray, at: int) -> int:
        if self._start:
            found = buffer.find(self._start[:1], at)
            return len(buffer) if found < 0 else found
        while at < len(buffer) and buffer[at] in b"\r\n":
            at += 1
        return at

    def measure(self, buffer: bytearray, at: int) -> tuple[bool, int]:
        available = len(buffer) - at
        head = bytes(buffer[at : at + len(self._start)])
        if not self._start.startswith(head):
            raise Rejected
        if available < len(self._start):
            return False, available + 1
        if self._origin != self._base + at:
            self._origin, self._searched = self._base + at, len(self._start)
        stop = buffer.find(self._end, at + self._searched, at + self.max_frame)
        if stop < 0:
            if available >= self.max_frame:
                raise Rejected(skip=1 if self._start else self.max_frame)
            # Only what has not been searched yet is looked at next time: a dump comes in thousands of pieces.
            self._searched = max(len(self._start), available - len(self._end) + 1)
            return False, available + 1
        length = stop + len(self._end) - at
        if self._check is not None and not self._check(bytes(buffer[at : at + length])):
            raise Rejected
        return True, length


class HeaderedBlockFramer(ScanningFramer):
    """Blocks that begin with a header and end where the next begins, or when the line falls silent: DY-7200.

    Args:
        header: bytes that cannot stand inside a block.
        max_frame: bytes of the longest block.
    """

    idle_seconds = 3.0

    def __init__(self, header: bytes, max_frame: int = 4096) -> None:
        super().__init__()
        self._header = header
        self.max_frame = max_frame

    def may_end(self, data: bytes) -> bool:
        # Before the header is whole every byte decides; behind it only the end of the next header.
        return self._header[-1] in data or len(self._buffer) - len(data) < len(self._header)

    def find_start(self, buffer: bytearray, at: int) -> int:
        found = buffer.find(self._header[:1], at)
        return len(buffer) if found < 0 else found

    def measure(self, buffer: bytearray, at: int) -> tuple[bool, int]:
        available = len(buffer) - at
        if not self._header.startswith(bytes(buffer[at : at + len(self._header)])):
            raise Rejected
        if available < len(self._header):
            return False, available + 1
        following = buffer.find(self._header, at + len(self._header), at + self.max_frame)
        if following >= 0:
            return True, following - at
        if available >= self.max_frame:
            raise Rejected
        return False, available + 1

    def accept_unterminated(self, buffer: bytearray) -> bool:
        return buffer.startswith(self._header) and len(buffer) > len(self._header)


class FixedSizeFramer(ScanningFramer):
    """Units of one size that can be told from noise by looking at them: DY-5800.

    Args:
        size: bytes of a unit.
        first: byte it begins with.
        check: whether these bytes are a unit.
    """

    idle_seconds = 2.0

    def __init__(self, size: int, first: int, check: Callable[[bytes], bool]) -> None:
        super().__init__()
        self._size = size
        self._first = first
        self._check = check
        self.max_frame = size

    def separators(self) -> bytes:
        return b"\r\n"

    def find_start(self, buffer: bytearray, at: int) -> int:
        found = buffer.find(self._first, at)
        return len(buffer) if found < 0 else found

    def measure(self, buffer: bytearray, at: int) -> tuple[bool, int]:
        if len(buffer) - at < self._size:
            return False, self._size
        if not self._check(bytes(buffer[at : at + self._size])):
            raise Rejected
        return True, self._size


class JsonObjectFramer(ScanningFramer):
    """JSON objects one after another in UTF-8: DY-6260 through its TCP port.

    Braces are counted outside strings; bytes of a Hanzi are never below 80, so this works before decoding.
    """

    idle_seconds = 2.0
    max_frame = 262_144  # the vendor's example reads 1,024 bytes; a full memory is larger
    rescans = 64  # each may look through a whole memory

    def __init__(self) -> None:
        super().__init__()
        self._origin = -1
        self._looked, self._depth, self._in_string = 0, 0, False

    def separators(self) -> bytes:
        return b"\r\n\t "

    def may_end(self, data: bytes) -> bool:
        return b"}" in data

    def may_hide_a_unit(self, buffer: bytearray) -> bool:
        return b"}" in buffer

    def find_start(self, buffer: bytearray, at: int) -> int:
        found = buffer.find(b"{", at)
        return len(buffer) if found < 0 else found

    def measure(self, buffer: bytearray, at: int) -> tuple[bool, int]:
        if self._origin != self._base + at:
            self._origin = self._base + at
            self._looked, self._depth, self._in_string = 0, 0, False
        available = min(len(buffer) - at, self.max_frame)
        while mark := self._next_mark(buffer, at, available):
            self._looked = mark.end() - at
            if mark[0] == b'"':
                self._in_string = not self._in_string
            elif mark[0] == b"{":
                self._depth += 1
            elif mark[0] == b"}":
                self._depth -= 1
                if self._depth == 0:
                    return True, self._looked
        if available >= self.max_frame:
            raise Rejected(skip=self.max_frame)
        # The last byte may be a backslash whose other half is still to come.
        self._looked = max(self._looked, available - 1)
        return False, available + 1

    def _next_mark(self, buffer: bytearray, at: int, available: int) -> re.Match[bytes] | None:
        marks = _MARKS_IN_STRING if self._in_string else _MARKS
        return marks.search(buffer, at + self._looked, at + available)


_MARKS = re.compile(rb'["{}]')
_MARKS_IN_STRING = re.compile(rb'"|\\.', re.DOTALL)
