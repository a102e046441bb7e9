"""Enter results and lock them, eight people at once, each the results of one blind set."""

from benchmarks.harness import Measure, at_once, bare_inserts, installation
from lims.db import db
from lims.uow import unit_of_work
from results.queries import BenchLine, list_lines
from results.services.entry import Entry, enter_results
from results.services.review import lock_results
from results.types import LimitState
from tests.factories.results import STATED, make_test_set
from tests.factories.sampling import make_team

SETS = 24


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
            Measure("results entered, 8 clients", entered * each, "/s", "≥ 200/s", entered * each / bare),
            Measure("results locked, 8 clients", locked * each, "/s", "≥ 150/s", locked * each / bare),
        ]


def _entry(one: BenchLine) -> Entry:
    if one.line.limit_state is LimitState.FOUND:
        return Entry(one.line.id, STATED if one.line.lod is None else "未检出")
    return Entry(one.line.id, "/", untested_reason="限量未载入")
