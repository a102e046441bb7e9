"""Facts about publication."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event
from sampling.types import SampleVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPublished(Event):
    """The result of a sample stands on the public pages.

    `pick_round_id` and `stratum` name the public pick the sample was planned from, where it was.
    """

    name: ClassVar[str] = "results.result_published.v1"
    sample_id: UUID
    verdict: SampleVerdict
    pick_round_id: UUID | None
    stratum: str

    def chain(self) -> str:
        return f"sample:{self.sample_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultReplaced(Event):
    """A published failure became a pass by its recheck; the public page shows both."""

    name: ClassVar[str] = "results.result_replaced.v1"
    sample_id: UUID
    pick_round_id: UUID | None
    stratum: str

    def chain(self) -> str:
        return f"sample:{self.sample_id}"
