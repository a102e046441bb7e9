"""Settlements: prices, settlements of a period, their lines

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "settlement",
        sa.Column("settlement_no", sa.Text(), nullable=False),
        sa.Column("regulator_id", sa.Uuid(), nullable=False),
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("total", sa.Numeric(), nullable=False),
        sa.Column("drawn_up_by_id", sa.Uuid(), nullable=False),
        sa.Column("drawn_up_at", INSTANT, nullable=False),
        sa.Column("confirmed_by_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("withdrawn_by_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("voucher_no", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(paid_on IS NULL) = (voucher_no IS NULL) AND voucher_no <> '' AND (paid_on IS NULL OR confirmed_at IS NOT NULL)",
            name=op.f("ck_settlement_paid_once_confirmed"),
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL) AND (withdrawn_at IS NULL) = (withdrawal_reason IS NULL) AND withdrawal_reason <> ''",
            name=op.f("ck_settlement_withdrawn_is_whole"),
        ),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by_id IS NULL)", name=op.f("ck_settlement_confirmed_is_whole")
        ),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_settlement_period_in_order")),
        sa.CheckConstraint("samples >= 1 AND total >= 0", name=op.f("ck_settlement_something_settled")),
        sa.CheckConstraint(
            "withdrawn_at IS NULL OR confirmed_at IS NULL", name=op.f("ck_settlement_confirmed_or_withdrawn")
        ),
        sa.ForeignKeyConstraint(["confirmed_by_id"], ["person.id"], name=op.f("fk_settlement_confirmed_by_id_person")),
        sa.ForeignKeyConstraint(["drawn_up_by_id"], ["person.id"], name=op.f("fk_settlement_drawn_up_by_id_person")),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_settlement_lab_id_organisation")),
        sa.ForeignKeyConstraint(
            ["regulator_id"], ["organisation.id"], name=op.f("fk_settlement_regulator_id_organisation")
        ),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["person.id"], name=op.f("fk_settlement_withdrawn_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
        sa.UniqueConstraint("settlement_no", name=op.f("uq_settlement_settlement_no")),
    )
    op.create_index("ix_settlement_parties", "settlement", ["lab_id", "regulator_id", "drawn_up_at"], unique=False)
    op.create_table(
        "testing_price",
        sa.Column("regulator_id", sa.Uuid(), nullable=False),
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("category_code", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("contract <> '' AND category_code <> ''", name=op.f("ck_testing_price_in_words")),
        sa.CheckConstraint("amount > 0 AND amount < 1000000", name=op.f("ck_testing_price_amount_possible")),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_testing_price_lab_id_organisation")),
        sa.ForeignKeyConstraint(
            ["regulator_id"], ["organisation.id"], name=op.f("fk_testing_price_regulator_id_organisation")
        ),
        sa.ForeignKeyConstraint(["set_by_id"], ["person.id"], name=op.f("fk_testing_price_set_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_testing_price")),
        sa.UniqueConstraint(
            "regulator_id",
            "lab_id",
            "category_code",
            "valid_from",
            name="uq_testing_price_day",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "settlement_line",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "tested", "late", "overturned", "refused", "not_tested", name="linekind", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("price", sa.Numeric(), nullable=False),
        sa.Column("deduction", sa.Numeric(), nullable=False),
        sa.Column("is_standing", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('tested', 'late', 'overturned', 'refused', 'not_tested')",
            name=op.f("ck_settlement_line_kind_known"),
        ),
        sa.CheckConstraint(
            "deduction >= 0 AND deduction <= price", name=op.f("ck_settlement_line_deduction_within_the_price")
        ),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_settlement_line_sample_id_sample")),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.id"], name=op.f("fk_settlement_line_settlement_id_settlement")
        ),
        sa.PrimaryKeyConstraint("settlement_id", "sample_id", name=op.f("pk_settlement_line")),
    )
    op.create_index(
        "uq_settlement_line_standing", "settlement_line", ["sample_id"], unique=True, postgresql_where="is_standing"
    )


def downgrade() -> None:
    op.drop_index("uq_settlement_line_standing", table_name="settlement_line", postgresql_where="is_standing")
    op.drop_table("settlement_line")
    op.drop_table("testing_price")
    op.drop_index("ix_settlement_parties", table_name="settlement")
    op.drop_table("settlement")
