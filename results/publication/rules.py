"""The publication gate: the one decision that every public surface obeys."""

from datetime import date

from results.publication.types import GateAnswer, GateFacts
from sampling.types import SampleVerdict, TaskCategory

ANNOUNCED = frozenset({TaskCategory.SUPERVISION, TaskCategory.SPOT_MONITORING})
OPEN = frozenset({GateAnswer.OPEN, GateAnswer.OPEN_MARKED})


def gate(facts: GateFacts, today: date) -> GateAnswer:
    """Whether a signed result may be published today, and if not yet, what it waits for.

    A problem sample broke no limit, and risk monitoring and evaluative sampling are not announced. Results of a
    laboratory without CMA scope on the day of the conclusion never appear. A failure waits until everybody is served
    and the last recheck period is over, or appears with the remark that a recheck is under way; an objection only adds
    a remark. What an upheld objection took back never appears.

    **Source:** Measures Art. 46; 食品安全法实施条例 Art. 43, 80; product.md §12.
    """
    is_announced = facts.verdict is not SampleVerdict.PROBLEM and facts.task_category in ANNOUNCED
    may_still_apply = facts.recheck_until is not None and today <= facts.recheck_until
    in_order = (
        (facts.is_withdrawn, GateAnswer.WITHDRAWN),
        (not is_announced, GateAnswer.NOT_FOR_THE_PUBLIC),
        (not facts.lab_is_accredited, GateAnswer.NOT_ACCREDITED),
        (not facts.everybody_is_served, GateAnswer.NOT_SERVED),
        (facts.is_rechecked_now, GateAnswer.OPEN_MARKED),
        (may_still_apply, GateAnswer.RECHECK_PERIOD),
        (facts.is_objected_now, GateAnswer.OPEN_MARKED),
    )
    return next((answer for applies, answer in in_order if applies), GateAnswer.OPEN)
