"""What happens to blocks of sampling numbers, as facts."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberBlocksTaken(Event):
    """The blocks of a sheet were taken; sampling numbers are leased from them from now on."""

    name: ClassVar[str] = "sampling.number_blocks_taken.v1"
    file_id: UUID
    blocks: int
    numbers: int

    def chain(self) -> str:
        return f"number-block-file:{self.file_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberBlockClosed(Event):
    """No further number is leased from a block; those that were stay what they are."""

    name: ClassVar[str] = "sampling.number_block_closed.v1"
    block_id: UUID
    left: int

    def chain(self) -> str:
        return f"number-block:{self.block_id}"
