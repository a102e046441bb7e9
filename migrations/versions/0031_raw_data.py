"""Files behind the results of a set

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "raw_data",
        sa.Column("test_set_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("attached_by_id", sa.Uuid(), nullable=False),
        sa.Column(
            "attached_role",
            sa.Enum(
                "sampler",
                "accompanying_officer",
                "recoder",
                "unblinder",
                "tester",
                "reviewer",
                "signatory",
                "recheck_tester",
                name="dutyrole",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("attached_role = 'tester'", name=op.f("ck_raw_data_testers_attach")),
        sa.CheckConstraint("file_name <> ''", name=op.f("ck_raw_data_file_is_named")),
        sa.CheckConstraint(
            "attached_role IN ('sampler', 'accompanying_officer', 'recoder', 'unblinder', 'tester', 'reviewer', 'signatory', 'recheck_tester')",
            name=op.f("ck_raw_data_attached_role_known"),
        ),
        sa.ForeignKeyConstraint(
            ["sample_id", "attached_by_id", "attached_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_raw_data_tester",
        ),
        sa.ForeignKeyConstraint(["sha256"], ["stored_file.sha256"], name=op.f("fk_raw_data_sha256_stored_file")),
        sa.ForeignKeyConstraint(
            ["test_set_id", "sample_id"],
            ["test_set.id", "test_set.sample_id"],
            name=op.f("fk_raw_data_test_set_id_sample_id_test_set"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raw_data")),
        sa.UniqueConstraint("test_set_id", "sha256", name=op.f("uq_raw_data_test_set_id_sha256")),
    )
    op.create_index("ix_raw_data_set", "raw_data", ["test_set_id", "attached_at", "id"])


def downgrade() -> None:
    op.drop_table("raw_data")
