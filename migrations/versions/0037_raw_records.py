"""The controlled templates of original records

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "record_template",
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("issued_by_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("retired_from", sa.Date(), nullable=True),
        sa.Column("retired_by_id", sa.Uuid(), nullable=True),
        sa.Column("retired_at", INSTANT, nullable=True),
        sa.Column("retire_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("number <> '' AND version <> '' AND title <> ''", name=op.f("ck_record_template_named")),
        sa.CheckConstraint("retired_from > valid_from", name=op.f("ck_record_template_retired_after_it_began")),
        sa.CheckConstraint(
            "(retired_from IS NULL) = (retired_by_id IS NULL) AND (retired_from IS NULL) = (retired_at IS NULL)"
            " AND (retired_from IS NULL) = (retire_reason IS NULL) AND retire_reason <> ''",
            name=op.f("ck_record_template_retirement_is_whole"),
        ),
        sa.ForeignKeyConstraint(["issued_by_id"], ["person.id"], name=op.f("fk_record_template_issued_by_id_person")),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_record_template_lab_id_organisation")),
        sa.ForeignKeyConstraint(["retired_by_id"], ["person.id"], name=op.f("fk_record_template_retired_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_template")),
        sa.UniqueConstraint("lab_id", "number", "version", name=op.f("uq_record_template_lab_id_number_version")),
        sa.UniqueConstraint(
            "lab_id", "standard", "valid_from", name=op.f("uq_record_template_lab_id_standard_valid_from")
        ),
    )


def downgrade() -> None:
    op.drop_table("record_template")
