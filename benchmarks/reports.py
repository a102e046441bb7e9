"""Render test reports as PDF, on one core."""

import time

from benchmarks.harness import Measure
from results.papers.report import render_test_report
from tests.results.test_papers import make_report

REPORTS = 40


def measure() -> list[Measure]:
    """Reports a second; each has its own number, so nothing is answered from memory."""
    render_test_report(make_report())
    begun = time.perf_counter()
    for number in range(REPORTS):
        render_test_report(make_report(report_no=f"LZ2026SP{number:06d}"))
    return [Measure("test report PDF, 1 core", REPORTS / (time.perf_counter() - begun), "/s", "≥ 20/s")]
