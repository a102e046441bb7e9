"""Custody through the API: from a sampled form to a blind code without a page."""

import secrets

import pytest
import sqlalchemy as sa

from chain_of_custody.models import CustodyEntry, HandOver
from chain_of_custody.rules import is_blind_code
from sampling.models import Sample
from sampling.types import SampleState, StorageCondition
from tests.factories.chain_of_custody import make_arrived_sample, make_offer, make_recoded_sample, make_sealed_sample
from tests.factories.sampling import make_sample, make_team
from tests.factories.web import bearer

ALL_GOOD = dict.fromkeys(
    ("seal_intact", "packaging_intact", "quantity_sufficient", "condition_normal", "papers_complete", "papers_match"),
    True,
)


@pytest.fixture
def team(session):
    return make_team()


def test_a_program_goes_from_the_form_to_the_blind_code(client, session, team):
    sample_id = make_sample(team, storage_condition=StorageCondition.FROZEN)
    sampler, custodian = bearer(team.samplers[0]), bearer(team.custodian)
    seals = {"test_seal_no": "P-1", "backup_seal_no": "P-2"}
    sealed = client.post(f"/api/v1/samples/{sample_id}/seals", json=seals, headers=sampler)
    assert sealed.status_code == 201
    numbers = [portion["portion_no"] for portion in sealed.json["portions"]]
    assert sealed.json["portions"][0]["quantity"] == "2.0"
    offered = client.post(
        "/api/v1/hand-overs",
        json={"portion_nos": numbers, "to_organisation_id": str(team.lab_id), "consignment_no": "SF-77"},
        headers=sampler,
    )
    assert (offered.status_code, offered.json["way"], offered.json["state"]) == (201, "courier", "offered")
    scans = [{"portion_no": number, "seal_intact": True} for number in numbers]
    address = f"/api/v1/hand-overs/{offered.json['id']}"
    cold = client.post(f"{address}/confirmation", json={"scans": scans}, headers=custodian)
    assert (cold.status_code, list(cold.json["errors"])) == (422, ["celsius"])
    taken = client.post(f"{address}/confirmation", json={"scans": scans, "celsius": "-18.0"}, headers=custodian)
    assert (taken.status_code, taken.json["state"], taken.json["celsius"]) == (201, "confirmed", "-18.0")
    assert taken.json["exceptions"] == []
    received = client.post(
        f"/api/v1/samples/{sample_id}/reception", json=ALL_GOOD | {"accepted": True}, headers=custodian
    )
    assert (received.status_code, received.json["accepted"]) == (201, True)
    coded = client.post(f"/api/v1/samples/{sample_id}/blind-code", json={"blindness": "repacked"}, headers=custodian)
    assert coded.status_code == 201
    assert is_blind_code(coded.json["code"])
    place = client.post("/api/v1/storage-places", json={"code": "S", "name": "楼", "level": "site"}, headers=custodian)
    assert place.status_code == 201
    moved = client.post("/api/v1/storage-moves", json={"portion_no": numbers[1], "place_code": "s"}, headers=custodian)
    assert moved.json["place_id"] == place.json["id"]
    found = client.get(f"/api/v1/portions?code={numbers[1]}", headers=custodian)
    assert found.json["place"] == ["S"]
    assert [step["kind"] for step in found.json["trail"]] == ["sealed", "consigned", "handed_over"]
    by_blind_code = client.get(f"/api/v1/portions?code={coded.json['code']}", headers=custodian)
    assert by_blind_code.json["portion_no"] == numbers[0]
    session.expire_all()
    assert session.get_one(Sample, sample_id).state is SampleState.RECODED
    assert [one["code"] for one in client.get("/api/v1/storage-places", headers=custodian).json] == ["S"]


def test_the_same_request_twice_acts_once(client, session, team):
    _sample_id, numbers = make_sealed_sample(team)
    headers = bearer(team.samplers[0]) | {"Idempotency-Key": secrets.token_hex(8)}
    body = {"portion_nos": numbers, "to_organisation_id": str(team.lab_id)}
    first = client.post("/api/v1/hand-overs", json=body, headers=headers)
    second = client.post("/api/v1/hand-overs", json=body, headers=headers)
    assert first.json == second.json
    assert second.headers["Idempotent-Replayed"] == "true"
    assert session.scalar(sa.select(sa.func.count()).select_from(HandOver)) == 1


def test_hand_overs_come_in_pages_newest_first(client, session, team, frozen_clock, monkeypatch):
    monkeypatch.setattr("chain_of_custody.api.hand_overs.PAGE", 2)
    offers = [str(make_offer(team, make_sealed_sample(team)[1])) for _ in range(5)]
    headers = bearer(team.custodian)
    seen, cursor = [], None
    while cursor is not None or not seen:
        page = client.get("/api/v1/hand-overs", query_string={"cursor": cursor} if cursor else {}, headers=headers)
        seen += [item["id"] for item in page.json["items"]]
        cursor = page.json["next_cursor"]
    assert sorted(seen) == sorted(offers)
    assert len(set(seen)) == 5
    assert client.get("/api/v1/hand-overs?state=confirmed", headers=headers).json["items"] == []
    for odd in ("x", "2026-01-01,nothing", "%00", "2026-01-01T00:00:00,00000000-0000-0000-0000-000000000000"):
        assert client.get(f"/api/v1/hand-overs?cursor={odd}", headers=headers).status_code == 422


def test_an_offer_is_withdrawn_and_an_exception_resolved(client, session, team):
    _sample_id, numbers = make_sealed_sample(team)
    sampler, custodian = bearer(team.samplers[0]), bearer(team.custodian)
    offer_id = make_offer(team, numbers)
    withdrawn = client.post(f"/api/v1/hand-overs/{offer_id}/withdrawal", headers=sampler)
    assert (withdrawn.status_code, withdrawn.json["state"]) == (201, "withdrawn")
    assert client.post(f"/api/v1/hand-overs/{offer_id}/withdrawal", headers=sampler).status_code == 409
    again = make_offer(team, numbers)
    scans = {"scans": [{"portion_no": numbers[0], "seal_intact": False}]}
    taken = client.post(f"/api/v1/hand-overs/{again}/confirmation", json=scans, headers=custodian).json
    assert sorted(one["kind"] for one in taken["exceptions"]) == ["broken", "missing"]
    address = f"/api/v1/hand-overs/exceptions/{taken['exceptions'][0]['id']}/resolution"
    resolved = client.post(address, json={"resolution": "次日补送"}, headers=sampler)
    assert (resolved.status_code, resolved.json["resolution"]) == (201, "次日补送")
    assert client.post(address, json={"resolution": "再次"}, headers=custodian).status_code == 409


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("samples/{sample}/seals", {"test_seal_no": "\0"}),
        ("samples/{sample}/seals", {"test_seal_no": "x" * 61}),
        ("samples/{sample}/seals", {"test_seal_no": "x", "more": 1}),
        ("samples/{sample}/seals", {"test_seal_no": " "}),
        ("hand-overs", {"portion_nos": [], "to_organisation_id": "00000000-0000-0000-0000-000000000000"}),
        ("hand-overs", {"portion_nos": ["a"] * 201, "to_organisation_id": "00000000-0000-0000-0000-000000000000"}),
        ("hand-overs", {"portion_nos": ["a\0"], "to_organisation_id": "00000000-0000-0000-0000-000000000000"}),
        ("hand-overs", {"portion_nos": ["a"], "to_organisation_id": "nobody"}),
    ],
)
def test_malformed_requests_of_samplers_are_problems(client, session, team, path, body):
    address = f"/api/v1/{path.format(sample=make_sample(team))}"
    refused = client.post(address, json=body, headers=bearer(team.samplers[0]))
    assert refused.status_code == 422
    assert refused.content_type == "application/problem+json"


@pytest.mark.parametrize("celsius", ["Infinity", "1e400", "NaN", "warm", "300", "\0"])
def test_no_load_has_such_a_temperature(client, session, team, celsius):
    _sample_id, numbers = make_sealed_sample(team)
    body = {"scans": [{"portion_no": numbers[0], "seal_intact": True}], "celsius": celsius}
    address = f"/api/v1/hand-overs/{make_offer(team, numbers)}/confirmation"
    assert client.post(address, json=body, headers=bearer(team.custodian)).status_code == 422


def test_a_refusal_needs_its_reason_and_an_acceptance_good_checks(client, session, team):
    sample_id = make_arrived_sample(team)
    address, headers = f"/api/v1/samples/{sample_id}/reception", bearer(team.custodian)
    bad = ALL_GOOD | {"papers_match": False}
    assert client.post(address, json=bad | {"accepted": True}, headers=headers).status_code == 422
    assert client.post(address, json=bad | {"accepted": False}, headers=headers).status_code == 422
    written = client.post(address, json=bad | {"accepted": False, "refusal_reason": "不符"}, headers=headers)
    assert (written.status_code, written.json["refusal_reason"]) == (201, "不符")
    assert client.post(address, json=ALL_GOOD | {"accepted": True}, headers=headers).status_code == 409


def test_only_whose_it_is_acts_and_the_bench_knows_no_label(client, session, team):
    sample_id, code = make_recoded_sample(team)
    number = session.scalars(sa.text("SELECT portion_no FROM portion ORDER BY portion_no")).first()
    tester = bearer(team.tester)
    for asked in (number, code):
        assert client.get(f"/api/v1/portions?code={asked}", headers=tester).status_code == 404
    assert client.get(f"/api/v1/samples/{sample_id}/portions", headers=tester).status_code == 404
    assert client.get(f"/api/v1/samples/{sample_id}/portions", headers=bearer(team.planner)).status_code == 200
    assert client.post(f"/api/v1/samples/{sample_id}/blind-code", json={"blindness": "open"}).status_code == 401
    for path, body in (
        (f"samples/{sample_id}/blind-code", {"blindness": "open"}),
        (f"samples/{sample_id}/reception", ALL_GOOD | {"accepted": True}),
    ):
        assert client.post(f"/api/v1/{path}", json=body, headers=tester).status_code == 403
        assert client.post(f"/api/v1/{path}", json=body, headers=bearer(make_team().custodian)).status_code == 404
    assert session.scalar(sa.select(sa.func.count()).select_from(CustodyEntry)) == 4
