"""What a limit allows, and what a finding leaves possible, as figures in one unit."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from lims.catalog.limits import LimitForm, Maximum, Minimum, Range, Tolerance
from lims.quantities import N_, Unit, UnitMismatchError, convert
from results.rules.intervals import ZERO, Interval
from results.rules.rounding import round_to_limit
from results.types import (
    AbsenceBound,
    BoundKind,
    Comparison,
    Finding,
    FindingKind,
    JudgementInput,
    Method,
)

_COUNTS = ("CFU/", "MPN/", "PFU/")


@dataclass(frozen=True, slots=True)
class Bound:
    """One figure of a limit and the side of it that is allowed."""

    figure: Decimal
    is_upper: bool
    strict: bool

    @property
    def allowed(self) -> Interval:
        if self.is_upper:
            return Interval(high=self.figure, high_open=self.strict)
        return Interval(low=self.figure, low_open=self.strict)


def bounds_of(form: LimitForm) -> tuple[Bound, ...]:
    """The figures that a value must keep to; none for forms that are judged otherwise."""
    match form:
        case Maximum(value, strict):
            return (Bound(value, is_upper=True, strict=strict),)
        case Minimum(value, strict):
            return (Bound(value, is_upper=False, strict=strict),)
        case Range(low, high, low_strict, high_strict):
            return (
                Bound(low, is_upper=False, strict=low_strict),
                Bound(high, is_upper=True, strict=high_strict),
            )
        case Tolerance():
            return (
                Bound(form.low, is_upper=False, strict=False),
                Bound(form.high, is_upper=True, strict=False),
            )
        case _:
            return ()


def is_count(unit: Unit) -> bool:
    """Whether the unit counts organisms, or only asks whether there are any."""
    return unit.is_presence or unit.text.startswith(_COUNTS)


def to_unit(value: Decimal, source: Unit, target: Unit) -> Decimal:
    """Convert a figure of a finding to the unit of its limit.

    `CFU/25g` beside `/25g` is the same portion: any colony there is a find.

    Raises:
        UnitMismatchError: they measure different things.
    """
    is_same_portion = source.text.partition("/")[2] == target.text.partition("/")[2]
    if is_same_portion and (source.is_presence or target.is_presence):
        return value
    return convert(value, source, target)


def possible(
    finding: Finding,
    unit: Unit,
    method: Method | None,
    scale: Callable[[Decimal], Decimal],
) -> Interval | None:
    """What the true value may be, in `unit`; None when the finding needs a bound that nobody stated.

    Args:
        unit: unit of the limit; a finding that carries none is taken to be in it.
        method: its LOD and LOQ stand in where the finding has no bound of its own.
        scale: applied to every figure, for conversion to dry matter.

    Raises:
        UnitMismatchError: a figure of the finding cannot be put in `unit`.
    """
    own = finding.unit if finding.unit_stated else unit

    def figure(value: Decimal) -> Decimal:
        return scale(to_unit(value, own, unit))

    def of_method(value: Decimal | None) -> Decimal | None:
        return None if method is None or value is None else scale(to_unit(value, method.unit, unit))

    lod = of_method(method.lod) if method else None
    loq = of_method(method.loq) if method else None
    bound = figure(finding.bound) if finding.bound is not None else None
    match finding.kind:
        case FindingKind.MEASURED:
            found: Interval | None = Interval.point(figure(finding.value or ZERO))
        case FindingKind.EXCEEDS:
            found = Interval(bound, low_open=True)
        case FindingKind.LESS_THAN:
            found = _below(bound)
        case FindingKind.DETECTED:
            found = Interval(lod if lod is not None else ZERO, low_open=lod is None)
        case FindingKind.NOT_DETECTED:
            found = _below(bound if bound is not None else lod)
        case FindingKind.BELOW_LOQ:
            found = _below(bound if bound is not None else loq, lod)
    return found


def _below(high: Decimal | None, low: Decimal | None = None) -> Interval | None:
    if high is None:
        return None
    if low is not None and low < high:
        return Interval(low, high, high_open=True)
    return Interval.below(high)


def rounded(possible_values: Interval, bound: Bound, comparison: Comparison) -> Interval:
    """Round a measured value to the printed places of the figure it is held against, where the standard asks for it.

    Source: GB/T 8170-2008, 4.3.
    """
    value = possible_values.low
    is_measured = value is not None and value == possible_values.high
    if comparison is Comparison.FULL_VALUE or not is_measured or value is None:
        return possible_values
    return Interval.point(round_to_limit(value, bound.figure))


def absence_figure(case: JudgementInput) -> tuple[Decimal, Unit] | None:
    """The figure from which a find counts, with its unit; None when nobody stated one."""
    policy: AbsenceBound = case.absence
    if policy.kind is BoundKind.STATED and policy.value is not None:
        return policy.value, policy.unit
    if case.method is None:
        return None
    figure = case.method.lod if policy.kind is BoundKind.LOD else case.method.loq
    return None if figure is None else (figure, case.method.unit)


def check_portion(finding: Finding, unit: Unit, *, is_zero: bool) -> None:
    """Refuse a portion that says nothing about the limit: none found in 1 mL is not none found in 250 mL.

    Raises:
        UnitMismatchError: the result belongs to another portion than a limit of zero does.
    """
    if not finding.unit_stated or not is_count(unit) or finding.unit.text == "":
        return
    portions = (finding.unit.text.partition("/")[2], unit.text.partition("/")[2])
    if portions[0] != portions[1] and (is_zero or finding.unit.is_presence):
        raise UnitMismatchError(
            "portion_mismatch",
            N_("A result for %(source)s says nothing about a limit for %(target)s."),
            source=finding.unit.text,
            target=unit.text,
        )
