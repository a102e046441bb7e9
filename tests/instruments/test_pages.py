"""The pages of instruments: files looked at row by row, columns mapped once, slots scanned, records kept."""

import base64
import io
import re
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from instruments.models import Calibration, FileProfileVersion, Instrument, ReadingFile, ReagentLot, StoredReading
from instruments.rules import SILENT_AFTER
from instruments.services.readings import take_readings
from instruments.types import FileState, QuarantineReason, ReadingState
from lims.uow import unit_of_work
from tests.factories.chain_of_custody import make_recoded_sample
from tests.factories.instruments import make_delivered
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

FILES = "/instruments/files/"
QUANT = "样品编号,项目,结果,单位,检测时间\n{code},铅,0.02,mg/kg,2026-09-13 10:00\nX9,铅,<0.01,mg/kg,2026-09-13 10:05\n"


@pytest.fixture
def team(session):
    return make_team()


@pytest.fixture(params=["en", "zh_Hans_CN"])
def tester(request, client, team):
    client.set_cookie("lims_locale", request.param)
    return log_in(client, team.tester)


def hand_in(client, text: str, name: str = "吸收.csv", encoding: str = "gb18030"):
    sent = {"csrf_token": csrf_token(client, FILES), "instrument": "原子吸收 1", "profile": ""}
    return client.post(FILES, data=sent | {"file": (io.BytesIO(text.encode(encoding)), name)})


def map_columns(client, address: str, **changes: str):
    fields = {
        "csrf_token": csrf_token(client, address),
        "title": "原子吸收",
        "header_row": "1",
        "delimiter": ",",
        "encoding": "",
        "headings": "样品编号\x1f项目\x1f结果\x1f单位\x1f检测时间",
        "role-0": "sample",
        "role-1": "item",
        "role-2": "value",
        "role-3": "unit",
        "role-4": "measured",
        "act": "preview",
    }
    return client.post(address, data=fields | changes)


def test_a_technician_maps_an_unknown_file_once_and_takes_its_rows(tester, session, team):
    _sample_id, code = make_recoded_sample(team)
    handed = hand_in(tester, QUANT.format(code=code))
    assert handed.status_code == 303
    file = session.scalars(sa.select(ReadingFile)).one()
    assert file.state is FileState.UNREADABLE
    editor = f"/instruments/profiles/for/{file.id}"
    assert editor in tester.get(handed.location).text
    first_look = tester.get(editor).text
    assert re.search(r'name="role-2".*?value="value" selected', first_look, re.DOTALL), "proposed by its heading"
    assert "0.01" in first_look
    refused = map_columns(tester, editor, **{"role-2": "ignored"}, act="save")
    assert refused.status_code == 422
    assert 'value="原子吸收"' in refused.text
    preview = map_columns(tester, editor, unit="ug/kg")
    assert preview.status_code == 200
    assert session.scalars(sa.select(FileProfileVersion)).all() == []
    assert map_columns(tester, editor, act="save").status_code == 303
    page = tester.get(handed.location).text
    assert code in page
    sent = {"csrf_token": csrf_token(tester, handed.location), "which": "ticked", "row": "2.0"}
    assert tester.post(f"{FILES}{file.id}/take", data=sent).status_code == 303
    [taken] = session.scalars(sa.select(StoredReading)).all()
    assert (taken.blind_code, taken.value_text, taken.unit_text, taken.item_text) == (code, "0.02", "mg/kg", "铅")
    assert tester.post(f"{FILES}{file.id}/take", data=sent | {"which": "all"}).status_code == 303
    session.expire_all()
    assert session.get_one(ReadingFile, file.id).state is FileState.DONE
    known_now = hand_in(tester, QUANT.format(code="Z"), "next.csv")
    assert tester.get(known_now.location).text.count('name="row"') == 1, "X9 was measured before"


def test_a_profile_with_other_headings_proposes_its_roles_anew(tester, session, team):
    file_at = hand_in(tester, "x\n" + QUANT.format(code="A")).location
    editor = f"/instruments/profiles/for/{file_at.rsplit('/', 1)[1]}"
    moved = map_columns(tester, editor, header_row="2", headings="x")
    assert re.search(r'name="role-0".*?value="sample" selected', moved.text, re.DOTALL)
    beyond = map_columns(tester, editor, header_row="99")
    assert beyond.status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        {"instrument": "", "file": (b"a,b\n1,2\n", "a.csv")},
        {"instrument": "x", "file": (b"", "a.csv")},
        {"instrument": "x"},
        {"instrument": "x", "profile": "nothing", "file": (b"a,b\n", "a.csv")},
    ],
)
def test_a_file_that_cannot_be_handed_in_says_so_and_keeps_what_was_typed(tester, session, team, sent):
    content = sent.get("file")
    named = {name: text for name, text in sent.items() if name != "file"}
    data = {"csrf_token": csrf_token(tester, FILES), "profile": ""} | named
    if content:
        data["file"] = (io.BytesIO(content[0]), content[1])
    refused = tester.post(FILES, data=data)
    assert refused.status_code in {404, 422}
    assert f'value="{sent["instrument"]}"' in refused.text or not sent["instrument"]
    assert session.scalars(sa.select(ReadingFile)).all() == []


def test_what_is_left_of_a_file_is_left_out_with_a_reason(tester, session, team):
    at = hand_in(tester, QUANT.format(code="A")).location
    close = f"{at}/close"
    token = csrf_token(tester, at)
    assert tester.post(close, data={"csrf_token": token, "reason": ""}).status_code == 422
    assert tester.post(close, data={"csrf_token": token, "reason": "试机"}).status_code == 303
    assert tester.post(close, data={"csrf_token": token, "reason": "再次"}).status_code == 409
    assert "试机" in tester.get(at).text


def take(team, *delivered):
    with unit_of_work(team.tester.actor) as uow:
        take_readings(uow, "reader", delivered)


def test_the_record_of_an_instrument_is_written_on_its_page(tester, session, team):
    take(team, make_delivered(quality_control=True, sample_text="质控 7"))
    instrument = session.scalars(sa.select(Instrument)).one()
    page = f"/instruments/{instrument.id}/record"
    token = csrf_token(tester, page)

    def note(act: str, **fields: str) -> int:
        return tester.post(page, data={"csrf_token": token, "act": act, **fields}).status_code

    assert note("describe", model="DY-3000", serial_no="S1", place="农残室", slot_count="16") == 303
    assert note("describe", slot_count="1000") == 422
    calibration = {"calibrated_on": "2026-09-01", "due_on": "2027-09-01", "certificate_no": "JZ-1"}
    assert note("calibration", **calibration) == 303
    assert note("calibration", **calibration | {"due_on": "2026-08-01"}) == 422
    assert note("calibration", certificate_no="x") == 422
    assert note("reagent", name="酶", lot_no="L1", expires_on="2027-01-01") == 303
    assert note("downtime", reason="光源更换") == 303
    assert note("downtime", reason="") == 422
    assert note("banana") == 422
    shown = tester.get(page).text
    assert all(words in shown for words in ("DY-3000", "JZ-1", "L1", "光源更换", "质控 7"))
    lot = session.scalars(sa.select(ReagentLot)).one()
    for act in (f"lots/{lot.id}/end", "downtime/end"):
        assert tester.post(f"/instruments/{instrument.id}/{act}", data={"csrf_token": token}).status_code == 303
    session.expire_all()
    assert lot.used_up_at is not None
    assert session.scalars(sa.select(Calibration)).one().certificate_no == "JZ-1"
    assert tester.get(f"/instruments/{instrument.id}/run").text.count("data-scan-fill") == 16


def test_quarantine_shows_what_contradicts_what_and_lets_it_be_looked_at_again(tester, session, team):
    _sample_id, code = make_recoded_sample(team)
    take(team, make_delivered(code, identity="a", value_text="0.02"))
    take(team, make_delivered(code, identity="a", value_text="0.20"), make_delivered("banana"))
    page = tester.get("/instruments/quarantine/?reason=conflict").text
    assert "0.02" in page
    assert "0.20" in page
    assert f'value="{code}"' in page, "the code that the device sent stands in the form already"
    token = csrf_token(tester, "/instruments/quarantine/")
    [held] = session.scalars(
        sa.select(StoredReading).where(StoredReading.quarantine_reason == QuarantineReason.CONFLICT)
    )
    for address in (f"/instruments/quarantine/{held.id}/second-look", "/instruments/quarantine/second-look"):
        assert tester.post(address, data={"csrf_token": token}).status_code == 303
    session.expire_all()
    assert held.state is ReadingState.QUARANTINED
    assert tester.get("/instruments/quarantine/?after=x").status_code == 422
    assert (
        tester.post(f"/instruments/quarantine/{UUID(int=1)}/second-look", data={"csrf_token": token}).status_code == 404
    )


def test_a_reader_that_reports_no_more_is_shown_as_silent(tester, session, team, frozen_clock):
    port = {"instrument": "天平 3", "driver": "mt-sics", "port": "/dev/ttyUSB7", "state": "open", "healthy": True}
    address = "/api/v1/instruments/connections"
    with tester.application.test_client() as program:
        program.put(address, json={"reader": "市场 3 号机", "ports": [port]}, headers=bearer(team.tester))
    assert "chip--good" in tester.get("/instruments/").text
    instrument = session.scalars(sa.select(Instrument)).one()
    assert "市场 3 号机" in tester.get(f"/instruments/{instrument.id}").text
    frozen_clock.advance(SILENT_AFTER + timedelta(seconds=1))
    assert "chip--bad" in tester.get("/instruments/").text


def test_the_last_fault_of_a_line_is_told_in_the_language_of_the_page(tester, team):
    port = {"instrument": "天平 3", "driver": "mt-sics", "port": "/dev/ttyUSB7", "state": "reconnecting"}
    port |= {"healthy": False, "last_error": "was lost: the other end closed the connection"}
    with tester.application.test_client() as program:
        program.put(
            "/api/v1/instruments/connections", json={"reader": "r", "ports": [port]}, headers=bearer(team.tester)
        )
    page = tester.get("/instruments/").text
    is_chinese = '<html lang="zh-CN"' in page
    expected = "连接已断开：对方关闭了连接" if is_chinese else "The line was lost: the other end closed the connection"
    assert expected in page


def test_the_page_of_an_instrument_tells_a_fault_that_is_over_with_its_time(tester, team, session):
    port = {"instrument": "天平 3", "driver": "mt-sics", "port": "/dev/ttyUSB7", "state": "open", "healthy": True}
    port |= {"last_error": "was lost: unplugged", "last_error_at": "2026-09-14T00:59:00+00:00"}
    with tester.application.test_client() as program:
        program.put(
            "/api/v1/instruments/connections", json={"reader": "r", "ports": [port]}, headers=bearer(team.tester)
        )
    assert "unplugged" not in tester.get("/instruments/").text
    instrument = session.scalars(sa.select(Instrument)).one()
    page = tester.get(f"/instruments/{instrument.id}").text
    assert "2026-09-14 08:59" in page
    assert any(words in page for words in ("已恢复正常", "Well again"))


def test_a_file_by_the_api_is_kept_staged_and_taken_when_asked(client, session, team):
    _sample_id, code = make_recoded_sample(team)
    content = base64.b64encode(f"Sample ID,Test Name,Result\n{code},Pb,1\n".encode()).decode()
    body = {"instrument": "aq2", "name": "a.csv", "content_base64": content}
    first = client.post("/api/v1/instruments/files", json=body, headers=bearer(team.tester))
    assert (first.status_code, first.json["state"], first.json["known"]) == (201, "unreadable", False)
    again = client.post("/api/v1/instruments/files", json=body, headers=bearer(team.tester))
    assert (again.json["id"], again.json["known"]) == (first.json["id"], True)
    wrong = client.post("/api/v1/instruments/files", json=body | {"content_base64": "%"}, headers=bearer(team.tester))
    assert wrong.status_code == 422
