"""Entering many sets at once: one pass, one event for each sample, the same rules as for a single one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lims.errors import ConflictError
from lims.ledger.models import LedgerEvent
from lims.uow import unit_of_work
from lims.verification import run_checks
from results.models import ItemResult, TestSet
from results.queries import list_lines
from results.services.entry import EntriesRefusedError, NotInWorklistError, enter_sets
from results.services.imports import import_file, preview_file
from results.services.review import lock_results
from results.types import Entry, LimitState
from sampling.services.separation import SeparationRefusedError
from tests.factories.results import STATED, make_entered_set, make_test_set
from tests.factories.sampling import Team, make_team

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def team(session: Session) -> Team:
    return make_team()


def entries_of(session: Session, made: TestSet, text: str = STATED) -> list[Entry]:
    return [
        Entry(one.line.id, text)
        if one.line.limit_state is LimitState.FOUND
        else Entry(one.line.id, "/", untested_reason="限量未载入")
        for one in list_lines(session, made.id)
    ]


def file_of(session: Session, sets: Sequence[TestSet]) -> bytes:
    rows = ["盲样编号,检验项目,检验结果,未检验原因"]
    for made in sets:
        for one, entry in zip(list_lines(session, made.id), entries_of(session, made), strict=True):
            rows.append(f"{made.blind_code},{one.item.name_zh},{entry.text},{entry.untested_reason or ''}")
    return "\n".join(rows).encode()


def take_in(session: Session, team: Team, sets: Sequence[TestSet]) -> int:
    content = file_of(session, sets)
    with unit_of_work(team.tester.actor) as uow:
        sha256 = preview_file(uow, content).sha256
    with unit_of_work(team.tester.actor) as uow:
        return import_file(uow, sha256)


def entered(session: Session, made: TestSet) -> int:
    count = session.scalar(
        sa.select(sa.func.count()).select_from(ItemResult).where(ItemResult.sample_id == made.sample_id)
    )
    return int(count or 0)


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection, _cursor, statement, _parameters, _context, _many) -> None:
        sent.append(statement)

    sa.event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(Engine, "before_cursor_execute", note)


def test_a_file_takes_as_many_statements_for_five_sets_as_for_two(session: Session, team: Team) -> None:
    take_in(session, team, [make_test_set(team)])  # what a plan asks once is asked now
    sent = {}
    for many in (2, 5):
        sets = [make_test_set(team) for _number in range(many)]
        content = file_of(session, sets)
        with counted_statements() as sent[many], unit_of_work(team.tester.actor) as uow:
            import_file(uow, preview_file(uow, content).sha256)
    assert len(sent[5]) == len(sent[2])


def test_a_file_writes_one_event_on_the_chain_of_each_sample_and_verifies(session: Session, team: Team) -> None:
    sets = [make_test_set(team) for _number in range(3)]
    chains = [f"sample:{made.sample_id}" for made in sets]
    events = sa.select(LedgerEvent.chain, sa.func.count()).where(LedgerEvent.chain.in_(chains))
    before = {chain: count for chain, count in session.execute(events.group_by(LedgerEvent.chain))}  # noqa: C416
    rows = take_in(session, team, sets)
    after = {chain: count for chain, count in session.execute(events.group_by(LedgerEvent.chain))}  # noqa: C416
    assert after == {chain: count + 1 for chain, count in before.items()}
    assert rows == sum(entered(session, made) for made in sets)
    found = [one for topic in ("verdicts", "separation", "ledger") for one in run_checks(session, topic)]
    assert [one.invariant for one in found if one.violations] == []


def test_of_several_sets_none_is_entered_when_one_is_locked(session: Session, team: Team) -> None:
    free, locked = make_test_set(team), make_entered_set(team)
    with unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, locked.blind_code)
    by_code = {made.blind_code: entries_of(session, made) for made in (free, locked)}
    with pytest.raises(ConflictError, match="locked"), unit_of_work(team.tester.actor) as uow:
        enter_sets(uow, by_code)
    assert entered(session, free) == 0


def test_of_several_sets_none_is_entered_when_the_tester_reviewed_one(session: Session, team: Team) -> None:
    free, reviewed = make_test_set(team), make_entered_set(team)
    with unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, reviewed.blind_code)
    by_code = {made.blind_code: entries_of(session, made) for made in (free, reviewed)}
    with pytest.raises(SeparationRefusedError), unit_of_work(team.reviewer.actor) as uow:
        enter_sets(uow, by_code)
    assert entered(session, free) == 0


def test_what_is_wrong_in_several_sets_is_told_beside_each_line(session: Session, team: Team) -> None:
    sets = [make_test_set(team) for _number in range(2)]
    by_code = {made.blind_code: entries_of(session, made, "合格") for made in sets}
    wrong = {str(e.set_item_id) for entries in by_code.values() for e in entries if e.untested_reason is None}
    with pytest.raises(EntriesRefusedError) as refused, unit_of_work(team.tester.actor) as uow:
        enter_sets(uow, by_code)
    assert set(refused.value.problems) == wrong
    assert all("合格" in str(problem) for problem in refused.value.problems.values())
    assert [entered(session, made) for made in sets] == [0, 0]


def test_a_line_under_the_code_of_another_set_is_refused(session: Session, team: Team) -> None:
    first, second = make_test_set(team), make_test_set(team)
    by_code = {first.blind_code: entries_of(session, second), second.blind_code: entries_of(session, first)}
    with pytest.raises(NotInWorklistError), unit_of_work(team.tester.actor) as uow:
        enter_sets(uow, by_code)
