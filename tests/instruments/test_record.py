"""The record of an instrument: what holds a reading back, what lets it go, and what readers say of their ports."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from instruments import queries
from instruments.models import Calibration, Downtime, Instrument, ReagentLot, StoredReading
from instruments.rules import Record, is_checked, measured_instant, slot_names, what_holds
from instruments.services import readings as services
from instruments.services import record
from instruments.types import Found, MatchedBy, QuarantineReason, ReadingState
from lims import clock
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from results.expiry.queries import board
from results.expiry.types import ExpiryKind
from tests.factories.chain_of_custody import make_recoded_sample
from tests.factories.instruments import make_delivered
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

NAME = "reader"
TODAY = date(2026, 9, 14)


@pytest.fixture
def team(session):
    return make_team()


def take(team, *delivered):
    with unit_of_work(team.tester.actor) as uow:
        return [(one.state, one.quarantine_reason) for one in services.take_readings(uow, NAME, delivered).new]


@pytest.fixture
def instrument(session, team):
    take(team, make_delivered())
    return session.scalars(sa.select(Instrument)).one()


def act(team, service, *arguments, **facts):
    with unit_of_work(team.tester.actor) as uow:
        return service(uow, *arguments, **facts)


def checked(team, instrument, value="100.01", *, on=TODAY, due=TODAY + timedelta(days=30)):
    found = Found("砝码 100 g", Decimal(100), Decimal("0.02"), Decimal(value), "g")
    with unit_of_work(team.tester.actor) as uow:
        return record.note_check(uow, instrument.id, checked_on=on, due_on=due, found=found).passed


@dataclass
class Span:
    checked_on: date
    due_on: date
    passed: bool


near = st.dates(TODAY - timedelta(days=20), TODAY + timedelta(days=20))
spans = st.lists(st.builds(Span, near, near, st.booleans()), max_size=6)


@given(spans, near)
def test_the_last_intermediate_check_decides_and_none_asks_for_nothing(checks, day):
    done = [one for one in checks if one.checked_on <= day]
    if not done:
        assert is_checked(checks, day)
        return
    last = max(one.checked_on for one in done)
    newest = [one for one in done if one.checked_on == last]
    if any(not one.passed for one in newest) or all(one.due_on < day for one in newest):
        assert not is_checked(checks, day)
    else:
        assert is_checked(checks, day)


def test_a_failed_check_holds_the_readings_that_follow_until_one_passes(session, team, instrument):
    _sample_id, code = make_recoded_sample(team)
    assert not checked(team, instrument, "100.03", on=TODAY - timedelta(days=1))
    assert take(team, make_delivered(code)) == [(ReadingState.QUARANTINED, QuarantineReason.NOT_CHECKED)]
    assert checked(team, instrument, "99.98")
    assert take(team, make_delivered(code)) == [(ReadingState.MATCHED, None)]


def test_a_check_that_was_not_repeated_in_time_holds_readings_too(session, team, instrument):
    _sample_id, code = make_recoded_sample(team)
    checked(team, instrument, on=TODAY - timedelta(days=40), due=TODAY - timedelta(days=10))
    assert take(team, make_delivered(code)) == [(ReadingState.QUARANTINED, QuarantineReason.NOT_CHECKED)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"on": TODAY + timedelta(days=1), "due": TODAY + timedelta(days=2)},
        {"due": TODAY},
    ],
    ids=["to come", "due at once"],
)
def test_a_check_on_days_that_cannot_be_is_refused(team, instrument, wrong):
    with pytest.raises(InvalidInputError, match="2026-09"):
        checked(team, instrument, **wrong)


def test_a_check_stands_on_the_expiry_board_by_its_last_day(session, team, instrument):
    checked(team, instrument)
    [row] = board(session, team.lab_id, TODAY, ExpiryKind.INSTRUMENT)
    assert (row.ending.last_day, "砝码" in row.ending.detail) == (TODAY + timedelta(days=30), True)


@pytest.mark.parametrize("spoken", [("en", "failed"), ("zh_Hans_CN", "不合格")], ids=["en", "zh"])
def test_a_check_is_noted_on_the_record_page(client, session, team, instrument, spoken):
    locale, word = spoken
    client.set_cookie("lims_locale", locale)
    log_in(client, team.tester)
    page = f"/instruments/{instrument.id}/record"
    typed = {
        "act": "check",
        "standard": "pH 6.86 缓冲液",
        "unit": "pH",
        "target": "6.86",
        "tolerance": "0.05",
        "value": "no",
        "checked_on": "2026-09-14",
        "due_on": "2026-10-14",
    }
    wrong = client.post(page, data={"csrf_token": csrf_token(client, page)} | typed)
    assert wrong.status_code == 422
    assert "pH 6.86 缓冲液" in wrong.text
    assert "no" in wrong.text
    done = client.post(page, data={"csrf_token": csrf_token(client, page)} | typed | {"value": "6.95"})
    assert done.status_code == 303
    assert word in client.get(page).text


def test_an_overdue_calibration_holds_the_reading_and_a_person_lets_it_go(session, team, instrument):
    _sample_id, code = make_recoded_sample(team)
    act(
        team,
        record.note_calibration,
        instrument.id,
        calibrated_on=date(2025, 9, 1),
        due_on=date(2026, 9, 1),
        certificate_no="JZ-1",
    )
    assert take(team, make_delivered(code)) == [(ReadingState.QUARANTINED, QuarantineReason.OUT_OF_CALIBRATION)]
    held = session.scalars(sa.select(StoredReading).where(StoredReading.sample_text == code)).one()
    with unit_of_work(team.tester.actor) as uow:
        released = services.assign_reading(uow, held.id, code, "检定证书在途，核查合格")
        assert released.matched_by is MatchedBy.PERSON


def test_a_renewed_calibration_lets_go_what_waited_for_it_when_looked_at_again(session, team, instrument):
    _sample_id, code = make_recoded_sample(team)
    facts = {"calibrated_on": date(2025, 9, 1), "due_on": date(2026, 9, 1), "certificate_no": "JZ-1"}
    act(team, record.note_calibration, instrument.id, **facts)
    take(team, make_delivered(code))
    held = session.scalars(sa.select(StoredReading).where(StoredReading.sample_text == code)).one()
    with pytest.raises(ConflictError, match="Nothing has changed"):
        act(team, services.look_again, held.id)
    facts = {"calibrated_on": date(2026, 9, 13), "due_on": date(2027, 9, 13), "certificate_no": "JZ-2"}
    act(team, record.note_calibration, instrument.id, **facts)
    assert list(act(team, services.look_again, held.id)) == []
    session.expire_all()
    assert (held.state, held.matched_by, held.blind_code) == (ReadingState.MATCHED, MatchedBy.BARCODE, code)


def test_controls_are_exempt_from_the_calibration_they_may_prove(team, instrument):
    act(
        team,
        record.note_calibration,
        instrument.id,
        calibrated_on=date(2025, 9, 1),
        due_on=date(2026, 9, 1),
        certificate_no="JZ-1",
    )
    assert take(team, make_delivered(quality_control=True)) == [
        (ReadingState.QUARANTINED, QuarantineReason.QUALITY_CONTROL)
    ]


def test_a_reading_in_downtime_or_with_an_expired_reagent_waits(session, team, instrument, frozen_clock):
    _sample_id, code = make_recoded_sample(team)
    act(team, record.begin_reagent_lot, instrument.id, name="乙酰胆碱酯酶", lot_no="A1", expires_on=TODAY)
    assert take(team, make_delivered(code))[0][0] is ReadingState.MATCHED
    act(team, record.begin_downtime, instrument.id, "光源更换")
    with pytest.raises(ConflictError):
        act(team, record.begin_downtime, instrument.id, "再次")
    frozen_clock.advance(timedelta(minutes=5))
    assert take(team, make_delivered(code)) == [(ReadingState.QUARANTINED, QuarantineReason.OUT_OF_SERVICE)]
    act(team, record.end_downtime, instrument.id)
    with pytest.raises(ConflictError):
        act(team, record.end_downtime, instrument.id)
    frozen_clock.advance(timedelta(days=1))
    assert take(team, make_delivered(code)) == [(ReadingState.QUARANTINED, QuarantineReason.REAGENT_EXPIRED)]
    with pytest.raises(InvalidInputError, match="A0 expired on 2026-09-14"):
        act(team, record.begin_reagent_lot, instrument.id, name="x", lot_no="A0", expires_on=TODAY)
    act(team, record.begin_reagent_lot, instrument.id, name="乙酰胆碱酯酶", lot_no="A2", expires_on=date(2027, 1, 1))
    frozen_clock.advance(timedelta(minutes=1))
    assert take(team, make_delivered(code))[0][0] is ReadingState.MATCHED, "the new lot took the place of the old one"


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"calibrated_on": date(2026, 9, 15), "due_on": date(2027, 1, 1)}, "calibrated_on"),
        ({"calibrated_on": date(2026, 9, 1), "due_on": date(2026, 9, 1)}, "due_on"),
    ],
)
def test_a_calibration_that_cannot_be_is_refused_at_its_field(team, instrument, facts, field):
    with pytest.raises(InvalidInputError) as refusal:
        act(team, record.note_calibration, instrument.id, certificate_no="x", **facts)
    assert refusal.value.field == field


def test_the_record_is_of_one_laboratory(session, team, instrument):
    other = make_team()
    for service, arguments in (
        (record.begin_downtime, ("x",)),
        (record.end_downtime, ()),
    ):
        with pytest.raises(NotFoundError):
            act(other, service, instrument.id, *arguments)
    act(team, record.begin_reagent_lot, instrument.id, name="x", lot_no="y", expires_on=TODAY)
    lot = session.scalars(sa.select(ReagentLot)).one()
    with pytest.raises(NotFoundError):
        act(other, record.end_reagent_lot, lot.id)
    act(team, record.end_reagent_lot, lot.id)
    with pytest.raises(ConflictError):
        act(team, record.end_reagent_lot, lot.id)


@given(days=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400)), max_size=4), day=st.integers(0, 800))
def test_a_day_is_covered_by_some_calibration_or_held(days, day):
    begin = date(2025, 1, 1)
    spans = tuple(
        Calibration(calibrated_on=begin + timedelta(start), due_on=begin + timedelta(start + length))
        for start, length in days
    )
    at = datetime(2025, 1, 1, 4, tzinfo=UTC) + timedelta(day)
    covered = not days or any(start <= day <= start + length for start, length in days)
    assert (what_holds(Record(spans), at) is None) == covered


def test_downtime_comes_before_calibration_and_reagents():
    at = datetime(2026, 9, 14, tzinfo=UTC)
    everything = Record(
        (Calibration(calibrated_on=date(2024, 1, 1), due_on=date(2025, 1, 1)),),
        (ReagentLot(in_use_from=at, expires_on=date(2020, 1, 1)),),
        (Downtime(began_at=at),),
    )
    assert what_holds(everything, at) is QuarantineReason.OUT_OF_SERVICE


def test_a_device_clock_ahead_of_ours_is_not_believed():
    captured = datetime(2026, 9, 14, tzinfo=UTC)
    assert measured_instant(captured - timedelta(days=9), captured) == captured - timedelta(days=9)
    assert measured_instant(captured + timedelta(days=1), captured) == captured
    assert measured_instant(None, captured) == captured


@pytest.mark.parametrize(
    ("count", "first", "last"), [(1, "1", "1"), (24, "1", "24"), (96, "A1", "H12"), (384, "A1", "P24")]
)
def test_slots_are_named_as_on_the_instrument(count, first, last):
    names = slot_names(count)
    assert (len(set(names)), names[0], names[-1]) == (count, first, last)


PORT = {
    "instrument": "analyser",
    "driver": "astm-e1394",
    "port": "/dev/serial/by-id/x",
    "state": "open",
    "healthy": True,
    "last_byte_at": "2026-09-14T00:59:00+00:00",
    "counts": {"frames": 3, "waiting": 2},
    "settings": {"encoding": "gb18030"},
}


def test_a_reader_says_how_its_ports_are_and_what_it_said_before_is_forgotten(client, session, team):
    headers = bearer(team.tester)
    address = "/api/v1/instruments/connections"

    def put(*ports):
        return client.put(address, json={"reader": "pc-1", "ports": list(ports)}, headers=headers)

    assert put(PORT, PORT | {"instrument": "balance"}).json == {"ports": 2}
    assert put(PORT | {"state": "reconnecting", "healthy": False, "last_error": "unplugged"}).status_code == 200
    [known] = queries.list_connections(session, team.lab_id)
    assert (known.instrument_name, known.state, known.is_healthy, known.last_error) == (
        "analyser",
        "reconnecting",
        False,
        "unplugged",
    )
    assert known.reported_at == clock.now()
    assert {row.instrument.name for row in queries.list_instruments(session, team.lab_id)} == {"analyser", "balance"}
    assert queries.list_connections(session, make_team().lab_id) == []
    assert put(PORT | {"state": "dancing"}).status_code == 422
    assert client.put(address, json={"reader": "x", "ports": []}, headers=bearer(team.planner)).status_code == 403


def test_a_unit_that_could_not_be_read_is_read_again_after_the_driver_was_mended(
    client, session, team, monkeypatch: pytest.MonkeyPatch
):
    settings = {"reader": "pc", "ports": [PORT | {"instrument": NAME, "driver": "mt-sics"}]}
    client.put("/api/v1/instruments/connections", json=settings, headers=bearer(team.tester))
    raw = b"S S    100.00 g\r\n"
    unread = make_delivered(raw=raw, driver="mt-sics", value_text="", problem=QuarantineReason.UNDECODABLE)
    assert take(team, unread) == [(ReadingState.QUARANTINED, QuarantineReason.UNDECODABLE)]
    held = session.scalars(sa.select(StoredReading)).one()
    with monkeypatch.context() as broken:
        broken.setattr("instruments.parsing.lines.decode_text", lambda _raw: None)
        with pytest.raises(ConflictError):
            act(team, services.look_again, held.id)
    with pytest.raises(ConflictError):
        act(team, services.assign_reading, held.id, "whatever", "x")
    [came] = act(team, services.look_again, held.id)
    session.expire_all()
    assert (held.state, came.delivered.value_text) == (ReadingState.REJECTED, "100.00")
    assert held.decision
    values = session.scalars(sa.select(StoredReading.value_text).order_by(StoredReading.value_text)).all()
    assert values == ["", "100.00"]


def test_half_a_message_waits_and_is_never_made_into_a_reading(session, team):
    half = make_delivered(raw=b"H|\\^&\rO|1|X", driver="astm-e1394", value_text="", problem=QuarantineReason.INCOMPLETE)
    take(team, half)
    held = session.scalars(sa.select(StoredReading)).one()
    with pytest.raises(ConflictError, match="Half a message"):
        act(team, services.look_again, held.id)
    act(team, services.reject_reading, held.id, "仪器已重发")


def test_looking_again_at_all_moves_what_can_move(session, team, instrument):
    _sample_id, code = make_recoded_sample(team)
    overdue = {"calibrated_on": date(2025, 9, 1), "due_on": date(2026, 9, 1), "certificate_no": "JZ-1"}
    act(team, record.note_calibration, instrument.id, **overdue)
    take(team, make_delivered(code), make_delivered(code), make_delivered("banana"))
    held = [one.id for one in session.scalars(sa.select(StoredReading))]
    assert act(team, services.look_again_at_all, held) == 0
    valid = {"calibrated_on": TODAY, "due_on": date(2027, 9, 1), "certificate_no": "JZ-2"}
    act(team, record.note_calibration, instrument.id, **valid)
    assert act(team, services.look_again_at_all, held) == 2
    assert len(queries.matched_readings(session, code)) == 2
