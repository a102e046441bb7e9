from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.quantities import (
    QuantityError,
    UnitMismatchError,
    convert,
    fold,
    format_measured,
    parse_measured,
    parse_unit,
    read_number,
)

amounts = st.builds(
    lambda digits, power: Decimal(digits).scaleb(power),
    st.integers(0, 10**12),
    st.integers(-12, 0),
)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("1.50", "1.50"),
        ("0.00628", "0.00628"),
        ("0", "0"),
        ("１．５０", "1.50"),
        (" 281 ", "281"),
        (".5", "0.5"),
        ("-0.3", "-0.3"),
        ("3.0×10⁵", "3.0E+5"),
        ("3.0x10^5", "3.0E+5"),
        ("2.0×105", "2.0E+5"),
        ("1.04x10³", "1.04E+3"),
        ("10⁴", "1E+4"),
        ("2.5×10⁻³", "0.0025"),
        ("1.2e5", "1.2E+5"),
        ("1.2×10", "12"),
    ],
)
def test_every_written_figure_is_kept(text, digits):
    assert str(parse_measured(text)) == digits


@pytest.mark.parametrize(
    "text",
    [
        "banana",
        "Infinity",
        "-inf",
        "NaN",
        "1e400",
        "9" * 21,
        "",
        " ",
        "/",
        "<5",
        "5 mg/kg",
        "1,300",
        "1_000",
        "12.",
        "1.2.3",
        "--5",
        "٣",
        "2×100",
        "0x10",
        "未检出",
    ],
)
def test_what_is_no_finite_number_is_refused_with_its_text(text):
    with pytest.raises(QuantityError) as refusal:
        parse_measured(text)
    assert text.strip()[:60] in str(refusal.value)


def test_the_refusal_says_what_was_expected_and_can_be_translated():
    with pytest.raises(QuantityError) as refusal:
        parse_measured("banana")
    assert refusal.value.code == "not_a_number"
    assert refusal.value.message % refusal.value.params == str(refusal.value)
    assert "0.152" in str(refusal.value)


def test_a_flattened_superscript_is_restored_and_told():
    read = read_number("2.0×105CFU/g")
    assert read is not None
    assert (read.value, read.rest, read.superscript_restored) == (Decimal(200000), "CFU/g", True)


@pytest.mark.parametrize(
    ("digits", "printed"),
    [
        ("1.50", "1.50"),
        ("3.0E+5", "3.0×10⁵"),
        ("1E+4", "10⁴"),
        ("3E+4", "3×10⁴"),
        ("-1E+4", "-10⁴"),
        ("1E-7", "0.0000001"),
        ("0", "0"),
    ],
)
def test_a_value_is_written_without_a_raw_exponent(digits, printed):
    assert format_measured(Decimal(digits)) == printed


def test_what_is_not_finite_is_not_written():
    with pytest.raises(QuantityError):
        format_measured(Decimal("NaN"))


@given(
    digits=st.integers(-(10**15), 10**15),
    power=st.integers(-12, 3),
)
def test_writing_and_reading_a_value_keeps_value_and_figures(digits, power):
    value = Decimal(digits).scaleb(power)
    again = parse_measured(format_measured(value))
    assert again == value
    if value:
        assert again.as_tuple() == value.as_tuple()


@given(st.text(max_size=30))
def test_any_text_is_either_a_finite_number_or_refused(text):
    try:
        value = parse_measured(text)
    except QuantityError:
        return
    assert value.is_finite()


@pytest.mark.parametrize(
    ("text", "official"),
    [
        ("mg/kg", "mg/kg"),
        ("MG/Kg", "mg/kg"),
        ("ｍｇ／ｋｇ", "mg/kg"),
        ("毫克/千克", "mg/kg"),
        ("µg/kg", "μg/kg"),
        ("μg/kg", "μg/kg"),
        ("ug/㎏", "μg/kg"),
        ("cfu/g", "CFU/g"),
        ("CFU / 250mL", "CFU/250mL"),
        ("CFU/ml", "CFU/mL"),
        ("mg/100cm2", "mg/100cm²"),
        ("mg/100cm²", "mg/100cm²"),
        ("/25g", "/25g"),
        ("% vol", "%vol"),
        ("%（体积分数）", "%vol"),
        ("μS/cm", "μS/cm"),
        ("g/日", "g/每日"),
        ("/", ""),
        ("", ""),
        ("倍", "倍"),
        ("μgRE/100g", "μgRE/100g"),
    ],
)
def test_a_unit_is_read_in_every_spelling_and_printed_officially(text, official):
    unit = parse_unit(text)
    assert unit.text == official
    assert parse_unit(unit.text) == unit


@pytest.mark.parametrize("text", ["mg/kg,2", "g/kg复检结果", "噻虫胺", "5", "≤5", "mg/kg║"])
def test_what_is_no_unit_is_refused(text):
    with pytest.raises(QuantityError):
        parse_unit(text)


@pytest.mark.parametrize(
    ("value", "source", "target", "converted"),
    [
        ("0.10", "g/kg", "mg/kg", "1.0E+2"),
        ("0.25", "g/100g", "%", "0.25"),
        ("50", "μg/kg", "mg/kg", "0.050"),
        ("7", "mg/100cm²", "mg/50cm²", "3.5"),
        ("3", "CFU/mL", "CFU/100mL", "3E+2"),
        ("1", "mL/L", "%vol", "0.1"),
    ],
)
def test_a_value_converts_within_its_dimension_and_keeps_its_figures(value, source, target, converted):
    assert str(convert(Decimal(value), parse_unit(source), parse_unit(target))) == converted


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("mg/kg", "mg/L"),
        ("CFU/g", "CFU/mL"),
        ("CFU/g", "MPN/g"),
        ("/25g", "/10g"),
        ("/25g", "CFU/g"),
        ("%", "%vol"),
        ("mmol/kg", "g/100g"),
        ("g/每日", "mg/100g"),
        ("μgRE/100g", "μg/100g"),
        ("mg/kg", ""),
    ],
)
def test_units_of_different_things_never_convert(source, target):
    with pytest.raises(UnitMismatchError):
        convert(Decimal(1), parse_unit(source), parse_unit(target))


def test_a_factor_without_a_decimal_form_is_refused_rather_than_rounded():
    with pytest.raises(UnitMismatchError) as refusal:
        convert(Decimal(1), parse_unit("CFU/30g"), parse_unit("CFU/g"))
    assert refusal.value.code == "unit_inexact"


@given(value=amounts, pair=st.permutations(["g/kg", "mg/kg", "μg/kg", "g/100g", "%", "mg/g", "ng/g"]))
def test_conversion_there_and_back_changes_nothing(value, pair):
    source, target = parse_unit(pair[0]), parse_unit(pair[1])
    there = convert(value, source, target)
    assert convert(there, target, source).as_tuple() == value.as_tuple()


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)
