"""What hand-written SQL of the application's login cannot do."""

from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from citizen_votes import queries
from citizen_votes.models import Ballot, VoterTag
from tests.factories import citizen_votes as votes


@pytest.fixture
def round_id(session):
    return votes.make_round(votes.make_planner().actor)


def refused(session, statement: str, error: type[DBAPIError], **values) -> str:
    with pytest.raises(error) as caught, session.begin_nested():
        session.execute(sa.text(statement), values)
    return str(caught.value)


def test_a_tag_cannot_stand_twice(session, round_id):
    session.execute(sa.insert(VoterTag), {"round_id": round_id, "tag": b"t" * 32})
    told = refused(session, "INSERT INTO voter_tag SELECT * FROM voter_tag", IntegrityError)
    assert "pk_voter_tag" in told


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ballot SET choices = '{}'",
        "DELETE FROM ballot",
        "DELETE FROM voter_tag",
        "UPDATE voter_tag SET tag = tag",
        "UPDATE ballot_inbox SET choices = '{}'",
        "UPDATE tally_row SET approvals = 9",
        "DELETE FROM tally_row",
        "DELETE FROM nomination",
        "UPDATE nomination SET business_name = ''",
        "UPDATE pick_round SET organisation_id = id",
        "DELETE FROM pick_option",
    ],
)
def test_what_was_cast_and_counted_cannot_be_changed(session, round_id, statement):
    assert "permission denied" in refused(session, statement, ProgrammingError)


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"choices": list("abcdef")}, "ck_ballot_at_most_five_choices"),
        ({"nonce": b"short"}, "ck_ballot_nonce_of_32_bytes"),
        ({"tier": "guess"}, "ck_ballot_tier_known"),
    ],
)
def test_a_malformed_ballot_is_refused(session, round_id, changed, constraint):
    valid = {"choices": ["a"], "nonce": b"n" * 32, "tier": "device"}
    told = refused(
        session,
        "INSERT INTO ballot (id, round_id, choices, tier, commitment, receipt, nonce, cast_on)"
        " VALUES (:id, :round_id, :choices, :tier, 'c', 'r', :nonce, '2026-09-14')",
        IntegrityError,
        id=uuid4(),
        round_id=round_id,
        **(valid | changed),
    )
    assert constraint in told


def test_a_tally_names_only_what_was_offered(session, round_id):
    told = refused(
        session,
        "INSERT INTO tally_row VALUES (:round_id, 'x@y', 'device', 1)",
        IntegrityError,
        round_id=round_id,
    )
    assert "pick_option" in told


def test_a_stratum_is_made_of_its_parts(session, round_id):
    told = refused(
        session,
        "INSERT INTO pick_option SELECT round_id, 'x@y', 99, food_category_code, place_kind, '', '', '', ''"
        " FROM pick_option LIMIT 1",
        IntegrityError,
    )
    assert "ck_pick_option_stratum_of_its_parts" in told


def test_a_round_is_counted_with_an_instant_or_not_at_all(session, round_id):
    told = refused(session, "UPDATE pick_round SET state = 'counted'", IntegrityError)
    assert "ck_pick_round_counted_has_instant" in told


def test_no_key_leads_from_a_tag_to_a_ballot():
    targets = {key.column.table.name for table in (VoterTag, Ballot) for key in table.__table__.foreign_keys}
    assert targets == {"pick_round"}


def test_ballots_are_listed_by_receipt_in_pages(session, round_id):
    option = queries.offered_strata(session, round_id)[0]
    receipts = sorted(votes.vote(round_id, [option]) for _ in range(5))
    session.execute(sa.text("INSERT INTO ballot SELECT * FROM ballot_inbox"))
    session.execute(sa.text("UPDATE pick_round SET state = 'closed' WHERE id = :id"), {"id": round_id})
    first = queries.list_ballots(session, round_id, limit=2)
    rest = queries.list_ballots(session, round_id, after=(first[-1].receipt, first[-1].id))
    assert [ballot.receipt for ballot in (*first, *rest)] == receipts
