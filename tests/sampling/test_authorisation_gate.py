"""An act takes an authorisation in force on its day: sampler, officer, custodian, tester, reviewer, signatory."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lims import clock
from lims.actors import INSTALL
from lims.auth.permissions import Role
from lims.catalog.services import set_parameter
from lims.errors import ConflictError, InvalidInputError
from lims.people.administration import move_person
from lims.people.authorisations import NotAuthorisedError
from lims.people.authorising import authorise, extend_authorisation, revoke_authorisation
from lims.people.models import Authorisation, AuthorisationRevocation
from lims.people.types import AuthorisationKind
from lims.uow import unit_of_work
from sampling.models import DutyAct, Sample
from sampling.services.separation import SeparationRefusedError, claim_act, claim_acts, sample_tuple
from sampling.types import KINDS_OF, DutyRole, SeparationMode
from tests.conftest import NOW
from tests.factories.people import LONG_AGO, Somebody, actor_of, authorise_only, make_person
from tests.factories.sampling import make_sample, make_team

TODAY = clock.local_date(NOW)
YESTERDAY = TODAY - timedelta(days=1)
ROLE_OF = {
    DutyRole.SAMPLER: "first_sampler",
    DutyRole.ACCOMPANYING_OFFICER: "officer",
    DutyRole.RECODER: "custodian",
    DutyRole.TESTER: "tester",
    DutyRole.REVIEWER: "reviewer",
    DutyRole.SIGNATORY: "signatory",
}


def act(somebody: Somebody, sample_id, role: DutyRole) -> None:
    with unit_of_work(somebody.actor) as uow:
        claim_act(uow, sample_tuple(uow.session.get_one(Sample, sample_id)), role)


def who(team, role: DutyRole) -> Somebody:
    return team.samplers[0] if role is DutyRole.SAMPLER else getattr(team, ROLE_OF[role])


def test_every_role_says_what_it_takes():
    assert set(KINDS_OF) == set(DutyRole)


@pytest.mark.parametrize("role", ROLE_OF)
def test_an_ended_authorisation_blocks_the_act_and_the_refusal_says_whose_what_and_when(session: Session, role):
    team = make_team()
    sample_id = make_sample(team)
    authorise_only(who(team, role), KINDS_OF[role][0], valid_to=YESTERDAY)
    with pytest.raises(NotAuthorisedError) as refused:
        act(who(team, role), sample_id, role)
    assert refused.value.facts == {
        "kind": KINDS_OF[role][0].value,
        "category": "34",
        "ended_on": YESTERDAY.isoformat(),
    }
    assert who(team, role).actor.name in str(refused.value)
    assert "2026-09-13" in str(refused.value)


@pytest.mark.parametrize("role", ROLE_OF)
def test_on_its_last_day_it_still_holds(session: Session, role):
    team = make_team()
    sample_id = make_sample(team)
    authorise_only(who(team, role), KINDS_OF[role][0], valid_to=TODAY)
    act(who(team, role), sample_id, role)
    done = sa.select(DutyAct.id).where(DutyAct.sample_id == sample_id, DutyAct.role == role)
    assert session.scalars(done).first() is not None


def test_nothing_is_written_by_who_is_not_authorised(session: Session):
    team = make_team()
    sample_id = make_sample(team)
    novice = make_person(team.lab_id, Role.TESTER, is_authorised=False)
    with pytest.raises(NotAuthorisedError, match="an administrator can record it"):
        act(novice, sample_id, DutyRole.TESTER)
    assert session.scalars(sa.select(DutyAct).where(DutyAct.person_id == novice.person_id)).all() == []


def test_who_tested_yesterday_may_not_go_on_after_the_authorisation_ended(session: Session):
    team = make_team()
    sample_id = make_sample(team)
    act(team.tester, sample_id, DutyRole.TESTER)
    authorise_only(team.tester, AuthorisationKind.TEST, valid_to=YESTERDAY)
    with pytest.raises(NotAuthorisedError):
        act(team.tester, sample_id, DutyRole.TESTER)


def test_an_authorisation_for_another_food_is_none(session: Session):
    team = make_team()
    sample_id = make_sample(team)
    authorise_only(team.tester, AuthorisationKind.TEST, category_codes=["1", "2"])
    with pytest.raises(NotAuthorisedError, match=r"testing \(34 "):
        act(team.tester, sample_id, DutyRole.TESTER)
    authorise_only(team.tester, AuthorisationKind.TEST, category_codes=["1", "34"])
    act(team.tester, sample_id, DutyRole.TESTER)


def test_a_new_employer_has_to_authorise_again(session: Session):
    team, other = make_team(), make_team()
    sample_id = make_sample(other)
    with unit_of_work(INSTALL) as uow:
        move_person(uow, team.tester.person_id, other.lab_id, [Role.TESTER], on=TODAY, officer_no=None)
    moved = Somebody(team.tester.person_id, team.tester.account_id, team.tester.username, actor_of(team.tester))
    with pytest.raises(NotAuthorisedError):
        act(moved, sample_id, DutyRole.TESTER)
    with unit_of_work(INSTALL) as uow:
        authorise(
            uow, moved.person_id, other.lab_id, AuthorisationKind.TEST, valid_from=TODAY, valid_to=date(2030, 1, 1)
        )
    act(moved, sample_id, DutyRole.TESTER)


def test_separation_is_told_before_the_authorisation(session: Session):
    team = make_team(SeparationMode.INTERNAL)
    sample_id = make_sample(team)
    with pytest.raises(SeparationRefusedError):
        act(team.samplers[0], sample_id, DutyRole.TESTER)


def test_the_gate_asks_once_for_a_whole_team(session: Session):
    team = make_team()
    sample_id = make_sample(team)
    acts = [
        (DutyRole.SAMPLER, team.samplers[0].person_id),
        (DutyRole.SAMPLER, team.samplers[1].person_id),
        (DutyRole.ACCOMPANYING_OFFICER, team.officer.person_id),
    ]
    asked: list[str] = []
    with unit_of_work(team.samplers[0].actor) as uow:
        sample = sample_tuple(uow.session.get_one(Sample, sample_id))

        def note(_conn, _cursor, statement, *_rest):
            if "authorisation" in statement:
                asked.append(statement)

        event.listen(uow.session.connection(), "before_cursor_execute", note)
        claim_acts(uow, sample, acts)
        claim_acts(uow, sample, acts)
    assert len(asked) == 1


def test_what_the_rule_parameter_of_the_day_does_not_demand_is_not_asked_for(session: Session):
    team = make_team()
    sample_id = make_sample(team)
    novice = make_person(team.lab_id, Role.TESTER, is_authorised=False)
    with unit_of_work(INSTALL) as uow:
        set_parameter(uow, "authorisation_test", Decimal(0), valid_from=TODAY, source="house", reason="not yet")
    act(novice, sample_id, DutyRole.TESTER)
    with unit_of_work(INSTALL) as uow:
        set_parameter(uow, "authorisation_test", Decimal(1), valid_from=TODAY, source="house", reason="now")
    with pytest.raises(NotAuthorisedError):
        act(novice, sample_id, DutyRole.TESTER)


@pytest.mark.parametrize("value", [2, -1, Decimal("0.5")])
def test_a_switch_is_on_or_off(session: Session, value):
    with pytest.raises(InvalidInputError, match="1 for yes or 0 for no"), unit_of_work(INSTALL) as uow:
        set_parameter(uow, "authorisation_test", Decimal(value), valid_from=TODAY, source="house", reason="odd")
    insert = sa.text(
        "INSERT INTO rule_parameter (id, code, name_zh, name_en, value, unit, starts_at_zh, starts_at_en, valid_from,"
        " recorded_at, source, trust) VALUES"
        " (gen_random_uuid(), 'x', 'x', 'x', :value, 'switch', 'x', 'x', now(), now(), 'x', 'I')"
    )
    with pytest.raises(DBAPIError, match=r"switch_is_on_or_off|value_positive"), session.begin_nested():
        session.execute(insert, {"value": value})


def test_an_extension_stands_in_the_place_of_what_it_extends(session: Session):
    team = make_team()
    sample_id = make_sample(team)
    ended = authorise_only(team.tester, AuthorisationKind.TEST, valid_to=YESTERDAY, category_codes=["34"])
    with unit_of_work(INSTALL) as uow:
        longer = extend_authorisation(uow, ended, TODAY, "refresher passed")
        assert (longer.category_codes, longer.valid_from, longer.extends_id) == (["34"], LONG_AGO, ended)
        longer_id = longer.id
    act(team.tester, sample_id, DutyRole.TESTER)
    with pytest.raises(ConflictError, match="extended already"), unit_of_work(INSTALL) as uow:
        extend_authorisation(uow, ended, TODAY + timedelta(days=9), "again")
    with pytest.raises(ConflictError, match="extended already"), unit_of_work(INSTALL) as uow:
        revoke_authorisation(uow, ended, "too late")
    with unit_of_work(INSTALL) as uow:
        revoke_authorisation(uow, longer_id, "certificate forged")
    with pytest.raises(NotAuthorisedError, match="ended on 2026-09-13"):
        act(team.tester, sample_id, DutyRole.TESTER)


def test_an_extension_lasts_longer_and_has_a_reason(session: Session):
    tester = make_team().tester
    standing = authorise_only(tester, AuthorisationKind.TEST, valid_to=TODAY)
    with pytest.raises(InvalidInputError, match="2026-09-14"), unit_of_work(INSTALL) as uow:
        extend_authorisation(uow, standing, TODAY, "the same day")
    with pytest.raises(InvalidInputError, match="Say why"), unit_of_work(INSTALL) as uow:
        extend_authorisation(uow, standing, TODAY + timedelta(days=1), "  ")
    with pytest.raises(InvalidInputError, match="Say why"), unit_of_work(INSTALL) as uow:
        revoke_authorisation(uow, standing, "")


@pytest.mark.parametrize("statement", ["UPDATE authorisation SET valid_to = '2099-01-01'", "DELETE FROM authorisation"])
def test_the_application_can_neither_change_nor_delete_one(session: Session, statement):
    make_team()
    with pytest.raises(DBAPIError, match="permission denied"), session.begin_nested():
        session.execute(sa.text(statement))


def test_the_schema_asks_for_the_reason_of_an_extension_and_of_a_revocation(session: Session):
    tester = make_team().tester
    standing = session.get_one(Authorisation, authorise_only(tester, AuthorisationKind.TEST))
    extension = Authorisation(
        person_id=standing.person_id,
        organisation_id=standing.organisation_id,
        kind=standing.kind,
        category_codes=[],
        method_codes=[],
        valid_from=TODAY,
        valid_to=TODAY,
        extends_id=standing.id,
        reason="",
        granted_at=NOW,
    )
    refuse(session, extension, "ck_authorisation_extended_with_a_reason")
    revocation = AuthorisationRevocation(authorisation_id=standing.id, reason="", revoked_at=NOW)
    refuse(session, revocation, "ck_authorisation_revocation_reason_given")


def refuse(session: Session, row: object, constraint: str) -> None:
    session.add(row)
    with pytest.raises(DBAPIError, match=constraint):
        session.flush()
    session.rollback()
