"""Facts about rechecks."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sampling.events import SampleFact
from sampling.types import SampleVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckConcluded(SampleFact):
    """The recheck laboratory signed; its verdict replaces the first one everywhere."""

    name: ClassVar[str] = "results.recheck_concluded.v1"
    recheck_id: UUID
    verdict: SampleVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckAssigned(SampleFact):
    """A laboratory was drawn for a recheck."""

    name: ClassVar[str] = "results.recheck_assigned.v1"
    recheck_id: UUID
    lab_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckDeclined(SampleFact):
    """A laboratory that was drawn declined; another one is drawn among the rest."""

    name: ClassVar[str] = "results.recheck_declined.v1"
    recheck_id: UUID
    lab_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckEnded(SampleFact):
    """A recheck ended without a conclusion, because its portion came damaged: the first conclusion stands."""

    name: ClassVar[str] = "results.recheck_ended.v1"
    recheck_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckWatchOffered(SampleFact):
    """The first laboratory was told when the recheck is tested; it may watch."""

    name: ClassVar[str] = "results.recheck_watch_offered.v1"
    recheck_id: UUID
    lab_id: UUID
