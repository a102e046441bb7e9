"""What happens to nonconforming work, as facts."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class NonconformityMoved(Event):
    """Somebody took a step about nonconforming work."""

    name: ClassVar[str] = "results.nonconformity_moved.v1"
    nonconformity_id: UUID
    step: str
    state: str

    def chain(self) -> str:
        return f"nonconformity:{self.nonconformity_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportImpactDecided(Event):
    """It was decided what nonconforming work means for a signed report."""

    name: ClassVar[str] = "results.report_impact_decided.v1"
    nonconformity_id: UUID
    report_id: UUID
    impact: str

    def chain(self) -> str:
        return f"nonconformity:{self.nonconformity_id}"
