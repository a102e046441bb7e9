"""Records of ASTM E1394 without a link around them, and what makes a message of its records.

Source: ASTM E1394-97 (LIS02-A2).
"""

import re
from collections.abc import Sequence

from instruments.framing.base import (
    EVERY_BYTE,
    NOTHING,
    Event,
    Garbage,
    Incomplete,
    Message,
    Run,
    each_byte,
    new_frame,
)

MAX_MESSAGE = 1_048_576  # sixteen of the longest frames; past it the message is refused
CR = 0x0D
_LINE_END = re.compile(b"[\r\n]")
_LINE_TEXT = each_byte(EVERY_BYTE.translate(None, b"\r\n"))
_SPECIAL = each_byte(b"HL \t\x0b\x0c") | {b""}  # what a line begins with that is not simply the next record


def is_complete_message(text: bytes | bytearray) -> bool:
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
