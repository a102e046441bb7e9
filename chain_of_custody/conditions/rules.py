"""What the readings of a data logger say: stretches that were too warm, and what is worth drawing of a long journey."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

from chain_of_custody.conditions.types import Excursion, Reading


def find_excursions(readings: Sequence[Reading], bound: Decimal | None) -> list[Excursion]:
    """The stretches in which it was warmer than the bound, in order; a reading on the bound is none.

    Args:
        readings: in order of time.
        bound: the warmest allowed, in °C; None where nothing in the load has to be cold.
    """
    if bound is None:
        return []
    excursions = []
    for is_warm, stretch in groupby(readings, lambda reading: reading.celsius > bound):
        if is_warm:
            warm = list(stretch)
            excursions.append(Excursion(warm[0].at, warm[-1].at, max(reading.celsius for reading in warm)))
    return excursions


def thin_out(readings: Sequence[Reading], most: int) -> list[Reading]:
    """At most about `most` readings that draw the same picture: of each stretch the lowest and the highest stay.

    No peak is lost, so that a chart of a week shows the ten minutes in which the door stood open.
    """
    if len(readings) <= most:
        return list(readings)
    stretch = -(-len(readings) // max(most // 2, 1))
    kept = []
    for begin in range(0, len(readings), stretch):
        part = readings[begin : begin + stretch]
        ends = {id(one): one for one in (min(part, key=_celsius), max(part, key=_celsius))}
        kept += sorted(ends.values(), key=lambda reading: reading.at)
    return kept


def _celsius(reading: Reading) -> Decimal:
    return reading.celsius
