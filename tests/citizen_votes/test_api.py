"""Rounds through the API."""

import secrets

import pytest

from citizen_votes import queries, services
from citizen_votes.rules.proof_of_work import solve
from lims.uow import unit_of_work
from tests.factories import citizen_votes as votes


@pytest.fixture
def planner(session):
    return votes.make_planner()


def test_a_program_votes_once(client, session, planner):
    round_id = votes.make_round(planner.actor)
    option = queries.offered_strata(session, round_id)[0]
    token = secrets.token_hex(32)

    def send():
        challenge = client.post(f"/api/v1/rounds/{round_id}/challenges").json["challenge"]
        body = {"choices": [option], "nonce": secrets.token_hex(32), "device_token": token}
        body |= {"challenge": challenge, "proof": solve(challenge)}
        return client.post(f"/api/v1/rounds/{round_id}/ballots", json=body)

    first, second = send(), send()
    assert first.status_code == 201
    assert queries.find_ballot(session, first.json["receipt"]).round.id == round_id
    assert (second.status_code, second.json["code"]) == (409, "already_voted")


def test_a_tally_is_public_once_it_stands_and_a_draft_never(client, session, planner):
    round_id = votes.make_round(planner.actor)
    votes.vote(round_id, queries.offered_strata(session, round_id)[:1])
    assert client.get(f"/api/v1/rounds/{round_id}/tally").status_code == 404
    for act in (services.close_round, services.count_round):
        with unit_of_work(planner.actor) as uow:
            act(uow, round_id)
    session.expire_all()
    assert client.get(f"/api/v1/rounds/{round_id}/tally").json["lines"][0]["approvals"] == 1
    draft = votes.make_round(planner.actor, opened=False)
    assert client.get(f"/api/v1/rounds/{draft}").status_code == 404
    assert str(draft) not in client.get("/api/v1/rounds").text


@pytest.mark.parametrize("changed", [{"nonce": "\0"}, {"choices": ["\0"]}, {"proof": "x"}, {"more": 1}])
def test_a_malformed_ballot_is_a_problem(client, session, planner, changed):
    round_id = votes.make_round(planner.actor)
    body = {"choices": ["a"], "nonce": "0" * 64, "device_token": "0" * 64, "challenge": "a.b", "proof": "0"}
    assert client.post(f"/api/v1/rounds/{round_id}/ballots", json=body | changed).status_code == 422


def test_only_planners_move_rounds(client, session, planner):
    round_id = votes.make_round(planner.actor)
    assert client.post(f"/api/v1/rounds/{round_id}/close").status_code == 401
