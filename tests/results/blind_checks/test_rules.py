"""How a check of the laboratory is scored (GB/T 28043-2019 9.4; GB/T 27417-2017 5.5)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.quantities import UnitMismatchError, parse_unit
from results.blind_checks.rules import overall, score_known, score_split
from results.blind_checks.types import Expected, Known, Outcome
from results.types import Finding, FindingKind

MG, UG = parse_unit("mg/kg"), parse_unit("µg/kg")
SATISFACTORY, QUESTIONABLE, UNSATISFACTORY = Outcome.SATISFACTORY, Outcome.QUESTIONABLE, Outcome.UNSATISFACTORY
figures = st.decimals(min_value="0.001", max_value="1000", places=3)


def measured(value, unit=MG):
    return Finding(FindingKind.MEASURED, value=Decimal(value), unit=unit)


def absent(bound="0.01"):
    return Finding(FindingKind.NOT_DETECTED, bound=Decimal(bound), unit=MG)


def known(value, deviation, unit=MG):
    return Known(Expected.VALUE, Decimal(value), Decimal(deviation), unit)


@pytest.mark.parametrize(
    ("found", "outcome", "figure"),
    [
        ("0.50", SATISFACTORY, "0.00"),
        ("0.60", SATISFACTORY, "2.00"),
        ("0.601", QUESTIONABLE, "2.02"),
        ("0.649", QUESTIONABLE, "2.98"),
        ("0.65", UNSATISFACTORY, "3.00"),
        ("0.35", UNSATISFACTORY, "-3.00"),
        ("0.4", SATISFACTORY, "-2.00"),
    ],
)
def test_a_known_value_is_scored_by_z_with_2_and_3_as_its_marks(found, outcome, figure):
    score = score_known(measured(found), known("0.50", "0.05"))
    assert (score.outcome, score.figure) == (outcome, Decimal(figure))


def test_the_unit_of_the_bench_makes_no_difference_and_another_dimension_is_refused():
    assert score_known(measured("500", UG), known("0.50", "0.05")).figure == Decimal("0.00")
    with pytest.raises(UnitMismatchError):
        score_known(measured("0.5", parse_unit("mg/L")), known("0.50", "0.05"))


@pytest.mark.parametrize(
    ("finding", "expected", "outcome"),
    [
        (measured("0.2"), Expected.DETECTED, SATISFACTORY),
        (Finding(FindingKind.DETECTED), Expected.DETECTED, SATISFACTORY),
        (absent(), Expected.DETECTED, UNSATISFACTORY),
        (absent(), Expected.NOT_DETECTED, SATISFACTORY),
        (measured("0.2"), Expected.NOT_DETECTED, UNSATISFACTORY),
        (Finding(FindingKind.BELOW_LOQ, bound=Decimal("0.02"), unit=MG), Expected.DETECTED, QUESTIONABLE),
        (Finding(FindingKind.BELOW_LOQ, bound=Decimal("0.02"), unit=MG), Expected.NOT_DETECTED, QUESTIONABLE),
    ],
)
def test_what_was_to_be_found_or_not_is_scored_without_a_figure(finding, expected, outcome):
    assert score_known(finding, Known(expected)).outcome is outcome
    assert score_known(finding, Known(expected)).figure is None


def test_a_missed_value_is_unsatisfactory():
    assert score_known(absent(), known("0.50", "0.05")).outcome is UNSATISFACTORY


@given(value=figures, deviation=figures, away=st.decimals(min_value="0", max_value="5", places=3))
def test_a_score_depends_on_the_distance_only_and_never_improves_with_it(value, deviation, away):
    near, far = (score_known(measured(value + k * away * deviation), known(value, deviation)) for k in (1, 2))
    order = (SATISFACTORY, QUESTIONABLE, UNSATISFACTORY)
    assert order.index(near.outcome) <= order.index(far.outcome)
    below = value - away * deviation
    if below >= 0:
        assert score_known(measured(below), known(value, deviation)).outcome is near.outcome


@given(first=figures, second=figures, most=figures)
def test_a_split_scores_the_same_from_either_side(first, second, most):
    assert score_split(measured(first), measured(second), most) == score_split(measured(second), measured(first), most)


@pytest.mark.parametrize(
    ("found", "original", "outcome"),
    [
        (measured("1.00"), measured("1.10"), SATISFACTORY),
        (measured("1.00"), measured("1.11"), UNSATISFACTORY),
        (measured("0"), measured("0"), SATISFACTORY),
        (absent(), absent(), SATISFACTORY),
        (measured("0.009"), absent("0.01"), SATISFACTORY),
        (measured("0.5"), absent("0.01"), UNSATISFACTORY),
        (absent(), Finding(FindingKind.DETECTED), UNSATISFACTORY),
        (measured("0.5"), Finding(FindingKind.DETECTED), QUESTIONABLE),
    ],
)
def test_a_split_agrees_within_the_difference_asked_for(found, original, outcome):
    assert score_split(found, original, Decimal("9.55")).outcome is outcome


def test_the_worst_item_decides_and_nothing_scored_is_no_outcome():
    assert overall([SATISFACTORY, UNSATISFACTORY, QUESTIONABLE]) is UNSATISFACTORY
    assert overall([]) is None
