"""Rooms of the laboratory: what lies outside, who decides about it, and that what cannot be is told."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.auth.permissions import Role
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from results.environment import queries, services
from results.environment.rules import is_outside, is_possible
from results.environment.types import Allowed, RoomReading, Span
from results.environment.verification import check_readings
from tests.conftest import NOW
from tests.factories.people import make_person
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

HOUR = timedelta(hours=1)
ALLOWED = Allowed(Span(Decimal(18), Decimal(26)), Span(None, Decimal(65)))
figures = st.decimals(-95, 105, places=1)
ends = st.none() | figures


@given(figures, st.none() | figures, st.tuples(ends, ends), st.tuples(ends, ends))
def test_a_reading_is_outside_exactly_where_one_of_its_figures_is(celsius, humidity, warmth, wetness):
    reading = RoomReading(NOW, celsius, humidity)
    (low, high), (dry, wet) = warmth, wetness
    too_cold, too_warm = low is not None and celsius < low, high is not None and celsius > high
    too_dry = humidity is not None and dry is not None and humidity < dry
    too_wet = humidity is not None and wet is not None and humidity > wet
    outside = too_cold or too_warm or too_dry or too_wet
    assert is_outside(reading, Allowed(Span(low, high), Span(dry, wet))) == outside


@pytest.mark.parametrize(("celsius", "humidity"), [("-91", None), ("70.1", None), ("20", "-1"), ("20", "101")])
def test_figures_that_no_room_has_are_impossible(celsius, humidity):
    assert not is_possible(RoomReading(NOW, Decimal(celsius), None if humidity is None else Decimal(humidity)))


@pytest.fixture
def team(session):
    return make_team()


@pytest.fixture
def manager(team):
    return make_person(team.lab_id, Role.QUALITY_MANAGER)


@pytest.fixture
def room(manager):
    with unit_of_work(manager.actor) as uow:
        made = services.add_room(uow, "天平室").id
        services.set_limits(uow, made, ALLOWED, valid_from=date(2026, 1, 1))
        return made


def note(somebody, room, celsius="22.5", humidity=None, *, ago=HOUR):
    with unit_of_work(somebody.actor) as uow:
        reading = RoomReading(NOW - ago, Decimal(celsius), None if humidity is None else Decimal(humidity))
        one = services.note_reading(uow, room, reading)
        return one.id, one.is_outside


def decide(somebody, reading_id, words="天平未使用，结果不受影响"):
    with unit_of_work(somebody.actor) as uow:
        services.decide_reading(uow, reading_id, words)


def test_what_lies_outside_waits_for_somebody_who_did_not_note_it(session, team, manager, room):
    assert note(team.tester, room)[1] is False
    warm, outside = note(team.tester, room, "26.1", "50", ago=2 * HOUR)
    assert outside
    assert queries.count_undecided(session, manager.actor) == 1
    with pytest.raises(InvalidInputError):
        decide(manager, warm, " ")
    decide(manager, warm)
    with pytest.raises(ConflictError):
        decide(manager, warm)
    session.expire_all()
    assert queries.count_undecided(session, manager.actor) == 0
    own, _outside = note(manager, room, "30", ago=3 * HOUR)
    with pytest.raises(ConflictError):
        decide(manager, own)
    assert check_readings(session).violations == 0


def test_newer_limits_leave_what_was_read_before_as_it_was_judged(session, team, manager, room):
    note(team.tester, room, "25")
    with unit_of_work(manager.actor) as uow:
        services.set_limits(uow, room, Allowed(Span(None, Decimal(24))), valid_from=NOW.date())
    assert note(team.tester, room, "25", ago=2 * HOUR)[1] is True
    assert [one.is_outside for one in queries.list_readings(session, room)] == [True, False]
    assert check_readings(session).violations == 0


def test_what_cannot_be_is_refused_and_shown(team, manager, room):
    with pytest.raises(InvalidInputError, match=r"71"):
        note(team.tester, room, "71")
    with pytest.raises(InvalidInputError, match="2026-09-14"):
        note(team.tester, room, ago=-HOUR)
    note(team.tester, room)
    with pytest.raises(ConflictError):
        note(team.tester, room)
    with unit_of_work(manager.actor) as uow:
        bare = services.add_room(uow, "新房间").id
    with pytest.raises(InvalidInputError, match="新房间"):
        note(team.tester, bare)
    with pytest.raises(InvalidInputError, match=r"10.*20"), unit_of_work(manager.actor) as uow:
        services.set_limits(uow, room, Allowed(Span(Decimal(20), Decimal(10))), valid_from=date(2026, 2, 1))
    stranger = make_person(make_team().lab_id, Role.TESTER)
    with pytest.raises(NotFoundError):
        note(stranger, room)


FILE = "时间,温度\n2026-09-10 08:00,22.1\n2026-09-10 09:00,27.0\n2026-09-10 10:00,22.4\n".encode()


def test_every_reading_of_a_logger_is_taken_once_with_its_file(session, team, room):
    with unit_of_work(team.tester.actor) as uow:
        assert services.take_logger_file(uow, room, FILE) == 3
    rows = queries.list_readings(session, room)
    assert [f"{one.celsius}" for one in rows] == ["22.1", "27.0", "22.4"]
    assert [one.is_outside for one in rows] == [False, True, False]
    assert len({one.file_sha256 for one in rows}) == 1
    with pytest.raises(ConflictError), unit_of_work(team.tester.actor) as uow:
        services.take_logger_file(uow, room, FILE)
    [course] = queries.courses_between(session, team.lab_id, NOW - timedelta(days=30), NOW)
    assert (course.readings, f"{course.lowest}", f"{course.highest}", course.outside) == (3, "22.1", "27.0", 1)


def post(client, page, path, **fields):
    return client.post(path, data={"csrf_token": csrf_token(client, page)} | fields)


SPOKEN = [("en", "Outside of what is allowed", "outside, decided"), ("zh_Hans_CN", "影响评估及措施", "超限，已处理")]


@pytest.fixture
def people(team, manager):
    return team, manager


@pytest.mark.parametrize("spoken", SPOKEN, ids=["en", "zh"])
def test_it_is_walked_from_the_room_to_the_decision(client, session, people, spoken):
    (team, manager), (locale, outside, decided) = people, spoken
    client.set_cookie("lims_locale", locale)
    rooms = "/quality/rooms/"
    log_in(client, team.tester)
    assert post(client, rooms, rooms, name="天平室").status_code == 403
    log_in(client, manager)
    assert post(client, rooms, rooms, name="天平室").status_code == 303
    [row] = queries.list_rooms(session, team.lab_id, NOW.date())
    page = f"{rooms}{row.room.id}"
    limits = {"act": "limits", "valid_from": "2026-01-01", "lowest_celsius": "18", "highest_celsius": "warm"}
    wrong = post(client, page, page, **limits)
    assert wrong.status_code == 422
    assert "warm" in wrong.text
    assert post(client, page, page, **limits | {"highest_celsius": "26"}).status_code == 303
    log_in(client, team.tester)
    read = {"act": "reading", "read_at": "2026-09-14T08:00", "celsius": "27", "humidity": "40"}
    assert post(client, page, page, **read).status_code == 303
    file = {"act": "logger", "file": (BytesIO(FILE), "logger.csv")}
    assert post(client, page, page, **file).status_code == 303
    assert post(client, page, page, act="nothing").status_code == 422
    shown = client.get(page).text
    assert outside in shown
    assert "<svg" in shown
    log_in(client, manager)
    warm = next(one for one in queries.list_outside(session, row.room.id) if one.humidity is not None)
    decision = f"{rooms}readings/{warm.id}/decision"
    assert post(client, decision, decision, decision="空调故障").status_code == 303
    assert "空调故障" in client.get(page).text
    assert decided in client.get(page).text
    assert "27" in client.get(rooms).text


def test_a_sensor_delivers_by_api(client, session, team, room):
    body = {"read_at": "2026-09-14T08:30:00+08:00", "celsius": "17.9"}
    answer = client.post(f"/api/v1/rooms/{room}/readings", json=body, headers=bearer(team.tester))
    assert (answer.status_code, answer.json["is_outside"]) == (201, True)
