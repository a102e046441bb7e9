"""Reads of results, by who asks: the bench, which is blind, and those who may know whose sample it is."""

from results.queries.bench import (
    BenchLine,
    BenchSet,
    find_set,
    last_lock,
    list_lines,
    list_sets,
    newest_report,
    open_proposals,
    set_of_sample,
    standing_results,
    versions_of,
)
from results.queries.reports import (
    Basis,
    ReportFacts,
    conclusion_of,
    find_by_check_code,
    gather_report,
    get_report,
    ledger_head,
    signed_report,
)

__all__ = [
    "Basis",
    "BenchLine",
    "BenchSet",
    "ReportFacts",
    "conclusion_of",
    "find_by_check_code",
    "find_set",
    "gather_report",
    "get_report",
    "last_lock",
    "ledger_head",
    "list_lines",
    "list_sets",
    "newest_report",
    "open_proposals",
    "set_of_sample",
    "signed_report",
    "standing_results",
    "versions_of",
]
