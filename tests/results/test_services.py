"""From a worklist to locked results, and what is refused on the way."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from results.models import ItemResult, ResultLock, TestSet, TestSetItem
from results.queries import list_lines, standing_results, versions_of
from results.rules.frozen import judge_line
from results.rules.stored import from_json
from results.services.entry import (
    NotInWorklistError,
    ResultStandsError,
    approve_correction,
    enter_results,
    propose_correction,
)
from results.services.review import IncompleteResultsError, lock_results, return_results
from results.services.worklists import begin_testing
from results.types import Entry, ItemVerdict, LimitState
from sampling.models import Sample
from sampling.services.separation import SeparationRefusedError
from sampling.types import SampleState
from tests.factories.results import bear_out, make_entered_set, make_locked_set, make_test_set
from tests.factories.sampling import Team, make_team

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def team(session: Session) -> Team:
    return make_team()


def _first_line(session: Session, made: TestSet) -> TestSetItem:
    lines = [one.line for one in list_lines(session, made.id)]
    return next(line for line in lines if line.limit_state is LimitState.FOUND)


def test_a_worklist_names_limit_or_why_there_is_none(session: Session, team: Team) -> None:
    lines = [one.line for one in list_lines(session, make_test_set(team).id)]
    assert lines
    assert len({line.item_id for line in lines}) == len(lines)
    assert all(line.limit_text for line in lines if line.limit_state is LimitState.FOUND)
    assert all(line.basis for line in lines if line.limit_state is LimitState.MISSING_EDITION)


def test_testing_begins_once(session: Session, team: Team) -> None:
    made = make_test_set(team)
    for _repeat in range(2):
        with unit_of_work(team.tester.actor) as uow:
            begin_testing(uow, made.blind_code)
    assert session.scalar(sa.select(Sample.state).where(Sample.id == made.sample_id)) is SampleState.TESTING


def test_every_stored_verdict_can_be_computed_again(session: Session, team: Team) -> None:
    made = make_entered_set(team)
    for one in list_lines(session, made.id):
        assert one.result is not None
        again = judge_line(from_json(one.result.used), one.line.limit_state, one.line.basis)
        assert (again.verdict, again.rule) == (one.result.verdict, one.result.rule)


@pytest.mark.parametrize("text", ["banana", "", "/", "x" * 401, "1e400"])
def test_what_is_no_result_is_refused(session: Session, team: Team, text: str) -> None:
    made = make_test_set(team)
    line = _first_line(session, made)
    with pytest.raises(InvalidInputError), unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(line.id, text)])
    assert not standing_results(session, made.id)


def test_an_item_that_was_not_tested_says_why_and_decides_nothing(session: Session, team: Team) -> None:
    made = make_test_set(team)
    line = _first_line(session, made)
    with pytest.raises(InvalidInputError, match="reason"), unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(line.id, "/")])
    with pytest.raises(InvalidInputError, match="is a result"), unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(line.id, "0.1", untested_reason="too little")])
    with unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(line.id, "/", untested_reason="样品量不足")])
        row = standing_results(uow.session, made.id)[line.id]
        assert (row.verdict, row.untested_reason) == (ItemVerdict.UNTESTED, "样品量不足")


def test_raw_sql_cannot_leave_an_item_untested_without_a_reason(session: Session, team: Team) -> None:
    made = make_entered_set(team)
    row = next(iter(standing_results(session, made.id).values()))
    values = {column.name: getattr(row, column.key) for column in ItemResult.__table__.columns}
    values |= {"id": made.id, "version": 2, "replaces_version": 1, "change_reason": "x"}
    values |= {"verdict": "untested", "untested_reason": None}
    with pytest.raises(IntegrityError, match="ck_item_result_untested_has_reason"):
        session.execute(sa.insert(ItemResult.__table__).values(**values))


def test_an_item_of_another_set_is_refused(session: Session, team: Team) -> None:
    made, other = make_test_set(team), make_test_set(team)
    with pytest.raises(NotInWorklistError), unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(_first_line(session, other).id, "0.1")])


def test_a_code_of_another_laboratory_is_unknown(team: Team) -> None:
    made = make_test_set(team)
    with pytest.raises(NotFoundError, match="Unknown code"), unit_of_work(make_team().tester.actor) as uow:
        begin_testing(uow, made.blind_code)


def test_a_second_result_needs_a_reason_and_keeps_the_first(session: Session, team: Team) -> None:
    made = make_entered_set(team)
    line = _first_line(session, made)
    with pytest.raises(ResultStandsError, match="未检出"), unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(line.id, "0.11")])
    with unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(line.id, "0.11", "wrong dilution factor")])
    assert [row.entered_text for row in versions_of(session, line.id)] == ["未检出", "0.11"]


def test_a_sampler_cannot_test_what_they_took(team: Team) -> None:
    made = make_test_set(team)
    insider = replace(team.samplers[0].actor, organisation_id=team.lab_id)
    with pytest.raises(SeparationRefusedError), unit_of_work(insider) as uow:
        begin_testing(uow, made.blind_code)


def test_a_set_with_open_items_is_not_locked(session: Session, team: Team) -> None:
    made = make_test_set(team)
    with unit_of_work(team.tester.actor) as uow:
        begin_testing(uow, made.blind_code)
    with pytest.raises(IncompleteResultsError), unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, made.blind_code)
    assert session.scalar(sa.select(sa.func.count()).select_from(ResultLock)) == 0


def test_the_tester_cannot_lock(team: Team) -> None:
    made = make_entered_set(team)
    with pytest.raises(SeparationRefusedError), unit_of_work(team.tester.actor) as uow:
        lock_results(uow, made.blind_code)


def test_locked_results_take_nothing_more(session: Session, team: Team) -> None:
    made = make_locked_set(team)
    with pytest.raises(ConflictError), unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(_first_line(session, made).id, "0.2", "late")])
    with pytest.raises(ConflictError), unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, made.blind_code)
    assert session.scalar(sa.select(Sample.state).where(Sample.id == made.sample_id)) is SampleState.LOCKED


def test_a_correction_after_the_lock_takes_two_persons(session: Session, team: Team) -> None:
    made = make_locked_set(team)
    line = _first_line(session, made)
    with unit_of_work(team.reviewer.actor) as uow:
        return_results(uow, made.blind_code, "peak integrated wrongly")
    with pytest.raises(ConflictError), unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(line.id, "0.2", "alone")])
    with unit_of_work(team.tester.actor) as uow:
        proposal_id = propose_correction(uow, made.blind_code, Entry(line.id, "0.2", "integrated again")).id
    with pytest.raises(IncompleteResultsError), unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, made.blind_code)
    with pytest.raises(SeparationRefusedError), unit_of_work(team.tester.actor) as uow:
        approve_correction(uow, proposal_id)
    with unit_of_work(team.reviewer.actor) as uow:
        approve_correction(uow, proposal_id)
    bear_out(team, made)
    with unit_of_work(team.reviewer.actor) as uow:
        assert lock_results(uow, made.blind_code).seq == 2
    last = versions_of(session, line.id)[-1]
    assert (last.entered_by_id, last.approved_by_id) == (team.tester.person_id, team.reviewer.person_id)


def test_raw_sql_cannot_enter_in_another_persons_name(session: Session, team: Team) -> None:
    made = make_entered_set(team)
    row = next(iter(standing_results(session, made.id).values()))
    table = ItemResult.__table__
    values = {column.name: getattr(row, column.key) for column in table.columns}
    values |= {"id": made.id, "version": 2, "replaces_version": 1, "change_reason": "x"}
    values |= {"entered_by_id": team.samplers[0].person_id}
    with pytest.raises(IntegrityError, match="fk_item_result_entered_by"):
        session.execute(sa.insert(table).values(**values))


@pytest.mark.parametrize("table", ["item_result", "result_lock", "test_set_item", "conclusion", "test_report"])
def test_raw_sql_cannot_change_what_stands(session: Session, table: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        session.execute(sa.text(f"UPDATE {table} SET sample_id = sample_id"))
