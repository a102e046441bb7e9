"""Judging what a source prints: an item, a result and a limit in its own words, with nothing known of the method.

What the source itself gets wrong is named, never guessed at: a limit without its figure, a maximum where the trade sets
a minimum, a published failure that meets its limit as printed.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from lims.catalog.limits import (
    LabelClaim,
    LimitExpression,
    Maximum,
    MicroPlan,
    Minimum,
    NoLimit,
    format_limit,
    parse_limit,
)
from lims.quantities import N_, NO_UNIT, QuantityError, Unit, fold, parse_measured, parse_unit
from results.rules.findings import format_finding, parse_findings
from results.rules.item import judge_item
from results.types import (
    Finding,
    ItemJudgement,
    ItemKind,
    ItemVerdict,
    JudgementInput,
    Method,
    PrintedVerdict,
    Reason,
    Rule,
)

# Items that standards regulate by what must at least be there. A maximum beside one of them is a slip of the source
# (GB/T 10792 gas volume; GB 2717 amino acid nitrogen; label and product standards for protein, vitamins, solids).
_MINIMUM_ITEMS = (
    "二氧化碳气容量",
    "蛋白质",
    "氨基酸态氮",
    "总氮",
    "全氮",
    "不挥发酸",
    "维生素",
    "乳酸菌数",
    "茶多酚",
    "非脂乳固体",
    "可溶性固形物",
    "果汁含量",
    "固形物",
)


_NAMED_UNIT = re.compile(r"\((?P<bracket>[^()]+)\)$|,\s*(?P<behind>[^,()]+)$")


@dataclass(frozen=True, slots=True)
class PrintedItem:
    """One item as a source prints it; every field in the words of the source, empty where it has none.

    Attributes:
        unit: unit column, for result and limit without their own.
        limit_unit: unit of the column of limits, where it is another.
        is_published_failure: the source prints it in a column of failures.
    """

    item: str
    result: str
    limit: str
    unit: str = ""
    limit_unit: str = ""
    label_claim: str = ""
    lod: str = ""
    loq: str = ""
    lod_unit: str = ""
    kind: ItemKind = ItemKind.INSPECTION
    initial_result: str = ""
    is_published_failure: bool = False


@dataclass(frozen=True, slots=True)
class PrintedJudgement:
    """Verdict over a printed item.

    Attributes:
        reasons: why, first of all; then what was mended, replaced or contradicts itself.
        unit: unit in which the comparison was made.
        source_is_wrong: the source contradicts itself or cannot be read.
    """

    verdict: PrintedVerdict
    rule: Rule
    reasons: tuple[Reason, ...]
    unit: str
    source_is_wrong: bool = False


def judge_printed(printed: PrintedItem) -> PrintedJudgement:
    """Judge one printed item."""
    if not printed.unit and (unit := unit_in_brackets(printed.item)):
        printed = replace(printed, unit=unit)
    try:
        limit = _read_limit(printed)
        expected = limit.form.n if isinstance(limit.form, MicroPlan) else 1
        findings = parse_findings(printed.result, printed.unit, expected=expected)
        method = _read_method(printed)
    except QuantityError as error:
        reason = Reason(error.code, error.message, error.params)
        return unreadable(reason, unit=printed.unit)
    findings, limit = _reconcile_units(findings, limit)
    case = JudgementInput(
        findings=findings,
        limit=limit,
        kind=printed.kind,
        method=method,
        label_claim=printed.label_claim,
    )
    judged = judge_item(case)
    if _is_wrong_way_round(printed.item, case, judged):
        return _wrong_direction(printed, limit)
    if judged.verdict is not ItemVerdict.FAIL and (negative := _negative(findings, limit)):
        return unreadable(negative, unit=limit.unit.text)
    reasons = (judged.reason, *_notes(printed, limit))
    is_contradiction = _is_contradiction(printed, judged)
    if is_contradiction:
        message = N_("The source publishes it as a failure: its value or its limit is wrong or missing.")
        reasons = (*reasons, Reason("published_as_failure", message))
    return PrintedJudgement(
        PrintedVerdict(judged.verdict.value),
        judged.rule,
        reasons,
        limit.unit.text,
        source_is_wrong=is_contradiction,
    )


def unit_in_brackets(name: str) -> str:
    """The unit that the name of an item or of a column states: `镉（mg/kg）`, `联苯菊酯,mg/kg`; empty where none.

    Only what measures a share is taken for a unit: `酸价(KOH)` and `维生素(A)` name something else.
    """
    found = _NAMED_UNIT.search(fold(name))
    if found is None:
        return ""
    try:
        unit = parse_unit(found["bracket"] or found["behind"])
    except QuantityError:
        return ""
    is_share = "/" in unit.text or "%" in unit.text
    return unit.text if is_share and not unit.dimension.startswith("as written") else ""


def _negative(findings: tuple[Finding, ...], limit: LimitExpression) -> Reason | None:
    """Why a measured figure below 0 cannot stand: of what is held in a food there is none or more."""
    below = [finding for finding in findings if finding.value is not None and finding.value < 0]
    if not below or not (limit.unit.is_content or limit.unit == NO_UNIT):
        return None
    message = N_("The result %(value)s is negative, which no content of a food is: a dash or a slip of the source.")
    return Reason("negative_result", message, {"value": format_finding(below[0])})


def _is_contradiction(printed: PrintedItem, judged: ItemJudgement) -> bool:
    """Whether a published failure is none by its own figures; a recheck that passed is no contradiction."""
    unfailed = {ItemVerdict.PASS, ItemVerdict.UNTESTED, ItemVerdict.NOT_JUDGED}
    return printed.is_published_failure and judged.verdict in unfailed and not printed.initial_result


def unreadable(reason: Reason, *, unit: str = "") -> PrintedJudgement:
    """The verdict over a text that is no result, no limit or no item."""
    return PrintedJudgement(PrintedVerdict.UNREADABLE, Rule.UNREADABLE, (reason,), unit, source_is_wrong=True)


def _read_limit(printed: PrintedItem) -> LimitExpression:
    """The printed limit; where the source gives only what the label asks for, that."""
    unit = printed.limit_unit or printed.unit
    if not printed.limit.strip(" /-—") and printed.label_claim.strip(" /-—"):
        return parse_limit(printed.label_claim, unit)
    if not printed.limit.strip() and printed.kind is ItemKind.MONITORING:
        return parse_limit("/", unit)
    return parse_limit(printed.limit, unit)


def _read_method(printed: PrintedItem) -> Method | None:
    """LOD and LOQ columns; a result whose source states neither comes from an unknown method."""
    lod, loq = (_read_bound(text) for text in (printed.lod, printed.loq))
    if lod is None and loq is None:
        return None
    return Method(lod, loq, parse_unit(printed.lod_unit or printed.unit))


def _read_bound(text: str) -> Decimal | None:
    return parse_measured(text) if text.strip(" /-—") else None


def _reconcile_units(
    findings: tuple[Finding, ...], limit: LimitExpression
) -> tuple[tuple[Finding, ...], LimitExpression]:
    """Let a side that prints no unit, or a bare %, mean the unit of the other side."""
    stated = {finding.unit for finding in findings if finding.unit_stated}
    if len(stated) != 1:
        return findings, limit
    unit = stated.pop()
    if limit.unit == NO_UNIT and unit != NO_UNIT:
        return findings, replace(limit, unit=unit)
    if _is_bare_percent(limit.unit, unit):
        return findings, replace(limit, unit=unit)
    if _is_bare_percent(unit, limit.unit):
        return tuple(replace(finding, unit=limit.unit) for finding in findings), limit
    if unit == NO_UNIT and limit.unit != NO_UNIT:
        return tuple(replace(finding, unit_stated=False) for finding in findings), limit
    return findings, limit


def _is_bare_percent(unit: Unit, other: Unit) -> bool:
    """A bare % beside %vol is a volume share (`16.9%` against `13.0~15.0%vol`)."""
    return unit.text == "%" and other.text == "%vol"


def _is_wrong_way_round(item: str, case: JudgementInput, judged: ItemJudgement) -> bool:
    """Whether a maximum lets pass what the minimum that the trade sets for this item would fail."""
    limit = case.limit
    if judged.verdict is not ItemVerdict.PASS or limit is None:
        return False
    if not isinstance(limit.form, Maximum) or not fold(item).startswith(_MINIMUM_ITEMS):
        return False
    reversed_limit = replace(limit, form=Minimum(limit.form.value))
    return judge_item(replace(case, limit=reversed_limit)).verdict is ItemVerdict.FAIL


def _wrong_direction(printed: PrintedItem, limit: LimitExpression) -> PrintedJudgement:
    message = N_(
        "The source prints the maximum %(limit)s for %(item)s, where standards set a minimum: the sign is wrong."
    )
    reason = Reason("limit_direction", message, {"limit": format_limit(limit), "item": printed.item})
    return PrintedJudgement(
        PrintedVerdict.CANNOT_JUDGE,
        Rule.LIMIT_DIRECTION,
        (reason, *_notes(printed, limit)),
        limit.unit.text,
        source_is_wrong=True,
    )


def _notes(printed: PrintedItem, limit: LimitExpression) -> tuple[Reason, ...]:
    notes = []
    if printed.initial_result:
        message = N_("The recheck counts; the initial result was %(initial)s.")
        notes.append(Reason("recheck_counts", message, {"initial": printed.initial_result}))
    if limit.repairs and not isinstance(limit.form, LabelClaim | NoLimit):
        message = N_("The printed limit “%(printed)s” is read as %(limit)s.")
        params = {"printed": printed.limit.strip(), "limit": format_limit(limit)}
        notes.append(Reason("limit_mended", message, params))
    return tuple(notes)
