"""Who finds which sample."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.orm import Session

from lims.auth.permissions import Role
from lims.errors import NotFoundError
from sampling import queries
from sampling.types import SampleState
from tests.factories.people import make_person
from tests.factories.sampling import make_sample, make_task, make_team


def test_regulator_sampling_organisation_and_custodian_see_the_form(session: Session):
    team = make_team()
    sample_id = make_sample(team)
    for somebody in (team.planner, team.samplers[0], team.custodian):
        assert queries.get_form(session, somebody.actor, sample_id).product_name == "韭菜"


@pytest.mark.parametrize("role", [Role.TESTER, Role.REVIEWER])
def test_a_bench_role_sees_no_sample_even_beside_another_role(session: Session, role):
    team = make_team()
    sample_id = make_sample(team)
    number = queries.get_sample(session, team.planner.actor, sample_id).sampling_no
    both = make_person(team.lab_id, role, Role.CUSTODIAN).actor
    assert queries.find_sample_by_number(session, both, number) is None
    assert queries.list_samples(session, both) == []
    with pytest.raises(NotFoundError):
        queries.get_sample(session, both, sample_id)


def test_a_stranger_finds_neither_sample_nor_task(session: Session):
    team, stranger = make_team(), make_team()
    sample_id, task_id = make_sample(team), make_task(team)
    with pytest.raises(NotFoundError):
        queries.get_sample(session, stranger.planner.actor, sample_id)
    with pytest.raises(NotFoundError):
        queries.get_task(session, stranger.planner.actor, task_id)
    assert queries.get_task(session, team.planner.actor, task_id).id == task_id


def test_an_actor_without_an_organisation_sees_nothing(session: Session):
    team = make_team()
    make_sample(team)
    assert queries.list_samples(session, replace(team.planner.actor, organisation_id=None)) == []


def test_pages_of_samples_follow_each_other_without_gap_or_repeat(session: Session):
    team = make_team()
    made = {make_sample(team) for _ in range(5)}
    seen, after = [], None
    while page := queries.list_samples(session, team.planner.actor, after=after, limit=2):
        seen += [row.sample.id for row in page]
        after = (page[-1].sample.issued_at, page[-1].sample.id)
    assert len(seen) == len(made)
    assert set(seen) == made
    assert queries.list_samples(session, team.planner.actor, state=SampleState.SIGNED) == []


def test_a_sampler_has_the_open_visits_up_to_today(session: Session):
    team = make_team()
    task_id = make_task(team)
    make_sample(team)
    person = team.samplers[1].person_id
    assert [stop.task.id for stop in queries.list_stops(session, person, date(2026, 9, 14))] == [task_id]
    assert queries.list_stops(session, person, date(2026, 9, 13)) == []
