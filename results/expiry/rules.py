"""The order and the state of what ends."""

from collections.abc import Iterable
from datetime import date

from results.expiry.types import BoardRow, Ending, ExpiryState


def board_of(endings: Iterable[Ending], today: date, warning_days: int) -> list[BoardRow]:
    """Everything that ends, the earliest first; its last day still counts.

    Args:
        endings: in any order.
        today: from when days are counted.
        warning_days: how long before its last day something ends soon.
    """
    rows = [
        BoardRow(one, state_of((one.last_day - today).days, warning_days), (one.last_day - today).days)
        for one in endings
    ]
    return sorted(rows, key=lambda row: (row.ending.last_day, row.ending.kind, row.ending.what, row.ending.detail))


def state_of(days_left: int, warning_days: int) -> ExpiryState:
    """Whether something has ended, ends soon or later."""
    if days_left < 0:
        return ExpiryState.ENDED
    return ExpiryState.SOON if days_left <= warning_days else ExpiryState.LATER
