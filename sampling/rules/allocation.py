"""How many samples each stratum gets, and why: a pure function in exact integers.

Quotas of the law and floors come first. What is left goes one by one, by bounded Sainte-Laguë, to the stratum with the
largest `weight / (2 x + 1)`, where x is what it has; the weight blends precision (Neyman), risk and votes by the shares
of the policy. So the answer is house-monotone (a larger budget takes a sample away from nobody; largest remainder did
so in 399 of 400 trials), keeps every bound, and is the same on every machine.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256
from heapq import heapify, heappop, heapreplace
from math import isqrt, lcm
from types import MappingProxyType
from typing import Self

from lims.errors import InvalidInputError, LimsError
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from sampling.rules.risk import PPB, History, Risk, assess_risks

PPM = 1_000_000
SHARE = re.compile(
    r"[+-]?[0-9]{0,3}(\.[0-9]{0,9})?", re.ASCII
)  # an exponent could ask for a number of a million digits
DEFAULT_VOTE_CAP_PPM = 100_000  # no stratum counts for more than 10 % of the vote mass


class Part(StrEnum):
    """Why a sample is in the plan."""

    FLOOR = "floor"
    STATUTORY = "statutory"
    NEYMAN = "neyman"
    RISK = "risk"
    VOTES = "votes"


BLENDED = (Part.NEYMAN, Part.RISK, Part.VOTES)
PART_NAMES: Mapping[Part, LazyString] = MappingProxyType(
    {
        Part.FLOOR: _l("floor"),
        Part.STATUTORY: _l("statutory"),
        Part.NEYMAN: _l("precision"),
        Part.RISK: _l("risk"),
        Part.VOTES: _l("votes"),
    }
)


@dataclass(frozen=True, slots=True)
class Stratum:
    """One line of a plan before it has its number.

    Args:
        code: unique in the plan.
        population: how many units (businesses, lots) stand for it in the market; steers precision only.
        floor: at least so many samples, by policy.
        ceiling: at most so many (capacity, variety); None where nothing limits it.
        statutory: at least so many by law or by the plan of a higher level. It does not add to the floor: the larger
            of the two holds.
        votes: vote mass in any unit common to all lines (`citizen_votes` gives exact integers).
        tests, fails: what testing has shown so far.
        parent: the food category whose other strata tell what to expect here.

    Raises:
        InvalidInputError: a negative figure, or more fails than tests.
    """

    code: str
    population: int
    floor: int
    ceiling: int | None
    statutory: int
    votes: int
    tests: int
    fails: int
    parent: str = ""

    def __post_init__(self) -> None:
        if not self.code:
            raise InvalidInputError(_l("A stratum needs a code."), field="stratum")
        for name in ("population", "floor", "statutory", "votes", "tests", "fails", "ceiling"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise InvalidInputError(
                    _l(
                        "%(stratum)s: %(name)s is %(value)s, expected 0 or more.",
                        stratum=self.code,
                        name=name,
                        value=value,
                    ),
                    field=name,
                )
        if self.fails > self.tests:
            raise InvalidInputError(
                _l(
                    "%(stratum)s: %(fails)s fails in %(tests)s tests, expected at most as many fails as tests.",
                    stratum=self.code,
                    fails=self.fails,
                    tests=self.tests,
                ),
                field="fails",
            )

    @property
    def minimum(self) -> int:
        """What it gets before anything is divided."""
        return max(self.floor, self.statutory)


@dataclass(frozen=True, slots=True)
class Shares:
    """The policy: how the free part of the budget is split, in parts per million that add up to one million."""

    neyman_ppm: int
    risk_ppm: int
    votes_ppm: int

    def __post_init__(self) -> None:
        if min(self.neyman_ppm, self.risk_ppm, self.votes_ppm) < 0 or sum(self) != PPM:
            raise InvalidInputError(
                _l(
                    "The shares are %(shares)s, expected none below 0 and a sum of 1.",
                    shares=self.text,
                ),
                field="shares",
            )

    def __iter__(self) -> Iterator[int]:
        return iter((self.neyman_ppm, self.risk_ppm, self.votes_ppm))

    @property
    def text(self) -> str:
        """As it is written on a command line: `neyman=0.4,risk=0.4,votes=0.2`."""
        return ",".join(f"{part}={Decimal(ppm) / PPM}" for part, ppm in zip(BLENDED, self, strict=True))

    @classmethod
    def only(cls, part: Part) -> Self:
        """Everything to one part: what the plan would be if nothing else counted."""
        return cls(*(PPM if part is other else 0 for other in BLENDED))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `neyman=.4,risk=.4,votes=.2`; a part left out has no share.

        Raises:
            InvalidInputError: an unknown part, a number finer than a millionth, or a sum other than 1.
        """
        shares = dict.fromkeys(BLENDED, 0)
        for piece in text.split(","):
            name, _, number = piece.partition("=")
            try:
                ppm = Decimal(number.strip() if SHARE.fullmatch(number.strip()) else "NaN") * PPM
                part = Part(name.strip())
                is_exact = ppm == int(ppm) and part in shares
            except (InvalidOperation, ValueError, OverflowError):
                is_exact = False
            if not is_exact:
                raise InvalidInputError(
                    _l(
                        "Cannot read the share %(piece)r, expected for example neyman=.4,risk=.4,votes=.2.",
                        piece=piece,
                    ),
                    field="shares",
                )
            shares[part] = int(ppm)
        return cls(*shares.values())


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What one stratum gets; `parts` adds up to `samples`."""

    stratum: str
    samples: int
    parts: Mapping[Part, int]
    risk: Risk

    def explain(self) -> str:
        """`15 = 2 floor + 6 statutory + 5 risk + 2 votes`, in the language of the reader."""
        reasons = [f"{n} {PART_NAMES[part]}" for part, n in self.parts.items() if n]
        return f"{self.samples} = {' + '.join(reasons)}" if reasons else str(self.samples)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason why no plan can keep all the bounds. `stratum` is None where the sum is the obstacle."""

    stratum: str | None
    needed: int
    available: int


class InfeasiblePlanError(LimsError):
    """The bounds contradict each other or the budget. Nothing is scaled silently: people decide what gives way."""

    code = "plan_infeasible"

    def __init__(self, message: LazyString, obstacles: Sequence[Obstacle]) -> None:
        super().__init__(message, field="budget", facts={"obstacles": [asdict(each) for each in obstacles]})
        self.obstacles = tuple(obstacles)


def allocate(
    strata: Sequence[Stratum],
    budget: int,
    shares: Shares,
    *,
    seed: str | None = None,
    vote_cap_ppm: int = DEFAULT_VOTE_CAP_PPM,
) -> list[PlanLine]:
    """Divide `budget` samples among the strata, in the order given.

    Args:
        strata: the lines, codes unique.
        budget: how many samples in all, exactly.
        shares: the policy.
        seed: decides nothing but the posterior draw of each stratum's risk; None uses the posterior mean. Ties never
            need a seed: the smaller code goes first.
        vote_cap_ppm: the largest part of the vote mass one stratum may stand for.

    Raises:
        InfeasiblePlanError: the minima exceed the budget, the ceilings cannot hold it, or a minimum is above its
            ceiling.
        InvalidInputError: a code twice, or a negative budget.

    Source: Measures Art. 9-10 (what a plan weighs); Balinski and Young, Fair Representation, ch. 10 (bounds, monotony).
    """
    check_feasible(strata, budget)
    risks = assess_risks([History(line.code, line.tests, line.fails, line.parent) for line in strata], seed)
    weights = blend_weights(strata, risks, shares, vote_cap_ppm)
    samples = divide(
        [line.code for line in strata],
        [sum(contributions) for contributions in weights],
        [line.minimum for line in strata],
        [budget if line.ceiling is None else line.ceiling for line in strata],
        budget,
    )
    return [
        PlanLine(line.code, count, _split(line, count, contributions, shares), risk)
        for line, count, contributions, risk in zip(strata, samples, weights, risks, strict=True)
    ]


def compare_policies(strata: Sequence[Stratum], budget: int, *, seed: str | None = None) -> dict[Part, list[int]]:
    """How many samples each stratum would get if only precision, only risk or only votes counted."""
    return {part: [line.samples for line in allocate(strata, budget, Shares.only(part), seed=seed)] for part in BLENDED}


def digest_inputs(
    strata: Sequence[Stratum],
    budget: int,
    shares: Shares,
    *,
    seed: str | None = None,
    vote_cap_ppm: int = DEFAULT_VOTE_CAP_PPM,
) -> bytes:
    """SHA-256 over everything the answer depends on, for the ledger."""
    inputs = {
        "budget": budget,
        "seed": seed,
        "shares": dict(zip(BLENDED, shares, strict=True)),
        "strata": [asdict(line) for line in strata],
        "vote_cap_ppm": vote_cap_ppm,
    }
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).digest()


def check_feasible(strata: Sequence[Stratum], budget: int) -> None:
    """Refuse a budget that no plan can meet, naming every line that stands in its way.

    Raises:
        InfeasiblePlanError, InvalidInputError: as `allocate`.
    """
    if budget < 0:
        raise InvalidInputError(_l("The budget is %(budget)s, expected 0 or more.", budget=budget), field="budget")
    seen: set[str] = set()
    for line in strata:
        if line.code in seen:
            raise InvalidInputError(_l("The stratum %(stratum)s is there twice.", stratum=line.code), field="stratum")
        seen.add(line.code)
    crossed = [
        Obstacle(line.code, line.minimum, line.ceiling)
        for line in strata
        if line.ceiling is not None and line.minimum > line.ceiling
    ]
    if crossed:
        raise InfeasiblePlanError(
            _l(
                "%(count)s strata need more than their ceiling, first %(first)s: %(needed)s, ceiling %(available)s.",
                count=len(crossed),
                first=crossed[0].stratum,
                needed=crossed[0].needed,
                available=crossed[0].available,
            ),
            crossed,
        )
    needed = sum(line.minimum for line in strata)
    if needed > budget:
        demanding = sorted((line for line in strata if line.minimum), key=lambda line: (-line.minimum, line.code))
        raise InfeasiblePlanError(
            _l(
                "Floors and quotas need %(needed)s samples, the budget is %(budget)s.",
                needed=needed,
                budget=budget,
            ),
            [
                Obstacle(None, needed, budget),
                *(Obstacle(line.code, line.minimum, budget) for line in demanding),
            ],
        )
    room = sum(budget if line.ceiling is None else line.ceiling for line in strata)
    if room < budget:
        raise InfeasiblePlanError(
            _l(
                "The ceilings hold %(room)s samples, the budget is %(budget)s.",
                room=room,
                budget=budget,
            ),
            [Obstacle(None, budget, room)],
        )


def divide(
    codes: Sequence[str],
    weights: Sequence[int],
    minima: Sequence[int],
    ceilings: Sequence[int],
    budget: int,
) -> list[int]:
    """Bounded Sainte-Laguë: start from the minima, give each next sample to the largest weight / (2 x + 1).

    Ties go to the smaller code. Strata without weight come last, evenly, once all others are full.
    Takes O(budget log strata). Feasibility is the caller's (`check_feasible`).
    """
    counts = list(minima)
    # Two different fractions with divisors up to d differ by 1/d² or more: scaled by d², their integer parts
    # differ too. So this key orders exactly like cross multiplication, and the heap compares plain integers.
    resolution = (2 * budget + 3) ** 2

    def key(index: int) -> tuple[int, int, str, int]:
        divisor = 2 * counts[index] + 1
        weight = weights[index]
        last = 0 if weight else -(resolution // divisor)
        return -(weight * resolution // divisor), last, codes[index], index

    queue = [key(index) for index in range(len(codes)) if counts[index] < ceilings[index]]
    heapify(queue)
    for _ in range(budget - sum(counts)):
        index = queue[0][-1]
        counts[index] += 1
        if counts[index] < ceilings[index]:
            heapreplace(queue, key(index))
        else:
            heappop(queue)
    return counts


def blend_weights(
    strata: Sequence[Stratum], risks: Sequence[Risk], shares: Shares, vote_cap_ppm: int
) -> list[tuple[int, int, int]]:
    """What precision, risk and votes each contribute to the weight of a stratum, as integers on one common scale.

    * precision: population x standard deviation of a pass/fail outcome at the expected rate (Neyman 1934);
    * risk: the square of the rate acted on, so that effort leans to where failures are;
    * votes: see `cap_votes`. A share that votes may not use up, or that has nothing to go by (no votes, no population),
      goes to the other two in proportion.
    """
    neyman = [
        line.population * isqrt(risk.mean_ppb * (PPB - risk.mean_ppb)) for line, risk in zip(strata, risks, strict=True)
    ]
    risky = [risk.acted_ppb**2 for risk in risks]
    voted, vote_whole = cap_votes([line.votes for line in strata], vote_cap_ppm)
    wholes = (sum(neyman), sum(risky), vote_whole)
    used = [
        Fraction(share * sum(values), PPM * whole) if whole else Fraction(0)
        for share, values, whole in zip(shares, (neyman, risky, voted), wholes, strict=True)
    ]
    steady = used[0] + used[1]
    growth = (1 - used[2]) / steady if steady else Fraction(1)
    factors = [
        Fraction(share, PPM * whole) * (growth if part is not Part.VOTES else 1) if whole else Fraction(0)
        for part, share, whole in zip(BLENDED, shares, wholes, strict=True)
    ]
    scale = lcm(*(factor.denominator for factor in factors))
    by_neyman, by_risk, by_votes = (int(factor * scale) for factor in factors)
    return [(by_neyman * n, by_risk * r, by_votes * v) for n, r, v in zip(neyman, risky, voted, strict=True)]


def cap_votes(votes: Sequence[int], cap_ppm: int) -> tuple[list[int], int]:
    """Vote shares after the cap, as integers over a common whole.

    No stratum counts for more than the cap of the votes cast; the rest is renormalised, and held at the cap once more,
    so that stuffing one stratum can never win it more than the cap of what votes decide. What is then missing to the
    whole is not given to anybody here.
    """
    mass = sum(votes)
    counted = [min(PPM * count, cap_ppm * mass) for count in votes]
    total = sum(counted)
    return [min(PPM * count, cap_ppm * total) for count in counted], PPM * total


def _split(line: Stratum, samples: int, contributions: tuple[int, int, int], shares: Shares) -> Mapping[Part, int]:
    """Name a reason for every sample: quota, what the floor adds to it, and the blend by Sainte-Laguë."""
    weights = contributions if any(contributions) else tuple(shares)
    free = samples - line.minimum
    blended = divide(("0", "1", "2"), weights, (0, 0, 0), (free, free, free), free)
    return MappingProxyType(
        {
            Part.FLOOR: max(0, line.floor - line.statutory),
            Part.STATUTORY: line.statutory,
            **dict(zip(BLENDED, blended, strict=True)),
        }
    )
