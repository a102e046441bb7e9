"""Readings of another test, or in a unit that the test cannot have, wait with what their sample is tested for

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

REASONS = (
    "unknown_barcode",
    "nothing_to_match",
    "quality_control",
    "conflict",
    "out_of_calibration",
    "reagent_expired",
    "out_of_service",
    "undecodable",
    "incomplete",
)
DISAGREE = ("wrong_test", "wrong_unit")
KNOWN = "ck_reading_quarantine_reason_known"


def _one_of(words: tuple[str, ...]) -> str:
    return "quarantine_reason IN (" + ", ".join(f"'{word}'" for word in words) + ")"


def upgrade() -> None:
    op.add_column("reading", sa.Column("expected_text", sa.Text(), nullable=True))
    op.drop_constraint(op.f(KNOWN), "reading")
    op.create_check_constraint(op.f(KNOWN), "reading", _one_of((*REASONS[:2], *DISAGREE, *REASONS[2:])))
    op.create_check_constraint(
        op.f("ck_reading_expected_if_it_disagrees"),
        "reading",
        f"COALESCE({_one_of(DISAGREE)}, false) = (expected_text IS NOT NULL)",
    )


def downgrade() -> None:
    # What waits because it disagrees is, to the older program, a reading that nothing ties to a sample.
    op.drop_constraint(op.f("ck_reading_expected_if_it_disagrees"), "reading")
    op.drop_constraint(op.f(KNOWN), "reading")
    op.execute(f"UPDATE reading SET quarantine_reason = 'nothing_to_match' WHERE {_one_of(DISAGREE)}")
    op.create_check_constraint(op.f(KNOWN), "reading", _one_of(REASONS))
    op.drop_column("reading", "expected_text")
