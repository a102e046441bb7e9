from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.catalog.limits import parse_limit
from lims.quantities import UnitMismatchError, parse_unit
from results.rules.conclusion import conclude
from results.rules.findings import parse_finding, parse_findings
from results.rules.item import judge_item
from results.rules.screening import judge_screening
from results.rules.sums import ShareOfMaximum, sum_of_items, sum_of_shares, to_dry_matter, to_fresh_weight
from results.types import FindingKind, ItemVerdict, JudgementInput, Rule, SampleVerdict

D = Decimal
G = parse_unit("g/kg")


def share(result, maximum):
    return ShareOfMaximum(parse_finding(result), D(maximum), G)


def test_preservatives_add_up_by_their_shares_of_the_maximum():
    ratio = sum_of_shares([share("0.5g/kg", "1.0"), share("300mg/kg", "0.5"), share("未检出", "0.3")])
    assert ratio.value == D("1.1")
    assert judge_item(JudgementInput((ratio,), parse_limit("≤1"))).verdict is ItemVerdict.FAIL


def test_a_mixture_at_exactly_its_maximum_passes():
    ratio = sum_of_shares([share("0.25g/kg", "0.75"), share("0.50g/kg", "0.75")])
    assert ratio.value == 1
    assert judge_item(JudgementInput((ratio,), parse_limit("≤1"))).verdict is ItemVerdict.PASS


def test_a_part_that_only_exceeds_a_figure_makes_the_sum_exceed_it():
    ratio = sum_of_shares([share(">2g/kg", "1.0"), share("0.5g/kg", "1.0")])
    assert (ratio.kind, ratio.bound) == (FindingKind.EXCEEDS, D("2.5"))


def test_a_maximum_of_nothing_has_no_shares():
    with pytest.raises(ValueError, match="above 0"):
        sum_of_shares([share("0.5g/kg", "0")])


def test_a_combined_item_adds_its_parts_in_one_unit():
    parts = parse_findings("80μg/kg;0.03mg/kg;未检出", expected=3)
    total = sum_of_items(parts, parse_unit("μg/kg"))
    assert total.value == 110


def test_a_combined_item_without_any_part_was_not_detected_at_the_largest_bound():
    parts = (parse_finding("未检出(检出限:2μg/kg)"), parse_finding("未检出(检出限:5μg/kg)"))
    total = sum_of_items(parts, parse_unit("μg/kg"))
    assert (total.kind, total.bound) == (FindingKind.NOT_DETECTED, D(5))


def test_parts_of_different_things_do_not_add_up():
    with pytest.raises(UnitMismatchError):
        sum_of_items((parse_finding("1mg/L"),), parse_unit("mg/kg"))


def test_dry_and_fresh_weight_follow_from_the_water():
    assert to_dry_matter(D("0.10"), D(90)) == 1
    assert to_fresh_weight(D("2.0"), D(90)) == D("0.2")
    for percent in (D(100), D(-1)):
        with pytest.raises(ValueError, match="expected 0 to below 100"):
            to_dry_matter(D(1), percent)


@given(st.decimals(0, 99, places=2), st.decimals(0, 1000, places=3))
def test_dry_matter_is_never_below_the_sample_as_it_came(moisture, value):
    assert to_dry_matter(value, moisture) >= value


@pytest.mark.parametrize(
    ("total", "part", "expected", "rule"),
    [
        ("0.15mg/kg", "", "pass", Rule.SCREENING),
        ("0.25mg/kg", "", "cannot_judge", Rule.SCREENING),
        ("0.25mg/kg", "0.19mg/kg", "pass", Rule.MAXIMUM),
        ("0.25mg/kg", "0.21mg/kg", "fail", Rule.MAXIMUM),
        ("0.15mg/kg", "0.21mg/kg", "fail", Rule.MAXIMUM),
        ("", "", "untested", Rule.UNTESTED),
    ],
)
def test_a_total_within_the_limit_of_its_part_spares_the_second_test(total, part, expected, rule):
    limit = parse_limit("≤0.2mg/kg")
    judged = judge_screening(JudgementInput(parse_findings(total), None), JudgementInput(parse_findings(part), limit))
    assert (judged.verdict.value, judged.rule) == (expected, rule)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["pass", "fail", "problem", "cannot_judge"], SampleVerdict.FAIL),
        (["pass", "problem"], SampleVerdict.PROBLEM),
        (["problem"], SampleVerdict.PROBLEM),
        (["pass", "problem", "cannot_judge"], SampleVerdict.UNDECIDED),
        (["pass", "not_judged", "untested"], SampleVerdict.PASS),
        (["not_judged"], SampleVerdict.UNDECIDED),
        (["untested"], SampleVerdict.UNDECIDED),
        ([], SampleVerdict.UNDECIDED),
    ],
)
def test_the_conclusion_follows_from_the_items(verdicts, expected):
    assert conclude(map(ItemVerdict, verdicts)) is expected
