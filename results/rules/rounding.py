"""Rounding by GB/T 8170-2008: once, on the raw value, half to even."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

# Wide enough that no figure of a measured value (20 digits, 10^±18) is lost before the one rounding.
_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)


def round_to_places(value: Decimal, places: int) -> Decimal:
    """Round to decimal places; negative places round to tens and hundreds.

    Negative values are rounded by their absolute value, as the standard says; half to even is symmetric.

    Source: GB/T 8170-2008, 3.2 and 3.3 (no rounding of an already rounded value: pass the raw one).
    """
    return value.quantize(Decimal(1).scaleb(-places), context=_EXACT)


def round_to_figures(value: Decimal, figures: int) -> Decimal:
    """Round to significant figures, at least one; zero stays zero.

    A carry keeps the number of figures: 9.996 to three is 10.0.

    Source: GB/T 8170-2008, 3.2 and 3.3.
    """
    if figures < 1:
        raise ValueError(f"{figures} significant figures; expected at least 1")
    if not value:
        return value
    rounded = round_to_places(value, figures - 1 - value.adjusted())
    if rounded.adjusted() > value.adjusted():
        return round_to_places(rounded, figures - 1 - rounded.adjusted())
    return rounded


def round_to_limit(value: Decimal, limit: Decimal) -> Decimal:
    """Round to the last printed place of a limit: tenths against 5.0, units against 5.

    Source: GB/T 8170-2008, 4.3.3 (修约值比较法).
    """
    return value.quantize(limit, context=_EXACT)
