"""Pages of quality control: a batch typed and judged, holds lifted, charts read."""

import re

import pytest

from lims.i18n import LOCALE_COOKIE
from results.quality.models import Batch, ControlLot
from results.quality.queries.holds import list_holds
from results.queries import standing_results
from tests.factories.quality import (
    METHOD,
    control,
    enter,
    enter_samples,
    line_of,
    make_batch,
    make_lot,
    make_quality_manager,
    make_sets,
)
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in


@pytest.fixture
def team(session):
    return make_team()


@pytest.fixture
def manager(team):
    return make_quality_manager(team)


@pytest.fixture
def client(client):
    client.set_cookie(LOCALE_COOKIE, "en")
    return client


def send(client, page, **fields):
    return client.post(page, data={"csrf_token": csrf_token(client, page), **fields})


def text_of(client, page):
    answer = client.get(page)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


@pytest.mark.parametrize(("locale", "word"), [("en", "Waits for a batch"), ("zh_Hans_CN", "待建批")])
def test_what_waits_leads_to_a_new_batch_in_both_languages(client, team, locale, word):
    make_sets(team, 1)
    log_in(client, team.tester).set_cookie(LOCALE_COOKIE, locale)
    page = text_of(client, "/quality/batches/waiting")
    assert word in page
    assert "/quality/batches/new?method=GB+5009.12" in page or "method=GB%205009.12" in page


def test_a_batch_is_opened_by_ticking_what_goes_into_it(client, session, team, manager):
    sets = make_sets(team, 2)
    lot_id = make_lot(manager, line_of(sets[0]).item.id, METHOD)
    log_in(client, team.tester)
    page = f"/quality/batches/new?method={METHOD}"
    codes = [one.blind_code for one in sets]
    answer = send(
        client, page, samples=codes, duplicates=codes[:1], spikes=codes[1:], blanks="2", lots=[str(lot_id)], added="0.2"
    )
    assert answer.status_code == 303
    shown = text_of(client, answer.headers["Location"])
    kinds = re.findall(r"<strong>(Blank|Control sample|Duplicate|Spiked sample)</strong>", shown)
    assert kinds == ["Blank", "Blank", "Control sample", "Duplicate", "Spiked sample"]
    assert "+0.2 mg/kg, 80～110 %" in shown


def test_a_spike_without_its_amount_is_refused_and_what_was_ticked_stays(client, session, team):
    [made] = make_sets(team, 1)
    log_in(client, team.tester)
    page = f"/quality/batches/new?method={METHOD}"
    answer = send(client, page, samples=[made.blind_code], spikes=[made.blind_code], blanks="1")
    assert answer.status_code == 422
    told = answer.get_data(as_text=True)
    assert "expected a figure above 0" in told
    assert f'name="spikes" value="{made.blind_code}" checked' in told
    assert session.query(Batch).count() == 0


def fields_of(batch, made, *, blank, sample):
    line = line_of(made)
    return {
        f"result-1-{line.item.id}": blank,
        f"seen-1-{line.item.id}": "0",
        f"result-{line.line.id}": sample,
        f"seen-{line.line.id}": "0",
    }


def test_samples_and_controls_are_typed_into_one_grid(client, session, team):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    log_in(client, team.tester)
    page = f"/quality/batches/{batch.batch_no}"
    assert send(client, page, **fields_of(batch, made, blank="未检出", sample="0.05")).status_code == 303
    shown = text_of(client, page)
    assert "In control" in shown
    assert [row.entered_text for row in standing_results(session, made.id).values()] == ["0.05"]


def test_what_is_wrong_stands_beside_its_cell_and_nothing_typed_is_lost(client, session, team):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    log_in(client, team.tester)
    page = f"/quality/batches/{batch.batch_no}"
    answer = send(client, page, **fields_of(batch, made, blank="3 mg/L", sample="合格"))
    assert answer.status_code == 422
    told = answer.get_data(as_text=True)
    assert "2 results need attention" in told
    assert 'value="3 mg/L"' in told
    assert 'value="合格"' in told
    assert standing_results(session, made.id) == {}


def test_a_rejection_is_shown_and_lifted_by_the_quality_manager_with_a_reason(client, session, team, manager):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    enter(team, batch, "0.05")
    page = f"/quality/batches/{batch.batch_no}"
    assert "Lift the hold" not in text_of(log_in(client, team.tester), page)
    log_in(client, manager)
    assert "the blank holds more than the method can see" in text_of(client, page)
    [row] = list_holds(session, batch.id)
    lift = f"{page}/holds/{row.hold.id}"
    assert made.blind_code in text_of(client, lift)
    assert send(client, lift, reason="").status_code == 422
    assert send(client, lift, reason="空白瓶污染，样品未受影响").status_code == 303
    assert "空白瓶污染，样品未受影响" in text_of(client, page)


def test_the_refused_lock_names_the_batch(client, team):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    enter(team, batch, "0.05")
    enter_samples(team, [made])
    log_in(client, team.reviewer)
    answer = send(client, f"/review/sets/{made.blind_code}", act="lock")
    assert answer.status_code == 409
    assert batch.batch_no in answer.get_data(as_text=True)


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_a_chart_stands_beside_its_figures(client, team, manager, locale):
    [made] = make_sets(team, 1)
    lead = line_of(made).item
    lot_id = make_lot(manager, lead.id, METHOD)
    batch = make_batch(team, METHOD, [made.blind_code], control(lot_id))
    enter(team, batch, "0.01", "0.62")
    log_in(client, manager).set_cookie(LOCALE_COOKIE, locale)
    listed = re.findall(r'href="(/quality/charts/[^"]+)"', text_of(client, "/quality/charts/"))
    assert len(listed) == 2
    for href in listed:
        shown = text_of(client, href.replace("&amp;", "&"))
        assert '<svg viewBox="0 0 640 260"' in shown
        assert batch.batch_no in shown
    assert "1-2s" in shown


def test_a_material_is_noted_given_a_target_and_withdrawn(client, session, team, manager):
    log_in(client, manager)
    answer = send(
        client, "/quality/materials/", kind="control", name="大米粉质控样", lot_no="2026-1", expires_on="2027-01-01"
    )
    assert answer.status_code == 303
    page = answer.headers["Location"]
    refused = send(client, page, item="铅", method="GB 1", target="0.5", deviation="0.05", unit="mg/kg")
    assert refused.status_code == 422
    assert "GB 5009.12" in refused.get_data(as_text=True)
    done = send(client, page, item="铅", method=METHOD, target="0.50", deviation="0.05", unit="mg/kg")
    assert done.status_code == 303
    assert "0.50 mg/kg" in text_of(client, page)
    assert send(client, f"{page}/withdraw", reason="受潮").status_code == 303
    assert "受潮" in text_of(client, page)
    assert session.query(ControlLot).one().withdrawn_reason == "受潮"


def test_a_tester_reads_materials_and_notes_none(client, session, team):
    log_in(client, team.tester)
    page = text_of(client, "/quality/materials/")
    assert "Note the lot" not in page
    assert session.query(ControlLot).count() == 0


def test_the_api_does_what_the_pages_do(client, session, team, manager):
    [made] = make_sets(team, 1)
    item = line_of(made).item
    headers = bearer(manager)
    lot = client.post(
        "/api/v1/control-lots",
        json={"kind": "control", "name": "质控样", "lot_no": "1", "expires_on": "2030-01-01"},
        headers=headers,
    ).json
    value = {"item_code": item.code, "method": METHOD, "target": "0.50", "deviation": "0.05", "unit": "mg/kg"}
    given = client.post(f"/api/v1/control-lots/{lot['id']}/values", json=value, headers=headers)
    assert given.json["values"][0]["target"] == "0.50"
    tester = bearer(team.tester)
    slots = [
        {"kind": "blank"},
        {"kind": "control", "lot_id": lot["id"]},
        {"kind": "sample", "blind_code": made.blind_code},
    ]
    batch = client.post("/api/v1/batches", json={"method": METHOD, "slots": slots}, headers=tester).json
    assert batch["blind_codes"] == [made.blind_code]
    entries = [
        {"position": 1, "item_code": item.code, "text": "未检出"},
        {"position": 2, "item_code": item.code, "text": "0.70"},
    ]
    address = f"/api/v1/batches/{batch['batch_no']}/controls"
    judged = client.post(address, json={"entries": entries}, headers=tester).json
    assert [one["outcome"] for one in judged["controls"]] == ["in_control", "rejected"]
    [hold] = client.get("/api/v1/holds", headers=headers).json["items"]
    assert client.post(f"/api/v1/holds/{hold['id']}/lift", json={"reason": "x"}, headers=tester).status_code == 403
    lifted = client.post(f"/api/v1/holds/{hold['id']}/lift", json={"reason": "已查明"}, headers=headers)
    assert lifted.json["holds"][0]["lift_reason"] == "已查明"
    assert [one["open_holds"] for one in client.get("/api/v1/batches", headers=headers).json["items"]] == [0]
