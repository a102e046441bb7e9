"""Units told apart by what stands around them: lines, marked blocks, fixed sizes, JSON objects."""

import re
from collections.abc import Callable, Sequence

from instruments.framing.base import Event, Rejected, Run, ScanningFramer

_LINE_END = re.compile(rb"[\r\n]")
_BLANKS = b"\r\n"
_LINE_TEXT = re.compile(rb"[^\r\n]")


class LineFramer(ScanningFramer):
    """Lines ending in CR, LF or both: balances, scanners, pH meters.

    The unit is the line without its end. A line longer than `max_line` is garbage, byte by byte, until an end comes.

    Args:
        max_line: bytes of the longest line the device can send.
        accept_silence: whether a silent line ends a unit (scanners set up without a terminator).
    """

    ends = blanks = b"\r\n"

    def __init__(self, max_line: int = 1024, *, accept_silence: bool = False) -> None:
        super().__init__()
        self.max_frame = self._need = self.idle_need = max_line + 1
        self._max_line = max_line
        self._silence_ends = accept_silence
        self._overflow = False

    def take_run(self, data: bytes, base: int, run: Run) -> tuple[int, int]:
        if self._overflow:
            return 0, 0
        lines = data.replace(b"\r", b"\n").split(b"\n")
        rest = lines.pop()
        if len(data) > self._max_line and any(len(line) > self._max_line for line in lines):
            return 0, 0
        end = base
        take = run.append
        for line in lines:
            if line:
                end += len(line)
                take((line, end))
            end += 1
        return end - base, self.max_frame if 0 < len(rest) <= self._max_line else 0

    def find_start(self, buffer: bytearray, at: int) -> int:
        if self._overflow:
            found = _LINE_END.search(buffer, at)
            if found is None:
                return len(buffer)
            at = found.start()
            self._set_overflow(is_over=False)
        found = _LINE_TEXT.search(buffer, at)
        return len(buffer) if found is None else found.start()

    def measure(self, buffer: bytearray, at: int) -> tuple[bool, int]:
        available = len(buffer) - at
        end = _LINE_END.search(buffer, at, at + self._max_line + 1)
        if end is not None:
            return True, end.start() - at
        if available <= self._max_line:
            return False, self.max_frame
        self._set_overflow(is_over=True)
        raise Rejected

    def expire(self) -> Sequence[Event]:
        events = super().expire()
        self._set_overflow(is_over=False)
        return events

    def _set_overflow(self, *, is_over: bool) -> None:
        self._overflow = is_over
        self.idle_need = 1 if is_over else self.max_frame

    def accept_silence(self, _buffer: bytearray) -> bool:
        return self._silence_ends


class TerminatedFramer(ScanningFramer):
    """Everything up to a terminator that cannot stand inside: `FINISH`, `#|`, or control byte to control byte.

    Args:
        start: what a unit begins with; empty when anything may.
        end: what it ends with.
        max_frame: bytes of the longest unit.
        check: whether a candidate (with start and end) is one; None takes all.
        idle_seconds: silence after which a unit that was begun is given up.
    """

    blanks = b"\r\n"

    def __init__(
        self,
        start: bytes,
        end: bytes,
        *,
        max_frame: int = 4096,
        check: Callable[[bytes], bool] | None = None,
        idle_seconds: float = 2.0,
    ) -> None:
        self.ends = end[-1:]
        self.starts = start if len(start) == 1 else b""
        self.start_need = max_frame
        super().__init__()
        self._start = start
        self._end = end
        self._check = check
        self.max_frame = max_frame
        self.idle_seconds = idle_seconds
        self._origin = -1
        self._searched = 0

    def take_run(self, data: bytes, base: int, run: Run) -> tuple[int, int]:
        start, end, check, longest = self._start, self._end, self._check, self.max_frame
        first, at = len(start), 0
        pieces = data.split(end)
        pieces.pop()  # what follows the last end
        for piece in pieces:
            unit = piece + end
            behind = at + len(unit)
            if not start:
                unit = unit.lstrip(b"\r\n")
            elif piece[:first] != start:
                return at, 0
            if len(unit) > longest or (check is not None and not check(unit)):
                return at, 0
            run.append((unit, base + behind))
            at = behind
        is_begun = first == 1 and data[at : at + 1] == start and len(data) - at < longest
        return at, longest if is_begun else 0

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
            return False, self.max_frame
        length = stop + len(self._end) - at
        if self._check is not None and not self._check(bytes(buffer[at : at + length])):
            raise Rejected
        return True, length


class HeaderedBlockFramer(ScanningFramer):
    """Blocks of lines that begin with a header and end where the next begins, or behind the end of a line: DY-7200.

    A block in whose last line the device fell silent is not complete: its value may be cut.

    Args:
        header: bytes that cannot stand inside a block.
        max_frame: bytes of the longest block.
    """

    idle_seconds = 3.0

    def __init__(self, header: bytes, max_frame: int = 4096) -> None:
        self.ends = header[-1:]
        self.starts = header[:1]
        self.start_need = 2
        super().__init__()
        self._header = header
        self.max_frame = max_frame

    def take_run(self, data: bytes, base: int, run: Run) -> tuple[int, int]:
        header = self._header
        at, size = 0, len(header)
        if not data.startswith(header):
            return 0, 0
        while 0 <= (following := data.find(header, at + size)) <= at + self.max_frame - size:
            run.append((data[at:following], base + following))
            at = following
        return at, self.max_frame if following < 0 and len(data) - at < self.max_frame else 0

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
        return False, self.max_frame

    def accept_silence(self, buffer: bytearray) -> bool:
        return buffer.startswith(self._header) and buffer.endswith((b"\r", b"\n"))

    def accept_end(self, buffer: bytearray) -> bool:
        return self.accept_silence(buffer)


class FixedSizeFramer(ScanningFramer):
    """Units of one size that can be told from noise by looking at them: DY-5800.

    Args:
        size: bytes of a unit.
        first: byte it begins with.
        check: whether these bytes are a unit.
    """

    idle_seconds = 2.0
    blanks = b"\r\n"

    def __init__(self, size: int, first: int, check: Callable[[bytes], bool]) -> None:
        self.starts = bytes((first,))
        self.start_need = size
        super().__init__()
        self._size = size
        self._first = first
        self._check = check
        self.max_frame = size

    def take_run(self, data: bytes, base: int, run: Run) -> tuple[int, int]:
        size, first, check = self._size, self._first, self._check
        at = 0
        while at < len(data) and data[at] == first:
            unit = data[at : at + size]
            if len(unit) < size:
                return at, size
            if not check(unit):
                break
            at += size
            run.append((unit, base + at))
        return at, 0

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
    ends = b"}"
    starts = b"{"
    start_need = max_frame
    blanks = b"\r\n\t "

    def __init__(self) -> None:
        super().__init__()
        self._origin = -1
        self._looked, self._depth, self._in_string = 0, 0, False

    def may_hide_a_unit(self, buffer: bytearray) -> bool:
        return b"}" in buffer

    def find_start(self, buffer: bytearray, at: int) -> int:
        found = buffer.find(b"{", at)
        return len(buffer) if found < 0 else found

    def take_run(self, data: bytes, base: int, run: Run) -> tuple[int, int]:
        at = 0
        if len(data) > _SHALLOW:
            return 0, 0
        while (found := _OBJECT.match(data, at)) is not None:
            at = found.end()
            run.append((found[1], base + at))
        return at, self.max_frame if data[at : at + 1] == b"{" else 0

    def measure(self, buffer: bytearray, at: int) -> tuple[bool, int]:
        if self._origin != self._base + at:
            self._origin = self._base + at
            self._looked, self._depth, self._in_string = 0, 0, False
        limit = min(len(buffer), at + self.max_frame)
        looked = at + self._looked
        while looked < limit:
            passed = (_IN_STRING if self._in_string else _OUTSIDE).match(buffer, looked, limit)
            looked = looked if passed is None else passed.end()
            if looked == limit or buffer[looked] == _BACKSLASH:  # its other half is still to come
                break
            mark = buffer[looked]
            looked += 1
            if mark == _QUOTE:
                self._in_string = not self._in_string
            elif mark == _OPEN:
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth == 0:
                    return True, looked - at
        if limit - at >= self.max_frame:
            raise Rejected(skip=self.max_frame)
        self._looked = looked - at
        return False, self.max_frame


_QUOTE, _BACKSLASH, _OPEN = b'"\\{'
# What stands before the next brace, or before the quote of a string that is not whole yet.
_OUTSIDE = re.compile(rb'(?:[^"{}]++|"(?:[^"\\]++|\\.)*+")++', re.DOTALL)
_IN_STRING = re.compile(rb'(?:[^"\\]++|\\.)++', re.DOTALL)
# A whole object that is no deeper than a memory of readings, and what may stand before it.
_WITHIN = rb'[^"{}]++|"(?:[^"\\]++|\\.)*+"'
_OBJECT = re.compile(rb"[\r\n\t ]*+(\{(?:%b|\{(?:%b|\{(?:%b)*+\})*+\})*+\})" % ((_WITHIN,) * 3), re.DOTALL)
_SHALLOW = 1024  # bytes: a larger one is not looked at from its beginning with every piece
