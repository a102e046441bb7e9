"""Facts that custody announces."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfSample(Event):
    """A fact on the chain of its sample."""

    sample_id: UUID

    def chain(self) -> str:
        return f"sample:{self.sample_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortionsSealed(_OfSample):
    """The portions of a sample were sealed at the place it was taken."""

    name: ClassVar[str] = "chain_of_custody.portions_sealed.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleAccepted(_OfSample):
    """The laboratory looked at the sample and accepted it."""

    name: ClassVar[str] = "chain_of_custody.sample_accepted.v1"
    lab_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRefused(_OfSample):
    """The laboratory refused the sample in writing; its regulator is told."""

    name: ClassVar[str] = "chain_of_custody.sample_refused.v1"
    lab_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRecoded(_OfSample):
    """The test portion of the sample has its blind code; the code itself is not part of the fact."""

    name: ClassVar[str] = "chain_of_custody.sample_recoded.v1"
    portion_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PortionRelabelled(_OfSample):
    """The test portion has another blind code than before; neither code is part of the fact."""

    name: ClassVar[str] = "chain_of_custody.portion_relabelled.v1"
    portion_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleUnblinded(_OfSample):
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
