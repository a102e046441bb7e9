"""Pairs where a total stands in for its part: total arsenic for inorganic arsenic, total mercury for methylmercury."""

from dataclasses import replace

from lims.quantities import N_
from results.rules.item import judge_item
from results.types import ItemJudgement, ItemVerdict, JudgementInput, Reason, Rule


def judge_screening(total: JudgementInput, part: JudgementInput) -> ItemJudgement:
    """Judge the part of a screening pair.

    When the total already meets the limit of the part, the part need not be tested: it passes. Otherwise the part's
    own results decide, and without them nothing can be said.

    Args:
        total: results of the total; its own limit is not used.
        part: results of the part, none when it was not tested, with its limit.

    Source: GB 2762-2025, footnotes to arsenic and mercury (先测定总砷 …).
    """
    if part.findings:
        return judge_item(part)
    screened = judge_item(replace(total, limit=part.limit, kind=part.kind))
    if screened.verdict is ItemVerdict.PASS:
        message = N_("The total meets %(limit)s, so the part does as well.")
        reason = Reason("screened", message, {"limit": screened.limit_text})
        return replace(screened, rule=Rule.SCREENING, reason=reason)
    if screened.verdict in {ItemVerdict.NOT_JUDGED, ItemVerdict.UNTESTED}:
        return screened
    message = N_("The total does not show that %(limit)s is met: the part must be tested.")
    reason = Reason("part_needed", message, {"limit": screened.limit_text})
    return ItemJudgement(
        ItemVerdict.CANNOT_JUDGE,
        Rule.SCREENING,
        reason,
        screened.compared_value,
        screened.limit_text,
    )
