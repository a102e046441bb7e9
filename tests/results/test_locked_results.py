"""Every way to alter a locked result: refused, or seen by `lims verify` and on the report."""

import base64
import io
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from instruments.models import StoredReading
from instruments.services.readings import take_readings
from instruments.types import ReadingState
from lims.auth.permissions import Role
from lims.cluster import Urls
from lims.db import Base
from lims.errors import ConflictError
from lims.uow import unit_of_work
from lims.verification import run_checks
from results.models import (
    CHANGING,
    Conclusion,
    CorrectionProposal,
    ItemResult,
    ResultLock,
    ResultRetest,
    SetReturn,
    TestReport,
    TestSet,
    TestSetItem,
)
from results.queries import list_lines, standing_results
from results.raw_data.models import RawData
from results.raw_data.services import attach_raw_data
from results.services.imports import import_file, preview_file
from results.services.review import lock_results, return_results
from results.types import LimitState, TestSetState
from tests.factories.instruments import make_delivered
from tests.factories.people import PASSWORD, Somebody, make_person
from tests.factories.quality import METHOD, enter, enter_samples, line_of, make_batch
from tests.factories.results import CURVE, make_locked_set, make_signed_report, make_test_set
from tests.factories.sampling import Team, make_team
from tests.factories.web import bearer, log_in

NEW = "9.1"  # mg/kg: fails where what was locked passes
WHY = "somebody would like another result"
HELD = (ItemResult, ResultRetest, TestSetItem, ResultLock, RawData, CorrectionProposal)
NEVER_CHANGED = (*HELD, SetReturn, TestReport, Conclusion)
PACKAGES = ("results.views", "results.api", "results.raw_data", "results.quality")
RETURNS = {
    "test_sets_api.give_back",
    "reports_api.give_back",
    "reports.give_back",
}  # a return is written down: see below
OTHERS = (Role.TESTER, Role.REVIEWER, Role.SIGNATORY, Role.LAB_HEAD, Role.QUALITY_MANAGER, Role.ADMINISTRATOR)


class Locked:
    """A locked set of a batch, with a file that was looked at before its lock, and everybody who might want another."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.team = make_team()
        self.made = make_test_set(self.team)
        self.batch = make_batch(self.team, METHOD, [self.made.blind_code])
        self.line = line_of(self.made)
        rows = f"盲样编号,检验项目,检验结果\n{self.made.blind_code},{self.line.item.name_zh},{NEW}\n"
        self.file = rows.encode()
        with unit_of_work(self.team.tester.actor) as uow:
            self.sha256 = preview_file(uow, self.file).sha256
        enter_samples(self.team, [self.made])
        enter(self.team, self.batch, "未检出")
        with unit_of_work(self.team.tester.actor) as uow:
            attach_raw_data(uow, self.made.blind_code, b"chromatogram", file_name="run.cdf")
        with unit_of_work(self.team.reviewer.actor) as uow:
            lock_results(uow, self.made.blind_code)

    @property
    def people(self) -> list[Somebody]:
        others = [make_person(self.team.lab_id, role) for role in OTHERS]
        return [self.team.tester, self.team.reviewer, self.team.signatory, *others]

    def stands(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every column of every row that holds the results."""
        self.session.expire_all()
        return {
            table.__tablename__: sorted(
                tuple(map(repr, row))
                for row in self.session.execute(
                    sa.select(table.__table__).where(table.__table__.c.sample_id == self.made.sample_id)
                )
            )
            for table in HELD
        }

    def state(self) -> TestSetState:
        return self.session.scalars(sa.select(TestSet.state).where(TestSet.id == self.made.id)).one()

    def address(self, rule: str) -> str:
        known = {
            "<code>": self.made.blind_code,
            "<batch_no>": self.batch.batch_no,
            "<uuid:line_id>": str(self.line.line.id),
            "<name>": "standard_curve",
        }
        for place, value in known.items():
            rule = rule.replace(place, value)
        while "<" in rule:  # of what a locked set does not have: a proposal, a hold, a report
            rule = rule[: rule.index("<")] + str(self.made.id) + rule[rule.index(">") + 1 :]
        return rule

    def form(self) -> dict[str, Any]:
        """What any of the pages reads, all of it."""
        line = self.line.line.id
        return {
            f"result-{line}": NEW,
            f"reason-{line}": WHY,
            f"seen-{line}": "1",
            "text": NEW,
            "reason": WHY,
            "note": WHY,
            "figures": "3",
            "act": "enter",
            "code": self.made.blind_code,
            "sha256": self.sha256.hex(),
            "password": PASSWORD,
            "file": (io.BytesIO(self.file), "results.csv"),
            **CURVE,
        }

    def bodies(self) -> dict[str, Any]:
        """By endpoint of the interface what it takes."""
        line = str(self.line.line.id)
        return {
            "test_sets_api.take_set": {},
            "test_sets_api.enter": {"entries": [{"line_id": line, "text": NEW, "reason": WHY, "seen_version": 1}]},
            "test_sets_api.test_again": {"line_id": line, "text": NEW},
            "test_sets_api.propose": {"line_id": line, "text": NEW, "reason": WHY},
            "test_sets_api.approve": {},
            "test_sets_api.lock": {},
            "test_sets_api.end_untested": {"reason": WHY},
            "raw_data_api.create_file": {
                "name": "other.cdf",
                "content_base64": base64.b64encode(b"another chromatogram").decode(),
                "note": WHY,
            },
        }


@pytest.fixture
def locked(session: Session) -> Locked:
    return Locked(session)


@pytest.fixture
def no_form_tokens(app: Flask) -> Iterator[None]:
    """Without the tokens of forms, so that nothing but the lock stands in the way."""
    kept = app.config["WTF_CSRF_METHODS"]
    app.config.update(WTF_CSRF_ENABLED=False, WTF_CSRF_METHODS=set())
    yield
    app.config.update(WTF_CSRF_ENABLED=True, WTF_CSRF_METHODS=kept)


def ways(app: Flask) -> list[tuple[str, str, str]]:
    """Method, rule and endpoint of every route of entry, review and quality control that writes."""
    return [
        (method, rule.rule, rule.endpoint)
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
        for method in sorted(rule.methods & {"POST", "PUT", "PATCH", "DELETE"})
        if app.view_functions[rule.endpoint].__module__.startswith(PACKAGES) and rule.endpoint not in RETURNS
    ]


def test_every_route_of_a_blind_set_in_the_interface_is_tried_with_a_body_it_takes(app: Flask, locked: Locked) -> None:
    of_a_set = {endpoint for _method, rule, endpoint in ways(app) if rule.startswith("/api/v1/test-sets/")}
    assert of_a_set == locked.bodies().keys()


def test_no_page_alters_what_is_locked_whoever_asks(app: Flask, locked: Locked, no_form_tokens: None) -> None:
    before, altered = locked.stands(), []
    for somebody in locked.people:
        client = log_in(app.test_client(), somebody)
        for method, rule, endpoint in ways(app):
            if rule.startswith("/api/"):
                continue
            for act in ("enter", "mark", "lock", "give_up"):
                answer = client.open(
                    locked.address(rule),
                    method=method,
                    data=locked.form() | {"act": act},
                    content_type="multipart/form-data",
                )
                is_fault = answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
                if is_fault or locked.stands() != before or locked.state() is not TestSetState.LOCKED:
                    altered.append(f"{endpoint} {act} by {somebody.username}: {answer.status_code}")
    assert altered == []


def test_no_program_alters_what_is_locked_whoever_it_acts_for(app: Flask, locked: Locked) -> None:
    before, altered, bodies = locked.stands(), [], locked.bodies()
    client = app.test_client()
    for somebody in locked.people:
        headers = bearer(somebody)
        for method, rule, endpoint in ways(app):
            if not rule.startswith("/api/"):
                continue
            answer = client.open(locked.address(rule), method=method, json=bodies.get(endpoint, {}), headers=headers)
            accepted = answer.status_code < HTTPStatus.BAD_REQUEST and endpoint in bodies
            if accepted or locked.stands() != before or locked.state() is not TestSetState.LOCKED:
                altered.append(f"{endpoint} for {somebody.username}: {answer.status_code}")
    assert altered == []


def test_the_grid_tells_that_the_results_are_locked_and_offers_no_field(client: FlaskClient, locked: Locked) -> None:
    log_in(client, locked.team.tester)
    page = client.get(f"/bench/{locked.made.blind_code}").text
    assert "data-autosave" not in page
    assert f'name="result-{locked.line.line.id}"' not in page


def test_a_file_looked_at_before_the_lock_is_not_taken_in_after_it(locked: Locked) -> None:
    before = locked.stands()
    with unit_of_work(locked.team.tester.actor) as uow:
        [row] = preview_file(uow, locked.file).refused
    assert "locked" in str(row.problem)
    with pytest.raises(Exception, match="Nothing of this file"), unit_of_work(locked.team.tester.actor) as uow:
        import_file(uow, locked.sha256)
    assert locked.stands() == before


def test_a_reading_that_comes_after_the_lock_is_kept_and_changes_no_result(locked: Locked) -> None:
    before = locked.stands()
    late = make_delivered(locked.made.blind_code, item_text=locked.line.item.name_zh, value_text=NEW, unit_text="mg/kg")
    with unit_of_work(locked.team.tester.actor) as uow:
        [taken] = take_readings(uow, "ICP-MS 1", [late]).new
    reading = locked.session.get_one(StoredReading, taken.id)
    assert (reading.state, reading.value_text) == (ReadingState.MATCHED, NEW)
    assert locked.stands() == before


def test_raw_data_are_not_added_behind_a_lock(locked: Locked) -> None:
    before = locked.stands()
    with pytest.raises(ConflictError, match="being tested"), unit_of_work(locked.team.tester.actor) as uow:
        attach_raw_data(uow, locked.made.blind_code, b"another", file_name="other.cdf")
    assert locked.stands() == before


def test_a_return_is_written_down_with_its_reason_and_leaves_every_result_as_it_was(locked: Locked) -> None:
    before = locked.stands()
    with unit_of_work(locked.team.reviewer.actor, reason=WHY) as uow:
        return_results(uow, locked.made.blind_code, WHY)
    assert locked.stands() == before
    [returned] = locked.session.scalars(sa.select(SetReturn).where(SetReturn.test_set_id == locked.made.id))
    assert (returned.reason, returned.after_lock) == (WHY, True)


@pytest.mark.parametrize("role", ["tester", "second tester"])
def test_after_a_return_nobody_enters_over_what_was_locked(app: Flask, locked: Locked, role: str) -> None:
    with unit_of_work(locked.team.reviewer.actor, reason=WHY) as uow:
        return_results(uow, locked.made.blind_code, WHY)
    before = locked.stands()
    by = locked.team.tester if role == "tester" else make_person(locked.team.lab_id, Role.TESTER)
    answer = app.test_client().post(
        f"/api/v1/test-sets/{locked.made.blind_code}/results",
        json=locked.bodies()["test_sets_api.enter"],
        headers=bearer(by),
    )
    assert (answer.status_code, locked.stands()) == (HTTPStatus.CONFLICT, before)


# by SQL as the application


def columns() -> list[str]:
    never = [f"{one.__tablename__}.{column.name}" for one in NEVER_CHANGED for column in one.__table__.columns]
    fixed = [f"test_set.{column.name}" for column in TestSet.__table__.columns if column.name not in CHANGING]
    return never + fixed


@pytest.mark.parametrize("place", columns())
def test_the_application_may_write_no_column_of_what_is_fixed(session: Session, place: str) -> None:
    table, column = place.split(".")
    with pytest.raises(DBAPIError, match="permission denied"):
        session.execute(sa.text(f"UPDATE {table} SET {column} = {column}"))


@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("table", [one.__tablename__ for one in (*NEVER_CHANGED, TestSet)])
def test_the_application_may_take_no_row_away(session: Session, table: str, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        session.execute(sa.text(statement.format(table)))


def found_by(session: Session) -> set[str]:
    return {
        f"{example.table}.{example.column}"
        for topic in ("verdicts", "ledger")
        for one in run_checks(session, topic)
        for example in one.examples
    }


def again(table: type[Base], session: Session, where: sa.ColumnElement[bool], **changed: Any) -> Any:
    """An INSERT of a row as one that stands, with something else in it."""
    row = session.execute(sa.select(table.__table__).where(where).limit(1)).mappings().one()
    return sa.insert(table.__table__).values(**(dict(row) | changed))


def next_version(locked: Locked) -> Any:
    changed = {
        "id": locked.made.id,
        "version": 2,
        "replaces_version": 1,
        "entered_text": NEW,
        "change_reason": WHY,
    }
    return again(ItemResult, locked.session, ItemResult.set_item_id == locked.line.line.id, **changed)


def second_lock(locked: Locked) -> Any:
    return again(ResultLock, locked.session, ResultLock.test_set_id == locked.made.id, seq=2, results_sha256=bytes(32))


def opened_again(locked: Locked) -> Any:
    return sa.update(TestSet.__table__).where(TestSet.__table__.c.id == locked.made.id).values(state="testing")


def other_raw_data(locked: Locked) -> Any:
    changed = {"id": locked.made.id, "sha256": locked.sha256}
    return again(RawData, locked.session, RawData.test_set_id == locked.made.id, **changed)


SMUGGLED: dict[str, tuple[Callable[[Locked], Any], set[str]]] = {
    "another version": (next_version, {"item_result.*"}),
    "another lock": (second_lock, {"result_lock.*", "result_lock.results_sha256"}),
    "no longer locked": (opened_again, {"test_set.state"}),
    "other raw data": (other_raw_data, {"raw_data.*"}),
}


@pytest.mark.parametrize("what", SMUGGLED)
def test_what_the_application_may_write_by_hand_is_found_by_verify(locked: Locked, what: str) -> None:
    make, expected = SMUGGLED[what]
    assert found_by(locked.session) == set()
    locked.session.execute(make(locked))
    assert found_by(locked.session) >= expected


# by SQL as the owner

OWNED = {
    "item_result.entered_text": "UPDATE item_result SET entered_text = '9.1'",
    "item_result.verdict": "UPDATE item_result SET verdict = 'fail' WHERE verdict = 'pass'",
    "item_result.entered_at": "UPDATE item_result SET entered_at = entered_at - interval '1 day'",
    "item_result.reason_message": "UPDATE item_result SET reason_message = 'otherwise'",
    "test_set_item.limit_text": "UPDATE test_set_item SET limit_text = '≤99' WHERE limit_state = 'found'",
    "test_set_item.lod": "UPDATE test_set_item SET lod = lod / 2 WHERE lod IS NOT NULL",
    "result_lock.results_sha256": "UPDATE result_lock SET results_sha256 = sha256('otherwise')",
    "result_lock.locked_at": "UPDATE result_lock SET locked_at = locked_at - interval '1 day'",
    "test_set.state": "UPDATE test_set SET state = 'testing'",
    "test_report.composed_at": "UPDATE test_report SET composed_at = composed_at - interval '1 day'",
    "item_result.*": "DELETE FROM item_result WHERE verdict = 'untested'",
}


def test_whatever_the_owner_changes_by_hand_is_named(committed_database: Urls) -> None:
    team: Team = make_team()
    make_signed_report(team, NEW)
    made = make_locked_set(team)
    engine = create_engine(committed_database.owner, poolclass=NullPool)
    missed = []
    with engine.connect() as connection, Session(connection) as session:
        assert found_by(session) == set()
        lines = list_lines(session, made.id)
        assert {one.line.limit_state for one in lines} >= {LimitState.FOUND}
        assert len(standing_results(session, made.id)) == len(lines)
        for place, statement in OWNED.items():
            with session.begin_nested() as attempt:
                session.execute(sa.text(statement))
                session.expire_all()
                if place not in found_by(session):
                    missed.append(place)
                attempt.rollback()
    engine.dispose()
    assert missed == []
