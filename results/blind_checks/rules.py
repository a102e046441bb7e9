"""How a check of the laboratory is scored: pure functions on what was found and what was known."""

from collections.abc import Iterable
from decimal import Decimal

from lims.quantities import Unit, convert
from results.blind_checks.types import Expected, Known, Outcome, Score
from results.rules.precision import relative_difference, shown, z_score
from results.types import Finding, FindingKind

SATISFACTORY_Z, UNSATISFACTORY_Z = Decimal(2), Decimal(3)
FOUND = frozenset({FindingKind.MEASURED, FindingKind.DETECTED, FindingKind.EXCEEDS})
_WORST = (Outcome.SATISFACTORY, Outcome.QUESTIONABLE, Outcome.UNSATISFACTORY)


def score_known(finding: Finding, known: Known) -> Score:
    """Hold what the bench found against what the quality office put in.

    A value is judged by its z-score, (found - assigned) / standard deviation: up to 2 satisfactory, from 3 on
    unsatisfactory. Something seen below the LOQ is questionable where it was to be found, or not to be found.

    Raises:
        UnitMismatchError: found in a unit of another dimension than the assigned value.

    **Source:** GB/T 28043-2019 (ISO 13528:2015) 9.4; CNAS-RL02.
    """
    if known.expected is Expected.VALUE:
        if finding.kind is not FindingKind.MEASURED:
            return Score(Outcome.UNSATISFACTORY)
        assert known.value is not None  # noqa: S101 - the type says so
        assert known.deviation is not None  # noqa: S101
        found = _in(finding, known.unit)
        z = z_score(found, known.value, known.deviation)
        return Score(_of_z(z), shown(z))
    wants_found = known.expected is Expected.DETECTED
    if finding.kind is FindingKind.BELOW_LOQ:
        return Score(Outcome.QUESTIONABLE)
    return Score(Outcome.SATISFACTORY if (finding.kind in FOUND) is wants_found else Outcome.UNSATISFACTORY)


def score_split(found: Finding, original: Finding, most_percent: Decimal) -> Score:
    """Hold the result of a split beside that of the sample it was taken from.

    Two values may differ by `most_percent` of their mean; nothing found twice agrees; a value beside nothing found
    agrees if it does not lie above the bound of the other.

    Raises:
        UnitMismatchError: the two stand in units of different dimensions.

    **Source:** GB/T 27417-2017 5.5 (critical difference under repeatability, relative to the mean).
    """
    both = (found, original)
    measured = [one for one in both if one.kind is FindingKind.MEASURED]
    if len(measured) == len(both):
        first, second = _in(found, original.unit), _in(original, original.unit)
        percent = relative_difference(first, second)
        agrees = percent <= most_percent
        return Score(Outcome.SATISFACTORY if agrees else Outcome.UNSATISFACTORY, shown(percent))
    if not measured:
        agree = (found.kind in FOUND) is (original.kind in FOUND)
        return Score(Outcome.SATISFACTORY if agree else Outcome.UNSATISFACTORY)
    [value] = measured
    other = original if value is found else found
    if other.kind in FOUND:
        return Score(Outcome.QUESTIONABLE)  # one of the two gave no figure
    if other.bound is None:
        return Score(Outcome.UNSATISFACTORY)
    is_below = _in(value, other.unit) <= other.bound
    return Score(Outcome.SATISFACTORY if is_below else Outcome.UNSATISFACTORY)


def overall(outcomes: Iterable[Outcome]) -> Outcome | None:
    """The worst of the outcomes; None where nothing was scored."""
    return max(outcomes, key=_WORST.index, default=None)


def _of_z(z: Decimal) -> Outcome:
    size = abs(z)
    if size <= SATISFACTORY_Z:
        return Outcome.SATISFACTORY
    return Outcome.QUESTIONABLE if size < UNSATISFACTORY_Z else Outcome.UNSATISFACTORY


def _in(finding: Finding, unit: Unit | None) -> Decimal:
    assert finding.value is not None  # noqa: S101 - measured
    if unit is None or not finding.unit_stated:
        return finding.value
    return convert(finding.value, finding.unit, unit)
