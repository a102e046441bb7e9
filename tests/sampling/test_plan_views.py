"""The planner's pages: from an empty plan to issued tasks, with everything in between refused in words."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims.actors import OrganisationKind
from lims.auth.permissions import Role
from lims.catalog.load import category_id
from lims.clock import SimulatedClock
from lims.people.services import accredit
from lims.uow import unit_of_work
from sampling.models import Business, RandomDraw, SamplingPlan, SamplingTask, Signal
from sampling.rules.draw import commit
from sampling.rules.draw_record import verify_bytes
from sampling.types import PlanState, TaskState
from tests.factories.people import make_organisation, make_person
from tests.factories.sampling import LEEK, VEGETABLES, Team, make_business, make_team
from tests.factories.web import csrf_token, log_in

REST = {
    "task_category": "supervision",
    "report_class_a": "抽检监测（县级本级）",
    "report_class_b": "2026年县级食品抽检",
    "pick_round_id": "",
}
SECRETS = {"局机关纪委": "1" * 64, "消费者协会": "2" * 64, "人大代表联络站": "3" * 64}


@pytest.fixture
def team(session: Session) -> Team:
    made = make_team()
    with unit_of_work(made.planner.actor) as uow:
        accredit(
            uow,
            made.lab_id,
            scheme="CMA",
            certificate_no="241500000001",
            scope="食品",
            valid_from=uow.now.date() - timedelta(days=30),
            valid_to=uow.now.date() + timedelta(days=300),
        )
    return made


@pytest.fixture
def desk(client: FlaskClient, team: Team) -> FlaskClient:
    client.set_cookie("lims_locale", "en")
    return log_in(client, team.planner)


def post(client: FlaskClient, page: str, body: dict[str, Any] | None = None, *, form: str | None = None):
    return client.post(page, data={"csrf_token": csrf_token(client, form or page)} | (body or {}))


def begin(desk: FlaskClient, **changes: Any) -> UUID:
    body = {
        "title_zh": "蔬菜专项",
        "title_en": "Vegetables",
        "year": "2026",
        "kind": "special",
        "budget": "2",
        "precision_share": "40",
        "risk_share": "40",
        "votes_share": "20",
    }
    answer = post(desk, "/plan/new", body | REST | changes)
    assert answer.status_code == 303, answer.text
    return UUID(answer.location.rsplit("/", 1)[1])


def set_parties(desk: FlaskClient, team: Team, plan_id: UUID, **changes: Any):
    body = {
        "category_id": str(category_id(VEGETABLES)),
        "mode": "external",
        "sampling_organisation_id": str(team.sampling_organisation_id),
        "lab_id": str(team.lab_id),
    }
    return post(desk, f"/plan/{plan_id}/category", body | changes)


def compute(desk: FlaskClient, plan_id: UUID, **changes: Any):
    body = {"lines-0-food": LEEK, "lines-0-place_kind": "supermarket", "lines-0-statutory": "1"}
    return post(desk, f"/plan/{plan_id}/lines", body | changes)


def approved(client: FlaskClient, desk: FlaskClient, team: Team) -> UUID:
    plan_id = begin(desk)
    assert set_parties(desk, team, plan_id).status_code == 303
    assert compute(desk, plan_id).status_code == 303
    log_in(client, make_person(team.regulator_id, Role.PLANNER))
    assert post(client, f"/plan/{plan_id}/approve", form=f"/plan/{plan_id}").status_code == 303
    return plan_id


def test_shares_are_given_and_shown_as_a_whole_of_percents(desk: FlaskClient, session: Session):
    body = {"title_zh": "甲", "title_en": "A", "precision_share": "50", "risk_share": "40", "votes_share": "20"}
    refused = post(desk, "/plan/new", body | {"year": "2026", "budget": "2", "kind": "special"} | REST)
    assert refused.status_code == 422
    assert "The shares are 50 + 40 + 20 = 110 %, expected 100 %." in refused.text
    assert 'value="50"' in refused.text
    plan_id = begin(desk, precision_share="30", risk_share="70", votes_share="0")
    assert "precision 30 %, risk 70 %" in desk.get(f"/plan/{plan_id}").text
    assert session.get_one(SamplingPlan, plan_id).shares == {"text": "neyman=0.3,risk=0.7,votes=0"}


@pytest.mark.parametrize(("locale", "words"), [("en", "No plans yet"), ("zh_Hans_CN", "还没有计划")])
def test_a_planner_without_plans_is_told_what_to_do(desk: FlaskClient, locale, words):
    desk.set_cookie("lims_locale", locale)
    assert words in desk.get("/plan/").text


@pytest.fixture
def drawn(client: FlaskClient, desk: FlaskClient, session: Session, team: Team, frozen_clock: SimulatedClock) -> UUID:
    """A plan that went from nothing to issued tasks by its pages."""
    for _ in range(4):
        make_business(team.regulator_id)
    plan_id = approved(client, desk, team)
    draw = f"/plan/{plan_id}/draw"
    assert post(client, f"{draw}/open", {"beacon_source": "3D"}, form=draw).status_code == 303
    name = session.scalar(sa.text("SELECT draw_name FROM draw_ceremony"))
    for party, secret in SECRETS.items():
        body = {"party": party, "commitment": commit(str(name), secret)}
        assert post(client, f"{draw}/commit", body, form=draw).status_code == 303
    assert post(client, f"{draw}/close", form=draw).status_code == 303
    frozen_clock.move_to(frozen_clock.now() + timedelta(hours=3))
    for party, secret in SECRETS.items():
        assert post(client, f"{draw}/reveal", {"party": party, "secret": secret}, form=draw).status_code == 303
    hold = {"beacon_value": "417", "fixed_at": "2026-09-14T11:30", "first_day": "2026-09-15", "last_day": "2026-09-18"}
    assert post(client, f"{draw}/hold", hold, form=draw).status_code == 303
    session.expire_all()
    return plan_id


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_a_drawn_plan_shows_its_visits_and_keeps_its_record_sealed(
    client: FlaskClient, session: Session, drawn: UUID, locale
):
    client.set_cookie("lims_locale", locale)
    plan_id, draw = drawn, f"/plan/{drawn}/draw"
    tasks = session.scalars(sa.select(SamplingTask).where(SamplingTask.plan_id == plan_id)).all()
    assert len(tasks) == 2
    for page in ("/plan/", f"/plan/{plan_id}", f"/plan/{plan_id}/tasks", draw):
        assert client.get(page).status_code == 200
    assert tasks[0].task_no in client.get(f"/plan/{plan_id}/tasks").text
    draw_id = session.scalars(sa.select(RandomDraw.id)).one()
    assert client.get(f"/plan/draw-records/{draw_id}.json").status_code == 404
    assert client.get(draw).status_code == 200


def test_a_published_record_is_verified_by_anybody(client: FlaskClient, session: Session, team: Team, drawn: UUID):
    draw = session.scalars(sa.select(RandomDraw)).one()
    page = f"/plan/{draw.plan_id}/draw"
    assert "Publish the record" not in client.get(page).text, "visits are still to be made"
    assert post(client, f"{page}/publish", form=page).status_code == 303
    session.expire_all()
    assert session.get_one(RandomDraw, draw.id).published_at is None
    assert post(client, f"/plan/{draw.plan_id}/close", form=page).status_code == 303
    for task in session.scalars(sa.select(SamplingTask)):
        withdrawal = f"/plan/tasks/{task.id}/withdraw"
        assert post(client, withdrawal, {"reason": "计划调整"}, form=page).status_code == 303
    post(client, f"{page}/publish", form=page)
    assert post(client, f"/plan/{draw.plan_id}/close", form=page).status_code == 303
    session.expire_all()
    assert set(session.scalars(sa.select(SamplingTask.state))) == {TaskState.WITHDRAWN}
    assert session.get_one(SamplingPlan, draw.plan_id).state is PlanState.CLOSED
    client.delete_cookie("lims_session")
    record = client.get(f"/plan/draw-records/{draw.id}.json")
    assert record.status_code == 200
    assert verify_bytes(record.data) == []


def test_who_made_a_plan_is_told_that_another_approves_it(desk: FlaskClient, session: Session, team: Team):
    plan_id = begin(desk)
    set_parties(desk, team, plan_id)
    compute(desk, plan_id)
    page = desk.get(f"/plan/{plan_id}").text
    assert "Whoever made a plan does not approve it." in page
    assert "2 = 1 statutory" in page
    assert post(desk, f"/plan/{plan_id}/approve", form=f"/plan/{plan_id}/lines").status_code == 303
    session.expire_all()
    assert session.get_one(SamplingPlan, plan_id).approved_at is None


def test_the_page_says_who_is_free_and_why_not(desk: FlaskClient, team: Team):
    make_organisation(OrganisationKind.LAB)
    plan_id = begin(desk)
    page = desk.get(f"/plan/{plan_id}/category").text
    assert "is no laboratory" in page
    assert "has no accreditation in force today" in page
    assert "employs 0 authorised samplers, a team needs two" in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lines-0-food": "99-99"}, "there is no food category 99-99"),
        ({"lines-0-floor": "5"}, "budget"),
        ({"lines-0-food": ""}, "at least one stratum"),
        ({"lines-0-statutory": "x"}, "Lines"),
    ],
)
def test_lines_that_cannot_be_computed_come_back_with_what_was_typed(
    desk: FlaskClient, team: Team, changes: dict[str, str], words: str
):
    plan_id = begin(desk)
    set_parties(desk, team, plan_id)
    answer = compute(desk, plan_id, **{"lines-0-tests": "77"} | changes)
    assert answer.status_code in {409, 422}
    assert words in answer.text
    assert 'value="77"' in answer.text


def test_a_wrong_commitment_and_a_wrong_secret_are_told_at_their_field(
    client: FlaskClient, desk: FlaskClient, team: Team
):
    for _ in range(2):
        make_business(team.regulator_id)
    plan_id = approved(client, desk, team)
    draw = f"/plan/{plan_id}/draw"
    assert post(client, f"{draw}/open", {"beacon_source": "3D"}, form=draw).status_code == 303
    wrong = post(client, f"{draw}/commit", {"party": "局", "commitment": "abc"}, form=draw)
    assert wrong.status_code == 422
    assert "A commitment is 64 digits" in wrong.text
    for party in SECRETS:
        post(client, f"{draw}/commit", {"party": party, "commitment": "a" * 64}, form=draw)
    again = post(client, f"{draw}/commit", {"party": "消费者协会", "commitment": "b" * 64}, form=draw)
    assert again.status_code == 409
    assert post(client, f"{draw}/close", form=draw).status_code == 303
    refused = post(client, f"{draw}/reveal", {"party": "消费者协会", "secret": "2" * 64}, form=draw)
    assert refused.status_code == 422
    assert "does not open its commitment" in refused.text


def test_a_stranger_finds_no_plan_and_a_sampler_no_page(
    client: FlaskClient, desk: FlaskClient, session: Session, team: Team
):
    plan_id = begin(desk)
    log_in(client, make_person(make_organisation(OrganisationKind.REGULATOR), Role.PLANNER))
    for page in ("", "/category", "/lines", "/draw", "/tasks"):
        assert client.get(f"/plan/{plan_id}{page}").status_code == 404
    log_in(client, team.samplers[0])
    assert client.get("/plan/").status_code == 403


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_a_business_is_registered_found_and_closed(desk: FlaskClient, session: Session, team: Team, locale):
    desk.set_cookie("lims_locale", locale)
    body = {
        "name": "清河县惠民超市",
        "address": "人民路1号",
        "region_code": "371402",
        "area_type": "urban",
        "place_kind": "supermarket",
        "regulator_id": str(team.regulator_id),
        "foods": f"{LEEK}，34-9",
    }
    refused = post(desk, "/plan/businesses/new", body | {"foods": "99-99"})
    assert refused.status_code == 422
    assert "惠民超市" in refused.text
    made = post(desk, "/plan/businesses/new", body)
    assert made.status_code == 303
    assert "34-9" in desk.get(made.location).text
    assert "惠民超市" in desk.get("/plan/businesses?q=惠民").text
    assert post(desk, f"{made.location}/close", form=made.location).status_code == 303
    session.expire_all()
    assert session.scalars(sa.select(Business.closed_on).where(Business.name == "清河县惠民超市")).one() is not None


def test_a_signal_counts_once_a_person_confirmed_it(desk: FlaskClient, session: Session, team: Team):
    body = {"kind": "complaint", "text": "韭菜有异味", "weight": "20", "expires_on": "2026-10-01", "food": LEEK}
    assert post(desk, "/plan/signals", body | {"expires_on": "2026-01-01"}).status_code == 422
    for _ in range(2):
        assert post(desk, "/plan/signals", body).status_code == 303
    first, second = session.scalars(sa.select(Signal.id).order_by(Signal.id))
    assert post(desk, f"/plan/signals/{first}/confirm", form="/plan/signals").status_code == 303
    assert post(desk, f"/plan/signals/{second}/dismiss", {"reason": "重复"}, form="/plan/signals").status_code == 303
    post(desk, f"/plan/signals/{first}/dismiss", {"reason": "重复"}, form="/plan/signals")
    session.expire_all()
    assert session.get_one(Signal, first).dismissed_reason is None
    assert session.get_one(Signal, second).dismissed_reason == "重复"
    assert "重复" in desk.get("/plan/signals").text
