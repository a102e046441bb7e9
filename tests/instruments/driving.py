"""Ways to run a framer in tests."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from instruments.framing.base import Event, Frame, Framer, Garbage, Message, Send, unfold
from instruments.types import Driver, Reading


def run(framer: Framer, pieces: Iterable[bytes]) -> list[Event]:
    """All events of a stream that comes in `pieces` and then ends."""
    events = [event for piece in pieces for event in framer.feed(piece)]
    return [*unfold(events), *unfold(framer.close())]


def pieces_of(stream: bytes, size: int) -> Iterator[bytes]:
    return (stream[at : at + size] for at in range(0, len(stream), size))


def cut_at(stream: bytes, cuts: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(cuts), len(stream)]
    return [stream[start:stop] for start, stop in pairwise(edges)]


def capture_framer(driver: Driver) -> Framer:
    return (driver.new_capture_framer or driver.new_framer)()


def readings_of(driver: Driver, events: Iterable[Event], settings: dict[str, str] | None = None) -> list[Reading]:
    units = [event.raw for event in events if isinstance(event, Frame | Message)]
    return [reading for unit in units for reading in driver.parse(unit, settings or {})]


def answers(events: Iterable[Event]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Send))


def count(events: Iterable[Event], kind: type[Any]) -> int:
    return sum(isinstance(event, kind) for event in events)


def garbage_bytes(events: Iterable[Event]) -> int:
    return sum(len(event.raw) for event in events if isinstance(event, Garbage))
