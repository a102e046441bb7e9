"""The day a report is due: 20 working days from reception, on the lists of the laboratory and in the API."""

from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims import clock
from lims.i18n import LOCALE_COOKIE
from results.models import TestSet
from results.queries import ReportDue, reports_due
from sampling.models import Sample
from tests.factories.results import make_entered_set, make_locked_set, make_report, make_signed_report, make_test_set
from tests.factories.sampling import Team, make_team
from tests.factories.web import bearer, log_in

FRIDAY = datetime(2026, 9, 18, 2, 0, tzinfo=UTC)
DUE = date(2026, 10, 22)  # the Mid-Autumn Festival, the National Day and the Saturdays worked for them lie between
BEYOND = datetime(2026, 12, 18, 2, 0, tzinfo=UTC)


@pytest.fixture
def team(session: Session, frozen_clock: clock.SimulatedClock) -> Team:
    made = make_team()
    frozen_clock.move_to(FRIDAY)
    return made


def due_of(session: Session, made: TestSet, now: datetime) -> ReportDue:
    return reports_due(session, [made], now)[made.sample_id]


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (FRIDAY, 20),
        (datetime(2026, 10, 22, 15, 59, tzinfo=UTC), 0),
        (datetime(2026, 10, 22, 16, 0, tzinfo=UTC), -1),
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), -3),
    ],
)
def test_twenty_working_days_from_reception(session: Session, team: Team, now: datetime, left: int) -> None:
    assert due_of(session, make_test_set(team), now) == ReportDue(DUE, left, is_provisional=False)


def test_a_day_beyond_the_calendar_is_provisional(
    session: Session, team: Team, frozen_clock: clock.SimulatedClock
) -> None:
    frozen_clock.move_to(BEYOND)
    assert due_of(session, make_test_set(team), BEYOND).is_provisional


def test_nothing_is_awaited_once_the_report_is_signed(session: Session, team: Team) -> None:
    signed = make_signed_report(team)
    made = session.get_one(TestSet, signed.test_set_id)
    assert due_of(session, made, datetime(2026, 11, 2, 2, 0, tzinfo=UTC)) == ReportDue(DUE, None, is_provisional=False)
    assert session.get_one(Sample, made.sample_id).state.value == "signed"


def test_the_list_of_sets_tells_the_day_by_program(client: FlaskClient, team: Team) -> None:
    make_test_set(team)
    (listed,) = client.get("/api/v1/test-sets", headers=bearer(team.tester)).json["items"]
    assert (listed["report_due_on"], listed["report_due_is_provisional"]) == ("2026-10-22", False)


@pytest.mark.parametrize(
    ("locale", "column", "chip"),
    [("en", "Report due", "20 working days left"), ("zh_Hans_CN", "报告期限", "剩 20 个工作日")],
)
def test_the_lists_of_the_laboratory_show_the_day(
    client: FlaskClient, team: Team, locale: str, column: str, chip: str
) -> None:
    waiting = make_test_set(team).blind_code
    make_report(team, make_locked_set(team))
    make_locked_set(team)
    make_entered_set(team)
    for person, pages in (
        (team.tester, ("/bench/", f"/bench/{waiting}")),
        (team.reviewer, ("/review/", f"/review/sets/{waiting}")),
        (team.signatory, ("/review/reports/",)),
    ):
        log_in(client, person).set_cookie(LOCALE_COOKIE, locale)
        for page in pages:
            text = client.get(page).get_data(as_text=True)
            assert column in text, page
            assert 'datetime="2026-10-22"' in text, page
            assert chip in text, page
