"""Files of captured bytes: raw, or the hex logs that collection programs keep.

A hex log has lines of two-digit hex numbers between commas or blanks, and clock lines between them. The clock lines are
no bytes; where a line of bytes ends means nothing. A log that was cut or hurt somewhere is still one: its other lines
are read, and the hurt ones are told.
"""

import re
from dataclasses import dataclass

MOST_ODD_SHARE = 0.2  # of the lines of a hex log may be neither bytes nor a clock

_HEX_LINE = re.compile(rb"\s*(?:[0-9A-Fa-f]{2}(?:[ ,;:-]+|$))+\s*", re.MULTILINE)
_CLOCK_LINE = re.compile(rb"\s*(?:\d{4}[-/]\d{1,2}[-/]\d{1,2}[ T]+)?\d{1,2}:\d{2}:\d{2}(?:[.]\d+)?\s*")
_HEX_PAIR = re.compile(rb"[0-9A-Fa-f]{2}")
_BETWEEN = re.compile(rb"[ ,;:\t-]+")


@dataclass(frozen=True, slots=True)
class Capture:
    """The byte stream of a file.

    Attributes:
        content: the bytes of the device.
        odd_lines: of a hex log, the lines that are neither bytes nor a clock, by number from 1. What is a byte in them
            was taken all the same, unless most of the line is none.
    """

    content: bytes
    odd_lines: tuple[tuple[int, bytes], ...] = ()


def read_capture(content: bytes) -> Capture:
    """The byte stream of a capture file, and what in it could not be read as one."""
    plain = content.removeprefix(b"\xef\xbb\xbf")
    lines = [(number, line) for number, line in enumerate(plain.splitlines(), 1) if line.strip()]
    bearing = [(number, line) for number, line in lines if not _CLOCK_LINE.fullmatch(line)]
    odd = tuple((number, line) for number, line in bearing if not _HEX_LINE.fullmatch(line))
    if len(odd) == len(bearing) or len(odd) > MOST_ODD_SHARE * len(lines):
        return Capture(content)
    return Capture(b"".join(_bytes_of(line) for _number, line in bearing), odd)


def _bytes_of(line: bytes) -> bytes:
    if _HEX_LINE.fullmatch(line):
        return bytes(int(pair, 16) for pair in _HEX_PAIR.findall(line))
    words = [word for word in _BETWEEN.split(line.strip()) if word]
    pairs = [word for word in words if _HEX_PAIR.fullmatch(word)]
    is_of_bytes = len(pairs) > 1 and 2 * len(pairs) > len(words)  # the end of a clock is no byte
    return bytes(int(pair, 16) for pair in pairs) if is_of_bytes else b""


def captured_bytes(content: bytes) -> bytes:
    """The byte stream of a capture file."""
    return read_capture(content).content
