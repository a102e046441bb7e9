"""What a row of a limit table says: its cells as typed values, by the rules that read limits everywhere else.

Source: national base table (domain.md §4.2). 标准最小允许限 and 标准最大允许限 are as the standard prints them,
最小允许限 and 最大允许限 the same in the unit of the result, so the two must agree.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from lims.catalog.limit_forms import (
    Absence,
    LabelClaim,
    LimitExpression,
    LimitForm,
    LimitTextError,
    Maximum,
    MicroPlan,
    Minimum,
    NoLimit,
    Range,
    Tolerance,
    format_limit,
    in_unit,
)
from lims.catalog.limits import parse_limit
from lims.catalog.reporting import parse_reporting_rule
from lims.catalog.types import Comparison, ItemKind
from lims.limit_tables.types import Column, Problem, ReadRow, StandardName, TableRow
from lims.quantities import (
    N_,
    NO_UNIT,
    QuantityError,
    Unit,
    UnitMismatchError,
    convert,
    decimals_of,
    fold,
    parse_measured,
    parse_unit,
)

ReadT = TypeVar("ReadT")

KINDS = {
    "抽检项目": ItemKind.INSPECTION,
    "抽检": ItemKind.INSPECTION,
    "监督抽检项目": ItemKind.INSPECTION,
    "监测项目": ItemKind.MONITORING,
    "监测": ItemKind.MONITORING,
    "风险监测项目": ItemKind.MONITORING,
}
_STANDARD = re.compile(
    r"(?P<letters>[A-Z]{2,4}(?:/[A-Z]{1,2})?)\s*(?P<digits>[0-9]+(?:\.[0-9]+)?)(?:\s*-\s*(?P<year>(?:19|20)[0-9]{2}))?"
)
_BETWEEN = re.compile(r"[;\n]+")
_AROUND = " ,;、()《》[]"
_AT_MOST = (Maximum, Absence, MicroPlan, Range, Tolerance, LabelClaim)


def read_row(row: TableRow) -> ReadRow:
    """Read all cells of a row; what cannot be read is named, cell by cell, and the rest is read all the same."""
    problems: list[Problem] = []
    kind = _read(problems, row, Column.KIND, _kind)
    unit = _read(problems, row, Column.RESULT_UNIT, parse_unit) or NO_UNIT
    digits = _read(problems, row, Column.RESULT_FORMAT, _reporting_rule) or ""
    lod, lod_unit = _lod(problems, row, unit)
    limit = _limit(problems, row, unit)
    methods = tuple(standards_in(row[Column.METHODS]))
    if len(methods) > 1 and (lod is not None or digits):
        problems.append(
            Problem(
                N_("“%(text)s” names %(count)s methods; expected one per row where a LOD or a format rule is given."),
                {"text": row[Column.METHODS][:60], "count": str(len(methods))},
                Column.METHODS,
            )
        )
    if not methods and (lod is not None or digits):
        problems.append(Problem(N_("A LOD or a format rule needs the method it belongs to."), column=Column.METHODS))
    bases = tuple(standards_in(row[Column.BASIS]))
    if limit is not None and not bases:
        problems.append(Problem(N_("A limit needs the standard that sets it."), column=Column.BASIS))
    return ReadRow(
        row,
        kind=kind,
        limit=limit,
        unit=unit,
        lod=lod,
        lod_unit=lod_unit,
        result_format=digits,
        bases=bases,
        methods=methods,
        problems=tuple(problems),
    )


def standards_in(text: str) -> list[StandardName]:
    """The standards a cell names: `GB 23200.113-2018、GB/T 20769` are two; an announcement stays whole."""
    names: list[StandardName] = []
    for piece in _BETWEEN.split(fold(text)):
        found = list(_STANDARD.finditer(piece))
        if not found:
            if whole := piece.strip(_AROUND):
                names.append(StandardName(whole))
            continue
        for at, match in enumerate(found):
            end = found[at + 1].start() if at + 1 < len(found) else len(piece)
            part = piece[match.end() : end].strip(_AROUND)
            names.append(StandardName(f"{match['letters']} {match['digits']}", match["year"] or "", part))
    return list(dict.fromkeys(names))


def is_same_limit(one: LimitExpression, other: LimitExpression, comparison: Comparison) -> bool:
    """Whether two limits judge every result alike; by rounded values the printed decimals belong to the limit."""
    if one.qualifier != other.qualifier:
        return False
    try:
        moved = in_unit(other, one.unit) if other.unit != one.unit else other
    except UnitMismatchError:
        return False
    if moved.form != one.form:
        return False
    return comparison is Comparison.FULL_VALUE or _decimals(one.form) == _decimals(moved.form)


def is_same_quantity(value: Decimal, unit: Unit, other: Decimal, other_unit: Unit) -> bool:
    """Whether two figures are one quantity."""
    try:
        return convert(other, other_unit, unit) == value
    except UnitMismatchError:
        return False


def limit_text(limit: LimitExpression) -> str:
    """The limit as the catalogue keeps it, its unit and what it refers to standing beside it."""
    return format_limit(LimitExpression(limit.form, NO_UNIT))


def _decimals(form: LimitForm) -> tuple[int, ...]:
    match form:
        case Maximum(value) | Minimum(value):
            return (decimals_of(value),)
        case Range(low, high) | Tolerance(low, high):
            return (decimals_of(low), decimals_of(high))
        case _:
            return ()


# ---------------------------------------------------------------- cells


def _read(problems: list[Problem], row: TableRow, column: Column, how: Callable[[str], ReadT]) -> ReadT | None:
    """The value of a cell; what is wrong with it is added to `problems`."""
    text = row[column]
    if not text:
        return None
    try:
        return how(text)
    except QuantityError as error:
        problems.append(Problem(error.message, error.params, column))
        return None


def _kind(text: str) -> ItemKind:
    kind = KINDS.get(fold(text).replace(" ", ""))
    if kind is None:
        raise QuantityError(
            "item_kind", N_("“%(text)s” is no kind of item; expected 抽检项目 or 监测项目."), text=text[:60]
        )
    return kind


def _reporting_rule(text: str) -> str:
    if "保留" in text:
        parse_reporting_rule(text)
    return text


def _positive(text: str) -> Decimal:
    value = parse_measured(text)
    if value <= 0:
        raise QuantityError("lod_positive", N_("“%(text)s” is no limit of detection; expected more than 0."), text=text)
    return value


def _lod(problems: list[Problem], row: TableRow, result_unit: Unit) -> tuple[Decimal | None, Unit]:
    """The LOD of the laboratory's method; where it says none, the one that the standard states."""
    own = _read(problems, row, Column.LOD, _positive)
    own_unit = _read(problems, row, Column.LOD_UNIT, parse_unit) or result_unit
    stated = _read(problems, row, Column.STANDARD_LOD, _positive)
    stated_unit = _read(problems, row, Column.STANDARD_LOD_UNIT, parse_unit) or result_unit
    value, unit = (own, own_unit) if own is not None else (stated, stated_unit)
    if value is not None and unit == NO_UNIT:
        column = Column.LOD_UNIT if own is not None else Column.STANDARD_LOD_UNIT
        problems.append(Problem(N_("The LOD %(value)s has no unit."), {"value": str(value)}, column))
    return value, unit


def _limit(problems: list[Problem], row: TableRow, result_unit: Unit) -> LimitExpression | None:
    printed = _bounds(
        problems, row, (Column.STANDARD_MIN, Column.STANDARD_MIN_UNIT), (Column.STANDARD_MAX, Column.STANDARD_MAX_UNIT),
        result_unit,
    )  # fmt: skip
    reported = _bounds(
        problems, row, (Column.LIMIT_MIN, Column.LIMIT_MIN_UNIT), (Column.LIMIT_MAX, Column.LIMIT_MAX_UNIT), result_unit
    )
    if printed is not None and reported is not None and not is_same_limit(printed, reported, Comparison.FULL_VALUE):
        problems.append(
            Problem(
                N_("%(given)s is not the %(expected)s of the standard."),
                {"given": format_limit(reported), "expected": format_limit(printed)},
                Column.LIMIT_MAX if row[Column.LIMIT_MAX] else Column.LIMIT_MIN,
            )
        )
    return printed or reported


def _bounds(
    problems: list[Problem],
    row: TableRow,
    lowest: tuple[Column, Column],
    highest: tuple[Column, Column],
    result_unit: Unit,
) -> LimitExpression | None:
    """One limit of its two cells, each with a unit of its own."""
    before = len(problems)
    low = _read(problems, row, lowest[0], lambda text: parse_limit(text, row[lowest[1]] or str(result_unit)))
    high = _read(problems, row, highest[0], lambda text: parse_limit(text, row[highest[1]] or str(result_unit)))
    if len(problems) > before:
        return None
    column = highest[0] if row[highest[0]] else lowest[0]
    try:
        joined = _joined(low, high, row[lowest[0]], row[highest[0]])
    except QuantityError as error:
        problems.append(Problem(error.message, error.params, column))
        return None
    if joined is not None and not _fits(joined, result_unit):
        problems.append(
            Problem(
                N_("The limit is in %(given)s, the result in %(expected)s, which measure different things."),
                {"given": str(joined.unit), "expected": str(result_unit)},
                column,
            )
        )
        return None
    return joined


def _fits(limit: LimitExpression, result_unit: Unit) -> bool:
    if NO_UNIT in {limit.unit, result_unit} or limit.unit.is_presence or result_unit.is_presence:
        return True
    return limit.unit.dimension == result_unit.dimension


def _joined(
    low: LimitExpression | None, high: LimitExpression | None, low_text: str, high_text: str
) -> LimitExpression | None:
    """The limit of a lowest and a highest allowed value.

    Raises:
        QuantityError: a cell holds what its column cannot mean, or the two do not make one limit.
    """
    low = None if low is not None and isinstance(low.form, NoLimit) else low
    high = None if high is not None and isinstance(high.form, NoLimit) else high
    if low is None or (high is not None and low == high and not isinstance(high.form, Maximum)):
        if high is not None and not isinstance(high.form, _AT_MOST):
            raise _not_in_column(high_text)
        return high
    least = _minimum(low, low_text)
    if high is None:
        return least
    if not isinstance(least.form, Minimum) or not isinstance(high.form, Maximum):
        raise LimitTextError(
            "limit_bounds",
            N_("“%(low)s” and “%(high)s” do not make one limit; expected a smallest and a largest number."),
            low=low_text[:40],
            high=high_text[:40],
        )
    least = in_unit(least, high.unit) if least.unit != high.unit else least
    assert isinstance(least.form, Minimum)  # noqa: S101 - another unit does not change the form
    form = Range(least.form.value, high.form.value, least.form.strict, high.form.strict)
    return LimitExpression(form, high.unit, high.qualifier or least.qualifier, high.repairs)


def _minimum(low: LimitExpression, text: str) -> LimitExpression:
    """A bare number in the column of the smallest value is that value."""
    if isinstance(low.form, Maximum) and not re.search(r"[≤<]|不大于|不超过|不高于|小于|低于", fold(text)):
        return LimitExpression(Minimum(low.form.value), low.unit, low.qualifier, low.repairs)
    if isinstance(low.form, Minimum | LabelClaim):
        return low
    raise _not_in_column(text)


def _not_in_column(text: str) -> LimitTextError:
    return LimitTextError(
        "limit_column",
        N_("“%(text)s” stands in the column of the other end; expected a smallest or a largest allowed value."),
        text=text[:60],
    )
