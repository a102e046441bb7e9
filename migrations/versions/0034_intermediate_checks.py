"""Intermediate checks of instruments between two calibrations

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

BEFORE = (
    "unknown_barcode",
    "nothing_to_match",
    "wrong_test",
    "wrong_unit",
    "quality_control",
    "conflict",
    "out_of_calibration",
)
AFTER = ("reagent_expired", "out_of_service", "undecodable", "incomplete")
KNOWN = "ck_reading_quarantine_reason_known"


def _one_of(words: tuple[str, ...]) -> str:
    return "quarantine_reason IN (" + ", ".join(f"'{word}'" for word in words) + ")"


def upgrade() -> None:
    op.create_table(
        "intermediate_check",
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("target", sa.Numeric(), nullable=False),
        sa.Column("tolerance", sa.Numeric(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("instrument_id", sa.Uuid(), nullable=False),
        sa.Column("noted_by_id", sa.Uuid(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("due_on > checked_on", name=op.f("ck_intermediate_check_due_after_it_was_done")),
        sa.CheckConstraint("standard <> '' AND unit <> ''", name=op.f("ck_intermediate_check_in_words")),
        sa.CheckConstraint("tolerance >= 0", name=op.f("ck_intermediate_check_tolerance_not_negative")),
        sa.CheckConstraint(
            "passed = (abs(value - target) <= tolerance)", name=op.f("ck_intermediate_check_judged_by_its_figures")
        ),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_intermediate_check_instrument_id_instrument")
        ),
        sa.ForeignKeyConstraint(["noted_by_id"], ["person.id"], name=op.f("fk_intermediate_check_noted_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intermediate_check")),
    )
    op.create_index(op.f("ix_intermediate_check_instrument_id"), "intermediate_check", ["instrument_id"], unique=False)
    op.drop_constraint(op.f(KNOWN), "reading")
    op.create_check_constraint(op.f(KNOWN), "reading", _one_of((*BEFORE, "not_checked", *AFTER)))


def downgrade() -> None:
    # To the older program a reading that no check stands behind is one that no calibration stands behind.
    op.drop_constraint(op.f(KNOWN), "reading")
    op.execute("UPDATE reading SET quarantine_reason = 'out_of_calibration' WHERE quarantine_reason = 'not_checked'")
    op.create_check_constraint(op.f(KNOWN), "reading", _one_of((*BEFORE, *AFTER)))
    op.drop_table("intermediate_check")
