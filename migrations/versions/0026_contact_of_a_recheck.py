"""Whom to call about a recheck that came by the page of its notice, in a column of its own that can be erased

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recheck", sa.Column("contact", sa.Text(), nullable=True))
    op.execute("UPDATE recheck SET contact = '' WHERE entered_by_id IS NULL")
    op.create_check_constraint(
        op.f("ck_recheck_entered_or_sent_with_a_contact"), "recheck", "num_nonnulls(entered_by_id, contact) = 1"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_recheck_entered_or_sent_with_a_contact"), "recheck", type_="check")
    op.drop_column("recheck", "contact")
