"""Words of the national system, and when two spellings of one value agree."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.layouts import Record
from results.national.rules import ITEM_VERDICTS, agree, compare_items, conclusion_of, report_category
from results.national.types import DifferenceKind, SampleRow
from results.types import ItemVerdict
from sampling.types import SampleVerdict

FAIL, PASS, PROBLEM = SampleVerdict.FAIL, SampleVerdict.PASS, SampleVerdict.PROBLEM
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)


@given(field=st.sampled_from(["product_name", "result", "product_date", "unit", "report_no"]), text=texts)
def test_every_value_agrees_with_itself(field, text):
    assert agree(field, text, text)


@given(field=st.sampled_from(["product_name", "result", "product_date", "unit"]), one=texts, other=texts)
def test_agreeing_has_no_direction(field, one, other):
    assert agree(field, one, other) is agree(field, other, one)


@given(day=days)
def test_a_day_agrees_in_every_spelling(day):
    for theirs in (f"{day:%Y/%m/%d}", f"{day.year}年{day.month}月{day.day}日", f"{day:%Y%m%d}", f"{day} 00:00:00"):
        assert agree("product_date", theirs, day.isoformat())


@given(one=days, other=days)
def test_two_days_disagree(one, other):
    assert agree("sampled_on", one.isoformat(), f"{other:%Y/%m/%d}") is (one == other)


@given(value=st.decimals(0, 10**6, places=4, allow_nan=False))
def test_a_figure_agrees_with_its_own_trailing_zeros_and_with_no_other_figure(value):
    assert agree("result", f"{value:f}00", f"{value:f}")
    assert not agree("result", f"{value + Decimal('0.0001'):f}", f"{value:f}")


@pytest.mark.parametrize(
    ("field", "theirs", "ours"),
    [
        ("party_name", "清河县惠民超市（东店）", "清河县惠民超市(东店)"),
        ("product_name", " 韭 菜 ", "韭菜"),
        ("samplers", "张三,李四", "张三、李四"),
        ("unit", "ＭＧ/ＫＧ", "mg/kg"),
        ("unit", "μg/kg", "µg/kg"),
        ("batch_no", "/", ""),
        ("result", "未检出", "未 检出"),
    ],
)
def test_width_space_and_signs_are_no_difference(field, theirs, ours):
    assert agree(field, theirs, ours)


@pytest.mark.parametrize(
    ("field", "theirs", "ours"),
    [("result", "0.21", "0.20"), ("unit", "mg/kg", "mg/L"), ("batch_no", "A1", ""), ("party_name", "甲", "乙")],
)
def test_what_says_something_else_is_a_difference(field, theirs, ours):
    assert not agree(field, theirs, ours)


@pytest.mark.parametrize(
    ("verdict", "items", "is_urgent", "conclusion", "category"),
    [
        (PASS, {ItemVerdict.PASS}, False, "纯抽检合格样品", "合格报告"),
        (FAIL, {ItemVerdict.FAIL, ItemVerdict.PASS}, False, "纯抽检不合格样品", "一般不合格报告"),
        (FAIL, {ItemVerdict.FAIL}, True, "纯抽检不合格样品", "24小时限时报告"),
        (FAIL, {ItemVerdict.FAIL, ItemVerdict.PROBLEM}, False, "", "一般不合格（问题）报告"),
        (PROBLEM, {ItemVerdict.PROBLEM}, False, "纯监测问题样品", "一般问题报告"),
    ],
)
def test_conclusion_and_category_are_the_official_words(verdict, items, is_urgent, conclusion, category):
    assert conclusion_of(verdict, items) == conclusion
    assert report_category(verdict, items, is_urgent=is_urgent) == category


def test_a_verdict_without_an_official_word_has_none():
    assert set(ItemVerdict) - set(ITEM_VERDICTS) == {ItemVerdict.CANNOT_JUDGE}


def test_items_are_matched_by_name_whatever_their_order():
    ours = SampleRow({}, [{"item": "铅（以Pb计）", "result": "0.1"}, {"item": "镉", "result": "0.2"}])
    records = [
        Record(2, {"item": "砷", "result": "1"}),
        Record(3, {"item": "铅(以Pb计)", "result": "0.3"}),
    ]
    found = compare_items(records, ours, {"item": "检验项目", "result": "检验结果"}, "N1")
    assert [(one.kind, one.row, one.item) for one in found] == [
        (DifferenceKind.MISSING_HERE, 2, "砷"),
        (DifferenceKind.DIFFERS, 3, "铅(以Pb计)"),
        (DifferenceKind.MISSING_THERE, 0, "镉"),
    ]
    assert (found[1].column, found[1].theirs, found[1].ours) == ("检验结果", "0.3", "0.1")
