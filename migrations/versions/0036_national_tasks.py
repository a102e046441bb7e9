"""Tasks of the national system, their parts, and what was moved between them

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("task_source", "report_class_a", "report_class_b", "region_code"):
        op.add_column("plan_line", sa.Column(name, sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_plan_line_given_as_a_whole"),
        "plan_line",
        "(task_source IS NULL) = (report_class_a IS NULL) AND (task_source IS NULL) = (report_class_b IS NULL)"
        " AND (region_code IS NULL OR task_source IS NOT NULL)",
    )
    op.create_table(
        "national_task_file",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("received_by_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by_id", sa.Uuid(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(taken_at IS NULL) = (taken_by_id IS NULL)", name=op.f("ck_national_task_file_taken_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["file_sha256"], ["stored_file.sha256"], name=op.f("fk_national_task_file_file_sha256_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_national_task_file_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["received_by_id"], ["person.id"], name=op.f("fk_national_task_file_received_by_id_person")
        ),
        sa.ForeignKeyConstraint(["taken_by_id"], ["person.id"], name=op.f("fk_national_task_file_taken_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_task_file")),
        sa.UniqueConstraint(
            "organisation_id", "file_sha256", name=op.f("uq_national_task_file_organisation_id_file_sha256")
        ),
    )
    op.create_table(
        "national_task",
        sa.Column("regulator_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("task_source", sa.Text(), nullable=False),
        sa.Column("report_class_a", sa.Text(), nullable=False),
        sa.Column("report_class_b", sa.Text(), nullable=False),
        sa.Column(
            "task_category",
            sa.Enum(
                "supervision",
                "spot_monitoring",
                "risk_monitoring",
                "evaluative",
                name="taskcategory",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("food_category_id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=True),
        sa.Column(
            "stage",
            sa.Enum("production", "circulation", "catering", name="stage", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("batches", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("batches > 0", name=op.f("ck_national_task_batches_positive")),
        sa.CheckConstraint(
            "stage IN ('production', 'circulation', 'catering')", name=op.f("ck_national_task_stage_known")
        ),
        sa.CheckConstraint(
            "task_category IN ('supervision', 'spot_monitoring', 'risk_monitoring', 'evaluative')",
            name=op.f("ck_national_task_task_category_known"),
        ),
        sa.CheckConstraint(
            "reference <> '' AND task_source <> ''", name=op.f("ck_national_task_has_number_and_source")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["national_task_file.id"], name=op.f("fk_national_task_file_id_national_task_file")
        ),
        sa.ForeignKeyConstraint(
            ["food_category_id"], ["food_category.id"], name=op.f("fk_national_task_food_category_id_food_category")
        ),
        sa.ForeignKeyConstraint(
            ["regulator_id"], ["organisation.id"], name=op.f("fk_national_task_regulator_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_task")),
        sa.UniqueConstraint("regulator_id", "reference", name=op.f("uq_national_task_regulator_id_reference")),
    )
    op.create_table(
        "national_task_part",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("plan_line_id", sa.Uuid(), nullable=False),
        sa.Column("batches", sa.Integer(), nullable=False),
        sa.Column("assigned_by_id", sa.Uuid(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("batches >= 0", name=op.f("ck_national_task_part_batches_not_negative")),
        sa.ForeignKeyConstraint(
            ["assigned_by_id"], ["person.id"], name=op.f("fk_national_task_part_assigned_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["plan_line_id"], ["plan_line.id"], name=op.f("fk_national_task_part_plan_line_id_plan_line")
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["national_task.id"], name=op.f("fk_national_task_part_task_id_national_task")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_task_part")),
        sa.UniqueConstraint("plan_line_id", name=op.f("uq_national_task_part_plan_line_id")),
    )
    op.create_index(op.f("ix_national_task_part_task_id"), "national_task_part", ["task_id"])
    op.create_table(
        "national_task_move",
        sa.Column("from_part_id", sa.Uuid(), nullable=False),
        sa.Column("to_part_id", sa.Uuid(), nullable=True),
        sa.Column("batches", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("moved_by_id", sa.Uuid(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("batches > 0", name=op.f("ck_national_task_move_batches_positive")),
        sa.CheckConstraint("from_part_id <> to_part_id", name=op.f("ck_national_task_move_goes_elsewhere")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_national_task_move_has_reason")),
        sa.ForeignKeyConstraint(
            ["from_part_id"],
            ["national_task_part.id"],
            name=op.f("fk_national_task_move_from_part_id_national_task_part"),
        ),
        sa.ForeignKeyConstraint(["moved_by_id"], ["person.id"], name=op.f("fk_national_task_move_moved_by_id_person")),
        sa.ForeignKeyConstraint(
            ["to_part_id"], ["national_task_part.id"], name=op.f("fk_national_task_move_to_part_id_national_task_part")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_task_move")),
    )
    op.create_index(op.f("ix_national_task_move_from_part_id"), "national_task_move", ["from_part_id"])
    op.create_index(op.f("ix_national_task_move_moved_at"), "national_task_move", ["moved_at", "id"])


def downgrade() -> None:
    for table in ("national_task_move", "national_task_part", "national_task", "national_task_file"):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_plan_line_given_as_a_whole"), "plan_line")
    for name in ("region_code", "report_class_b", "report_class_a", "task_source"):
        op.drop_column("plan_line", name)
