"""What hand-written SQL of the application's login cannot write about the ceremony before a draw."""

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from lims.uow import unit_of_work
from sampling.services.ceremonies import open_ceremony, take_commitment
from tests.factories.sampling import make_plan, make_team

SHA256 = "ab" * 32


@pytest.fixture
def ceremony_id(session: Session) -> UUID:
    """A ceremony under preparation, in which one party has committed."""
    team = make_team()
    plan_id = make_plan(team)
    with unit_of_work(team.planner.actor) as uow:
        opened = open_ceremony(uow, plan_id, "中国福利彩票 3D").id
        take_commitment(uow, plan_id, "公证处", SHA256)
    return opened


def refused(session: Session, statement: str, error: type[DBAPIError] = IntegrityError, **values: object) -> str:
    with pytest.raises(error) as caught, session.begin_nested():
        session.execute(sa.text(statement), values)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("closed_at = now()", "ck_draw_ceremony_frozen_when_closed"),
        ("closed_at = now(), frame_root = 'ab'", "ck_draw_ceremony_frozen_when_closed"),
        ("closed_at = now(), frame = '[]'", "ck_draw_ceremony_frozen_when_closed"),
        ("frame_root = 'ab'", "ck_draw_ceremony_frozen_when_closed"),
        ("frame = '[]'", "ck_draw_ceremony_frozen_when_closed"),
        (
            "closed_at = opened_at - interval '1 second', frame_root = 'ab', frame = '[]'",
            "ck_draw_ceremony_closed_after_opened",
        ),
    ],
)
def test_a_ceremony_is_closed_with_its_frame_and_after_it_was_opened(session, ceremony_id, change, constraint):
    assert constraint in refused(session, f"UPDATE draw_ceremony SET {change} WHERE id = :id", id=ceremony_id)


@pytest.mark.parametrize("commitment", ["", "ab", SHA256.upper(), SHA256 + "0", "g" * 64])
def test_a_commitment_is_a_sha256_in_small_digits(session, ceremony_id, commitment):
    told = refused(
        session,
        "INSERT INTO draw_commitment (ceremony_id, party, commitment, committed_at) VALUES (:id, 'x', :given, now())",
        id=ceremony_id,
        given=commitment,
    )
    assert "ck_draw_commitment_commitment_is_sha256" in told


@pytest.mark.parametrize("change", ["secret = 'known'", "opened_at = now()"])
def test_a_secret_and_the_instant_of_its_opening_stand_together(session, ceremony_id, change):
    told = refused(session, f"UPDATE draw_commitment SET {change} WHERE ceremony_id = :id", id=ceremony_id)
    assert "ck_draw_commitment_opened_when_secret_known" in told


def test_a_party_commits_once_and_a_plan_has_one_ceremony(session, ceremony_id):
    again = "INSERT INTO draw_commitment SELECT * FROM draw_commitment WHERE ceremony_id = :id"
    assert "pk_draw_commitment" in refused(session, again, id=ceremony_id)
    second = (
        "INSERT INTO draw_ceremony (id, plan_id, draw_name, beacon_source, frame_key, opened_at, opened_by_id)"
        " SELECT :new, plan_id, 'another', beacon_source, frame_key, opened_at, opened_by_id FROM draw_ceremony"
        " WHERE id = :id"
    )
    assert "uq_draw_ceremony_plan_id" in refused(session, second, id=ceremony_id, new=uuid4())


@pytest.mark.parametrize("statement", ["DELETE FROM draw_commitment", "DELETE FROM draw_ceremony"])
def test_nothing_of_a_ceremony_can_be_deleted(session, ceremony_id, statement):
    assert "permission denied" in refused(session, statement, ProgrammingError)
