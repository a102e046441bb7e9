"""Labels printed in advance: blocks of numbers, and how often each block left the printer

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INSERT_ONLY = {"privileges": "select, insert"}


def upgrade() -> None:
    op.create_table(
        "label_block",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("taken_by_id", sa.Uuid(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("1 <= first AND first <= last", name=op.f("ck_label_block_counts_up")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_label_block_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["taken_by_id"], ["person.id"], name=op.f("fk_label_block_taken_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_block")),
        sa.UniqueConstraint("first", name=op.f("uq_label_block_first")),
        sa.UniqueConstraint("last", name=op.f("uq_label_block_last")),
        info=INSERT_ONLY,
    )
    op.create_index("ix_label_block_newest", "label_block", ["organisation_id", "taken_at", "id"])
    op.create_table(
        "label_block_print",
        sa.Column("block_id", sa.Uuid(), nullable=False),
        sa.Column("print_no", sa.Integer(), nullable=False),
        sa.Column(
            "written_in",
            sa.Enum("pdf", "zpl", "tspl", name="labelformat", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("printed_by_id", sa.Uuid(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("written_in IN ('pdf', 'zpl', 'tspl')", name=op.f("ck_label_block_print_written_in_known")),
        sa.CheckConstraint("print_no >= 1", name=op.f("ck_label_block_print_counted_from_one")),
        sa.CheckConstraint("(print_no = 1) = (reason IS NULL)", name=op.f("ck_label_block_print_again_with_a_reason")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_label_block_print_reason_given")),
        sa.ForeignKeyConstraint(
            ["block_id"], ["label_block.id"], name=op.f("fk_label_block_print_block_id_label_block")
        ),
        sa.ForeignKeyConstraint(
            ["printed_by_id"], ["person.id"], name=op.f("fk_label_block_print_printed_by_id_person")
        ),
        sa.PrimaryKeyConstraint("block_id", "print_no", name=op.f("pk_label_block_print")),
        info=INSERT_ONLY,
    )


def downgrade() -> None:
    op.drop_table("label_block_print")
    op.drop_table("label_block")
