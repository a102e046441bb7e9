from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling.rules.risk import (
    MAX_CONCENTRATION,
    MIN_CONCENTRATION,
    PPB,
    History,
    RandomStream,
    assess_risks,
    draw_rate_ppb,
    fit_prior,
)

counts = st.integers(0, 400).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


def histories(draws):
    return [History(f"s{i}", n, k) for i, (n, k) in enumerate(draws)]


@given(st.lists(counts, max_size=30))
def test_a_prior_is_never_certain_and_never_worth_more_than_its_bounds(draws):
    prior = fit_prior(histories(draws))
    assert prior.a > 0
    assert prior.b > 0
    assert MIN_CONCENTRATION <= prior.a + prior.b <= MAX_CONCENTRATION


def test_strata_that_differ_more_are_borrowed_from_less():
    alike = fit_prior(histories([(100, 3), (100, 4), (100, 3), (100, 2)]))
    apart = fit_prior(histories([(100, 0), (100, 40), (100, 1), (100, 25)]))
    assert alike.a + alike.b == MAX_CONCENTRATION
    assert apart.a + apart.b < 10


def test_the_fit_finds_the_spread_that_made_the_counts():
    stream = RandomStream("spread")
    drawn = []
    for i in range(300):
        rate = draw_rate_ppb(Fraction(2), Fraction(38), stream)
        drawn.append((200, sum(float(stream.uniform()) * PPB < rate for _ in range(200)) if i >= 0 else 0))
    prior = fit_prior(histories(drawn))
    assert 30 < prior.a + prior.b < 55
    assert Fraction(4, 100) < prior.a / (prior.a + prior.b) < Fraction(6, 100)


@given(n=st.integers(1, 300), k=st.data())
def test_one_more_fail_raises_the_expected_rate_and_one_more_pass_lowers_it(n, k):
    fails = k.draw(st.integers(0, n - 1))
    prior = fit_prior(histories([(50, 1), (80, 9), (20, 0)]))
    mean = prior.posterior_mean(n, fails)
    assert prior.posterior_mean(n, fails + 1) > mean > prior.posterior_mean(n + 1, fails)


def test_a_new_stratum_inherits_the_rate_of_its_own_category():
    known = [History(f"veg{i}", 100, 12, "vegetables") for i in range(6)]
    known += [History(f"cake{i}", 100, 1, "cakes") for i in range(6)]
    vegetable, cake = assess_risks([*known, History("veg", 0, 0, "vegetables"), History("cake", 0, 0, "cakes")], None)[
        -2:
    ]
    assert vegetable.mean_ppb == pytest.approx(0.12 * PPB, rel=0.01)
    assert cake.mean_ppb == pytest.approx(0.01 * PPB, rel=0.1)


def test_without_a_seed_the_mean_is_acted_on():
    assert all(risk.acted_ppb == risk.mean_ppb for risk in assess_risks(histories([(10, 1), (30, 0)]), None))


def test_a_draw_depends_on_its_own_stratum_and_the_seed_only():
    rows = histories([(40, 2), (60, 1), (0, 0), (90, 11)])
    forwards = assess_risks(rows, "2026-11")
    backwards = assess_risks(rows[::-1], "2026-11")[::-1]
    assert forwards == backwards
    assert forwards != assess_risks(rows, "2026-12")


def test_the_draws_are_the_published_ones():
    rows = histories([(40, 2), (60, 1), (0, 0), (90, 11)])
    assert [(r.mean_ppb, r.acted_ppb) for r in assess_risks(rows, "fenjian")] == [
        (60_324_283, 53_514_782),
        (34_811_705, 27_280_766),
        (75_916_230, 47_735_377),
        (111_693_339, 102_103_810),
    ]


@pytest.mark.parametrize(
    ("a", "b"), [(Fraction(1, 2), Fraction(20)), (Fraction(3), Fraction(7)), (Fraction(50), Fraction(900))]
)
def test_posterior_draws_have_the_mean_and_the_variance_of_their_beta(a, b):
    stream = RandomStream(f"moments{a}")
    draws = [Fraction(draw_rate_ppb(a, b, stream), PPB) for _ in range(3000)]
    mean = a / (a + b)
    variance = a * b / ((a + b) ** 2 * (a + b + 1))
    found = sum(draws) / len(draws)
    spread = sum((draw - found) ** 2 for draw in draws) / len(draws)
    assert abs(found - mean) < 4 * Fraction(float(variance / len(draws)) ** 0.5)
    assert spread == pytest.approx(variance, rel=0.15)


@settings(max_examples=50)
@given(counts)
def test_a_drawn_rate_is_a_rate(count):
    (risk,) = assess_risks(histories([count]), "any")
    assert 0 <= risk.acted_ppb <= PPB
    assert 0 < risk.mean_ppb < PPB
