"""How likely a stratum is to fail: a Beta-Binomial model in exact or correctly rounded arithmetic.

Every figure here decides who is sampled, so it must come out the same on any machine: the fit is integer and `Fraction`
arithmetic, the posterior draw is `decimal` (whose `ln`, `exp` and `sqrt` are correctly rounded by specification) on
random bits from SHA-256. Binary floating point and its platform-dependent logarithms appear nowhere.

Samplers, analysts and laboratories are no inputs, on purpose: in the one public data set that allows the comparison
(Chicago's food inspections), who inspects explains the hits better than where does; a plan fed with that would reward
looking away.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from hashlib import sha256

PPB = 10**9  # failure rates are integers in parts per billion
MIN_CONCENTRATION = Fraction(2)  # a prior worth less than two tests would let one fail rule a stratum
MAX_CONCENTRATION = Fraction(1000)  # strata that look alike so far are still not known to be alike
DEFAULT_CONCENTRATION = Fraction(20)  # where fewer than two strata were tested, nothing tells their spread
MIN_TESTED_STRATA = 5  # a category with fewer tested strata borrows the fit over all of them
VARIANCE_SCALE = 10**18  # fixed point of the summed squares, far finer than any rate it decides

# 18 digits: the draw is random beyond the third, and a longer logarithm only costs time.
CONTEXT = Context(prec=18, rounding=ROUND_HALF_EVEN)
HALF = Decimal("0.5")
THIRD = CONTEXT.divide(Decimal(1), Decimal(3))
SQUEEZE = Decimal("0.0331")  # Marsaglia and Tsang (2000), section 4: accepts without a logarithm


@dataclass(frozen=True, slots=True)
class History:
    """What testing has shown in one stratum: `fails` of `tests`, within `parent` (its food category)."""

    code: str
    tests: int
    fails: int
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Prior:
    """A Beta(a, b) belief about failure rates; a + b is how many tests it is worth."""

    a: Fraction
    b: Fraction

    def posterior_mean(self, tests: int, fails: int) -> Fraction:
        """The expected failure rate after seeing `fails` in `tests`, in 0..1."""
        return (self.a + fails) / (self.a + self.b + tests)


@dataclass(frozen=True, slots=True)
class Risk:
    """Expected failure rate, and the rate the plan acts on, both in parts per billion.

    `acted_ppb` is one draw from the posterior when the plan has a seed (little-known strata are explored in proportion
    to how uncertain they are), otherwise the mean itself.
    """

    mean_ppb: int
    acted_ppb: int


def fit_prior(histories: Iterable[History]) -> Prior:
    """Fit a Beta prior to the failure rates of several strata by the method of moments.

    Closed form rather than a likelihood search, so that it can be computed again by hand and never differs in the last
    bit. The mean carries half a fail in one test (Jeffreys), so it is never 0.

    Source: Kleinman, JASA 68 (1973), moment estimator with weights n, for the beta-binomial.
    """
    tested = [(history.tests, history.fails) for history in histories if history.tests]
    tests = sum(n for n, _ in tested)
    fails = sum(k for _, k in tested)
    mean = Fraction(2 * fails + 1, 2 * (tests + 1))
    concentration = _concentration(tested, tests, fails)
    return Prior(mean * concentration, (1 - mean) * concentration)


def _concentration(tested: Sequence[tuple[int, int]], tests: int, fails: int) -> Fraction:
    groups = len(tested)
    if groups <= 1 or fails in (0, tests):
        return DEFAULT_CONCENTRATION
    # sum of n (k/n - K/N)^2 in fixed point: an exact sum would carry the common multiple of all n.
    spread = Fraction(
        sum((k * tests - n * fails) ** 2 * VARIANCE_SCALE // (n * tests**2) for n, k in tested),
        VARIANCE_SCALE,
    )
    binomial = Fraction(fails * (tests - fails), tests**2)
    room = tests - Fraction(sum(n * n for n, _ in tested), tests) - (groups - 1)
    excess = spread - binomial * (groups - 1)
    if excess <= 0 or room <= 0:
        return MAX_CONCENTRATION
    correlation = min(excess / (binomial * room), Fraction(1))
    return min(max(1 / correlation - 1, MIN_CONCENTRATION), MAX_CONCENTRATION)


def fit_priors(histories: Sequence[History]) -> Mapping[str, Prior]:
    """One prior per food category; a category with little behind it inherits the fit over all."""
    families: dict[str, list[History]] = {}
    for history in histories:
        families.setdefault(history.parent, []).append(history)
    over_all = fit_prior(histories)
    return {
        parent: fit_prior(family) if sum(history.tests > 0 for history in family) >= MIN_TESTED_STRATA else over_all
        for parent, family in families.items()
    }


def assess_risks(histories: Sequence[History], seed: str | None) -> list[Risk]:
    """The risk of each stratum, in the order given.

    Args:
        histories: one per stratum.
        seed: any text; the same seed gives the same draws. None acts on the means.

    A draw depends on the seed, the stratum's code and its own posterior, never on the order of the rows.
    """
    priors = fit_priors(histories)
    risks = []
    for history in histories:
        prior = priors[history.parent]
        mean = _ppb(prior.posterior_mean(history.tests, history.fails))
        acted = (
            mean
            if seed is None
            else draw_rate_ppb(
                prior.a + history.fails,
                prior.b + history.tests - history.fails,
                RandomStream(f"{seed}|risk|{history.code}"),
            )
        )
        risks.append(Risk(mean, acted))
    return risks


def _ppb(rate: Fraction) -> int:
    return rate.numerator * PPB // rate.denominator


class RandomStream:
    """Uniform and normal numbers from SHA-256 of `name|0`, `name|1`, …; each name is its own stream.

    Must be used inside the decimal context of this module.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._blocks = 0
        self._words: list[int] = []
        self._spare: Decimal | None = None

    def uniform(self) -> Decimal:
        """The next number strictly between 0 and 1, from 64 bits."""
        if not self._words:
            block = sha256(f"{self._name}|{self._blocks}".encode()).digest()
            self._blocks += 1
            self._words = [int.from_bytes(block[i : i + 8]) for i in (24, 16, 8, 0)]
        return (self._words.pop() + HALF) / (1 << 64)

    def normal(self) -> Decimal:
        """The next standard normal number (Marsaglia's polar method, which makes them in pairs)."""
        if self._spare is not None:
            spare, self._spare = self._spare, None
            return spare
        while True:
            x, y = 2 * self.uniform() - 1, 2 * self.uniform() - 1
            square = x * x + y * y
            if 0 < square < 1:
                factor = (-2 * square.ln() / square).sqrt()
                self._spare = y * factor
                return x * factor


def draw_rate_ppb(a: Fraction, b: Fraction, stream: RandomStream) -> int:
    """One draw from Beta(a, b) in parts per billion: the share of the first of two gamma draws."""
    with localcontext(CONTEXT):
        first = _draw_gamma(Decimal(a.numerator) / a.denominator, stream)
        second = _draw_gamma(Decimal(b.numerator) / b.denominator, stream)
        return int(first * PPB / (first + second))


def _draw_gamma(shape: Decimal, stream: RandomStream) -> Decimal:
    """One draw from Gamma(shape, 1).

    Source: Marsaglia and Tsang, ACM TOMS 26 (2000), with their boost for a shape below 1.
    """
    if shape < 1:
        boost = (stream.uniform().ln() / shape).exp()
        return _draw_gamma(shape + 1, stream) * boost
    d = shape - THIRD
    c = 1 / (9 * d).sqrt()
    while True:
        z = stream.normal()
        v = (1 + c * z) ** 3
        if v <= 0:
            continue
        u, square = stream.uniform(), z * z
        if u < 1 - SQUEEZE * square * square or u.ln() < square / 2 + d * (1 - v + v.ln()):
            return d * v
