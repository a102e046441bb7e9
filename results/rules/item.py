"""The verdict of one item: the single entry that entry, review, verification and the file judge call."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from lims.catalog.limits import (
    Absence,
    AbsenceKind,
    LabelClaim,
    LimitExpression,
    LimitForm,
    Maximum,
    MicroPlan,
    Minimum,
    NoLimit,
    Range,
    Relation,
    Tolerance,
    format_limit,
    parse_limit,
)
from lims.quantities import (
    N_,
    NO_UNIT,
    QuantityError,
    Unit,
    UnitMismatchError,
    fold,
    format_measured,
    parse_unit,
    read_number,
)
from results.rules.bounds import (
    Bound,
    absence_figure,
    bounds_of,
    check_portion,
    is_count,
    possible,
    rounded,
    to_unit,
)
from results.rules.findings import format_finding
from results.rules.intervals import ZERO, Interval, Lie
from results.rules.micro import judge_plan
from results.types import (
    Finding,
    FindingKind,
    ItemJudgement,
    ItemKind,
    ItemVerdict,
    JudgementInput,
    Reason,
    ResultBasis,
    Rule,
)

_WHOLE = Decimal(100)
_CLAIM_HEADING = re.compile(
    r"^(?:产品|标签|包装)?(?:明示|标示|标注|标识)(?:值|含量|要求)?\s*[:为]?\s*(?=[0-9.])"
)  # 标示值：400mg
_VERDICT_OF = {
    Lie.INSIDE: ItemVerdict.PASS,
    Lie.APART: ItemVerdict.FAIL,
    Lie.ACROSS: ItemVerdict.CANNOT_JUDGE,
}
_SEVERITY = (Lie.APART, Lie.ACROSS, Lie.INSIDE)
_RULES: dict[type[LimitForm], Rule] = {
    Maximum: Rule.MAXIMUM,
    Minimum: Rule.MINIMUM,
    Range: Rule.RANGE,
    Tolerance: Rule.TOLERANCE,
}


def judge_item(case: JudgementInput) -> ItemJudgement:
    """Judge one item of one sample.

    The verdict depends on `case` alone. Uncertainty is stored with a result and not subtracted here (simple
    acceptance). A finding that leaves open whether the limit is met, a method that cannot see the limit, or units that
    measure different things give `cannot_judge` with the reason, never a guess.

    Without a method row (a published result) `未检出` is taken as nothing found, and the reason says so.

    Source: domain rules 1, 3, 5, 7 of the handbook; GB/T 8170-2008, 4.3; GB 4789.1.
    """
    judged = _judge(case)
    if case.kind is ItemKind.MONITORING and judged.verdict is ItemVerdict.FAIL:
        return replace(judged, verdict=ItemVerdict.PROBLEM)
    return judged


def _judge(case: JudgementInput) -> ItemJudgement:
    limit = case.limit
    text = format_limit(limit) if limit else ""
    if not case.findings:
        reason = Reason("untested", N_("The item was not tested."))
        return ItemJudgement(ItemVerdict.UNTESTED, Rule.UNTESTED, reason, limit_text=text)
    if limit is None or isinstance(limit.form, NoLimit):
        reason = Reason("no_limit", N_("No limit is set for this item in this food."))
        return ItemJudgement(ItemVerdict.NOT_JUDGED, Rule.NO_LIMIT, reason, limit_text=text)
    if isinstance(limit.form, LabelClaim):
        resolved = resolve_claim(limit.form, case.label_claim, limit.unit)
        if resolved is None:
            return _open(Rule.LABEL_CLAIM_OPEN, _claim_open(case.label_claim), text)
        text = f"{text}（{case.label_claim}）"
        limit = replace(resolved, qualifier=limit.qualifier)
    try:
        return _judge_form(case, limit, text)
    except UnitMismatchError as mismatch:
        reason = Reason(mismatch.code, mismatch.message, mismatch.params)
        return _open(Rule.UNIT_MISMATCH, reason, text)


def _claim_open(claim: str) -> Reason:
    if not claim.strip(" /-—"):
        return Reason("label_claim_open", N_("The limit is what the label claims, and the claim is not given."))
    message = N_("The limit is what the label claims, and “%(claim)s” names no figure with its direction.")
    return Reason("label_claim_open", message, {"claim": claim})


def resolve_claim(form: LabelClaim, claim: str, unit: Unit) -> LimitExpression | None:
    """Turn a limit that refers to the label into figures.

    Args:
        form: which share of the claim is allowed, on which side.
        claim: what the label says: a figure (`18.6g/100g`) or an expression (`52±1.0%vol`).
        unit: unit of the limit, for a claim without one.

    Returns:
        None when the claim is no figure, or when neither limit nor claim says which side is allowed.
    """
    read = read_number(_CLAIM_HEADING.sub("", fold(claim)))
    try:
        own = parse_unit(read.rest) if read and read.rest else unit
    except QuantityError:
        read = None
    if read is None:
        return _claimed_expression(form, claim, unit)
    figure = read.value * form.percent / _WHOLE
    if form.deviation is not None:
        deviation = to_unit(form.deviation, unit, own) if unit != NO_UNIT else form.deviation
        return LimitExpression(Tolerance(figure, deviation), own)
    if form.relation is Relation.AT_LEAST:
        return LimitExpression(Minimum(figure), own)
    if form.relation is Relation.AT_MOST:
        return LimitExpression(Maximum(figure), own)
    return None


def _claimed_expression(form: LabelClaim, claim: str, unit: Unit) -> LimitExpression | None:
    """A claim that is an expression is the limit itself, unless the limit asks for a share of a figure."""
    if form.deviation is not None or form.percent != _WHOLE:
        return None
    try:
        limit = parse_limit(claim, unit.text)
    except QuantityError:
        return None
    return None if isinstance(limit.form, LabelClaim | NoLimit) else limit


def _judge_form(case: JudgementInput, limit: LimitExpression, text: str) -> ItemJudgement:
    scale = _dry_scale(case, limit)
    if scale is None:
        reason = Reason(
            "moisture_missing",
            N_("The limit %(limit)s is for dry matter; the result is as sampled and no moisture is given."),
            {"limit": text},
        )
        return _open(Rule.DRY_BASIS, reason, text)
    form = limit.form
    if isinstance(form, Absence):
        return _judge_absence(case, form, limit, text)
    if isinstance(form, MicroPlan):
        return _judge_micro(case, form, limit.unit, text)
    parts = [_judge_bounds(case, finding, limit, text, scale) for finding in case.findings]
    return _worst(parts)


def _dry_scale(case: JudgementInput, limit: LimitExpression) -> Callable[[Decimal], Decimal] | None:
    """How figures as sampled become figures of dry matter; None when the moisture is not known."""
    if case.basis is ResultBasis.OF_LIMIT or not limit.is_dry_weight:
        return _as_is
    moisture = case.moisture_percent
    if moisture is None or not ZERO <= moisture < _WHOLE:
        return None
    dry_share = (_WHOLE - moisture) / _WHOLE
    return lambda value: value / dry_share


def _as_is(value: Decimal) -> Decimal:
    return value


# ---------------------------------------------------------------- one or two figures


def _judge_bounds(
    case: JudgementInput,
    finding: Finding,
    limit: LimitExpression,
    text: str,
    scale: Callable[[Decimal], Decimal],
) -> ItemJudgement:
    rule = _RULES[type(limit.form)]
    shown = {"value": format_finding(finding), "limit": text}
    is_zero = isinstance(limit.form, Maximum) and not limit.form.value
    check_portion(finding, limit.unit, is_zero=is_zero)
    presumed = False
    try:
        values = possible(finding, limit.unit, case.method, scale)
    except UnitMismatchError:
        if case.method is not None or finding.kind is not FindingKind.NOT_DETECTED:
            raise
        values = None
    if values is None:
        if case.method is not None and not is_count(limit.unit):
            return _open(Rule.BOUND_UNSTATED, _bound_unstated(shown), text)
        if finding.kind is FindingKind.BELOW_LOQ:
            return _open(Rule.BOUND_UNSTATED, _bound_unstated(shown), text)
        values, presumed = Interval.point(ZERO), True
    lies = [(rounded(values, bound, case.comparison).lie_to(bound.allowed), bound) for bound in bounds_of(limit.form)]
    lie, bound = min(lies, key=lambda entry: _SEVERITY.index(entry[0]))
    compared = None
    if finding.kind is FindingKind.MEASURED:
        compared = rounded(values, bound, case.comparison).low
        shown["compared"] = format_measured(compared) + limit.unit.text if compared is not None else ""
    reason = _figure_reason(lie, bound, finding, values, presumed=presumed, unit=limit.unit, shown=shown)
    return ItemJudgement(_VERDICT_OF[lie], rule, reason, compared, text)


def _figure_reason(
    lie: Lie,
    bound: Bound,
    finding: Finding,
    values: Interval,
    *,
    presumed: bool,
    unit: Unit,
    shown: dict[str, str],
) -> Reason:
    nothing_found = finding.kind in {FindingKind.NOT_DETECTED, FindingKind.BELOW_LOQ}
    if presumed and lie is Lie.INSIDE:
        message = N_("Nothing was found; no detection limit is stated, it is taken to be below %(limit)s.")
        return Reason("nothing_found_bound_presumed", message, shown)
    if lie is Lie.INSIDE:
        return Reason("meets", N_("%(value)s meets %(limit)s."), shown)
    if lie is Lie.APART and bound.is_upper:
        return Reason("above", N_("%(value)s is above the limit (%(limit)s)."), shown)
    if lie is Lie.APART:
        return Reason("below", N_("%(value)s is below the limit (%(limit)s)."), shown)
    if nothing_found and values.high is not None:
        params = {**shown, "bound": f"{format_measured(values.high)}{unit.text}"}
        message = N_("The method cannot see below %(bound)s, which is above %(limit)s.")
        return Reason("lod_above_limit", message, params)
    return Reason("open", N_("%(value)s leaves open whether %(limit)s is met."), shown)


def _bound_unstated(shown: dict[str, str]) -> Reason:
    message = N_("%(value)s cannot be held against %(limit)s: the method row states no such bound.")
    return Reason("bound_unstated", message, shown)


# ---------------------------------------------------------------- 不得检出, 不得使用


def _judge_absence(case: JudgementInput, form: Absence, limit: LimitExpression, text: str) -> ItemJudgement:
    """Judge absence at the bound that the method row states; a find without such a bound is any value above 0.

    Source: domain rule 5, any value from the LOD on is a find.
    """
    prohibited = form.kind is AbsenceKind.USE_PROHIBITED
    rule = Rule.USE_PROHIBITED if prohibited else Rule.MUST_BE_ABSENT
    figure = absence_figure(case)
    parts = []
    for finding in case.findings:
        if limit.unit.is_presence:
            check_portion(finding, limit.unit, is_zero=True)
        shown = {"value": format_finding(finding), "limit": text}
        if figure is None:
            parts.append(_judge_unbounded_absence(case, finding, limit, rule, shown))
            continue
        bound, unit = figure
        values = possible(finding, unit, case.method, _as_is)
        if values is None:
            parts.append(_open(Rule.BOUND_UNSTATED, _bound_unstated(shown), text))
            continue
        lie = values.lie_to(Interval(high=bound, high_open=True))
        shown["bound"] = f"{format_measured(bound)}{unit.text}"
        compared = values.low if finding.kind is FindingKind.MEASURED else None
        reason = _absence_reason(lie, rule, finding, shown)
        parts.append(ItemJudgement(_VERDICT_OF[lie], rule, reason, compared, text))
    return _worst(parts)


def _judge_unbounded_absence(
    case: JudgementInput,
    finding: Finding,
    limit: LimitExpression,
    rule: Rule,
    shown: dict[str, str],
) -> ItemJudgement:
    text = shown["limit"]
    if finding.kind is FindingKind.NOT_DETECTED:
        is_qualitative = is_count(limit.unit) or is_count(finding.unit)
        if case.method is not None and finding.bound is None and not is_qualitative:
            return _open(Rule.BOUND_UNSTATED, _bound_unstated(shown), text)
        reason = Reason("absent", N_("Nothing was found, as is required."), shown)
        return ItemJudgement(ItemVerdict.PASS, rule, reason, limit_text=text)
    unit = finding.unit if finding.unit_stated else limit.unit
    values = possible(finding, unit, None, _as_is)
    lie = values.lie_to(Interval.point(ZERO)) if values is not None else Lie.ACROSS
    compared = values.low if values and finding.kind is FindingKind.MEASURED else None
    return ItemJudgement(_VERDICT_OF[lie], rule, _absence_reason(lie, rule, finding, shown), compared, text)


def _absence_reason(lie: Lie, rule: Rule, finding: Finding, shown: dict[str, str]) -> Reason:
    if lie is Lie.APART:
        return Reason("found", _found_message(rule, finding), shown)
    if lie is Lie.INSIDE and "bound" in shown and finding.kind is FindingKind.MEASURED:
        message = N_("%(value)s is below %(bound)s, from which a find counts.")
        return Reason("below_absence_bound", message, shown)
    if lie is Lie.INSIDE:
        return Reason("absent", N_("Nothing was found, as is required."), shown)
    if finding.kind is FindingKind.NOT_DETECTED and "bound" in shown:
        message = N_("The method cannot see down to %(bound)s, from which a find counts.")
        return Reason("lod_above_absence_bound", message, shown)
    return Reason("open", N_("%(value)s leaves open whether %(limit)s is met."), shown)


def _found_message(rule: Rule, finding: Finding) -> str:
    """What is wrong with a find; a find without a figure is not named twice (`检出 检出`)."""
    has_figure = finding.kind is not FindingKind.DETECTED
    if rule is Rule.USE_PROHIBITED:
        figure = N_("%(value)s was found, but its use is prohibited.")
        return figure if has_figure else N_("It was found, but its use is prohibited.")
    figure = N_("%(value)s was found, but nothing may be found.")
    return figure if has_figure else N_("It was found, but nothing may be found.")


# ---------------------------------------------------------------- n, c, m, M


def _judge_micro(case: JudgementInput, plan: MicroPlan, unit: Unit, text: str) -> ItemJudgement:
    rule = Rule.MICRO_TWO_CLASS if plan.big_m is None else Rule.MICRO_THREE_CLASS
    shown = {
        "limit": text,
        "value": "、".join(format_finding(finding) for finding in case.findings),
        "count": str(len(case.findings)),
        "n": str(plan.n),
        "c": str(plan.c),
    }
    if len(case.findings) != plan.n:
        message = N_("%(count)s results stand against a plan of n=%(n)s (%(limit)s); expected exactly n.")
        return _open(Rule.SAMPLE_COUNT, Reason("sample_count", message, shown), text)
    units = []
    for finding in case.findings:
        check_portion(finding, unit, is_zero=not plan.m)
        units.append(_unit_of_lot(finding, unit))
    lie = judge_plan(units, plan)
    above_m = sum(1 for one in units if one.low is not None and _is_above(one, plan.m))
    above_big_m = sum(1 for one in units if _is_above(one, plan.big_m)) if plan.big_m is not None else 0
    shown |= {"above_m": str(above_m), "above_big_m": str(above_big_m)}
    reason = _micro_reason(lie, shown, exceeds_big_m=above_big_m > 0)
    return ItemJudgement(_VERDICT_OF[lie], rule, reason, limit_text=text)


def _unit_of_lot(finding: Finding, unit: Unit) -> Interval:
    """What one unit may hold; `未检出` counts as none.

    Source: domain rule 7.
    """
    if finding.kind is FindingKind.NOT_DETECTED:
        return Interval.point(ZERO)
    return possible(finding, unit, None, _as_is) or Interval(low=ZERO)


def _is_above(values: Interval, figure: Decimal | None) -> bool:
    if figure is None or values.low is None:
        return False
    return values.low > figure or (values.low == figure and values.low_open)


def _micro_reason(lie: Lie, shown: dict[str, str], *, exceeds_big_m: bool) -> Reason:
    if lie is Lie.INSIDE:
        message = N_("%(above_m)s of %(n)s units are above m, %(c)s may be: meets %(limit)s.")
        return Reason("micro_meets", message, shown)
    if lie is Lie.APART and exceeds_big_m:
        message = N_("%(above_big_m)s of %(n)s units are above M: does not meet %(limit)s.")
        return Reason("micro_above_big_m", message, shown)
    if lie is Lie.APART:
        message = N_("%(above_m)s of %(n)s units are above m, only %(c)s may be: does not meet %(limit)s.")
        return Reason("micro_above_m", message, shown)
    return Reason("open", N_("%(value)s leaves open whether %(limit)s is met."), shown)


# ---------------------------------------------------------------- putting together


def _open(rule: Rule, reason: Reason, text: str) -> ItemJudgement:
    return ItemJudgement(ItemVerdict.CANNOT_JUDGE, rule, reason, limit_text=text)


_ORDER = (ItemVerdict.FAIL, ItemVerdict.CANNOT_JUDGE, ItemVerdict.PASS)


def _worst(parts: Sequence[ItemJudgement]) -> ItemJudgement:
    """Several results for a limit that is no plan: each must meet it."""
    return min(parts, key=lambda part: _ORDER.index(part.verdict))
