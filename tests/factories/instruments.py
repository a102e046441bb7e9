"""Readings as a reader delivers them."""

from itertools import count
from typing import Any

from instruments.types import Delivered
from lims import clock

_numbers = count(1)


def make_delivered(sample_text: str = "", **changes: Any) -> Delivered:
    """One inhibition rate that nobody delivered yet."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "key": f"{number:040x}",
        "captured_at": clock.now(),
        "driver": "lz-4000t",
        "parser_version": 1,
        "raw": f"frame {number}".encode(),
        "item_text": "农药残留",
        "sample_text": sample_text,
        "value_text": "12.50",
        "unit_text": "%",
    }
    return Delivered(**(values | changes))
