"""Words of the recheck, 复检 (domain.md §2.5)."""

from enum import StrEnum


class RecheckState(StrEnum):
    """How far a recheck is."""

    APPLIED = "applied"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    CONCLUDED = "concluded"


class RefusalReason(StrEnum):
    """Why an application is refused (Measures Art. 31)."""

    MICROBIOLOGICAL = "microbiological"
    BACKUP_EXPIRED = "backup_expired"
    LATE = "late"
    BACKUP_UNFIT = "backup_unfit"
    OTHER = "other"
