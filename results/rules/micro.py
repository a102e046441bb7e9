"""Microbiological sampling plans: n units of one lot, c of them allowed above m, none above M."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from lims.catalog.limits import MicroPlan
from results.rules.intervals import ZERO, Interval, Lie

_Above = Callable[[Interval, Decimal], bool]


def judge_plan(units: Sequence[Interval], plan: MicroPlan) -> Lie:
    """How the possible results of all units lie to a plan.

    Every unit is taken at its best and at its worst: when even the best fails the lot fails, when even the worst
    passes it passes. So `<10` counts as less than 10, and `>3.0×10⁵` fails every M up to 3.0×10⁵.

    Args:
        units: what each of the n units may hold, in the unit of the plan; exactly n of them.

    Source: GB 4789.1, n/c/m/M: two-class passes when at most c units exceed m; three-class when none exceeds M and at
        most c lie above m; m itself is good, M itself is marginal.
    """
    if not _passes(units, plan, _surely_above):
        return Lie.APART
    return Lie.INSIDE if _passes(units, plan, _possibly_above) else Lie.ACROSS


def _passes(units: Sequence[Interval], plan: MicroPlan, above: _Above) -> bool:
    if plan.big_m is not None and any(above(unit, plan.big_m) for unit in units):
        return False
    return sum(above(unit, plan.m) for unit in units) <= plan.c


def _surely_above(unit: Interval, figure: Decimal) -> bool:
    low = unit.low if unit.low is not None else ZERO
    return low > figure or (low == figure and unit.low_open)


def _possibly_above(unit: Interval, figure: Decimal) -> bool:
    return unit.high is None or unit.high > figure
