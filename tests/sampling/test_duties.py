"""Sides of a plan: who holds which and why, what was never used is given back, who is free for a team."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims import clock
from lims.actors import INSTALL, OrganisationKind
from lims.auth.permissions import Role
from lims.catalog.load import category_id
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.ledger import replay
from lims.people.administration import move_person
from lims.people.queries import employment_of_person
from lims.people.types import AuthorisationKind
from lims.uow import unit_of_work
from sampling import queries
from sampling.models import OrganisationDuty, PersonPlanDuty, PlanCategory
from sampling.services.release import DutyKey, release_plan_duty
from sampling.services.separation import claim_job
from sampling.services.tasks import withdraw_task
from sampling.types import DutyRole, SeparationMode
from tests.conftest import NOW
from tests.factories.people import Somebody, authorise_only, make_organisation, make_person
from tests.factories.sampling import VEGETABLES, Team, make_plan, make_sample, make_task, make_team
from tests.factories.web import bearer, csrf_token, log_in
from tests.sampling.test_separation import ALL_MODES, act

TODAY = clock.local_date(NOW)


def assign(team: Team, plan_id: UUID, somebody: Somebody) -> None:
    """Put somebody on the sampling side, as a draw does."""
    with unit_of_work(team.planner.actor) as uow:
        category = uow.session.get_one(PlanCategory, (plan_id, category_id(VEGETABLES)))
        claim_job(uow, category, DutyRole.SAMPLER, employment_of_person(uow.session, somebody.person_id, TODAY))


def release(team: Team, plan_id: UUID, key: DutyKey) -> None:
    with unit_of_work(team.planner.actor) as uow:
        release_plan_duty(uow, plan_id, key)


def held(session: Session, plan_id: UUID) -> set[UUID]:
    return set(session.scalars(sa.select(PersonPlanDuty.person_id).where(PersonPlanDuty.plan_id == plan_id)))


@ALL_MODES
def test_a_side_never_used_is_given_back_and_free_for_the_other_job(session: Session, mode: SeparationMode):
    team = make_team(mode)
    plan_id = make_plan(team)
    assign(team, plan_id, team.samplers[0])
    release(team, plan_id, DutyKey(person_id=team.samplers[0].person_id))
    assert held(session, plan_id) == set()
    if mode is not SeparationMode.INTERNAL:
        parties = sa.select(OrganisationDuty.party_id).where(OrganisationDuty.plan_id == plan_id)
        [party] = session.scalars(parties).all()
        release(team, plan_id, DutyKey(party_id=party, category_id=category_id(VEGETABLES)))
        assert session.scalars(parties).all() == []
    assert replay.check_replay(session).violations == 0


@ALL_MODES
def test_a_side_that_was_acted_on_stays(session: Session, mode: SeparationMode):
    team = make_team(mode)
    make_sample(team)
    [plan_id] = team.plan_ids
    with pytest.raises(ConflictError, match="acted on this side"):
        release(team, plan_id, DutyKey(person_id=team.samplers[0].person_id))
    if mode is not SeparationMode.INTERNAL:
        with pytest.raises(ConflictError, match="acted on this side"):
            release(team, plan_id, DutyKey(party_id=team.sampling_organisation_id, category_id=category_id(VEGETABLES)))


def test_a_side_that_a_visit_needs_stays_until_the_visit_is_taken_back(session: Session):
    team = make_team()
    plan_id = make_plan(team)
    task_id = make_task(team, plan_id)
    assign(team, plan_id, team.samplers[1])
    with pytest.raises(ConflictError, match="1 visits to come"):
        release(team, plan_id, DutyKey(person_id=team.samplers[1].person_id))
    with unit_of_work(team.planner.actor) as uow:
        withdraw_task(uow, task_id, "the market is closed")
    release(team, plan_id, DutyKey(person_id=team.samplers[1].person_id))
    assert held(session, plan_id) == set()


def test_nobody_gives_back_what_is_not_there_or_not_theirs(session: Session):
    team, stranger = make_team(), make_team()
    plan_id = make_plan(team)
    with pytest.raises(NotFoundError):
        release(team, plan_id, DutyKey(person_id=team.tester.person_id))
    assign(team, plan_id, team.samplers[0])
    with pytest.raises(NotFoundError):
        release(stranger, plan_id, DutyKey(person_id=team.samplers[0].person_id))
    for odd in (DutyKey(), DutyKey(party_id=team.lab_id), DutyKey(team.lab_id, team.lab_id, team.lab_id)):
        with pytest.raises(InvalidInputError):
            release(team, plan_id, odd)


def test_the_plan_shows_mode_and_parties_of_each_line_and_gives_back_through_its_button(app, session: Session):
    team = make_team()
    plan_id = make_plan(team)
    assign(team, plan_id, team.samplers[0])
    browser = log_in(app.test_client(), team.planner)
    browser.get("/language/en")
    page = f"/plan/{plan_id}"
    text = browser.get(page).text
    assert text.count("External") == 2
    assert team.samplers[0].actor.name in text
    sent = browser.post(
        f"{page}/duties/release",
        data={"csrf_token": csrf_token(browser, page), "person_id": str(team.samplers[0].person_id)},
    )
    assert sent.status_code == 303
    assert held(session, plan_id) == set()
    odd = browser.post(f"{page}/duties/release", data={"csrf_token": csrf_token(browser, page), "person_id": "x"})
    assert "Name a person" in browser.get(odd.headers["Location"]).text


def test_programs_list_and_give_back(client, session: Session):
    team = make_team()
    plan_id = make_plan(team)
    assign(team, plan_id, team.samplers[0])
    headers = bearer(team.planner)
    address = f"/api/v1/plans/{plan_id}/duties"
    items = client.get(address, headers=headers).json["items"]
    assert [(one["side"], one["acts"], one["is_unused"]) for one in items] == [("sampling", 0, True)] * 2
    key = {"person_id": str(team.samplers[0].person_id)}
    assert client.post(f"{address}/releases", json=key, headers=headers).status_code == 201
    assert client.post(f"{address}/releases", json=key, headers=headers).status_code == 404
    assert client.post(f"{address}/releases", json={}, headers=headers).status_code == 422


def test_the_team_list_says_who_is_free_and_why_not(client, session: Session):
    team = make_team(SeparationMode.INTERNAL)
    plan_id = make_plan(team, samples=2)
    sample_id = make_sample(team, plan_id)
    both = make_person(team.lab_id, Role.SAMPLER, Role.TESTER)
    act(both, sample_id, DutyRole.TESTER)
    ended = make_person(team.lab_id, Role.SAMPLER)
    authorise_only(ended, AuthorisationKind.SAMPLE, valid_to=TODAY - timedelta(days=1))
    elsewhere = make_organisation(OrganisationKind.SAMPLING_ORG)
    with unit_of_work(INSTALL) as uow:
        move_person(uow, team.samplers[1].person_id, elsewhere, [Role.SAMPLER], on=TODAY, officer_no=None)
    sampled = make_person(team.lab_id, Role.SAMPLER, Role.TESTER)
    act(sampled, sample_id, DutyRole.SAMPLER)
    found = {
        (one.person_id, one.role): str(one.why_not) if one.why_not else None
        for one in queries.list_team(session, team.planner.actor, plan_id, category_id(VEGETABLES), TODAY)
    }
    assert found == {
        (team.samplers[0].person_id, Role.SAMPLER): None,
        (team.samplers[1].person_id, Role.SAMPLER): "works elsewhere now",
        (both.person_id, Role.SAMPLER): "tested in this plan on 2026-09-14",
        (ended.person_id, Role.SAMPLER): found[ended.person_id, Role.SAMPLER],
        (team.officer.person_id, Role.ACCOMPANYING_OFFICER): None,
        (both.person_id, Role.TESTER): None,
        (sampled.person_id, Role.SAMPLER): None,
        (sampled.person_id, Role.TESTER): "sampled in this plan on 2026-09-14",
        (team.tester.person_id, Role.TESTER): None,
        (team.reviewer.person_id, Role.REVIEWER): None,
        (team.signatory.person_id, Role.SIGNATORY): None,
    }
    assert "ended on 2026-09-13" in found[ended.person_id, Role.SAMPLER]
    items = client.get(f"/api/v1/plans/{plan_id}/team?category_code=34", headers=bearer(team.planner)).json["items"]
    free = {(one["person_id"], one["role"]): one["is_free"] for one in items}
    assert (free[str(both.person_id), "sampler"], free[str(both.person_id), "tester"]) == (False, True)
