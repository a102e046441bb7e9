"""What `lims verify quality` proves, and that it finds what an owner changed by hand."""

import pytest
import sqlalchemy as sa
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from lims.db import db
from lims.verification import run_checks
from tests.factories.quality import METHOD, enter, enter_samples, lock, make_batch, make_sets
from tests.factories.sampling import make_team

TAMPERED = {
    "a verdict": ("UPDATE qc_verdict SET outcome = 'in_control', rules = '{}'", {"qc_verdict.outcome"}),
    "what it used": (
        "UPDATE qc_verdict SET used = jsonb_set(used, '{criteria,limit}', '\"9\"')",
        {"qc_verdict.outcome"},
    ),
    "no hold": ("DELETE FROM qc_hold", {"qc_verdict.outcome"}),
    "a lock past a hold": (
        (
            "UPDATE batch SET opened_at = opened_at - interval '3 hours';"
            "UPDATE qc_hold SET opened_at = opened_at - interval '2 hours';"
            "UPDATE result_lock SET locked_at = locked_at - interval '1 hour'"
        ),
        {"result_lock.held"},
    ),
    "a lift by the bench": (
        (
            "ALTER TABLE qc_hold DROP CONSTRAINT ck_qc_hold_two_people;"
            "UPDATE qc_hold SET lifted_by_id = opened_by_id, lifted_at = opened_at, lift_reason = 'x'"
        ),
        {"qc_hold.lifted_by_id"},
    ),
}


@pytest.mark.parametrize("change", TAMPERED)
def test_a_change_by_the_owner_is_named(committed_database, change):
    team = make_team()
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    enter(team, batch, "未检出")
    enter_samples(team, [made])
    lock(team, made)
    enter(team, batch, "0.05", reason="积分有误，重新积分")
    statement, expected = TAMPERED[change]
    engine = create_engine(committed_database.owner, poolclass=NullPool)
    with engine.begin() as connection:
        for one in statement.split(";"):
            connection.execute(sa.text(one))
    engine.dispose()
    with db.new_session() as session:
        found = run_checks(session, "quality")
    named = {
        f"{one.table}.{one.column.partition('_by_')[0] if one.column.startswith('held') else one.column}"
        for each in found
        for one in each.examples
    }
    assert expected <= named
