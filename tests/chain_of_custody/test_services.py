"""A portion's way from its seal to the bench."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from chain_of_custody import services
from chain_of_custody.models import HandOverException, Portion
from chain_of_custody.queries import (
    custody_trail,
    find_portion,
    holder,
    list_held,
    list_portions,
    resolve_blind_code,
)
from chain_of_custody.services.hand_overs import NotHolderError, TakenAlreadyError
from chain_of_custody.services.label_blocks import take_label_block
from chain_of_custody.services.reception import NotHereError
from chain_of_custody.types import Blindness, CustodyKind, ExceptionKind, PlaceLevel, ReceptionChecks, Scan
from chain_of_custody.verification import CHECKS
from lims.auth.permissions import Role
from lims.db import db
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from sampling.models import Sample
from sampling.rules.states import WrongStateError
from sampling.services.separation import SeparationRefusedError, claim_act, sample_tuple
from sampling.types import DutyRole, SampleState, SeparationMode, StorageCondition
from tests.factories.chain_of_custody import (
    ALL_GOOD,
    get_portion,
    make_arrived_sample,
    make_offer,
    make_received_sample,
    make_recoded_sample,
    make_sealed_sample,
    some_seals,
)
from tests.factories.people import make_person
from tests.factories.sampling import make_sample, make_team

BROKEN_SEAL = ReceptionChecks(
    seal_intact=False,
    packaging_intact=True,
    quantity_sufficient=True,
    condition_normal=True,
    papers_complete=True,
    papers_match=True,
)


def state_of(session, sample_id):
    session.expire_all()
    return session.get_one(Sample, sample_id).state


def test_whoever_seals_holds_both_portions(session):
    team = make_team()
    sample_id, numbers = make_sealed_sample(team)
    sampling_no = session.get_one(Sample, sample_id).sampling_no
    assert numbers == [f"{sampling_no}-1", f"{sampling_no}-2"]
    assert {holder(session, portion.id) for portion in list_portions(session, sample_id)} == {
        team.samplers[0].person_id
    }


def test_a_form_without_a_backup_portion_seals_one(session):
    team = make_team()
    sample_id = make_sample(team, backup_qty=None, no_backup_reason="微生物检验不留样")
    seals = some_seals()
    with pytest.raises(InvalidInputError, match="no backup"), unit_of_work(team.samplers[0].actor) as uow:
        services.seal_portions(uow, sample_id, seals)
    seals.popitem()
    with unit_of_work(team.samplers[0].actor) as uow:
        assert len(services.seal_portions(uow, sample_id, seals)) == 1


def test_portions_are_sealed_once_by_their_own_people_with_a_seal_each(session):
    team = make_team()
    sample_id, _numbers = make_sealed_sample(team)
    with pytest.raises(ConflictError, match="sealed already"), unit_of_work(team.samplers[0].actor) as uow:
        services.seal_portions(uow, sample_id, some_seals())
    other = make_sample(team)
    same = dict.fromkeys(some_seals(), "F1")
    with pytest.raises(InvalidInputError, match="Both portions"), unit_of_work(team.samplers[0].actor) as uow:
        services.seal_portions(uow, other, same)
    with pytest.raises(NotFoundError), unit_of_work(team.custodian.actor) as uow:
        services.seal_portions(uow, other, some_seals())


def test_a_confirmed_hand_over_makes_the_receiver_the_holder_and_the_trail_gapless(session):
    team = make_team()
    sample_id = make_arrived_sample(team)
    assert state_of(session, sample_id) is SampleState.IN_TRANSIT
    trail = custody_trail(session, sample_id)
    assert [(entry.seq, entry.kind) for entry in trail] == [(1, CustodyKind.SEALED), (2, CustodyKind.HANDED_OVER)] * 2
    assert {entry.holder_id for entry in trail if entry.seq == 2} == {team.custodian.person_id}


def test_only_the_holder_offers_and_only_once(session):
    team = make_team()
    _sample_id, numbers = make_sealed_sample(team)
    with pytest.raises(NotHolderError), unit_of_work(team.samplers[1].actor) as uow:
        services.offer_hand_over(uow, numbers, team.lab_id)
    make_offer(team, numbers)
    with pytest.raises(ConflictError, match="offered to somebody already"), unit_of_work(team.samplers[0].actor) as uow:
        services.offer_hand_over(uow, numbers, team.lab_id)


def test_what_does_not_match_the_list_is_opened_and_what_is_missing_stays_with_its_giver(session):
    team = make_team()
    _sample_id, numbers = make_sealed_sample(team)
    offer_id = make_offer(team, numbers)
    with unit_of_work(team.custodian.actor) as uow:
        services.confirm_hand_over(
            uow, offer_id, [Scan(numbers[0], seal_intact=False), Scan("XBJ-OTHER-1", seal_intact=True)]
        )
    found = session.query(HandOverException).filter_by(hand_over_id=offer_id).all()
    assert sorted((one.kind, one.scanned) for one in found) == sorted(
        [
            (ExceptionKind.BROKEN, numbers[0]),
            (ExceptionKind.MISSING, numbers[1]),
            (ExceptionKind.EXTRA, "XBJ-OTHER-1"),
        ]
    )
    assert holder(session, get_portion(numbers[0]).id) == team.custodian.person_id
    assert holder(session, get_portion(numbers[1]).id) == team.samplers[0].person_id
    make_offer(team, numbers[1:])  # what was left behind can be offered again
    with unit_of_work(team.custodian.actor) as uow:
        services.resolve_exception(uow, found[0].id, "现场复核")
    with pytest.raises(ConflictError, match="resolved already"), unit_of_work(team.custodian.actor) as uow:
        services.resolve_exception(uow, found[0].id, "again")


def test_another_number_on_the_seal_is_a_broken_seal(session):
    team = make_team()
    _sample_id, numbers = make_sealed_sample(team)
    scans = [Scan(numbers[0], seal_intact=True, seal_no="F-OTHER"), Scan(numbers[1], seal_intact=True)]
    offer_id = make_offer(team, numbers)
    with unit_of_work(team.custodian.actor) as uow:
        found = services.confirm_hand_over(uow, offer_id, scans)
        assert [one.kind for one in found] == [ExceptionKind.BROKEN]


def test_cold_food_is_measured_and_warmth_is_written_down(session):
    team = make_team()
    _sample_id, numbers = make_sealed_sample(team, storage_condition=StorageCondition.FROZEN)
    offer_id = make_offer(team, numbers)
    scans = [Scan(number, seal_intact=True) for number in numbers]
    with pytest.raises(InvalidInputError, match="temperature"), unit_of_work(team.custodian.actor) as uow:
        services.confirm_hand_over(uow, offer_id, scans)
    with unit_of_work(team.custodian.actor) as uow:
        found = services.confirm_hand_over(uow, offer_id, scans, Decimal("-11.5"))
        assert [one.kind for one in found] == [ExceptionKind.TEMPERATURE]


def test_while_a_carrier_has_it_the_sender_answers_for_it(session):
    team = make_team()
    sample_id, numbers = make_sealed_sample(team)
    with unit_of_work(team.samplers[0].actor) as uow:
        offer_id = services.hand_to_courier(uow, numbers, team.lab_id, "SF1234567890").id
    assert state_of(session, sample_id) is SampleState.IN_TRANSIT
    assert holder(session, get_portion(numbers[0]).id) == team.samplers[0].person_id
    with pytest.raises(ConflictError, match="carrier"), unit_of_work(team.samplers[0].actor) as uow:
        services.withdraw_hand_over(uow, offer_id)
    with unit_of_work(team.custodian.actor) as uow:
        services.confirm_hand_over(uow, offer_id, [Scan(number, seal_intact=True) for number in numbers])
    assert [entry.kind for entry in custody_trail(session, sample_id)][:3] == [
        CustodyKind.SEALED,
        CustodyKind.CONSIGNED,
        CustodyKind.HANDED_OVER,
    ]


def test_another_organisation_knows_nothing_of_an_offer(session):
    team, other = make_team(), make_team()
    _sample_id, numbers = make_sealed_sample(team)
    offer_id = make_offer(team, numbers)
    with pytest.raises(NotFoundError), unit_of_work(other.custodian.actor) as uow:
        services.confirm_hand_over(uow, offer_id, [Scan(numbers[0], seal_intact=True)])
    with pytest.raises(InvalidInputError, match="No such portion here"), unit_of_work(other.samplers[0].actor) as uow:
        services.offer_hand_over(uow, numbers, other.lab_id)
    assert find_portion(session, other.custodian.actor, numbers[0]) is None


def test_a_failed_check_cannot_be_accepted_and_a_refusal_has_its_reason(session):
    team = make_team()
    sample_id = make_arrived_sample(team)
    with pytest.raises(InvalidInputError, match="refused"), unit_of_work(team.custodian.actor) as uow:
        services.record_reception(uow, sample_id, BROKEN_SEAL)
    with unit_of_work(team.custodian.actor) as uow:
        services.record_reception(uow, sample_id, BROKEN_SEAL, "封条破损")
    assert state_of(session, sample_id) is SampleState.REFUSED
    with pytest.raises(WrongStateError), unit_of_work(team.custodian.actor) as uow:
        services.record_reception(uow, sample_id, ALL_GOOD)


def test_a_sample_is_accepted_when_all_of_it_is_here(session):
    team = make_team()
    sample_id, numbers = make_sealed_sample(team)
    with pytest.raises(NotFoundError), unit_of_work(team.custodian.actor) as uow:
        services.record_reception(uow, sample_id, ALL_GOOD)
    offer_id = make_offer(team, numbers)
    with unit_of_work(team.custodian.actor) as uow:
        services.confirm_hand_over(uow, offer_id, [Scan(numbers[0], seal_intact=True)])
    with pytest.raises(NotHereError, match=numbers[1]), unit_of_work(team.custodian.actor) as uow:
        services.record_reception(uow, sample_id, ALL_GOOD)


def test_a_blind_code_leads_to_its_portion_and_a_field_label_tells_the_bench_nothing(session):
    team = make_team()
    sample_id, code = make_recoded_sample(team)
    assert state_of(session, sample_id) is SampleState.RECODED
    found = resolve_blind_code(session, f" {code.lower()} ")
    assert found is not None
    assert (found.sample_id, found.lab_id) == (sample_id, team.lab_id)
    assert resolve_blind_code(session, code[:-1] + ("2" if code[-1] != "2" else "3")) is None
    number = session.get_one(Portion, found.portion_id).portion_no
    assert find_portion(session, team.custodian.actor, number) is not None
    assert find_portion(session, team.tester.actor, number) is None


def test_whoever_tested_cannot_recode(session):
    team = make_team()
    sample_id = make_received_sample(team)
    both = make_person(team.lab_id, Role.TESTER, Role.CUSTODIAN).actor
    with unit_of_work(both) as uow:
        claim_act(uow, sample_tuple(uow.session.get_one(Sample, sample_id)), DutyRole.TESTER)
    with pytest.raises(SeparationRefusedError), unit_of_work(both) as uow:
        services.recode(uow, sample_id, Blindness.COVERED)


def test_a_portion_is_stored_where_it_was_scanned_and_rooms_do_not_lie_in_boxes(session):
    team = make_team()
    sample_id = make_arrived_sample(team)
    with unit_of_work(team.custodian.actor) as uow:
        site = services.add_place(uow, "s1", "一号楼", PlaceLevel.SITE)
        box = services.add_place(uow, "B1", "留样盒", PlaceLevel.BOX, site.id)
        with pytest.raises(InvalidInputError, match="cannot lie inside B1"):
            services.add_place(uow, "R1", "留样室", PlaceLevel.ROOM, box.id)
        number = list_portions(uow.session, sample_id)[1].portion_no
        assert services.move_portion(uow, number, "b1").place_id == box.id


def test_the_whole_way_passes_every_check_of_custody(session):
    team = make_team()
    make_recoded_sample(team)
    with unit_of_work(team.samplers[0].actor) as uow:
        take_label_block(uow, 2)
    for check in CHECKS:
        finding = check(session)
        assert finding.checked > 0, finding.invariant
        assert finding.violations == 0, finding.examples


@pytest.mark.parametrize("people", [20, pytest.param(200, marks=pytest.mark.soak)])
def test_of_many_who_confirm_one_hand_over_one_has_it_and_the_others_are_told_who(committed_database, people):
    team = make_team()
    _sample_id, numbers = make_sealed_sample(team)
    offer_id = make_offer(team, numbers)
    scans = [Scan(number, seal_intact=True) for number in numbers]

    def confirm(_turn):
        try:
            with unit_of_work(team.custodian.actor) as uow:
                services.confirm_hand_over(uow, offer_id, scans)
        except TakenAlreadyError as refusal:
            return str(refusal)
        return "taken"

    with ThreadPoolExecutor(max_workers=12) as hands:
        answers = list(hands.map(confirm, range(people)))
    assert answers.count("taken") == 1
    with db.new_session() as session:
        assert holder(session, get_portion(numbers[0]).id) == team.custodian.person_id
    assert all("has these since" in answer for answer in answers if answer != "taken")


def test_what_a_laboratory_s_own_samplers_hold_has_not_arrived_at_its_reception(session):
    team = make_team(SeparationMode.INTERNAL)
    sample_id, numbers = make_sealed_sample(team)
    with unit_of_work(team.samplers[0].actor) as uow:
        offer_id = services.hand_to_courier(uow, numbers, team.lab_id, "SF-9").id
    with pytest.raises(NotFoundError), unit_of_work(team.custodian.actor) as uow:
        services.record_reception(uow, sample_id, ALL_GOOD)
    with unit_of_work(team.custodian.actor) as uow:
        services.confirm_hand_over(uow, offer_id, [Scan(numbers[0], seal_intact=True)])
    with pytest.raises(NotHereError, match=numbers[1]), unit_of_work(team.custodian.actor) as uow:
        services.record_reception(uow, sample_id, ALL_GOOD)
    session.expire_all()
    assert [one.portion_no for one in list_held(session, team.samplers[0].person_id, team.lab_id)] == [numbers[1]]
    assert list_held(session, team.custodian.person_id, team.lab_id) == []
