"""The forms a limit takes, and how the standards print them."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from lims.quantities import N_, NO_UNIT, QuantityError, Unit, convert, format_measured


class LimitTextError(QuantityError):
    """A text that is no limit."""


class AbsenceKind(StrEnum):
    """Why any find is too much."""

    MUST_BE_ABSENT = "must_be_absent"
    USE_PROHIBITED = "use_prohibited"


class Relation(StrEnum):
    """Which side of a figure is allowed."""

    AT_MOST = "at_most"
    AT_LEAST = "at_least"


class Repair(StrEnum):
    """A slip of the source that has one possible meaning, and was read so."""

    DOUBLED_SIGN = "doubled_sign"
    SIGN_BEFORE_PLAN = "sign_before_plan"
    SIGN_BEFORE_RANGE = "sign_before_range"
    SUPERSCRIPT_LOST = "superscript_lost"
    FOOTNOTE_MARK = "footnote_mark"


@dataclass(frozen=True, slots=True)
class Maximum:
    """`≤x`, or `<x` when strict. A bare number is a maximum (GB 7099 prints moulds so)."""

    value: Decimal
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Minimum:
    """`≥x`, or `>x` when strict."""

    value: Decimal
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """`low~high`, both allowed unless strict."""

    low: Decimal
    high: Decimal
    low_strict: bool = False
    high_strict: bool = False

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise LimitTextError(
                "limit_range_reversed",
                N_("“%(text)s” ends below its beginning; expected the smaller value first."),
                text=f"{format_measured(self.low)}~{format_measured(self.high)}",
            )


@dataclass(frozen=True, slots=True)
class Tolerance:
    """`target±deviation`, both ends allowed."""

    target: Decimal
    deviation: Decimal

    @property
    def low(self) -> Decimal:
        return self.target - self.deviation

    @property
    def high(self) -> Decimal:
        return self.target + self.deviation


@dataclass(frozen=True, slots=True)
class Absence:
    """`不得检出` or `不得使用`; the method row says at which bound it is judged."""

    kind: AbsenceKind


@dataclass(frozen=True, slots=True)
class MicroPlan:
    """A microbiological plan over n units of one lot; two-class when `big_m` is None.

    Source: GB 4789.1, note on n, c, m, M.
    """

    n: int
    c: int
    m: Decimal
    big_m: Decimal | None = None

    def __post_init__(self) -> None:
        if self.n < 1 or self.c > self.n or (self.big_m is not None and self.big_m < self.m):
            raise LimitTextError(
                "micro_plan_impossible",
                N_("“%(text)s” is no sampling plan; expected c ≤ n and m ≤ M."),
                text=_print_plan(self, ""),
            )


@dataclass(frozen=True, slots=True)
class LabelClaim:
    """A share of what the label claims, or the claim with a tolerance; without either, the claim is the limit itself.

    Attributes:
        relation: which side of the claimed figure is allowed; None when the wording leaves it open.
        percent: share of the claim, 80 for `≥标签明示值的80%`.
        deviation: `产品明示值±1.0`.
    """

    relation: Relation | None = None
    percent: Decimal = Decimal(100)
    deviation: Decimal | None = None


@dataclass(frozen=True, slots=True)
class NoLimit:
    """`/`: the standard sets none for this food."""


LimitForm = Maximum | Minimum | Range | Tolerance | Absence | MicroPlan | LabelClaim | NoLimit


@dataclass(frozen=True, slots=True)
class LimitExpression:
    """A limit as printed.

    Attributes:
        form: what is allowed.
        unit: unit of every figure in the form.
        qualifier: what the figures refer to: `干重计`, `以固态产品计`, `去除内脏`.
        repairs: slips of the source that were mended in reading.
    """

    form: LimitForm
    unit: Unit = NO_UNIT
    qualifier: str = ""
    repairs: tuple[Repair, ...] = ()

    def __str__(self) -> str:
        return format_limit(self)

    @property
    def is_dry_weight(self) -> bool:
        """Whether the limit holds for dry matter."""
        return "干重" in self.qualifier or "干基" in self.qualifier


# ---------------------------------------------------------------- printing

_ABSENCE_TEXT = {AbsenceKind.MUST_BE_ABSENT: "不得检出", AbsenceKind.USE_PROHIBITED: "不得使用"}
_RELATION_SIGN = {Relation.AT_MOST: "≤", Relation.AT_LEAST: "≥", None: ""}


def format_limit(limit: LimitExpression) -> str:
    """Print a limit in the official form, which `parse_limit` reads to the same value."""
    qualifier = f"（{limit.qualifier}）" if limit.qualifier else ""
    unit = limit.unit
    if isinstance(limit.form, Absence) and not unit.is_presence:
        unit = NO_UNIT  # the standards print the bare words; only a tested portion (/25g) belongs to them
    return f"{_print_form(limit.form, unit.text)}{qualifier}"


def _print_form(form: LimitForm, unit: str) -> str:
    number = format_measured
    match form:
        case Maximum(value, strict):
            printed = f"{'<' if strict else '≤'}{number(value)}{unit}"
        case Minimum(value, strict):
            printed = f"{'>' if strict else '≥'}{number(value)}{unit}"
        case Range(low, high, False, False):
            printed = f"{number(low)}~{number(high)}{unit}"
        case Range(low, high, low_strict, high_strict):
            lower, upper = ">" if low_strict else "≥", "<" if high_strict else "≤"
            printed = f"{lower}{number(low)},{upper}{number(high)}{unit}"
        case Tolerance(target, deviation):
            printed = f"{number(target)}±{number(deviation)}{unit}"
        case Absence(kind):
            printed = f"{_ABSENCE_TEXT[kind]}{unit}"
        case MicroPlan():
            printed = _print_plan(form, unit)
        case LabelClaim(relation, percent, deviation):
            share = "" if percent == 100 else f"的{number(percent)}%"  # noqa: PLR2004 the whole claim
            spread = f"±{number(deviation)}{unit}" if deviation is not None else ""
            printed = f"{_RELATION_SIGN[relation]}产品明示值{share}{spread}"
        case NoLimit():
            printed = "/"
    return printed


def _print_plan(plan: MicroPlan, unit: str) -> str:
    big_m = f",M={format_measured(plan.big_m)}" if plan.big_m is not None else ""
    return f"n={plan.n},c={plan.c},m={format_measured(plan.m)}{big_m}{unit}"


# ---------------------------------------------------------------- other units


def in_unit(limit: LimitExpression, unit: Unit) -> LimitExpression:
    """The same limit with its figures in another unit of the same dimension.

    Raises:
        UnitMismatchError: other dimension, or no exact form.
    """

    def to(value: Decimal) -> Decimal:
        return convert(value, limit.unit, unit)

    form = limit.form
    match form:
        case Maximum(value, strict):
            form = Maximum(to(value), strict)
        case Minimum(value, strict):
            form = Minimum(to(value), strict)
        case Range(low, high, low_strict, high_strict):
            form = Range(to(low), to(high), low_strict, high_strict)
        case Tolerance(target, deviation):
            form = Tolerance(to(target), to(deviation))
        case MicroPlan(n, c, m, big_m):
            form = MicroPlan(n, c, to(m), to(big_m) if big_m is not None else None)
        case LabelClaim(relation, percent, deviation):
            form = LabelClaim(relation, percent, to(deviation) if deviation is not None else None)
        case Absence() | NoLimit():
            pass
    return LimitExpression(form, unit, limit.qualifier, limit.repairs)
