"""Words and values of publication."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sampling.types import SampleVerdict, TaskCategory


class GateAnswer(StrEnum):
    """Whether a result may be published, and if not yet, what it waits for."""

    OPEN = "open"
    OPEN_MARKED = "open_marked"  # published with the remark that a recheck or an objection is under way
    NOT_SERVED = "not_served"
    RECHECK_PERIOD = "recheck_period"
    NOT_ACCREDITED = "not_accredited"
    NOT_FOR_THE_PUBLIC = "not_for_the_public"
    WITHDRAWN = "withdrawn"  # an upheld objection took the conclusion back


@dataclass(frozen=True, slots=True)
class GateFacts:
    """Everything the gate looks at.

    Attributes:
        task_category: 风险监测 and evaluative sampling are not announced.
        recheck_until: last day on which somebody may still apply; None where nobody may.
        is_rechecked_now: an application stands and is not concluded.
        is_objected_now: an objection is neither refused nor reviewed.
        is_withdrawn: an objection was upheld, and the conclusion does not stand.
        lab_is_accredited: CMA scope for this food and these items on the day of the conclusion.
    """

    verdict: SampleVerdict
    task_category: TaskCategory
    everybody_is_served: bool
    recheck_until: date | None
    is_rechecked_now: bool
    is_objected_now: bool
    is_withdrawn: bool
    lab_is_accredited: bool
