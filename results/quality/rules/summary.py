"""What a row of control values says as a whole: how many, their mean, their spread."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

_EXACT = Context(prec=40, rounding=ROUND_HALF_EVEN)
FEWEST_FOR_SPREAD = 2


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of a row of values, unrounded.

    Attributes:
        deviation: standard deviation of the sample (n - 1); None of fewer than two values.
        cv_percent: the deviation in per cent of the mean; None without one, or where the mean is 0.
    """

    count: int
    mean: Decimal
    deviation: Decimal | None
    cv_percent: Decimal | None


def summarise(values: Iterable[Decimal]) -> Summary | None:
    """Sum up control values; None of none.

    **Source:** GB/T 20468-2006 for mean, s and CV of control values.
    """
    found = list(values)
    if not found:
        return None
    mean = _EXACT.divide(sum(found, Decimal(0)), Decimal(len(found)))
    if len(found) < FEWEST_FOR_SPREAD:
        return Summary(len(found), mean, None, None)
    squares = sum((_EXACT.power(_EXACT.subtract(one, mean), 2) for one in found), Decimal(0))
    deviation = _EXACT.sqrt(_EXACT.divide(squares, Decimal(len(found) - 1)))
    cv = _EXACT.divide(100 * deviation, abs(mean)) if mean else None
    return Summary(len(found), mean, deviation, cv)
