"""What people do with what is kept: count it, propose its disposal, confirm it."""

from chain_of_custody.keeping.services.disposals import (
    HeldError,
    confirm_disposal,
    propose_disposal,
    withdraw_disposal,
)
from chain_of_custody.keeping.services.stock import close_count, resolve_difference, scan_stock, start_count

__all__ = [
    "HeldError",
    "close_count",
    "confirm_disposal",
    "propose_disposal",
    "resolve_difference",
    "scan_stock",
    "start_count",
    "withdraw_disposal",
]
