"""Whoever took a sample cannot test it through the API either: in three modes, with two accounts, after a move (I1)."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims import clock
from lims.actors import INSTALL
from lims.auth.permissions import Role
from lims.people import services as people
from lims.people.administration import move_person
from lims.uow import unit_of_work
from sampling.models import SeparationRefusal
from sampling.types import DutyRole, SeparationMode
from tests.factories.chain_of_custody import make_recoded_sample
from tests.factories.people import Somebody, actor_of, make_organisation, make_person, make_second_account
from tests.factories.sampling import Team, make_team
from tests.factories.web import bearer


def become_tester(team: Team, sampler: Somebody) -> Somebody:
    """The sampler is employed at the bench of the very laboratory that tests what they took."""
    with unit_of_work(INSTALL) as uow:
        if team.sampling_organisation_id == team.lab_id:
            assert sampler.actor.employment_id is not None
            people.grant_role(uow, sampler.actor.employment_id, Role.TESTER)
        else:
            today = clock.local_date(uow.now)
            move_person(uow, sampler.person_id, team.lab_id, [Role.TESTER], on=today, officer_no=None)
    return replace(sampler, actor=actor_of(sampler))


@pytest.mark.parametrize("mode", SeparationMode)
@pytest.mark.parametrize("own_account", [True, False])
def test_a_sampler_who_became_a_tester_is_refused_and_stands_in_the_auditors_list(
    client: FlaskClient,
    session: Session,
    frozen_clock: clock.SimulatedClock,
    mode: SeparationMode,
    *,
    own_account: bool,
):
    team = make_team(mode)
    _sample_id, code = make_recoded_sample(team)
    frozen_clock.move_to(frozen_clock.now() + timedelta(days=3))
    tester = become_tester(team, team.samplers[0])
    if not own_account:
        tester = make_second_account(tester)
    answer = client.post(f"/api/v1/test-sets/{code}/take", headers=bearer(tester))
    assert (answer.status_code, answer.json["code"]) == (409, "separation_refused")
    kept = session.scalars(sa.select(SeparationRefusal)).one()
    assert (kept.person_id, kept.role, kept.account_id) == (tester.person_id, DutyRole.TESTER, tester.account_id)


def test_to_another_laboratory_the_code_does_not_exist(client: FlaskClient, session: Session):
    team = make_team()
    _sample_id, code = make_recoded_sample(team)
    stranger = make_person(make_organisation(), Role.TESTER)
    assert client.post(f"/api/v1/test-sets/{code}/take", headers=bearer(stranger)).status_code == 404
