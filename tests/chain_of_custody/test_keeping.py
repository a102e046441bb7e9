"""Kept portions: their clocks, what holds them back, two persons at their end, and counts of the store."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from uuid import UUID

import pytest
import sqlalchemy as sa
from pypdf import PdfReader
from sqlalchemy.exc import IntegrityError

from chain_of_custody import services as custody
from chain_of_custody.keeping import services
from chain_of_custody.keeping.models import Disposal, DisposalLine, StockDifference
from chain_of_custody.keeping.queries import list_differences, list_kept
from chain_of_custody.keeping.services import HeldError
from chain_of_custody.keeping.types import DifferenceKind, DisposalState, DisposalWay, HoldKind, KeepingState
from chain_of_custody.keeping.verification import CHECKS
from chain_of_custody.models import BlindCode, CustodyEntry, HandOver, Portion, Seal, StoragePlace
from chain_of_custody.queries import list_places, list_portions, list_stored, place_of
from chain_of_custody.types import CustodyKind, PlaceLevel, Scan
from lims import clock
from lims.auth.permissions import Role
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from lims.verification import run_checks
from tests.factories import recheck as rechecks
from tests.factories.chain_of_custody import ALL_GOOD, make_arrived_sample, make_received_sample, make_recoded_sample
from tests.factories.people import make_person
from tests.factories.referral import make_passed_sample
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

LONG = timedelta(days=400)  # past every period


@pytest.fixture
def team(session):
    return make_team()


@pytest.fixture
def second(team):
    return make_person(team.lab_id, Role.CUSTODIAN)


def numbers_of(session, sample_id) -> list[str]:
    return [portion.portion_no for portion in list_portions(session, sample_id)]


def clocks(session, team):
    session.expire_all()
    return {one.portion_no: one for one in list_kept(session, team.lab_id, clock.local_date(clock.now()))}


def propose(somebody, *numbers: str) -> UUID:
    with unit_of_work(somebody.actor) as uow:
        return services.propose_disposal(uow, numbers, DisposalWay.HARMLESS, "留样期满").id


def confirm(somebody, disposal_id: UUID) -> None:
    with unit_of_work(somebody.actor) as uow:
        services.confirm_disposal(uow, disposal_id, Decimal("12.50"), "环卫公司 周师傅")


def test_a_clock_begins_with_the_conclusion_and_ends_with_months_or_shelf_life(session, team):
    waiting = numbers_of(session, make_received_sample(team))[1]
    long_lived = numbers_of(session, make_passed_sample(team, shelf_life="36个月"))[1]
    short_lived = numbers_of(session, make_passed_sample(team, shelf_life="40天"))[1]
    found = clocks(session, team)
    assert set(found) == {waiting, long_lived, short_lived}, "backup portions only"
    assert (found[waiting].state, found[waiting].keep_until) == (KeepingState.WAITING, None)
    signed_on = clock.local_date(clock.now())
    assert found[long_lived].state is KeepingState.RUNNING
    assert 88 <= (found[long_lived].keep_until - signed_on).days <= 102, "three months, moved off holidays"
    assert not found[long_lived].is_cut_short
    assert found[short_lived].is_cut_short
    assert found[short_lived].keep_until == found[short_lived].shelf_life_until


def test_a_failure_is_held_by_its_case_and_its_recheck_whatever_the_clock_says(session, team, frozen_clock, second):
    case = rechecks.make_served_case(team)
    number = rechecks.backup_of(case)
    rechecks.apply(case)
    frozen_clock.advance(LONG)
    found = clocks(session, team)[number]
    assert found.state is KeepingState.HELD
    assert {hold.kind for hold in found.holds} == {HoldKind.CASE, HoldKind.RECHECK}
    with pytest.raises(HeldError, match=r"a recheck is running \(FJ"):
        propose(team.custodian, number)
    assert (found.keep_until - clock.local_date(found.concluded.at)).days > 150


def test_what_was_released_for_a_recheck_is_not_disposed_of_and_what_was_disposed_of_is_not_released(
    session, team, frozen_clock, second
):
    passed = make_passed_sample(team)
    backup = numbers_of(session, passed)[1]
    other = make_passed_sample(team)
    with unit_of_work(team.custodian.actor) as uow:
        custody.release_backup(uow, other, team.lab_id, "FJ0001")
    frozen_clock.advance(LONG)
    with pytest.raises(HeldError, match="released for a recheck"):
        propose(team.custodian, numbers_of(session, other)[1])
    confirm(second, propose(team.custodian, backup))
    with pytest.raises(ConflictError, match="was disposed of"), unit_of_work(team.custodian.actor) as uow:
        custody.release_backup(uow, passed, team.lab_id, "FJ0002")


def test_two_persons_end_a_custody_that_nothing_can_follow(session, team, frozen_clock, second):
    sample_id = make_passed_sample(team)
    _test, number = numbers_of(session, sample_id)
    with pytest.raises(HeldError, match="is kept until"):
        propose(team.custodian, number)
    frozen_clock.advance(LONG)
    assert clocks(session, team)[number].state is KeepingState.OVERDUE
    disposal_id = propose(team.custodian, number.lower())
    assert clocks(session, team)[number].state is KeepingState.PROPOSED
    with pytest.raises(ConflictError, match="another disposal already"):
        propose(second, number)
    with pytest.raises(ConflictError, match="Somebody else has to confirm"):
        confirm(team.custodian, disposal_id)
    confirm(second, disposal_id)
    with pytest.raises(ConflictError, match="ended already"):
        confirm(second, disposal_id)
    session.expire_all()
    last = session.scalars(sa.select(CustodyEntry).where(CustodyEntry.disposal_id == disposal_id)).one()
    assert (last.kind, last.holder_id) == (CustodyKind.DISPOSED, team.custodian.person_id)
    assert number not in clocks(session, team)
    with pytest.raises(ConflictError, match="was disposed of"), unit_of_work(team.custodian.actor) as uow:
        custody.offer_hand_over(uow, [number], team.lab_id)
    with pytest.raises(ConflictError, match="was disposed of"), unit_of_work(team.custodian.actor) as uow:
        custody.move_portion(uow, number, "A")
    for prev_kind, told in (("disposed", "ends_with_disposal"), ("handed_over", "who_hands_over_holds")):
        with pytest.raises(IntegrityError, match=told), session.begin_nested():
            session.execute(
                sa.text(
                    "INSERT INTO custody_entry (portion_id, seq, sample_id, kind, holder_id, organisation_id, prev_seq,"
                    " prev_kind, handed_by_id, hand_over_id, at) SELECT portion_id, seq + 1, sample_id, 'handed_over',"
                    " :taker, organisation_id, seq, :prev_kind, holder_id, (SELECT id FROM hand_over LIMIT 1), now()"
                    " FROM custody_entry WHERE disposal_id = :disposal"
                ),
                {"taker": second.person_id, "prev_kind": prev_kind, "disposal": disposal_id},
            )
    for check in CHECKS:
        assert check(session).violations == 0, check.__doc__
    assert not [one for one in run_checks(session, "custody") if one.violations]


def test_a_refused_sample_may_go_at_once_and_a_proposal_can_be_taken_back(session, team, second):
    sample_id = make_arrived_sample(team)
    numbers = numbers_of(session, sample_id)
    with pytest.raises(HeldError, match="no conclusion yet"):
        propose(team.custodian, *numbers)
    checks = dict.fromkeys(custody.reception.ReceptionChecks.__slots__, True) | {"seal_intact": False}
    with unit_of_work(team.custodian.actor) as uow:
        custody.record_reception(uow, sample_id, custody.reception.ReceptionChecks(**checks), "封条破损")
    disposal_id = propose(team.custodian, *numbers)
    with unit_of_work(team.custodian.actor) as uow:
        services.withdraw_disposal(uow, disposal_id)
    confirm(second, propose(team.custodian, *numbers))
    with pytest.raises(InvalidInputError, match="No such portion is kept here"):
        propose(team.custodian, numbers[0])


def test_what_went_to_a_carrier_or_was_disposed_of_stands_in_no_place_any_more(session, team, second):
    sample_id = make_arrived_sample(team)
    test, backup = numbers_of(session, sample_id)
    with unit_of_work(team.custodian.actor) as uow:
        place_id = custody.add_place(uow, "S", "检验楼", PlaceLevel.SITE).id
        for number in (test, backup):
            custody.move_portion(uow, number, "S")

    def standing() -> tuple[int, set[str], list[str]]:
        session.expire_all()
        [site] = list_places(session, team.lab_id)
        portion = next(one for one in list_portions(session, sample_id) if one.portion_no == backup)
        names = [place.code for place in place_of(session, portion.id)]
        return site.total, {one.portion_no for one in list_stored(session, place_id)}, names

    assert standing() == (2, {test, backup}, ["S"])
    with unit_of_work(team.custodian.actor) as uow:
        custody.hand_to_courier(uow, [test], team.lab_id, "SF0009")
    assert standing() == (1, {backup}, ["S"])
    with unit_of_work(second.actor) as uow:
        offer = uow.session.scalars(sa.select(HandOver).where(HandOver.consignment_no == "SF0009")).one()
        custody.confirm_hand_over(uow, offer.id, [Scan(test, seal_intact=True)])
    assert standing() == (2, {test, backup}, ["S"]), "taken by a colleague it is where it was put"
    with unit_of_work(team.custodian.actor) as uow:
        custody.record_reception(uow, sample_id, replace(ALL_GOOD, seal_intact=False), "封条破损")
    confirm(second, propose(team.custodian, test, backup))
    assert standing() == (0, set(), [])


def test_another_laboratory_knows_nothing_of_it(session, team, frozen_clock):
    number = numbers_of(session, make_passed_sample(team))[1]
    frozen_clock.advance(LONG)
    stranger = make_team().custodian
    with pytest.raises(InvalidInputError, match="No such portion is kept here"):
        propose(stranger, number)
    disposal_id = propose(team.custodian, number)
    with pytest.raises(NotFoundError):
        confirm(stranger, disposal_id)


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ("state = 'done', ended_at = now(), ended_by_id = proposed_by_id, weight_kg = 1, witness = 'x'", "two_people"),
        ("state = 'done'", "ended_by_somebody|weighed|witnessed"),
        ("weight_kg = 1", "weighed_when_done"),
    ],
)
def test_no_statement_ends_a_disposal_by_one_person_or_half(session, team, frozen_clock, changed, constraint):
    number = numbers_of(session, make_passed_sample(team))[1]
    frozen_clock.advance(LONG)
    propose(team.custodian, number)
    with pytest.raises(IntegrityError, match=constraint), session.begin_nested():
        session.execute(sa.text(f"UPDATE disposal SET {changed}"))


@pytest.fixture
def store(session, team):
    """Two boxes on one shelf, a portion in each, one of a place that is not counted."""
    with unit_of_work(team.custodian.actor) as uow:
        site = custody.add_place(uow, "S", "检验楼", PlaceLevel.SITE)
        shelf = custody.add_place(uow, "S-1", "一号架", PlaceLevel.SHELF, site.id)
        custody.add_place(uow, "S-1-A", "甲盒", PlaceLevel.BOX, shelf.id)
        custody.add_place(uow, "S-2", "二号架", PlaceLevel.SHELF, site.id)
        shelf_id = shelf.id
    numbers = [numbers_of(session, make_received_sample(team))[1] for _turn in range(4)]
    with unit_of_work(team.custodian.actor) as uow:
        for number, place in zip(numbers, ("S-1", "S-1-A", "S-2"), strict=False):
            custody.move_portion(uow, number, place)
    return shelf_id, numbers


def test_a_count_ends_in_a_list_of_what_is_missing_elsewhere_or_unknown(session, team, store, second):
    shelf_id, (here, in_box, elsewhere, placeless) = store
    with unit_of_work(team.custodian.actor) as uow:
        count_id = services.start_count(uow, shelf_id).id
    with pytest.raises(ConflictError, match="being counted already"), unit_of_work(second.actor) as uow:
        services.start_count(uow, shelf_id)
    with unit_of_work(second.actor) as uow:
        assert services.scan_stock(uow, count_id, [f" {here.lower()} ", here, elsewhere, placeless, "XX-9"]) == 4
    with unit_of_work(team.custodian.actor) as uow:
        services.close_count(uow, count_id)
    with pytest.raises(ConflictError, match="closed"), unit_of_work(second.actor) as uow:
        services.scan_stock(uow, count_id, [in_box])
    found = {row.difference.scanned: row for row in list_differences(session, count_id)}
    assert {number: row.difference.kind for number, row in found.items()} == {
        in_box: DifferenceKind.MISSING,
        elsewhere: DifferenceKind.ELSEWHERE,
        placeless: DifferenceKind.ELSEWHERE,
        "XX-9": DifferenceKind.UNEXPECTED,
    }
    assert found[elsewhere].known_place.code == "S-2"
    with pytest.raises(InvalidInputError, match="cleared up"), unit_of_work(second.actor) as uow:
        services.resolve_difference(uow, count_id, in_box, " ")
    with unit_of_work(second.actor) as uow:
        services.resolve_difference(uow, count_id, in_box, "移至二号架，已补扫")
    with pytest.raises(ConflictError, match="resolved already"), unit_of_work(second.actor) as uow:
        services.resolve_difference(uow, count_id, in_box, "又一次")
    with pytest.raises(NotFoundError), unit_of_work(make_team().custodian.actor) as uow:
        services.resolve_difference(uow, count_id, "XX-9", "x")


def test_a_portion_is_counted_and_disposed_of_by_whatever_label_it_bears(session, team, store, frozen_clock):
    shelf_id, (here, in_box, _elsewhere, _placeless) = store
    seal_no = session.scalars(
        sa.select(Seal.seal_no).join(Portion, Portion.id == Seal.portion_id).where(Portion.portion_no == here)
    ).one()
    sample_id, blind = make_recoded_sample(team)
    with unit_of_work(team.custodian.actor) as uow:
        shelf = uow.session.get_one(StoragePlace, shelf_id)
        custody.move_portion(uow, blind, shelf.code)
        count_id = services.start_count(uow, shelf_id).id
        services.scan_stock(uow, count_id, [seal_no, here, blind.lower()])
        services.close_count(uow, count_id)
    assert numbers_of(session, sample_id)[0] in {one.portion_no for one in list_stored(session, shelf_id)}
    found = {row.difference.scanned: row.difference.kind for row in list_differences(session, count_id)}
    assert found == {in_box: DifferenceKind.MISSING}
    passed = make_passed_sample(team)
    code = session.scalars(sa.select(BlindCode.code).where(BlindCode.sample_id == passed)).one()
    frozen_clock.advance(LONG)
    with unit_of_work(team.custodian.actor) as uow:
        disposal_id = services.propose_disposal(uow, [code], DisposalWay.INCINERATED, "留样期满").id
    line = session.scalars(sa.select(DisposalLine).where(DisposalLine.disposal_id == disposal_id)).one()
    assert session.get_one(Portion, line.portion_id).portion_no == numbers_of(session, passed)[0]


def words_of(pdf: bytes) -> str:
    return "".join("".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages).replace("\u200b", "")


def send(client, page: str, action: str | None = None, **fields):
    return client.post(action or page, data={"csrf_token": csrf_token(client, page), **fields})


@pytest.mark.parametrize("words", [("en", "custody of these portions has ended"), ("zh_Hans_CN", "至此终止")])
def test_a_disposal_is_proposed_confirmed_and_printed_on_pages(client, session, team, frozen_clock, words):
    (locale, ended), second = words, make_person(team.lab_id, Role.CUSTODIAN)
    number = numbers_of(session, make_passed_sample(team))[1]
    frozen_clock.advance(LONG)
    client.set_cookie("lims_locale", locale)
    log_in(client, team.custodian)
    page = "/custody/keeping/"
    assert number in client.get(page).text
    refused = send(client, page, portion_nos=number, way="harmless", reason="")
    assert refused.status_code == 422
    assert "checked" in refused.text, "what was ticked stays ticked"
    proposed = send(client, page, portion_nos=number, way="harmless", reason="留样期满")
    assert proposed.status_code == 303
    assert 'name="weight_kg"' not in client.get(proposed.location).text, "not to the proposer"
    log_in(client, second)
    wrong = send(client, proposed.location, weight_kg="a lot", witness="周师傅")
    assert wrong.status_code == 422
    assert "a lot" in wrong.text
    assert send(client, proposed.location, weight_kg="0.80", witness="周师傅").status_code == 303
    assert ended in client.get(proposed.location).text
    printed = words_of(client.get(f"{proposed.location}/record.pdf").data)
    assert all(part in printed for part in ("留样处置记录", number, "0.80kg", "周师傅", "已处置"))
    assert number in client.get("/custody/keeping/?state=due").text or "/custody/disposals/" in client.get(page).text
    assert client.get("/custody/disposals/").status_code == 200
    session.expire_all()
    assert session.scalars(sa.select(Disposal.state)).all() == [DisposalState.DONE]


@pytest.mark.parametrize("words", [("en", "Belongs elsewhere"), ("zh_Hans_CN", "位置不符")])
def test_a_count_is_started_scanned_closed_and_cleared_up_on_pages(client, session, team, store, words):
    locale, heading = words
    shelf_id, (here, _in_box, elsewhere, _placeless) = store
    client.set_cookie("lims_locale", locale)
    log_in(client, team.custodian)
    started = send(client, f"/custody/places/{shelf_id}", f"/custody/counts/of/{shelf_id}")
    assert started.status_code == 303
    page = started.location
    assert send(client, page, codes=f"{here}\n{elsewhere}").status_code == 303
    assert here in client.get(page).text
    assert send(client, page, f"{page}/close").status_code == 303
    shown = client.get(page).text
    assert heading in shown
    refused = send(client, page, f"{page}/resolve/{elsewhere}", resolution="")
    assert refused.status_code == 422
    assert send(client, page, f"{page}/resolve/{elsewhere}", resolution="放错架，已归位").status_code == 303
    printed = words_of(client.get(f"{page}/list.pdf").data)
    assert all(part in printed for part in ("留样盘点差异表", elsewhere, "放错架，已归位", "账有物无"))
    assert client.get("/custody/counts/").status_code == 200
    assert session.scalars(sa.select(StockDifference.resolution).where(StockDifference.scanned == elsewhere)).one()


def test_programs_keep_count_and_dispose(client, session, team, store, frozen_clock):
    shelf_id, (here, *_others) = store
    passed = numbers_of(session, make_passed_sample(team))[1]
    frozen_clock.advance(LONG)
    keeper = bearer(team.custodian)

    def post(path: str, body=None, by=keeper):
        return client.post(f"/api/v1{path}", json=body, headers=by)

    def get(path: str):
        return client.get(f"/api/v1{path}", headers=keeper)

    waiting = get("/kept-portions?state=waiting").json["items"]
    assert here in {one["portion_no"] for one in waiting}
    [due] = get("/kept-portions?state=overdue").json["items"]
    assert (due["portion_no"], due["holds"]) == (passed, [])
    assert post("/disposals", {"portion_nos": [here], "way": "harmless", "reason": "x"}).status_code == 409
    made = post("/disposals", {"portion_nos": [passed], "way": "incinerated", "reason": "留样期满"})
    assert (made.status_code, made.json["lines"][0]["portion_no"]) == (201, passed)
    assert post(f"/disposals/{made.json['id']}/withdrawal").json["state"] == "withdrawn"
    made = post("/disposals", {"portion_nos": [passed], "way": "incinerated", "reason": "留样期满"})
    count = post("/stock-counts", {"place_id": str(shelf_id)}).json
    post(f"/stock-counts/{count['id']}/scans", {"codes": [here, "XX-1"]})
    closed = post(f"/stock-counts/{count['id']}/closing").json
    assert {one["kind"] for one in closed["differences"]} == {"missing", "unexpected"}
    told = post(f"/stock-counts/{count['id']}/resolutions", {"scanned": "XX-1", "resolution": "废标签"})
    assert told.json["resolution"] == "废标签"
    assert get("/stock-counts").json["items"][0]["count_no"] == closed["count_no"]
    second = bearer(make_person(team.lab_id, Role.LAB_HEAD))
    done = post(f"/disposals/{made.json['id']}/confirmation", {"weight_kg": "0.5", "witness": "周师傅"}, second)
    assert (done.status_code, done.json["state"], done.json["weight_kg"]) == (201, "done", "0.5")
    assert {one["id"]: one["state"] for one in get("/disposals").json["items"]}[made.json["id"]] == "done"
