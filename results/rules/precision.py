"""How far measured values lie apart: the figures by which checks and quality control judge them."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

SHOWN = Decimal("0.01")  # a figure is told with two places, and decided on unrounded
_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)  # no figure of a measured value (20 digits, 10^±18) is lost
_RATIO = Context(prec=28, rounding=ROUND_HALF_EVEN)


def shown(figure: Decimal) -> Decimal:
    """A figure with the places it is told with."""
    return figure.quantize(SHOWN, context=_EXACT)


def z_score(found: Decimal, target: Decimal, deviation: Decimal) -> Decimal:
    """How many standard deviations a value lies above its target, unrounded.

    **Source:** GB/T 28043-2019 (ISO 13528:2015) 9.4.
    """
    return _RATIO.divide(_EXACT.subtract(found, target), deviation)


def relative_difference(first: Decimal, second: Decimal) -> Decimal:
    """The distance of two values in per cent of their mean, unrounded; 0 where the mean is 0.

    **Source:** GB/T 27417-2017 5.5.
    """
    total = _EXACT.add(first, second)
    return _RATIO.divide(200 * abs(_EXACT.subtract(first, second)), abs(total)) if total else Decimal(0)


def recovery(found: Decimal, before: Decimal, added: Decimal) -> Decimal:
    """What was found again of an added amount, in per cent, unrounded; all three in one unit, `added` above 0.

    **Source:** GB/T 27417-2017 5.4.2.
    """
    return _RATIO.divide(100 * _EXACT.subtract(found, before), added)
