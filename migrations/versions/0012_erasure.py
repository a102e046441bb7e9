"""Erasures of personal data, asked for and decided by two persons

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasure_request",
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by_id", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum("approved", "declined", name="erasureoutcome", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_values", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_erasure_request_reason_given")),
        sa.CheckConstraint("decided_by_id <> requested_by_id", name=op.f("ck_erasure_request_two_people")),
        sa.CheckConstraint(
            "(decided_by_id IS NULL) = (outcome IS NULL) AND (decided_at IS NULL) = (outcome IS NULL)",
            name=op.f("ck_erasure_request_decision_is_whole"),
        ),
        sa.CheckConstraint(
            "outcome <> 'declined' OR note <> ''", name=op.f("ck_erasure_request_declined_with_a_reason")
        ),
        sa.CheckConstraint(
            "(erased_at IS NULL) = (erased_values IS NULL)", name=op.f("ck_erasure_request_erased_whole")
        ),
        sa.CheckConstraint(
            "erased_at IS NULL OR (outcome IS NOT NULL AND outcome = 'approved')",
            name=op.f("ck_erasure_request_erased_when_approved"),
        ),
        sa.CheckConstraint("outcome IN ('approved', 'declined')", name=op.f("ck_erasure_request_outcome_known")),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["person.id"], name=op.f("fk_erasure_request_requested_by_id_person")
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_erasure_request_decided_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_request")),
        info={"privileges": "select, insert, update (decided_by_id, decided_at, outcome, note)"},
    )
    op.create_index(
        "uq_erasure_request_open",
        "erasure_request",
        ["subject_kind", "subject_id"],
        unique=True,
        postgresql_where="outcome IS NULL",
    )
    op.create_index("ix_erasure_request_newest", "erasure_request", ["requested_at", "id"])


def downgrade() -> None:
    op.drop_table("erasure_request")
