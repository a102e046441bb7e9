"""Reads of keeping, always totally ordered."""

from chain_of_custody.keeping.queries.disposals import (
    DisposalRow,
    DisposedPortion,
    get_disposal,
    list_disposals,
    list_disposed,
)
from chain_of_custody.keeping.queries.retention import count_keeping, list_kept
from chain_of_custody.keeping.queries.stock import (
    CountRow,
    Difference,
    get_count,
    kept_here,
    list_counts,
    list_differences,
    list_scans,
    numbers_on_labels,
    places_below,
)

__all__ = [
    "CountRow",
    "Difference",
    "DisposalRow",
    "DisposedPortion",
    "count_keeping",
    "get_count",
    "get_disposal",
    "kept_here",
    "list_counts",
    "list_differences",
    "list_disposals",
    "list_disposed",
    "list_kept",
    "list_scans",
    "numbers_on_labels",
    "places_below",
]
