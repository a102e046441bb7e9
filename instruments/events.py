"""Facts that instruments announce."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingsTaken(Event):
    """A reader delivered readings that are stored now."""

    name: ClassVar[str] = "instruments.readings_taken.v1"
    instrument_id: UUID
    taken: int
    quarantined: int

    def chain(self) -> str:
        return f"instrument:{self.instrument_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingDecided(Event):
    """A person assigned a reading to a sample, or rejected it."""

    name: ClassVar[str] = "instruments.reading_decided.v1"
    instrument_id: UUID
    reading_id: UUID
    is_rejected: bool

    def chain(self) -> str:
        return f"instrument:{self.instrument_id}"
