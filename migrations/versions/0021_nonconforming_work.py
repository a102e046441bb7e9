"""Nonconforming work: what was found, every step about it, what it touches, and its reports

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "nonconformity",
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("nonconformity_no", sa.Text(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "quality_control",
                "blind_check",
                "instrument",
                "environment",
                "audit",
                "complaint",
                "other",
                name="source",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "raised",
                "planned",
                "carried_out",
                "closed",
                "dismissed",
                name="nonconformitystate",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("responsible_id", sa.Uuid(), nullable=True),
        sa.Column("carried_out_by_id", sa.Uuid(), nullable=True),
        sa.Column("checked_by_id", sa.Uuid(), nullable=True),
        sa.Column("raised_by_id", sa.Uuid(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "source IN ('quality_control', 'blind_check', 'instrument', 'environment', 'audit', 'complaint', 'other')",
            name=op.f("ck_nonconformity_source_known"),
        ),
        sa.CheckConstraint(
            "state <> 'closed' OR checked_by_id IS NOT NULL", name=op.f("ck_nonconformity_closed_when_checked")
        ),
        sa.CheckConstraint(
            "state IN ('raised', 'planned', 'carried_out', 'closed', 'dismissed')",
            name=op.f("ck_nonconformity_state_known"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('carried_out', 'closed') OR carried_out_by_id IS NOT NULL",
            name=op.f("ck_nonconformity_carried_out_by_somebody"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('planned', 'carried_out', 'closed') OR due_on IS NOT NULL",
            name=op.f("ck_nonconformity_planned_first"),
        ),
        sa.CheckConstraint("what <> '' AND nonconformity_no <> ''", name=op.f("ck_nonconformity_named")),
        sa.CheckConstraint("(responsible_id IS NULL) = (due_on IS NULL)", name=op.f("ck_nonconformity_plan_is_whole")),
        sa.CheckConstraint(
            "checked_by_id <> carried_out_by_id AND checked_by_id <> responsible_id",
            name=op.f("ck_nonconformity_checked_by_another"),
        ),
        sa.ForeignKeyConstraint(
            ["carried_out_by_id"], ["person.id"], name=op.f("fk_nonconformity_carried_out_by_id_person")
        ),
        sa.ForeignKeyConstraint(["checked_by_id"], ["person.id"], name=op.f("fk_nonconformity_checked_by_id_person")),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_nonconformity_lab_id_organisation")),
        sa.ForeignKeyConstraint(["raised_by_id"], ["person.id"], name=op.f("fk_nonconformity_raised_by_id_person")),
        sa.ForeignKeyConstraint(["responsible_id"], ["person.id"], name=op.f("fk_nonconformity_responsible_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nonconformity")),
        sa.UniqueConstraint("lab_id", "nonconformity_no", name=op.f("uq_nonconformity_lab_id_nonconformity_no")),
    )
    op.create_index("ix_nonconformity_newest", "nonconformity", ["lab_id", "raised_at", "id"], unique=False)
    op.create_table(
        "nonconformity_batch",
        sa.Column("nonconformity_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("linked_by_id", sa.Uuid(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_nonconformity_batch_batch_id_batch")),
        sa.ForeignKeyConstraint(
            ["linked_by_id"], ["person.id"], name=op.f("fk_nonconformity_batch_linked_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["nonconformity_id"],
            ["nonconformity.id"],
            name=op.f("fk_nonconformity_batch_nonconformity_id_nonconformity"),
        ),
        sa.PrimaryKeyConstraint("nonconformity_id", "batch_id", name=op.f("pk_nonconformity_batch")),
    )
    op.create_index(op.f("ix_nonconformity_batch_batch_id"), "nonconformity_batch", ["batch_id"], unique=False)
    op.create_table(
        "nonconformity_step",
        sa.Column("nonconformity_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "step",
            sa.Enum(
                "raised",
                "planned",
                "carried_out",
                "effective",
                "ineffective",
                "dismissed",
                name="step",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("responsible_id", sa.Uuid(), nullable=True),
        sa.Column("acted_by_id", sa.Uuid(), nullable=False),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(step = 'planned') = (cause IS NOT NULL) AND (step = 'planned') = (due_on IS NOT NULL) AND (step = 'planned') = (responsible_id IS NOT NULL)",
            name=op.f("ck_nonconformity_step_plan_is_whole"),
        ),
        sa.CheckConstraint("cause <> ''", name=op.f("ck_nonconformity_step_cause_in_words")),
        sa.CheckConstraint(
            "step IN ('raised', 'planned', 'carried_out', 'effective', 'ineffective', 'dismissed')",
            name=op.f("ck_nonconformity_step_step_known"),
        ),
        sa.CheckConstraint("text <> ''", name=op.f("ck_nonconformity_step_in_words")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_nonconformity_step_seq_from_one")),
        sa.ForeignKeyConstraint(["acted_by_id"], ["person.id"], name=op.f("fk_nonconformity_step_acted_by_id_person")),
        sa.ForeignKeyConstraint(
            ["nonconformity_id"],
            ["nonconformity.id"],
            name=op.f("fk_nonconformity_step_nonconformity_id_nonconformity"),
        ),
        sa.ForeignKeyConstraint(
            ["responsible_id"], ["person.id"], name=op.f("fk_nonconformity_step_responsible_id_person")
        ),
        sa.PrimaryKeyConstraint("nonconformity_id", "seq", name=op.f("pk_nonconformity_step")),
    )
    op.create_table(
        "nonconformity_sample",
        sa.Column("nonconformity_id", sa.Uuid(), nullable=False),
        sa.Column("test_set_id", sa.Uuid(), nullable=False),
        sa.Column("linked_by_id", sa.Uuid(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["linked_by_id"], ["person.id"], name=op.f("fk_nonconformity_sample_linked_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["nonconformity_id"],
            ["nonconformity.id"],
            name=op.f("fk_nonconformity_sample_nonconformity_id_nonconformity"),
        ),
        sa.ForeignKeyConstraint(
            ["test_set_id"], ["test_set.id"], name=op.f("fk_nonconformity_sample_test_set_id_test_set")
        ),
        sa.PrimaryKeyConstraint("nonconformity_id", "test_set_id", name=op.f("pk_nonconformity_sample")),
    )
    op.create_index(op.f("ix_nonconformity_sample_test_set_id"), "nonconformity_sample", ["test_set_id"], unique=False)
    op.create_table(
        "report_impact",
        sa.Column("nonconformity_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "impact", sa.Enum("none", "amend", "withdraw", name="impact", native_enum=False, length=40), nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("impact IN ('none', 'amend', 'withdraw')", name=op.f("ck_report_impact_impact_known")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_report_impact_reason_is_given")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_report_impact_seq_from_one")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_report_impact_decided_by_id_person")),
        sa.ForeignKeyConstraint(
            ["nonconformity_id"], ["nonconformity.id"], name=op.f("fk_report_impact_nonconformity_id_nonconformity")
        ),
        sa.ForeignKeyConstraint(["report_id"], ["test_report.id"], name=op.f("fk_report_impact_report_id_test_report")),
        sa.PrimaryKeyConstraint("nonconformity_id", "report_id", "seq", name=op.f("pk_report_impact")),
    )
    op.create_index(op.f("ix_report_impact_report_id"), "report_impact", ["report_id"], unique=False)


def downgrade() -> None:
    op.drop_table("report_impact")
    op.drop_table("nonconformity_sample")
    op.drop_table("nonconformity_step")
    op.drop_table("nonconformity_batch")
    op.drop_table("nonconformity")
