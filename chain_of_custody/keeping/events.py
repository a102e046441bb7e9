"""Facts that the keeping of portions announces."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PortionsDisposed(Event):
    """A second person confirmed that portions were disposed of; their custody ends here."""

    name: ClassVar[str] = "chain_of_custody.portions_disposed.v1"
    disposal_id: UUID
    portions: int

    def chain(self) -> str:
        return f"disposal:{self.disposal_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StockCounted(Event):
    """A count of a place of the store was closed; `differences` counts what is not as the program knew it."""

    name: ClassVar[str] = "chain_of_custody.stock_counted.v1"
    stock_count_id: UUID
    scanned: int
    differences: int

    def chain(self) -> str:
        return f"stock_count:{self.stock_count_id}"
