"""Blocks of sampling numbers that the national system gave

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "number_block_file",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("received_by_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by_id", sa.Uuid(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(taken_at IS NULL) = (taken_by_id IS NULL)", name=op.f("ck_number_block_file_taken_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["file_sha256"], ["stored_file.sha256"], name=op.f("fk_number_block_file_file_sha256_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_number_block_file_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["received_by_id"], ["person.id"], name=op.f("fk_number_block_file_received_by_id_person")
        ),
        sa.ForeignKeyConstraint(["taken_by_id"], ["person.id"], name=op.f("fk_number_block_file_taken_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_block_file")),
        sa.UniqueConstraint(
            "organisation_id", "file_sha256", name=op.f("uq_number_block_file_organisation_id_file_sha256")
        ),
    )
    op.create_table(
        "number_block",
        sa.Column("regulator_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("fixed", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("suffix", sa.Text(), nullable=False),
        sa.Column("task_source", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("closed_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_by_id IS NULL) AND (closed_at IS NULL) = (closed_reason IS NULL) AND closed_reason <> ''",
            name=op.f("ck_number_block_closing_is_whole"),
        ),
        sa.CheckConstraint("fixed <> ''", name=op.f("ck_number_block_begins_with_letters")),
        sa.CheckConstraint(
            "first >= 0 AND first <= last AND last < 1000000000", name=op.f("ck_number_block_numbers_in_order")
        ),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_number_block_validity_in_order")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["person.id"], name=op.f("fk_number_block_closed_by_id_person")),
        sa.ForeignKeyConstraint(
            ["file_id"], ["number_block_file.id"], name=op.f("fk_number_block_file_id_number_block_file")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_number_block_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["regulator_id"], ["organisation.id"], name=op.f("fk_number_block_regulator_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_block")),
        sa.UniqueConstraint("file_id", "row", name=op.f("uq_number_block_file_id_row")),
    )
    op.create_index(
        "ix_number_block_usable",
        "number_block",
        ["organisation_id", "regulator_id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "uq_number_block_open",
        "number_block",
        ["fixed", "suffix", "first"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("number_block")
    op.drop_table("number_block_file")
