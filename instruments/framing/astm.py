"""The receiving side of ASTM E1381 (LIS01-A2), and records without any framing.

Every answer is a `Send` that the reader writes only after the bytes are durable, so an ACK is never given for
something that could still be lost. Frames are checked one by one, ETB frames like ETX frames.

Deviations that real devices show and that are accepted: CR LF missing after the checksum, a whole message in one
frame, ETB at the end of a complete record, frames longer than 240 bytes.

Source: ASTM E1381-95 and CLSI LIS01-A2; captures of a cobas c111 and a Sysmex XP-100.
"""

import re
from collections.abc import Sequence
from zlib import adler32

from instruments.framing.base import (
    EVERY_BYTE,
    GARBAGE_BLOCK,
    NOTHING,
    Event,
    Garbage,
    Incomplete,
    Message,
    Run,
    Send,
    each_byte,
    new_frame,
    new_message,
)
from instruments.framing.checksums import ADLER_SUMS, HEX8, sum8

ENQ, ACK, NAK, EOT = b"\x05", b"\x06", b"\x15", b"\x04"
_SEND_ACK = Send(ACK)
STX, ETX, ETB, CR, LF = 0x02, 0x03, 0x17, 0x0D, 0x0A

MAX_FRAME = 64_000  # LIS01-A2; E1381-95 has 247, a Yumizen sends 26,652
MAX_MESSAGE = 1_048_576  # sixteen of the longest frames; past it the session is refused
_CHECK_SIZE = 2
# The ordinary case in one look: what is nothing, then a frame, or as much of it as there is, or a turn of the
# conversation. The rest, in one piece, is looked at more closely.
_REGULAR = re.compile(
    rb"([\r\n]*+)(?:(\x02([^\x00-\x05\x17]{0,%d}+(?:[\x03\x17]|\Z))(..)?)|([\x04\x05])|.++)" % (ADLER_SUMS - 1),
    re.DOTALL,
).findall
_FRAME_STOP = re.compile(b"[\x02\x03\x05\x17]")  # STX, ETX, ENQ, ETB
_FRAME_ENDS = b"\x03\x17"
_TEXT = each_byte(EVERY_BYTE.translate(None, b"\x02\x03\x05\x17"))
_SHORT = (
    ADLER_SUMS  # bytes of a frame that is looked at again as a whole with each piece; a longer one is only added to
)
_LINE_END = re.compile(b"[\r\n]")
_LINE_TEXT = each_byte(EVERY_BYTE.translate(None, b"\r\n"))
_SPECIAL = each_byte(b"HL \t\x0b\x0c") | {b""}  # what a line begins with that is not simply the next record
_BLANKS = re.compile(rb"[\r\n]+")
_BLANK = each_byte(b"\r\n")
_MARKS = b"\x02\x04\x05"  # STX, EOT, ENQ
_NOISE = re.compile(b"[^\x02\x04\x05\r\n]+")  # what means nothing between frames
_SEQUENCE = 8
_DIGITS = b"01234567"  # the number of a frame as it stands in it
_FIRST_DIGIT, _LAST_DIGIT = _DIGITS[0], _DIGITS[-1]


class AstmLinkFramer:
    """One receiver: neutral until ENQ, then frames until EOT.

    Args:
        converse: whether to answer. Without it (a file of captured bytes) frames are also taken outside a session,
            and a message ends with its terminator record.
    """

    idle_seconds = 30.0  # the receiver's frame timer of E1381; restarts with every byte

    def __init__(self, *, converse: bool = True) -> None:
        self._converse = converse
        self._position = 0
        self._frame = bytearray()
        self._text = bytearray()
        self._garbage = bytearray()
        self._check_from = -1  # index in the frame of the first checksum digit
        self._in_frame = False
        self._in_session = False
        self._ended = False  # the last frame accepted ended in ETX
        self._expected = 1
        self._last: bytes = b""

    @property
    def pending(self) -> bool:
        return self._in_session or self._in_frame or bool(self._text or self._garbage)

    def feed(self, data: bytes) -> Sequence[Event]:  # noqa: C901 - each call it made would cost as much as ten bytes
        if len(data) == 1:
            return self._feed_byte(data)
        events: list[Event] = []
        if self._in_frame:
            begun = len(self._frame)
            if begun > _SHORT:
                return self._look_closer(data, 0, events)
            data = bytes(self._frame) + data
            self._position -= begun
            self._in_frame = False
        if len(self._text) + len(data) > MAX_MESSAGE:
            return self._look_closer(data, 0, events)
        begin = end = self._position
        run: Run = []
        text, digit, in_session, last = self._text, _DIGITS[self._expected], self._in_session, b""
        for gap, raw, body, check, turn in _REGULAR(data):
            if check:
                if check != HEX8[adler32(body) - 1 & 0xFF] or body[0] != digit or not in_session:
                    break
                end += len(gap) + len(raw)
                text += body[1:-1]
                digit = digit + 1 if digit < _LAST_DIGIT else _FIRST_DIGIT
                run.append((raw, end))
                last = body
                continue
            if run:
                self._keep_run(run, last, events)
                run = []
            if turn:
                self._position = end + len(gap)
                self._take(turn[0], events)
                end = self._position + 1
                text, digit, in_session = self._text, _DIGITS[self._expected], self._in_session
            elif in_session and raw and end + len(gap) + len(raw) + 1 >= begin + len(data):
                self._in_frame = True
                self._frame = bytearray(data[end + len(gap) - begin :])
                self._check_from = len(raw) if raw[-1] in _FRAME_ENDS else -1
                end = begin + len(data)
                break
            else:
                break
        if run:
            self._keep_run(run, last, events)
        self._position = end
        at = end - begin
        return (events or NOTHING) if at == len(data) else self._look_closer(data, at, events)

    def _feed_byte(self, data: bytes) -> Sequence[Event]:
        """As `feed`, of the one byte that a slow line gives at a time."""
        if self._in_frame:
            if self._check_from < 0 and data in _TEXT and len(self._frame) < MAX_FRAME:
                self._frame += data
                self._position += 1
                return NOTHING
        elif data in _BLANK:
            self._position += 1
            return NOTHING
        events: list[Event] = []
        self._take(data[0], events)
        self._position += 1
        return events or NOTHING

    def _look_closer(self, data: bytes, at: int, events: list[Event]) -> Sequence[Event]:
        """Take what these bytes hold from `at` on, where the framer stands, in pieces as large as can be."""
        begin, size = self._position - at, len(data)
        while at < size:
            if not self._in_frame:
                if data[at] not in _MARKS:
                    nothing = _BLANKS.match(data, at)
                    if nothing is not None:
                        at = nothing.end()
                        continue
                    noise = _NOISE.match(data, at)
                    if noise is not None:
                        self._take_noise(data[at : noise.end()], begin + at, events)
                        at = noise.end()
                        continue
            elif self._check_from < 0:
                at = self._take_text(data, at)
                if at == size:
                    break
            self._position = begin + at
            self._take(data[at], events)
            at += 1
        self._position = begin + size
        return events or NOTHING

    def _keep_run(self, run: Run, last: bytes, events: list[Event]) -> None:
        self._last, self._ended = last, last[-1] == ETX
        self._expected = (last[0] - _FIRST_DIGIT + 1) % _SEQUENCE
        if self._garbage:
            self._flush_garbage(events, run[0][1] - 1)
        if self._converse:
            for frame in run:
                events += (new_frame(frame), _SEND_ACK)
        else:
            events.append(run)

    def _take_text(self, data: bytes, at: int) -> int:
        """Add what cannot end the frame in one piece; the index of the first byte that was not added."""
        found = _FRAME_STOP.search(data, at)
        stop = len(data) if found is None else found.start()
        stop = min(stop, at + MAX_FRAME - len(self._frame))
        self._frame += data[at:stop]
        return max(at, stop)

    def _take(self, byte: int, events: list[Event]) -> None:
        if self._in_frame:
            self._take_in_frame(byte, events)
        elif byte == STX:
            self._in_frame, self._frame, self._check_from = True, bytearray(b"\x02"), -1
        elif byte == ENQ[0]:
            self._begin_session(events)
        elif byte == EOT[0]:
            self._end_session(events)
        elif byte not in (CR, LF):
            self._add_garbage(byte, events)

    def _take_in_frame(self, byte: int, events: list[Event]) -> None:
        if byte == ENQ[0] and self._check_from < 0:
            # No record holds ENQ: the device was switched off and on in mid frame.
            self._give_up_frame("ENQ in mid frame", events, self._position)
            self._begin_session(events)
            return
        if byte == STX and self._check_from < 0:
            self._give_up_frame("STX in mid frame", events, self._position)
            self._in_frame = True
            self._frame = bytearray((STX,))
            return
        self._frame.append(byte)
        if self._check_from < 0:
            if byte in (ETX, ETB):
                self._check_from = len(self._frame)
            elif len(self._frame) > MAX_FRAME:
                self._give_up_frame(f"more than {MAX_FRAME} bytes without an end", events, self._position + 1)
                self._send(NAK, events)
        elif len(self._frame) == self._check_from + _CHECK_SIZE:
            raw = bytes(self._frame)
            self._in_frame = False
            self._frame = bytearray()
            self._judge_frame(raw, raw[1 : self._check_from], raw[self._check_from :], events)

    def _judge_frame(self, raw: bytes, body: bytes, stated: bytes, events: list[Event]) -> None:
        """The checksum is in; CR and LF that follow are separators and change nothing."""
        end = self._position + 1
        number = body[0] - 0x30
        if (
            stated == HEX8[sum(body) & 0xFF]
            and number == self._expected
            and self._in_session
            and 0 not in body
            and len(self._text) + len(body) <= MAX_MESSAGE
        ):
            self._accept(raw, body, end, events)
            return
        if stated.upper() != HEX8[sum8(body)]:
            self._refuse(raw, end, f"checksum {stated.decode('ascii', 'backslashreplace')}", events)
        elif 0 in body:
            # A sum does not see a 00 that a line put in, and no record holds one.
            self._refuse(raw, end, "a NUL in the text", events)
        elif not self._in_session and self._converse:
            self._refuse(raw, end, "a frame without ENQ", events)
        elif body == self._last:
            # Our ACK was lost: say it again, append nothing.
            self._send(ACK, events)
        elif number != self._expected and self._in_session:
            self._refuse(raw, end, f"frame number {number}, expected {self._expected}", events)
        elif len(self._text) + len(body) > MAX_MESSAGE:
            self._refuse(raw, end, f"a message of more than {MAX_MESSAGE} bytes", events)
        else:
            self._accept(raw, body, end, events)

    def _accept(self, raw: bytes, body: bytes, end: int, events: list[Event]) -> None:
        if self._garbage:
            self._flush_garbage(events)
        self._last = body
        self._ended = body[-1] == ETX
        self._text += body[1:-1]
        self._expected = (self._expected + 1) % _SEQUENCE
        events.append(new_frame((raw, end)))
        if self._converse:
            events.append(_SEND_ACK)
        if not self._in_session and self._ended:
            self._finish_message(end, events)

    def _refuse(self, raw: bytes, end: int, reason: str, events: list[Event]) -> None:
        self._flush_garbage(events)
        events.append(Incomplete(raw, end, reason, is_refused=self._converse))
        self._send(NAK, events)

    def _begin_session(self, events: list[Event]) -> None:
        if self._in_session:
            self._abandon("ENQ in mid transfer", events, self._position)
        if self._garbage:
            self._flush_garbage(events)
        self._reset_message()
        self._in_session = True
        self._send(ACK, events)

    def _end_session(self, events: list[Event]) -> None:
        end = self._position + 1
        if self._garbage:
            self._flush_garbage(events)
        if self._ended and self._text:
            self._finish_message(end, events)
        else:
            self._abandon("EOT without ETX", events, end)
        self._in_session = False

    def _finish_message(self, end: int, events: list[Event]) -> None:
        text = bytes(self._text)
        self._reset_message()
        if is_complete_message(text):
            events.append(new_message((text, end)))
        else:
            events.append(Incomplete(text, end, "a message without header or terminator record"))

    def _abandon(self, reason: str, events: list[Event], end: int) -> None:
        if self._text:
            events.append(Incomplete(bytes(self._text), end, reason))
        self._reset_message()

    def _reset_message(self) -> None:
        self._text = bytearray()
        self._ended = False
        self._expected = 1
        self._last = b""

    def _give_up_frame(self, reason: str, events: list[Event], end: int) -> None:
        self._flush_garbage(events)
        events.append(Incomplete(bytes(self._frame), end, reason))
        self._frame = bytearray()
        self._in_frame = False
        self._check_from = -1

    def _add_garbage(self, byte: int, events: list[Event]) -> None:
        self._garbage.append(byte)
        if len(self._garbage) >= GARBAGE_BLOCK:
            self._flush_garbage(events, self._position + 1)

    def _take_noise(self, noise: bytes, begin: int, events: list[Event]) -> None:
        """As `_add_garbage`, for all that stands before the next byte that means something."""
        at = 0
        while at < len(noise):
            piece = noise[at : at + GARBAGE_BLOCK - len(self._garbage)]
            self._garbage += piece
            at += len(piece)
            if len(self._garbage) >= GARBAGE_BLOCK:
                self._flush_garbage(events, begin + at)

    def _flush_garbage(self, events: list[Event], end: int | None = None) -> None:
        if self._garbage:
            events.append(Garbage(bytes(self._garbage), self._position if end is None else end))
            self._garbage = bytearray()

    def _send(self, answer: bytes, events: list[Event]) -> None:
        if self._converse:
            events.append(Send(answer))

    def expire(self) -> Sequence[Event]:
        """Thirty seconds of silence end the session; the device starts again with ENQ."""
        return self._stop("the line fell silent in mid transfer")

    def close(self) -> Sequence[Event]:
        return self._stop("the connection ended in mid transfer")

    def _stop(self, reason: str) -> list[Event]:
        events: list[Event] = []
        self._flush_garbage(events)
        if self._in_frame:
            self._give_up_frame(reason, events, self._position)
        if self._text and self._ended and not self._in_session:
            self._finish_message(self._position, events)
        self._abandon(reason, events, self._position)
        self._in_session = False
        return events


def is_complete_message(text: bytes) -> bool:
    """Whether a message begins with its header and has its terminator record."""
    if text[:1] == b"H":
        tail = text.rstrip()
        at = max(tail.rfind(b"\r"), tail.rfind(b"\n")) + 1
        return tail[at : at + 1] == b"L"
    records = [record for record in text.replace(b"\n", b"\r").split(b"\r") if record.strip()]
    return bool(records) and records[0][:1] == b"H" and records[-1][:1] == b"L"


class AstmRecordFramer:
    """Bare records `H|… CR … L|…`, as some devices send them and some programs save them.

    A message runs from a header record to the next terminator record; lines outside are garbage.
    """

    idle_seconds = 30.0

    def __init__(self) -> None:
        self._position = 0
        self._line = bytearray()
        self._text = bytearray()

    @property
    def pending(self) -> bool:
        return bool(self._line or self._text)

    def feed(self, data: bytes) -> Sequence[Event]:
        if len(self._line) + len(self._text) + len(data) < MAX_MESSAGE:
            if data in _LINE_TEXT or (len(data) > 1 and _LINE_END.search(data) is None):
                self._line += data
                self._position += len(data)
                return NOTHING
            return self._take_lines(data)
        events: list[Event] = []
        lines = data.replace(b"\n", b"\r").split(b"\r")
        rest = lines.pop()
        for line in lines:
            self._take_text(line, events)
            self._position += 1
            if self._line:
                self._end_line(events)
        self._take_text(rest, events)
        return events or NOTHING

    def _take_lines(self, data: bytes) -> Sequence[Event]:
        """Take lines of which none can make the message too long."""
        events: list[Event] = []
        run: Run = []
        end = self._position - len(self._line)
        lines = (bytes(self._line) + data).replace(b"\n", b"\r").split(b"\r")
        self._line = bytearray(lines.pop())
        self._position += len(data)
        text = self._text
        for line in lines:
            end += len(line) + 1
            kind = line[:1]
            if text and kind not in _SPECIAL:
                text += line
                text.append(CR)
                run.append((line, end))
            elif line:
                if run:
                    events.append(run)
                    run = []
                self._take_line(line, end, events)
                text = self._text
        if run:
            events.append(run)
        return events or NOTHING

    def _take_text(self, text: bytes, events: list[Event]) -> None:
        """Add to the line; what would make the message too long is garbage from its first byte."""
        while text and len(self._line) + len(self._text) + len(text) >= MAX_MESSAGE:
            fits = max(1, MAX_MESSAGE - len(self._line) - len(self._text))
            self._position += fits
            events.append(Garbage(bytes(self._text + self._line) + text[:fits], self._position))
            self._text, self._line = bytearray(), bytearray()
            text = text[fits:]
        self._line += text
        self._position += len(text)

    def _end_line(self, events: list[Event]) -> None:
        line, self._line = bytes(self._line), bytearray()
        self._take_line(line, self._position, events)

    def _take_line(self, line: bytes, end: int, events: list[Event]) -> None:
        if line[:1] == b"H":
            if self._text:
                events.append(Incomplete(bytes(self._text), end, "no terminator record"))
            self._text = bytearray()
        elif not line.strip():
            return
        elif not self._text:
            events.append(Garbage(line, end))
            return
        self._text += line
        self._text.append(CR)
        events.append(new_frame((line, end)))
        if line[:1] == b"L":
            events.append(Message(bytes(self._text), end))
            self._text = bytearray()

    def expire(self) -> Sequence[Event]:
        events: list[Event] = []
        self._end_line(events)
        if self._text:
            events.append(Incomplete(bytes(self._text), self._position, "no terminator record"))
            self._text = bytearray()
        return events

    def close(self) -> Sequence[Event]:
        return self.expire()
