"""Public picks

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pick_round",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum("draft", "open", "closed", "counted", "sealed", name="roundstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rules_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'open', 'closed', 'counted', 'sealed')", name=op.f("ck_pick_round_state_known")
        ),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_pick_round_opens_before_it_closes")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_pick_round_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pick_round")),
    )
    op.create_index(op.f("ix_pick_round_organisation_id"), "pick_round", ["organisation_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_pick_round_organisation_id"), table_name="pick_round")
    op.drop_table("pick_round")
