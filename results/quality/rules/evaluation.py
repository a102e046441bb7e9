"""How one result of quality control is judged: pure functions on what was found and what was expected."""

from decimal import Decimal

from lims.quantities import Unit, UnitMismatchError, convert
from results.quality.rules.westgard import broken_rules
from results.quality.types import (
    BlankCriteria,
    ControlChart,
    ControlCriteria,
    DuplicateCriteria,
    Evaluation,
    QcCase,
    QcOutcome,
    QcRule,
    RangeCriteria,
    SpikeCriteria,
    WestgardRule,
)
from results.rules.precision import recovery, relative_difference, shown, z_score
from results.types import Finding, FindingKind

NOTHING = frozenset({FindingKind.NOT_DETECTED, FindingKind.BELOW_LOQ})
FOUND = frozenset({FindingKind.MEASURED, FindingKind.DETECTED, FindingKind.EXCEEDS})


def evaluate(case: QcCase) -> Evaluation:
    """Judge one result of quality control.

    What was not measured, or gave no figure where one is needed, is rejected: silence is no proof of control.

    **Source:** ISO/IEC 17025:2017 7.7.1; GB/T 27404-2008 clause 8 and annex F.
    """
    if case.found is None:
        return _rejected(QcRule.NOT_MEASURED)
    try:
        return _evaluate(case, case.found)
    except UnitMismatchError:
        return _rejected(QcRule.NO_FIGURE)


def z_of(found: Finding | None, criteria: ControlCriteria, unit: Unit) -> Decimal | None:
    """The z-score of a control, unrounded; None where no figure was found in a unit that fits."""
    if found is None or found.kind is not FindingKind.MEASURED:
        return None
    try:
        return z_score(value_in(found, unit), criteria.target, criteria.deviation)
    except UnitMismatchError:
        return None


def value_in(finding: Finding, unit: Unit) -> Decimal:
    """The measured value of a finding in a unit; a value without a unit of its own is in that unit already.

    Raises:
        UnitMismatchError: the units are of different dimensions.
    """
    assert finding.value is not None  # noqa: S101 - the caller looked
    return convert(finding.value, finding.unit, unit) if finding.unit_stated else finding.value


def _evaluate(case: QcCase, found: Finding) -> Evaluation:
    match case.criteria:
        case BlankCriteria():
            return _blank(found, case.criteria, case.unit)
        case ControlCriteria():
            return _control(found, case.criteria, case.unit, case.chart)
        case RangeCriteria():
            return _range(found, case.criteria, case.unit)
        case DuplicateCriteria():
            return _duplicate(found, case.compared, case.criteria, case.unit)
        case SpikeCriteria():
            return _spike(found, case.compared, case.criteria, case.unit)


def _blank(found: Finding, criteria: BlankCriteria, unit: Unit) -> Evaluation:
    """Nothing found, or no more than the limit; a find without a figure is too much."""
    if found.kind in NOTHING:
        return Evaluation(QcOutcome.IN_CONTROL)
    if found.kind is FindingKind.LESS_THAN:
        bound = found.bound if not found.unit_stated or found.bound is None else convert(found.bound, found.unit, unit)
        is_low = criteria.limit is not None and bound is not None and bound <= criteria.limit
        return Evaluation(QcOutcome.IN_CONTROL) if is_low else _rejected(QcRule.BLANK_LIMIT)
    if found.kind is not FindingKind.MEASURED:
        return _rejected(QcRule.BLANK_LIMIT)
    value = value_in(found, unit)
    if criteria.limit is not None and value <= criteria.limit:
        return Evaluation(QcOutcome.IN_CONTROL, value)
    return _rejected(QcRule.BLANK_LIMIT, value)


def _control(found: Finding, criteria: ControlCriteria, unit: Unit, chart: ControlChart | None) -> Evaluation:
    z = z_of(found, criteria, unit)
    if z is None or chart is None:
        return _rejected(QcRule.NO_FIGURE)
    rules = broken_rules(chart.run, chart.earlier, applied=chart.applied)[chart.place]
    if not rules:
        outcome = QcOutcome.IN_CONTROL
    else:
        outcome = QcOutcome.WARNING if rules == (WestgardRule.ONE_2S,) else QcOutcome.REJECTED
    return Evaluation(outcome, shown(z), tuple(rule.value for rule in rules))


def _range(found: Finding, criteria: RangeCriteria, unit: Unit) -> Evaluation:
    if found.kind is not FindingKind.MEASURED:
        return _rejected(QcRule.NO_FIGURE)
    value = value_in(found, unit)
    if criteria.low <= value <= criteria.high:
        return Evaluation(QcOutcome.IN_CONTROL, value)
    return _rejected(QcRule.CERTIFIED_RANGE, value)


def _duplicate(found: Finding, original: Finding | None, criteria: DuplicateCriteria, unit: Unit) -> Evaluation:
    """Two figures by their difference; nothing found twice agrees; a figure beside nothing found must be small."""
    if original is None:
        return _rejected(QcRule.NO_FIGURE)
    both = (found, original)
    values = [value_in(one, unit) for one in both if one.kind is FindingKind.MEASURED]
    if len(values) == len(both):
        percent = relative_difference(*values)
        if percent <= criteria.most_percent:
            return Evaluation(QcOutcome.IN_CONTROL, shown(percent))
        return _rejected(QcRule.RELATIVE_DIFFERENCE, shown(percent))
    if not values:
        agree = (found.kind in FOUND) is (original.kind in FOUND)
        return Evaluation(QcOutcome.IN_CONTROL) if agree else _rejected(QcRule.RELATIVE_DIFFERENCE)
    other = original if found.kind is FindingKind.MEASURED else found
    is_small = criteria.seen_from is not None and values[0] <= criteria.seen_from
    if other.kind in NOTHING and is_small:
        return Evaluation(QcOutcome.IN_CONTROL)
    return _rejected(QcRule.RELATIVE_DIFFERENCE)


def _spike(found: Finding, original: Finding | None, criteria: SpikeCriteria, unit: Unit) -> Evaluation:
    """What the sample held itself is taken off first; where nothing was found in it, it held nothing."""
    if original is None or found.kind is not FindingKind.MEASURED:
        return _rejected(QcRule.NO_FIGURE)
    if original.kind is not FindingKind.MEASURED and original.kind not in NOTHING:
        return _rejected(QcRule.NO_FIGURE)
    before = value_in(original, unit) if original.kind is FindingKind.MEASURED else Decimal(0)
    percent = recovery(value_in(found, unit), before, criteria.added)
    if criteria.low_percent <= percent <= criteria.high_percent:
        return Evaluation(QcOutcome.IN_CONTROL, shown(percent))
    return _rejected(QcRule.RECOVERY, shown(percent))


def _rejected(rule: QcRule, figure: Decimal | None = None) -> Evaluation:
    return Evaluation(QcOutcome.REJECTED, figure, (rule.value,))
