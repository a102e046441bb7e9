"""Words and values of number blocks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from lims.i18n import LazyString

SERIAL_DIGITS = 9  # of every number seen: four of the institution and five that count, as far as anybody knows


class BlockVerdict(StrEnum):
    """What would become of one row of a sheet of number blocks."""

    NEW = "new"
    SAME = "same"  # this very block is held already
    OVERLAPS = "overlaps"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class NumberRange:
    """The sampling numbers from `first` to `last`, which differ in their serial only.

    Attributes:
        fixed: what stands before the serial: prefix, year, region.
        first: serial of the first number.
        last: serial of the last number.
        suffix: letters after the serial.
    """

    fixed: str
    first: int
    last: int
    suffix: str = ""

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return self.last - self.first + 1

    @property
    def first_no(self) -> str:
        """The first number as it is printed."""
        return self.number(1)

    @property
    def last_no(self) -> str:
        """The last number as it is printed."""
        return self.number(self.count)

    def number(self, place: int) -> str:
        """The number at a place, counted from 1."""
        return f"{self.fixed}{self.first + place - 1:0{SERIAL_DIGITS}d}{self.suffix}"

    def overlaps(self, other: "NumberRange") -> bool:
        """Whether some number stands in both."""
        return (
            (self.fixed, self.suffix) == (other.fixed, other.suffix)
            and self.first <= other.last
            and other.first <= self.last
        )


@dataclass(frozen=True, slots=True)
class BlockInput:
    """A block as a row of a sheet names it; `task_source` is empty where any plan may use it."""

    organisation_id: UUID
    numbers: NumberRange
    task_source: str
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class StagedRow:
    """One row of a sheet, and what would become of it.

    Attributes:
        number: of the row in the file.
        written: organisation, first and last number, count, task source and dates as they stand there.
        block: what was read; None where nothing could be.
        why: with what it overlaps, or why it cannot be read and what was expected.
    """

    number: int
    written: Sequence[str]
    verdict: BlockVerdict
    block: BlockInput | None = None
    why: LazyString | None = None


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A sheet row by row; `problem` where it is no sheet of number blocks at all."""

    rows: Sequence[StagedRow]
    problem: LazyString | None = None

    @property
    def counts(self) -> Counter[BlockVerdict]:
        """How many rows have each verdict."""
        return Counter(row.verdict for row in self.rows)
