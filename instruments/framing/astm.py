"""The receiving side of ASTM E1381 (LIS01-A2).

Every answer is a `Send` that the reader writes only after the bytes are durable, so an ACK is never given for
something that could still be lost. Frames are checked one by one, ETB frames like ETX frames.

Deviations that real devices show and that are accepted: CR LF missing after the checksum, a whole message in one
frame, ETB at the end of a complete record, frames longer than 240 bytes.

Source: ASTM E1381-95 and CLSI LIS01-A2; captures of a cobas c111 and a Sysmex XP-100.
"""

import re
from collections.abc import Sequence
from zlib import adler32

from instruments.framing.astm_records import MAX_MESSAGE, is_complete_message
from instruments.framing.base import (
    EVERY_BYTE,
    GARBAGE_BLOCK,
    NOTHING,
    Event,
    Garbage,
    Incomplete,
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
_CHECK_SIZE = 2
# The ordinary case in one look: what is nothing, then a frame, or as much of it as there is, or a turn of the
# conversation. The rest, in one piece, is looked at more closely.
_REGULAR = re.compile(
    rb"([\r\n]*+)(?:(\x02([^\x00-\x05\x17]{0,%d}+(?:[\x03\x17]|\Z))(..)?)|([\x04\x05])|.++)" % (ADLER_SUMS - 1),
    re.DOTALL,
).findall
_FRAME_STOP = re.compile(b"[\x02\x03\x05\x17]")  # STX, ETX, ENQ, ETB
_FRAME_END = re.compile(b"[\x03\x17]")  # ETX, ETB
_LAST = b"\x03"  # ETX, with which the last frame of a message ends
_TEXT = each_byte(EVERY_BYTE.translate(None, b"\x02\x03\x05\x17"))
_SHORT = ADLER_SUMS  # bytes of a frame that is looked at again as a whole with each piece; a longer one only grows
_BLANKS = re.compile(rb"[\r\n]+")
_BLANK = each_byte(b"\r\n")
_MARKS = b"\x02\x04\x05"  # STX, EOT, ENQ
_NOISE = re.compile(b"[^\x02\x04\x05\r\n]+")  # what means nothing between frames
_DIGITS = b"12345670"  # the number of a frame as it stands in it, in the order in which they come
_NEXT_DIGIT = dict(zip(_DIGITS, _DIGITS[1:] + _DIGITS[:1], strict=True))
_FIRST_DIGIT, _DIGIT_ZERO = _DIGITS[0], ord("0")
_NO_DIGIT = -1  # outside a session no number is expected


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
        self._head = b""  # of a frame that a piece has cut; what has been looked at closer is in `_frame`
        self._frame = bytearray()
        self._text = bytearray()
        self._garbage = bytearray()
        self._check_from = -1  # index in the frame of the first checksum digit
        self._in_frame = False
        self._digit = _NO_DIGIT  # of the next frame
        self._last: bytes = b""  # of the message, the last frame accepted, from its number to its end

    @property
    def pending(self) -> bool:
        return self._in_session or self._in_frame or bool(self._text or self._garbage)

    @property
    def _in_session(self) -> bool:
        return self._digit != _NO_DIGIT

    def feed(self, data: bytes) -> Sequence[Event]:  # noqa: C901, PLR0912, PLR0915 - a call costs as much as ten bytes
        if len(data) == 1:
            return self._feed_byte(data)
        begin = self._position
        if self._in_frame:
            head = self._head
            if not head:
                if len(self._frame) > _SHORT:
                    return self._look_closer(data, 0, [])
                head = bytes(self._frame)
            data = head + data
            begin -= len(head)
            self._head, self._in_frame = b"", False
        text, size, at = self._text, len(data), 0
        if len(text) + size > MAX_MESSAGE:
            self._position = begin
            return self._look_closer(data, 0, [])
        events: list[Event] = []
        run: Run = []
        digit, last = self._digit, self._last
        is_plain = not (self._converse or self._garbage)  # then a run and a turn need no more than stands here
        for gap, raw, body, check, turn in _REGULAR(data):
            if check:
                if body[0] != digit or check != HEX8[adler32(body) - 1 & 0xFF]:
                    break
                at += len(gap) + len(raw)
                text += body[1:-1]
                digit = _NEXT_DIGIT[digit]
                run.append((raw, begin + at))
                last = body
            elif turn:
                at += len(gap) + 1
                if is_plain and turn == EOT and last[-1:] == _LAST and is_complete_message(text):
                    if run:
                        events.append(run)
                        run = []
                    events.append(new_message((bytes(text), begin + at)))
                    text = self._text = bytearray()
                    digit, last = _NO_DIGIT, b""
                    continue
                if is_plain and turn == ENQ and digit == _NO_DIGIT and not text:
                    digit, last = _FIRST_DIGIT, b""
                    continue
                if run:
                    self._keep_run(run, events)
                    run = []
                self._digit, self._last, self._position = digit, last, begin + at - 1
                self._take(turn[0], events)
                text, digit, last = self._text, self._digit, self._last
                is_plain = not (self._converse or self._garbage)
            elif digit != _NO_DIGIT and raw and at + len(gap) + len(raw) + 1 >= size:
                self._in_frame = True
                self._head = data[at + len(gap) :]
                at = size
                break
            else:
                break
        if run:
            if is_plain:
                events.append(run)
            else:
                self._keep_run(run, events)
        self._digit, self._last, self._position = digit, last, begin + at
        return (events or NOTHING) if at == size else self._look_closer(data, at, events)

    def _open_head(self) -> None:
        """Take apart what a piece has cut, to go on byte by byte."""
        self._frame, self._head = bytearray(self._head), b""
        end = _FRAME_END.search(self._frame)
        self._check_from = end.end() if end else -1

    def _feed_byte(self, data: bytes) -> Sequence[Event]:
        """As `feed`, of the one byte that a slow line gives at a time."""
        if self._in_frame:
            if self._head:
                self._open_head()
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
        if self._head:
            self._open_head()
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

    def _keep_run(self, run: Run, events: list[Event]) -> None:
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
        if (
            stated == HEX8[sum(body) & 0xFF]
            and body[0] == self._digit
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
        elif self._in_session and body[0] != self._digit:
            self._refuse(
                raw, end, f"frame number {body[0] - _DIGIT_ZERO}, expected {self._digit - _DIGIT_ZERO}", events
            )
        elif len(self._text) + len(body) > MAX_MESSAGE:
            self._refuse(raw, end, f"a message of more than {MAX_MESSAGE} bytes", events)
        else:
            self._accept(raw, body, end, events)

    def _accept(self, raw: bytes, body: bytes, end: int, events: list[Event]) -> None:
        if self._garbage:
            self._flush_garbage(events)
        self._last = body
        self._text += body[1:-1]
        if self._in_session:
            self._digit = _NEXT_DIGIT[self._digit]
        events.append(new_frame((raw, end)))
        if self._converse:
            events.append(_SEND_ACK)
        if not self._in_session and body[-1] == ETX:
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
        self._digit = _FIRST_DIGIT
        self._send(ACK, events)

    def _end_session(self, events: list[Event]) -> None:
        end = self._position + 1
        if self._garbage:
            self._flush_garbage(events)
        if self._last[-1:] == _LAST and self._text:
            self._finish_message(end, events)
        else:
            self._abandon("EOT without ETX", events, end)
        self._digit = _NO_DIGIT

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
        self._last = b""

    def _give_up_frame(self, reason: str, events: list[Event], end: int) -> None:
        self._flush_garbage(events)
        if self._head:
            self._open_head()
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
        if self._text and self._last[-1:] == _LAST and not self._in_session:
            self._finish_message(self._position, events)
        self._abandon(reason, events, self._position)
        self._digit = _NO_DIGIT
        return events
