"""TTNJ and TTJ pesticide and multi readers: binary records without any checksum.

The host says `1B BF` (who are you) and gets `1B <model>`, says `1B B1` (send your memory) and gets `1B C1` and the
first record, says `24` and gets the next one, until `1B FE`. `24` lets the device go on, so it is only sent after the
record is durable. There is nothing to check a record by but its clock and its numbers: it is refused unless both are
plausible, and after a refusal the framer hunts byte by byte.

Source: the vendor's protocol document (its two worked examples are tests), driver code of the collection software.
"""

import math
import struct
from calendar import monthrange
from collections.abc import Callable, Sequence

from instruments.framing.base import Event, Frame, Rejected, Run, ScanningFramer, Send, unfold

ESCAPE = 0x1B
WHO_ARE_YOU = b"\x1b\xbf"
SEND_MEMORY = b"\x1b\xb1"
NEXT_RECORD = b"\x24"
CONTROL_SIZE = 2
RECORD_SIZE = 73
INFO_SIZE = 9
CHANNELS = 8

_DATA_FOLLOWS = 0xC1
_OFFLINE_LEAD = 0xB1
_HIGHEST_MODEL = 0x33
# What is told from a record by its second byte: above 59 that is no minute. Inside the memory only the answer of the
# model could be confused.
_IN_MEMORY = frozenset((b"\x1b\xc1", b"\x1b\xfe", b"\x1b\xff", b"\xb1\xff"))
_OUTSIDE = _IN_MEMORY | {bytes((ESCAPE, model)) for model in range(1, _HIGHEST_MODEL + 1)}
_BELOW_LIMIT = bytes((*range(0x49), *range(0x80, 0xC9)))  # first bytes of floats that are below 524,288 in any case
_LARGEST_VALUE = 1e6  # mg/kg; the worked example of the document has 14,378


def clock_is_plausible(  # noqa: PLR0917 - the six bytes of a clock, in their order
    second: int, minute: int, hour: int, day: int, month: int, year: int
) -> bool:
    """Whether six bytes can be the clock of a record (the year counts from 2000)."""
    if second > 59 or minute > 59 or hour > 23 or year > 99 or not 1 <= month <= 12:  # noqa: PLR2004
        return False
    return 1 <= day <= (28 if day < 29 else monthrange(2000 + year, month)[1])  # noqa: PLR2004


def many_channel_clock(record: bytes | bytearray) -> tuple[int, int, int, int, int, int]:
    """(second, minute, hour, day, month, year) of a record of the 16 to 32 channel models."""
    return record[0], record[1], record[2], record[3], record[4], record[6]


def eight_channel_clock(record: bytes | bytearray) -> tuple[int, int, int, int, int, int]:
    """The same of the 8 channel model, which begins with the low byte of its counter."""
    return record[1], record[2], record[3], record[4], record[5], record[7]


class TtnjFramer(ScanningFramer):
    """Control pairs and 73-byte records; asks for nothing, as a capture file is read.

    Args:
        clock: where the model keeps its clock.
    """

    idle_seconds = 2.0
    max_frame = RECORD_SIZE

    def __init__(
        self,
        clock: Callable[[bytes | bytearray], tuple[int, int, int, int, int, int]] = many_channel_clock,
    ) -> None:
        super().__init__()
        self._clock = clock
        self._in_memory = False
        self._controls = _OUTSIDE

    def find_start(self, buffer: bytearray, at: int) -> int:
        if self._in_memory:
            return at
        while at < len(buffer) and buffer[at] not in {ESCAPE, _OFFLINE_LEAD}:
            at += 1
        return at

    def take_run(self, data: bytes, base: int, run: Run) -> tuple[int, int]:
        at, size = 0, len(data)
        while size - at >= CONTROL_SIZE:
            pair = data[at : at + CONTROL_SIZE]
            if pair in self._controls:
                self._enter(pair)
                at += CONTROL_SIZE
                run.append((pair, base + at))
                continue
            if not self._in_memory:
                return at, 0
            unit = data[at : at + RECORD_SIZE]
            if len(unit) < INFO_SIZE:
                return at, INFO_SIZE
            if not clock_is_plausible(*self._clock(unit)):
                return at, 0
            if len(unit) < RECORD_SIZE:
                return at, RECORD_SIZE
            if not numbers_are_plausible(unit[INFO_SIZE:]):
                return at, 0
            at += RECORD_SIZE
            run.append((unit, base + at))
        is_begun = at < size and (self._in_memory or data[at] in {ESCAPE, _OFFLINE_LEAD})
        return at, CONTROL_SIZE if is_begun else 0

    def _enter(self, control: bytes) -> None:
        """Be inside or outside the memory from this pair on."""
        self._in_memory = control[1] == _DATA_FOLLOWS
        self._controls = _IN_MEMORY if self._in_memory else _OUTSIDE

    def measure(self, buffer: bytearray, at: int) -> tuple[bool, int]:
        available = len(buffer) - at
        if available < CONTROL_SIZE:
            return False, CONTROL_SIZE
        pair = bytes(buffer[at : at + CONTROL_SIZE])
        if pair in self._controls:
            # A unit that is measured complete is taken at once, so the state may move here.
            self._enter(pair)
            return True, CONTROL_SIZE
        if not self._in_memory:
            raise Rejected
        if available < INFO_SIZE:
            return False, INFO_SIZE
        if not clock_is_plausible(*self._clock(buffer[at : at + INFO_SIZE])):
            raise Rejected
        if available < RECORD_SIZE:
            return False, RECORD_SIZE
        if not numbers_are_plausible(buffer[at + INFO_SIZE : at + RECORD_SIZE]):
            raise Rejected
        return True, RECORD_SIZE


class AskingTtnjFramer(TtnjFramer):
    """The same, and it asks for the next record after each."""

    def feed(self, data: bytes) -> Sequence[Event]:
        return _ask_on(super().feed(data))

    def _give_up(self, reason: str, accept: Callable[[bytearray], bool]) -> list[Event]:
        return _ask_on(super()._give_up(reason, accept))


def _ask_on(events: Sequence[Event]) -> list[Event]:
    answered: list[Event] = []
    for event in unfold(events):
        answered.append(event)
        if type(event) is Frame and len(event.raw) == RECORD_SIZE:
            answered.append(Send(NEXT_RECORD))
    return answered


def numbers_are_plausible(channels: bytes | bytearray) -> bool:
    """Whether sixteen big-endian floats can be absorbances and results."""
    if not channels[::4].translate(None, _BELOW_LIMIT):
        return True
    return all(math.isfinite(number) and abs(number) <= _LARGEST_VALUE for number in struct.unpack(">16f", channels))
