"""The driver kit holds every driver to its word, and names what a bad one does."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest

from instruments.drivers.builtin import BUILTIN_DRIVERS
from instruments.drivers.registry import get_driver
from instruments.framing.base import Event, Frame
from instruments.framing.delimited import LineFramer
from instruments.kit import DriverFault, check_driver
from instruments.types import Driver, ProvenOn, Reading, Settings

# A sum of eight bits misses one flip in 256 only when two compensate; one flipped bit it always sees.
CHECKED = {"dy-3000-bx1", "lz-4000t", "tl-310", "dy-2620", "dyrs2", "astm-e1394"}


@pytest.mark.parametrize("driver", BUILTIN_DRIVERS, ids=lambda driver: driver.name)
def test_every_driver_stands_its_trial(driver: Driver):
    check_driver(driver, checked=driver.name in CHECKED)


def parse_number(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    return (Reading(driver="number", parser_version=1, raw=raw, value_text=raw.decode("latin-1")),)


NUMBER = Driver(
    name="number",
    title_zh="Numbers in lines",
    family="lines",
    proven_on=ProvenOn.DOCUMENTS,
    new_framer=partial(LineFramer, 64),
    parse=parse_number,
    examples=(b"1.5\r\n", b"2.5\r\n"),
    source="nowhere",
)


class ChunkFramer(LineFramer):
    """What other programs do: a chunk is a frame."""

    def feed(self, data: bytes) -> Sequence[Event]:
        return [Frame(data, 0)]


class EagerFramer(LineFramer):
    """Takes what came for a line when the connection ends."""

    def accept_end(self, _buffer: bytearray) -> bool:
        return True


class HoardingFramer(LineFramer):
    """Never gives up."""

    def expire(self) -> Sequence[Event]:
        return ()


def failing(raw: bytes, settings: Settings) -> tuple[Reading, ...]:
    float(raw)
    return parse_number(raw, settings)


def dropping(raw: bytes, settings: Settings) -> tuple[Reading, ...]:
    """Says nothing of a line that it does not know."""
    return parse_number(raw, settings) if raw in {b"1.5", b"2.5"} else ()


def test_a_plain_driver_stands():
    check_driver(NUMBER)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"new_framer": ChunkFramer}, "cut at byte 0"),
        ({"new_framer": HoardingFramer}, "silence"),
        ({"new_framer": EagerFramer}, "half a unit passes as a reading"),
        ({"parse": failing}, "the parser fails on"),
        ({"parse": dropping}, "taken and comes to nothing"),
        ({"examples": ()}, "no examples"),
        ({"parse": lambda _raw, _settings: ()}, "give no reading"),
        ({"name": "other"}, "it is of 'number'"),
        ({"parser_version": 2}, "another parser version"),
    ],
)
def test_a_driver_that_does_not_stand_is_told_what_it_does(changes: dict[str, object], named: str):
    with pytest.raises(DriverFault, match=named):
        check_driver(replace(NUMBER, **changes))


def test_a_driver_without_a_check_value_is_found_out_when_it_claims_one():
    with pytest.raises(DriverFault, match="passes as another reading"):
        check_driver(NUMBER, checked=True)


def test_a_driver_with_one_is_not():
    check_driver(get_driver("lz-4000t"), checked=True)
