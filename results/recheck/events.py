"""Facts about rechecks."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event
from sampling.types import SampleVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckConcluded(Event):
    """The recheck laboratory signed; its verdict replaces the first one everywhere."""

    name: ClassVar[str] = "results.recheck_concluded.v1"
    sample_id: UUID
    recheck_id: UUID
    verdict: SampleVerdict

    def chain(self) -> str:
        return f"sample:{self.sample_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckAssigned(Event):
    """A laboratory was drawn for a recheck."""

    name: ClassVar[str] = "results.recheck_assigned.v1"
    sample_id: UUID
    recheck_id: UUID
    lab_id: UUID

    def chain(self) -> str:
        return f"sample:{self.sample_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckDeclined(Event):
    """A laboratory that was drawn declined; another one is drawn among the rest."""

    name: ClassVar[str] = "results.recheck_declined.v1"
    sample_id: UUID
    recheck_id: UUID
    lab_id: UUID

    def chain(self) -> str:
        return f"sample:{self.sample_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckEnded(Event):
    """A recheck ended without a conclusion, because its portion came damaged: the first conclusion stands."""

    name: ClassVar[str] = "results.recheck_ended.v1"
    sample_id: UUID
    recheck_id: UUID

    def chain(self) -> str:
        return f"sample:{self.sample_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckWatchOffered(Event):
    """The first laboratory was told when the recheck is tested; it may watch."""

    name: ClassVar[str] = "results.recheck_watch_offered.v1"
    sample_id: UUID
    recheck_id: UUID
    lab_id: UUID

    def chain(self) -> str:
        return f"sample:{self.sample_id}"
