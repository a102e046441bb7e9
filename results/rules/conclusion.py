"""The conclusion of a sample over its items."""

from collections.abc import Iterable

from results.types import ItemVerdict, SampleVerdict


def conclude(verdicts: Iterable[ItemVerdict]) -> SampleVerdict:
    """Conclude over all items of a sample.

    One failed item fails the sample, whatever the others say. A sample whose only trouble is monitoring items over
    their reference is a problem sample, not a failed one. While an item cannot be judged nothing is concluded, unless
    another has failed; items that were not tested or have no limit decide nothing, and a sample of only such items is
    undecided.

    Source: domain rule 1 (national system: 不合格项, 问题项, 不判定项).
    """
    found = set(verdicts)
    if ItemVerdict.FAIL in found:
        return SampleVerdict.FAIL
    if ItemVerdict.CANNOT_JUDGE in found:
        return SampleVerdict.UNDECIDED
    if ItemVerdict.PROBLEM in found:
        return SampleVerdict.PROBLEM
    return SampleVerdict.PASS if ItemVerdict.PASS in found else SampleVerdict.UNDECIDED
