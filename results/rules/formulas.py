"""What a bench computes from its interim values: named formulas, each with the clause it is taken from.

A tester writes down what was weighed, read and titrated; the program computes, keeps every figure, and rounds once. The
interim values stay with the result, so that it can be computed again by anybody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import partial

from lims.catalog.reporting import ReportingRule
from lims.errors import InvalidInputError
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.quantities import QuantityError, convert, fold, format_measured, parse_measured, parse_unit, read_number
from results.rules.precision import recovery
from results.rules.reported import as_reported
from results.rules.rounding import round_to_figures, round_to_places

_RATIO = Context(prec=28, rounding=ROUND_HALF_EVEN)
KOH, IODINE = Decimal("56.1"), Decimal("0.1269")  # g/mol of KOH; g of iodine that 1 mL of 1.000 mol/L stands for
PER_CENT = Decimal(100)
MOST_FIGURES = 6

Values = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Interim:
    """One value that was weighed, read or counted.

    Attributes:
        name: of the value in what is stored.
        symbol: as the expression writes it.
        above_zero: it is divided by, or cannot be nothing.
        default: what it is where nothing is written; None where it has to be.
    """

    name: str
    symbol: str
    label: LazyString
    unit: str = ""
    above_zero: bool = False
    default: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """A named formula: the expression as the standard prints it, and the function that computes it, unrounded.

    Attributes:
        items: what the name of an item it is made for has in it; empty for a formula of many items.
    """

    name: str
    title: LazyString
    unit: str
    expression: str
    source: str
    interims: tuple[Interim, ...]
    compute: Callable[[Values], Decimal]
    items: frozenset[str] = frozenset()

    def fits(self, item: str) -> bool:
        """Whether a result of an item of this Chinese name may be computed so, as far as its name tells."""
        return not self.items or any(word in item for word in self.items)


def _divided(above: Decimal, below: Decimal) -> Decimal:
    """A quotient; what differences make of the divisor is looked at here.

    Raises:
        InvalidInputError: there is nothing to divide by.
    """
    if below <= 0:
        raise InvalidInputError(
            _l("The divisor is %(value)s, expected above 0: look at the masses.", value=format_measured(below))
        )
    return _RATIO.divide(above, below)


def _titrated(factor: Decimal, of: Values) -> Decimal:
    return _divided((of["volume"] - of["blank"]) * of["concentration"] * factor, of["mass"])


def _from_curve(of: Values) -> Decimal:
    return _divided((of["reading"] - of["blank"]) * of["volume"] * of["dilution"], of["mass"])


def _moisture(of: Values) -> Decimal:
    return PER_CENT * _divided(of["before"] - of["after"], of["before"] - of["vessel"])


def _dry_basis(of: Values) -> Decimal:
    return _divided(of["content"] * PER_CENT, PER_CENT - of["moisture"])


def _inhibition(of: Values) -> Decimal:
    return PER_CENT * _divided(of["blank"] - of["sample"], of["blank"])


def _colonies(of: Values) -> Decimal:
    counted = sum((of[name] for name in ("first_a", "first_b", "second_a", "second_b")), Decimal(0))
    plates = of["first_plates"] + Decimal("0.1") * of["second_plates"]
    return _divided(counted * of["dilution"], plates)


_VOLUME = Interim("volume", "V", _l("Titrant used for the sample"), "mL")
_BLANK = Interim("blank", "V₀", _l("Titrant used for the blank"), "mL", default=Decimal(0))
_TITRE = Interim("concentration", "c", _l("Concentration of the titrant"), "mol/L", above_zero=True)
_MASS = Interim("mass", "m", _l("Mass of the test portion"), "g", above_zero=True)

FORMULAS: Mapping[str, Formula] = {
    formula.name: formula
    for formula in (
        Formula(
            "standard_curve",
            _l("Content from a standard curve"),
            "mg/kg",
            "X = (ρ - ρ₀) × V × f ÷ m",
            "GB 5009.11-2024; GB 23200.121-2021",
            (
                Interim("reading", "ρ", _l("Concentration read for the sample"), "mg/L"),
                Interim("blank", "ρ₀", _l("Concentration read for the blank"), "mg/L", default=Decimal(0)),
                Interim("volume", "V", _l("Volume of the test solution"), "mL", above_zero=True),
                Interim("dilution", "f", _l("Dilution factor"), above_zero=True, default=Decimal(1)),
                _MASS,
            ),
            _from_curve,
        ),
        Formula(
            "acid_value",
            _l("Acid value by titration"),
            "mg/g",
            "X = (V - V₀) × c × 56.1 ÷ m",
            "GB 5009.229-2016",
            (_VOLUME, _BLANK, _TITRE, _MASS),
            partial(_titrated, KOH),
            frozenset({"酸价", "酸值"}),
        ),
        Formula(
            "peroxide_value",
            _l("Peroxide value by titration"),
            "g/100g",
            "X = (V - V₀) × c × 0.1269 × 100 ÷ m",
            "GB 5009.227-2016",
            (_VOLUME, _BLANK, _TITRE, _MASS),
            partial(_titrated, IODINE * PER_CENT),
            frozenset({"过氧化值"}),
        ),
        Formula(
            "moisture",
            _l("Moisture by drying"),
            "g/100g",
            "X = (m₁ - m₂) ÷ (m₁ - m₃) × 100",
            "GB 5009.3-2016",
            (
                Interim("before", "m₁", _l("Vessel and sample before drying"), "g", above_zero=True),
                Interim("after", "m₂", _l("Vessel and sample after drying"), "g", above_zero=True),
                Interim("vessel", "m₃", _l("Vessel alone"), "g", above_zero=True),
            ),
            _moisture,
            frozenset({"水分"}),
        ),
        Formula(
            "dry_basis",
            _l("Content in the dry matter"),
            "",
            "X = w ÷ (100 - M) × 100",
            "GB 2762-2025",
            (
                Interim("content", "w", _l("Content as measured")),
                Interim("moisture", "M", _l("Moisture"), "g/100g"),
            ),
            _dry_basis,
        ),
        Formula(
            "inhibition",
            _l("Inhibition of the enzyme"),
            "%",
            "X = (ΔA₀ - ΔAₜ) ÷ ΔA₀ × 100",
            "GB/T 5009.199-2003",
            (
                Interim("blank", "ΔA₀", _l("Change of absorbance of the blank"), above_zero=True),
                Interim("sample", "ΔAₜ", _l("Change of absorbance of the sample")),
            ),
            _inhibition,
            frozenset({"抑制"}),
        ),
        Formula(
            "recovery",
            _l("Recovery of a spike"),
            "%",
            "X = (c₁ - c₀) ÷ c × 100",
            "GB/T 27417-2017",
            (
                Interim("found", "c₁", _l("Found in the spiked sample")),
                Interim("before", "c₀", _l("Found in the sample itself"), default=Decimal(0)),
                Interim("added", "c", _l("Added"), above_zero=True),
            ),
            lambda of: recovery(of["found"], of["before"], of["added"]),
        ),
        Formula(
            "colony_count",
            _l("Colony count of two dilutions"),
            "CFU/g",
            "N = ΣC ÷ (n₁ + 0.1 n₂) × d",
            "GB 4789.2-2022",
            (
                Interim("first_a", "C₁", _l("Colonies, lower dilution, first plate")),
                Interim("first_b", "C₂", _l("Colonies, lower dilution, second plate"), default=Decimal(0)),
                Interim("second_a", "C₃", _l("Colonies, higher dilution, first plate"), default=Decimal(0)),
                Interim("second_b", "C₄", _l("Colonies, higher dilution, second plate"), default=Decimal(0)),
                Interim("first_plates", "n₁", _l("Plates counted at the lower dilution"), above_zero=True),
                Interim("second_plates", "n₂", _l("Plates counted at the higher dilution"), default=Decimal(0)),
                Interim("dilution", "d", _l("Lower dilution, such as 100 for 1:100"), above_zero=True),
            ),
            _colonies,
            frozenset({"菌落", "大肠", "霉菌", "酵母", "计数"}),
        ),
        Formula(
            "mean_of_two",
            _l("Mean of two parallel measurements"),
            "",
            "X = (x₁ + x₂) ÷ 2",
            "GB/T 5009.1-2003",
            (Interim("first", "x₁", _l("First measurement")), Interim("second", "x₂", _l("Second measurement"))),
            lambda of: _RATIO.divide(of["first"] + of["second"], Decimal(2)),
        ),
    )
}


def formulas_for(item: str) -> tuple[list[Formula], list[Formula]]:
    """The formulas for an item of this Chinese name, those made for it first; and the others."""
    fitting = sorted((one for one in FORMULAS.values() if one.fits(item)), key=lambda one: not one.items)
    return fitting, [one for one in FORMULAS.values() if not one.fits(item)]


def get_formula(name: str) -> Formula:
    """The formula of this name.

    Raises:
        InvalidInputError: there is none.
    """
    formula = FORMULAS.get(name)
    if formula is None:
        raise InvalidInputError(
            _l(
                "There is no formula “%(name)s”, expected one of: %(known)s.", name=name[:60], known=", ".join(FORMULAS)
            ),
            field="formula",
        )
    return formula


def read_interims(formula: Formula, written: Mapping[str, str]) -> dict[str, Decimal]:
    """The interim values as numbers, each looked at by itself.

    Raises:
        InvalidInputError: the first that is missing, unknown, no number, below 0, or 0 where it is divided by.
    """
    unknown = written.keys() - {interim.name for interim in formula.interims}
    if unknown:
        raise InvalidInputError(
            _l("“%(name)s” is no value of this formula.", name=min(unknown)[:60]), field=min(unknown)
        )
    return {interim.name: _read(interim, written.get(interim.name, "")) for interim in formula.interims}


def _read(interim: Interim, text: str) -> Decimal:
    if not text.strip():
        if interim.default is None:
            raise InvalidInputError(_l("Fill this in."), field=interim.name)
        return interim.default
    try:
        value = parse_measured(text)
    except QuantityError as error:
        raise InvalidInputError(_l(error.message, **error.params), field=interim.name) from error
    if value < 0 or (interim.above_zero and value == 0):
        expected = _l("above 0") if interim.above_zero else _l("0 or more")
        raise InvalidInputError(
            _l("The value is %(value)s, expected %(expected)s.", value=text.strip()[:60], expected=expected),
            field=interim.name,
        )
    return value


def calculate(name: str, written: Mapping[str, str]) -> Decimal:
    """The result of a formula, unrounded.

    Raises:
        InvalidInputError: no such formula, an interim value that cannot be used, or a result below 0, which is no
            result: what is below the blank was not detected.
    """
    formula = get_formula(name)
    value = formula.compute(read_interims(formula, written))
    if value < 0:
        raise InvalidInputError(
            _l(
                "The result is %(value)s: the sample lies below its blank. Enter that nothing was detected instead.",
                value=format_measured(round_to_figures(value, 3)),
            )
        )
    return value


def written_with(formula: Formula, value: Decimal, figures: int, column: str) -> str:
    """A computed value as it is entered, rounded once to significant figures.

    Args:
        formula: that gave it.
        value: unrounded, in the unit of the formula.
        figures: 1 to 6.
        column: the unit that an entry without a unit of its own is in; where it is another one, the unit is written.

    Raises:
        InvalidInputError: not 1 to 6 figures.
    """
    if not 1 <= figures <= MOST_FIGURES:
        raise InvalidInputError(
            _l("%(figures)s significant figures, expected 1 to %(most)s.", figures=figures, most=MOST_FIGURES),
            field="figures",
        )
    number = format_measured(round_to_figures(value, figures))
    return number if _is_in(formula, column) else f"{number}{formula.unit}"


def written_by_rule(formula: Formula, value: Decimal, rule: ReportingRule, column: str) -> str | None:
    """A computed value as `written_with`, with the digits that its method row asks for.

    None where the row says nothing about such a value, or the formula gives one in a unit of another kind.
    """
    unit = parse_unit(formula.unit or column)
    try:
        right = as_reported(convert(value, unit, parse_unit(column)), rule)
        number = None if right is None else format_measured(convert(right, parse_unit(column), unit))
    except QuantityError:
        return None
    return number if number is None or _is_in(formula, column) else f"{number}{formula.unit}"


def is_rounding_of(text: str, formula: Formula, value: Decimal, column: str) -> bool:
    """Whether what was entered is the computed value, in its unit, rounded once to the places it is written with."""
    read = read_number(fold(text))
    if read is None or not _is_in(formula, read.rest or column):
        return False
    exponent = read.value.as_tuple().exponent
    return isinstance(exponent, int) and read.value == round_to_places(value, -exponent)


def _is_in(formula: Formula, unit: str) -> bool:
    """Whether figures of this formula are in a unit; a formula without one is in the unit of what goes into it."""
    if not formula.unit:
        return True
    try:
        return convert(Decimal(1), parse_unit(formula.unit), parse_unit(unit)) == 1
    except QuantityError:
        return False
