"""What a finding leaves possible, and what a limit allows: both are intervals of the true value.

A verdict follows from how the two lie: inside is a pass, apart is a fail, anything else cannot be judged. So `<5`
against 3 has no verdict, a method that cannot see the limit has none, and a larger value can never turn a fail of a
maximum into a pass.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

ZERO = Decimal(0)


class Lie(Enum):
    """How an interval of possible values lies to the allowed one."""

    INSIDE = "inside"
    APART = "apart"
    ACROSS = "across"


@dataclass(frozen=True, slots=True)
class Interval:
    """Values from low to high; None is without end; an open end excludes its figure."""

    low: Decimal | None = None
    high: Decimal | None = None
    low_open: bool = False
    high_open: bool = False

    @classmethod
    def point(cls, value: Decimal) -> "Interval":
        """Exactly one value."""
        return cls(value, value)

    @classmethod
    def below(cls, bound: Decimal) -> "Interval":
        """From nothing to just under a bound; a bound of 0 means exactly nothing."""
        return cls(ZERO, bound, high_open=bound > ZERO)

    def _starts_within(self, allowed: "Interval") -> bool:
        if allowed.low is None:
            return True
        if self.low is None or self.low < allowed.low:
            return False
        return self.low > allowed.low or self.low_open or not allowed.low_open

    def _ends_within(self, allowed: "Interval") -> bool:
        if allowed.high is None:
            return True
        if self.high is None or self.high > allowed.high:
            return False
        return self.high < allowed.high or self.high_open or not allowed.high_open

    def is_wholly_below(self, other: "Interval") -> bool:
        """Whether every value here is smaller than every value of the other."""
        if self.high is None or other.low is None:
            return False
        return self.high < other.low or (self.high == other.low and (self.high_open or other.low_open))

    def lie_to(self, allowed: "Interval") -> Lie:
        """How the possible values lie to the allowed ones."""
        if self._starts_within(allowed) and self._ends_within(allowed):
            return Lie.INSIDE
        if self.is_wholly_below(allowed) or allowed.is_wholly_below(self):
            return Lie.APART
        return Lie.ACROSS
