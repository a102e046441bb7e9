"""Labels and receipts as pictures of black and white dots.

The modules of a code are whole dots: a bar of two dots and a half is what scanners stumble over.
"""

from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from chain_of_custody.labels.contents import LabelContent, LabelSize, Receipt
from lims import symbols
from lims.papers import sans_font_file

DOTS_PER_MM = {203: 8, 300: 12}  # what print heads of these resolutions are built with
RECEIPT_DOTS = {58: 384, 80: 576}  # printable width of a belt printer's paper, by its width in mm
LEAST_BAR_DOTS = 2  # 0.25 mm at 203 dpi, the narrowest bar that hand scanners read reliably
MARGIN_MM = 1.5
SMALLEST_TEXT_MM = 1.7
LINE_SPACING = 1.18
ASCENT = 0.9  # of the type size: how far the base line stands below the top of a line
RECEIPT_HEADING_DOTS = 34
RECEIPT_TEXT_DOTS = 24  # 3 mm, the usual letter of a belt printer
WHITE, BLACK = 1, 0

Picture = Image.Image


def draw_label(content: LabelContent, size: LabelSize, dpi: int = 203) -> Picture:
    """Draw one label, its text as large as it fits.

    Args:
        content: what it shows.
        size: of the label.
        dpi: resolution of the print head, 203 or 300.

    Raises:
        ValueError: a code that Code 128 cannot hold, or an unknown resolution.
    """
    if dpi not in DOTS_PER_MM:
        raise ValueError(f"expected a resolution of {sorted(DOTS_PER_MM)} dpi, got {dpi}")
    per_mm = DOTS_PER_MM[dpi]
    width, height = size.value.width * per_mm, size.value.height * per_mm
    margin = round(MARGIN_MM * per_mm)
    label = Image.new("1", (width, height), WHITE)
    bottom = height - margin
    if bar_dots := linear_bar_dots(content.code, size, dpi):
        bars = _enlarge((symbols.code128(content.code),), bar_dots, height // 6)
        bottom -= bars.height
        label.paste(bars, ((width - bars.width) // 2, bottom))
        bottom -= round(per_mm / 2)
    square = _qr_within(content.code, bottom - margin, int(width * 0.46))
    label.paste(square, (width - margin - square.width, margin))
    texts = [content.heading, content.code, *(f"{caption}：{text}" for caption, text in content.lines)]
    _write(label, texts, (margin, margin, width - 2 * margin - square.width, bottom), round(SMALLEST_TEXT_MM * per_mm))
    return label


def linear_bar_dots(code: str, size: LabelSize, dpi: int = 203) -> int:
    """How many dots a bar of `code` gets on a label of this width; 0 where it is too narrow for a Code 128."""
    modules = len(symbols.code128(code)) + 2 * symbols.QUIET_MODULES
    dots = size.value.width * DOTS_PER_MM[dpi] // modules
    return dots if dots >= LEAST_BAR_DOTS * dpi // 203 else 0


def draw_receipt(receipt: Receipt, paper_mm: int) -> Picture:
    """Draw a receipt as long as its text, for paper 58 or 80 mm wide, at 203 dpi.

    Raises:
        ValueError: another width of paper.
    """
    if paper_mm not in RECEIPT_DOTS:
        raise ValueError(f"expected paper of {sorted(RECEIPT_DOTS)} mm, got {paper_mm}")
    width = RECEIPT_DOTS[paper_mm]
    parts = [_paragraph(receipt.heading, RECEIPT_HEADING_DOTS, width, centred=True)]
    parts += [_paragraph(f"{caption}：{text}", RECEIPT_TEXT_DOTS, width) for caption, text in receipt.lines]
    if receipt.url:
        parts.append(_qr_within(receipt.url, width * 2 // 3, width * 2 // 3))
    parts.append(_paragraph(receipt.footer, RECEIPT_TEXT_DOTS, width))
    strip = Image.new("1", (width, sum(part.height for part in parts)), WHITE)
    y = 0
    for part in parts:
        strip.paste(part, ((width - part.width) // 2, y))
        y += part.height
    return strip


def _paragraph(text: str, size: int, width: int, *, centred: bool = False) -> Picture:
    """Draw a wrapped text over the whole width."""
    lines = _wrap(text, size, width)
    step = round(size * LINE_SPACING)
    paragraph = Image.new("1", (width, step * len(lines)), WHITE)
    pen = ImageDraw.Draw(paragraph)
    for at, line in enumerate(lines):
        left = (width - round(_length(line, size))) // 2 if centred else 0
        pen.text((left, at * step + round(size * ASCENT)), line, font=_font(size), fill=BLACK, anchor="ls")
    return paragraph


def _qr_within(text: str, height: int, width: int) -> Picture:
    """Draw the largest QR code of whole dots within a box, quiet zone included."""
    modules = symbols.qr(text)
    quiet = symbols.QR_QUIET_MODULES
    dots = max(1, min(height, width) // (len(modules) + 2 * quiet))
    code = _enlarge(modules, dots, dots)
    framed = Image.new("1", (code.width + 2 * quiet * dots, code.height + 2 * quiet * dots), WHITE)
    framed.paste(code, (quiet * dots, quiet * dots))
    return framed


def _enlarge(modules: Sequence[Sequence[bool]], dots: int, height: int) -> Picture:
    """Draw modules, each `dots` wide and `height` high."""
    picture = Image.new("1", (len(modules[0]), len(modules)))
    picture.putdata([BLACK if module else WHITE for row in modules for module in row])
    return picture.resize((picture.width * dots, picture.height * height), Image.Resampling.NEAREST)


def _write(label: Picture, texts: Sequence[str], box: tuple[int, int, int, int], smallest: int) -> None:
    """Write lines into a box (left, top, width, bottom) in the largest type that fits; the first is bold."""
    left, top, width, bottom = box
    size = max(smallest, (bottom - top) // len(texts))
    while True:
        lines = [(line, number) for number, text in enumerate(texts) for line in _wrap(text, size, width)]
        step = round(size * LINE_SPACING)
        if size <= smallest or len(lines) * step <= bottom - top:
            break
        size -= 1
    pen = ImageDraw.Draw(label)
    for at, (line, number) in enumerate(lines[: (bottom - top) // step]):  # what is left out, the code says
        place = (left, top + at * step + round(size * ASCENT))
        pen.text(place, line, font=_font(size), fill=BLACK, anchor="ls", stroke_width=int(number == 0))


def _wrap(text: str, size: int, width: int) -> list[str]:
    """Break a text where the line is full; Chinese needs no other place."""
    lines: list[str] = []
    line, length = "", 0.0
    for letter in text:
        advance = _advance(letter, size)
        if line and length + advance > width:
            lines.append(line)
            line, length = "", 0.0
        line += letter
        length += advance
    return [*lines, line] if line else lines


def _length(line: str, size: int) -> float:
    return sum(_advance(letter, size) for letter in line)


@lru_cache(maxsize=20_000)  # a few thousand letters in a handful of sizes
def _advance(letter: str, size: int) -> float:
    return _font(size).getlength(letter)


@lru_cache(maxsize=128)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(sans_font_file()), size)
