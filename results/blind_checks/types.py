"""Words of the checks that a quality office slips into the worklist (盲样考核)."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from lims.quantities import Unit


class Expected(StrEnum):
    """What the quality office knows of one item of a material."""

    VALUE = "value"
    DETECTED = "detected"
    NOT_DETECTED = "not_detected"


class Outcome(StrEnum):
    """How a result stands against what was known, in the words of proficiency testing."""

    SATISFACTORY = "satisfactory"
    QUESTIONABLE = "questionable"
    UNSATISFACTORY = "unsatisfactory"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one item.

    Attributes:
        value: the assigned value in `unit`; only with `value`.
        deviation: the standard deviation for the assessment, in `unit`; only with `value`.
    """

    expected: Expected
    value: Decimal | None = None
    deviation: Decimal | None = None
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """The outcome of one item, with the figure it was decided by.

    Attributes:
        figure: a z-score for a known value, a relative difference in per cent for a split; None where it was decided
            by found or not found.
    """

    outcome: Outcome
    figure: Decimal | None = None
