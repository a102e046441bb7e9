"""Words of keeping: how long a portion is kept, what holds it back, how it ends, what a count of the store finds."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class KeepingState(StrEnum):
    """Where the clock of a kept portion stands."""

    OVERDUE = "overdue"  # its period is over, and so is the time to dispose of it
    DUE = "due"  # its period is over
    PROPOSED = "proposed"  # stands on a list of a disposal that waits for its second person
    HELD = "held"  # somebody still needs it, whatever the clock says
    RUNNING = "running"
    WAITING = "waiting"  # its sample has no conclusion yet: the clock has not begun


class HoldKind(StrEnum):
    """What holds a portion back from its disposal."""

    RECHECK = "recheck"
    OBJECTION = "objection"
    CASE = "case"
    RELEASED = "released"  # to the laboratory of a recheck


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason why a portion cannot be disposed of, with the number of what it waits for."""

    kind: HoldKind
    reference: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Concluded:
    """What the clock of a kept portion runs from."""

    at: datetime
    is_pass: bool


@dataclass(frozen=True, slots=True)
class KeptPortion:
    """A portion that a laboratory keeps, with its clock.

    Attributes:
        keep_until: last day of its period; None while the clock has not begun.
        shelf_life_until: last day of its shelf life, where that could be read off the form.
        is_cut_short: the shelf life ends before the months of the Measures do.
        dispose_by: last day to dispose of it in time.
    """

    portion_id: UUID
    sample_id: UUID
    sampling_no: str
    portion_no: str
    quantity: str
    product_name: str
    place_code: str | None
    concluded: Concluded | None
    keep_until: date | None
    shelf_life_until: date | None
    is_cut_short: bool
    dispose_by: date | None
    holds: tuple[Hold, ...]
    state: KeepingState


class DisposalWay(StrEnum):
    """How portions end."""

    INCINERATED = "incinerated"
    LANDFILLED = "landfilled"
    HARMLESS = "harmless"  # 无害化处理 by a licensed company
    DESTROYED = "destroyed"  # made unusable in the laboratory and thrown away
    RETURNED = "returned"  # a refused sample, to who sent it


class DisposalState(StrEnum):
    """A proposal waits for the second person, who confirms it, or for its proposer to take it back."""

    PROPOSED = "proposed"
    DONE = "done"
    WITHDRAWN = "withdrawn"


class DifferenceKind(StrEnum):
    """How a place differs from what the program knows."""

    MISSING = "missing"
    ELSEWHERE = "elsewhere"  # is here, and is known to stand in another place
    UNEXPECTED = "unexpected"  # is here, and this laboratory keeps no such portion
