"""A program goes from a blind code to a signed conclusion, as three persons, and is refused as people are."""

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims.people.models import LoginAttempt
from results.models import Conclusion, ItemResult, TestReport
from results.types import TestSetState
from sampling.models import Sample, SamplingForm
from tests.factories.people import PASSWORD
from tests.factories.results import STATED, make_locked_set, make_report, make_test_set
from tests.factories.sampling import Team, make_team
from tests.factories.web import bearer

API = "/api/v1"


@pytest.fixture
def team(session: Session) -> Team:
    return make_team()


def entries_of(shown: dict, text: str = "未检出") -> list[dict[str, str]]:
    entries = []
    for line in shown["lines"]:
        if line["limit_state"] != "found":
            entries.append({"line_id": line["id"], "text": "/", "untested_reason": "限量未载入"})
        else:
            stated = STATED if text == "未检出" and line["lod"] is None else text
            entries.append({"line_id": line["id"], "text": stated})
    return entries


@pytest.mark.parametrize(("text", "verdict"), [("未检出", "pass"), ("9.1", "fail")])
def test_a_program_goes_from_a_blind_code_to_a_signed_conclusion(
    client: FlaskClient, session: Session, team: Team, text: str, verdict: str
) -> None:
    code = make_test_set(team).blind_code
    tester, reviewer, signatory = (bearer(who) for who in (team.tester, team.reviewer, team.signatory))
    listed = client.get(f"{API}/test-sets?state=open", headers=tester).json
    assert [one["blind_code"] for one in listed["items"]] == [code]
    shown = client.get(f"{API}/test-sets/{code.lower()}", headers=tester).json
    entered = client.post(f"{API}/test-sets/{code}/results", json={"entries": entries_of(shown, text)}, headers=tester)
    assert entered.status_code == 201
    assert all(line["result"]["verdict"] for line in entered.json["lines"])
    for line in entered.json["lines"]:
        if line["result"]["verdict"] == "fail":
            again = {"line_id": line["id"], "text": text}
            assert client.post(f"{API}/test-sets/{code}/retests", json=again, headers=tester).status_code == 201
    locked = client.post(f"{API}/test-sets/{code}/lock", headers=reviewer)
    assert locked.status_code == 201
    composed = client.post(f"{API}/reports", json={"blind_code": code}, headers=signatory)
    assert (composed.status_code, composed.json["verdict"]) == (201, verdict)
    report = f"{API}/reports/{composed.json['id']}"
    assert client.get(f"{report}/pdf", headers=signatory).data.startswith(b"%PDF-")
    body = {"pdf_sha256": composed.json["pdf_sha256"], "password": PASSWORD}
    signed = client.post(f"{report}/signature", json=body, headers=signatory)
    assert (signed.status_code, signed.json["verdict"]) == (201, verdict)
    assert (signed.json["referral_id"] is not None) == (verdict == "fail")
    checked = client.get(f"{API}/checks/{composed.json['check_code']}").json
    assert checked["standing"] == "current"
    assert client.get(report, headers=bearer(team.planner)).json["id"] == composed.json["id"]


def test_the_blind_set_tells_nothing_of_whose_sample_it_is(client: FlaskClient, session: Session, team: Team) -> None:
    made = make_test_set(team, party_name="鲸落超市", brand="鲸落牌", product_name="鲸落韭菜")
    number = session.scalar(sa.select(Sample.sampling_no).where(Sample.id == made.sample_id))
    text = client.get(f"{API}/test-sets/{made.blind_code}", headers=bearer(team.tester)).get_data(as_text=True)
    listed = client.get(f"{API}/test-sets", headers=bearer(team.tester)).get_data(as_text=True)
    for secret in ("鲸落", number, str(made.sample_id)):
        assert secret not in text + listed
    assert session.get_one(SamplingForm, made.sample_id).brand == "鲸落牌"


def test_wrong_results_are_named_by_line_and_nothing_is_entered(
    client: FlaskClient, session: Session, team: Team
) -> None:
    code = make_test_set(team).blind_code
    tester = bearer(team.tester)
    lines = client.get(f"{API}/test-sets/{code}", headers=tester).json["lines"]
    body = {"entries": [{"line_id": line["id"], "text": "banana"} for line in lines[:2]]}
    refused = client.post(f"{API}/test-sets/{code}/results", json=body, headers=tester)
    assert refused.status_code == 422
    assert set(refused.json["facts"]["lines"]) == {line["id"] for line in lines[:2]}
    assert session.scalar(sa.select(sa.func.count()).select_from(ItemResult)) == 0


def test_a_repeated_request_enters_once(client: FlaskClient, session: Session, team: Team) -> None:
    code = make_test_set(team).blind_code
    tester = bearer(team.tester)
    shown = client.get(f"{API}/test-sets/{code}", headers=tester).json
    headers = tester | {"Idempotency-Key": "once"}
    body = {"entries": entries_of(shown)}
    answers = [client.post(f"{API}/test-sets/{code}/results", json=body, headers=headers) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert session.scalar(sa.select(sa.func.max(ItemResult.version))) == 1


def test_a_wrong_password_signs_nothing_and_is_counted(client: FlaskClient, session: Session, team: Team) -> None:
    report = make_report(team, make_locked_set(team))
    body = {"pdf_sha256": report.pdf_sha256.hex(), "password": "wrong"}
    headers = bearer(team.signatory)
    answers = [client.post(f"{API}/reports/{report.id}/signature", json=body, headers=headers) for _ in range(6)]
    assert [one.status_code for one in answers] == [401] * 5 + [429]
    assert session.scalar(sa.select(sa.func.count()).select_from(Conclusion)) == 0
    assert session.scalar(sa.select(sa.func.count()).select_from(LoginAttempt)) == 5


def test_sets_are_paged_by_cursor(client: FlaskClient, team: Team) -> None:
    codes = {make_test_set(team).blind_code for _ in range(3)}
    tester = bearer(team.tester)
    first = client.get(f"{API}/test-sets?limit=2", headers=tester).json
    second = client.get(f"{API}/test-sets?limit=2&cursor={first['next_cursor']}", headers=tester).json
    assert {one["blind_code"] for one in first["items"] + second["items"]} == codes
    assert second["next_cursor"] is None
    assert client.get(f"{API}/test-sets?cursor=banana", headers=tester).status_code == 422


def test_a_set_goes_back_and_ends_untested_by_program(client: FlaskClient, session: Session, team: Team) -> None:
    code = make_test_set(team).blind_code
    tester, reviewer = bearer(team.tester), bearer(team.reviewer)
    assert client.post(f"{API}/test-sets/{code}/take", headers=tester).json["state"] == TestSetState.TESTING
    back = client.post(f"{API}/test-sets/{code}/return", json={"reason": "duplicate missing"}, headers=reviewer)
    assert [one["reason"] for one in back.json["returns"]] == ["duplicate missing"]
    ended = client.post(f"{API}/test-sets/{code}/give-up", json={"reason": "样品变质"}, headers=reviewer)
    assert ended.json["state"] == TestSetState.GIVEN_UP


def test_who_is_not_of_the_laboratory_is_refused(client: FlaskClient, session: Session, team: Team) -> None:
    code = make_test_set(team).blind_code
    assert client.get(f"{API}/test-sets/{code}").status_code == 401
    assert client.get(f"{API}/test-sets/{code}", headers=bearer(team.samplers[0])).status_code == 403
    assert client.get(f"{API}/test-sets/{code}", headers=bearer(make_team().tester)).status_code == 404
    assert client.post(f"{API}/test-sets/{code}/lock", headers=bearer(team.tester)).status_code == 403
    assert client.get(f"{API}/reports/{uuid4()}", headers=bearer(team.planner)).status_code == 404
    assert client.get(f"{API}/checks/NOSUCH22").status_code == 404


@pytest.mark.parametrize("text", ["a\u0000b", "x" * 401, ""])
def test_a_text_the_database_cannot_keep_is_refused(client: FlaskClient, team: Team, text: str) -> None:
    code = make_test_set(team).blind_code
    body = {"entries": [{"line_id": str(UUID(int=1)), "text": text}]}
    assert client.post(f"{API}/test-sets/{code}/results", json=body, headers=bearer(team.tester)).status_code == 422


def test_a_report_goes_back_by_program(client: FlaskClient, session: Session, team: Team) -> None:
    report = make_report(team, make_locked_set(team))
    headers = bearer(team.signatory)
    back = client.post(f"{API}/reports/{report.id}/return", json={"reason": "unit"}, headers=headers)
    assert back.status_code == 201
    body = {"pdf_sha256": report.pdf_sha256.hex(), "password": PASSWORD}
    assert client.post(f"{API}/reports/{report.id}/signature", json=body, headers=headers).status_code == 409
    assert session.scalar(sa.select(sa.func.count()).select_from(TestReport)) == 1
