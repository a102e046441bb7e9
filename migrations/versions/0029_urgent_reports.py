"""24-hour reports

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "urgent_report",
        sa.Column("report_no", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("test_set_id", sa.Uuid(), nullable=False),
        sa.Column("lock_seq", sa.Integer(), nullable=False),
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("regulator_id", sa.Uuid(), nullable=False),
        sa.Column("copies_to", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("pdf_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("signatory_id", sa.Uuid(), nullable=False),
        sa.Column(
            "signatory_role",
            sa.Enum(
                "sampler",
                "accompanying_officer",
                "recoder",
                "unblinder",
                "tester",
                "reviewer",
                "signatory",
                "recheck_tester",
                name="dutyrole",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("composed_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("acknowledged_by_id", sa.Uuid(), nullable=True),
        sa.Column("acknowledged_at", INSTANT, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "confirmed_at <= sent_at AND sent_at - confirmed_at <= interval '5 minutes'",
            name=op.f("ck_urgent_report_freshly_confirmed"),
        ),
        sa.CheckConstraint("signatory_role = 'signatory'", name=op.f("ck_urgent_report_signatories_send")),
        sa.CheckConstraint(
            "signatory_role IN ('sampler', 'accompanying_officer', 'recoder', 'unblinder', 'tester', 'reviewer', 'signatory', 'recheck_tester')",
            name=op.f("ck_urgent_report_signatory_role_known"),
        ),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by_id IS NULL)",
            name=op.f("ck_urgent_report_acknowledged_is_whole"),
        ),
        sa.CheckConstraint("(sent_at IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_urgent_report_sent_is_whole")),
        sa.CheckConstraint(
            "acknowledged_at IS NULL OR (sent_at IS NOT NULL AND sent_at <= acknowledged_at)",
            name=op.f("ck_urgent_report_acknowledged_after"),
        ),
        sa.CheckConstraint(
            "found_at <= composed_at AND composed_at <= sent_at", name=op.f("ck_urgent_report_in_order")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_urgent_report_version_from_one")),
        sa.ForeignKeyConstraint(
            ["acknowledged_by_id"], ["person.id"], name=op.f("fk_urgent_report_acknowledged_by_id_person")
        ),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_urgent_report_lab_id_organisation")),
        sa.ForeignKeyConstraint(
            ["pdf_sha256"], ["stored_file.sha256"], name=op.f("fk_urgent_report_pdf_sha256_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["regulator_id"], ["organisation.id"], name=op.f("fk_urgent_report_regulator_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["sample_id", "signatory_id", "signatory_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_urgent_report_signatory",
        ),
        sa.ForeignKeyConstraint(
            ["test_set_id", "lock_seq", "sample_id"],
            ["result_lock.test_set_id", "result_lock.seq", "result_lock.sample_id"],
            name=op.f("fk_urgent_report_test_set_id_lock_seq_sample_id_result_lock"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_urgent_report")),
        sa.UniqueConstraint("report_no", "version", name=op.f("uq_urgent_report_report_no_version")),
        sa.UniqueConstraint("sample_id", "version", name=op.f("uq_urgent_report_sample_id_version")),
    )
    op.create_index(op.f("ix_urgent_report_lab_id"), "urgent_report", ["lab_id"], unique=False)
    op.create_index(op.f("ix_urgent_report_regulator_id"), "urgent_report", ["regulator_id"], unique=False)
    op.create_index(
        "uq_urgent_report_one_sent",
        "urgent_report",
        ["test_set_id", "lock_seq"],
        unique=True,
        postgresql_where="sent_at IS NOT NULL",
    )


def downgrade() -> None:
    op.drop_table("urgent_report")
