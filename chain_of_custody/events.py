"""Facts that custody announces."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event
from sampling.events import SampleFact


@dataclass(frozen=True, slots=True, kw_only=True)
class PortionsSealed(SampleFact):
    """The portions of a sample were sealed at the place it was taken."""

    name: ClassVar[str] = "chain_of_custody.portions_sealed.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleAccepted(SampleFact):
    """The laboratory looked at the sample and accepted it."""

    name: ClassVar[str] = "chain_of_custody.sample_accepted.v1"
    lab_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRefused(SampleFact):
    """The laboratory refused the sample in writing; its regulator is told."""

    name: ClassVar[str] = "chain_of_custody.sample_refused.v1"
    lab_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRecoded(SampleFact):
    """The test portion of the sample has its blind code; the code itself is not part of the fact."""

    name: ClassVar[str] = "chain_of_custody.sample_recoded.v1"
    portion_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PortionRelabelled(SampleFact):
    """The test portion has another blind code than before; neither code is part of the fact."""

    name: ClassVar[str] = "chain_of_custody.portion_relabelled.v1"
    portion_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleUnblinded(SampleFact):
    """Head of laboratory and quality manager opened whose sample a blind code is, before its results were locked."""

    name: ClassVar[str] = "chain_of_custody.sample_unblinded.v1"
    unblinding_id: UUID
    requested_by_id: UUID
    opened_by_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverConfirmed(Event):
    """Portions changed hands; `exceptions` counts what did not match the list."""

    name: ClassVar[str] = "chain_of_custody.hand_over_confirmed.v1"
    hand_over_id: UUID
    portions: int
    exceptions: int

    def chain(self) -> str:
        return f"hand_over:{self.hand_over_id}"
