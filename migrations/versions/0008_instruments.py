"""Instruments, their record and runs, the files they write, and every reading they deliver

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "raw_frame",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("sha256 = sha256(content)", name=op.f("ck_raw_frame_hash_is_of_content")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_raw_frame")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "file_profile",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_file_profile_name_given")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_file_profile_version_counts")),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name=op.f("fk_file_profile_made_by_id_person")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_file_profile_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_profile")),
        sa.UniqueConstraint(
            "organisation_id", "name", "version", name=op.f("uq_file_profile_organisation_id_name_version")
        ),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "instrument",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("driver", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model", sa.Text(), server_default="", nullable=False),
        sa.Column("serial_no", sa.Text(), server_default="", nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("slot_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_instrument_name_given")),
        sa.CheckConstraint("slot_count BETWEEN 0 AND 400", name=op.f("ck_instrument_slots_that_can_be")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_instrument_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument")),
        sa.UniqueConstraint("id", "organisation_id", name=op.f("uq_instrument_id_organisation_id")),
        sa.UniqueConstraint("organisation_id", "name", name=op.f("uq_instrument_organisation_id_name")),
        info={"privileges": "select, insert, update (driver, model, serial_no, place, slot_count)"},
    )
    op.create_table(
        "reader_connection",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("instrument_name", sa.Text(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("driver", sa.Text(), nullable=False),
        sa.Column("port", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "starting",
                "open",
                "reconnecting",
                "disk_refuses",
                "stopped",
                name="portstate",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("is_healthy", sa.Boolean(), nullable=False),
        sa.Column("last_byte_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_reading_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.Column("settings", postgresql.JSONB(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('starting', 'open', 'reconnecting', 'disk_refuses', 'stopped')",
            name=op.f("ck_reader_connection_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_reader_connection_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "instrument_name", name=op.f("pk_reader_connection")),
        info={"privileges": "select, insert, update, delete"},
    )
    op.create_table(
        "calibration",
        sa.Column("calibrated_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("certificate_no", sa.Text(), nullable=False),
        sa.Column("instrument_id", sa.Uuid(), nullable=False),
        sa.Column("noted_by_id", sa.Uuid(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("certificate_no <> ''", name=op.f("ck_calibration_certificate_named")),
        sa.CheckConstraint("due_on > calibrated_on", name=op.f("ck_calibration_due_after_it_was_done")),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_calibration_instrument_id_instrument")
        ),
        sa.ForeignKeyConstraint(["noted_by_id"], ["person.id"], name=op.f("fk_calibration_noted_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration")),
        info={"privileges": "select, insert"},
    )
    op.create_index(op.f("ix_calibration_instrument_id"), "calibration", ["instrument_id"], unique=False)
    op.create_table(
        "downtime",
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("instrument_id", sa.Uuid(), nullable=False),
        sa.Column("noted_by_id", sa.Uuid(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_downtime_reason_given")),
        sa.CheckConstraint("ended_at >= began_at", name=op.f("ck_downtime_ends_after_it_began")),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_downtime_instrument_id_instrument")
        ),
        sa.ForeignKeyConstraint(["noted_by_id"], ["person.id"], name=op.f("fk_downtime_noted_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_downtime")),
        info={"privileges": "select, insert, update (ended_at)"},
    )
    op.create_index(op.f("ix_downtime_instrument_id"), "downtime", ["instrument_id"], unique=False)
    op.create_index(
        "uq_downtime_one_open", "downtime", ["instrument_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "instrument_run",
        sa.Column("instrument_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by_id", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ended_at >= opened_at", name=op.f("ck_instrument_run_ends_after_it_began")),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_instrument_run_instrument_id_instrument")
        ),
        sa.ForeignKeyConstraint(["opened_by_id"], ["person.id"], name=op.f("fk_instrument_run_opened_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_run")),
        sa.UniqueConstraint("id", "instrument_id", name=op.f("uq_instrument_run_id_instrument_id")),
        info={"privileges": "select, insert, update (ended_at)"},
    )
    op.create_index(
        "uq_instrument_run_one_open",
        "instrument_run",
        ["instrument_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "reading_file",
        sa.Column("instrument_id", sa.Uuid(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by_id", sa.Uuid(), nullable=False),
        sa.Column("profile_name", sa.Text(), nullable=True),
        sa.Column("profile_version", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("waiting", "unreadable", "done", name="filestate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("left_out", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'done') = (closed_at IS NOT NULL) AND (state = 'done') = (closed_by_id IS NOT NULL) AND (state = 'done') = (left_out IS NOT NULL)",
            name=op.f("ck_reading_file_closed_when_done"),
        ),
        sa.CheckConstraint("NOT left_out > 0 OR reason <> ''", name=op.f("ck_reading_file_left_out_with_reason")),
        sa.CheckConstraint(
            "state <> 'waiting' OR profile_name IS NOT NULL", name=op.f("ck_reading_file_read_by_a_profile")
        ),
        sa.CheckConstraint("state IN ('waiting', 'unreadable', 'done')", name=op.f("ck_reading_file_state_known")),
        sa.CheckConstraint(
            "(profile_name IS NULL) = (profile_version IS NULL)", name=op.f("ck_reading_file_profile_is_whole")
        ),
        sa.ForeignKeyConstraint(["closed_by_id"], ["person.id"], name=op.f("fk_reading_file_closed_by_id_person")),
        sa.ForeignKeyConstraint(
            ["file_sha256"], ["stored_file.sha256"], name=op.f("fk_reading_file_file_sha256_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_reading_file_instrument_id_instrument")
        ),
        sa.ForeignKeyConstraint(["received_by_id"], ["person.id"], name=op.f("fk_reading_file_received_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_file")),
        sa.UniqueConstraint("instrument_id", "file_sha256", name=op.f("uq_reading_file_instrument_id_file_sha256")),
        info={
            "privileges": "select, insert, update (profile_name, profile_version, state, closed_at, closed_by_id, left_out, reason)"
        },
    )
    op.create_index("ix_reading_file_newest", "reading_file", ["instrument_id", "received_at", "id"], unique=False)
    op.create_table(
        "reagent_lot",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lot_no", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("in_use_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("instrument_id", sa.Uuid(), nullable=False),
        sa.Column("noted_by_id", sa.Uuid(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("name <> '' AND lot_no <> ''", name=op.f("ck_reagent_lot_lot_named")),
        sa.CheckConstraint("used_up_at >= in_use_from", name=op.f("ck_reagent_lot_used_up_after_it_was_opened")),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_reagent_lot_instrument_id_instrument")
        ),
        sa.ForeignKeyConstraint(["noted_by_id"], ["person.id"], name=op.f("fk_reagent_lot_noted_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reagent_lot")),
        info={"privileges": "select, insert, update (used_up_at)"},
    )
    op.create_index(op.f("ix_reagent_lot_instrument_id"), "reagent_lot", ["instrument_id"], unique=False)
    op.create_table(
        "reading",
        sa.Column("instrument_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("conflicts_with_id", sa.Uuid(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("file_row", sa.Integer(), nullable=True),
        sa.Column("driver", sa.Text(), nullable=False),
        sa.Column("parser_version", sa.Integer(), nullable=False),
        sa.Column("raw_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("item_text", sa.Text(), nullable=False),
        sa.Column("sample_text", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("value_text", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column(
            "comparator", sa.Enum("<", "<=", ">", ">=", name="comparator", native_enum=False, length=40), nullable=True
        ),
        sa.Column("unit_text", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "ok",
                "invalid",
                "na",
                "over",
                "under",
                "unstable",
                "uncalibrated",
                name="readingstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("verdict_text", sa.Text(), nullable=False),
        sa.Column("record_no", sa.Text(), nullable=False),
        sa.Column("quality_control", sa.Boolean(), nullable=False),
        sa.Column("measured_text", sa.Text(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_by_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("matched", "quarantined", "rejected", name="readingstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "matched_by",
            sa.Enum("barcode", "run_slot", "person", name="matchedby", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("blind_code", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column(
            "quarantine_reason",
            sa.Enum(
                "unknown_barcode",
                "nothing_to_match",
                "quality_control",
                "conflict",
                "out_of_calibration",
                "reagent_expired",
                "out_of_service",
                "undecodable",
                "incomplete",
                name="quarantinereason",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(quarantine_reason IS NOT DISTINCT FROM 'conflict') = (conflicts_with_id IS NOT NULL)",
            name=op.f("ck_reading_conflict_with_something"),
        ),
        sa.CheckConstraint(
            "(state = 'matched') = (blind_code IS NOT NULL)", name=op.f("ck_reading_matched_to_a_blind_code")
        ),
        sa.CheckConstraint(
            "(state = 'matched') = (matched_by IS NOT NULL)", name=op.f("ck_reading_matched_by_something")
        ),
        sa.CheckConstraint("abs(value) < 'Infinity'", name=op.f("ck_reading_value_finite")),
        sa.CheckConstraint("comparator IN ('<', '<=', '>', '>=')", name=op.f("ck_reading_comparator_known")),
        sa.CheckConstraint("decision <> ''", name=op.f("ck_reading_decision_in_words")),
        sa.CheckConstraint(
            "matched_by <> 'person' OR decision IS NOT NULL", name=op.f("ck_reading_assigned_with_reason")
        ),
        sa.CheckConstraint("matched_by IN ('barcode', 'run_slot', 'person')", name=op.f("ck_reading_matched_by_known")),
        sa.CheckConstraint(
            "matched_by IS NULL OR (matched_by = 'run_slot') = (run_id IS NOT NULL)",
            name=op.f("ck_reading_run_if_by_slot"),
        ),
        sa.CheckConstraint(
            "quarantine_reason IN ('unknown_barcode', 'nothing_to_match', 'quality_control', 'conflict', 'out_of_calibration', 'reagent_expired', 'out_of_service', 'undecodable', 'incomplete')",
            name=op.f("ck_reading_quarantine_reason_known"),
        ),
        sa.CheckConstraint(
            "state <> 'quarantined' OR quarantine_reason IS NOT NULL", name=op.f("ck_reading_quarantined_with_reason")
        ),
        sa.CheckConstraint("state <> 'rejected' OR decision IS NOT NULL", name=op.f("ck_reading_rejected_with_reason")),
        sa.CheckConstraint("state IN ('matched', 'quarantined', 'rejected')", name=op.f("ck_reading_state_known")),
        sa.CheckConstraint(
            "status IN ('ok', 'invalid', 'na', 'over', 'under', 'unstable', 'uncalibrated')",
            name=op.f("ck_reading_status_known"),
        ),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_by_id IS NULL) AND (decision IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_reading_decision_is_whole"),
        ),
        sa.CheckConstraint("(file_id IS NULL) = (file_row IS NULL)", name=op.f("ck_reading_row_of_a_file")),
        sa.ForeignKeyConstraint(["blind_code"], ["blind_code.code"], name=op.f("fk_reading_blind_code_blind_code")),
        sa.ForeignKeyConstraint(
            ["conflicts_with_id"], ["reading.id"], name=op.f("fk_reading_conflicts_with_id_reading")
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_reading_decided_by_id_person")),
        sa.ForeignKeyConstraint(["delivered_by_id"], ["person.id"], name=op.f("fk_reading_delivered_by_id_person")),
        sa.ForeignKeyConstraint(["file_id"], ["reading_file.id"], name=op.f("fk_reading_file_id_reading_file")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_reading_instrument_id_instrument")),
        sa.ForeignKeyConstraint(["raw_sha256"], ["raw_frame.sha256"], name=op.f("fk_reading_raw_sha256_raw_frame")),
        sa.ForeignKeyConstraint(
            ["run_id", "instrument_id"],
            ["instrument_run.id", "instrument_run.instrument_id"],
            name=op.f("fk_reading_run_id_instrument_id_instrument_run"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
        sa.UniqueConstraint("instrument_id", "key", name=op.f("uq_reading_instrument_id_key")),
        info={
            "privileges": "select, insert, update (state, matched_by, blind_code, run_id, decision, decided_by_id, decided_at)"
        },
    )
    op.create_index(op.f("ix_reading_file_id"), "reading", ["file_id"], unique=False)
    op.create_index(
        "ix_reading_identity",
        "reading",
        ["instrument_id", "identity"],
        unique=False,
        postgresql_where=sa.text("identity <> ''"),
    )
    op.create_index("ix_reading_newest", "reading", ["instrument_id", "received_at", "id"], unique=False)
    op.create_index(
        "ix_reading_of_sample",
        "reading",
        ["blind_code", "captured_at", "id"],
        unique=False,
        postgresql_where=sa.text("blind_code IS NOT NULL"),
    )
    op.create_index(
        "ix_reading_quarantine",
        "reading",
        ["instrument_id", "captured_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'quarantined'"),
    )
    op.create_table(
        "run_slot",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("instrument_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("blind_code", sa.Text(), nullable=False),
        sa.CheckConstraint("slot <> ''", name=op.f("ck_run_slot_slot_given")),
        sa.ForeignKeyConstraint(["blind_code"], ["blind_code.code"], name=op.f("fk_run_slot_blind_code_blind_code")),
        sa.ForeignKeyConstraint(
            ["run_id", "instrument_id"],
            ["instrument_run.id", "instrument_run.instrument_id"],
            name=op.f("fk_run_slot_run_id_instrument_id_instrument_run"),
        ),
        sa.PrimaryKeyConstraint("run_id", "slot", name=op.f("pk_run_slot")),
        info={"privileges": "select, insert"},
    )
    op.create_index(op.f("ix_run_slot_blind_code"), "run_slot", ["blind_code"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_run_slot_blind_code"), table_name="run_slot")
    op.drop_table("run_slot")
    op.drop_index("ix_reading_quarantine", table_name="reading", postgresql_where=sa.text("state = 'quarantined'"))
    op.drop_index("ix_reading_of_sample", table_name="reading", postgresql_where=sa.text("blind_code IS NOT NULL"))
    op.drop_index("ix_reading_newest", table_name="reading")
    op.drop_index("ix_reading_identity", table_name="reading", postgresql_where=sa.text("identity <> ''"))
    op.drop_index(op.f("ix_reading_file_id"), table_name="reading")
    op.drop_table("reading")
    op.drop_index(op.f("ix_reagent_lot_instrument_id"), table_name="reagent_lot")
    op.drop_table("reagent_lot")
    op.drop_index("ix_reading_file_newest", table_name="reading_file")
    op.drop_table("reading_file")
    op.drop_index(
        "uq_instrument_run_one_open", table_name="instrument_run", postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_table("instrument_run")
    op.drop_index("uq_downtime_one_open", table_name="downtime", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index(op.f("ix_downtime_instrument_id"), table_name="downtime")
    op.drop_table("downtime")
    op.drop_index(op.f("ix_calibration_instrument_id"), table_name="calibration")
    op.drop_table("calibration")
    op.drop_table("reader_connection")
    op.drop_table("instrument")
    op.drop_table("file_profile")
    op.drop_table("raw_frame")
