"""Facts about 24-hour reports."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sampling.events import SampleFact


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgentReportSent(SampleFact):
    """A laboratory reported a serious danger to the regulator of the sample."""

    name: ClassVar[str] = "results.urgent_report_sent.v1"
    urgent_report_id: UUID
    regulator_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgentReportAcknowledged(SampleFact):
    """The regulator has it."""

    name: ClassVar[str] = "results.urgent_report_acknowledged.v1"
    urgent_report_id: UUID
