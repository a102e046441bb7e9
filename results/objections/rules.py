"""When an objection may be refused, by when each step is due, and what its outcome does to the case.

**Source:** Measures Art. 37 (kinds and periods), 38 (acceptance), 39 (review); domain.md §2.1, §2.5.
"""

from dataclasses import dataclass
from datetime import date

from results.objections.types import Consequence, ObjectionKind, Outcome, RefusalGround
from results.referral.types import Addressee

# Who has seen what they object to: the stall its sampling, the producer its own goods, both the test.
ENTITLED: dict[ObjectionKind, frozenset[Addressee]] = {
    ObjectionKind.SAMPLING: frozenset({Addressee.SAMPLED_PARTY}),
    ObjectionKind.AUTHENTICITY: frozenset({Addressee.NOMINAL_PRODUCER}),
    ObjectionKind.METHOD: frozenset({Addressee.SAMPLED_PARTY, Addressee.NOMINAL_PRODUCER}),
    ObjectionKind.STANDARD: frozenset({Addressee.SAMPLED_PARTY, Addressee.NOMINAL_PRODUCER}),
}


@dataclass(frozen=True, slots=True)
class ObjectionFacts:
    """Everything the decision on an objection looks at.

    Attributes:
        filed_on: the local day on which it came in.
        until: the last day for this kind and applicant; None where its period has not begun, as before the service.
    """

    kind: ObjectionKind
    applicant: Addressee
    filed_on: date
    until: date | None


def period_code(kind: ObjectionKind) -> str:
    """The dated rule parameter of the period in which an objection may be filed."""
    return "objection_sampling" if kind is ObjectionKind.SAMPLING else "objection_other"


def review_code(kind: ObjectionKind) -> str:
    """The dated rule parameter of the time its review may take."""
    return "objection_review_sampling" if kind is ObjectionKind.SAMPLING else "objection_review_other"


def grounds_against(facts: ObjectionFacts) -> list[RefusalGround]:
    """The grounds on which it would have to be refused; a person decides, and may know more.

    What is filed before its period begins is early, not late.
    """
    found = []
    if facts.applicant not in ENTITLED[facts.kind]:
        found.append(RefusalGround.NOT_ENTITLED)
    if facts.until is not None and facts.filed_on > facts.until:
        found.append(RefusalGround.LATE)
    return found


def consequence_of(kind: ObjectionKind, outcome: Outcome, *, has_case: bool) -> Consequence:
    """What follows: goods that their named producer did not make free the producer, not the stall that sells them."""
    if outcome is Outcome.NOT_UPHELD or not has_case:
        return Consequence.NONE
    return Consequence.PRODUCER_IS_OUT if kind is ObjectionKind.AUTHENTICITY else Consequence.CASE_WITHDRAWN
