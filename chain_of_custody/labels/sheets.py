"""Labels as PDF: on A4 sheets of label stock, or one a page for a printer with a roll."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chain_of_custody.labels.contents import LabelContent, LabelSize
from chain_of_custody.labels.drawing import linear_bar_dots
from lims import symbols
from lims.papers import render_pdf

LABELS = "chain_of_custody/labels/labels.typ"
COLUMNS = {LabelSize.SMALL: 5, LabelSize.MEDIUM: 3, LabelSize.LARGE: 2}
ROWS = {LabelSize.SMALL: 9, LabelSize.MEDIUM: 7, LabelSize.LARGE: 4}


class Stock(StrEnum):
    """What the labels are printed on."""

    SHEET = "sheet"
    ROLL = "roll"


@dataclass(frozen=True, slots=True)
class _PrintedLabel:
    content: LabelContent
    bars: str | None
    square: str


@dataclass(frozen=True, slots=True)
class _Printed:
    labels: tuple[_PrintedLabel, ...]
    width: int
    height: int
    columns: int
    rows: int
    stock: Stock
    skip: int


def render_labels(
    contents: Sequence[LabelContent], size: LabelSize, stock: Stock = Stock.SHEET, *, skip: int = 0
) -> bytes:
    """Lay out labels as PDF.

    Args:
        contents: the labels, in order.
        size: of each.
        stock: A4 sheets, or a roll with one label a page.
        skip: places at the start of a sheet that are already used up.

    Raises:
        ValueError: no label at all, more places skipped than a sheet has, or a code that Code 128 cannot hold.
    """
    return render_pdf(LABELS, _lay_out(contents, size, stock, skip))


def _lay_out(contents: Sequence[LabelContent], size: LabelSize, stock: Stock, skip: int = 0) -> _Printed:
    places = COLUMNS[size] * ROWS[size]
    if not contents:
        raise ValueError("expected at least one label to print, got none")
    if not 0 <= skip < places:
        raise ValueError(f"a sheet has {places} places, expected to skip 0 to {places - 1}, got {skip}")
    labels = tuple(
        _PrintedLabel(
            content,
            symbols.code128_svg(content.code) if linear_bar_dots(content.code, size) else None,
            symbols.qr_svg(content.code),
        )
        for content in contents
    )
    millimetres = size.value
    return _Printed(
        labels,
        millimetres.width,
        millimetres.height,
        COLUMNS[size],
        ROWS[size],
        stock,
        skip if stock is Stock.SHEET else 0,
    )
