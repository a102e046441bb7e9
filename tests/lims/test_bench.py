"""`lims bench` knows its benchmarks; what they measure is not the suite's business."""

import importlib
from pathlib import Path

import pytest

from benchmarks.harness import Measure, at_once, percentile

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if path.stem not in {"__init__", "harness"})


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_can_be_imported_and_says_what_it_measures(name):
    module = importlib.import_module(f"benchmarks.{name}")
    assert module.__doc__
    assert callable(module.measure)


def test_an_unknown_benchmark_is_refused_with_the_known_ones(app):
    answer = app.test_cli_runner().invoke(args=["bench", "banana"])
    assert answer.exit_code == 2
    assert "banana" in answer.output
    assert "votes" in answer.output


def test_the_harness_does_every_job_once_and_orders_what_they_took():
    done = []
    rate, took = at_once(done.append, 50, clients=4)
    assert sorted(done) == list(range(50))
    assert rate > 0
    assert took == sorted(took)
    assert percentile([0.001, 0.002, 0.003], 0.99) == 3.0


def test_a_measure_reads_as_one_line():
    line = Measure("ballots cast", 612.34, "/s", "≥ 600/s", 0.51234).line()
    assert "612.3 /s" in line
    assert "ratio 0.512" in line
    assert "≥ 600/s" in line
