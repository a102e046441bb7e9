"""Whether a room was as it has to be, and what a figure of it can be at all."""

from decimal import Decimal

from results.environment.types import Allowed, RoomReading, Span

COLDEST, WARMEST = Decimal(-90), Decimal(70)  # °C: from an ultra-low freezer room to an incubator room
DRIEST, WETTEST = Decimal(0), Decimal(100)  # percent


def is_outside(reading: RoomReading, allowed: Allowed) -> bool:
    """Whether temperature or humidity lie outside; a humidity that was not measured lies nowhere."""
    if not allowed.celsius.holds(reading.celsius):
        return True
    return reading.humidity is not None and not allowed.humidity.holds(reading.humidity)


def is_possible(reading: RoomReading) -> bool:
    """Whether a room can be so at all: a slip of the pen is told before it is kept."""
    is_dry = reading.humidity is None or DRIEST <= reading.humidity <= WETTEST
    return COLDEST <= reading.celsius <= WARMEST and is_dry


def is_in_order(span: Span) -> bool:
    """Whether the ends of a span do not cross."""
    return span.lowest is None or span.highest is None or span.lowest <= span.highest
