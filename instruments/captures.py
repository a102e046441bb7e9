"""Files of captured bytes: raw, or the hex logs that collection programs keep.

A hex log has lines of two-digit hex numbers between commas or blanks, and clock lines between them. The clock lines are
no bytes; where a line of bytes ends means nothing.
"""

import re

_HEX_LINE = re.compile(rb"\s*(?:[0-9A-Fa-f]{2}(?:[ ,;:-]+|$))+\s*", re.MULTILINE)
_CLOCK_LINE = re.compile(rb"\s*(?:\d{4}[-/]\d{1,2}[-/]\d{1,2}[ T]+)?\d{1,2}:\d{2}:\d{2}(?:[.]\d+)?\s*")
_HEX_PAIR = re.compile(rb"[0-9A-Fa-f]{2}")


def is_hex_log(content: bytes) -> bool:
    """Whether every line is bytes in hex, a clock or blank, and at least one is bytes."""
    lines = [line for line in content.splitlines() if line.strip()]
    clocks = [line for line in lines if _CLOCK_LINE.fullmatch(line)]
    return len(lines) > len(clocks) and all(_CLOCK_LINE.fullmatch(line) or _HEX_LINE.fullmatch(line) for line in lines)


def captured_bytes(content: bytes) -> bytes:
    """The byte stream of a capture file."""
    plain = content.removeprefix(b"\xef\xbb\xbf")
    if not is_hex_log(plain):
        return content
    lines = (line for line in plain.splitlines() if not _CLOCK_LINE.fullmatch(line))
    return bytes(int(pair, 16) for line in lines for pair in _HEX_PAIR.findall(line))
