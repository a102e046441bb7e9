"""Facts about settlements."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementDrawnUp(Event):
    """A regulator drew up what it owes a laboratory for a period."""

    name: ClassVar[str] = "results.settlement_drawn_up.v1"
    settlement_id: UUID
    lab_id: UUID

    def chain(self) -> str:
        return f"settlement:{self.settlement_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementConfirmed(Event):
    """The laboratory agrees with it."""

    name: ClassVar[str] = "results.settlement_confirmed.v1"
    settlement_id: UUID

    def chain(self) -> str:
        return f"settlement:{self.settlement_id}"
