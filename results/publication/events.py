"""Facts about publication."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sampling.events import SampleFact
from sampling.types import SampleVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPublished(SampleFact):
    """The result of a sample stands on the public pages.

    `pick_round_id` and `stratum` name the public pick the sample was planned from, where it was.
    """

    name: ClassVar[str] = "results.result_published.v1"
    verdict: SampleVerdict
    pick_round_id: UUID | None
    stratum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultReplaced(SampleFact):
    """A published failure became a pass by its recheck; the public page shows both."""

    name: ClassVar[str] = "results.result_replaced.v1"
    pick_round_id: UUID | None
    stratum: str
