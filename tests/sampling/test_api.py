"""A program goes from a plan to a sample without a page."""

import base64
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims.actors import OrganisationKind
from lims.auth.permissions import Role
from lims.clock import SimulatedClock
from sampling.models import Sample, SamplingTask
from sampling.rules.draw import commit
from tests.factories.people import make_organisation, make_person
from tests.factories.pictures import jpeg, png
from tests.factories.sampling import LEEK, VEGETABLES, Team, make_business, make_sample, make_task, make_team
from tests.factories.web import bearer

API = "/api/v1"
SECRETS = {"局机关纪委": "1" * 64, "消费者协会": "2" * 64, "人大代表联络站": "3" * 64}
PLAN = {
    "title_zh": "蔬菜专项",
    "title_en": "Vegetables",
    "year": 2026,
    "kind": "special",
    "task_category": "supervision",
    "report_class_a": "抽检监测（县级本级）",
    "report_class_b": "2026年县级食品抽检",
    "budget": 2,
}
FORM: dict[str, Any] = {
    "place_kind": "supermarket",
    "area_type": "urban",
    "region_code": "371402",
    "party_name": "清河县惠民超市",
    "party_address": "清河县人民路1号",
    "party_contact": "王芳",
    "product_name": "韭菜",
    "product_type": "produce",
    "source": "purchased",
    "packaging": "bulk",
    "product_date": "2026-09-13",
    "date_kind": "purchased",
    "physical_form": "solid",
    "container": "plastic_bag",
    "storage_condition": "ambient",
    "sampled_qty": "3.0",
    "backup_qty": "1.0",
    "quantity_unit": "kg",
    "paid_amount": "12.60",
    "supplier_name": "清河蔬菜批发行",
    "place_of_origin": "山东省德州市",
    "site_check": "现场检查未见异常",
}


@pytest.fixture
def team(session: Session) -> Team:
    return make_team()


def submission(**form: Any) -> dict[str, Any]:
    drawn = base64.b64encode(png()).decode()
    signers = ("first_sampler", "second_sampler", "accompanying_officer", "sampled_party")
    return {
        "form": FORM | form,
        "photos": [{"kind": "sample", "content": base64.b64encode(jpeg()).decode()}],
        "signatures": [{"signer": signer, "png": drawn} for signer in signers],
    }


def test_from_a_plan_to_a_sample(client: FlaskClient, session: Session, team: Team, frozen_clock: SimulatedClock):
    for _ in range(3):
        make_business(team.regulator_id)
    planner, approver = bearer(team.planner), bearer(make_person(team.regulator_id, Role.PLANNER))

    def post(path: str, body: dict[str, Any] | None = None, who: dict[str, str] = planner) -> Any:
        answer = client.post(f"{API}{path}", json=body, headers=who)
        assert answer.status_code == 201, answer.text
        return answer.json

    plan = post("/plans", PLAN)["id"]
    post(
        f"/plans/{plan}/categories",
        {
            "category_code": VEGETABLES,
            "mode": "external",
            "sampling_organisation_id": str(team.sampling_organisation_id),
            "lab_id": str(team.lab_id),
        },
    )
    stratum = {"food_category_code": LEEK, "place_kind": "supermarket", "population": 3, "statutory": 1}
    lines = post(f"/plans/{plan}/lines", {"strata": [stratum]})["items"]
    assert (lines[0]["samples"], sum(lines[0]["parts"].values())) == (2, 2)
    assert post(f"/plans/{plan}/approval", who=approver)["state"] == "approved"
    name = post(f"/plans/{plan}/draw/ceremony", {"beacon_source": "3D"})["draw_name"]
    for party, secret in SECRETS.items():
        post(f"/plans/{plan}/draw/commitments", {"party": party, "commitment": commit(name, secret)})
    assert len(post(f"/plans/{plan}/draw/freeze")["frame_root"]) == 64
    frozen_clock.move_to(frozen_clock.now() + timedelta(hours=3))
    for party, secret in SECRETS.items():
        post(f"/plans/{plan}/draw/secrets", {"party": party, "secret": secret})
    fixed_at = (frozen_clock.now() - timedelta(minutes=5)).isoformat()
    post(f"/plans/{plan}/draw", {"beacon_value": "417", "fixed_at": fixed_at, "days": ["2026-09-14"]})
    sampler = bearer(team.samplers[0])
    stops = client.get(f"{API}/tasks", headers=sampler).json["items"]
    assert len(stops) == 2
    first, second = (stop["task"]["id"] for stop in stops)
    body = submission() | {"food_category_code": LEEK}
    keyed = sampler | {"Idempotency-Key": "form-1"}
    made = client.post(f"{API}/tasks/{first}/form", json=body, headers=keyed)
    assert made.status_code == 201, made.text
    again = client.post(f"{API}/tasks/{first}/form", json=body, headers=keyed)
    assert (again.json["id"], again.headers["Idempotent-Replayed"]) == (made.json["id"], "true")
    assert client.get(f"{API}/samples/{made.json['id']}", headers=sampler).json["product_name"] == "韭菜"
    ended = post(f"/tasks/{second}/end", {"reason": "closed"}, who=sampler)
    assert ended["replacement"]["state"] == "issued"
    listed = client.get(f"{API}/plans/{plan}/tasks?state=not_sampled", headers=planner).json
    assert [task["id"] for task in listed["items"]] == [second]


def test_a_list_of_samples_goes_on_where_it_stopped(client: FlaskClient, session: Session, team: Team, monkeypatch):
    monkeypatch.setattr("sampling.queries.PAGE", 2)
    made = {str(make_sample(team)) for _ in range(3)}
    who, seen, cursor = bearer(team.planner), [], ""
    while cursor is not None:
        page = client.get(f"{API}/samples", query_string={"cursor": cursor} if cursor else {}, headers=who).json
        seen += [sample["id"] for sample in page["items"]]
        cursor = page["next_cursor"]
    assert sorted(seen) == sorted(made)
    number = session.scalars(sa.select(Sample.sampling_no).limit(1)).one()
    found = client.get(f"{API}/samples", query_string={"number": number}, headers=who).json["items"]
    assert [sample["sampling_no"] for sample in found] == [number]


@pytest.mark.parametrize(
    "changed",
    [
        {"form": FORM | {"party_name": "\0"}},
        {"form": FORM | {"sampled_qty": "1e999999"}},
        {"form": FORM | {"sampled_qty": "-1"}},
        {"form": FORM | {"region_code": "999999"}},
        {"form": FORM | {"unknown": 1}},
        {"photos": [{"kind": "sample", "content": "%%%"}]},
        {"photos": [{"kind": "sample", "content": ""}]},
        {"signatures": []},
        {"food_category_code": "99-99"},
        {"food_category_code": "1-1"},
    ],
)
def test_a_malformed_form_is_a_problem_and_makes_no_sample(
    client: FlaskClient, session: Session, team: Team, changed: dict[str, Any]
):
    task_id = make_task(team)
    answer = client.post(f"{API}/tasks/{task_id}/form", json=submission() | changed, headers=bearer(team.samplers[0]))
    assert answer.status_code == 422, answer.text
    assert answer.content_type == "application/problem+json"
    assert session.scalar(sa.select(sa.func.count()).select_from(Sample)) == 0


def test_a_register_and_its_signals_are_kept_by_programs(client: FlaskClient, session: Session, team: Team):
    who = bearer(team.planner)
    business = {
        "name": "清河县惠民超市",
        "address": "人民路1号",
        "region_code": "371402",
        "area_type": "urban",
        "place_kind": "supermarket",
        "regulator_id": str(team.regulator_id),
        "food_category_codes": [LEEK],
    }
    made = client.post(f"{API}/businesses", json=business, headers=who)
    assert made.status_code == 201, made.text
    listed = client.get(f"{API}/businesses?q=惠民", headers=who).json["items"]
    assert [row["id"] for row in listed] == [made.json["id"]]
    signal = {"kind": "complaint", "text": "异味", "weight": 10, "expires_on": "2026-10-01", "food_category_code": LEEK}
    taken = client.post(f"{API}/signals", json=signal, headers=who).json
    path = f"{API}/signals/{taken['id']}"
    assert client.post(f"{path}/confirmation", headers=who).json["confirmed_at"] is not None
    assert client.post(f"{path}/dismissal", json={"reason": "重复"}, headers=who).status_code == 409
    assert len(client.get(f"{API}/signals", headers=who).json["items"]) == 1


def test_nobody_reads_or_writes_what_is_not_theirs(client: FlaskClient, session: Session, team: Team):
    task_id, sample_id = make_task(team), make_sample(team)
    plan_id = session.get_one(SamplingTask, task_id).plan_id
    stranger = bearer(make_person(make_organisation(OrganisationKind.REGULATOR), Role.PLANNER, Role.SAMPLER))
    for path in (f"/plans/{plan_id}", f"/plans/{plan_id}/tasks", f"/tasks/{task_id}", f"/samples/{sample_id}"):
        assert client.get(f"{API}{path}", headers=stranger).status_code == 404
    assert client.post(f"{API}/tasks/{task_id}/form", json=submission(), headers=stranger).status_code == 404
    assert client.get(f"{API}/samples/{sample_id}", headers=bearer(team.tester)).status_code == 403
    assert client.get(f"{API}/samples").status_code == 401
    assert client.get(f"{API}/plans?cursor=x", headers=bearer(team.planner)).status_code == 422


@pytest.mark.parametrize(
    "shares", ["neyman=1e999999999", "neyman=NaN", "neyman=-1,risk=2", "neyman=0.33333333333,risk=1", "x"]
)
def test_shares_that_no_person_means_are_a_problem(client: FlaskClient, session: Session, team: Team, shares: str):
    answer = client.post(f"{API}/plans", json=PLAN | {"shares": shares}, headers=bearer(team.planner))
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["shares"])


def test_a_sample_is_declared_void_once_and_with_a_reason(client: FlaskClient, session: Session, team: Team):
    sample_id = make_sample(team)
    url, headers = f"{API}/samples/{sample_id}/void", bearer(team.samplers[0])
    assert client.post(url, json={"reason": ""}, headers=headers).status_code == 422
    done = client.post(url, json={"reason": "封条被挂破"}, headers=headers)
    assert (done.status_code, done.json["state"]) == (201, "void")
    assert client.post(url, json={"reason": "封条被挂破"}, headers=headers).status_code == 409
    stranger = make_person(make_organisation(OrganisationKind.SAMPLING_ORG), Role.SAMPLER)
    assert client.post(url, json={"reason": "x"}, headers=bearer(stranger)).status_code == 404
