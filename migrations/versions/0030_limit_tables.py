"""Tables of limits that one person sends and another decides

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("check_item", sa.Column("risk_grade", sa.Text(), nullable=True))
    op.add_column("check_item", sa.Column("problem_conclusion", sa.Text(), nullable=True))
    op.create_table(
        "limit_table",
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("rows_sha256", sa.LargeBinary(), nullable=False),
        sa.Column(
            "outcome", sa.Enum("approved", "declined", name="outcome", native_enum=False, length=40), nullable=True
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by_id", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_limit_table_reason_given")),
        sa.CheckConstraint("decided_by_id <> requested_by_id", name=op.f("ck_limit_table_two_people")),
        sa.CheckConstraint(
            "(decided_by_id IS NULL) = (outcome IS NULL) AND (decided_at IS NULL) = (outcome IS NULL)",
            name=op.f("ck_limit_table_decision_is_whole"),
        ),
        sa.CheckConstraint("outcome <> 'declined' OR note <> ''", name=op.f("ck_limit_table_declined_with_a_reason")),
        sa.CheckConstraint("outcome IN ('approved', 'declined')", name=op.f("ck_limit_table_outcome_known")),
        sa.CheckConstraint("file_name <> '' AND source <> ''", name=op.f("ck_limit_table_named")),
        sa.CheckConstraint("octet_length(rows_sha256) = 32", name=op.f("ck_limit_table_rows_digest_is_whole")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_limit_table_decided_by_id_person")),
        sa.ForeignKeyConstraint(
            ["file_sha256"], ["stored_file.sha256"], name=op.f("fk_limit_table_file_sha256_stored_file")
        ),
        sa.ForeignKeyConstraint(["requested_by_id"], ["person.id"], name=op.f("fk_limit_table_requested_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limit_table")),
    )
    op.create_index("ix_limit_table_newest", "limit_table", ["requested_at", "id"])
    op.create_index(
        "uq_limit_table_open",
        "limit_table",
        ["file_sha256", "valid_from"],
        unique=True,
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_table(
        "limit_table_row",
        sa.Column("table_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "new",
                "changed",
                "same",
                "unknown",
                "unreadable",
                "conflict",
                name="rowverdict",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("told", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("row_no > 0", name=op.f("ck_limit_table_row_row_of_the_file")),
        sa.CheckConstraint("told ->> 'verdict' = verdict", name=op.f("ck_limit_table_row_verdict_is_told")),
        sa.CheckConstraint(
            "verdict IN ('new', 'changed', 'same', 'unknown', 'unreadable', 'conflict')",
            name=op.f("ck_limit_table_row_verdict_known"),
        ),
        sa.ForeignKeyConstraint(["table_id"], ["limit_table.id"], name=op.f("fk_limit_table_row_table_id_limit_table")),
        sa.PrimaryKeyConstraint("table_id", "row_no", name=op.f("pk_limit_table_row")),
    )
    op.create_index("ix_limit_table_row_verdict", "limit_table_row", ["table_id", "verdict", "row_no"])


def downgrade() -> None:
    op.drop_table("limit_table_row")
    op.drop_table("limit_table")
    op.drop_column("check_item", "problem_conclusion")
    op.drop_column("check_item", "risk_grade")
