"""Rechecks: method of each result, the fee and who bears it, the first laboratory told that it may watch

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    target, _column = other.split(".")
    return sa.ForeignKeyConstraint([column], [other], name=op.f(f"fk_{table}_{column}_{target}"))


def _of_recheck(name: str, *columns: sa.Column | sa.Constraint) -> None:
    op.create_table(
        name,
        sa.Column("recheck_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["recheck_id", "sample_id"],
            ["recheck.id", "recheck.sample_id"],
            name=op.f(f"fk_{name}_recheck_id_sample_id_recheck"),
        ),
    )


def upgrade() -> None:
    op.add_column("recheck_result", sa.Column("method", sa.Text(), nullable=True))
    op.add_column("recheck_result", sa.Column("method_reason", sa.Text(), nullable=True))
    op.execute(
        "UPDATE recheck_result SET method = coalesce((SELECT trim(method.standard || ' ' || method.part)"
        " FROM test_set_item line JOIN method ON method.id = line.method_id"
        " WHERE line.id = recheck_result.set_item_id), '/')"
    )
    op.alter_column("recheck_result", "method", nullable=False)
    op.create_check_constraint(
        op.f("ck_recheck_result_method_named"), "recheck_result", "method <> '' AND method_reason <> ''"
    )
    _of_recheck(
        "recheck_fee",
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("stated_by_id", sa.Uuid(), nullable=False),
        sa.Column("stated_at", INSTANT, nullable=False),
        sa.Column("pay_due_at", INSTANT, nullable=False),
        sa.Column("advanced_on", sa.Date(), nullable=True),
        sa.Column("receipt_no", sa.Text(), nullable=True),
        sa.Column("advance_noted_by_id", sa.Uuid(), nullable=True),
        sa.Column(
            "borne_by",
            sa.Enum("applicant", "regulator", name="feebearer", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("repaid_on", sa.Date(), nullable=True),
        sa.Column("voucher_no", sa.Text(), nullable=True),
        sa.Column("repayment_noted_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("borne_by IN ('applicant', 'regulator')", name=op.f("ck_recheck_fee_borne_by_known")),
        sa.CheckConstraint("amount >= 0 AND amount < 10000000", name=op.f("ck_recheck_fee_amount_possible")),
        sa.CheckConstraint(
            "(advanced_on IS NULL) = (receipt_no IS NULL) AND (advanced_on IS NULL) = (advance_noted_by_id IS NULL)"
            " AND receipt_no <> ''",
            name=op.f("ck_recheck_fee_advance_whole"),
        ),
        sa.CheckConstraint(
            "(repaid_on IS NULL) = (voucher_no IS NULL) AND (repaid_on IS NULL) = (repayment_noted_by_id IS NULL)"
            " AND voucher_no <> ''",
            name=op.f("ck_recheck_fee_repayment_whole"),
        ),
        sa.CheckConstraint(
            "repaid_on IS NULL OR (borne_by IS NOT NULL AND borne_by = 'regulator' AND advanced_on <= repaid_on)",
            name=op.f("ck_recheck_fee_repaid_what_was_advanced"),
        ),
        *(
            _key("recheck_fee", column, "person.id")
            for column in ("stated_by_id", "advance_noted_by_id", "repayment_noted_by_id")
        ),
        sa.PrimaryKeyConstraint("recheck_id", name=op.f("pk_recheck_fee")),
    )
    _of_recheck(
        "recheck_watch",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("begins_at", INSTANT, nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("told_by_id", sa.Uuid(), nullable=False),
        sa.Column("told_at", INSTANT, nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_recheck_watch_counted_from_one")),
        sa.CheckConstraint("place <> ''", name=op.f("ck_recheck_watch_place_named")),
        sa.CheckConstraint("told_at <= begins_at", name=op.f("ck_recheck_watch_told_before")),
        _key("recheck_watch", "lab_id", "organisation.id"),
        _key("recheck_watch", "told_by_id", "person.id"),
        sa.PrimaryKeyConstraint("recheck_id", "number", name=op.f("pk_recheck_watch")),
    )
    op.create_index(op.f("ix_recheck_watch_lab_id"), "recheck_watch", ["lab_id"], unique=False)


def downgrade() -> None:
    op.drop_table("recheck_watch")
    op.drop_table("recheck_fee")
    op.drop_constraint(op.f("ck_recheck_result_method_named"), "recheck_result", type_="check")
    for column in ("method", "method_reason"):
        op.drop_column("recheck_result", column)
