"""Readings through the page and the API."""

from uuid import UUID

import pytest
import sqlalchemy as sa

from instruments.models import Instrument, StoredReading
from instruments.types import ReadingState
from tests.factories.chain_of_custody import make_recoded_sample
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

READINGS = "/api/v1/instruments/readings"


@pytest.fixture
def team(session):
    return make_team()


def body_of(**changes):
    one = {
        "key": "a" * 40,
        "captured_at": "2026-09-14T01:00:00+00:00",
        "driver": "lz-4000t",
        "parser_version": 1,
        "raw_hex": "7e017e",
        "status": "ok",
        "value_text": "12.50",
        "value": "12.50",
        "unit_text": "%",
    }
    return {"instrument": "device", "readings": [one | changes]}


def deliver(client, team, **changes):
    return client.post(READINGS, json=body_of(**changes), headers=bearer(team.tester))


def test_a_reader_delivers_and_a_program_reads_and_decides(client, session, team):
    _sample_id, code = make_recoded_sample(team)
    headers = bearer(team.tester)
    first = deliver(client, team, sample_text=code)
    assert (first.status_code, first.json["taken"], first.json["quarantined"]) == (201, 1, 0)
    again = deliver(client, team, sample_text=code)
    assert (again.status_code, again.json["taken"], again.json["known"]) == (201, 0, 1)
    deliver(client, team, key="b")
    deliver(client, team, key="c")
    waiting = client.get(f"{READINGS}?state=quarantined", headers=headers).json["items"]
    assert [one["value"] for one in waiting] == ["12.50", "12.50"]
    assigned = client.post(
        f"{READINGS}/{waiting[0]['id']}/assignment", json={"blind_code": code, "reason": "核对"}, headers=headers
    )
    assert (assigned.status_code, assigned.json["matched_by"], assigned.json["blind_code"]) == (201, "person", code)
    rejected = client.post(f"{READINGS}/{waiting[1]['id']}/rejection", json={"reason": "重复"}, headers=headers)
    assert (rejected.status_code, rejected.json["state"]) == (201, "rejected")
    assert (
        client.post(f"{READINGS}/{waiting[1]['id']}/rejection", json={"reason": "x"}, headers=headers).status_code
        == 409
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"raw_hex": "7"},
        {"raw_hex": "xx"},
        {"status": "banana"},
        {"captured_at": "2026-09-14T01:00:00"},
        {"item_text": "\0"},
        {"parser_version": 2**31},
        {"more": 1},
        {"key": ""},
    ],
)
def test_a_malformed_reading_is_a_problem(client, session, team, changes):
    assert deliver(client, team, **changes).status_code == 422


@pytest.mark.parametrize("value", ["Infinity", "1e400", "banana", "", "1" * 30])
def test_a_value_that_is_no_number_of_ours_stays_a_text(client, session, team, value):
    assert deliver(client, team, value_text=value, value=value).status_code == 201
    reading = session.scalars(sa.select(StoredReading)).one()
    assert (reading.value, reading.value_text) == (None, value)


def test_readings_come_in_pages_and_other_laboratories_see_none(client, session, team, monkeypatch):
    monkeypatch.setattr("instruments.api.PAGE", 2)
    for number in range(5):
        deliver(client, team, key=f"key-{number}")
    seen, cursor = [], None
    while cursor is not None or not seen:
        asked = {"cursor": cursor} if cursor else {}
        page = client.get(READINGS, query_string=asked, headers=bearer(team.tester)).json
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert len(set(seen)) == 5
    assert client.get(READINGS, headers=bearer(make_team().tester)).json["items"] == []
    assert client.get(READINGS, headers=bearer(team.planner)).status_code == 403
    assert client.get(f"{READINGS}?cursor=x", headers=bearer(team.tester)).status_code == 422


@pytest.mark.parametrize(("locale", "words"), [("en", "Quarantine"), ("zh_Hans_CN", "待认领读数")])
def test_a_tester_assigns_and_rejects_on_the_page(client, session, team, locale, words):
    _sample_id, code = make_recoded_sample(team)
    deliver(client, team)
    deliver(client, team, key="second")
    client.set_cookie("lims_locale", locale)
    log_in(client, team.tester)
    page = client.get("/instruments/quarantine/").text
    assert words in page
    token = csrf_token(client, "/instruments/quarantine/")
    first, second = session.scalars(sa.select(StoredReading).order_by(StoredReading.key)).all()

    def decide(reading, **fields):
        prefix = f"{str(reading.id)[:8]}-"
        named = {f"{prefix}{name}": value for name, value in fields.items() if name != "decision"}
        sent = {"csrf_token": token, "decision": fields["decision"], **named}
        return client.post(f"/instruments/quarantine/{reading.id}", data=sent)

    refused = decide(first, decision="assign", blind_code="banana", reason="核对")
    assert refused.status_code == 422
    assert 'value="banana"' in refused.text
    assert 'value="核对"' in refused.text
    assert decide(first, decision="assign", blind_code=code, reason="").status_code == 422
    assert decide(first, decision="assign", blind_code=code.lower(), reason="核对").status_code == 303
    assert decide(second, decision="reject", blind_code="", reason="试剂过期").status_code == 303
    assert decide(second, decision="reject", blind_code="", reason="再次").status_code == 409
    session.expire_all()
    assert {one.state for one in (first, second)} == {ReadingState.MATCHED, ReadingState.REJECTED}


def test_a_tester_leaves_out_several_for_one_reason(client, session, team):
    for key in ("first", "second", "third"):
        deliver(client, team, key=key)
    log_in(client, team.tester)
    token = csrf_token(client, "/instruments/quarantine/")
    first, second, third = session.scalars(sa.select(StoredReading).order_by(StoredReading.key)).all()

    def reject(reason, *readings):
        sent = {"csrf_token": token, "several-reason": reason, "reading": list(readings)}
        return client.post("/instruments/quarantine/rejected", data=sent)

    unexplained = reject("", str(first.id))
    assert unexplained.status_code == 422
    assert f'value="{first.id}" form="several" checked' in unexplained.text
    assert "请勾选要弃用的读数。" in reject("调试天平").text
    assert reject("调试天平", "banana").status_code == 404
    assert reject("调试天平", str(UUID(int=1))).status_code == 404
    assert reject("调试天平", str(first.id), str(second.id)).status_code == 303
    assert reject("再次", str(first.id)).status_code == 303
    session.expire_all()
    assert [one.state for one in (first, second)] == [ReadingState.REJECTED] * 2
    assert {first.decision, second.decision} == {"调试天平"}
    assert third.state is ReadingState.QUARANTINED
    log_in(client, make_team().tester)
    token = csrf_token(client, "/instruments/quarantine/")
    assert reject("不是我们的", str(third.id)).status_code == 404


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_a_tester_opens_and_ends_a_run_on_the_page(client, session, team, locale):
    _sample_id, code = make_recoded_sample(team)
    deliver(client, team)
    client.set_cookie("lims_locale", locale)
    log_in(client, team.tester)
    address = f"/instruments/{session.scalars(sa.select(Instrument.id)).one()}"
    token = csrf_token(client, f"{address}/run")
    for load in ({}, {"slot-3": ""}, {"slot-3": "banana", "slot-4": code}, {"slot-3": "\0"}):
        refused = client.post(f"{address}/run", data={"csrf_token": token} | load)
        assert refused.status_code == 422
    assert 'value="banana"' in client.post(f"{address}/run", data={"csrf_token": token, "slot-3": "banana"}).text
    loaded = {"csrf_token": token, "slot-3": code.lower(), "slot-4": ""}
    assert client.post(f"{address}/run", data=loaded).status_code == 303
    assert code in client.get(f"{address}/run").text
    assert client.post(f"{address}/run/end", data={"csrf_token": token}).status_code == 303
    log_in(client, make_team().tester)
    assert client.get(address).status_code == 404
    log_in(client, team.custodian)
    assert client.get("/instruments/").status_code == 403


def test_the_menu_says_how_many_readings_wait_for_a_person(client, session, team):
    deliver(client, team, key="a", sample_text="X1")
    deliver(client, team, key="b", sample_text="X2")
    deliver(client, team, key="c", quality_control=True)
    deliver(client, make_team(), key="d", sample_text="another laboratory's")
    log_in(client, team.tester)
    menu = client.get("/instruments/").text
    assert '<span class="nav__count"><span class="visually-hidden">待处理： </span>2</span>' in menu
