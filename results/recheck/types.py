"""Words of the recheck, 复检 (domain.md §2.5)."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class RecheckState(StrEnum):
    """How far a recheck is."""

    APPLIED = "applied"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    CONCLUDED = "concluded"
    ENDED = "ended"  # without a conclusion: the first one stands


OVER = frozenset({RecheckState.REFUSED, RecheckState.CONCLUDED, RecheckState.ENDED})


class RefusalReason(StrEnum):
    """Why an application is refused (Measures Art. 31)."""

    MICROBIOLOGICAL = "microbiological"
    BACKUP_EXPIRED = "backup_expired"
    LATE = "late"
    BACKUP_UNFIT = "backup_unfit"
    OTHER = "other"


class Exclusion(StrEnum):
    """Why a laboratory of the list is not in the lot (Food Safety Law Art. 88)."""

    FIRST_LABORATORY = "first_laboratory"  # tested first, or belongs to the group that did
    SAMPLING_SIDE = "sampling_side"  # its group took the sample, or samples this food in the plan
    APPLICANTS_GROUP = "applicants_group"  # the register knows the applicant in its group
    LINKED = "linked"  # the regulator recorded an interest
    DECLINED = "declined"  # this very recheck
    OFF_THE_LIST = "off_the_list"  # refused too often without cause


class RecheckClock(StrEnum):
    """The terms of a recheck that a person may extend."""

    DECIDE = "decide"
    ASSIGN = "assign"
    HANDOVER = "handover"
    REPORT = "report"


class FeeBearer(StrEnum):
    """Who bears the fee of a recheck in the end (食品安全法实施条例 Art. 42)."""

    APPLICANT = "applicant"
    REGULATOR = "regulator"


@dataclass(frozen=True, slots=True)
class MethodUsed:
    """By which method an item was tested again.

    Attributes:
        name: standard and part, as people write it; empty where it is the method of the first test.
        reason: why another method than the first one.
    """

    name: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """Whom a recheck is for, as far as papers and register tell."""

    name: str
    uscc: str | None


@dataclass(frozen=True, slots=True)
class ListedLab:
    """A laboratory of the published list with everything that may keep it out of a lot.

    Attributes:
        party_id: the root of its company group.
        group: names and credit codes of the organisations of that group, as the register has them.
        links: reasons of the interests that are recorded with the applicant and run today.
        has_declined: it declined this recheck before.
        refusals: how often it declined without cause within the period that counts.
    """

    lab_id: UUID
    party_id: UUID
    group: tuple[Party, ...] = ()
    links: tuple[str, ...] = ()
    has_declined: bool = False
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class LotFacts:
    """What a lot is drawn for.

    Attributes:
        applicant: who asked for the recheck.
        first_party_id: group of the laboratory that tested first.
        sampling_party_ids: groups that took the sample or sample this food in the plan.
        most_refusals: so many refusals without cause take a laboratory off the list.
    """

    applicant: Party
    first_party_id: UUID
    sampling_party_ids: frozenset[UUID]
    most_refusals: int


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether a laboratory may be drawn, and what it rests on where it may not."""

    lab_id: UUID
    exclusion: Exclusion | None = None
    fact: str = ""
