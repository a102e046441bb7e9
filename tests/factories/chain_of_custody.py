"""Portions, hand-overs and receptions."""

from itertools import count
from uuid import UUID

from chain_of_custody import services
from chain_of_custody.models import HandOver, Portion
from chain_of_custody.types import Blindness, PortionKind, ReceptionChecks, Scan
from lims.db import db
from lims.uow import unit_of_work
from tests.factories.sampling import Team, make_sample, make_team

_numbers = count(1)
ALL_GOOD = ReceptionChecks(
    seal_intact=True,
    packaging_intact=True,
    quantity_sufficient=True,
    condition_normal=True,
    papers_complete=True,
    papers_match=True,
)


def some_seals() -> dict[PortionKind, str]:
    """Seal numbers nobody used."""
    return {kind: f"F{next(_numbers):07d}" for kind in PortionKind}


def make_sealed_sample(team: Team, **form: object) -> tuple[UUID, list[str]]:
    """A sample whose portions its first sampler sealed and holds; the portion numbers, test portion first."""
    sample_id = make_sample(team, **form)
    with unit_of_work(team.samplers[0].actor) as uow:
        seals = some_seals()
        if "no_backup_reason" in form:
            del seals[PortionKind.BACKUP]
        portions = services.seal_portions(uow, sample_id, seals)
        return sample_id, [portion.portion_no for portion in portions]


def make_offer(team: Team, numbers: list[str]) -> UUID:
    """The portions offered to the team's laboratory."""
    with unit_of_work(team.samplers[0].actor) as uow:
        return services.offer_hand_over(uow, numbers, team.lab_id).id


def make_arrived_sample(team: Team | None = None, **form: object) -> UUID:
    """A sample whose portions the custodian holds and has not looked at yet."""
    people = team or make_team()
    sample_id, numbers = make_sealed_sample(people, **form)
    offer_id = make_offer(people, numbers)
    with unit_of_work(people.custodian.actor) as uow:
        services.confirm_hand_over(uow, offer_id, [Scan(number, seal_intact=True) for number in numbers])
    return sample_id


def make_received_sample(team: Team | None = None, **form: object) -> UUID:
    """A sample the laboratory accepted."""
    people = team or make_team()
    sample_id = make_arrived_sample(people, **form)
    with unit_of_work(people.custodian.actor) as uow:
        services.record_reception(uow, sample_id, ALL_GOOD)
    return sample_id


def make_recoded_sample(team: Team | None = None, **form: object) -> tuple[UUID, str]:
    """A sample ready for the bench, and the blind code of its test portion."""
    people = team or make_team()
    sample_id = make_received_sample(people, **form)
    with unit_of_work(people.custodian.actor) as uow:
        return sample_id, services.recode(uow, sample_id, Blindness.REPACKED).code


def get_offer(offer_id: UUID) -> HandOver:
    """The hand-over as the database holds it."""
    with db.new_session() as session:
        return session.get_one(HandOver, offer_id)


def get_portion(portion_no: str) -> Portion:
    """The portion with this number."""
    with db.new_session() as session:
        return session.query(Portion).filter_by(portion_no=portion_no).one()
