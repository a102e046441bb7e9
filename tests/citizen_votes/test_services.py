"""One ballot per voter, nothing that leads back to one, and a tally that counts again."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from citizen_votes import keys, queries, services
from citizen_votes.models import Ballot, BallotInbox, ChallengeUse, VoterTag
from citizen_votes.rules.ballots import make_tag
from citizen_votes.rules.proof_of_work import ProofRefusedError
from citizen_votes.services.ballots import RoundNotOpenError
from citizen_votes.services.rounds import digest_rules
from citizen_votes.types import PLACES, RoundState, Tier
from lims import clock
from lims.actors import BEAT, PUBLIC
from lims.db import db
from lims.errors import ConfigurationError, ConflictError, InvalidInputError, NotFoundError
from lims.ledger.models import LedgerEvent
from lims.uow import unit_of_work
from lims.verification import run_checks
from sampling.types import PlaceKind
from tests.factories import citizen_votes as votes


def counted(session, table, round_id) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(table).where(table.round_id == round_id))


@pytest.fixture
def planner(session):
    return votes.make_planner()


def test_the_places_of_a_round_are_place_kinds_of_the_sampling_form():
    assert {place.code for place in PLACES} <= {kind.value for kind in PlaceKind}


def test_a_round_runs_from_draft_to_sealed(session, planner):
    round_id = votes.make_round(planner.actor)
    options = queries.offered_strata(session, round_id)
    for number in range(4):
        votes.vote(round_id, [options[0], options[1 + number]])
    with unit_of_work(planner.actor) as uow:
        services.take_paper_ballot(uow, round_id, "a-001", [options[2]])
    with unit_of_work(planner.actor) as uow:
        services.close_round(uow, round_id)
    with unit_of_work(planner.actor) as uow:
        services.count_round(uow, round_id)
    with unit_of_work(planner.actor) as uow:
        services.destroy_key(uow, round_id)
    session.expire_all()
    tally = queries.get_tally(session, round_id)
    by_stratum = {line.stratum: line for line in tally.lines}
    assert [line.stratum for line in tally.lines] == options
    assert by_stratum[options[0]].approvals == by_stratum[options[0]].device_approvals == 4
    assert by_stratum[options[2]].approvals == 2
    assert sum(line.device_approvals for line in tally.lines) == 8
    assert queries.get_round(session, round_id).state is RoundState.SEALED
    assert all(finding.violations == 0 for finding in run_checks(session, "votes"))


def test_a_device_votes_once_however_often_it_tries(session, planner):
    round_id = votes.make_round(planner.actor)
    option = queries.offered_strata(session, round_id)[0]
    token = secrets.token_hex(32)
    votes.vote(round_id, [option], token=token)
    with pytest.raises(services.AlreadyVotedError):
        votes.vote(round_id, [option], token=token)
    assert counted(session, VoterTag, round_id) == counted(session, BallotInbox, round_id) == 1


def test_a_proof_is_used_once(session, planner):
    round_id = votes.make_round(planner.actor)
    option = queries.offered_strata(session, round_id)[0]
    proof = votes.make_proof(round_id)
    votes.vote(round_id, [option], proof=proof)
    with pytest.raises(ProofRefusedError):
        votes.vote(round_id, [option], proof=proof)


def test_a_used_proof_is_forgotten_when_it_has_expired(session, planner, frozen_clock):
    round_id = votes.make_round(planner.actor)
    votes.vote(round_id, queries.offered_strata(session, round_id)[:1])
    frozen_clock.advance(timedelta(hours=1))
    with unit_of_work(BEAT) as uow:
        services.sweep_challenges(uow)
    assert session.scalar(sa.select(sa.func.count()).select_from(ChallengeUse)) == 0


def test_the_same_ballot_of_another_device_is_refused_also_after_mixing(session, planner):
    round_id = votes.make_round(planner.actor)
    options = queries.offered_strata(session, round_id)
    nonce = secrets.token_bytes(32)
    votes.vote(round_id, options[:1], nonce=nonce)
    with pytest.raises(ConflictError):
        votes.vote(round_id, options[:1], nonce=nonce)
    for _ in range(60):
        votes.vote(round_id, options[:1])
    with unit_of_work(BEAT) as uow:
        services.mix_waiting(uow)
    assert (counted(session, Ballot, round_id), counted(session, BallotInbox, round_id)) == (61, 0)
    with pytest.raises(ConflictError):
        votes.vote(round_id, options[:1], nonce=nonce)
    assert counted(session, VoterTag, round_id) == 61


def test_few_ballots_wait_for_company_until_the_round_closes(session, planner, frozen_clock):
    round_id = votes.make_round(planner.actor)
    votes.vote(round_id, queries.offered_strata(session, round_id)[:2])
    with unit_of_work(BEAT) as uow:
        services.mix_waiting(uow)
    assert counted(session, Ballot, round_id) == 0
    frozen_clock.advance(timedelta(days=8))
    with unit_of_work(BEAT) as uow:
        services.close_due_rounds(uow)
    assert (counted(session, Ballot, round_id), counted(session, BallotInbox, round_id)) == (1, 0)


@pytest.mark.parametrize("choices", [[], ["x@y"], ["twice", "twice"]])
def test_an_invalid_ballot_leaves_no_trace(session, planner, choices):
    round_id = votes.make_round(planner.actor)
    with pytest.raises(InvalidInputError):
        votes.vote(round_id, choices)
    assert counted(session, VoterTag, round_id) == 0


def test_no_opinion_is_a_ballot(session, planner):
    round_id = votes.make_round(planner.actor)
    votes.vote(round_id, [], no_opinion=True)
    assert counted(session, BallotInbox, round_id) == 1


def test_a_closed_round_takes_no_votes(session, planner):
    round_id = votes.make_round(planner.actor)
    proof = votes.make_proof(round_id)
    with unit_of_work(planner.actor) as uow:
        services.close_round(uow, round_id)
    with pytest.raises(RoundNotOpenError):
        votes.vote(round_id, queries.offered_strata(session, round_id)[:1], proof=proof)


def test_another_organisation_cannot_touch_a_round(session, planner):
    round_id = votes.make_round(planner.actor, opened=False)
    stranger = votes.make_planner()
    with pytest.raises(NotFoundError), unit_of_work(stranger.actor) as uow:
        services.open_round(uow, round_id)
    with pytest.raises(NotFoundError):
        queries.get_round(session, round_id, stranger.actor)


def test_the_rules_are_frozen_with_their_digest_in_the_ledger(session, planner):
    round_id = votes.make_round(planner.actor)
    opened = queries.get_round(session, round_id)
    assert digest_rules(opened.rules) == opened.rules_sha256
    bodies = session.scalars(sa.select(LedgerEvent.body).where(LedgerEvent.chain == f"round:{round_id}")).all()
    assert any(opened.rules_sha256.hex() in str(body) and "round_opened" in str(body) for body in bodies)


def test_a_ballot_leaves_no_line_in_the_ledger(session, planner):
    round_id = votes.make_round(planner.actor)
    before = session.scalar(sa.select(sa.func.count()).select_from(LedgerEvent))
    votes.vote(round_id, queries.offered_strata(session, round_id)[:1])
    assert session.scalar(sa.select(sa.func.count()).select_from(LedgerEvent)) == before


def test_a_receipt_finds_its_ballot_and_tells_the_choices_only_after_the_close(session, planner):
    round_id = votes.make_round(planner.actor)
    option = queries.offered_strata(session, round_id)[0]
    receipt = votes.vote(round_id, [option])
    assert queries.find_ballot(session, receipt.lower()).choices is None
    with unit_of_work(planner.actor) as uow:
        services.close_round(uow, round_id)
    with unit_of_work(planner.actor) as uow:
        services.count_round(uow, round_id)
        services.note_outcome(uow, round_id, option, planned=3)
        services.note_outcome(uow, round_id, option, sampled=1)
    session.expire_all()
    found = queries.find_ballot(session, receipt)
    assert [choice.stratum for choice in found.choices] == [option]
    assert [(one.planned, one.sampled, one.published) for one in found.outcomes] == [(3, 1, 0)]


def test_a_nomination_is_hidden_and_decided_once(session, planner):
    round_id = votes.make_round(planner.actor)
    with unit_of_work(PUBLIC) as uow:
        made = services.nominate(uow, round_id, business_name="张记面馆", place="北街", network=b"n")
        nomination_id = made.id
    assert not queries.count_accepted_nominations(session, round_id)
    with unit_of_work(planner.actor) as uow:
        services.moderate(uow, nomination_id, accept=True)
    with pytest.raises(ConflictError), unit_of_work(planner.actor) as uow:
        services.moderate(uow, nomination_id, accept=False)
    assert queries.count_accepted_nominations(session, round_id) == {"张记面馆": 1}


def test_when_the_key_is_gone_no_row_names_a_voter(session, planner):
    round_id = votes.make_round(planner.actor)
    token = secrets.token_hex(32)
    votes.vote(round_id, queries.offered_strata(session, round_id)[:1], token=token)
    tag = make_tag(keys.read_key(round_id), str(round_id), Tier.DEVICE, token)
    for act in (services.close_round, services.count_round, services.destroy_key):
        with unit_of_work(planner.actor) as uow:
            act(uow, round_id)
    with pytest.raises(ConfigurationError):
        keys.read_key(round_id)
    shared = set(VoterTag.__table__.columns.keys()) & set(Ballot.__table__.columns.keys())
    assert shared == {"round_id"}
    dump = str([session.execute(sa.select(table)).all() for table in (Ballot.__table__, BallotInbox.__table__)])
    assert token not in dump
    assert repr(tag) not in dump
    # Ballot and tag came with one transaction; after mixing not even its number is shared.
    numbers = [
        set(session.execute(sa.text(f"SELECT xmin::text FROM {name}")).scalars()) for name in ("ballot", "voter_tag")
    ]
    assert not numbers[0] & numbers[1]


def test_two_hundred_voters_who_all_press_three_times_vote_once_each(committed_database):
    planner = votes.make_planner()
    round_id = votes.make_round(planner.actor)
    with db.new_session() as session:
        options = queries.offered_strata(session, round_id)
    tokens = [secrets.token_hex(32) for _ in range(200)] * 3
    instant = clock.now()

    def press(token: str) -> bool:
        with clock.use_clock(clock.SimulatedClock(instant)):
            try:
                votes.vote(round_id, options[:2], token=token)
            except services.AlreadyVotedError:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        accepted = sum(pool.map(press, tokens))
    with unit_of_work(planner.actor) as uow:
        services.close_round(uow, round_id)
    with unit_of_work(planner.actor) as uow:
        services.count_round(uow, round_id)
    with db.new_session() as session:
        assert accepted == counted(session, VoterTag, round_id) == counted(session, Ballot, round_id) == 200
        assert queries.get_tally(session, round_id).lines[0].approvals == 200
        assert all(finding.violations == 0 for finding in run_checks(session, "votes"))
