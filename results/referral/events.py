"""What happens to referrals and notices, as facts that other packages listen to."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event
from results.referral.types import EscalationMark, HandlingPart, Severity
from sampling.events import SampleFact


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfCase(Event):
    """A fact on the chain of its case."""

    referral_id: UUID
    sample_id: UUID

    def chain(self) -> str:
        return f"case:{self.referral_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralOpened(_OfCase):
    """A fail conclusion opened its referral, in the transaction of its signature."""

    name: ClassVar[str] = "results.referral_opened.v1"
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchAcknowledged(_OfCase):
    """The regulator of a branch has taken note of it."""

    name: ClassVar[str] = "results.branch_acknowledged.v1"
    branch_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchDispatched(_OfCase):
    """A bureau gave a branch to one of its stations."""

    name: ClassVar[str] = "results.branch_dispatched.v1"
    branch_id: UUID
    station_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSubmitted(_OfCase):
    """One of the seven parts of the handling was submitted."""

    name: ClassVar[str] = "results.handling_part_submitted.v1"
    branch_id: UUID
    part: HandlingPart


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchEscalated(_OfCase):
    """Something was not done in time; whoever answers for the branch is told."""

    name: ClassVar[str] = "results.branch_escalated.v1"
    branch_id: UUID
    mark: EscalationMark


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchClosed(_OfCase):
    """One branch is handled: 五到位."""

    name: ClassVar[str] = "results.branch_closed.v1"
    branch_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralClosed(_OfCase):
    """Every branch of a referral has come to its end.

    `pick_round_id` and `stratum` name the public pick the sample was planned from, where it was.
    """

    name: ClassVar[str] = "results.referral_closed.v1"
    pick_round_id: UUID | None
    stratum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralWithdrawn(_OfCase):
    """A recheck passed: the failure is taken back, its record stays."""

    name: ClassVar[str] = "results.referral_withdrawn.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeServed(SampleFact):
    """A result notice reached one of its addressees."""

    name: ClassVar[str] = "results.notice_served.v1"
    notice_id: UUID
