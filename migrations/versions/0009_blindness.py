"""Blind codes given anew, and samples unblinded by two persons

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OFFICE = sa.Enum("lab_head", "quality_manager", name="unblindingoffice", native_enum=False, length=40)
ROLES = (
    "sampler",
    "accompanying_officer",
    "recoder",
    "unblinder",
    "tester",
    "reviewer",
    "signatory",
    "recheck_tester",
)


def upgrade() -> None:
    op.add_column("blind_code", sa.Column("seq", sa.Integer(), nullable=True))
    op.execute("UPDATE blind_code SET seq = 1")
    op.alter_column("blind_code", "seq", nullable=False)
    op.add_column("blind_code", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("blind_code", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f("uq_blind_code_sample_id"), "blind_code")
    op.drop_constraint(op.f("pk_blind_code"), "blind_code")
    op.create_primary_key(op.f("pk_blind_code"), "blind_code", ["portion_id", "seq"])
    op.create_check_constraint(op.f("ck_blind_code_seq_from_one"), "blind_code", "seq >= 1")
    op.create_check_constraint(
        op.f("ck_blind_code_relabelled_with_a_reason"), "blind_code", "(seq = 1) = (reason IS NULL)"
    )
    op.create_check_constraint(op.f("ck_blind_code_reason_given"), "blind_code", "reason <> ''")
    op.create_index(
        "uq_blind_code_current", "blind_code", ["sample_id"], unique=True, postgresql_where="retired_at IS NULL"
    )
    op.create_table(
        "unblinding",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by_id", sa.Uuid(), nullable=False),
        sa.Column("requested_as", OFFICE, nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_as", OFFICE, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum("opened", "declined", name="unblindingoutcome", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("opened_role", sa.Enum(*ROLES, name="dutyrole", native_enum=False, length=40), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_unblinding_reason_given")),
        sa.CheckConstraint("decided_by_id <> requested_by_id", name=op.f("ck_unblinding_two_people")),
        sa.CheckConstraint("decided_as <> requested_as", name=op.f("ck_unblinding_two_offices")),
        sa.CheckConstraint(
            "(decided_by_id IS NULL) = (outcome IS NULL) AND (decided_as IS NULL) = (outcome IS NULL)"
            " AND (decided_at IS NULL) = (outcome IS NULL)",
            name=op.f("ck_unblinding_decision_is_whole"),
        ),
        sa.CheckConstraint("outcome <> 'declined' OR note <> ''", name=op.f("ck_unblinding_declined_with_a_reason")),
        sa.CheckConstraint("opened_role = 'unblinder'", name=op.f("ck_unblinding_opened_as_unblinders")),
        sa.CheckConstraint(
            "(opened_role IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'opened')",
            name=op.f("ck_unblinding_opened_by_two_acts"),
        ),
        sa.CheckConstraint("outcome IN ('opened', 'declined')", name=op.f("ck_unblinding_outcome_known")),
        sa.CheckConstraint(
            "requested_as IN ('lab_head', 'quality_manager')", name=op.f("ck_unblinding_requested_as_known")
        ),
        sa.CheckConstraint(
            "decided_as IN ('lab_head', 'quality_manager')", name=op.f("ck_unblinding_decided_as_known")
        ),
        sa.CheckConstraint(
            "opened_role IN ({})".format(", ".join(f"'{role}'" for role in ROLES)),
            name=op.f("ck_unblinding_opened_role_known"),
        ),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_unblinding_sample_id_sample")),
        sa.ForeignKeyConstraint(["code"], ["blind_code.code"], name=op.f("fk_unblinding_code_blind_code")),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_unblinding_lab_id_organisation")),
        sa.ForeignKeyConstraint(["requested_by_id"], ["person.id"], name=op.f("fk_unblinding_requested_by_id_person")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_unblinding_decided_by_id_person")),
        sa.ForeignKeyConstraint(
            ["sample_id", "requested_by_id", "opened_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_unblinding_requested_by_acted",
        ),
        sa.ForeignKeyConstraint(
            ["sample_id", "decided_by_id", "opened_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_unblinding_decided_by_acted",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unblinding")),
        info={
            "privileges": "select, insert, update (decided_by_id, decided_as, decided_at, outcome, note, opened_role)"
        },
    )
    op.create_index(op.f("ix_unblinding_sample_id"), "unblinding", ["sample_id"])
    op.create_index("uq_unblinding_open", "unblinding", ["sample_id"], unique=True, postgresql_where="outcome IS NULL")
    op.create_index("ix_unblinding_newest", "unblinding", ["lab_id", "requested_at", "id"])


def downgrade() -> None:
    op.drop_table("unblinding")
    op.drop_index("uq_blind_code_current", "blind_code")
    op.drop_constraint(op.f("ck_blind_code_reason_given"), "blind_code")
    op.drop_constraint(op.f("ck_blind_code_relabelled_with_a_reason"), "blind_code")
    op.drop_constraint(op.f("ck_blind_code_seq_from_one"), "blind_code")
    # Before this revision a portion had one code: the current one stays, with everything that was read under others.
    for table in ("reading", "run_slot"):
        op.execute(
            f"UPDATE {table} SET blind_code = now.code FROM blind_code old JOIN blind_code now"
            " ON now.portion_id = old.portion_id AND now.retired_at IS NULL"
            f" WHERE {table}.blind_code = old.code AND old.retired_at IS NOT NULL"
        )
    op.execute("DELETE FROM blind_code WHERE retired_at IS NOT NULL")
    op.drop_constraint(op.f("pk_blind_code"), "blind_code")
    op.drop_column("blind_code", "retired_at")
    op.drop_column("blind_code", "reason")
    op.drop_column("blind_code", "seq")
    op.create_primary_key(op.f("pk_blind_code"), "blind_code", ["portion_id"])
    op.create_unique_constraint(op.f("uq_blind_code_sample_id"), "blind_code", ["sample_id"])
