"""Portions, seals, hand-overs, blind codes

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hand_over",
        sa.Column("record_no", sa.Text(), nullable=False),
        sa.Column(
            "way", sa.Enum("in_person", "courier", name="handoverway", native_enum=False, length=40), nullable=False
        ),
        sa.Column("consignment_no", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("offered", "confirmed", "withdrawn", name="handoverstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("offered_by_id", sa.Uuid(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("to_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("taken_by_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("celsius", sa.Numeric(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'confirmed') = (taken_by_id IS NOT NULL)", name=op.f("ck_hand_over_taken_by_if_confirmed")
        ),
        sa.CheckConstraint("(state = 'offered') = (ended_at IS NULL)", name=op.f("ck_hand_over_ended_at_if_ended")),
        sa.CheckConstraint(
            "(way = 'courier') = (consignment_no IS NOT NULL)", name=op.f("ck_hand_over_courier_has_consignment")
        ),
        sa.CheckConstraint("state IN ('offered', 'confirmed', 'withdrawn')", name=op.f("ck_hand_over_state_known")),
        sa.CheckConstraint("way IN ('in_person', 'courier')", name=op.f("ck_hand_over_way_known")),
        sa.CheckConstraint("celsius > -273.15 AND celsius < 1000", name=op.f("ck_hand_over_celsius_possible")),
        sa.CheckConstraint("taken_by_id <> offered_by_id", name=op.f("ck_hand_over_two_people")),
        sa.ForeignKeyConstraint(
            ["from_organisation_id"], ["organisation.id"], name=op.f("fk_hand_over_from_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["offered_by_id"], ["person.id"], name=op.f("fk_hand_over_offered_by_id_person")),
        sa.ForeignKeyConstraint(["taken_by_id"], ["person.id"], name=op.f("fk_hand_over_taken_by_id_person")),
        sa.ForeignKeyConstraint(
            ["to_organisation_id"], ["organisation.id"], name=op.f("fk_hand_over_to_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
        sa.UniqueConstraint("consignment_no", name=op.f("uq_hand_over_consignment_no")),
        sa.UniqueConstraint("record_no", name=op.f("uq_hand_over_record_no")),
        info={"privileges": "select, insert, update (state, taken_by_id, ended_at, celsius)"},
    )
    op.create_index(op.f("ix_hand_over_from_organisation_id"), "hand_over", ["from_organisation_id"], unique=False)
    op.create_index("ix_hand_over_open", "hand_over", ["to_organisation_id", "offered_at", "id"], unique=False)
    op.create_index(op.f("ix_hand_over_to_organisation_id"), "hand_over", ["to_organisation_id"], unique=False)
    op.create_table(
        "storage_place",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column(
            "level",
            sa.Enum("site", "room", "fridge", "shelf", "box", "place", name="placelevel", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(level = 'site') = (parent_id IS NULL)", name=op.f("ck_storage_place_only_sites_are_roots")
        ),
        sa.CheckConstraint(
            "level IN ('site', 'room', 'fridge', 'shelf', 'box', 'place')", name=op.f("ck_storage_place_level_known")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_storage_place_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id", "organisation_id"],
            ["storage_place.id", "storage_place.organisation_id"],
            name=op.f("fk_storage_place_parent_id_organisation_id_storage_place"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storage_place")),
        sa.UniqueConstraint("id", "organisation_id", name=op.f("uq_storage_place_id_organisation_id")),
        sa.UniqueConstraint("organisation_id", "code", name=op.f("uq_storage_place_organisation_id_code")),
        info={"privileges": "select, insert, update (name)"},
    )
    op.create_index(op.f("ix_storage_place_parent_id"), "storage_place", ["parent_id"], unique=False)
    op.create_table(
        "portion",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("portion_no", sa.Text(), nullable=False),
        sa.Column("kind", sa.Enum("test", "backup", name="portionkind", native_enum=False, length=40), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("quantity_unit", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('test', 'backup')", name=op.f("ck_portion_kind_known")),
        sa.CheckConstraint("quantity > 0 AND quantity < 'Infinity'", name=op.f("ck_portion_quantity_positive")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_portion_sample_id_sample")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portion")),
        sa.UniqueConstraint("id", "sample_id", "kind", name=op.f("uq_portion_id_sample_id_kind")),
        sa.UniqueConstraint("portion_no", name=op.f("uq_portion_portion_no")),
        sa.UniqueConstraint("sample_id", "kind", name=op.f("uq_portion_sample_id_kind")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "reception",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("checked_by_id", sa.Uuid(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal_intact", sa.Boolean(), nullable=False),
        sa.Column("packaging_intact", sa.Boolean(), nullable=False),
        sa.Column("quantity_sufficient", sa.Boolean(), nullable=False),
        sa.Column("condition_normal", sa.Boolean(), nullable=False),
        sa.Column("papers_complete", sa.Boolean(), nullable=False),
        sa.Column("papers_match", sa.Boolean(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("refusal_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("refusal_reason <> ''", name=op.f("ck_reception_refusal_reason_given")),
        sa.CheckConstraint(
            "NOT accepted OR (seal_intact AND packaging_intact AND quantity_sufficient AND condition_normal AND papers_complete AND papers_match)",
            name=op.f("ck_reception_accepted_if_all_good"),
        ),
        sa.CheckConstraint("accepted = (refusal_reason IS NULL)", name=op.f("ck_reception_refused_with_reason")),
        sa.ForeignKeyConstraint(["checked_by_id"], ["person.id"], name=op.f("fk_reception_checked_by_id_person")),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_reception_lab_id_organisation")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_reception_sample_id_sample")),
        sa.PrimaryKeyConstraint("sample_id", name=op.f("pk_reception")),
        info={"privileges": "select, insert"},
    )
    op.create_index(op.f("ix_reception_lab_id"), "reception", ["lab_id"], unique=False)
    op.create_index("ix_reception_newest", "reception", ["lab_id", "checked_at", "sample_id"], unique=False)
    op.create_table(
        "blind_code",
        sa.Column("portion_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column(
            "portion_kind", sa.Enum("test", "backup", name="portionkind", native_enum=False, length=40), nullable=False
        ),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column(
            "blindness",
            sa.Enum("repacked", "covered", "open", name="blindness", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("coded_by_id", sa.Uuid(), nullable=False),
        sa.Column("coded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("blindness IN ('repacked', 'covered', 'open')", name=op.f("ck_blind_code_blindness_known")),
        sa.CheckConstraint("code ~ '^[2-9A-HJ-NP-Z]{8}$'", name=op.f("ck_blind_code_code_alphabet")),
        sa.CheckConstraint("portion_kind = 'test'", name=op.f("ck_blind_code_test_portion_only")),
        sa.CheckConstraint("portion_kind IN ('test', 'backup')", name=op.f("ck_blind_code_portion_kind_known")),
        sa.ForeignKeyConstraint(["coded_by_id"], ["person.id"], name=op.f("fk_blind_code_coded_by_id_person")),
        sa.ForeignKeyConstraint(
            ["portion_id", "sample_id", "portion_kind"],
            ["portion.id", "portion.sample_id", "portion.kind"],
            name=op.f("fk_blind_code_portion_id_sample_id_portion_kind_portion"),
        ),
        sa.ForeignKeyConstraint(["sample_id"], ["reception.sample_id"], name=op.f("fk_blind_code_sample_id_reception")),
        sa.PrimaryKeyConstraint("portion_id", name=op.f("pk_blind_code")),
        sa.UniqueConstraint("code", name=op.f("uq_blind_code_code")),
        sa.UniqueConstraint("sample_id", name=op.f("uq_blind_code_sample_id")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "custody_entry",
        sa.Column("portion_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("sealed", "consigned", "handed_over", name="custodykind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("prev_seq", sa.Integer(), nullable=True),
        sa.Column("handed_by_id", sa.Uuid(), nullable=True),
        sa.Column("hand_over_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'sealed') = (seq = 1)", name=op.f("ck_custody_entry_sealed_first")),
        sa.CheckConstraint(
            "kind <> 'consigned' OR holder_id = handed_by_id", name=op.f("ck_custody_entry_sender_answers_for_carrier")
        ),
        sa.CheckConstraint(
            "kind <> 'handed_over' OR holder_id <> handed_by_id", name=op.f("ck_custody_entry_two_people")
        ),
        sa.CheckConstraint("kind IN ('sealed', 'consigned', 'handed_over')", name=op.f("ck_custody_entry_kind_known")),
        sa.CheckConstraint(
            "CASE WHEN seq = 1 THEN prev_seq IS NULL AND handed_by_id IS NULL AND hand_over_id IS NULL ELSE prev_seq IS NOT NULL AND prev_seq = seq - 1 AND handed_by_id IS NOT NULL AND hand_over_id IS NOT NULL END",
            name=op.f("ck_custody_entry_no_gap"),
        ),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_custody_entry_seq_from_one")),
        sa.ForeignKeyConstraint(
            ["hand_over_id"], ["hand_over.id"], name=op.f("fk_custody_entry_hand_over_id_hand_over")
        ),
        sa.ForeignKeyConstraint(["holder_id"], ["person.id"], name=op.f("fk_custody_entry_holder_id_person")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_custody_entry_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["portion_id", "prev_seq", "handed_by_id"],
            ["custody_entry.portion_id", "custody_entry.seq", "custody_entry.holder_id"],
            name="fk_custody_entry_who_hands_over_holds",
        ),
        sa.ForeignKeyConstraint(["portion_id"], ["portion.id"], name=op.f("fk_custody_entry_portion_id_portion")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_custody_entry_sample_id_sample")),
        sa.PrimaryKeyConstraint("portion_id", "seq", name=op.f("pk_custody_entry")),
        sa.UniqueConstraint("portion_id", "seq", "holder_id", name=op.f("uq_custody_entry_portion_id_seq_holder_id")),
        info={"privileges": "select, insert"},
    )
    op.create_index(op.f("ix_custody_entry_hand_over_id"), "custody_entry", ["hand_over_id"], unique=False)
    op.create_index(op.f("ix_custody_entry_holder_id"), "custody_entry", ["holder_id"], unique=False)
    op.create_index(op.f("ix_custody_entry_sample_id"), "custody_entry", ["sample_id"], unique=False)
    op.create_table(
        "hand_over_exception",
        sa.Column("hand_over_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("missing", "extra", "broken", "temperature", name="exceptionkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("portion_id", sa.Uuid(), nullable=True),
        sa.Column("scanned", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by_id", sa.Uuid(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('missing', 'extra', 'broken', 'temperature')", name=op.f("ck_hand_over_exception_kind_known")
        ),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL) AND (resolved_at IS NULL) = (resolved_by_id IS NULL)",
            name=op.f("ck_hand_over_exception_resolution_is_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["hand_over_id"], ["hand_over.id"], name=op.f("fk_hand_over_exception_hand_over_id_hand_over")
        ),
        sa.ForeignKeyConstraint(["portion_id"], ["portion.id"], name=op.f("fk_hand_over_exception_portion_id_portion")),
        sa.ForeignKeyConstraint(
            ["resolved_by_id"], ["person.id"], name=op.f("fk_hand_over_exception_resolved_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over_exception")),
        info={"privileges": "select, insert, update (resolved_at, resolved_by_id, resolution)"},
    )
    op.create_index(op.f("ix_hand_over_exception_hand_over_id"), "hand_over_exception", ["hand_over_id"], unique=False)
    op.create_index(op.f("ix_hand_over_exception_portion_id"), "hand_over_exception", ["portion_id"], unique=False)
    op.create_table(
        "hand_over_line",
        sa.Column("hand_over_id", sa.Uuid(), nullable=False),
        sa.Column("portion_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("received", "broken", "missing", name="lineoutcome", native_enum=False, length=40),
            nullable=True,
        ),
        sa.CheckConstraint(
            "outcome IN ('received', 'broken', 'missing')", name=op.f("ck_hand_over_line_outcome_known")
        ),
        sa.CheckConstraint("NOT is_open OR outcome IS NULL", name=op.f("ck_hand_over_line_no_outcome_while_open")),
        sa.ForeignKeyConstraint(
            ["hand_over_id"], ["hand_over.id"], name=op.f("fk_hand_over_line_hand_over_id_hand_over")
        ),
        sa.ForeignKeyConstraint(["portion_id"], ["portion.id"], name=op.f("fk_hand_over_line_portion_id_portion")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_hand_over_line_sample_id_sample")),
        sa.PrimaryKeyConstraint("hand_over_id", "portion_id", name=op.f("pk_hand_over_line")),
        info={"privileges": "select, insert, update (is_open, outcome)"},
    )
    op.create_index(op.f("ix_hand_over_line_portion_id"), "hand_over_line", ["portion_id"], unique=False)
    op.create_index(
        "uq_hand_over_line_one_open_offer", "hand_over_line", ["portion_id"], unique=True, postgresql_where="is_open"
    )
    op.create_table(
        "seal",
        sa.Column("portion_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("seal_no", sa.Text(), nullable=False),
        sa.Column("sealed_by_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("seal_no <> ''", name=op.f("ck_seal_seal_no_given")),
        sa.ForeignKeyConstraint(["portion_id"], ["portion.id"], name=op.f("fk_seal_portion_id_portion")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_seal_sample_id_sample")),
        sa.ForeignKeyConstraint(["sealed_by_id"], ["person.id"], name=op.f("fk_seal_sealed_by_id_person")),
        sa.PrimaryKeyConstraint("portion_id", name=op.f("pk_seal")),
        sa.UniqueConstraint("seal_no", name=op.f("uq_seal_seal_no")),
        info={"privileges": "select, insert"},
    )
    op.create_index(op.f("ix_seal_sample_id"), "seal", ["sample_id"], unique=False)
    op.create_table(
        "storage_move",
        sa.Column("portion_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("moved_by_id", sa.Uuid(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["moved_by_id"], ["person.id"], name=op.f("fk_storage_move_moved_by_id_person")),
        sa.ForeignKeyConstraint(
            ["place_id"], ["storage_place.id"], name=op.f("fk_storage_move_place_id_storage_place")
        ),
        sa.ForeignKeyConstraint(["portion_id"], ["portion.id"], name=op.f("fk_storage_move_portion_id_portion")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_storage_move_sample_id_sample")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storage_move")),
        info={"privileges": "select, insert"},
    )
    op.create_index("ix_storage_move_last", "storage_move", ["portion_id", "moved_at", "id"], unique=False)
    op.create_index(op.f("ix_storage_move_place_id"), "storage_move", ["place_id"], unique=False)
    op.create_index(op.f("ix_storage_move_sample_id"), "storage_move", ["sample_id"], unique=False)

    op.create_table(
        "backup_release",
        sa.Column("portion_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column(
            "portion_kind",
            sa.Enum("test", "backup", name="portionkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("to_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("released_by_id", sa.Uuid(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("portion_kind = 'backup'", name=op.f("ck_backup_release_backup_portion_only")),
        sa.CheckConstraint("portion_kind IN ('test', 'backup')", name=op.f("ck_backup_release_portion_kind_known")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_backup_release_reason_given")),
        sa.ForeignKeyConstraint(
            ["portion_id", "sample_id", "portion_kind"],
            ["portion.id", "portion.sample_id", "portion.kind"],
            name=op.f("fk_backup_release_portion_id_sample_id_portion_kind_portion"),
        ),
        sa.ForeignKeyConstraint(
            ["released_by_id"], ["person.id"], name=op.f("fk_backup_release_released_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["to_organisation_id"],
            ["organisation.id"],
            name=op.f("fk_backup_release_to_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("portion_id", name=op.f("pk_backup_release")),
        info={"privileges": "select, insert"},
    )
    op.create_index(
        op.f("ix_backup_release_to_organisation_id"), "backup_release", ["to_organisation_id"], unique=False
    )
    op.create_table(
        "label_print",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("field", "seal", "blind", name="labelkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("print_no", sa.Integer(), nullable=False),
        sa.Column(
            "written_in",
            sa.Enum("pdf", "zpl", "tspl", name="labelformat", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("printed_by_id", sa.Uuid(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('field', 'seal', 'blind')", name=op.f("ck_label_print_kind_known")),
        sa.CheckConstraint("written_in IN ('pdf', 'zpl', 'tspl')", name=op.f("ck_label_print_written_in_known")),
        sa.CheckConstraint("print_no >= 1", name=op.f("ck_label_print_counted_from_one")),
        sa.CheckConstraint("(print_no = 1) = (reason IS NULL)", name=op.f("ck_label_print_again_with_a_reason")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_label_print_reason_given")),
        sa.ForeignKeyConstraint(["printed_by_id"], ["person.id"], name=op.f("fk_label_print_printed_by_id_person")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_label_print_sample_id_sample")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_print")),
        sa.UniqueConstraint("sample_id", "kind", "print_no", name=op.f("uq_label_print_sample_id_kind_print_no")),
        info={"privileges": "select, insert"},
    )


def downgrade() -> None:
    op.drop_table("label_print")
    op.drop_index(op.f("ix_backup_release_to_organisation_id"), table_name="backup_release")
    op.drop_table("backup_release")
    op.drop_index(op.f("ix_storage_move_sample_id"), table_name="storage_move")
    op.drop_index(op.f("ix_storage_move_place_id"), table_name="storage_move")
    op.drop_index("ix_storage_move_last", table_name="storage_move")
    op.drop_table("storage_move")
    op.drop_index(op.f("ix_seal_sample_id"), table_name="seal")
    op.drop_table("seal")
    op.drop_index("uq_hand_over_line_one_open_offer", table_name="hand_over_line", postgresql_where="is_open")
    op.drop_index(op.f("ix_hand_over_line_portion_id"), table_name="hand_over_line")
    op.drop_table("hand_over_line")
    op.drop_index(op.f("ix_hand_over_exception_portion_id"), table_name="hand_over_exception")
    op.drop_index(op.f("ix_hand_over_exception_hand_over_id"), table_name="hand_over_exception")
    op.drop_table("hand_over_exception")
    op.drop_index(op.f("ix_custody_entry_sample_id"), table_name="custody_entry")
    op.drop_index(op.f("ix_custody_entry_holder_id"), table_name="custody_entry")
    op.drop_index(op.f("ix_custody_entry_hand_over_id"), table_name="custody_entry")
    op.drop_table("custody_entry")
    op.drop_table("blind_code")
    op.drop_index("ix_reception_newest", table_name="reception")
    op.drop_index(op.f("ix_reception_lab_id"), table_name="reception")
    op.drop_table("reception")
    op.drop_table("portion")
    op.drop_index(op.f("ix_storage_place_parent_id"), table_name="storage_place")
    op.drop_table("storage_place")
    op.drop_index(op.f("ix_hand_over_to_organisation_id"), table_name="hand_over")
    op.drop_index("ix_hand_over_open", table_name="hand_over")
    op.drop_index(op.f("ix_hand_over_from_organisation_id"), table_name="hand_over")
    op.drop_table("hand_over")
