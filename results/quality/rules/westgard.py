"""The multirule control chart: which rules a control measurement breaks, within its run and across runs.

Every rule is looked at for every measurement. The older procedure on paper looked at the others only where 1_2s had
warned, to save the work; a program has nothing to save, and 4_1s and 10_x may be broken without any warning.

**Source:** J. O. Westgard, P. L. Barry, M. R. Hunt, T. Groth: A multi-rule Shewhart chart for quality control in
clinical chemistry. Clin. Chem. 27 (1981) 493-501; GB/T 20468-2006 has the same rules.
"""

from collections.abc import Collection, Sequence
from decimal import Decimal

from results.quality.types import ControlPoint, WestgardRule

WARNING_Z, ACTION_Z = Decimal(2), Decimal(3)
LONGEST = 10  # measurements that any rule looks at; nobody has to keep more of a history
ALWAYS = frozenset({WestgardRule.ONE_2S, WestgardRule.ONE_3S, WestgardRule.TWO_2S, WestgardRule.RANGE_4S})
GRAVEST_FIRST = (
    WestgardRule.ONE_3S,
    WestgardRule.TWO_2S,
    WestgardRule.RANGE_4S,
    WestgardRule.FOUR_1S,
    WestgardRule.TEN_X,
    WestgardRule.ONE_2S,
)


def broken_rules(
    run: Sequence[ControlPoint],
    earlier: Sequence[Sequence[ControlPoint]] = (),
    *,
    applied: Collection[WestgardRule] = GRAVEST_FIRST,
) -> list[tuple[WestgardRule, ...]]:
    """The rules that each measurement of a run breaks, the gravest first.

    - 1_2s, 1_3s: it lies more than 2 or 3 standard deviations from its target; 1_2s is the warning.
    - 2_2s: it and the one before it lie more than 2 beyond the target on the same side: of the same material whatever
      the run, or of any materials within this run.
    - R_4s: within this run one lies more than 2 above and another more than 2 below; both break it.
    - 4_1s, 10_x: it ends 4 that lie more than 1 beyond, or 10 that lie at all, on one side of the target: of the same
      material, or of all materials in their order.

    A measurement exactly on a bound does not exceed it.

    Args:
        run: the control measurements of one item in one run, in their order.
        earlier: the runs before it, the oldest first.
        applied: the rules in force; the others are not looked at.
    """
    before = [point for group in earlier for point in group]
    found = []
    for place, point in enumerate(run):
        so_far = [*before, *run[: place + 1]]
        same = [one.z for one in so_far if one.lot == point.lot]
        every = [one.z for one in so_far]
        broken = {
            WestgardRule.ONE_2S: abs(point.z) > WARNING_Z,
            WestgardRule.ONE_3S: abs(point.z) > ACTION_Z,
            WestgardRule.TWO_2S: _ends(same, 2, WARNING_Z) or _ends([one.z for one in run[: place + 1]], 2, WARNING_Z),
            WestgardRule.RANGE_4S: abs(point.z) > WARNING_Z
            and any(abs(one.z) > WARNING_Z and one.z * point.z < 0 for one in run),
            WestgardRule.FOUR_1S: _ends(same, 4, Decimal(1)) or _ends(every, 4, Decimal(1)),
            WestgardRule.TEN_X: _ends(same, LONGEST, Decimal(0)) or _ends(every, LONGEST, Decimal(0)),
        }
        found.append(tuple(rule for rule in GRAVEST_FIRST if broken[rule] and rule in applied))
    return found


def _ends(scores: Sequence[Decimal], count: int, beyond: Decimal) -> bool:
    """Whether the last `count` all lie more than `beyond` from the target on the same side."""
    last = scores[-count:]
    return len(last) == count and (all(z > beyond for z in last) or all(z < -beyond for z in last))
