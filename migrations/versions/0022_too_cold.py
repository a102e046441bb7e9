"""A logger's file is judged by its cold side as well: chilled food must not freeze

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("temperature_log", sa.Column("lower_bound", sa.Numeric(), nullable=True))
    op.create_check_constraint(op.f("ck_temperature_log_bounds_in_order"), "temperature_log", "lower_bound <= bound")
    op.add_column("temperature_excursion", sa.Column("lowest", sa.Numeric(), nullable=True))
    op.alter_column("temperature_excursion", "highest", nullable=True)
    op.create_check_constraint(
        op.f("ck_temperature_excursion_warm_or_cold"), "temperature_excursion", "(highest IS NULL) <> (lowest IS NULL)"
    )


def downgrade() -> None:
    op.drop_constraint("ck_temperature_excursion_warm_or_cold", "temperature_excursion")
    op.execute("DELETE FROM temperature_excursion WHERE highest IS NULL")
    op.alter_column("temperature_excursion", "highest", nullable=False)
    op.drop_column("temperature_excursion", "lowest")
    op.drop_constraint("ck_temperature_log_bounds_in_order", "temperature_log")
    op.drop_column("temperature_log", "lower_bound")
