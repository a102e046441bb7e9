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
    """A stretch of readings in which it was too warm, with its highest, or too cold, with its lowest; in °C."""

    begins_at: datetime
    ends_at: datetime
    highest: Decimal | None = None
    lowest: Decimal | None = None
