"""Whether a typed result has the digits that the format rule of its method asks for."""

from decimal import Decimal

from lims.catalog.reporting import Band, ReportingRule
from lims.quantities import N_, UnitMismatchError, convert, format_measured
from results.rules.rounding import round_to_figures, round_to_places
from results.types import Finding, Method, Reason


def check_written(finding: Finding, rule: ReportingRule, method: Method) -> Reason | None:
    """Say what is wrong with a typed finding: a figure has the digits of its method row and is not below its LOD.

    A figure in another unit than the row's is looked at in the row's, and keeps its digits by powers of ten; one that
    cannot be brought into it is for the judgement to name.

    Source: national base table, column 检验结果: 未检出, or a figure from the detection limit on (domain.md §5).
    """
    if finding.value is None:
        return None
    try:
        value = convert(finding.value, finding.unit, method.unit) if finding.unit_stated else finding.value
    except UnitMismatchError:
        return None
    if method.lod is not None and value < method.lod:
        bound = f"{format_measured(method.lod)}{method.unit.text}"
        message = N_("%(value)s is below the detection limit %(bound)s of the method; expected 未检出.")
        return Reason("below_detection_limit", message, {"value": format_measured(value), "bound": bound})
    return check_reported(value, rule)


def check_reported(value: Decimal, rule: ReportingRule) -> Reason | None:
    """Say what is wrong with the digits of a typed value; None when they are right or the rule says nothing."""
    band = rule.band_of(value)
    if band is None:
        return None
    right = _written(value, band)
    if right == value and right.as_tuple().exponent == value.as_tuple().exponent:
        return None
    if band.are_decimals:
        message = N_("%(value)s is not written with %(digits)s decimals; expected %(right)s.")
    else:
        message = N_("%(value)s is not written with %(digits)s significant figures; expected %(right)s.")
    params = {"value": format_measured(value), "digits": str(band.digits), "right": format_measured(right)}
    return Reason("reported_digits", message, params)


def as_reported(value: Decimal, rule: ReportingRule) -> Decimal | None:
    """A computed value with the digits that its method row asks for; None where the row says nothing about it."""
    band = rule.band_of(value)
    return None if band is None else _written(value, band)


def _written(value: Decimal, band: Band) -> Decimal:
    """The value as it must be written, rounded once.

    Source: GB/T 8170-2008.
    """
    return round_to_places(value, band.digits) if band.are_decimals else round_to_figures(value, band.digits)
