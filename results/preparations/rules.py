"""Dilution and expiry, on plain values."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal

from lims.quantities import Unit, convert
from results.preparations.types import Material

_EXACT = Context(prec=28, rounding=ROUND_HALF_EVEN)


def dilution_factor(taken: Decimal, taken_unit: Unit, final: Decimal, final_unit: Unit) -> Decimal:
    """How many times something was diluted: the final amount over the amount taken, both above 0.

    Raises:
        UnitMismatchError: one is a mass and the other a volume.
    """
    return _EXACT.divide(convert(final, final_unit, taken_unit), taken)


def diluted(concentration: Decimal, factor: Decimal) -> Decimal:
    """The concentration after a dilution, in the same unit, to 28 figures."""
    return _EXACT.divide(concentration, factor)


def earliest(materials: Iterable[Material]) -> Material | None:
    """The material that expires first; None of none."""
    return min(materials, key=lambda one: (one.last_day, one.number), default=None)
