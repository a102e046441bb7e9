"""The languages of label and receipt printers: ZPL, TSPL and ESC/POS, each carrying a picture of whole dots."""

from itertools import groupby

from PIL import ImageOps

from chain_of_custody.labels.contents import LabelSize
from chain_of_custody.labels.drawing import Picture

GAP_MM = 2  # between the labels of a roll
MAX_COPIES = 999  # more is a slip of the finger, and a roll is no longer than this
ESC_POS_BAND_ROWS = 255  # belt printers hold little: the picture is sent in bands
FEED_LINES = 4  # from the print head to where paper is torn off
REPEAT_DIGITS = "".join(chr(code) for code in range(ord("G"), ord("Z")))  # G = 1 … Y = 19
REPEAT_TWENTIES = "".join(chr(code) for code in range(ord("g"), ord("z") + 1))  # g = 20 … z = 400
MAX_REPEAT = 400 + 19


def to_zpl(picture: Picture, copies: int = 1) -> bytes:
    """Write a label in ZPL II.

    **Source:** ZPL II Programming Guide, `^GF` and its "alternative data compression scheme".
    """
    _check_copies(copies)
    rows = _rows(picture)
    row_bytes = len(rows[0])
    total = row_bytes * len(rows)
    lines: list[str] = []
    previous = ""
    for row in rows:
        digits = row.hex().upper()
        lines.append(":" if digits == previous else _compress(digits))
        previous = digits
    field = f"^GFA,{total},{total},{row_bytes},{''.join(lines)}"
    return (f"^XA\n^PW{picture.width}\n^LL{picture.height}\n^LH0,0\n^FO0,0{field}^FS\n^PQ{copies}\n^XZ\n").encode(
        "ascii"
    )


def to_tspl(picture: Picture, size: LabelSize, copies: int = 1) -> bytes:
    """Write a label in TSPL.

    **Source:** TSPL/TSPL2 Programming Manual, `BITMAP` (a set bit stays white) and `PRINT`.
    """
    _check_copies(copies)
    rows = _rows(picture)
    inverted = bytes(byte ^ 0xFF for row in rows for byte in row)
    head = (
        f"SIZE {size.value.width} mm,{size.value.height} mm\r\nGAP {GAP_MM} mm,0 mm\r\nDIRECTION 1\r\nCLS\r\n"
        f"BITMAP 0,0,{len(rows[0])},{len(rows)},0,"
    )
    return head.encode("ascii") + inverted + f"\r\nPRINT {copies},1\r\n".encode("ascii")


def to_escpos(picture: Picture) -> bytes:
    """Write a receipt in ESC/POS.

    **Source:** ESC/POS command reference, `ESC @`, `GS v 0` (raster, least significant byte first) and `ESC d`.
    """
    rows = _rows(picture)
    row_bytes = len(rows[0])
    written = bytearray(b"\x1b@")
    for first in range(0, len(rows), ESC_POS_BAND_ROWS):
        band = rows[first : first + ESC_POS_BAND_ROWS]
        written += b"\x1dv0\x00" + row_bytes.to_bytes(2, "little") + len(band).to_bytes(2, "little")
        written += b"".join(band)
    return bytes(written + b"\x1bd" + bytes([FEED_LINES]))


def _rows(picture: Picture) -> list[bytes]:
    """Return the rows of a picture, a set bit for a black dot, each padded to whole bytes with white."""
    padded = ImageOps.expand(picture, (0, 0, -picture.width % 8, 0), fill=1)
    packed = ImageOps.invert(padded.convert("L")).convert("1").tobytes()
    row_bytes = padded.width // 8
    return [packed[at : at + row_bytes] for at in range(0, len(packed), row_bytes)]


def _compress(digits: str) -> str:
    """Shorten the hex digits of one row: counts before a digit, `,` for white and `!` for black to its end."""
    body, end = digits, ""
    for digit, mark in (("0", ","), ("F", "!")):
        if digits.endswith(digit):
            body, end = digits.rstrip(digit), mark
    return "".join(_repeat(digit, len(list(run))) for digit, run in groupby(body)) + end


def _repeat(digit: str, count: int) -> str:
    if count > MAX_REPEAT:
        return _repeat(digit, MAX_REPEAT) + _repeat(digit, count - MAX_REPEAT)
    twenties, ones = divmod(count, 20)
    if count == 1:
        return digit
    return (REPEAT_TWENTIES[twenties - 1] if twenties else "") + (REPEAT_DIGITS[ones - 1] if ones else "") + digit


def _check_copies(copies: int) -> None:
    if not 1 <= copies <= MAX_COPIES:
        raise ValueError(f"expected 1 to {MAX_COPIES} copies, got {copies}")
