"""Nobody on both sides of a sample: in three modes, by service and by raw SQL as the app's login (I1, I6)."""

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from lims.actors import OrganisationKind
from lims.auth.permissions import Role
from lims.uow import unit_of_work
from sampling.models import DutyAct, Sample, SeparationRefusal
from sampling.services.separation import SeparationRefusedError, claim_act, sample_tuple
from sampling.types import DutyRole, SeparationMode
from tests.factories.people import make_organisation, make_person, make_second_account
from tests.factories.sampling import make_plan, make_sample, make_team

ALL_MODES = pytest.mark.parametrize("mode", SeparationMode)


def act(somebody, sample_id: UUID, role: DutyRole) -> None:
    with unit_of_work(somebody.actor) as uow:
        claim_act(uow, sample_tuple(uow.session.get_one(Sample, sample_id)), role)


@ALL_MODES
def test_a_sampler_cannot_test_the_own_sample_and_the_attempt_is_kept(session: Session, mode):
    team = make_team(mode)
    sample_id = make_sample(team)
    with pytest.raises(SeparationRefusedError) as refused:
        act(team.samplers[0], sample_id, DutyRole.TESTER)
    assert refused.value.status == 409
    kept = session.scalars(sa.select(SeparationRefusal).where(SeparationRefusal.sample_id == sample_id)).all()
    assert [(row.person_id, row.role, row.earlier_role) for row in kept] == [
        (team.samplers[0].person_id, DutyRole.TESTER, DutyRole.SAMPLER)
    ]


@ALL_MODES
def test_the_refusal_names_the_earlier_act_and_its_day(session: Session, mode):
    team = make_team(mode)
    sample_id = make_sample(team)
    with pytest.raises(SeparationRefusedError) as refused:
        act(team.officer, sample_id, DutyRole.REVIEWER)
    if mode is SeparationMode.INTERNAL:
        assert "accompanied its sampling on 2026-09-14" in str(refused.value)


@ALL_MODES
def test_a_second_account_of_the_same_person_is_refused_too(session: Session, mode):
    team = make_team(mode)
    sample_id = make_sample(team)
    with pytest.raises(SeparationRefusedError):
        act(make_second_account(team.samplers[1]), sample_id, DutyRole.TESTER)


@ALL_MODES
def test_a_sampler_of_one_sample_cannot_test_another_of_the_plan(session: Session, mode):
    team = make_team(mode)
    plan_id = make_plan(team, samples=2)
    make_sample(team, plan_id)
    strangers = make_team(mode)
    fresh = tuple(make_person(team.sampling_organisation_id, Role.SAMPLER) for _ in range(2))
    others = make_sample(
        type(team)(**{**vars(team), "samplers": fresh}),
        plan_id,
    )
    assert strangers.lab_id != team.lab_id
    with pytest.raises(SeparationRefusedError) as refused:
        act(team.samplers[0], others, DutyRole.TESTER)
    assert refused.value.facts["scope"] in {"plan", "organisation"}


def test_in_external_mode_a_company_group_cannot_test_what_its_daughter_sampled(session: Session):
    team = make_team(SeparationMode.EXTERNAL)
    sample_id = make_sample(team)
    daughter = make_organisation(OrganisationKind.LAB, owner_id=team.sampling_organisation_id)
    tester = make_person(daughter, Role.TESTER)
    with pytest.raises(SeparationRefusedError) as refused:
        act(tester, sample_id, DutyRole.TESTER)
    assert refused.value.facts["scope"] == "organisation"


def test_in_internal_mode_a_colleague_who_took_nothing_may_test(session: Session):
    team = make_team(SeparationMode.INTERNAL)
    sample_id = make_sample(team)
    act(team.tester, sample_id, DutyRole.TESTER)
    assert session.scalar(sa.select(sa.func.count()).where(DutyAct.sample_id == sample_id)) == 4


def test_in_regulator_mode_only_people_of_the_regulator_sample(session: Session):
    team = make_team(SeparationMode.REGULATOR)
    sample_id = make_sample(team)
    outsider = make_person(make_organisation(OrganisationKind.SAMPLING_ORG), Role.SAMPLER)
    with pytest.raises(SeparationRefusedError) as refused:
        act(outsider, sample_id, DutyRole.SAMPLER)
    assert refused.value.facts["scope"] == "mode"


@pytest.mark.parametrize("second", [DutyRole.REVIEWER, DutyRole.SIGNATORY])
def test_tester_reviewer_and_signatory_are_three_persons(session: Session, second):
    team = make_team(SeparationMode.INTERNAL)
    sample_id = make_sample(team)
    act(team.tester, sample_id, DutyRole.TESTER)
    with pytest.raises(SeparationRefusedError) as refused:
        act(team.tester, sample_id, second)
    assert refused.value.facts["scope"] == "bench"


def test_acting_again_in_the_same_role_changes_nothing(session: Session):
    team = make_team()
    sample_id = make_sample(team)
    act(team.tester, sample_id, DutyRole.TESTER)
    act(team.tester, sample_id, DutyRole.TESTER)
    count = sa.select(sa.func.count()).where(DutyAct.sample_id == sample_id, DutyAct.role == DutyRole.TESTER)
    assert session.scalar(count) == 1


INSERT_ACT = """
INSERT INTO duty_act (id, sample_id, plan_id, category_id, mode, role, side, person_id, employment_id,
                      organisation_id, organisation_kind, party_id, acted_at)
SELECT :id, s.id, :plan, s.category_id, :mode, :role, :side, e.person_id, e.id, o.id, o.kind, o.party_id, now()
FROM sample s, employment e JOIN organisation o ON o.id = e.organisation_id
WHERE s.id = :sample AND e.person_id = :person
"""


def raw_act(session: Session, sample_id: UUID, person_id: UUID, **changes) -> None:
    sample = session.get_one(Sample, sample_id)
    values = {
        "id": uuid4(),
        "sample": sample_id,
        "plan": sample.plan_id,
        "mode": sample.mode.value,
        "role": "tester",
        "side": "testing",
        "person": person_id,
    }
    with session.begin_nested():
        session.execute(sa.text(INSERT_ACT), values | changes)


@ALL_MODES
def test_raw_sql_cannot_let_a_sampler_test(session: Session, mode):
    team = make_team(mode)
    sample_id = make_sample(team)
    person = team.samplers[0].person_id
    with pytest.raises(IntegrityError, match="fk_duty_act_"):
        raw_act(session, sample_id, person)
    with pytest.raises(IntegrityError, match="pk_person_sample_duty"), session.begin_nested():
        session.execute(
            sa.text("INSERT INTO person_sample_duty VALUES (:s, :p, 'testing', now())"), {"s": sample_id, "p": person}
        )


@ALL_MODES
def test_raw_sql_cannot_flip_a_duty_to_the_other_side(session: Session, mode):
    team = make_team(mode)
    sample_id = make_sample(team)
    for table in ("person_sample_duty", "person_plan_duty", "organisation_duty"):
        with pytest.raises(DBAPIError, match="permission denied"), session.begin_nested():
            session.execute(sa.text(f"UPDATE {table} SET side = 'testing'"))
    with pytest.raises(IntegrityError, match="side_is_of_role"):
        raw_act(session, sample_id, team.tester.person_id, side="sampling")
    with pytest.raises(IntegrityError, match="fk_duty_act"), session.begin_nested():
        session.execute(sa.text("DELETE FROM person_sample_duty WHERE sample_id = :s"), {"s": sample_id})


@ALL_MODES
@pytest.mark.parametrize("column", ["plan", "mode", "side", "role"])
def test_raw_sql_cannot_slip_through_with_a_null(session: Session, mode, column):
    team = make_team(mode)
    sample_id = make_sample(team)
    with pytest.raises(IntegrityError):
        raw_act(session, sample_id, team.samplers[0].person_id, **{column: None})


@ALL_MODES
def test_raw_sql_cannot_borrow_the_scope_of_a_foreign_plan(session: Session, mode):
    team = make_team(mode)
    sample_id = make_sample(team)
    foreign = make_plan(make_team(mode))
    with pytest.raises(IntegrityError, match="fk_duty_act_"):
        raw_act(session, sample_id, team.samplers[0].person_id, plan=foreign)


def test_raw_sql_cannot_pretend_another_mode(session: Session):
    team = make_team(SeparationMode.EXTERNAL)
    sample_id = make_sample(team)
    with pytest.raises(IntegrityError, match="fk_duty_act_"):
        raw_act(session, sample_id, team.tester.person_id, mode="internal")


def test_the_mode_of_a_category_cannot_change_once_a_task_is_issued(session: Session):
    team = make_team(SeparationMode.EXTERNAL)
    make_sample(team)
    with pytest.raises(IntegrityError, match="plan_category"), session.begin_nested():
        session.execute(
            sa.text("UPDATE plan_category SET mode = 'internal' WHERE plan_id = :p"), {"p": team.plan_ids[0]}
        )
