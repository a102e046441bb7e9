"""Words of custody: portions, seals, hand-overs, reception, blindness (domain.md §2.4, §10; product.md §6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class PortionKind(StrEnum):
    """A sample is divided into what is tested and what is kept for a recheck."""

    TEST = "test"
    BACKUP = "backup"


class CustodyKind(StrEnum):
    """Why a portion has the holder it has."""

    SEALED = "sealed"  # the first entry: whoever sealed it holds it
    CONSIGNED = "consigned"  # with a carrier, on the account of the same holder
    HANDED_OVER = "handed_over"
    DISPOSED = "disposed"  # the last entry: whoever held it answers for what became of it


class HandOverWay(StrEnum):
    """How portions change hands."""

    IN_PERSON = "in_person"
    COURIER = "courier"


class HandOverState(StrEnum):
    """An offer stands until somebody confirms it or its giver takes it back."""

    OFFERED = "offered"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class CelsiusRange:
    """The temperatures in °C that a load bears, both ends included; None where a side has no end."""

    lowest: Decimal | None = None
    highest: Decimal | None = None

    def is_too_warm(self, celsius: Decimal) -> bool:
        """Whether it is warmer than allowed."""
        return self.highest is not None and celsius > self.highest

    def is_too_cold(self, celsius: Decimal) -> bool:
        """Whether it is colder than allowed."""
        return self.lowest is not None and celsius < self.lowest

    def fault(self, celsius: Decimal) -> str | None:
        """How a temperature lies outside, as signs that need no translation; None when it lies inside."""
        if self.is_too_warm(celsius):
            return f"{celsius} °C > {self.highest} °C"
        return f"{celsius} °C < {self.lowest} °C" if self.is_too_cold(celsius) else None


class LineOutcome(StrEnum):
    """What the receiver found for one portion of the list."""

    RECEIVED = "received"
    BROKEN = "broken"  # received, but its seal or its number is not as it was
    MISSING = "missing"  # stays with the giver


class ExceptionKind(StrEnum):
    """What did not go as the list said; opened for somebody to resolve, never typed away."""

    MISSING = "missing"
    EXTRA = "extra"
    BROKEN = "broken"
    TEMPERATURE = "temperature"
    LATE = "late"  # longer on its way than its storage condition bears


class Blindness(StrEnum):
    """How blind the parcel itself is, beside the data (product.md §5)."""

    REPACKED = "repacked"
    COVERED = "covered"
    OPEN = "open"


class UnblindingOffice(StrEnum):
    """The two offices that unblind a sample in an emergency, one of each (product.md §5); their names are roles."""

    LAB_HEAD = "lab_head"
    QUALITY_MANAGER = "quality_manager"


class UnblindingOutcome(StrEnum):
    """What the second office decided."""

    OPENED = "opened"
    DECLINED = "declined"


class PlaceLevel(StrEnum):
    """The levels of the storage tree, outermost first."""

    SITE = "site"
    ROOM = "room"
    FRIDGE = "fridge"
    SHELF = "shelf"
    BOX = "box"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class Scan:
    """One portion as its receiver scanned it and looked at its seal."""

    portion_no: str
    seal_intact: bool
    seal_no: str | None = None  # read off the seal; None when it was not scanned


@dataclass(frozen=True, slots=True)
class Packing:
    """What the giver wrote of the box, so that the receiver knows what to look for.

    Attributes:
        ice_placed_at: when the ice packs were laid in; None without ice.
        box_photo: SHA-256 of a stored picture of the closed box.
    """

    box_no: str | None = None
    ice_packs: int | None = None
    ice_placed_at: datetime | None = None
    box_photo: bytes | None = None


UNPACKED = Packing()


@dataclass(frozen=True, slots=True)
class ReceptionChecks:
    """The six checks of 样品移交确认单, in its order.

    **Source:** domain.md §2.4; 实施细则（2026年版）Art. 25.
    """

    seal_intact: bool
    packaging_intact: bool
    quantity_sufficient: bool
    condition_normal: bool
    papers_complete: bool
    papers_match: bool

    @property
    def all_good(self) -> bool:
        """Whether the sample may be accepted at all."""
        return all(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class BlindPortion:
    """What a blind code stands for, to the packages that test; none of it is shown to the bench before the lock."""

    code: str
    portion_id: UUID
    sample_id: UUID
    lab_id: UUID
    blindness: Blindness


Seals = Mapping[PortionKind, str]


class LabelKind(StrEnum):
    """What a label is for."""

    FIELD = "field"
    SEAL = "seal"
    BLIND = "blind"


class LabelFormat(StrEnum):
    """What a label is written in: a page to print, or the language of a label printer."""

    PDF = "pdf"
    ZPL = "zpl"
    TSPL = "tspl"
