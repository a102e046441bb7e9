"""Where the lines of a temperature chart run; the template draws them, and a table beside it says the same in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from chain_of_custody.conditions.rules import find_gaps, thin_out
from chain_of_custody.conditions.types import Reading
from chain_of_custody.types import CelsiusRange
from lims.clock import local_time

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 20, 14, 40
MOST_POINTS = 300  # twice as many would fall on the same dots
MARKS = 5
LEAST_SPAN = Decimal(4)  # °C: half a degree of noise shall not look like a storm


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the grid with its word."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of readings in a box of `WIDTH` by `HEIGHT`.

    Attributes:
        path: the line, as an SVG path.
        degrees, times: the grid.
        bound_at: height of the warmest allowed; None where there is none. What lies above it is shaded.
        lower_bound_at: height of the coldest allowed, likewise; what lies below it is shaded.
    """

    path: str
    degrees: tuple[Mark, ...]
    times: tuple[Mark, ...]
    bound_at: float | None
    lower_bound_at: float | None
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def lay_out(readings: Sequence[Reading], allowed: CelsiusRange) -> Chart:
    """Place the readings, their grid and what is allowed; one reading is a dot in the middle."""
    values = [reading.celsius for reading in readings]
    values += [end for end in (allowed.lowest, allowed.highest) if end is not None]
    low, high = min(values), max(values)
    middle, span = (low + high) / 2, max(high - low, LEAST_SPAN) * Decimal("1.1")
    floor = middle - span / 2
    begin, length = readings[0].at, (readings[-1].at - readings[0].at).total_seconds()

    def across(at: datetime) -> float:
        share = (at - begin).total_seconds() / length if length else 0.5
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def height(celsius: Decimal) -> float:
        return round(HEIGHT - BOTTOM - float((celsius - floor) / span) * (HEIGHT - TOP - BOTTOM), 1)

    gaps = [(before.at, after.at) for before, after in find_gaps(readings)]
    shown = thin_out(readings, MOST_POINTS)
    points = [f"{across(one.at)} {height(one.celsius)}" for one in shown]
    # No line is drawn where nothing was measured.
    strokes = ["M"] + [
        "M" if any(before.at <= last and first <= after.at for last, first in gaps) else "L"
        for before, after in pairwise(shown)
    ]
    if len(points) == 1:
        points, strokes = points * 2, ["M", "L"]
    steps = [floor + span * step / (MARKS - 1) for step in range(MARKS)]
    instants = [begin + (readings[-1].at - begin) * step / (MARKS - 1) for step in range(MARKS if length else 1)]
    return Chart(
        path="".join(f"{stroke}{point}" for stroke, point in zip(strokes, points, strict=True)),
        degrees=tuple(Mark(height(step), f"{step:.1f}") for step in steps),
        times=tuple(Mark(across(instant), f"{local_time(instant):%m-%d %H:%M}") for instant in instants),
        bound_at=None if allowed.highest is None else height(allowed.highest),
        lower_bound_at=None if allowed.lowest is None else height(allowed.lowest),
    )
