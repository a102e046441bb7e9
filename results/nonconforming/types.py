"""Words of nonconforming work: where it was found, how far it is, and what it means for reports."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class Source(StrEnum):
    """Where nonconforming work was found."""

    QUALITY_CONTROL = "quality_control"
    BLIND_CHECK = "blind_check"
    INSTRUMENT = "instrument"
    ENVIRONMENT = "environment"
    AUDIT = "audit"
    COMPLAINT = "complaint"
    OTHER = "other"


class NonconformityState(StrEnum):
    """How far it is."""

    RAISED = "raised"  # somebody found it; its cause is sought
    PLANNED = "planned"  # cause and corrective action stand, with who does it until when
    CARRIED_OUT = "carried_out"  # another person has to see whether it helped
    CLOSED = "closed"
    DISMISSED = "dismissed"  # it was none


class Step(StrEnum):
    """What somebody did about it."""

    RAISED = "raised"
    PLANNED = "planned"
    CARRIED_OUT = "carried_out"
    EFFECTIVE = "effective"
    INEFFECTIVE = "ineffective"
    DISMISSED = "dismissed"


class Impact(StrEnum):
    """What it means for a report that stands on it."""

    NONE = "none"
    AMEND = "amend"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Plan:
    """What was found to be the cause, and what is done about it."""

    cause: str
    action: str
    responsible_id: UUID
    due_on: date
