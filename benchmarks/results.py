"""Enter results and lock them: eight people at once, fifty results at once, and a whole file of a laboratory."""

import csv
import io
import time
from collections.abc import Iterator

from benchmarks.harness import Measure, at_once, bare_inserts, installation
from lims.db import db
from lims.uow import unit_of_work
from results.models import TestSet
from results.queries import BenchLine, list_lines
from results.services.entry import Entry, enter_results
from results.services.imports import import_file, preview_file
from results.services.review import lock_results
from results.types import LimitState
from tests.factories.results import STATED, make_test_set
from tests.factories.sampling import Team, make_team

SETS = 24
AT_ONCE = 50  # results
FEW_SETS, FILE_SETS = 6, 834  # of twelve items each: ten thousand rows


def measure() -> list[Measure]:
    """Single results a second, and sets locked a second."""
    with installation():
        made = []
        for _number in range(SETS):
            team = make_team()
            made.append((team, make_test_set(team)))
        entries, count = [], 0
        with db.read_session() as session:
            for _team, one in made:
                lines = list_lines(session, one.id)
                count += len(lines)
                entries.append([_entry(line) for line in lines])

        def enter(number: int) -> None:
            team, one = made[number]
            with unit_of_work(team.tester.actor) as uow:
                enter_results(uow, one.blind_code, entries[number])

        def lock(number: int) -> None:
            team, one = made[number]
            with unit_of_work(team.reviewer.actor) as uow:
                lock_results(uow, one.blind_code)

        entered, _took = at_once(enter, SETS)
        locked, _took = at_once(lock, SETS)
        bare = bare_inserts()
        each = count / SETS
        return [
            *_at_once(),
            Measure("results entered, 8 clients", entered * each, "/s", "≥ 200/s", entered * each / bare),
            Measure("results locked, 8 clients", locked * each, "/s", "≥ 150/s", locked * each / bare),
        ]


def _at_once() -> Iterator[Measure]:
    """Fifty results entered in one act, the sets that hold them locked in one act; then a file as large as a batch."""
    team = make_team()
    few = [make_test_set(team) for _number in range(FEW_SETS)]
    entered, few_rows = _imported(team, few)
    begun = time.perf_counter()
    with unit_of_work(team.reviewer.actor) as uow:
        for one in few:
            lock_results(uow, one.blind_code)
    locked = time.perf_counter() - begun
    yield Measure("50 results entered at once", entered / few_rows * AT_ONCE, "s", "≤ 0.5 s")
    yield Measure("50 results locked at once", locked / few_rows * AT_ONCE, "s", "≤ 0.5 s")
    sets = [make_test_set(team) for _number in range(FILE_SETS)]
    looked, took, rows = _taken_in(team, sets)
    yield Measure(f"rows of a file of {rows}, matched and judged for its preview", rows / looked, "/s", "≥ 5,000/s")
    yield Measure("results of that file, matched, judged and ledgered", rows / took, "/s", "≥ 5,000/s")


def _imported(team: Team, sets: list[TestSet]) -> tuple[float, int]:
    """Take in a file with every result of these sets; answers the seconds and the rows."""
    looked, took, rows = _taken_in(team, sets)
    return looked + took, rows


def _taken_in(team: Team, sets: list[TestSet]) -> tuple[float, float, int]:
    """Look at such a file, then take it in, as two requests do; answers the seconds of each and the rows."""
    with db.read_session() as session:
        lines = [(one.blind_code, line) for one in sets for line in list_lines(session, one.id)]
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(("盲样编号", "检验项目", "检验结果", "未检验原因"))
    for place, (code, line) in enumerate(lines):
        entry = _entry(line)
        # Every fourth is a figure of its own, so that nothing is judged once for all.
        text = f"0.{place:05}" if place % 4 == 0 and entry.untested_reason is None else entry.text
        table.writerow((code, line.item.name_zh, text, entry.untested_reason or ""))
    begun = time.perf_counter()
    with unit_of_work(team.tester.actor) as uow:
        sha256 = preview_file(uow, written.getvalue().encode()).sha256
    looked = time.perf_counter()
    with unit_of_work(team.tester.actor) as uow:
        count = import_file(uow, sha256)
    assert count == len(lines), f"{count} of {len(lines)} rows were entered"
    return looked - begun, time.perf_counter() - looked, count


def _entry(one: BenchLine) -> Entry:
    if one.line.limit_state is LimitState.FOUND:
        return Entry(one.line.id, STATED if one.line.lod is None else "未检出")
    return Entry(one.line.id, "/", untested_reason="限量未载入")
