"""Cases and notices through the API."""

from datetime import timedelta

import pytest

from results.referral.types import HandlingPart
from tests.factories import referral as cases
from tests.factories.sampling import make_team
from tests.factories.web import bearer


@pytest.fixture
def case(session):
    return cases.make_case()


@pytest.fixture
def officer(case):
    return bearer(case.officer)


def test_a_program_walks_a_case_from_its_inbox_to_its_end(client, session, case, officer, frozen_clock):
    listed = client.get("/api/v1/referrals", headers=officer).json
    assert [one["id"] for one in listed["items"]] == [str(case.referral_id)]
    branch = f"/api/v1/branches/{case.branch_id}"
    assert client.post(f"{branch}/acknowledgement", headers=officer).json["state"] == "acknowledged"
    (notice,) = client.get("/api/v1/notices", headers=officer).json["items"]
    service = {"way": "direct", "served_on": "2026-09-14", "receiver": "王芳", "proof_text": "回执"}
    served = client.post(f"/api/v1/notices/{notice['id']}/service", json=service, headers=officer)
    assert (served.status_code, served.json["recheck_until"]) == (201, "2026-09-22")
    assert client.get("/api/v1/notices", headers=officer).json["items"] == []
    early = client.post(
        f"{branch}/parts/penalty",
        json={"facts": cases.COMPLETE[HandlingPart.PENALTY], "submit": True},
        headers=officer,
    )
    assert (early.status_code, early.json["code"]) == (409, "recheck_pending")
    frozen_clock.advance(timedelta(hours=23))
    officer = bearer(case.officer)
    frozen_clock.advance(timedelta(hours=23))
    for _day in range(9):
        frozen_clock.advance(timedelta(hours=20))
        officer = bearer(case.officer)
    refused = client.post(f"{branch}/closing", headers=officer)
    assert refused.json["facts"]["missing"][0] == "start"
    for part, facts in cases.COMPLETE.items():
        answer = client.post(f"{branch}/parts/{part.value}", json={"facts": facts, "submit": True}, headers=officer)
        assert answer.status_code == 201, answer.json
    assert client.post(f"{branch}/closing", headers=officer).json["state"] == "closed"
    shown = client.get(f"/api/v1/referrals/{case.referral_id}", headers=officer).json
    assert shown["closed_at"] is not None
    assert [one["state"] for one in shown["branches"]] == ["closed"]


def test_the_same_key_acknowledges_once(client, case, officer):
    path = f"/api/v1/branches/{case.branch_id}/acknowledgement"
    first = client.post(path, headers=officer | {"Idempotency-Key": "a"})
    again = client.post(path, headers=officer | {"Idempotency-Key": "a"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert client.post(path, headers=officer).status_code == 409


def test_a_stranger_and_a_planner_change_nothing(client, case):
    stranger, planner = bearer(cases.make_officer(make_team())), bearer(case.team.planner)
    path = f"/api/v1/branches/{case.branch_id}/acknowledgement"
    assert client.post(path, headers=stranger).status_code == 404
    assert client.post(path, headers=planner).status_code == 403
    assert client.post(path).status_code == 401
    assert client.get(f"/api/v1/referrals/{case.referral_id}", headers=stranger).status_code == 404
    assert client.get("/api/v1/referrals", headers=stranger).json["items"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("branches/{branch}/parts/start", {"facts": {"start_document": "a\0b"}, "submit": False}),
        ("branches/{branch}/parts/start", {"facts": {"nonsense": "1"}, "submit": False}),
        ("branches/{branch}/parts/start", {"facts": {"start_document": "x" * 2001}, "submit": False}),
        ("branches/{branch}/return", {"reason": "\0"}),
        ("branches/{branch}/return", {"reason": "x" * 501}),
        ("branches/{branch}/dispatch", {"station_id": "x"}),
        ("branches/{branch}/transfer", {"to_regulator": "x", "letter_no": "1"}),
        ("notices/{notice}/service", {"way": "owl", "served_on": "2026-09-14", "receiver": "a", "proof_text": "b"}),
        ("notices/{notice}/service", {"way": "post", "served_on": "9999-12-31", "receiver": "a", "proof_text": "b"}),
        ("referrals/{referral}/urgency", {"reason": "", "more": 1}),
    ],
)
def test_what_cannot_be_kept_is_refused_as_input(client, case, officer, path, body):
    client.post(f"/api/v1/branches/{case.branch_id}/acknowledgement", headers=officer)
    notice = cases.notices_of(case.sample_id)[0]
    where = path.format(branch=case.branch_id, notice=notice, referral=case.referral_id)
    assert client.post(f"/api/v1/{where}", json=body, headers=officer).status_code == 422


def test_a_cursor_that_was_not_given_leads_nowhere(client, officer):
    assert client.get("/api/v1/referrals?cursor=nonsense", headers=officer).status_code == 422
