"""Quality control: materials, batches with their controls, verdicts, holds

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("batch_no", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("opened_by_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("batch_no <> '' AND method <> ''", name=op.f("ck_batch_batch_named")),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_batch_lab_id_organisation")),
        sa.ForeignKeyConstraint(["opened_by_id"], ["person.id"], name=op.f("fk_batch_opened_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("lab_id", "batch_no", name=op.f("uq_batch_lab_id_batch_no")),
    )
    op.create_index("ix_batch_newest", "batch", ["lab_id", "opened_at", "id"], unique=False)
    op.create_table(
        "control_lot",
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind", sa.Enum("control", "reference", name="lotkind", native_enum=False, length=40), nullable=False
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lot_no", sa.Text(), nullable=False),
        sa.Column("certificate_no", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("noted_by_id", sa.Uuid(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind <> 'reference' OR certificate_no <> ''", name=op.f("ck_control_lot_certified_by_something")
        ),
        sa.CheckConstraint("kind IN ('control', 'reference')", name=op.f("ck_control_lot_kind_known")),
        sa.CheckConstraint("name <> '' AND lot_no <> ''", name=op.f("ck_control_lot_lot_named")),
        sa.CheckConstraint("withdrawn_reason <> ''", name=op.f("ck_control_lot_withdrawn_with_reason")),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL) AND (withdrawn_at IS NULL) = (withdrawn_reason IS NULL)",
            name=op.f("ck_control_lot_withdrawal_is_whole"),
        ),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_control_lot_lab_id_organisation")),
        sa.ForeignKeyConstraint(["noted_by_id"], ["person.id"], name=op.f("fk_control_lot_noted_by_id_person")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["person.id"], name=op.f("fk_control_lot_withdrawn_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_control_lot")),
        sa.UniqueConstraint("lab_id", "name", "lot_no", name=op.f("uq_control_lot_lab_id_name_lot_no")),
    )
    op.create_table(
        "control_value",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("target", sa.Numeric(), nullable=False),
        sa.Column("deviation", sa.Numeric(), nullable=True),
        sa.Column("low", sa.Numeric(), nullable=True),
        sa.Column("high", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("noted_by_id", sa.Uuid(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "deviation > 0 AND deviation < 'Infinity'", name=op.f("ck_control_value_deviation_positive")
        ),
        sa.CheckConstraint(
            "low <= target AND target <= high AND high < 'Infinity'", name=op.f("ck_control_value_target_within")
        ),
        sa.CheckConstraint("method <> ''", name=op.f("ck_control_value_method_given")),
        sa.CheckConstraint("target > '-Infinity' AND target < 'Infinity'", name=op.f("ck_control_value_target_finite")),
        sa.CheckConstraint(
            "(deviation IS NULL) = (low IS NOT NULL AND high IS NOT NULL)",
            name=op.f("ck_control_value_one_kind_of_bound"),
        ),
        sa.CheckConstraint("(low IS NULL) = (high IS NULL)", name=op.f("ck_control_value_range_is_whole")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_control_value_version_from_one")),
        sa.ForeignKeyConstraint(["item_id"], ["test_item.id"], name=op.f("fk_control_value_item_id_test_item")),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_control_value_lab_id_organisation")),
        sa.ForeignKeyConstraint(["lot_id"], ["control_lot.id"], name=op.f("fk_control_value_lot_id_control_lot")),
        sa.ForeignKeyConstraint(["noted_by_id"], ["person.id"], name=op.f("fk_control_value_noted_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_control_value")),
        sa.UniqueConstraint(
            "lot_id", "item_id", "method", "version", name=op.f("uq_control_value_lot_id_item_id_method_version")
        ),
    )
    op.create_table(
        "batch_slot",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "sample",
                "blank",
                "control",
                "reference",
                "duplicate",
                "spike",
                name="slotkind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("test_set_id", sa.Uuid(), nullable=True),
        sa.Column("lot_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(kind IN ('control', 'reference')) = (lot_id IS NOT NULL)", name=op.f("ck_batch_slot_of_a_lot")
        ),
        sa.CheckConstraint(
            "(kind IN ('sample', 'duplicate', 'spike')) = (test_set_id IS NOT NULL)",
            name=op.f("ck_batch_slot_of_a_sample"),
        ),
        sa.CheckConstraint(
            "kind IN ('sample', 'blank', 'control', 'reference', 'duplicate', 'spike')",
            name=op.f("ck_batch_slot_kind_known"),
        ),
        sa.CheckConstraint("position >= 1", name=op.f("ck_batch_slot_position_from_one")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_slot_batch_id_batch")),
        sa.ForeignKeyConstraint(["lot_id"], ["control_lot.id"], name=op.f("fk_batch_slot_lot_id_control_lot")),
        sa.ForeignKeyConstraint(["test_set_id"], ["test_set.id"], name=op.f("fk_batch_slot_test_set_id_test_set")),
        sa.PrimaryKeyConstraint("batch_id", "position", name=op.f("pk_batch_slot")),
    )
    op.create_index(op.f("ix_batch_slot_lot_id"), "batch_slot", ["lot_id"], unique=False)
    op.create_index(op.f("ix_batch_slot_test_set_id"), "batch_slot", ["test_set_id"], unique=False)
    op.create_index(
        "uq_batch_slot_sample",
        "batch_slot",
        ["batch_id", "test_set_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'sample'"),
    )
    op.create_table(
        "batch_line",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("set_item_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id", "position"],
            ["batch_slot.batch_id", "batch_slot.position"],
            name=op.f("fk_batch_line_batch_id_position_batch_slot"),
        ),
        sa.ForeignKeyConstraint(["item_id"], ["test_item.id"], name=op.f("fk_batch_line_item_id_test_item")),
        sa.ForeignKeyConstraint(
            ["set_item_id", "sample_id"],
            ["test_set_item.id", "test_set_item.sample_id"],
            name=op.f("fk_batch_line_set_item_id_sample_id_test_set_item"),
        ),
        sa.PrimaryKeyConstraint("batch_id", "set_item_id", name=op.f("pk_batch_line")),
    )
    op.create_index("ix_batch_line_sample_id", "batch_line", ["sample_id"], unique=False)
    op.create_index("ix_batch_line_set_item_id", "batch_line", ["set_item_id"], unique=False)
    op.create_table(
        "qc_item",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("criteria", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("value_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id", "position"],
            ["batch_slot.batch_id", "batch_slot.position"],
            name=op.f("fk_qc_item_batch_id_position_batch_slot"),
        ),
        sa.ForeignKeyConstraint(["item_id"], ["test_item.id"], name=op.f("fk_qc_item_item_id_test_item")),
        sa.ForeignKeyConstraint(["value_id"], ["control_value.id"], name=op.f("fk_qc_item_value_id_control_value")),
        sa.PrimaryKeyConstraint("batch_id", "position", "item_id", name=op.f("pk_qc_item")),
    )
    op.create_index("ix_qc_item_value_id", "qc_item", ["value_id"], unique=False)
    op.create_table(
        "qc_result",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_text", sa.Text(), nullable=False),
        sa.Column("reading_id", sa.Uuid(), nullable=True),
        sa.Column("change_reason", sa.Text(), nullable=True),
        sa.Column("entered_by_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("entered_text <> '' AND change_reason <> ''", name=op.f("ck_qc_result_in_words")),
        sa.CheckConstraint(
            "entered_text <> '/' OR change_reason IS NOT NULL", name=op.f("ck_qc_result_not_measured_has_reason")
        ),
        sa.CheckConstraint("version = 1 OR change_reason IS NOT NULL", name=op.f("ck_qc_result_change_has_reason")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_qc_result_version_from_one")),
        sa.ForeignKeyConstraint(
            ["batch_id", "position", "item_id"],
            ["qc_item.batch_id", "qc_item.position", "qc_item.item_id"],
            name=op.f("fk_qc_result_batch_id_position_item_id_qc_item"),
        ),
        sa.ForeignKeyConstraint(["entered_by_id"], ["person.id"], name=op.f("fk_qc_result_entered_by_id_person")),
        sa.ForeignKeyConstraint(["reading_id"], ["reading.id"], name=op.f("fk_qc_result_reading_id_reading")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qc_result")),
        sa.UniqueConstraint(
            "batch_id", "position", "item_id", "version", name=op.f("uq_qc_result_batch_id_position_item_id_version")
        ),
    )
    op.create_table(
        "qc_verdict",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.Uuid(), nullable=False),
        sa.Column("compared_id", sa.Uuid(), nullable=True),
        sa.Column("used", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("in_control", "warning", "rejected", name="qcoutcome", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("figure", sa.Numeric(), nullable=True),
        sa.Column("rules", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(outcome = 'in_control') = (cardinality(rules) = 0)", name=op.f("ck_qc_verdict_broken_by_something")
        ),
        sa.CheckConstraint("abs(figure) < 'Infinity'", name=op.f("ck_qc_verdict_figure_finite")),
        sa.CheckConstraint(
            "outcome IN ('in_control', 'warning', 'rejected')", name=op.f("ck_qc_verdict_outcome_known")
        ),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_qc_verdict_seq_from_one")),
        sa.ForeignKeyConstraint(
            ["batch_id", "position", "item_id"],
            ["qc_item.batch_id", "qc_item.position", "qc_item.item_id"],
            name=op.f("fk_qc_verdict_batch_id_position_item_id_qc_item"),
        ),
        sa.ForeignKeyConstraint(
            ["compared_id"], ["item_result.id"], name=op.f("fk_qc_verdict_compared_id_item_result")
        ),
        sa.ForeignKeyConstraint(["result_id"], ["qc_result.id"], name=op.f("fk_qc_verdict_result_id_qc_result")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qc_verdict")),
        sa.UniqueConstraint(
            "batch_id", "position", "item_id", "seq", name=op.f("uq_qc_verdict_batch_id_position_item_id_seq")
        ),
    )
    op.create_index(op.f("ix_qc_verdict_result_id"), "qc_verdict", ["result_id"], unique=False)
    op.create_table(
        "qc_hold",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("verdict_id", sa.Uuid(), nullable=False),
        sa.Column("opened_by_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by_id", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("lift_reason <> ''", name=op.f("ck_qc_hold_lifted_with_reason")),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by_id IS NULL) AND (lifted_at IS NULL) = (lift_reason IS NULL)",
            name=op.f("ck_qc_hold_lift_is_whole"),
        ),
        sa.CheckConstraint("lifted_at >= opened_at", name=op.f("ck_qc_hold_lifted_afterwards")),
        sa.CheckConstraint("lifted_by_id <> opened_by_id", name=op.f("ck_qc_hold_two_people")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_qc_hold_batch_id_batch")),
        sa.ForeignKeyConstraint(["item_id"], ["test_item.id"], name=op.f("fk_qc_hold_item_id_test_item")),
        sa.ForeignKeyConstraint(["lifted_by_id"], ["person.id"], name=op.f("fk_qc_hold_lifted_by_id_person")),
        sa.ForeignKeyConstraint(["opened_by_id"], ["person.id"], name=op.f("fk_qc_hold_opened_by_id_person")),
        sa.ForeignKeyConstraint(["verdict_id"], ["qc_verdict.id"], name=op.f("fk_qc_hold_verdict_id_qc_verdict")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qc_hold")),
        sa.UniqueConstraint("verdict_id", name=op.f("uq_qc_hold_verdict_id")),
    )
    op.create_index(
        "uq_qc_hold_one_open",
        "qc_hold",
        ["batch_id", "item_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("qc_hold")
    op.drop_table("qc_verdict")
    op.drop_table("qc_result")
    op.drop_table("qc_item")
    op.drop_table("batch_line")
    op.drop_table("batch_slot")
    op.drop_table("control_value")
    op.drop_table("control_lot")
    op.drop_table("batch")
