"""Words of the environment log."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Span:
    """What is allowed, both ends included; None where a side has no end."""

    lowest: Decimal | None = None
    highest: Decimal | None = None

    def holds(self, value: Decimal) -> bool:
        """Whether a value lies in it."""
        return (self.lowest is None or value >= self.lowest) and (self.highest is None or value <= self.highest)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a room may be: temperature in °C, relative humidity in percent."""

    celsius: Span = Span()
    humidity: Span = Span()


@dataclass(frozen=True, slots=True)
class RoomReading:
    """What a room was at an instant: °C, and percent relative humidity where it was measured."""

    at: datetime
    celsius: Decimal
    humidity: Decimal | None = None
