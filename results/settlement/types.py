"""Words of settlements."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class LineKind(StrEnum):
    """How a sample came out, as far as money goes."""

    TESTED = "tested"
    LATE = "late"  # reported after its day
    OVERTURNED = "overturned"  # the recheck came to another conclusion
    REFUSED = "refused"  # at reception
    NOT_TESTED = "not_tested"


@dataclass(frozen=True, slots=True)
class SettledSample:
    """What decides about the money of one sample.

    Attributes:
        ended_on: the day it was concluded, refused or given up.
        category_code: its major category.
        due_on: the last day for its report; None where none was awaited.
    """

    sample_id: UUID
    sampling_no: str
    category_code: str
    ended_on: date
    due_on: date | None = None
    is_refused: bool = False
    is_not_tested: bool = False
    is_overturned: bool = False


@dataclass(frozen=True, slots=True)
class Price:
    """A price from a day on, of one major category or (None) of every other."""

    category_code: str | None
    amount: Decimal
    valid_from: date


@dataclass(frozen=True, slots=True)
class Line:
    """What one sample adds to a settlement, in yuan."""

    sample: SettledSample
    kind: LineKind
    price: Decimal
    deduction: Decimal

    @property
    def amount(self) -> Decimal:
        """What is paid."""
        return self.price - self.deduction
