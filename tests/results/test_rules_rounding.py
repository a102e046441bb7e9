from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.catalog.reporting import parse_reporting_rule
from lims.quantities import QuantityError
from results.rules.reported import check_reported
from results.rules.rounding import round_to_figures, round_to_limit, round_to_places

D = Decimal


@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [
        ("12.1498", 1, "12.1"),
        ("12.1498", 0, "12"),
        ("10.5002", 0, "11"),
        ("1.050", 1, "1.0"),
        ("0.35", 1, "0.4"),
        ("28.175", 2, "28.18"),
        ("28.165", 2, "28.16"),
        ("-12.5", 0, "-12"),
        ("-13.5", 0, "-14"),
        ("1250", -2, "1.2E+3"),
    ],
)
def test_the_vectors_of_the_standard_round_to_places(value, places, rounded):
    assert str(round_to_places(D(value), places)) == rounded


@pytest.mark.parametrize(
    ("value", "figures", "rounded"),
    [("8.53459", 3, "8.53"), ("9.996", 3, "10.0"), ("0.004562", 2, "0.0046"), ("0", 3, "0"), ("1285", 3, "1.28E+3")],
)
def test_the_vectors_of_the_standard_round_to_figures(value, figures, rounded):
    assert str(round_to_figures(D(value), figures)) == rounded


def test_no_significant_figures_is_no_rounding():
    with pytest.raises(ValueError, match="at least 1"):
        round_to_figures(D(1), 0)


def test_a_limit_is_rounded_against_as_it_is_printed():
    assert round_to_limit(D("5.04"), D("5.0")) == D("5.0")
    assert round_to_limit(D("5.04"), D("5.00")) == D("5.04")


values = st.builds(lambda digits, power: D(digits).scaleb(power), st.integers(-(10**12), 10**12), st.integers(-10, 3))


@given(value=values, places=st.integers(0, 6))
def test_rounding_is_the_nearest_figure_and_even_at_the_half(value, places):
    rounded = round_to_places(value, places)
    step = Fraction(1, 10**places)
    distance = abs(Fraction(rounded) - Fraction(value))
    assert distance <= step / 2
    if distance == step / 2:
        assert (Fraction(rounded) / step) % 2 == 0


@given(value=values, figures=st.integers(1, 6))
def test_rounding_to_figures_is_what_decimal_arithmetic_does(value, figures):
    expected = Context(prec=figures, rounding=ROUND_HALF_EVEN).plus(value)
    assert round_to_figures(value, figures) == expected


RULE = "未检出,数值(大于等于0.02且小于等于1保留两位有效数字,大于1保留三位有效数字)"


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("0.15", None),
        ("0.152", "0.15"),
        ("0.1", "0.10"),
        ("1.0", None),
        ("1.25", None),
        ("1.2", "1.20"),
        ("0.001", None),
    ],
)
def test_a_reported_value_carries_the_figures_of_its_method_row(value, right):
    reason = check_reported(D(value), parse_reporting_rule(RULE))
    assert (reason.params["right"] if reason else None) == right


def test_a_rule_in_decimals_is_read_too():
    rule = parse_reporting_rule("保留一位小数")
    assert check_reported(D("12.1"), rule) is None
    reason = check_reported(D("12.15"), rule)
    assert reason is not None
    assert reason.params["right"] == "12.2"


@pytest.mark.parametrize("text", ["", "未检出", "保留几位有效数字", "大于x保留两位有效数字"])
def test_what_is_no_rule_for_digits_is_refused(text):
    with pytest.raises(QuantityError):
        parse_reporting_rule(text)
