"""Machine-readable symbols: Code 128 for what a scanner reads, QR for what a telephone opens.

The encoders say which modules are dark; drawing is ours, so that every printer gets whole dots.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, cast

import segno
import zxingcpp
from barcode import Code128
from barcode.errors import BarcodeError
from PIL import Image, UnidentifiedImageError

from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l

QUIET_MODULES = 10  # light modules that ISO/IEC 15417 wants on both sides of a Code 128
DIGITS_99 = 99  # the digits 99, and the switch to digit pairs where one is not among them yet
QR_QUIET_MODULES = 4  # and ISO/IEC 18004 around a QR code

MAX_FRAME_BYTES = 4 * 1024 * 1024  # a camera's frame as JPEG is a tenth of it, a photo of a telephone just fits
MAX_FRAME_PIXELS = 24_000_000  # opened, this is 24 MB of grey; a small file that claims more is a trap
FRAME_FORMATS = ("JPEG", "PNG", "WEBP")

Modules = tuple[tuple[bool, ...], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One symbol found in a picture."""

    text: str
    symbology: str  # "Code128", "QRCode", "DataMatrix"


class _Code128(Code128):
    """Code 128 whose digits 99 at the start stay digits.

    python-barcode 0.16 begins every symbol in the charset of digit pairs, and then takes a leading pair 99 for a switch
    to the charset it is in already: a label for 9900 would read 00.
    """

    def _try_to_optimize(self, encoded: list[int]) -> list[int]:
        if encoded[1] == DIGITS_99:
            return encoded
        return cast("list[int]", super()._try_to_optimize(encoded))


def code128(text: str) -> tuple[bool, ...]:
    """Encode `text` as one row of modules, quiet zones not included; True is dark.

    Raises:
        ValueError: empty, or a character outside ASCII, which Code 128 does not have.
    """
    if not text:
        raise ValueError("a Code 128 needs at least one character, got an empty text")
    try:
        [row] = _Code128(text).build()
    except BarcodeError as error:
        raise ValueError(f"Code 128 holds ASCII only, got {text!r}") from error
    return tuple(module == "1" for module in row)


def qr(text: str) -> Modules:
    """Encode `text` as rows of modules, quiet zone not included; 15 % of it may be lost or dirty.

    Letters outside ASCII are marked as UTF-8, or readers guess at another alphabet.
    """
    symbol = segno.make(text, error="m", micro=False, mode="byte", encoding="utf-8", eci=not text.isascii())
    return tuple(tuple(bool(module) for module in row) for row in symbol.matrix)


def code128_svg(text: str) -> str:
    """Draw `code128(text)` with its quiet zones, stretched to whatever box it is put in."""
    return _svg((code128(text),), QUIET_MODULES, 0)


def qr_svg(text: str) -> str:
    """Draw `qr(text)` with its quiet zone."""
    return _svg(qr(text), QR_QUIET_MODULES, QR_QUIET_MODULES)


def read_symbols(image: Any) -> list[Reading]:
    """Find and decode the symbols in a picture (a Pillow image or a numpy array), in reading order."""
    return [Reading(found.text, found.format.name) for found in zxingcpp.read_barcodes(image)]


def read_frame(frame: bytes) -> list[Reading]:
    """Find and decode the symbols in a picture as a camera or a program sends it.

    Raises:
        InvalidInputError: too large, no picture, or one that is cut off.
    """
    if len(frame) > MAX_FRAME_BYTES:
        raise InvalidInputError(
            _l("The picture has %(size)s bytes, expected at most %(most)s.", size=len(frame), most=MAX_FRAME_BYTES)
        )
    try:
        with Image.open(BytesIO(frame), formats=FRAME_FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_FRAME_PIXELS:
                raise InvalidInputError(
                    _l(
                        "The picture has %(width)s × %(height)s dots, expected at most %(most)s together.",
                        width=width,
                        height=height,
                        most=MAX_FRAME_PIXELS,
                    )
                )
            return read_symbols(picture.convert("L"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InvalidInputError(
            _l("These %(size)s bytes are no picture; expected a JPEG, PNG or WebP.", size=len(frame))
        ) from error


def _svg(rows: Sequence[Sequence[bool]], quiet_x: int, quiet_y: int) -> str:
    width, height = len(rows[0]) + 2 * quiet_x, len(rows) + 2 * quiet_y
    path = "".join(
        f"M{start + quiet_x} {y + quiet_y}h{end - start}v1h-{end - start}z"
        for y, row in enumerate(rows)
        for start, end in _runs(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" preserveAspectRatio="none" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{width}v{height}H0z"/><path d="{path}"/></svg>'
    )


def _runs(row: Sequence[bool]) -> list[tuple[int, int]]:
    """Return the half-open ranges of dark modules in one row."""
    edges = [at for at in range(len(row) + 1) if (at > 0 and row[at - 1]) != (at < len(row) and row[at])]
    return list(zip(edges[::2], edges[1::2], strict=True))
