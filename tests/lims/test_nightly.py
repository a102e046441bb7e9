"""Every night all invariants are proved, and what is violated stands where operators look."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from lims import clock, nightly
from lims.auth.permissions import Role
from lims.db import db
from lims.nightly import MISSED_AFTER, is_due
from lims.outbox.tasks import periodic_tasks, run_periodic
from lims.web.operations import count_all
from tests.factories.people import make_organisation, make_person
from tests.factories.sampling import make_sample
from tests.factories.web import log_in

TWO = datetime(2026, 9, 14, 18, 0, tzinfo=UTC)  # two o'clock in Shanghai


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (None, TWO, True),
        (None, TWO - timedelta(minutes=1), False),
        (None, TWO + timedelta(hours=5), False),
        (TWO, TWO + timedelta(minutes=10), False),
        (TWO, TWO + timedelta(hours=24), True),
        (TWO, TWO + timedelta(hours=23, minutes=59), False),
        (TWO, TWO + MISSED_AFTER + timedelta(minutes=1), True),
    ],
)
def test_a_proof_is_due_once_a_night_and_a_missed_night_is_made_up_for(last, now, due):
    assert is_due(last, now) is due


@given(st.integers(0, 60 * 24 * 5))
def test_looked_at_every_ten_minutes_a_night_brings_exactly_one_proof(start):
    now, last, proofs = TWO + timedelta(minutes=start), None, []
    for _ in range(6 * 24 * 4):
        if is_due(last, now):
            last = now
            proofs.append(clock.local_date(now))
        now += timedelta(minutes=10)
    assert len(proofs) == len(set(proofs)) >= 3


def test_the_night_keeps_what_it_found_and_operators_see_it(committed_database, frozen_clock, app):
    sample_id = make_sample()
    frozen_clock.move_to(frozen_clock.now().replace(hour=18, minute=5) + timedelta(days=1))
    assert "lims.nightly.prove" in {one.name for one in periodic_tasks()}
    run_periodic("lims.nightly.prove")
    with db.read_session() as session:
        first = nightly.last_run(session)
        assert first is not None
        assert (first.violations, first.violated) == (0, [])
        assert first.checked > 0
    engine = create_engine(committed_database.owner, poolclass=NullPool)
    with engine.begin() as owner:
        owner.execute(text("UPDATE sampling_form SET party_name = 'x' WHERE sample_id = :id"), {"id": sample_id})
    engine.dispose()
    frozen_clock.move_to(frozen_clock.now() + timedelta(minutes=10))
    run_periodic("lims.nightly.prove")
    frozen_clock.move_to(frozen_clock.now() + timedelta(days=1))
    run_periodic("lims.nightly.prove")
    with db.read_session() as session:
        second = nightly.last_run(session)
        assert second is not None
        assert second.begun_at - first.begun_at > timedelta(days=1)
        assert second.violations == 1
        [broken] = second.violated
        assert broken["examples"][0]["column"] == "party_name"
        counts = {str(count.label): value for count, value in count_all(session, clock.now())}
    assert counts["Violations last night"] == 1
    with app.test_client() as client:
        client.set_cookie("lims_locale", "en")
        log_in(client, make_person(make_organisation(), Role.AUDITOR))
        assert "party_name" in client.get("/ops").text
