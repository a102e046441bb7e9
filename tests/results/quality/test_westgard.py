"""The multirule chart: published worked examples, and what holds for any measurements."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.quality.rules.westgard import broken_rules
from results.quality.types import ControlPoint, WestgardRule
from results.rules.precision import z_score

LEVELS = {"1": (100, 5), "2": (150, 8), "3": (200, 10)}  # mean and standard deviation of the published example


def points(*values):
    """(level, value as measured) as the chart sees them."""
    return [ControlPoint(level, z_score(Decimal(str(value)), *map(Decimal, LEVELS[level]))) for level, value in values]


def scored(*scores, lot="1"):
    return [ControlPoint(lot, Decimal(str(score))) for score in scores]


def names(found):
    return [tuple(rule.value for rule in rules) for rules in found]


def after(*scores, lot="1"):
    """The rules that the last of these runs, each of one measurement, breaks."""
    *earlier, last = ([point] for point in scored(*scores, lot=lot))
    return names(broken_rules(last, earlier))[0]


# Westgard, Barry, Hunt, Groth 1981, rule by rule, and the example of three levels that courses teach it with


def test_within_two_standard_deviations_nothing_is_broken():
    assert names(broken_rules(points(("1", 108), ("2", 140), ("3", 219)))) == [(), (), ()]


def test_two_levels_above_two_on_the_same_side_of_one_run_break_2_2s():
    run = points(("1", 111), ("2", 167), ("3", 202))
    assert names(broken_rules(run)) == [("1_2s",), ("2_2s", "1_2s"), ()]


def test_one_level_beyond_three_breaks_1_3s():
    assert names(broken_rules(points(("1", 116), ("2", 150), ("3", 200))))[0] == ("1_3s", "1_2s")


def test_one_level_above_two_and_another_below_two_of_one_run_break_r_4s():
    run = points(("1", 111), ("2", 133), ("3", 200))
    assert names(broken_rules(run)) == [("R_4s", "1_2s"), ("R_4s", "1_2s"), ()]


def test_the_same_two_in_different_runs_break_no_r_4s():
    assert after(2.2, -2.2) == ("1_2s",)


def test_the_same_level_above_two_in_two_runs_breaks_2_2s():
    assert after(2.1, 2.6) == ("2_2s", "1_2s")


def test_another_level_above_two_in_the_run_before_breaks_no_2_2s():
    found = broken_rules(scored(2.4, lot="2"), [scored(2.4, lot="1")])
    assert names(found) == [("1_2s",)]


def test_a_measurement_in_between_breaks_the_row():
    assert after(2.1, 0.3, 2.6) == ("1_2s",)


def test_four_runs_beyond_one_on_one_side_break_4_1s_without_any_warning():
    assert after(1.2, 1.5, 1.1, 1.8) == ("4_1s",)
    assert after(-1.2, -1.5, -1.1, -1.8) == ("4_1s",)
    assert after(1.2, 1.5, -1.1, 1.8) == ()


def test_two_levels_over_two_runs_break_4_1s():
    runs = [[*scored(1.2), *scored(1.4, lot="2")], [*scored(1.3), *scored(1.6, lot="2")]]
    assert names(broken_rules(runs[1], runs[:1])) == [(), ("4_1s",)]


def test_ten_runs_on_one_side_break_10_x():
    assert after(*[0.4] * 10) == ("10_x",)
    assert after(*[0.4] * 9) == ()
    assert after(*[0.4] * 5, -0.1, *[0.4] * 4) == ()


def test_two_levels_over_five_runs_break_10_x():
    runs = [[*scored(-0.3), *scored(-0.8, lot="2")] for _ in range(5)]
    assert names(broken_rules(runs[-1], runs[:-1])) == [(), ("10_x",)]


@pytest.mark.parametrize(("score", "broken"), [(2, ()), ("2.001", ("1_2s",)), (3, ("1_2s",)), (-3, ("1_2s",))])
def test_exactly_on_a_bound_is_within_it(score, broken):
    assert after(score) == broken


def test_a_measurement_on_the_target_lies_on_no_side():
    assert after(*[0.4] * 9, 0) == ()


def test_a_rule_that_is_not_in_force_is_not_looked_at():
    *earlier, last = ([point] for point in scored(*[1.2] * 10))
    assert names(broken_rules(last, earlier)) == [("4_1s", "10_x")]
    applied = {WestgardRule.ONE_3S, WestgardRule.TEN_X}
    assert names(broken_rules(last, earlier, applied=applied)) == [("10_x",)]


SCORES = st.integers(-400, 400).map(lambda cents: Decimal(cents) / 100)
POINTS = st.builds(ControlPoint, st.sampled_from("12"), SCORES)
RUNS = st.lists(st.lists(POINTS, min_size=1, max_size=3), min_size=1, max_size=12)


@given(RUNS)
def test_the_other_side_of_the_target_is_judged_alike(runs):
    mirrored = [[ControlPoint(point.lot, -point.z) for point in run] for run in runs]
    assert broken_rules(runs[-1], runs[:-1]) == broken_rules(mirrored[-1], mirrored[:-1])


@given(RUNS)
def test_the_names_of_the_materials_do_not_matter(runs):
    renamed = [[ControlPoint({"1": "β", "2": "α"}[point.lot], point.z) for point in run] for run in runs]
    assert broken_rules(runs[-1], runs[:-1]) == broken_rules(renamed[-1], renamed[:-1])


@given(RUNS)
def test_nothing_older_than_ten_measurements_of_a_material_matters(runs):
    older = [[ControlPoint(lot, Decimal(4)) for lot in "12"]] * 3
    filled = [[ControlPoint(lot, Decimal(0)) for lot in "12"]] * 10
    assert broken_rules(runs[-1], [*filled, *runs[:-1]]) == broken_rules(runs[-1], [*older, *filled, *runs[:-1]])


@given(RUNS)
def test_1_3s_never_stands_without_1_2s(runs):
    for rules in broken_rules(runs[-1], runs[:-1]):
        assert WestgardRule.ONE_3S not in rules or WestgardRule.ONE_2S in rules


@given(RUNS)
def test_within_one_standard_deviation_only_10_x_can_be_broken(runs):
    near = [[ControlPoint(point.lot, point.z / 4) for point in run] for run in runs]
    for rules in broken_rules(near[-1], near[:-1]):
        assert set(rules) <= {WestgardRule.TEN_X}


@given(RUNS)
def test_r_4s_stands_on_no_measurement_alone(runs):
    found = broken_rules(runs[-1], runs[:-1])
    assert sum(WestgardRule.RANGE_4S in rules for rules in found) != 1
