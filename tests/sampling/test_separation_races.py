"""Both attempts at the same instant, in two connections: sampling and testing one sample never both succeed (I1)."""

import threading

import pytest
import sqlalchemy as sa

from lims.auth.permissions import Role
from lims.cluster import Urls
from lims.db import db
from lims.errors import LimsError
from lims.uow import unit_of_work
from sampling.models import DutyAct, Sample
from sampling.services.separation import claim_act, sample_tuple
from sampling.types import DutyRole, SeparationMode
from tests.factories.people import Somebody, make_person
from tests.factories.sampling import make_sample, make_team

ATTEMPTS = (DutyRole.SAMPLER, DutyRole.TESTER)


def race(sample_id, somebody: Somebody) -> list[DutyRole]:
    """Let one person try both sides at once; returns which succeeded."""
    barrier, succeeded = threading.Barrier(len(ATTEMPTS)), []

    def attempt(role: DutyRole) -> None:
        barrier.wait()
        try:
            with unit_of_work(somebody.actor) as uow:
                claim_act(uow, sample_tuple(uow.session.get_one(Sample, sample_id)), role)
            succeeded.append(role)
        except LimsError:
            return

    threads = [threading.Thread(target=attempt, args=(role,)) for role in ATTEMPTS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return succeeded


def run_races(mode: SeparationMode, count: int) -> None:
    team = make_team(mode)
    sample_id = make_sample(team)
    for _ in range(count):
        somebody = make_person(team.sampling_organisation_id, Role.SAMPLER, Role.TESTER)
        assert len(race(sample_id, somebody)) == 1
    with db.read_session() as session:
        both = sa.select(DutyAct.person_id).group_by(DutyAct.sample_id, DutyAct.person_id)
        assert session.scalars(both.having(sa.func.count(DutyAct.side.distinct()) > 1)).all() == []


@pytest.mark.parametrize("mode", SeparationMode)
def test_one_person_never_wins_both_sides(committed_database: Urls, mode: SeparationMode):
    run_races(mode, 10)


@pytest.mark.soak
@pytest.mark.parametrize("mode", SeparationMode)
def test_one_person_never_wins_both_sides_in_two_hundred_races(committed_database: Urls, mode: SeparationMode):
    run_races(mode, 200)
