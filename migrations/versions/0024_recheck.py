"""Rechecks: what is granted, laboratories that decline, interests, the portion received, terms extended

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

STATES = "'applied', 'refused', 'accepted', 'assigned', 'concluded'"
DRAWN = (
    "(state IN ({})) = (lab_id IS NOT NULL) AND (lab_id IS NULL) = (draw IS NULL)"
    " AND (lab_id IS NULL) = (assigned_at IS NULL)"
)
INSTANT = sa.DateTime(timezone=True)


def _states(known: str, drawn: str) -> None:
    for name in ("state_known", "lab_is_drawn"):
        op.drop_constraint(op.f(f"ck_recheck_{name}"), "recheck", type_="check")
    op.create_check_constraint(op.f("ck_recheck_state_known"), "recheck", f"state IN ({known})")
    op.create_check_constraint(op.f("ck_recheck_lab_is_drawn"), "recheck", DRAWN.format(drawn))


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


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    target, _column = other.split(".")
    return sa.ForeignKeyConstraint([column], [other], name=op.f(f"fk_{table}_{column}_{target}"))


def upgrade() -> None:
    _release_again()
    _states(f"{STATES}, 'ended'", "'assigned', 'concluded', 'ended'")
    op.add_column("recheck", sa.Column("granted_item_ids", sa.ARRAY(sa.Uuid()), nullable=True))
    op.execute("UPDATE recheck SET granted_item_ids = set_item_ids WHERE state NOT IN ('applied', 'refused')")
    for column in ("acceptance_note", "ended_reason"):
        op.add_column("recheck", sa.Column(column, sa.Text(), nullable=True))
    for column in ("assign_due_at", "ended_at"):
        op.add_column("recheck", sa.Column(column, INSTANT, nullable=True))
    op.create_check_constraint(
        op.f("ck_recheck_ended_with_a_reason"),
        "recheck",
        "(state = 'ended') = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (ended_reason IS NULL)"
        " AND ended_reason <> ''",
    )
    op.create_check_constraint(
        op.f("ck_recheck_granted_among_what_was_asked"),
        "recheck",
        "(state IN ('applied', 'refused')) = (granted_item_ids IS NULL) AND granted_item_ids <@ set_item_ids"
        " AND cardinality(granted_item_ids) > 0",
    )
    _laboratories()
    _terms()
    _receipts()


def _release_again() -> None:
    """A backup portion may be released again, once its release was withdrawn."""
    op.drop_constraint(op.f("pk_backup_release"), "backup_release", type_="primary")
    op.add_column("backup_release", sa.Column("number", sa.Integer(), server_default="1", nullable=False))
    op.alter_column("backup_release", "number", server_default=None)
    op.create_primary_key(op.f("pk_backup_release"), "backup_release", ["portion_id", "number"])
    op.add_column("backup_release", sa.Column("withdrawn_at", INSTANT, nullable=True))
    op.add_column("backup_release", sa.Column("withdrawn_by_id", sa.Uuid(), nullable=True))
    op.add_column("backup_release", sa.Column("withdrawal", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_backup_release_withdrawn_by_id_person"), "backup_release", "person", ["withdrawn_by_id"], ["id"]
    )
    op.create_check_constraint(op.f("ck_backup_release_counted_from_one"), "backup_release", "number >= 1")
    op.create_check_constraint(
        op.f("ck_backup_release_withdrawn_with_a_reason"),
        "backup_release",
        "(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL) AND (withdrawn_at IS NULL) = (withdrawal IS NULL)"
        " AND withdrawal <> ''",
    )
    op.create_index(
        "uq_backup_release_standing",
        "backup_release",
        ["portion_id"],
        unique=True,
        postgresql_where="withdrawn_at IS NULL",
    )


def _laboratories() -> None:
    op.create_table(
        "interest_link",
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("party_name", sa.Text(), nullable=False),
        sa.Column("party_uscc", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("party_name <> '' AND reason <> ''", name=op.f("ck_interest_link_said_with_whom_and_why")),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_interest_link_dates_in_order")),
        _key("interest_link", "lab_id", "organisation.id"),
        _key("interest_link", "recorded_by_id", "person.id"),
        _key("interest_link", "ended_by_id", "person.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interest_link")),
    )
    op.create_index(op.f("ix_interest_link_lab_id"), "interest_link", ["lab_id"], unique=False)
    _of_recheck(
        "recheck_decline",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("draw", postgresql.JSONB(), nullable=False),
        sa.Column("assigned_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("declined_by_id", sa.Uuid(), nullable=False),
        sa.Column("declined_at", INSTANT, nullable=False),
        sa.Column("had_cause", sa.Boolean(), nullable=True),
        sa.Column("judgement", sa.Text(), nullable=True),
        sa.Column("judged_by_id", sa.Uuid(), nullable=True),
        sa.Column("judged_at", INSTANT, nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_recheck_decline_counted_from_one")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_recheck_decline_reason_given")),
        sa.CheckConstraint(
            "(had_cause IS NULL) = (judgement IS NULL) AND (had_cause IS NULL) = (judged_by_id IS NULL)"
            " AND (had_cause IS NULL) = (judged_at IS NULL) AND judgement <> ''",
            name=op.f("ck_recheck_decline_judged_whole"),
        ),
        _key("recheck_decline", "lab_id", "organisation.id"),
        _key("recheck_decline", "declined_by_id", "person.id"),
        _key("recheck_decline", "judged_by_id", "person.id"),
        sa.PrimaryKeyConstraint("recheck_id", "number", name=op.f("pk_recheck_decline")),
    )
    op.create_index("ix_recheck_decline_lab", "recheck_decline", ["lab_id", "declined_at"], unique=False)


def _terms() -> None:
    _of_recheck(
        "recheck_extension",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "clock",
            sa.Enum("decide", "assign", "handover", "report", name="recheckclock", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("old_due_at", INSTANT, nullable=False),
        sa.Column("new_due_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("extended_by_id", sa.Uuid(), nullable=False),
        sa.Column("extended_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "clock IN ('decide', 'assign', 'handover', 'report')", name=op.f("ck_recheck_extension_clock_known")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_recheck_extension_counted_from_one")),
        sa.CheckConstraint("old_due_at < new_due_at", name=op.f("ck_recheck_extension_later_than_before")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_recheck_extension_reason_given")),
        _key("recheck_extension", "extended_by_id", "person.id"),
        sa.PrimaryKeyConstraint("recheck_id", "number", name=op.f("pk_recheck_extension")),
    )


def _receipts() -> None:
    _of_recheck(
        "recheck_receipt",
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("portion_id", sa.Uuid(), nullable=False),
        sa.Column("seal_no", sa.Text(), nullable=False),
        sa.Column("seal_matches", sa.Boolean(), nullable=False),
        sa.Column("seal_intact", sa.Boolean(), nullable=False),
        sa.Column("package_intact", sa.Boolean(), nullable=False),
        sa.Column("package_photo_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("seal_photo_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("damage", sa.Text(), nullable=True),
        sa.Column("received_by_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.CheckConstraint("seal_no <> ''", name=op.f("ck_recheck_receipt_seal_no_given")),
        sa.CheckConstraint(
            "(seal_matches AND seal_intact AND package_intact) = (damage IS NULL) AND damage <> ''",
            name=op.f("ck_recheck_receipt_damage_in_words"),
        ),
        _key("recheck_receipt", "lab_id", "organisation.id"),
        _key("recheck_receipt", "portion_id", "portion.id"),
        _key("recheck_receipt", "package_photo_sha256", "stored_file.sha256"),
        _key("recheck_receipt", "seal_photo_sha256", "stored_file.sha256"),
        _key("recheck_receipt", "received_by_id", "person.id"),
        sa.PrimaryKeyConstraint("recheck_id", name=op.f("pk_recheck_receipt")),
    )


def downgrade() -> None:
    for table in ("recheck_receipt", "recheck_extension", "recheck_decline", "interest_link"):
        op.drop_table(table)
    for name in ("granted_among_what_was_asked", "ended_with_a_reason"):
        op.drop_constraint(op.f(f"ck_recheck_{name}"), "recheck", type_="check")
    # The form before knows no recheck that ended without a conclusion: its first conclusion stands, as after a refusal.
    op.execute(
        "UPDATE recheck SET state = 'refused', refusal = 'backup_unfit', refusal_note = ended_reason, lab_id = NULL,"
        " draw = NULL, assigned_at = NULL WHERE state = 'ended'"
    )
    for column in ("granted_item_ids", "acceptance_note", "assign_due_at", "ended_at", "ended_reason"):
        op.drop_column("recheck", column)
    _states(STATES, "'assigned', 'concluded'")
    op.drop_index("uq_backup_release_standing", table_name="backup_release")
    op.execute("DELETE FROM backup_release WHERE withdrawn_at IS NOT NULL")
    for name in ("counted_from_one", "withdrawn_with_a_reason"):
        op.drop_constraint(op.f(f"ck_backup_release_{name}"), "backup_release", type_="check")
    op.drop_constraint(op.f("pk_backup_release"), "backup_release", type_="primary")
    for column in ("number", "withdrawn_at", "withdrawn_by_id", "withdrawal"):
        op.drop_column("backup_release", column)
    op.create_primary_key(op.f("pk_backup_release"), "backup_release", ["portion_id"])
