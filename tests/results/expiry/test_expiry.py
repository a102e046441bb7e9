"""The expiry board: what ends, in which order, and what it blocks."""

import csv
import io
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from instruments.models import Instrument
from instruments.services.readings import take_readings
from instruments.services.record import begin_reagent_lot, note_calibration
from lims import clock
from lims.actors import INSTALL
from lims.auth.permissions import Role
from lims.db import db
from lims.i18n import LOCALE_COOKIE
from lims.people.services import accredit
from lims.people.types import AuthorisationKind
from lims.uow import unit_of_work
from results.expiry.queries import board
from results.expiry.rules import board_of, state_of
from results.expiry.types import Blocks, Ending, ExpiryKind, ExpiryState
from results.quality.services.lots import withdraw_lot
from tests.factories.instruments import make_delivered
from tests.factories.people import authorise_only, make_person
from tests.factories.quality import METHOD, line_of, make_lot, make_quality_manager, make_sets
from tests.factories.sampling import make_team
from tests.factories.web import bearer, log_in

ENDINGS = st.builds(
    Ending,
    st.sampled_from(ExpiryKind),
    st.text("abc", min_size=1, max_size=3),
    st.text("abc", max_size=3),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.sampled_from(Blocks),
)


@given(st.lists(ENDINGS, max_size=20), st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(0, 90))
def test_the_board_is_in_the_order_of_days_and_loses_nothing(endings, today, warning):
    rows = board_of(endings, today, warning)
    assert [row.ending.last_day for row in rows] == sorted(one.last_day for one in endings)
    for row in rows:
        assert (row.state is ExpiryState.ENDED) == (row.ending.last_day < today)
        assert today + timedelta(days=row.days_left) == row.ending.last_day


@pytest.mark.parametrize(
    ("days", "state"),
    [(-1, ExpiryState.ENDED), (0, ExpiryState.SOON), (30, ExpiryState.SOON), (31, ExpiryState.LATER)],
)
def test_the_last_day_still_counts(days, state):
    assert state_of(days, 30) is state


@pytest.fixture
def team(session):
    return make_team()


@pytest.fixture
def today():
    return clock.local_date(clock.now())


def shown(session, team, today, kind):
    return [
        (row.ending.what, row.ending.last_day, row.state, row.ending.blocks)
        for row in board(session, team.lab_id, today, kind)
    ]


def make_instrument(team, name="原子吸收 1 号"):
    with unit_of_work(team.tester.actor) as uow:
        take_readings(uow, name, [make_delivered()])
    with db.new_session() as session:
        return session.scalars(sa.select(Instrument.id).where(Instrument.name == name)).one()


def test_an_authorisation_stands_there_with_the_act_it_blocks(session, team, today):
    authorise_only(team.tester, AuthorisationKind.TEST, valid_to=today + timedelta(days=10))
    found = shown(session, team, today, ExpiryKind.PERSON)
    assert found[0][1:] == (today + timedelta(days=10), ExpiryState.SOON, Blocks.TESTING)
    assert {one[3] for one in found} == {Blocks.TESTING, Blocks.CUSTODY, Blocks.SIGNING}


def test_who_works_elsewhere_does_not_stand_there(session, team, today):
    other = make_team()
    names = {one[0] for one in shown(session, team, today, ExpiryKind.PERSON)}
    assert names.isdisjoint({one[0] for one in shown(session, other, today, ExpiryKind.PERSON)})


def test_the_last_calibration_of_an_instrument_counts(session, team, today):
    instrument_id = make_instrument(team)
    for due in (today - timedelta(days=20), today + timedelta(days=200)):
        with unit_of_work(team.tester.actor) as uow:
            note_calibration(
                uow, instrument_id, calibrated_on=today - timedelta(days=60), due_on=due, certificate_no="C"
            )
    [found] = shown(session, team, today, ExpiryKind.INSTRUMENT)
    assert found[2:] == (ExpiryState.LATER, Blocks.RELEASE)


def test_reagents_and_control_materials_stand_there_until_they_are_used_up_or_withdrawn(session, team, today):
    manager = make_quality_manager(team)
    lead = line_of(make_sets(team, 1)[0]).item
    lot_id = make_lot(manager, lead.id, METHOD, expires_on=today + timedelta(days=3))
    instrument_id = make_instrument(team)
    with unit_of_work(team.tester.actor) as uow:
        begin_reagent_lot(uow, instrument_id, name="酶试剂", lot_no="E-1", expires_on=today + timedelta(days=2))
    assert [one[0] for one in shown(session, team, today, ExpiryKind.MATERIAL)] == ["酶试剂", "质控样"]
    with unit_of_work(manager.actor) as uow:
        withdraw_lot(uow, lot_id, "受潮")
    assert [one[0] for one in shown(session, team, today, ExpiryKind.MATERIAL)] == ["酶试剂"]


def test_the_scope_of_the_laboratory_stands_there_with_the_mark(session, team, today):
    with unit_of_work(INSTALL) as uow:
        accredit(
            uow,
            team.lab_id,
            scheme="CMA",
            certificate_no="211500000001",
            scope="食品",
            valid_from=today - timedelta(days=900),
            valid_to=today - timedelta(days=1),
        )
    assert shown(session, team, today, ExpiryKind.SCOPE) == [
        ("CMA 211500000001", today - timedelta(days=1), ExpiryState.ENDED, Blocks.MARK)
    ]


@pytest.mark.parametrize(("locale", "word"), [("en", "What ends"), ("zh_Hans_CN", "到期看板")])
def test_the_page_reads_in_both_languages(client, team, locale, word):
    log_in(client, team.reviewer).set_cookie(LOCALE_COOKIE, locale)
    page = client.get("/quality/expiry/")
    assert page.status_code == 200
    assert word in page.get_data(as_text=True)


def test_the_table_holds_what_the_page_shows(client, team, today):
    authorise_only(team.tester, AuthorisationKind.TEST, valid_to=today + timedelta(days=10))
    head = make_person(team.lab_id, Role.LAB_HEAD)
    log_in(client, head).set_cookie(LOCALE_COOKIE, "en")
    answer = client.get("/quality/expiry/table.csv?kind=person")
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert rows[1][3] == (today + timedelta(days=10)).isoformat()
    assert rows[1][4] == "Ends soon"


def test_the_api_gives_the_same(client, team, today):
    authorise_only(team.tester, AuthorisationKind.TEST, valid_to=today + timedelta(days=10))
    items = client.get("/api/v1/expiry?kind=person", headers=bearer(team.tester)).json["items"]
    assert (items[0]["days_left"], items[0]["state"], items[0]["blocks"]) == (10, "soon", "testing")
    assert [one["last_day"] for one in items] == sorted(one["last_day"] for one in items)
