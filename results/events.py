"""What happens to results, as facts that other packages listen to."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sampling.events import SampleFact
from sampling.types import SampleVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsLocked(SampleFact):
    """A reviewer fixed the results of a blind set; from here names may stand beside them."""

    name: ClassVar[str] = "results.results_locked.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsReturned(SampleFact):
    """Results went back to the bench after their lock: after unblinding."""

    name: ClassVar[str] = "results.results_returned.v1"
    reason: str
    after_unblinding: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConclusionSigned(SampleFact):
    """The signatory fixed the conclusion of a sample; a fail opens its referral in the same transaction.

    `referral_id` is chosen by the signature: a fail has one, nothing else has.
    """

    name: ClassVar[str] = "results.conclusion_signed.v1"
    conclusion_id: UUID
    verdict: SampleVerdict
    referral_id: UUID | None
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRead(SampleFact):
    """Somebody opened the PDF of a report; each look is noted."""

    name: ClassVar[str] = "results.report_read.v1"
    report_id: UUID
