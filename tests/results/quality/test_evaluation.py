"""How blanks, controls, certified materials, duplicates and spikes are judged."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.quantities import parse_unit
from results.quality.rules.evaluation import evaluate
from results.quality.rules.stored import case_from_json, case_to_json
from results.quality.types import (
    BlankCriteria,
    ControlChart,
    ControlCriteria,
    ControlPoint,
    DuplicateCriteria,
    QcCase,
    QcOutcome,
    RangeCriteria,
    SpikeCriteria,
)
from results.rules.findings import parse_finding

MG = parse_unit("mg/kg")
OK, WARNING, REJECTED = QcOutcome.IN_CONTROL, QcOutcome.WARNING, QcOutcome.REJECTED


def D(text):  # noqa: N802 - as short as the figure
    return Decimal(text)


def case(criteria, found, compared=None, **more):
    def read(text):
        return parse_finding(text, "mg/kg") if text else None

    return QcCase(criteria, MG, read(found), read(compared), **more)


def outcome(criteria, found, compared=None, **more):
    judged = evaluate(case(criteria, found, compared, **more))
    return judged.outcome, judged.rules


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("未检出", (OK, ())),
        ("<LOQ", (OK, ())),
        ("0.01", (OK, ())),
        ("10μg/kg", (OK, ())),
        ("<0.01", (OK, ())),
        ("<0.02", (REJECTED, ("blank_limit",))),
        ("0.0101", (REJECTED, ("blank_limit",))),
        ("检出", (REJECTED, ("blank_limit",))),
        (None, (REJECTED, ("not_measured",))),
    ],
)
def test_a_blank_holds_no_more_than_its_limit(found, expected):
    assert outcome(BlankCriteria(D("0.01")), found) == expected


def test_a_blank_without_a_known_limit_holds_nothing():
    assert outcome(BlankCriteria(None), "未检出") == (OK, ())
    assert outcome(BlankCriteria(None), "0.0001") == (REJECTED, ("blank_limit",))


@pytest.mark.parametrize(
    ("found", "verdict"), [("0.90", OK), ("1.10", OK), ("0.899", REJECTED), ("1100.1μg/kg", REJECTED)]
)
def test_a_certified_material_lies_within_its_certificate(found, verdict):
    assert outcome(RangeCriteria(D("1.00"), D("0.90"), D("1.10")), found)[0] is verdict


@pytest.mark.parametrize(
    ("found", "original", "expected"),
    [
        ("1.1", "0.9", (OK, ())),  # exactly 20 per cent of the mean
        ("1.11", "0.9", (REJECTED, ("relative_difference",))),
        ("1100μg/kg", "0.9mg/kg", (OK, ())),
        ("未检出", "未检出", (OK, ())),
        ("未检出", "<LOQ", (OK, ())),
        ("检出", "未检出", (REJECTED, ("relative_difference",))),
        ("0.01", "未检出", (OK, ())),
        ("未检出", "0.011", (REJECTED, ("relative_difference",))),
        ("0.01", "检出", (REJECTED, ("relative_difference",))),
        ("0", "0", (OK, ())),
        ("1.0", None, (REJECTED, ("no_figure",))),
    ],
)
def test_a_duplicate_agrees_with_its_sample(found, original, expected):
    assert outcome(DuplicateCriteria(D(20), D("0.01")), found, original) == expected


@pytest.mark.parametrize(
    ("found", "original", "expected", "figure"),
    [
        ("0.15", "0.05", (OK, ()), "100.00"),
        ("0.130", "0.05", (OK, ()), "80.00"),
        ("0.1299", "0.05", (REJECTED, ("recovery",)), "79.90"),
        ("0.11", "未检出", (OK, ()), "110.00"),
        ("0.02", "0.05", (REJECTED, ("recovery",)), "-30.00"),
        ("未检出", "0.05", (REJECTED, ("no_figure",)), None),
        ("0.1", "检出", (REJECTED, ("no_figure",)), None),
        ("0.1", None, (REJECTED, ("no_figure",)), None),
    ],
)
def test_a_spike_is_found_again(found, original, expected, figure):
    judged = evaluate(case(SpikeCriteria(D("0.1"), D(80), D(110)), found, original))
    assert (judged.outcome, judged.rules) == expected
    assert judged.figure == (None if figure is None else D(figure))


def chart(*scores, earlier=()):
    def run(values):
        return tuple(ControlPoint("A", D(str(z))) for z in values)

    return ControlChart(run(scores), len(scores) - 1, tuple(run(values) for values in earlier))


@pytest.mark.parametrize(
    ("found", "z", "earlier", "expected"),
    [
        ("0.50", "0", (), (OK, ())),
        ("0.62", "2.4", (), (WARNING, ("1_2s",))),
        ("0.62", "2.4", [["2.1"]], (REJECTED, ("2_2s", "1_2s"))),
        ("0.66", "3.2", (), (REJECTED, ("1_3s", "1_2s"))),
    ],
)
def test_a_control_is_judged_by_its_chart(found, z, earlier, expected):
    criteria = ControlCriteria(D("0.50"), D("0.05"))
    assert outcome(criteria, found, chart=chart(z, earlier=earlier)) == expected


def test_a_control_without_a_figure_is_rejected():
    criteria = ControlCriteria(D("0.50"), D("0.05"))
    assert outcome(criteria, "未检出") == (REJECTED, ("no_figure",))
    assert outcome(criteria, "0.5mg/L") == (REJECTED, ("no_figure",))


AMOUNTS = st.integers(1, 10**6).map(lambda n: Decimal(n) / 1000)
CRITERIA = st.one_of(
    st.builds(BlankCriteria, st.none() | AMOUNTS),
    st.builds(lambda low, wide: RangeCriteria(low + wide, low, low + 2 * wide), AMOUNTS, AMOUNTS),
    st.builds(DuplicateCriteria, st.integers(1, 200).map(Decimal), st.none() | AMOUNTS),
    st.builds(SpikeCriteria, AMOUNTS, st.just(Decimal(80)), st.just(Decimal(120))),
)
TEXTS = st.one_of(AMOUNTS.map(str), st.sampled_from(["未检出", "<LOQ", "检出", "<0.5", ">3"]))


@given(criteria=CRITERIA, found=st.none() | TEXTS, compared=st.none() | TEXTS)
def test_what_was_stored_is_judged_again_to_the_same(criteria, found, compared):
    given_case = case(criteria, found, compared)
    again = case_from_json(case_to_json(given_case))
    assert again == given_case
    assert evaluate(again) == evaluate(given_case)


@given(z=st.integers(-500, 500), earlier=st.lists(st.integers(-300, 300), max_size=9))
def test_a_stored_chart_reads_back(z, earlier):
    where = chart(D(z) / 100, earlier=[[D(one) / 100] for one in earlier])
    given_case = case(ControlCriteria(D("0.5"), D("0.05")), "0.5", chart=where)
    assert case_from_json(case_to_json(given_case)) == given_case


@given(first=AMOUNTS, second=AMOUNTS, percent=st.integers(1, 200))
def test_it_does_not_matter_which_of_two_portions_is_the_duplicate(first, second, percent):
    criteria = DuplicateCriteria(Decimal(percent))
    there = evaluate(case(criteria, str(first), str(second)))
    assert there == evaluate(case(criteria, str(second), str(first)))


@given(criteria=CRITERIA, found=AMOUNTS, compared=AMOUNTS)
def test_the_unit_chosen_does_not_matter(criteria, found, compared):
    there = evaluate(case(criteria, f"{found}mg/kg", f"{compared}mg/kg"))
    here = evaluate(case(criteria, f"{found * 1000}μg/kg", f"{compared * 1000}μg/kg"))
    assert there.outcome is here.outcome
    assert there.rules == here.rules


@given(low=AMOUNTS, more=AMOUNTS, limit=AMOUNTS)
def test_a_blank_that_holds_more_is_never_judged_better(low, more, limit):
    worse = list(QcOutcome).index
    there = evaluate(case(BlankCriteria(limit), str(low))).outcome
    assert worse(there) <= worse(evaluate(case(BlankCriteria(limit), str(low + more))).outcome)


def test_a_case_without_its_chart_is_no_control_chart():
    stored = case_to_json(case(ControlCriteria(D("0.5"), D("0.05")), "0.5", chart=chart("0")))
    assert evaluate(replace(case_from_json(stored), chart=None)).rules == ("no_figure",)
