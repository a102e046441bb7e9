"""Judging by a line of the worklist, whose limit may be open when it was made."""

from lims.quantities import N_
from results.rules.item import judge_item
from results.types import ItemJudgement, ItemVerdict, JudgementInput, LimitState, Reason, Rule


def judge_line(case: JudgementInput, limit_state: LimitState, basis: str) -> ItemJudgement:
    """Judge one item by what its worklist line froze.

    An edition that is not loaded is never replaced by a newer one, and of several equally specific limits none is
    guessed: both give `cannot_judge` and name what is missing.

    **Source:** product.md §8 (edition in force on the production date).
    """
    if case.findings and limit_state is LimitState.MISSING_EDITION:
        reason = Reason(
            "missing_edition",
            N_("The edition in force on the production date is not loaded: %(basis)s."),
            {"basis": basis},
        )
        return ItemJudgement(ItemVerdict.CANNOT_JUDGE, Rule.MISSING_EDITION, reason)
    if case.findings and limit_state is LimitState.AMBIGUOUS:
        reason = Reason(
            "ambiguous_limit",
            N_("Several limits of %(basis)s are equally specific; a person has to choose."),
            {"basis": basis},
        )
        return ItemJudgement(ItemVerdict.CANNOT_JUDGE, Rule.AMBIGUOUS_LIMIT, reason)
    return judge_item(case)
