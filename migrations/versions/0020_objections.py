"""Objections to results, the papers that come with applications, and rechecks applied for on the page of a notice

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "objection",
        sa.Column("objection_no", sa.Text(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column("regulator_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "sampling", "authenticity", "method", "standard", name="objectionkind", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "applicant",
            sa.Enum(
                "sampled_party",
                "nominal_producer",
                "market_organiser",
                "platform",
                name="addressee",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("applicant_name", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "came_by", sa.Enum("paper", "notice_page", name="cameby", native_enum=False, length=40), nullable=False
        ),
        sa.Column("entered_by_id", sa.Uuid(), nullable=True),
        sa.Column("allowed_until", sa.Date(), nullable=True),
        sa.Column("decide_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum("filed", "refused", "accepted", "reviewed", name="objectionstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "refusal",
            sa.Enum("late", "not_entitled", "incomplete", "other", name="refusalground", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("refusal_note", sa.Text(), nullable=True),
        sa.Column("review_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome", sa.Enum("upheld", "not_upheld", name="outcome", native_enum=False, length=40), nullable=True
        ),
        sa.Column("outcome_note", sa.Text(), nullable=True),
        sa.Column(
            "consequence",
            sa.Enum("none", "producer_is_out", "case_withdrawn", name="consequence", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("reviewed_by_id", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(came_by = 'paper') = (entered_by_id IS NOT NULL)", name=op.f("ck_objection_paper_is_entered_by_somebody")
        ),
        sa.CheckConstraint(
            "(state = 'filed') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name=op.f("ck_objection_decided_by_somebody"),
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (refusal IS NOT NULL) AND (refusal IS NULL) = (refusal_note IS NULL)",
            name=op.f("ck_objection_refused_with_reason"),
        ),
        sa.CheckConstraint(
            "(state = 'reviewed') = (outcome IS NOT NULL) AND (outcome IS NULL) = (outcome_note IS NULL) AND (outcome IS NULL) = (consequence IS NULL) AND (outcome IS NULL) = (reviewed_by_id IS NULL) AND (outcome IS NULL) = (reviewed_at IS NULL)",
            name=op.f("ck_objection_reviewed_whole"),
        ),
        sa.CheckConstraint(
            "(state IN ('accepted', 'reviewed')) = (review_due_at IS NOT NULL)",
            name=op.f("ck_objection_review_is_due_once_accepted"),
        ),
        sa.CheckConstraint(
            "applicant IN ('sampled_party', 'nominal_producer')", name=op.f("ck_objection_producers_and_traders_object")
        ),
        sa.CheckConstraint(
            "applicant IN ('sampled_party', 'nominal_producer', 'market_organiser', 'platform')",
            name=op.f("ck_objection_applicant_known"),
        ),
        sa.CheckConstraint("came_by IN ('paper', 'notice_page')", name=op.f("ck_objection_came_by_known")),
        sa.CheckConstraint(
            "consequence IN ('none', 'producer_is_out', 'case_withdrawn')", name=op.f("ck_objection_consequence_known")
        ),
        sa.CheckConstraint("grounds <> ''", name=op.f("ck_objection_grounds_given")),
        sa.CheckConstraint(
            "kind IN ('sampling', 'authenticity', 'method', 'standard')", name=op.f("ck_objection_kind_known")
        ),
        sa.CheckConstraint(
            "outcome = 'upheld' OR consequence = 'none'",
            name=op.f("ck_objection_only_what_is_upheld_has_a_consequence"),
        ),
        sa.CheckConstraint("outcome IN ('upheld', 'not_upheld')", name=op.f("ck_objection_outcome_known")),
        sa.CheckConstraint(
            "refusal IN ('late', 'not_entitled', 'incomplete', 'other')", name=op.f("ck_objection_refusal_known")
        ),
        sa.CheckConstraint(
            "state IN ('filed', 'refused', 'accepted', 'reviewed')", name=op.f("ck_objection_state_known")
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_objection_decided_by_id_person")),
        sa.ForeignKeyConstraint(["entered_by_id"], ["person.id"], name=op.f("fk_objection_entered_by_id_person")),
        sa.ForeignKeyConstraint(
            ["referral_id", "sample_id"],
            ["referral.id", "referral.sample_id"],
            name=op.f("fk_objection_referral_id_sample_id_referral"),
        ),
        sa.ForeignKeyConstraint(
            ["regulator_id"], ["organisation.id"], name=op.f("fk_objection_regulator_id_organisation")
        ),
        sa.ForeignKeyConstraint(["reviewed_by_id"], ["person.id"], name=op.f("fk_objection_reviewed_by_id_person")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_objection_sample_id_sample")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint("id", "sample_id", name=op.f("uq_objection_id_sample_id")),
        sa.UniqueConstraint("objection_no", name=op.f("uq_objection_objection_no")),
    )
    op.create_index("ix_objection_newest", "objection", ["regulator_id", "filed_at", "id"], unique=False)
    op.create_index(
        "uq_objection_one_that_stands",
        "objection",
        ["sample_id", "kind", "applicant"],
        unique=True,
        postgresql_where="state <> 'refused'",
    )
    op.create_table(
        "application_file",
        sa.Column("objection_id", sa.Uuid(), nullable=True),
        sa.Column("recheck_id", sa.Uuid(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("caption", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by_id", sa.Uuid(), nullable=True),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(objection_id, recheck_id) = 1", name=op.f("ck_application_file_of_one_application")
        ),
        sa.ForeignKeyConstraint(["added_by_id"], ["person.id"], name=op.f("fk_application_file_added_by_id_person")),
        sa.ForeignKeyConstraint(
            ["objection_id", "sample_id"],
            ["objection.id", "objection.sample_id"],
            name=op.f("fk_application_file_objection_id_sample_id_objection"),
        ),
        sa.ForeignKeyConstraint(
            ["recheck_id", "sample_id"],
            ["recheck.id", "recheck.sample_id"],
            name=op.f("fk_application_file_recheck_id_sample_id_recheck"),
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["stored_file.sha256"], name=op.f("fk_application_file_sha256_stored_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_file")),
        sa.UniqueConstraint("objection_id", "sha256", name=op.f("uq_application_file_objection_id_sha256")),
        sa.UniqueConstraint("recheck_id", "sha256", name=op.f("uq_application_file_recheck_id_sha256")),
    )
    op.alter_column("recheck", "entered_by_id", existing_type=sa.Uuid(), nullable=True)


def downgrade() -> None:
    op.drop_table("application_file")
    op.drop_index("uq_objection_one_that_stands", table_name="objection", postgresql_where="state <> 'refused'")
    op.drop_index("ix_objection_newest", table_name="objection")
    op.drop_table("objection")
    op.execute("DELETE FROM recheck WHERE entered_by_id IS NULL")
    op.alter_column("recheck", "entered_by_id", existing_type=sa.Uuid(), nullable=False)
