"""The luminometer reads what it shows, and stands everything that a line does to it."""

from decimal import Decimal

from instruments.framing.base import unfold
from instruments.kit import check_driver
from our_drivers.luminometer import LUMINOMETER


def test_a_line_is_read_as_it_stands_on_the_display():
    events = unfold(LUMINOMETER.new_framer().feed(b"1 1234\r\n"))
    [reading] = [reading for event in events for reading in LUMINOMETER.parse(event.raw, {})]
    assert (reading.record_no, reading.value, reading.unit_text) == ("1", Decimal(1234), "RLU")


def test_it_stands_a_bad_line():
    check_driver(LUMINOMETER)
