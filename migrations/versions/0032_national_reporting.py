"""What was reported to the national system, and what it gave back

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "national_export",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("taken_by_id", sa.Uuid(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("samples >= 1", name=op.f("ck_national_export_holds_samples")),
        sa.ForeignKeyConstraint(
            ["file_sha256"], ["stored_file.sha256"], name=op.f("fk_national_export_file_sha256_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_national_export_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["taken_by_id"], ["person.id"], name=op.f("fk_national_export_taken_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_export")),
    )
    op.create_index("ix_national_export_newest", "national_export", ["organisation_id", "taken_at", "id"], unique=False)
    op.create_table(
        "national_export_line",
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("pass", "fail", "problem", name="sampleverdict", native_enum=False, length=40),
            nullable=False,
        ),
        sa.CheckConstraint(
            "verdict IN ('pass', 'fail', 'problem')", name=op.f("ck_national_export_line_verdict_known")
        ),
        sa.ForeignKeyConstraint(
            ["export_id"], ["national_export.id"], name=op.f("fk_national_export_line_export_id_national_export")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["test_report.id"], name=op.f("fk_national_export_line_report_id_test_report")
        ),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_national_export_line_sample_id_sample")),
        sa.PrimaryKeyConstraint("export_id", "sample_id", name=op.f("pk_national_export_line")),
    )
    op.create_index(op.f("ix_national_export_line_sample_id"), "national_export_line", ["sample_id"], unique=False)
    op.create_table(
        "national_return",
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("noted_by_id", sa.Uuid(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_national_return_reason_is_given")),
        sa.ForeignKeyConstraint(
            ["export_id", "sample_id"],
            ["national_export_line.export_id", "national_export_line.sample_id"],
            name=op.f("fk_national_return_export_id_sample_id_national_export_line"),
        ),
        sa.ForeignKeyConstraint(["noted_by_id"], ["person.id"], name=op.f("fk_national_return_noted_by_id_person")),
        sa.PrimaryKeyConstraint("export_id", "sample_id", name=op.f("pk_national_return")),
    )


def downgrade() -> None:
    op.drop_table("national_return")
    op.drop_index(op.f("ix_national_export_line_sample_id"), table_name="national_export_line")
    op.drop_table("national_export_line")
    op.drop_index("ix_national_export_newest", table_name="national_export")
    op.drop_table("national_export")
