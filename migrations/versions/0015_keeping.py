"""Portions that end, and a store that is counted

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KINDS = ("sealed", "consigned", "handed_over")
FIRST = "CASE WHEN seq = 1 THEN prev_seq IS NULL AND handed_by_id IS NULL"
NEXT = "ELSE prev_seq IS NOT NULL AND prev_seq = seq - 1 AND handed_by_id IS NOT NULL"


def upgrade() -> None:
    _create_disposals()
    _end_custody()
    _create_counts()


def _end_custody() -> None:
    op.add_column(
        "custody_entry",
        sa.Column("prev_kind", sa.Enum(*KINDS, "disposed", name="custodykind", native_enum=False, length=40)),
    )
    op.add_column("custody_entry", sa.Column("disposal_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE custody_entry SET prev_kind = before.kind FROM custody_entry before"
        " WHERE before.portion_id = custody_entry.portion_id AND before.seq = custody_entry.prev_seq"
    )
    op.drop_constraint(op.f("fk_custody_entry_who_hands_over_holds"), "custody_entry", type_="foreignkey")
    op.drop_constraint(op.f("uq_custody_entry_portion_id_seq_holder_id"), "custody_entry", type_="unique")
    op.create_unique_constraint(
        op.f("uq_custody_entry_portion_id_seq_holder_id_kind"),
        "custody_entry",
        ["portion_id", "seq", "holder_id", "kind"],
    )
    op.create_foreign_key(
        "fk_custody_entry_who_hands_over_holds",
        "custody_entry",
        "custody_entry",
        ["portion_id", "prev_seq", "handed_by_id", "prev_kind"],
        ["portion_id", "seq", "holder_id", "kind"],
    )
    op.create_foreign_key(
        op.f("fk_custody_entry_disposal_id_disposal"), "custody_entry", "disposal", ["disposal_id"], ["id"]
    )
    op.create_index(op.f("ix_custody_entry_disposal_id"), "custody_entry", ["disposal_id"], unique=False)
    for column in ("kind", "prev_kind"):
        _replace_check(f"{column}_known", f"{column} IN ('sealed', 'consigned', 'handed_over', 'disposed')")
    _replace_check("sender_answers_for_carrier", "kind NOT IN ('consigned', 'disposed') OR holder_id = handed_by_id")
    _replace_check(
        "no_gap",
        f"{FIRST} AND prev_kind IS NULL AND hand_over_id IS NULL AND disposal_id IS NULL {NEXT}"
        " AND prev_kind IS NOT NULL AND (hand_over_id IS NULL) <> (disposal_id IS NULL) END",
    )
    _replace_check("disposed_by_a_disposal", "(kind = 'disposed') = (disposal_id IS NOT NULL)")
    _replace_check("ends_with_disposal", "prev_kind <> 'disposed'")


def _replace_check(name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE custody_entry DROP CONSTRAINT IF EXISTS ck_custody_entry_{name}")
    op.create_check_constraint(op.f(f"ck_custody_entry_{name}"), "custody_entry", condition)


def _create_disposals() -> None:
    op.create_table(
        "disposal",
        sa.Column("record_no", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("proposed", "done", "withdrawn", name="disposalstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "way",
            sa.Enum(
                "incinerated",
                "landfilled",
                "harmless",
                "destroyed",
                "returned",
                name="disposalway",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("weight_kg", sa.Numeric(), nullable=True),
        sa.Column("witness", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(state = 'done') = (weight_kg IS NOT NULL)", name=op.f("ck_disposal_weighed_when_done")),
        sa.CheckConstraint("(state = 'done') = (witness IS NOT NULL)", name=op.f("ck_disposal_witnessed_when_done")),
        sa.CheckConstraint(
            "(state = 'proposed') = (ended_at IS NULL) AND (ended_at IS NULL) = (ended_by_id IS NULL)",
            name=op.f("ck_disposal_ended_by_somebody"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_disposal_reason_given")),
        sa.CheckConstraint("state <> 'done' OR ended_by_id <> proposed_by_id", name=op.f("ck_disposal_two_people")),
        sa.CheckConstraint("state IN ('proposed', 'done', 'withdrawn')", name=op.f("ck_disposal_state_known")),
        sa.CheckConstraint(
            "way IN ('incinerated', 'landfilled', 'harmless', 'destroyed', 'returned')",
            name=op.f("ck_disposal_way_known"),
        ),
        sa.CheckConstraint("weight_kg > 0 AND weight_kg < 'Infinity'", name=op.f("ck_disposal_weight_positive")),
        sa.CheckConstraint("witness <> ''", name=op.f("ck_disposal_witness_given")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name=op.f("fk_disposal_ended_by_id_person")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_disposal_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["person.id"], name=op.f("fk_disposal_proposed_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal")),
        sa.UniqueConstraint("record_no", name=op.f("uq_disposal_record_no")),
    )
    op.create_index("ix_disposal_newest", "disposal", ["organisation_id", "proposed_at", "id"], unique=False)
    op.create_table(
        "disposal_line",
        sa.Column("disposal_id", sa.Uuid(), nullable=False),
        sa.Column("portion_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["disposal_id"], ["disposal.id"], name=op.f("fk_disposal_line_disposal_id_disposal")),
        sa.ForeignKeyConstraint(["portion_id"], ["portion.id"], name=op.f("fk_disposal_line_portion_id_portion")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_disposal_line_sample_id_sample")),
        sa.PrimaryKeyConstraint("disposal_id", "portion_id", name=op.f("pk_disposal_line")),
    )
    op.create_index(op.f("ix_disposal_line_sample_id"), "disposal_line", ["sample_id"], unique=False)
    op.create_index(
        "uq_disposal_line_one_that_stands", "disposal_line", ["portion_id"], unique=True, postgresql_where="stands"
    )


def _create_counts() -> None:
    op.create_table(
        "stock_count",
        sa.Column("count_no", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("started_by_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_by_id IS NULL) AND (closed_at IS NULL) = (expected IS NULL)",
            name=op.f("ck_stock_count_closed_whole"),
        ),
        sa.CheckConstraint("expected >= 0", name=op.f("ck_stock_count_expected_counted")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["person.id"], name=op.f("fk_stock_count_closed_by_id_person")),
        sa.ForeignKeyConstraint(
            ["place_id", "organisation_id"],
            ["storage_place.id", "storage_place.organisation_id"],
            name=op.f("fk_stock_count_place_id_organisation_id_storage_place"),
        ),
        sa.ForeignKeyConstraint(["started_by_id"], ["person.id"], name=op.f("fk_stock_count_started_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_count")),
        sa.UniqueConstraint("count_no", name=op.f("uq_stock_count_count_no")),
    )
    op.create_index("ix_stock_count_newest", "stock_count", ["organisation_id", "started_at", "id"], unique=False)
    op.create_index(op.f("ix_stock_count_place_id"), "stock_count", ["place_id"], unique=False)
    op.create_index(
        "uq_stock_count_open", "stock_count", ["place_id"], unique=True, postgresql_where="closed_at IS NULL"
    )
    op.create_table(
        "stock_scan",
        sa.Column("stock_count_id", sa.Uuid(), nullable=False),
        sa.Column("scanned", sa.Text(), nullable=False),
        sa.Column("scanned_by_id", sa.Uuid(), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("scanned <> ''", name=op.f("ck_stock_scan_scanned_something")),
        sa.ForeignKeyConstraint(["scanned_by_id"], ["person.id"], name=op.f("fk_stock_scan_scanned_by_id_person")),
        sa.ForeignKeyConstraint(
            ["stock_count_id"], ["stock_count.id"], name=op.f("fk_stock_scan_stock_count_id_stock_count")
        ),
        sa.PrimaryKeyConstraint("stock_count_id", "scanned", name=op.f("pk_stock_scan")),
    )
    op.create_table(
        "stock_difference",
        sa.Column("stock_count_id", sa.Uuid(), nullable=False),
        sa.Column("scanned", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("missing", "elsewhere", "unexpected", name="differencekind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("portion_id", sa.Uuid(), nullable=True),
        sa.Column("known_place_id", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by_id", sa.Uuid(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'unexpected') = (portion_id IS NULL)", name=op.f("ck_stock_difference_portion_unless_unexpected")
        ),
        sa.CheckConstraint(
            "kind IN ('missing', 'elsewhere', 'unexpected')", name=op.f("ck_stock_difference_kind_known")
        ),
        sa.CheckConstraint("resolution <> ''", name=op.f("ck_stock_difference_resolution_given")),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL) AND (resolved_at IS NULL) = (resolved_by_id IS NULL)",
            name=op.f("ck_stock_difference_resolution_is_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["known_place_id"], ["storage_place.id"], name=op.f("fk_stock_difference_known_place_id_storage_place")
        ),
        sa.ForeignKeyConstraint(["portion_id"], ["portion.id"], name=op.f("fk_stock_difference_portion_id_portion")),
        sa.ForeignKeyConstraint(
            ["resolved_by_id"], ["person.id"], name=op.f("fk_stock_difference_resolved_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["stock_count_id"], ["stock_count.id"], name=op.f("fk_stock_difference_stock_count_id_stock_count")
        ),
        sa.PrimaryKeyConstraint("stock_count_id", "scanned", name=op.f("pk_stock_difference")),
    )
    op.create_index(op.f("ix_stock_difference_portion_id"), "stock_difference", ["portion_id"], unique=False)


def downgrade() -> None:
    op.execute("DELETE FROM custody_entry WHERE kind = 'disposed'")
    for name in ("disposed_by_a_disposal", "ends_with_disposal", "prev_kind_known", "no_gap"):
        op.drop_constraint(op.f(f"ck_custody_entry_{name}"), "custody_entry", type_="check")
    op.drop_constraint("fk_custody_entry_who_hands_over_holds", "custody_entry", type_="foreignkey")
    op.drop_constraint(op.f("uq_custody_entry_portion_id_seq_holder_id_kind"), "custody_entry", type_="unique")
    op.drop_column("custody_entry", "disposal_id")
    op.drop_column("custody_entry", "prev_kind")
    op.create_unique_constraint(
        op.f("uq_custody_entry_portion_id_seq_holder_id"), "custody_entry", ["portion_id", "seq", "holder_id"]
    )
    op.create_foreign_key(
        "fk_custody_entry_who_hands_over_holds",
        "custody_entry",
        "custody_entry",
        ["portion_id", "prev_seq", "handed_by_id"],
        ["portion_id", "seq", "holder_id"],
    )
    _replace_check("kind_known", "kind IN ('sealed', 'consigned', 'handed_over')")
    _replace_check("sender_answers_for_carrier", "kind <> 'consigned' OR holder_id = handed_by_id")
    _replace_check("no_gap", f"{FIRST} AND hand_over_id IS NULL {NEXT} AND hand_over_id IS NOT NULL END")
    for table in ("stock_difference", "stock_scan", "stock_count", "disposal_line", "disposal"):
        op.drop_table(table)
