"""What happens to results, as facts that other packages listen to."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from lims.events import Event
from sampling.types import SampleVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsLocked(Event):
    """A reviewer fixed the results of a blind set; from here names may stand beside them."""

    name: ClassVar[str] = "results.results_locked.v1"
    sample_id: UUID

    def chain(self) -> str:
        return f"sample:{self.sample_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsReturned(Event):
    """Results went back to the bench after their lock: after unblinding."""

    name: ClassVar[str] = "results.results_returned.v1"
    sample_id: UUID
    reason: str
    after_unblinding: bool

    def chain(self) -> str:
        return f"sample:{self.sample_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConclusionSigned(Event):
    """The signatory fixed the conclusion of a sample; a fail opens its referral in the same transaction.

    `referral_id` is chosen by the signature: a fail has one, nothing else has.
    """

    name: ClassVar[str] = "results.conclusion_signed.v1"
    sample_id: UUID
    conclusion_id: UUID
    verdict: SampleVerdict
    referral_id: UUID | None
    occurred_at: datetime

    def chain(self) -> str:
        return f"sample:{self.sample_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRead(Event):
    """Somebody opened the PDF of a report; each look is noted."""

    name: ClassVar[str] = "results.report_read.v1"
    sample_id: UUID
    report_id: UUID

    def chain(self) -> str:
        return f"sample:{self.sample_id}"
