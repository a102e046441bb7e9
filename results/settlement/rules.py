"""What a sample costs: its price on the day it ended, less what its fate takes away."""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from results.settlement.types import Line, LineKind, Price, SettledSample

FEN = Decimal("0.01")
UNPAID = frozenset({LineKind.OVERTURNED, LineKind.REFUSED, LineKind.NOT_TESTED})


def price_on(prices: Iterable[Price], category_code: str, day: date) -> Decimal | None:
    """The newest price of a category on a day, else the newest of every category; None where there is neither."""
    begun = sorted((one for one in prices if one.valid_from <= day), key=lambda one: one.valid_from, reverse=True)
    own = (one.amount for one in begun if one.category_code == category_code)
    common = (one.amount for one in begun if one.category_code is None)
    return next(own, next(common, None))


def kind_of(sample: SettledSample) -> LineKind:
    """How a sample came out; what is not paid at all comes before what is paid less."""
    if sample.is_refused:
        return LineKind.REFUSED
    if sample.is_not_tested:
        return LineKind.NOT_TESTED
    if sample.is_overturned:
        return LineKind.OVERTURNED
    is_late = sample.due_on is not None and sample.ended_on > sample.due_on
    return LineKind.LATE if is_late else LineKind.TESTED


def line_of(sample: SettledSample, price: Decimal, late_percent: Decimal) -> Line:
    """What one sample adds: nothing where no result stands, less where the report came late.

    Args:
        sample: how it ended.
        price: in yuan, of its category on the day it ended.
        late_percent: of the price, taken off for a late report (rule parameter `settlement_late`).
    """
    kind = kind_of(sample)
    if kind in UNPAID:
        return Line(sample, kind, price, price)
    share = late_percent / 100 if kind is LineKind.LATE else Decimal(0)
    return Line(sample, kind, price, (price * share).quantize(FEN, ROUND_HALF_UP))
