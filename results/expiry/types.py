"""Words of the expiry board: what ends, when, and what it blocks."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ExpiryKind(StrEnum):
    """What kind of thing ends."""

    PERSON = "person"
    INSTRUMENT = "instrument"
    MATERIAL = "material"
    METHOD = "method"
    SCOPE = "scope"


class ExpiryState(StrEnum):
    """Where it stands on a day."""

    ENDED = "ended"
    SOON = "soon"
    LATER = "later"


class Blocks(StrEnum):
    """What cannot be done once it has ended."""

    SIGNING = "signing"
    SAMPLING = "sampling"
    TESTING = "testing"
    CUSTODY = "custody"
    RELEASE = "release"  # of readings that were taken after the calibration ended
    MEASURING = "measuring"  # readings with this reagent need a person to release them
    BATCHES = "batches"
    METHOD = "method"
    MARK = "mark"  # the CMA mark on reports
    RECHECKS = "rechecks"  # to be drawn as a recheck laboratory


@dataclass(frozen=True, slots=True)
class Ending:
    """One thing with its last day.

    Attributes:
        what: the person, instrument, lot, method or certificate by name.
        detail: more of it: what somebody is authorised for, a lot number, a scope.
        last_day: the last day on which it holds.
        where: the endpoint and values of the page that shows it; None where there is none.
    """

    kind: ExpiryKind
    what: str
    detail: str
    last_day: date
    blocks: Blocks
    where: tuple[str, tuple[tuple[str, str], ...]] | None = None


@dataclass(frozen=True, slots=True)
class BoardRow:
    """An ending as it stands on a day.

    Attributes:
        days_left: whole days until its last day; negative when that has passed.
    """

    ending: Ending
    state: ExpiryState
    days_left: int
