"""Pages of the public pick, in both languages."""

import re
import secrets

import pytest

from citizen_votes import queries
from citizen_votes.rules.proof_of_work import solve
from lims.actors import PUBLIC
from lims.auth.login import log_in
from lims.uow import unit_of_work
from tests.factories import citizen_votes as votes
from tests.factories.people import PASSWORD


def field_of(page: str, name: str) -> str:
    tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)[0]
    found = re.search(r'value="([^"]*)"', tag)
    return found[1] if found else ""


@pytest.fixture
def planner(session):
    return votes.make_planner()


@pytest.fixture
def desk(client, planner):
    with unit_of_work(PUBLIC) as uow:
        token, _login = log_in(uow, planner.username, PASSWORD, None)
    client.set_cookie("lims_session", token)
    return client


def send_ballot(client, round_id, page: str, choices, **more):
    challenge = field_of(page, "challenge")
    sent = {
        "csrf_token": field_of(page, "csrf_token"),
        "challenge": challenge,
        "proof": solve(challenge),
        "nonce": secrets.token_hex(32),
        "order": field_of(page, "order"),
        "choices": choices,
    }
    return client.post(f"/picks/{round_id}", data=sent | more)


@pytest.mark.parametrize(("locale", "words"), [("en", "You pick, we test"), ("zh_Hans_CN", "你点我检")])
def test_the_public_home_leads_to_the_open_round(client, planner, locale, words):
    round_id = votes.make_round(planner.actor)
    client.set_cookie("lims_locale", locale)
    page = client.get("/").text
    assert words in page
    assert f"/picks/{round_id}" in page


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_a_phone_votes_gets_its_receipt_and_cannot_vote_again(client, session, planner, locale):
    client.set_cookie("lims_locale", locale)
    round_id = votes.make_round(planner.actor)
    option = queries.offered_strata(session, round_id)[0]
    answer = send_ballot(client, round_id, client.get(f"/picks/{round_id}").text, [option], business_name="张记面馆")
    assert answer.status_code == 303
    receipt = answer.location.rsplit("/", 1)[1]
    assert receipt in client.get(answer.location).text
    assert receipt in client.get("/receipt", query_string={"number": receipt.lower()}).text
    again = send_ballot(client, round_id, client.get(f"/picks/{round_id}").text, [option])
    assert again.status_code == 409
    assert len(queries.list_nominations(session, round_id)) == 1


def test_a_refused_ballot_keeps_its_choices_and_its_order(client, session, planner):
    round_id = votes.make_round(planner.actor, strata=12)
    options = queries.offered_strata(session, round_id)
    page = client.get(f"/picks/{round_id}").text
    answer = send_ballot(client, round_id, page, options[:6])
    assert answer.status_code == 422
    assert answer.text.count(" checked") == 6
    shown = re.findall(r'name="choices" value="([^"]+)"', page)
    assert re.findall(r'name="choices" value="([^"]+)"', answer.text) == shown


def test_after_the_close_everybody_sees_the_ballots_and_the_count(desk, session, planner):
    desk.set_cookie("lims_locale", "en")
    round_id = votes.make_round(planner.actor)
    option = queries.offered_strata(session, round_id)[0]
    receipt = votes.vote(round_id, [option])
    assert desk.get(f"/picks/{round_id}/list").status_code == 404
    token = field_of(desk.get(f"/plan/rounds/{round_id}").text, "csrf_token")
    for act in ("close", "count", "destroy-key"):
        assert desk.post(f"/plan/rounds/{round_id}/{act}", data={"csrf_token": token}).status_code == 303
        session.expire_all()
    for path in (f"/picks/{round_id}/list", f"/picks/{round_id}/outcome", f"/receipt?number={receipt}"):
        assert desk.get(path).status_code == 200
    assert receipt in desk.get(f"/picks/{round_id}/list").text
    assert "Key destroyed" in desk.get(f"/plan/rounds/{round_id}").text


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_a_planner_drafts_opens_and_enters_a_paper(desk, session, planner, locale):
    desk.set_cookie("lims_locale", locale)
    page = desk.get("/plan/rounds/new").text
    codes = [stratum.food_category_code for stratum in votes.some_strata(2)]
    sent = {
        "csrf_token": field_of(page, "csrf_token"),
        "title_zh": "点检",
        "title_en": "Picks",
        "opens_at": "2026-09-14T08:00",
        "closes_at": "2026-09-20T08:00",
        "foods": codes[:1],
        "places": ["supermarket", "restaurant"],
    }
    drafted = desk.post("/plan/rounds/new", data=sent)
    assert drafted.status_code == 303
    token = sent["csrf_token"]
    assert desk.post(f"{drafted.location}/open", data={"csrf_token": token}).status_code == 303
    paper = {"csrf_token": token, "serial": "A-1", "choices": [f"{codes[0]}@supermarket"]}
    assert desk.post(drafted.location, data=paper).status_code == 303
    assert desk.post(drafted.location, data=paper).status_code == 409
    assert desk.get("/plan/rounds/").status_code == 200


def test_a_wrong_receipt_is_told_in_words(client, session):
    client.set_cookie("lims_locale", "en")
    answer = client.get("/receipt?number=nonsense")
    assert answer.status_code == 422
    assert "is not a receipt number" in answer.text


def test_a_stranger_planner_finds_no_round(desk, session):
    other = votes.make_round(votes.make_planner().actor)
    assert desk.get(f"/plan/rounds/{other}").status_code == 404
