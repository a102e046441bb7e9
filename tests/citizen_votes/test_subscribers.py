"""What became of a pick travels back to its voters."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from citizen_votes import queries
from citizen_votes import services as rounds
from citizen_votes.types import Stratum
from lims.outbox.tasks import run_periodic
from lims.uow import unit_of_work
from results.publication.events import ResultReplaced
from results.referral import services
from sampling.events import PlanApproved, SampleTaken
from sampling.models import SamplingPlan
from tests.factories import citizen_votes as votes
from tests.factories import referral as cases
from tests.factories.sampling import make_plan, make_team
from tests.results.publication.test_publication import give_cma

STRATUM = "34@supermarket"  # what the round offers; the plan's line is the finer 34-4@supermarket


@pytest.fixture
def planner(session):
    return votes.make_planner()


@pytest.fixture
def round_id(session, planner, monkeypatch):

    monkeypatch.setattr(
        votes, "some_strata", lambda _count: [Stratum("34", "supermarket"), Stratum("1", "supermarket")]
    )
    made = votes.make_round(planner.actor)
    votes.vote(made, [STRATUM])
    for act in (rounds.close_round, rounds.count_round):
        with unit_of_work(planner.actor) as uow:
            act(uow, made)
    return made


def outcome(session, round_id):
    session.expire_all()
    (one,) = [row for row in queries.list_outcomes(session, round_id) if row.stratum == STRATUM]
    return (one.planned, one.sampled, one.published, one.failed, one.handled)


def test_plan_sample_result_and_handling_are_counted_for_the_picked_food(session, round_id, frozen_clock, client):
    team = make_team()
    give_cma(team)
    plan_id = make_plan(team)
    with unit_of_work(team.planner.actor) as uow:
        uow.session.get_one(SamplingPlan, plan_id).pick_round_id = round_id
        planned = {"34-4@supermarket": 3, "20@online": 9}
        uow.emit(PlanApproved(plan_id=plan_id, pick_round_id=round_id, planned=planned))
    assert outcome(session, round_id) == (3, 0, 0, 0, 0)
    case = cases.make_acknowledged_case(team)
    with unit_of_work(team.planner.actor) as uow:
        taken = {"sample_id": case.sample_id, "task_id": uuid4(), "plan_id": plan_id}
        uow.emit(SampleTaken(**taken, pick_round_id=round_id, stratum="34-4@supermarket"))
        uow.emit(SampleTaken(**taken, pick_round_id=None, stratum="34-4@supermarket"))
    cases.serve_all(case.officer, case.sample_id)
    frozen_clock.advance(timedelta(days=20))
    run_periodic("results.publication.publish")
    assert outcome(session, round_id) == (3, 1, 1, 1, 0)
    cases.submit_parts(case)
    with unit_of_work(case.officer.actor) as uow:
        services.close_branch(uow, case.branch_id)
    assert outcome(session, round_id) == (3, 1, 1, 1, 1)
    client.set_cookie("lims_locale", "en")
    assert "Handled" in client.get(f"/picks/{round_id}/outcome").text


def test_a_recheck_that_passed_is_no_failure_any_more(session, round_id, planner):
    with unit_of_work(planner.actor) as uow:
        rounds.note_outcome(uow, round_id, STRATUM, published=1, failed=1)
        uow.emit(ResultReplaced(sample_id=uuid4(), pick_round_id=round_id, stratum=STRATUM))
    assert outcome(session, round_id) == (0, 0, 1, 0, 0)


def test_what_the_round_did_not_offer_is_left_alone(session, round_id, planner):
    before = session.scalar(sa.text("SELECT count(*) FROM pick_outcome"))
    with unit_of_work(planner.actor) as uow:
        rounds.note_outcome(uow, round_id, "99@moon", planned=1)
    assert session.scalar(sa.text("SELECT count(*) FROM pick_outcome")) == before
