"""Visits that nobody drew, within the year's standing plan."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims.auth.permissions import Role
from lims.catalog.load import category_id
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from sampling.models import PersonPlanDuty, PlanLine, SamplingPlan, SamplingTask
from sampling.services.plans import PlanInput, approve_plan, create_plan, set_category
from sampling.services.visits import VisitInput, issue_visit
from sampling.types import PlanKind, Side, TaskCategory
from tests.factories.people import make_person
from tests.factories.sampling import LEEK, VEGETABLES, Team, make_business, make_plan, make_team
from tests.factories.web import bearer, csrf_token, log_in

TODAY = date(2026, 9, 14)


@pytest.fixture
def team(session: Session) -> Team:
    return make_team()


@pytest.fixture
def standing(team: Team) -> UUID:
    with unit_of_work(team.planner.actor) as uow:
        plan = create_plan(
            uow,
            PlanInput(
                title_zh="投诉举报抽检",
                title_en="Complaints",
                year=2026,
                kind=PlanKind.COMPLAINT,
                task_category=TaskCategory.SUPERVISION,
                report_class_a="a",
                report_class_b="b",
                is_standing=True,
            ),
        )
        set_category(
            uow,
            plan.id,
            category_id(VEGETABLES),
            team.mode,
            sampling_organisation_id=team.sampling_organisation_id,
            lab_id=team.lab_id,
        )
        plan_id = plan.id
    with unit_of_work(make_person(team.regulator_id, Role.PLANNER).actor) as uow:
        approve_plan(uow, plan_id)
    return plan_id


def a_visit(team: Team, **changes: Any) -> VisitInput:
    values: dict[str, Any] = {
        "business_id": changes.pop("business_id", None) or make_business(team.regulator_id),
        "food_category_id": category_id(LEEK),
        "first_sampler_id": team.samplers[0].person_id,
        "second_sampler_id": team.samplers[1].person_id,
        "accompanying_officer_id": team.officer.person_id,
        "planned_on": TODAY,
    }
    return VisitInput(**(values | changes))


def test_a_complaint_sends_a_team_whose_side_is_claimed(session: Session, team: Team, standing: UUID):
    for _ in range(2):
        visit = a_visit(team)
        with unit_of_work(team.planner.actor) as uow:
            issue_visit(uow, standing, visit)
    tasks = session.scalars(sa.select(SamplingTask).where(SamplingTask.plan_id == standing)).all()
    assert {task.draw_id for task in tasks} == {None}
    assert session.scalars(sa.select(PlanLine.samples).where(PlanLine.plan_id == standing)).all() == [2]
    sides = session.scalars(sa.select(PersonPlanDuty.side).where(PersonPlanDuty.plan_id == standing)).all()
    assert sides == [Side.SAMPLING, Side.SAMPLING]


def test_an_ordinary_plan_takes_no_visit_that_was_not_drawn(session: Session, team: Team):
    plan_id, visit = make_plan(team), a_visit(team)
    with pytest.raises(ConflictError), unit_of_work(team.planner.actor) as uow:
        issue_visit(uow, plan_id, visit)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("planned_on", {"planned_on": date(2026, 9, 13)}),
        ("food_category_id", {"food_category_id": category_id("1-1")}),
        ("first_sampler_id", {"first_sampler_id": "tester"}),
        ("accompanying_officer_id", {"accompanying_officer_id": "planner"}),
    ],
)
def test_a_visit_that_does_not_fit_is_refused_at_its_field(
    session: Session, team: Team, standing: UUID, field: str, changes: dict[str, Any]
):
    named = {name: getattr(team, who).person_id for name, who in changes.items() if isinstance(who, str)}
    visit = a_visit(team, **(changes | named))
    with pytest.raises(InvalidInputError) as refusal, unit_of_work(team.planner.actor) as uow:
        issue_visit(uow, standing, visit)
    assert refusal.value.field == field


def test_a_business_of_another_regulator_is_not_visited(session: Session, team: Team, standing: UUID):
    visit = a_visit(team, business_id=make_business(make_team().regulator_id))
    with pytest.raises(NotFoundError), unit_of_work(team.planner.actor) as uow:
        issue_visit(uow, standing, visit)


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_a_planner_sends_a_team_from_the_page_of_the_business(
    client: FlaskClient, session: Session, team: Team, standing: UUID, locale
):
    client.set_cookie("lims_locale", locale)
    business_id = make_business(team.regulator_id)
    log_in(client, team.planner)
    page = f"/plan/businesses/{business_id}/visit"
    assert f'value="{TODAY}"' in client.get(page).text, "nobody types the day of an emergency"
    body = {
        "csrf_token": csrf_token(client, page),
        "food_category_id": str(category_id(LEEK)),
        "first_sampler_id": str(team.samplers[0].person_id),
        "second_sampler_id": str(team.samplers[0].person_id),
        "accompanying_officer_id": str(team.officer.person_id),
        "planned_on": "2026-09-15",
    }
    assert client.post(page, data=body).status_code == 409
    assert client.post(page, data=body | {"second_sampler_id": str(team.samplers[1].person_id)}).status_code == 303
    session.expire_all()
    task = session.scalars(sa.select(SamplingTask).where(SamplingTask.business_id == business_id)).one()
    assert task.task_no in client.get(f"/plan/{standing}/tasks").text
    assert session.get_one(SamplingPlan, standing).is_standing


def test_a_program_sends_a_team(client: FlaskClient, session: Session, team: Team, standing: UUID):
    body = {
        "business_id": str(make_business(team.regulator_id)),
        "food_category_code": LEEK,
        "first_sampler_id": str(team.samplers[0].person_id),
        "second_sampler_id": str(team.samplers[1].person_id),
        "accompanying_officer_id": str(team.officer.person_id),
        "planned_on": "2026-09-15",
    }
    made = client.post(f"/api/v1/plans/{standing}/tasks", json=body, headers=bearer(team.planner))
    assert (made.status_code, made.json["state"]) == (201, "issued")
