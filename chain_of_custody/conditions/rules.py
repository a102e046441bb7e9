"""What the readings of a data logger say: where it was too warm or too cold, and what is worth drawing."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from statistics import median_low

from chain_of_custody.conditions.types import Excursion, Reading
from chain_of_custody.types import CelsiusRange

CLOCKS_DIFFER = timedelta(hours=1)  # by which a logger may be wrong
SHORTEST_STEP = timedelta(minutes=1)  # of loggers that write by the second, a missed minute changes no food


def find_excursions(readings: Sequence[Reading], allowed: CelsiusRange) -> list[Excursion]:
    """The stretches in which it was warmer or colder than allowed, in order; a reading on an end is none.

    Args:
        readings: in order of time.
        allowed: without ends where nothing in the load has to be cold.
    """

    def side(reading: Reading) -> tuple[bool, bool]:
        return allowed.is_too_warm(reading.celsius), allowed.is_too_cold(reading.celsius)

    excursions = []
    for (is_warm, is_cold), stretch in groupby(readings, side):
        if not is_warm and not is_cold:
            continue
        outside = list(stretch)
        values = [reading.celsius for reading in outside]
        begins_at, ends_at = outside[0].at, outside[-1].at
        excursions.append(
            Excursion(begins_at, ends_at, highest=max(values))
            if is_warm
            else Excursion(begins_at, ends_at, lowest=min(values))
        )
    return excursions


def find_gaps(readings: Sequence[Reading]) -> list[tuple[Reading, Reading]]:
    """Where readings are missing: the last before and the first after, wherever more than two in a row are not there.

    What a logger's step is, most of its readings say.
    """
    steps = [after.at - before.at for before, after in pairwise(readings)]
    if not steps:
        return []
    longest = 3 * max(median_low(steps), SHORTEST_STEP)
    return [(before, after) for before, after in pairwise(readings) if after.at - before.at > longest]


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
