"""Who may keep samples: an authorisation that is missing or has ended blocks every act of keeping."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from chain_of_custody import services
from chain_of_custody.keeping import services as keeping
from chain_of_custody.keeping.models import Disposal, StockCount, StockScan
from chain_of_custody.keeping.types import DisposalState, DisposalWay
from chain_of_custody.models import HandOver, StorageMove
from chain_of_custody.queries import find_place, list_portions
from chain_of_custody.types import PlaceLevel
from lims import clock
from lims.auth.permissions import Role
from lims.people.authorisations import NotAuthorisedError
from lims.people.types import AuthorisationKind
from lims.uow import unit_of_work
from tests.conftest import NOW
from tests.factories.chain_of_custody import ALL_GOOD, make_arrived_sample, make_offer, make_sealed_sample
from tests.factories.people import authorise_only, make_person
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

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


def fridge_of(session, team):
    return find_place(session, team.lab_id, "F01")


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


@pytest.fixture
def refused(session):
    """A laboratory with a sample that it refused, whose portions may go at once: its team and their numbers."""
    team = make_team()
    sample_id = make_arrived_sample(team)
    with unit_of_work(team.custodian.actor) as uow:
        services.record_reception(uow, sample_id, replace(ALL_GOOD, seal_intact=False), "封条破损")
    return team, [portion.portion_no for portion in list_portions(session, sample_id)]


def propose(somebody, numbers):
    with unit_of_work(somebody.actor) as uow:
        return keeping.propose_disposal(uow, numbers, DisposalWay.RETURNED, "退回送样单位").id


def confirm(somebody, disposal_id):
    with unit_of_work(somebody.actor) as uow:
        keeping.confirm_disposal(uow, disposal_id, Decimal("0.80"), "周师傅")


def test_whose_authorisation_ended_neither_proposes_nor_confirms_a_disposal(session, refused):
    team, numbers = refused
    second = make_person(team.lab_id, Role.CUSTODIAN, is_authorised=False)
    authorise_only(team.custodian, AuthorisationKind.CUSTODY, valid_to=YESTERDAY)
    with pytest.raises(NotAuthorisedError, match=f"ended on {YESTERDAY}"):
        propose(team.custodian, numbers)
    authorise_only(team.custodian, AuthorisationKind.CUSTODY)
    disposal_id = propose(team.custodian, numbers)
    with pytest.raises(NotAuthorisedError, match=r"not authorised for keeping samples \(34 "):
        confirm(second, disposal_id)
    assert session.scalars(sa.select(Disposal.state)).all() == [DisposalState.PROPOSED]
    authorise_only(second, AuthorisationKind.CUSTODY)
    confirm(second, disposal_id)
    session.expire_all()
    assert session.scalars(sa.select(Disposal.state)).all() == [DisposalState.DONE]


def test_who_is_authorised_to_keep_other_food_does_not_dispose_of_this_one(refused):
    team, numbers = refused
    authorise_only(team.custodian, AuthorisationKind.CUSTODY, category_codes=["1"])
    with pytest.raises(NotAuthorisedError, match=r"keeping samples \(34 "):
        propose(team.custodian, numbers)


@pytest.mark.parametrize("office", [Role.LAB_HEAD, Role.QUALITY_MANAGER])
def test_the_head_and_the_quality_manager_confirm_by_their_office(session, refused, office):
    team, numbers = refused
    confirm(make_person(team.lab_id, office, is_authorised=False), propose(team.custodian, numbers))
    assert session.scalars(sa.select(Disposal.state)).all() == [DisposalState.DONE]


def test_the_page_of_a_disposal_says_since_when_one_may_not_and_keeps_what_was_typed(client, refused):
    team, numbers = refused
    authorise_only(team.custodian, AuthorisationKind.CUSTODY, valid_to=YESTERDAY)
    log_in(client, team.custodian)
    for locale, words in (("en", f"ended on {YESTERDAY}"), ("zh_Hans_CN", f"已于{YESTERDAY}到期")):
        client.set_cookie("lims_locale", locale)
        token = csrf_token(client, "/custody/keeping/")
        answer = client.post(
            "/custody/keeping/",
            data={"csrf_token": token, "others": numbers[0], "way": "returned", "reason": "退回送样单位"},
        )
        assert answer.status_code == 409
        assert words in answer.text, answer.text
        assert "退回送样单位" in answer.text
        assert numbers[0] in answer.text


def test_every_step_of_a_count_is_for_the_authorised(session, store):
    team, number, _code = store
    fridge = fridge_of(session, team)
    ended = make_person(team.lab_id, Role.CUSTODIAN, is_authorised=False)
    counted = []
    steps = [
        lambda uow: counted.append(keeping.start_count(uow, fridge.id).id),
        lambda uow: keeping.scan_stock(uow, counted[0], [number]),
        lambda uow: keeping.close_count(uow, counted[0]),
        lambda uow: keeping.resolve_difference(uow, counted[0], number, "放错架，已归位"),
    ]
    for step in steps:
        with pytest.raises(NotAuthorisedError, match="keeping samples"), unit_of_work(ended.actor) as uow:
            step(uow)
        with unit_of_work(team.custodian.actor) as uow:
            step(uow)
    assert session.scalars(sa.select(StockCount.closed_by_id)).all() == [team.custodian.person_id]
    assert session.scalars(sa.select(StockScan.scanned_by_id)).all() == [team.custodian.person_id]


def test_the_page_of_a_place_says_why_one_may_not_count_it(client, session, store):
    team, _number, _code = store
    fridge = fridge_of(session, team)
    client.set_cookie("lims_locale", "en")
    log_in(client, make_person(team.lab_id, Role.CUSTODIAN, is_authorised=False))
    token = csrf_token(client, f"/custody/places/{fridge.id}")
    answer = client.post(f"/custody/counts/of/{fridge.id}", data={"csrf_token": token}, follow_redirects=True)
    assert "is not authorised for keeping samples" in answer.text
    assert session.scalars(sa.select(StockCount)).all() == []
