import csv
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.catalog.limits import (
    Absence,
    AbsenceKind,
    LabelClaim,
    LimitExpression,
    LimitTextError,
    Maximum,
    MicroPlan,
    Minimum,
    NoLimit,
    Range,
    Relation,
    Repair,
    Tolerance,
    format_limit,
    in_unit,
    parse_limit,
)
from lims.quantities import QuantityError, UnitMismatchError, parse_unit

D = Decimal


@pytest.mark.parametrize(
    ("text", "form", "unit"),
    [
        ("≤0.02mg/kg", Maximum(D("0.02")), "mg/kg"),
        ("<0.02 mg/kg", Maximum(D("0.02"), strict=True), "mg/kg"),
        ("≦0.02mg/kg", Maximum(D("0.02")), "mg/kg"),
        ("50CFU/g", Maximum(D(50)), "CFU/g"),
        ("不超过0.2 mg/kg", Maximum(D("0.2")), "mg/kg"),
        ("≥1.5 倍", Minimum(D("1.5")), "倍"),
        ("≥10⁶CFU/g", Minimum(D("1E+6")), "CFU/g"),
        ("不低于18.6g/100g", Minimum(D("18.6")), "g/100g"),
        ("13.5~15.5%vol", Range(D("13.5"), D("15.5")), "%vol"),
        ("41.0%vol～43.0%vol", Range(D("41.0"), D("43.0")), "%vol"),
        ("18-33mg/kg", Range(D(18), D(33)), "mg/kg"),
        ("13.0%-15.0%", Range(D("13.0"), D("15.0")), "%"),
        ("0.0024~0.6g/每日", Range(D("0.0024"), D("0.6")), "g/每日"),
        ("≥5.0且≤10.0mg/kg", Range(D("5.0"), D("10.0")), "mg/kg"),
        (">5,<10mg/kg", Range(D(5), D(10), low_strict=True, high_strict=True), "mg/kg"),
        ("≤10,≥5", Range(D(5), D(10)), ""),
        ("5.0≤x≤10.0", Range(D("5.0"), D("10.0")), ""),
        ("35±1.0%vol", Tolerance(D(35), D("1.0")), "%vol"),
        ("35%vol±1.0%vol", Tolerance(D(35), D("1.0")), "%vol"),
        ("不得检出", Absence(AbsenceKind.MUST_BE_ABSENT), ""),
        ("不得检出/25g", Absence(AbsenceKind.MUST_BE_ABSENT), "/25g"),
        ("未检出", Absence(AbsenceKind.MUST_BE_ABSENT), ""),
        ("不得使用", Absence(AbsenceKind.USE_PROHIBITED), ""),
        ("不得添加", Absence(AbsenceKind.USE_PROHIBITED), ""),
        ("n=5,c=2,m=10⁴,M=10⁵CFU/g", MicroPlan(5, 2, D("1E+4"), D("1E+5")), "CFU/g"),
        ("n=5，c=2，m=30000，M=100000CFU/g", MicroPlan(5, 2, D(30000), D(100000)), "CFU/g"),
        ("n=5 c=2 m=10 M=100", MicroPlan(5, 2, D(10), D(100)), ""),
        ("n=5,c=2,m=10³CFU/g,M=10⁴CFU/g", MicroPlan(5, 2, D("1E+3"), D("1E+4")), "CFU/g"),
        ("n=5,c=0,m=0/25g", MicroPlan(5, 0, D(0)), "/25g"),
        ("n=5,c=0,m=0/25g,M=-", MicroPlan(5, 0, D(0)), "/25g"),
        ("n=5,c=0,m=0CFU/250mL", MicroPlan(5, 0, D(0)), "CFU/250mL"),
        ("产品明示值", LabelClaim(), ""),
        ("≥标签明示值的80%", LabelClaim(Relation.AT_LEAST, D(80)), ""),
        ("≥80%标示值", LabelClaim(Relation.AT_LEAST, D(80)), ""),
        ("产品明示值±1.0%vol", LabelClaim(deviation=D("1.0")), "%vol"),
        ("/", NoLimit(), ""),
        ("≤1/", Maximum(D(1)), ""),
    ],
)
def test_every_form_of_the_trade_is_read_to_its_typed_value(text, form, unit):
    limit = parse_limit(text)
    assert limit.form == form
    assert limit.unit.text == unit
    again = parse_limit(format_limit(limit), unit)
    assert (again.form, again.unit) == (limit.form, limit.unit)


@pytest.mark.parametrize(
    ("text", "repair", "printed"),
    [
        ("≤≤100mg/kg", Repair.DOUBLED_SIGN, "≤100mg/kg"),
        ("≤n=5,c=0,m=0CFU/250mL", Repair.SIGN_BEFORE_PLAN, "n=5,c=0,m=0CFU/250mL"),
        ("≤18.0±1.0%vol", Repair.SIGN_BEFORE_RANGE, "18.0±1.0%vol"),
        ("≤13.5~15.5%vol", Repair.SIGN_BEFORE_RANGE, "13.5~15.5%vol"),
        ("n=5,c=2,m=104,M=105CFU/g", Repair.SUPERSCRIPT_LOST, "n=5,c=2,m=10⁴,M=10⁵CFU/g"),
        ("n=5,c=2,m=3×104,M=105CFU/g", Repair.SUPERSCRIPT_LOST, "n=5,c=2,m=3×10⁴,M=10⁵CFU/g"),
        ("2.0b(以固态产品计)", Repair.FOOTNOTE_MARK, "≤2.0（以固态产品计）"),
    ],
)
def test_a_slip_with_one_meaning_is_mended_and_named(text, repair, printed):
    limit = parse_limit(text)
    assert limit.repairs == (repair,)
    assert format_limit(limit) == printed


@pytest.mark.parametrize("text", ["≤/g/100mL", "≤/g/100g", "≤", "", "≥mg/kg"])
def test_a_limit_that_lost_its_value_is_refused_as_such(text):
    with pytest.raises(LimitTextError) as refusal:
        parse_limit(text)
    assert refusal.value.code == "limit_value_missing"


@pytest.mark.parametrize(
    "text",
    [
        "合格",
        "banana",
        "≤5mg/kg噻虫胺",
        "≤0.1mg/kg,2",
        "n=5,c=2",
        "n=5,c=6,m=0",
        "n=5,c=2,m=100,M=10",
        "15~13%vol",
        "不得检出,亮蓝",
        "≤NaN",
    ],
)
def test_what_is_no_limit_is_refused(text):
    with pytest.raises(QuantityError):
        parse_limit(text)


@pytest.mark.parametrize("text", ["≤-0.3mg/kg", "-0.3mg/kg", "-1~2g/100g"])
def test_a_limit_below_nothing_is_refused_for_a_content(text):
    with pytest.raises(LimitTextError) as refusal:
        parse_limit(text)
    assert refusal.value.code == "limit_negative"


def test_a_limit_below_nothing_holds_for_a_temperature():
    assert parse_limit("≤-18°C").form == Maximum(Decimal(-18))


def test_the_unit_of_the_column_serves_where_the_text_has_none():
    assert parse_limit("≤0.2", "mg/kg").unit.text == "mg/kg"
    assert parse_limit("≤0.01 mg/L", "mg/kg").unit.text == "mg/L"


def test_what_the_figures_refer_to_is_kept_beside_them():
    limit = parse_limit("1.0 (干重计)", "mg/kg")
    assert limit.qualifier == "干重计"
    assert limit.is_dry_weight
    assert format_limit(limit) == "≤1.0mg/kg（干重计）"


def test_a_grams_unit_is_no_footnote():
    assert parse_limit("≤2g").unit.text == "g"


def test_the_figures_of_a_limit_stay_as_printed():
    assert format_limit(parse_limit("≤3.0mg/kg")) == "≤3.0mg/kg"
    assert format_limit(parse_limit("n=5,c=2,m=10000,M=10⁵CFU/g")) == "n=5,c=2,m=10000,M=10⁵CFU/g"


def rows_of(table):
    with table.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def test_every_limit_seen_in_2026_is_read_and_printed_back_or_has_lost_its_value(reference_dir):
    lost = []
    for row in rows_of(reference_dir / "data" / "limit_expressions_seen.csv"):
        try:
            limit = parse_limit(row["limit_text"])
        except LimitTextError as refusal:
            lost.append((row["limit_text"], refusal.code))
            continue
        again = parse_limit(format_limit(limit))
        assert (again.form, again.unit, again.qualifier) == (limit.form, limit.unit, limit.qualifier)
        assert format_limit(again) == format_limit(limit)
    assert lost == [(text, "limit_value_missing") for text in ("≤/g/100mL", "≤/g/100g")]


def test_every_limit_of_the_contaminant_standard_and_of_the_examples_is_read(reference_dir):
    for row in rows_of(reference_dir / "data" / "gb2762_2025_limits.csv"):
        assert parse_limit(row["limit_text"], row["unit"]).form == Maximum(D(row["limit_value"]))
    for row in rows_of(reference_dir / "data" / "example_limits.csv"):
        limit = parse_limit(row["limit_text"], row["unit"].replace("(none)", ""))
        assert parse_limit(format_limit(limit), limit.unit.text).form == limit.form


figures = st.builds(lambda digits, power: D(digits).scaleb(power), st.integers(0, 10**6), st.integers(-6, 6))
units = st.sampled_from(["", "mg/kg", "μg/kg", "g/100g", "mg/L", "%vol", "CFU/g", "/25g", "倍", "g/每日", "mg/100cm²"])


@st.composite
def forms(draw):
    low, high = sorted((draw(figures), draw(figures)))
    small = draw(st.integers(0, 5))
    return draw(
        st.sampled_from(
            [
                Maximum(high, draw(st.booleans())),
                Minimum(low, draw(st.booleans())),
                Range(low, high, draw(st.booleans()), draw(st.booleans())),
                Tolerance(high, low),
                Absence(draw(st.sampled_from(list(AbsenceKind)))),
                MicroPlan(small + 1, small, low, high),
                MicroPlan(small + 1, small, low),
                LabelClaim(draw(st.sampled_from([None, *Relation])), D(80)),
                LabelClaim(deviation=D("1.0")),
                NoLimit(),
            ]
        )
    )


@given(form=forms(), unit=units, qualifier=st.sampled_from(["", "干重计", "以固态产品计"]))
def test_any_limit_prints_to_a_text_that_reads_as_the_same_limit(form, unit, qualifier):
    qualifier = qualifier if isinstance(form, Maximum | Minimum | Range | Tolerance) else ""
    limit = LimitExpression(form, parse_unit(unit), qualifier)
    again = parse_limit(format_limit(limit), unit)
    assert (again.form, again.unit, again.qualifier, again.repairs) == (form, limit.unit, qualifier, ())
    assert format_limit(again) == format_limit(limit)


@given(st.text(max_size=40))
def test_any_text_is_either_a_limit_or_refused(text):
    try:
        limit = parse_limit(text)
    except QuantityError:
        return
    assert isinstance(limit, LimitExpression)


def test_a_limit_is_rewritten_in_another_unit_of_its_dimension_only():
    milligrams = in_unit(parse_limit("0.05~0.1g/kg"), parse_unit("mg/kg"))
    assert milligrams.form == Range(D(50), D(100))
    plan = in_unit(parse_limit("n=5,c=2,m=10,M=100CFU/g"), parse_unit("CFU/100g"))
    assert plan.form == MicroPlan(5, 2, D(1000), D(10000))
    with pytest.raises(UnitMismatchError):
        in_unit(parse_limit("≤0.01mg/L"), parse_unit("mg/kg"))
