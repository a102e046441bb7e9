"""The page of a portion that changed hands two hundred times, with its proof, as the server makes it."""

import time
from http import HTTPStatus
from uuid import UUID

from benchmarks.harness import Measure, installation, percentile
from chain_of_custody import services
from chain_of_custody.queries import list_portions
from chain_of_custody.types import Scan
from lims.auth.permissions import Role
from lims.db import db
from lims.uow import unit_of_work
from tests.factories.chain_of_custody import get_portion, make_arrived_sample
from tests.factories.people import make_person
from tests.factories.sampling import make_team
from tests.factories.web import log_in

EVENTS = 200
LOOKS = 20


def measure() -> list[Measure]:
    """How long the middle and the slowest look at the page take."""
    with installation() as app:
        team = make_team()
        sample_id = make_arrived_sample(team)
        pair = (team.custodian, make_person(team.lab_id, Role.CUSTODIAN))
        number = _test_portion(sample_id)
        for turn in range(EVENTS - 2):
            giver, taker = pair[turn % 2], pair[(turn + 1) % 2]
            with unit_of_work(giver.actor) as uow:
                offer_id = services.offer_hand_over(uow, [number], team.lab_id).id
            with unit_of_work(taker.actor) as uow:
                services.confirm_hand_over(uow, offer_id, [Scan(number, seal_intact=True)])
        client = log_in(app.test_client(), team.custodian)
        address = f"/custody/portions/{get_portion(number).id}"
        took = []
        for _look in range(LOOKS):
            begun = time.perf_counter()
            answer = client.get(address)
            took.append(time.perf_counter() - begun)
            assert answer.status_code == HTTPStatus.OK, answer.status
        took.sort()
        return [
            Measure(f"custody page, {EVENTS} events", percentile(took, 0.5), "ms", "≤ 200 ms"),
            Measure("  the slowest", percentile(took, 1.0), "ms", ""),
        ]


def _test_portion(sample_id: UUID) -> str:
    with db.read_session() as session:
        return list_portions(session, sample_id)[0].portion_no
