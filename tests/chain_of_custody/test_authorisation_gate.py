"""Who may keep samples: an authorisation that is missing or has ended blocks every act of keeping."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from chain_of_custody import services
from chain_of_custody.models import HandOver, StorageMove
from chain_of_custody.types import PlaceLevel
from lims import clock
from lims.auth.permissions import Role
from lims.people.authorisations import NotAuthorisedError
from lims.people.types import AuthorisationKind
from lims.uow import unit_of_work
from tests.conftest import NOW
from tests.factories.chain_of_custody import make_arrived_sample, make_offer, make_sealed_sample
from tests.factories.people import authorise_only, make_person
from tests.factories.sampling import make_team
from tests.factories.web import bearer

YESTERDAY = clock.local_date(NOW) - timedelta(days=1)


@pytest.fixture
def store(session):
    """A laboratory with one fridge and one sample that has arrived: its team, a portion, the code of the fridge."""
    team = make_team()
    sample_id = make_arrived_sample(team)
    with unit_of_work(team.custodian.actor) as uow:
        site = services.add_place(uow, "SITE", "Site", PlaceLevel.SITE)
        services.add_place(uow, "F01", "Fridge", PlaceLevel.FRIDGE, site.id)
    number = session.scalar(
        sa.text("SELECT portion_no FROM portion WHERE sample_id = :sample ORDER BY portion_no LIMIT 1"),
        {"sample": sample_id},
    )
    return team, number, "F01"


def move(somebody, number, code):
    with unit_of_work(somebody.actor) as uow:
        services.move_portion(uow, number, code)


def test_whose_authorisation_to_keep_samples_ended_puts_nothing_into_the_store(session, store):
    team, number, code = store
    authorise_only(team.custodian, AuthorisationKind.CUSTODY, valid_to=YESTERDAY)
    with pytest.raises(NotAuthorisedError, match=f"ended on {YESTERDAY}"):
        move(team.custodian, number, code)
    assert session.scalars(sa.select(StorageMove)).all() == []
    authorise_only(team.custodian, AuthorisationKind.CUSTODY)
    move(team.custodian, number, code)


def test_who_is_authorised_to_keep_other_food_does_not_move_this_one(session, store):
    team, number, code = store
    authorise_only(team.custodian, AuthorisationKind.CUSTODY, category_codes=["1"])
    with pytest.raises(NotAuthorisedError, match=r"keeping samples \(34 "):
        move(team.custodian, number, code)


def test_the_api_moves_nothing_for_a_novice_either(client, session, store):
    team, number, code = store
    novice = make_person(team.lab_id, Role.CUSTODIAN, is_authorised=False)
    refused = client.post(
        "/api/v1/storage-moves", json={"portion_no": number, "place_code": code}, headers=bearer(novice)
    )
    assert refused.status_code == 409, refused.text
    assert refused.json["code"] == "not_authorised"
    assert session.scalars(sa.select(StorageMove)).all() == []


@pytest.mark.parametrize("by_courier", [False, True])
def test_a_sampler_whose_authorisation_ended_gives_nothing_away_before_it_is_extended(session, by_courier):
    team = make_team()
    _sample_id, numbers = make_sealed_sample(team)
    giver = team.samplers[0]
    authorise_only(giver, AuthorisationKind.SAMPLE, valid_to=YESTERDAY)

    def give():
        with unit_of_work(giver.actor) as uow:
            if by_courier:
                services.hand_to_courier(uow, numbers, team.lab_id, "SF0001")
            else:
                services.offer_hand_over(uow, numbers, team.lab_id)

    with pytest.raises(NotAuthorisedError, match=f"sampling ended on {YESTERDAY}"):
        give()
    assert session.scalars(sa.select(HandOver)).all() == []
    authorise_only(giver, AuthorisationKind.SAMPLE)
    give()


def test_who_may_keep_samples_gives_them_without_being_authorised_to_sample(session):
    team = make_team()
    _sample_id, numbers = make_sealed_sample(team)
    authorise_only(team.samplers[0], AuthorisationKind.SAMPLE, valid_to=YESTERDAY)
    authorise_only(team.samplers[0], AuthorisationKind.CUSTODY)
    assert make_offer(team, numbers) is not None
