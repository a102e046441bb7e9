"""How a load travelled: its box and ice, delivery limit, data logger; and what reception refuses or gives up."""

import base64
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from chain_of_custody import services as custody
from chain_of_custody.conditions.models import TemperatureLog
from chain_of_custody.conditions.services import LogFile, attach_to_hand_over
from chain_of_custody.models import HandOver, HandOverException
from chain_of_custody.types import Blindness, ExceptionKind, PlaceLevel, ReceptionChecks, Scan
from lims import clock
from lims.errors import InvalidInputError
from lims.uow import unit_of_work
from sampling.models import Sample
from sampling.rules.states import WrongStateError
from sampling.types import SampleState, StorageCondition
from tests.factories.chain_of_custody import (
    make_arrived_sample,
    make_offer,
    make_received_sample,
    make_recoded_sample,
    make_sealed_sample,
)
from tests.factories.pictures import jpeg
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

BROKEN_SEAL = ReceptionChecks(**dict.fromkeys(ReceptionChecks.__slots__, True) | {"seal_intact": False})


COURSE = ("4.5", "12.5", "11", "5")


def logged(*celsius: str, days_ago: int = 0) -> tuple[bytes, list[str]]:
    """What a logger writes every ten minutes up to now, and the times in it as a page writes them."""
    last = clock.local_time(clock.now()) - timedelta(days=days_ago)
    times = [last - timedelta(minutes=10 * place) for place in reversed(range(len(celsius)))]
    rows = [f"{at:%Y-%m-%d %H:%M},{value}" for at, value in zip(times, celsius, strict=True)]
    return "\n".join(["时间,温度", *rows, ""]).encode(), [f"{at:%m-%d %H:%M}" for at in times]


@pytest.fixture
def team(session):
    return make_team()


def words_of(pdf: bytes) -> str:
    return "".join("".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages).replace("\u200b", "")


def send(client, page: str, action: str | None = None, **fields):
    return client.post(action or page, data={"csrf_token": csrf_token(client, page), **fields})


def kinds_of(session, offer_id) -> list[ExceptionKind]:
    session.expire_all()
    return list(session.scalars(sa.select(HandOverException.kind).filter_by(hand_over_id=offer_id)))


@pytest.mark.parametrize(
    ("condition", "hours", "is_late"),
    [
        (StorageCondition.CHILLED, 47, False),
        (StorageCondition.CHILLED, 49, True),
        (StorageCondition.FROZEN, 71, False),
        (StorageCondition.FROZEN, 73, True),
        (StorageCondition.AMBIENT, 73, False),
        (StorageCondition.AMBIENT, 24 * 20, True),
    ],
)
def test_a_load_that_was_too_long_on_its_way_is_taken_and_noted(session, team, frozen_clock, condition, hours, is_late):  # noqa: PLR0917
    _sample_id, numbers = make_sealed_sample(team, storage_condition=condition)
    frozen_clock.advance(timedelta(hours=hours))
    offer_id = make_offer(team, numbers)
    cold = {StorageCondition.CHILLED: 4, StorageCondition.FROZEN: -20}.get(condition)
    with unit_of_work(team.custodian.actor) as uow:
        custody.confirm_hand_over(uow, offer_id, [Scan(number, seal_intact=True) for number in numbers], cold)
    assert kinds_of(session, offer_id) == [ExceptionKind.LATE] * (2 if is_late else 0)


@pytest.mark.parametrize(("locale", "words"), [("en", "To be delivered"), ("zh_Hans_CN", "送达期限")])
def test_a_box_is_described_and_its_receiver_sees_it(client, session, team, locale, words):
    _sample_id, numbers = make_sealed_sample(team)
    client.set_cookie("lims_locale", locale)
    log_in(client, team.samplers[0])
    prefix, page = str(team.lab_id)[:8], "/custody/hand-overs/"
    placed_at = f"{clock.local_time(clock.now()):%Y-%m-%dT%H:%M}"
    fields = {"portion_nos": numbers, "way": "in_person", "box_no": "x-7", "ice_packs": "6", "ice_placed_at": placed_at}
    asked = {f"{prefix}-{name}": value for name, value in fields.items()}
    refused = send(client, page, f"{page}to/{team.lab_id}", **asked | {f"{prefix}-ice_packs": "999"})
    assert refused.status_code == 422
    assert 'value="999"' in refused.text
    photo = (BytesIO(jpeg()), "box.jpg")
    offered = send(client, page, f"{page}to/{team.lab_id}", **asked | {f"{prefix}-box_photo": photo})
    assert offered.status_code == 303
    made = session.scalars(sa.select(HandOver)).one()
    assert (made.box_no, made.ice_packs) == ("X-7", 6)
    log_in(client, team.custodian)
    assert words in client.get("/custody/").text
    shown = client.get(offered.location).text
    assert "X-7" in shown
    assert client.get(f"{offered.location}/box").content_type == "image/jpeg"
    printed = words_of(client.get(f"{offered.location}/record.pdf").data)
    assert "箱号X-7；冰袋6只；冰袋放置" in printed
    told = client.get(f"/api/v1{offered.location.removeprefix('/custody')}", headers=bearer(team.custodian)).json
    assert (told["box_no"], told["ice_packs"], len(told["box_photo_sha256"])) == ("X-7", 6, 64)


@pytest.mark.parametrize(
    ("locale", "told"), [("en", "Times warmer than 10 °C: 1."), ("zh_Hans_CN", "高于 10 °C 1 次。")]
)
def test_the_log_of_a_journey_is_kept_drawn_and_opens_an_exception_once(client, session, team, locale, told):
    _sample_id, numbers = make_sealed_sample(team, storage_condition=StorageCondition.CHILLED)
    offer_id = make_offer(team, numbers)
    cold, times = logged(*COURSE)
    client.set_cookie("lims_locale", locale)
    log_in(client, team.custodian)
    page = f"/custody/temperature/hand-over/{offer_id}"
    assert send(client, page).status_code == 422
    assert send(client, page, file=(BytesIO(b"nothing"), "n.csv")).status_code == 422
    attached = send(client, page, file=(BytesIO(cold), "车载一号.csv"))
    assert attached.status_code == 303
    shown = client.get(attached.location).text
    assert told in shown
    assert 'role="img"' in shown
    assert "12.5 °C" in shown
    assert client.get(f"{attached.location}/file").data == cold
    again = send(client, page, file=(BytesIO(cold), "other-name.csv"))
    assert again.status_code == 409
    assert "车载一号.csv" in again.text
    [exception] = session.scalars(sa.select(HandOverException)).all()
    assert exception.kind is ExceptionKind.TEMPERATURE
    assert exception.scanned == f"12.5 °C > 10 °C {times[1]}–{times[2]}"
    assert session.scalars(sa.select(TemperatureLog.readings)).all() == [4]
    log_in(client, make_team().custodian)
    assert client.get(attached.location).status_code == 404
    log_in(client, team.tester)
    assert client.get(attached.location).status_code == 403


def test_programs_attach_logs_to_journeys_and_to_places(client, session, team):
    _sample_id, numbers = make_sealed_sample(team, storage_condition=StorageCondition.CHILLED)
    offer_id = make_offer(team, numbers)
    with unit_of_work(team.custodian.actor) as uow:
        place_id = custody.add_place(uow, "S", "检验楼", PlaceLevel.SITE).id
    headers = bearer(team.custodian)
    body = {"file_name": "a.csv", "content": base64.b64encode(logged(*COURSE)[0]).decode()}
    place = f"/api/v1/storage-places/{place_id}/temperature-logs"
    stored = client.post(place, json=body | {"condition": "frozen"}, headers=headers)
    assert (stored.status_code, stored.json["bound"], len(stored.json["excursions"])) == (201, "-12", 1)
    assert client.get(place, headers=headers).json["items"][0]["sha256"] == stored.json["sha256"]
    journey = f"/api/v1/hand-overs/{offer_id}/temperature-logs"
    assert client.post(journey, json=body, headers=headers).status_code == 409
    body["content"] = base64.b64encode(logged(*COURSE, "5")[0]).decode()
    made = client.post(journey, json=body, headers=headers)
    assert (made.status_code, made.json["readings"], made.json["excursions"][0]["highest"]) == (201, 5, "12.5")
    assert len(client.get(journey, headers=headers).json["items"]) == 1


@pytest.mark.parametrize("days_ago", [1, -1, 365])
def test_a_log_of_another_day_is_not_that_of_the_journey(session, team, days_ago):
    _sample_id, numbers = make_sealed_sample(team, storage_condition=StorageCondition.CHILLED)
    offer_id = make_offer(team, numbers)
    content, _times = logged(*COURSE, days_ago=days_ago)
    with pytest.raises(InvalidInputError, match="logged from"), unit_of_work(team.custodian.actor) as uow:
        attach_to_hand_over(uow, offer_id, LogFile("van.csv", content))


def test_a_log_of_a_part_of_the_journey_does_not_claim_to_be_within_throughout(client, team, frozen_clock):
    _sample_id, numbers = make_sealed_sample(team, storage_condition=StorageCondition.CHILLED)
    frozen_clock.advance(timedelta(hours=8))
    offer_id = make_offer(team, numbers)
    log_in(client, team.custodian)
    client.set_cookie("lims_locale", "en")
    page = f"/custody/temperature/hand-over/{offer_id}"
    shown = client.get(send(client, page, file=(BytesIO(logged(*["4"] * 12)[0]), "part.csv")).location).text
    assert "Covers a part of the journey" in shown
    assert "throughout" not in shown


def test_a_log_with_readings_missing_does_not_claim_to_be_within_throughout(client, team):
    _sample_id, numbers = make_sealed_sample(team, storage_condition=StorageCondition.CHILLED)
    offer_id = make_offer(team, numbers)
    content, _times = logged(*["4"] * 12)
    rows = content.splitlines(keepends=True)
    log_in(client, team.custodian)
    client.set_cookie("lims_locale", "en")
    page = f"/custody/temperature/hand-over/{offer_id}"
    whole = send(client, page, file=(BytesIO(content), "whole.csv")).location
    cut = send(client, page, file=(BytesIO(b"".join(rows[:4] + rows[9:])), "cut.csv")).location
    assert "Within what is allowed throughout" in client.get(whole).text
    shown = client.get(cut).text
    assert "Readings are missing" in shown
    assert "throughout" not in shown


def test_a_refusal_is_written_to_both_organisations_and_stands_on_the_page_of_the_plan(client, session, team):
    sample_id = make_arrived_sample(team)
    with unit_of_work(team.custodian.actor) as uow:
        custody.record_reception(uow, sample_id, BROKEN_SEAL, "封条破损，无法确认样品未被调换")
    page = f"/custody/samples/{sample_id}/refusal.pdf"
    plan_id = session.get_one(Sample, sample_id).plan_id
    log_in(client, team.planner)
    assert "封条破损" in client.get(f"/plan/{plan_id}").text
    for reader in (team.planner, team.custodian, team.samplers[0]):
        log_in(client, reader)
        printed = words_of(client.get(page).data)
        assert all(part in printed for part in ("样品拒收通知书", "封条破损，无法确认样品未被调换", "☑有破损"))
    log_in(client, team.tester)
    assert client.get(page).status_code == 404
    log_in(client, team.custodian)
    assert client.get(f"/custody/samples/{make_received_sample(team)}/refusal.pdf").status_code == 404


def test_a_custodian_gives_an_accepted_sample_up_before_it_has_its_code(client, session, team):
    sample_id = make_received_sample(team)
    log_in(client, team.custodian)
    page = f"/custody/samples/{sample_id}/giving-up"
    assert send(client, page, reason="").status_code == 422
    assert send(client, page, reason="开箱后包装胀气，不具备检验条件").status_code == 303
    session.expire_all()
    ended = session.get_one(Sample, sample_id)
    assert (ended.state, ended.ended_reason) == (SampleState.NOT_TESTED, "开箱后包装胀气，不具备检验条件")
    with pytest.raises(WrongStateError), unit_of_work(team.custodian.actor) as uow:
        custody.recode(uow, sample_id, Blindness.COVERED)
    coded, _code = make_recoded_sample(team)
    with pytest.raises(WrongStateError), unit_of_work(team.custodian.actor) as uow:
        custody.give_up_sample(uow, coded, "太晚")
    other = make_received_sample(team)
    with pytest.raises(InvalidInputError), unit_of_work(team.custodian.actor) as uow:
        custody.give_up_sample(uow, other, " ")
    told = client.post(f"/api/v1/samples/{other}/giving-up", json={"reason": "变质"}, headers=bearer(team.custodian))
    assert (told.status_code, told.json["state"]) == (201, "not_tested")


def test_chilled_food_that_froze_is_a_fault_on_the_scale_and_in_the_log(session, team):
    _sample_id, numbers = make_sealed_sample(team, storage_condition=StorageCondition.CHILLED)
    offer_id = make_offer(team, numbers)
    frozen, times = logged("2", "-3.5", "11")
    with unit_of_work(team.custodian.actor) as uow:
        custody.confirm_hand_over(
            uow, offer_id, [Scan(number, seal_intact=True) for number in numbers], Decimal("-0.5")
        )
        attach_to_hand_over(uow, offer_id, LogFile("car.csv", frozen))
    told = session.scalars(sa.select(HandOverException.scanned).order_by(HandOverException.scanned)).all()
    assert told == [
        "-0.5 °C < 0 °C",
        f"-3.5 °C < 0 °C {times[1]}–{times[1]}",
        f"11 °C > 10 °C {times[2]}–{times[2]}",
    ]
    log = session.scalars(sa.select(TemperatureLog)).one()
    assert (log.lower_bound, log.bound) == (0, 10)
