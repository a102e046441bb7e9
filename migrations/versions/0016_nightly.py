"""What came of the nightly proofs

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "verification_run",
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invariants", sa.Integer(), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("violations", sa.Integer(), nullable=False),
        sa.Column("violated", postgresql.JSONB(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(violations = 0) = (violated = '[]'::jsonb)", name=op.f("ck_verification_run_violations_are_named")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_run")),
        info={"privileges": "select, insert"},
    )
    op.create_index("ix_verification_run_begun_at", "verification_run", ["begun_at"])


def downgrade() -> None:
    op.drop_table("verification_run")
