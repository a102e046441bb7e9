"""Breaking in by hand-written SQL as the application's login, by company groups, by categories and by moves (I1)."""

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lims.actors import INSTALL, OrganisationKind
from lims.auth.permissions import Role
from lims.catalog.load import category_id
from lims.errors import ConflictError
from lims.people.administration import OrganisationFacts, change_organisation
from lims.people.models import Organisation
from lims.uow import unit_of_work
from sampling.models import DutyAct, PlanCategory, PlanLine
from sampling.services.plans import set_category
from sampling.services.separation import SeparationRefusedError
from sampling.types import DutyRole, PlaceKind, SeparationMode
from tests.factories.people import make_organisation, make_person
from tests.factories.sampling import VEGETABLES, make_plan, make_sample, make_team
from tests.factories.web import bearer, csrf_token, log_in
from tests.sampling.test_separation import ALL_MODES, act

MEAT, MEAT_FOOD = "4", "4-1"
COLUMNS = (
    "id, sample_id, plan_id, category_id, mode, role, side, person_id, employment_id, organisation_id,"
    " organisation_kind, party_id, acted_at"
)


def forge(session: Session, forged: UUID, role: str, side: str, **changes: object) -> None:
    """Copy a sampler's act of the sample with another role and side, and whatever else is told."""
    row = session.execute(
        sa.text(f"SELECT {COLUMNS} FROM duty_act WHERE sample_id = :s AND role = 'sampler' LIMIT 1"), {"s": forged}
    ).one()
    values = dict(row._mapping) | {"id": uuid4(), "role": role, "side": side} | changes
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    with session.begin_nested():
        session.execute(sa.text(f"INSERT INTO duty_act ({names}) VALUES ({marks})"), values)


@ALL_MODES
@pytest.mark.parametrize("scope", ["plan_scope", "organisation_scope"])
@pytest.mark.parametrize("value", [None, "00000000-0000-0000-0000-000000000000"])
def test_a_scope_is_computed_and_cannot_be_written(session: Session, mode, scope, value):
    sample_id = make_sample(make_team(mode))
    with pytest.raises(DBAPIError, match="cannot insert a non-DEFAULT value"):
        forge(session, sample_id, "tester", "testing", **{scope: value})
    with pytest.raises(DBAPIError, match="can only be updated to DEFAULT"), session.begin_nested():
        session.execute(sa.text(f"UPDATE duty_act SET {scope} = NULL"))


@ALL_MODES
@pytest.mark.parametrize(
    "column",
    ["sample_id", "category_id", "person_id", "employment_id", "organisation_id", "organisation_kind", "party_id"],
)
def test_no_column_of_an_act_can_be_null(session: Session, mode, column):
    sample_id = make_sample(make_team(mode))
    with pytest.raises(DBAPIError, match="null value in column"):
        forge(session, sample_id, "sampler", "sampling", **{column: None})


@ALL_MODES
@pytest.mark.parametrize("role", ["sampler ", "SAMPLER", "inspector", ""])
def test_a_role_in_free_text_is_none(session: Session, mode, role):
    sample_id = make_sample(make_team(mode))
    with pytest.raises(DBAPIError, match="ck_duty_act_"):
        forge(session, sample_id, role, "testing")


@ALL_MODES
def test_a_duty_of_a_foreign_plan_opens_no_door(session: Session, mode):
    team, foreign = make_team(mode), make_team(mode)
    sample_id, foreign_plan = make_sample(team), make_plan(foreign)
    person = team.samplers[0].person_id
    session.execute(
        sa.text("INSERT INTO person_plan_duty VALUES (:plan, :person, 'testing', now())"),
        {"plan": foreign_plan, "person": person},
    )
    with pytest.raises(DBAPIError, match="fk_duty_act_"):
        forge(session, sample_id, "tester", "testing", plan_id=foreign_plan)
    with pytest.raises(DBAPIError, match="fk_duty_act_"):
        forge(session, sample_id, "tester", "testing")


@ALL_MODES
@pytest.mark.parametrize("table", ["person_sample_duty", "person_plan_duty", "organisation_duty"])
def test_a_duty_that_was_acted_upon_cannot_be_deleted(session: Session, mode, table):
    make_sample(make_team(mode))
    if table == "organisation_duty" and mode is SeparationMode.INTERNAL:
        assert session.scalar(sa.text("SELECT count(*) FROM organisation_duty")) == 0
        return
    with pytest.raises(DBAPIError, match="fk_duty_act_"), session.begin_nested():
        session.execute(sa.text(f"DELETE FROM {table}"))


@ALL_MODES
@pytest.mark.parametrize("statement", ["UPDATE duty_act SET side = 'testing'", "DELETE FROM duty_act"])
def test_an_act_can_be_neither_changed_nor_deleted(session: Session, mode, statement):
    make_sample(make_team(mode))
    with pytest.raises(DBAPIError, match="permission denied"), session.begin_nested():
        session.execute(sa.text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sample SET sampling_no = sampling_no || 'X'",
        "UPDATE sample SET lab_id = sampling_organisation_id",
        "UPDATE sample SET mode = 'internal'",
        "UPDATE account SET person_id = (SELECT min(id::text)::uuid FROM person)",
        "UPDATE account SET username = username || 'x'",
        "UPDATE person_identity SET person_id = (SELECT min(id::text)::uuid FROM person)",
        "UPDATE employment SET organisation_id = (SELECT min(id::text)::uuid FROM organisation)",
        "UPDATE employment SET valid_from = '2019-01-01'",
        "UPDATE role_grant SET role = 'tester'",
        "UPDATE issued_number SET n = n + 1",
    ],
)
def test_the_application_cannot_say_afterwards_that_a_sample_an_account_or_a_number_is_anothers(session, statement):
    make_sample(make_team())
    with pytest.raises(DBAPIError, match="permission denied"), session.begin_nested():
        session.execute(sa.text(statement))


@ALL_MODES
def test_the_mode_of_a_sample_cannot_change_under_its_acts(session: Session, mode):
    sample_id = make_sample(make_team(mode))
    other = SeparationMode.INTERNAL if mode is not SeparationMode.INTERNAL else SeparationMode.EXTERNAL
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(sa.text("UPDATE sample SET mode = :m WHERE id = :s"), {"m": other.value, "s": sample_id})


def test_a_stranger_cannot_pass_for_the_regulators_own(session: Session):
    team = make_team(SeparationMode.REGULATOR)
    sample_id = make_sample(team)
    outsider = make_person(make_organisation(OrganisationKind.SAMPLING_ORG), Role.SAMPLER).actor
    for changes, constraint in (
        ({"organisation_kind": "sampling_org"}, "ck_duty_act_regulator_samples_itself"),
        ({"organisation_kind": "regulator"}, "fk_duty_act_"),
        ({"organisation_id": team.regulator_id, "party_id": team.regulator_id}, "fk_duty_act_"),
    ):
        own = {
            "person_id": outsider.person_id,
            "employment_id": outsider.employment_id,
            "organisation_id": outsider.organisation_id,
            "party_id": outsider.party_id,
        }
        with pytest.raises(DBAPIError, match=constraint):
            forge(session, sample_id, "sampler", "sampling", **(own | changes))


def test_one_organisation_may_sample_one_category_and_test_another(session: Session):
    """External separation is by category: A samples meat and tests vegetables, B the other way round."""
    team = make_team(SeparationMode.EXTERNAL)
    plan_id = make_plan(team)
    mirrored = type(team)(
        **vars(team)
        | {
            "sampling_organisation_id": team.lab_id,
            "lab_id": make_organisation(OrganisationKind.LAB, owner_id=team.sampling_organisation_id),
            "samplers": tuple(make_person(team.lab_id, Role.SAMPLER) for _ in range(2)),
        }
    )
    with unit_of_work(team.planner.actor) as uow:
        uow.session.add(
            PlanCategory(
                plan_id=plan_id,
                category_id=category_id(MEAT),
                mode=SeparationMode.EXTERNAL,
                sampling_organisation_id=mirrored.sampling_organisation_id,
                lab_id=mirrored.lab_id,
            )
        )
        uow.session.flush()
        uow.session.add(
            PlanLine(
                plan_id=plan_id,
                category_id=category_id(MEAT),
                stratum=f"{MEAT_FOOD}@supermarket",
                food_category_id=category_id(MEAT_FOOD),
                place_kind=PlaceKind.SUPERMARKET,
                samples=1,
                parts={},
                figures={},
            )
        )
    vegetables = make_sample(team, plan_id)
    act(team.tester, vegetables, DutyRole.TESTER)
    meat = make_sample(mirrored, plan_id, food=MEAT_FOOD, major=MEAT)
    daughter_tester = make_person(mirrored.lab_id, Role.TESTER)
    act(daughter_tester, meat, DutyRole.TESTER)
    sides = set(session.execute(sa.select(DutyAct.category_id, DutyAct.party_id, DutyAct.side)).all())
    parties = {(party, side.value) for _category, party, side in sides}
    assert {(team.lab_id, "sampling"), (team.lab_id, "testing")} <= parties
    with pytest.raises(SeparationRefusedError) as refused:
        act(make_person(team.lab_id, Role.TESTER), meat, DutyRole.TESTER)
    assert refused.value.facts["scope"] == "organisation"
    with pytest.raises(SeparationRefusedError) as refused:
        act(mirrored.samplers[0], vegetables, DutyRole.TESTER)
    assert refused.value.facts["scope"] == "plan"


def bought_by(session: Session, organisation_id: UUID, owner_id: UUID | None) -> OrganisationFacts:
    known = session.get_one(Organisation, organisation_id)
    names = [name for name in OrganisationFacts.__slots__ if name != "owner_id"]
    return OrganisationFacts(**{name: getattr(known, name) for name in names}, owner_id=owner_id)


def test_a_laboratory_bought_by_who_samples_can_no_longer_test_it(session: Session):
    team = make_team(SeparationMode.EXTERNAL)
    sample_id = make_sample(team)
    with unit_of_work(INSTALL) as uow:
        facts = bought_by(session, team.lab_id, team.sampling_organisation_id)
        change_organisation(uow, team.lab_id, facts)
    with pytest.raises(SeparationRefusedError) as refused:
        act(team.tester, sample_id, DutyRole.TESTER)
    assert refused.value.facts["scope"] == "organisation"


def test_an_organisation_that_acted_keeps_its_party(session: Session):
    team = make_team(SeparationMode.EXTERNAL)
    sample_id = make_sample(team)
    act(team.tester, sample_id, DutyRole.TESTER)
    facts = bought_by(session, team.lab_id, team.sampling_organisation_id)
    with pytest.raises(ConflictError, match="acted for this organisation"), unit_of_work(INSTALL) as uow:
        change_organisation(uow, team.lab_id, facts)
    session.expire_all()
    assert session.get_one(Organisation, team.lab_id).party_id == team.lab_id


@ALL_MODES
def test_the_mode_is_fixed_after_issue_for_service_page_api_and_sql(app, session: Session, mode):
    team = make_team(mode)
    make_sample(team)
    [plan_id] = team.plan_ids
    other = SeparationMode.INTERNAL if mode is not SeparationMode.INTERNAL else SeparationMode.EXTERNAL
    with pytest.raises(ConflictError, match="approved"), unit_of_work(team.planner.actor) as uow:
        set_category(
            uow,
            plan_id,
            category_id(VEGETABLES),
            other,
            sampling_organisation_id=team.sampling_organisation_id,
            lab_id=team.lab_id,
        )
    body = {
        "category_code": VEGETABLES,
        "mode": other.value,
        "sampling_organisation_id": str(team.sampling_organisation_id),
        "lab_id": str(team.lab_id),
    }
    api = app.test_client().post(f"/api/v1/plans/{plan_id}/categories", json=body, headers=bearer(team.planner))
    assert api.status_code == 409
    browser = log_in(app.test_client(), team.planner)
    page = f"/plan/{plan_id}/category"
    form = {"category_id": str(category_id(VEGETABLES)), "mode": other.value} | {
        name: body[name] for name in ("sampling_organisation_id", "lab_id")
    }
    sent = browser.post(page, data={"csrf_token": csrf_token(browser, page)} | form)
    assert sent.status_code in {409, 422}
    with pytest.raises(DBAPIError, match="plan_category"), session.begin_nested():
        session.execute(sa.text("UPDATE plan_category SET mode = :m"), {"m": other.value})
    session.expire_all()
    assert session.scalars(sa.select(PlanCategory.mode).where(PlanCategory.plan_id == plan_id)).one() is mode
