"""Words of the conditions under which portions travel and stand: readings of a data logger."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Reading:
    """One temperature in °C at an instant."""

    at: datetime
    celsius: Decimal


@dataclass(frozen=True, slots=True)
class Excursion:
    """A stretch of readings in which it was warmer than allowed, with its highest."""

    begins_at: datetime
    ends_at: datetime
    highest: Decimal
