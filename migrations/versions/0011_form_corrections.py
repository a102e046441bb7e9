"""Corrections of a submitted form, by two persons

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "form_correction",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("old_value", sa.Text(), nullable=True),
        sa.Column("new_value", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by_id", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum("approved", "declined", name="correctionoutcome", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_form_correction_reason_given")),
        sa.CheckConstraint("old_value IS DISTINCT FROM new_value", name=op.f("ck_form_correction_changes_something")),
        sa.CheckConstraint("decided_by_id <> requested_by_id", name=op.f("ck_form_correction_two_people")),
        sa.CheckConstraint(
            "(decided_by_id IS NULL) = (outcome IS NULL) AND (decided_at IS NULL) = (outcome IS NULL)",
            name=op.f("ck_form_correction_decision_is_whole"),
        ),
        sa.CheckConstraint(
            "outcome <> 'declined' OR note <> ''", name=op.f("ck_form_correction_declined_with_a_reason")
        ),
        sa.CheckConstraint("outcome IN ('approved', 'declined')", name=op.f("ck_form_correction_outcome_known")),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["sampling_form.sample_id"], name=op.f("fk_form_correction_sample_id_sampling_form")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["person.id"], name=op.f("fk_form_correction_requested_by_id_person")
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_form_correction_decided_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_correction")),
        info={"privileges": "select, insert, update (decided_by_id, decided_at, outcome, note)"},
    )
    op.create_index(op.f("ix_form_correction_sample_id"), "form_correction", ["sample_id"])
    op.create_index(
        "uq_form_correction_open",
        "form_correction",
        ["sample_id", "field"],
        unique=True,
        postgresql_where="outcome IS NULL",
    )
    op.create_index(
        "ix_form_correction_waiting", "form_correction", ["requested_at", "id"], postgresql_where="outcome IS NULL"
    )


def downgrade() -> None:
    op.drop_table("form_correction")
