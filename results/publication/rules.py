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
    and the last recheck period is over, or appears with the remark that a recheck is under way.

    **Source:** Measures Art. 46; 食品安全法实施条例 Art. 43, 80; product.md §12.
    """
    if facts.verdict is SampleVerdict.PROBLEM or facts.task_category not in ANNOUNCED:
        return GateAnswer.NOT_FOR_THE_PUBLIC
    if not facts.lab_is_accredited:
        return GateAnswer.NOT_ACCREDITED
    if not facts.everybody_is_served:
        return GateAnswer.NOT_SERVED
    if facts.is_rechecked_now:
        return GateAnswer.OPEN_MARKED
    if facts.recheck_until is not None and today <= facts.recheck_until:
        return GateAnswer.RECHECK_PERIOD
    return GateAnswer.OPEN
