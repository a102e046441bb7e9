"""Facts about 24-hour reports."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgentReportSent(Event):
    """A laboratory reported a serious danger to the regulator of the sample."""

    name: ClassVar[str] = "results.urgent_report_sent.v1"
    sample_id: UUID
    urgent_report_id: UUID
    regulator_id: UUID

    def chain(self) -> str:
        return f"sample:{self.sample_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgentReportAcknowledged(Event):
    """The regulator has it."""

    name: ClassVar[str] = "results.urgent_report_acknowledged.v1"
    sample_id: UUID
    urgent_report_id: UUID

    def chain(self) -> str:
        return f"sample:{self.sample_id}"
