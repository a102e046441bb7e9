"""The auditor's list of refused attempts: complete, filtered, as a file, and before a sample exists."""

import csv
import io
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from lims.auth.permissions import Role
from lims.catalog.load import category_id
from lims.clock import local_date
from lims.people.queries import employment_of_person
from lims.uow import unit_of_work
from sampling.models import PlanCategory, Sample, SeparationRefusal
from sampling.refusals import PAGE
from sampling.services.separation import SeparationRefusedError, claim_act, claim_job, sample_tuple
from sampling.types import DutyRole, SeparationMode
from tests.factories.people import make_person
from tests.factories.sampling import VEGETABLES, make_plan, make_sample, make_team
from tests.factories.web import log_in


def claim(team, plan_id, somebody, role: DutyRole) -> None:
    with unit_of_work(team.planner.actor) as uow:
        category = uow.session.get_one(PlanCategory, (plan_id, category_id(VEGETABLES)))
        facts = employment_of_person(uow.session, somebody.person_id, local_date(uow.now))
        claim_job(uow, category, role, facts)


def refuse(team, sample_id, somebody=None) -> None:
    tried = somebody or team.samplers[0]
    with pytest.raises(SeparationRefusedError), unit_of_work(tried.actor) as uow:
        claim_act(uow, sample_tuple(uow.session.get_one(Sample, sample_id)), DutyRole.TESTER)


def test_a_claim_refused_before_there_is_a_sample_is_kept(session):
    team = make_team(SeparationMode.INTERNAL)
    plan_id = make_plan(team)
    claim(team, plan_id, team.tester, DutyRole.TESTER)
    with pytest.raises(SeparationRefusedError) as refused:
        claim(team, plan_id, team.tester, DutyRole.SAMPLER)
    assert "stands on the other side of this plan" in str(refused.value)
    kept = session.scalars(sa.select(SeparationRefusal).where(SeparationRefusal.plan_id == plan_id)).one()
    assert (kept.person_id, kept.sample_id, kept.scope) == (team.tester.person_id, None, "plan")


@pytest.mark.parametrize("scope", ["sample", "bench"])
def test_only_a_refusal_of_a_whole_plan_stands_without_a_sample(session, scope):
    team = make_team()
    values = {"id": uuid4(), "person": team.tester.person_id, "plan": make_plan(team)}
    with pytest.raises(IntegrityError, match="sample_unless_whole_plan"), session.begin_nested():
        session.execute(
            sa.text(
                "INSERT INTO separation_refusal (id, at, person_id, plan_id, category_id, role, scope)"
                " VALUES (:id, now(), :person, :plan, :category, 'tester', :scope)"
            ),
            values | {"category": category_id(VEGETABLES), "scope": scope},
        )


@pytest.fixture
def refused(client, session):
    """A refused attempt, and its auditor logged in."""
    team = make_team(SeparationMode.INTERNAL)
    sample_id = make_sample(team)
    refuse(team, sample_id)
    log_in(client, make_person(team.regulator_id, Role.AUDITOR))
    return team, session.get_one(Sample, sample_id)


@pytest.mark.parametrize(("language", "words"), [("en", "Refused attempts"), ("zh", "被拒绝的操作")])
def test_the_auditor_reads_who_tried_what_and_which_act_stood_in_the_way(client, refused, language, words):
    _team, sample = refused
    page = client.get("/ops/refusals", headers={"Accept-Language": language}).text
    assert words in page
    assert sample.sampling_no in page


def test_the_list_is_filtered_by_person_number_role_reason_and_day(client, refused):
    team, sample = refused
    for query, found in [
        (f"q={sample.sampling_no[-6:]}", True),
        ("q=nobody", False),
        ("role=tester", True),
        ("role=signatory", False),
        ("scope=plan", True),
        ("scope=mode", False),
        ("since=2026-09-14&until=2026-09-14", True),
        ("until=2026-09-13", False),
        ("until=9999-12-31&since=0001-01-01", True),
    ]:
        assert (sample.sampling_no in client.get(f"/ops/refusals?{query}").text) is found, query
    assert team.samplers[0].actor.name in client.get(f"/ops/refusals?q={team.samplers[0].actor.name}").text


def test_a_filter_that_cannot_be_read_says_so_and_keeps_what_was_typed(client, refused):
    answer = client.get("/ops/refusals?since=yesterday&q=kept")
    assert answer.status_code == 422
    assert 'value="kept"' in answer.text
    assert client.get("/ops/refusals?after=nonsense").status_code == 422
    assert client.get("/ops/refusals/refusals.csv?role=king").status_code == 422


def test_the_file_holds_the_same_attempts(client, refused):
    team, sample = refused
    answer = client.get("/ops/refusals/refusals.csv", headers={"Accept-Language": "en"})
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["Person"], row["Sampling number"]) for row in rows] == [
        (team.samplers[0].actor.name, sample.sampling_no)
    ]


def test_a_name_that_looks_like_a_formula_stays_text_in_the_file(client, session):
    team = make_team(SeparationMode.INTERNAL)
    plan_id = make_plan(team)
    named = make_person(team.lab_id, Role.TESTER, name="=1+1")
    claim(team, plan_id, named, DutyRole.TESTER)
    with pytest.raises(SeparationRefusedError):
        claim(team, plan_id, named, DutyRole.SAMPLER)
    log_in(client, make_person(team.regulator_id, Role.AUDITOR))
    assert "'=1+1" in client.get("/ops/refusals/refusals.csv").text


def test_a_long_list_goes_on_where_it_stopped(client, session):
    team = make_team(SeparationMode.INTERNAL)
    sample_id = make_sample(team)
    for _attempt in range(PAGE + 1):
        refuse(team, sample_id)
    log_in(client, make_person(team.regulator_id, Role.AUDITOR))
    first = client.get("/ops/refusals").text
    following = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    number = session.get_one(Sample, sample_id).sampling_no
    assert (first.count(number), client.get(following).text.count(number)) == (PAGE, 1)


def test_an_auditor_elsewhere_sees_nothing_of_it_and_a_bench_role_never(client, session, refused):
    team, sample = refused
    log_in(client, make_person(make_team().regulator_id, Role.AUDITOR))
    assert sample.sampling_no not in client.get("/ops/refusals").text
    log_in(client, make_person(team.regulator_id, Role.AUDITOR, Role.TESTER))
    assert sample.sampling_no not in client.get("/ops/refusals").text
    log_in(client, team.planner)
    assert client.get("/ops/refusals").status_code == 403
