"""What happens in quality control, as facts that others listen to and the ledger keeps."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsHeld(Event):
    """Quality control rejected an item of a batch: nothing of it is locked, reported or signed from here."""

    name: ClassVar[str] = "results.results_held.v1"
    batch_id: UUID
    hold_id: UUID
    item_id: UUID
    rules: tuple[str, ...]

    def chain(self) -> str:
        return f"batch:{self.batch_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted(Event):
    """Somebody who tested nothing of the batch let its results go on, and said why."""

    name: ClassVar[str] = "results.hold_lifted.v1"
    batch_id: UUID
    hold_id: UUID
    reason: str

    def chain(self) -> str:
        return f"batch:{self.batch_id}"
