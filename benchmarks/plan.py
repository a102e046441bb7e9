"""Allocate a plan of 10,000 strata and draw from 1,000,000 businesses."""

import time

from benchmarks.harness import Measure
from sampling.rules.allocation import Shares, Stratum, allocate
from sampling.rules.draw import draw_businesses
from sampling.rules.frame import FrameEntry

STRATA, BUSINESSES = 10_000, 1_000_000


def measure() -> list[Measure]:
    """Seconds for both."""
    strata = [
        Stratum(
            f"{number % 400}@{number}",
            100 + number % 900,
            0,
            None,
            number % 3,
            number % 50,
            20 + number % 80,
            number % 7,
        )
        for number in range(STRATA)
    ]
    begun = time.perf_counter()
    lines = allocate(strata, 3 * STRATA, Shares.parse("neyman=.4,risk=.4,votes=.2"), seed="a" * 64)
    allocated = time.perf_counter() - begun
    quotas = {line.stratum: line.samples for line in lines}
    codes = list(quotas)
    entries = [FrameEntry(codes[number % STRATA], f"b{number:07d}") for number in range(BUSINESSES)]
    begun = time.perf_counter()
    draw_businesses("a" * 64, entries, quotas, 2)
    drawn = time.perf_counter() - begun
    return [
        Measure("allocate 10,000 strata", allocated, "s", ""),
        Measure("  and draw from 1,000,000 businesses", allocated + drawn, "s", "≤ 5 s together"),
    ]
