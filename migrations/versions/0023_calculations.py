"""How a result was computed stands beside it: the formula, its interim values and the value before it was rounded

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("item_result", sa.Column("calculation", JSONB(), nullable=True))
    op.create_check_constraint(
        op.f("ck_item_result_what_is_computed_was_tested"),
        "item_result",
        "calculation IS NULL OR untested_reason IS NULL",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_item_result_what_is_computed_was_tested"), "item_result", type_="check")
    op.drop_column("item_result", "calculation")
