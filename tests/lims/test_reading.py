"""Reference data are read once in a unit of work, and never older than the unit's own changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
import sqlalchemy as sa

from lims.actors import INSTALL
from lims.catalog.load import load_reference
from lims.catalog.models import CalendarDay
from lims.catalog.queries import get_parameter, load_calendar
from lims.catalog.services import set_parameter
from lims.catalog.types import DayKind, Trust
from lims.db import db
from lims.errors import LimsError
from lims.uow import unit_of_work

CODE, DAY = "recheck_apply", date(2026, 11, 2)


@contextmanager
def reads_of_parameters() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection, _cursor, statement: str, *_rest) -> None:
        if "FROM rule_parameter" in statement:
            seen.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture(autouse=True)
def reference(session):
    with unit_of_work(INSTALL) as uow:
        load_reference(uow.session, uow.now)


def test_a_unit_of_work_reads_a_parameter_once():
    with unit_of_work(INSTALL) as uow, reads_of_parameters() as seen:
        first, second = (get_parameter(uow.session, CODE, DAY) for _ in range(2))
    assert (first is second, len(seen)) == (True, 1)


def test_another_question_is_another_read():
    with unit_of_work(INSTALL) as uow, reads_of_parameters() as seen:
        get_parameter(uow.session, CODE, DAY)
        get_parameter(uow.session, CODE, DAY.replace(day=3))
    assert len(seen) == 2


def test_a_reader_outside_a_unit_of_work_always_reads():
    with db.read_session() as session, reads_of_parameters() as seen:
        get_parameter(session, CODE, DAY)
        get_parameter(session, CODE, DAY)
    assert len(seen) == 2


def test_a_unit_sees_the_parameter_it_set_itself():
    with unit_of_work(INSTALL) as uow:
        before = get_parameter(uow.session, CODE, DAY).value
        set_parameter(uow, CODE, before + 1, valid_from=DAY, source="a test", reason="a test")
        assert get_parameter(uow.session, CODE, DAY).value == before + 1


def test_a_unit_sees_what_it_has_not_flushed_yet():
    far = date(2040, 1, 1)
    with unit_of_work(INSTALL) as uow:
        assert far not in load_calendar(uow.session).days
        uow.session.add(
            CalendarDay(
                day=far,
                is_workday=False,
                kind=DayKind.PUBLIC_HOLIDAY,
                source="a test",
                trust=Trust.READ,
                recorded_at=uow.now,
            )
        )
        assert far in load_calendar(uow.session).days


def test_a_refusal_is_not_kept():
    with unit_of_work(INSTALL) as uow, reads_of_parameters() as seen:
        for _ in range(2):
            with pytest.raises(LimsError):
                get_parameter(uow.session, "no_such_parameter", DAY)
    assert len(seen) == 2
