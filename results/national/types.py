"""Words and values of the bridge to the national system: what was reported, and what of it disagrees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sampling.types import SampleVerdict


class ReportingState(StrEnum):
    """Where a signed sample stands towards the national system."""

    NOT_REPORTED = "not_reported"
    REPORTED = "reported"
    RETURNED = "returned"  # with a reason; due again
    CORRECTED = "corrected"  # what was reported changed since; due again


DUE = frozenset({ReportingState.NOT_REPORTED, ReportingState.RETURNED, ReportingState.CORRECTED})


class DifferenceKind(StrEnum):
    """How a row of the system's export and ours disagree."""

    DIFFERS = "differs"
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"


@dataclass(frozen=True, slots=True)
class SampleRow:
    """One sample in the national field order.

    Attributes:
        fields: field → text of `national_samples`; what is not known is left out.
        items: the same for each line of `national_items`, in the order of the worklist.
    """

    fields: Mapping[str, str]
    items: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement.

    Attributes:
        row: of the uploaded table; 0 for what is missing there.
        item: the test item; empty for a field of the sample.
        column: heading of the field; empty where a whole row is missing.
    """

    kind: DifferenceKind
    row: int
    sampling_no: str
    item: str = ""
    column: str = ""
    theirs: str = ""
    ours: str = ""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A signed sample on the board.

    Attributes:
        days_left: working days until it has to be reported, negative when that day has passed; None once it is.
        export_id: the file it was taken out with last.
    """

    sample_id: UUID
    sampling_no: str
    product_name: str
    verdict: SampleVerdict
    report_no: str
    signed_at: datetime
    state: ReportingState
    export_id: UUID | None
    taken_at: datetime | None
    return_reason: str | None
    days_left: int | None = None

    @property
    def is_overdue(self) -> bool:
        """Whether it should have been reported by now."""
        return self.days_left is not None and self.days_left < 0
