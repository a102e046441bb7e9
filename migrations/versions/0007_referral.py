"""Referrals, notices and their service, rechecks, publication

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "public_notice",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_public_notice_numbers_from_one")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_public_notice_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_notice")),
        sa.UniqueConstraint(
            "organisation_id", "year", "number", name=op.f("uq_public_notice_organisation_id_year_number")
        ),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "publication",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("position >= 1", name=op.f("ck_publication_position_from_one")),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["public_notice.id"], name=op.f("fk_publication_notice_id_public_notice")
        ),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_publication_sample_id_sample")),
        sa.PrimaryKeyConstraint("sample_id", name=op.f("pk_publication")),
        sa.UniqueConstraint("notice_id", "position", name=op.f("uq_publication_notice_id_position")),
        info={"privileges": "select, insert"},
    )
    op.create_index("ix_publication_newest", "publication", ["published_at", "sample_id"], unique=False)
    op.create_table(
        "referral",
        sa.Column("case_no", sa.Text(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("conclusion_id", sa.Uuid(), nullable=False),
        sa.Column("operator_branch_id", sa.Uuid(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("producer_name", sa.Text(), nullable=True),
        sa.Column(
            "severity", sa.Enum("general", "urgent", name="severity", native_enum=False, length=40), nullable=False
        ),
        sa.Column("failed_items", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("severity IN ('general', 'urgent')", name=op.f("ck_referral_severity_known")),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name=op.f("ck_referral_withdrawn_with_reason")
        ),
        sa.CheckConstraint("closed_at IS NULL OR withdrawn_at IS NULL", name=op.f("ck_referral_one_end")),
        sa.CheckConstraint("jsonb_array_length(failed_items) > 0", name=op.f("ck_referral_something_failed")),
        sa.ForeignKeyConstraint(["business_id"], ["business.id"], name=op.f("fk_referral_business_id_business")),
        sa.ForeignKeyConstraint(
            ["conclusion_id", "id"],
            ["conclusion.id", "conclusion.referral_id"],
            name="fk_referral_its_fail",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_referral_sample_id_sample")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
        sa.UniqueConstraint("case_no", name=op.f("uq_referral_case_no")),
        sa.UniqueConstraint("id", "conclusion_id", name=op.f("uq_referral_id_conclusion_id")),
        sa.UniqueConstraint("id", "sample_id", name=op.f("uq_referral_id_sample_id")),
        sa.UniqueConstraint("sample_id", name=op.f("uq_referral_sample_id")),
        info={"privileges": "select, insert, update (severity, closed_at, withdrawn_at, withdrawn_reason)"},
    )
    op.create_index(op.f("ix_referral_business_id"), "referral", ["business_id"], unique=False)
    op.create_index("ix_referral_newest", "referral", ["opened_at", "id"], unique=False)
    op.create_index(op.f("ix_referral_producer_name"), "referral", ["producer_name"], unique=False)
    op.create_table(
        "recheck",
        sa.Column("recheck_no", sa.Text(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
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
        sa.Column("set_item_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("entered_by_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decide_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "applied",
                "refused",
                "accepted",
                "assigned",
                "concluded",
                name="recheckstate",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "refusal",
            sa.Enum(
                "microbiological",
                "backup_expired",
                "late",
                "backup_unfit",
                "other",
                name="refusalreason",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("refusal_note", sa.Text(), nullable=True),
        sa.Column("lab_id", sa.Uuid(), nullable=True),
        sa.Column("draw", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handover_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'applied') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name=op.f("ck_recheck_decided_by_somebody"),
        ),
        sa.CheckConstraint(
            "(state = 'concluded') = (concluded_at IS NOT NULL)", name=op.f("ck_recheck_concluded_at_if_concluded")
        ),
        sa.CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name=op.f("ck_recheck_refused_with_reason")),
        sa.CheckConstraint(
            "(state IN ('assigned', 'concluded')) = (lab_id IS NOT NULL) AND (lab_id IS NULL) = (draw IS NULL) AND (lab_id IS NULL) = (assigned_at IS NULL)",
            name=op.f("ck_recheck_lab_is_drawn"),
        ),
        sa.CheckConstraint(
            "applicant IN ('sampled_party', 'nominal_producer')", name=op.f("ck_recheck_producers_and_traders_apply")
        ),
        sa.CheckConstraint(
            "applicant IN ('sampled_party', 'nominal_producer', 'market_organiser', 'platform')",
            name=op.f("ck_recheck_applicant_known"),
        ),
        sa.CheckConstraint(
            "refusal IN ('microbiological', 'backup_expired', 'late', 'backup_unfit', 'other')",
            name=op.f("ck_recheck_refusal_known"),
        ),
        sa.CheckConstraint(
            "state IN ('applied', 'refused', 'accepted', 'assigned', 'concluded')", name=op.f("ck_recheck_state_known")
        ),
        sa.CheckConstraint("cardinality(set_item_ids) > 0", name=op.f("ck_recheck_something_is_asked")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_recheck_decided_by_id_person")),
        sa.ForeignKeyConstraint(["entered_by_id"], ["person.id"], name=op.f("fk_recheck_entered_by_id_person")),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_recheck_lab_id_organisation")),
        sa.ForeignKeyConstraint(
            ["referral_id", "sample_id"],
            ["referral.id", "referral.sample_id"],
            name=op.f("fk_recheck_referral_id_sample_id_referral"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recheck")),
        sa.UniqueConstraint("id", "sample_id", name=op.f("uq_recheck_id_sample_id")),
        sa.UniqueConstraint("recheck_no", name=op.f("uq_recheck_recheck_no")),
        info={
            "privileges": "select, insert, update (state, decided_by_id, decided_at, refusal, refusal_note, lab_id, draw, assigned_at, handover_due_at, report_due_at, concluded_at)"
        },
    )
    op.create_index(op.f("ix_recheck_lab_id"), "recheck", ["lab_id"], unique=False)
    op.create_index("ix_recheck_state", "recheck", ["state", "entered_at", "id"], unique=False)
    op.create_index(
        "uq_recheck_one_that_stands", "recheck", ["sample_id"], unique=True, postgresql_where="state <> 'refused'"
    )
    op.create_table(
        "referral_branch",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("operator", "producer", "platform", name="branchkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("party_name", sa.Text(), nullable=False),
        sa.Column("party_address", sa.Text(), nullable=True),
        sa.Column("party_region_code", sa.Text(), nullable=True),
        sa.Column("regulator_id", sa.Uuid(), nullable=False),
        sa.Column("is_outside", sa.Boolean(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "acknowledged",
                "dispatched",
                "with_station",
                "closed",
                "transferred",
                "withdrawn",
                name="branchstate",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledge_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("start_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("control_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finish_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by_id", sa.Uuid(), nullable=True),
        sa.Column("transferred_to", sa.Text(), nullable=True),
        sa.Column("transfer_letter_no", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL) AND (closed_at IS NULL) = (closed_by_id IS NULL)",
            name=op.f("ck_referral_branch_closed_by_somebody"),
        ),
        sa.CheckConstraint(
            "(state = 'transferred') = (transferred_to IS NOT NULL) AND (state = 'transferred') = (transfer_letter_no IS NOT NULL)",
            name=op.f("ck_referral_branch_transferred_by_letter"),
        ),
        sa.CheckConstraint("kind IN ('operator', 'producer', 'platform')", name=op.f("ck_referral_branch_kind_known")),
        sa.CheckConstraint(
            "state IN ('open', 'acknowledged', 'dispatched', 'with_station', 'closed', 'transferred', 'withdrawn')",
            name=op.f("ck_referral_branch_state_known"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'withdrawn') OR acknowledged_at IS NOT NULL",
            name=op.f("ck_referral_branch_acknowledged_first"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('dispatched', 'with_station') OR station_id IS NOT NULL",
            name=op.f("ck_referral_branch_station_known"),
        ),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by_id IS NULL)",
            name=op.f("ck_referral_branch_acknowledged_by_somebody"),
        ),
        sa.ForeignKeyConstraint(
            ["acknowledged_by_id"], ["person.id"], name=op.f("fk_referral_branch_acknowledged_by_id_person")
        ),
        sa.ForeignKeyConstraint(["closed_by_id"], ["person.id"], name=op.f("fk_referral_branch_closed_by_id_person")),
        sa.ForeignKeyConstraint(
            ["referral_id", "sample_id"],
            ["referral.id", "referral.sample_id"],
            name=op.f("fk_referral_branch_referral_id_sample_id_referral"),
        ),
        sa.ForeignKeyConstraint(
            ["regulator_id"], ["organisation.id"], name=op.f("fk_referral_branch_regulator_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["station_id"], ["organisation.id"], name=op.f("fk_referral_branch_station_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_branch")),
        sa.UniqueConstraint("id", "referral_id", name=op.f("uq_referral_branch_id_referral_id")),
        sa.UniqueConstraint("referral_id", "kind", name=op.f("uq_referral_branch_referral_id_kind")),
        info={
            "privileges": "select, insert, update (station_id, state, state_changed_at, sent_at, acknowledged_at, acknowledged_by_id, transferred_to, transfer_letter_no, closed_at, closed_by_id)"
        },
    )
    op.create_index(
        "ix_referral_branch_inbox", "referral_branch", ["regulator_id", "state", "finish_due_at", "id"], unique=False
    )
    op.create_index(op.f("ix_referral_branch_station_id"), "referral_branch", ["station_id"], unique=False)
    op.create_table(
        "branch_escalation",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column(
            "mark",
            sa.Enum(
                "unacknowledged",
                "not_started",
                "no_product_control",
                "not_finished",
                name="escalationmark",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "mark IN ('unacknowledged', 'not_started', 'no_product_control', 'not_finished')",
            name=op.f("ck_branch_escalation_mark_known"),
        ),
        sa.ForeignKeyConstraint(
            ["branch_id", "referral_id"],
            ["referral_branch.id", "referral_branch.referral_id"],
            name=op.f("fk_branch_escalation_branch_id_referral_id_referral_branch"),
        ),
        sa.PrimaryKeyConstraint("branch_id", "mark", name=op.f("pk_branch_escalation")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "case_entry",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column(
            "act",
            sa.Enum(
                "opened",
                "sent",
                "acknowledged",
                "dispatched",
                "accepted",
                "returned",
                "transferred",
                "part_submitted",
                "notice_served",
                "severity_raised",
                "escalated",
                "withdrawn",
                "closed",
                name="caseact",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "act IN ('opened', 'sent', 'acknowledged', 'dispatched', 'accepted', 'returned', 'transferred', 'part_submitted', 'notice_served', 'severity_raised', 'escalated', 'withdrawn', 'closed')",
            name=op.f("ck_case_entry_act_known"),
        ),
        sa.ForeignKeyConstraint(
            ["branch_id", "referral_id"],
            ["referral_branch.id", "referral_branch.referral_id"],
            name=op.f("fk_case_entry_branch_id_referral_id_referral_branch"),
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_case_entry_by_id_person")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_case_entry_referral_id_referral")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_entry")),
        info={"privileges": "select, insert"},
    )
    op.create_index("ix_case_entry_history", "case_entry", ["referral_id", "at", "id"], unique=False)
    op.create_table(
        "handling_attachment",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column(
            "part",
            sa.Enum(
                "start",
                "product_control",
                "cause",
                "penalty",
                "rectification",
                "notification",
                "disclosure",
                name="handlingpart",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("caption", sa.Text(), nullable=False),
        sa.Column("added_by_id", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "part IN ('start', 'product_control', 'cause', 'penalty', 'rectification', 'notification', 'disclosure')",
            name=op.f("ck_handling_attachment_part_known"),
        ),
        sa.ForeignKeyConstraint(["added_by_id"], ["person.id"], name=op.f("fk_handling_attachment_added_by_id_person")),
        sa.ForeignKeyConstraint(
            ["branch_id", "referral_id"],
            ["referral_branch.id", "referral_branch.referral_id"],
            name=op.f("fk_handling_attachment_branch_id_referral_id_referral_branch"),
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["stored_file.sha256"], name=op.f("fk_handling_attachment_sha256_stored_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handling_attachment")),
        sa.UniqueConstraint("branch_id", "part", "sha256", name=op.f("uq_handling_attachment_branch_id_part_sha256")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "handling_part",
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column(
            "part",
            sa.Enum(
                "start",
                "product_control",
                "cause",
                "penalty",
                "rectification",
                "notification",
                "disclosure",
                name="handlingpart",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_submitted", sa.Boolean(), nullable=False),
        sa.Column("change_reason", sa.Text(), nullable=True),
        sa.Column("saved_by_id", sa.Uuid(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("change_reason <> ''", name=op.f("ck_handling_part_change_reason_given")),
        sa.CheckConstraint(
            "part IN ('start', 'product_control', 'cause', 'penalty', 'rectification', 'notification', 'disclosure')",
            name=op.f("ck_handling_part_part_known"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_handling_part_version_from_one")),
        sa.ForeignKeyConstraint(
            ["branch_id", "referral_id"],
            ["referral_branch.id", "referral_branch.referral_id"],
            name=op.f("fk_handling_part_branch_id_referral_id_referral_branch"),
        ),
        sa.ForeignKeyConstraint(["saved_by_id"], ["person.id"], name=op.f("fk_handling_part_saved_by_id_person")),
        sa.PrimaryKeyConstraint("branch_id", "part", "version", name=op.f("pk_handling_part")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "recheck_conclusion",
        sa.Column("recheck_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("pass", "fail", "problem", name="sampleverdict", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("report_no", sa.Text(), nullable=False),
        sa.Column("report_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("tested_by_id", sa.Uuid(), nullable=False),
        sa.Column("signed_by_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
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
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role = 'recheck_tester'", name=op.f("ck_recheck_conclusion_recheck_role")),
        sa.CheckConstraint(
            "role IN ('sampler', 'accompanying_officer', 'recoder', 'unblinder', 'tester', 'reviewer', 'signatory', 'recheck_tester')",
            name=op.f("ck_recheck_conclusion_role_known"),
        ),
        sa.CheckConstraint("verdict IN ('pass', 'fail')", name=op.f("ck_recheck_conclusion_passed_or_failed")),
        sa.CheckConstraint("verdict IN ('pass', 'fail', 'problem')", name=op.f("ck_recheck_conclusion_verdict_known")),
        sa.CheckConstraint("tested_by_id <> signed_by_id", name=op.f("ck_recheck_conclusion_two_people")),
        sa.ForeignKeyConstraint(
            ["recheck_id", "sample_id"],
            ["recheck.id", "recheck.sample_id"],
            name=op.f("fk_recheck_conclusion_recheck_id_sample_id_recheck"),
        ),
        sa.ForeignKeyConstraint(
            ["report_sha256"], ["stored_file.sha256"], name=op.f("fk_recheck_conclusion_report_sha256_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["sample_id", "signed_by_id", "role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_recheck_conclusion_signed_by",
        ),
        sa.ForeignKeyConstraint(
            ["sample_id", "tested_by_id", "role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_recheck_conclusion_tested_by",
        ),
        sa.PrimaryKeyConstraint("recheck_id", name=op.f("pk_recheck_conclusion")),
        sa.UniqueConstraint("report_no", name=op.f("uq_recheck_conclusion_report_no")),
        sa.UniqueConstraint("sample_id", name=op.f("uq_recheck_conclusion_sample_id")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "recheck_result",
        sa.Column("recheck_id", sa.Uuid(), nullable=False),
        sa.Column("set_item_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_text", sa.Text(), nullable=False),
        sa.Column("used", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "pass",
                "fail",
                "problem",
                "not_judged",
                "cannot_judge",
                "untested",
                name="itemverdict",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "rule",
            sa.Enum(
                "maximum",
                "minimum",
                "range",
                "tolerance",
                "must_be_absent",
                "use_prohibited",
                "micro_two_class",
                "micro_three_class",
                "no_limit",
                "untested",
                "unit_mismatch",
                "label_claim_open",
                "sample_count",
                "bound_unstated",
                "dry_basis",
                "sum_of_shares",
                "sum_of_items",
                "screening",
                "unreadable",
                "limit_direction",
                "missing_edition",
                "ambiguous_limit",
                name="rule",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("compared_value", sa.Numeric(), nullable=True),
        sa.Column("entered_by_id", sa.Uuid(), nullable=False),
        sa.Column(
            "entered_role",
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
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("abs(compared_value) < 'Infinity'", name=op.f("ck_recheck_result_compared_value_finite")),
        sa.CheckConstraint("entered_role = 'recheck_tester'", name=op.f("ck_recheck_result_recheck_testers_enter")),
        sa.CheckConstraint(
            "entered_role IN ('sampler', 'accompanying_officer', 'recoder', 'unblinder', 'tester', 'reviewer', 'signatory', 'recheck_tester')",
            name=op.f("ck_recheck_result_entered_role_known"),
        ),
        sa.CheckConstraint(
            "rule IN ('maximum', 'minimum', 'range', 'tolerance', 'must_be_absent', 'use_prohibited', 'micro_two_class', 'micro_three_class', 'no_limit', 'untested', 'unit_mismatch', 'label_claim_open', 'sample_count', 'bound_unstated', 'dry_basis', 'sum_of_shares', 'sum_of_items', 'screening', 'unreadable', 'limit_direction', 'missing_edition', 'ambiguous_limit')",
            name=op.f("ck_recheck_result_rule_known"),
        ),
        sa.CheckConstraint(
            "verdict IN ('pass', 'fail', 'problem', 'not_judged', 'cannot_judge', 'untested')",
            name=op.f("ck_recheck_result_verdict_known"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_recheck_result_version_from_one")),
        sa.ForeignKeyConstraint(
            ["recheck_id", "sample_id"],
            ["recheck.id", "recheck.sample_id"],
            name=op.f("fk_recheck_result_recheck_id_sample_id_recheck"),
        ),
        sa.ForeignKeyConstraint(
            ["sample_id", "entered_by_id", "entered_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_recheck_result_entered_by",
        ),
        sa.ForeignKeyConstraint(
            ["set_item_id", "sample_id"],
            ["test_set_item.id", "test_set_item.sample_id"],
            name=op.f("fk_recheck_result_set_item_id_sample_id_test_set_item"),
        ),
        sa.PrimaryKeyConstraint("recheck_id", "set_item_id", "version", name=op.f("pk_recheck_result")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "result_notice",
        sa.Column("notice_no", sa.Text(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("conclusion_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "addressee",
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
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "addressee IN ('sampled_party', 'nominal_producer', 'market_organiser', 'platform')",
            name=op.f("ck_result_notice_addressee_known"),
        ),
        sa.CheckConstraint("(branch_id IS NULL) = passed", name=op.f("ck_result_notice_failures_have_a_branch")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["referral_branch.id"], name=op.f("fk_result_notice_branch_id_referral_branch")
        ),
        sa.ForeignKeyConstraint(
            ["conclusion_id"], ["conclusion.id"], name=op.f("fk_result_notice_conclusion_id_conclusion")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_result_notice_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_result_notice_sample_id_sample")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_notice")),
        sa.UniqueConstraint("id", "sample_id", name=op.f("uq_result_notice_id_sample_id")),
        sa.UniqueConstraint("notice_no", name=op.f("uq_result_notice_notice_no")),
        sa.UniqueConstraint("sample_id", "addressee", name=op.f("uq_result_notice_sample_id_addressee")),
        info={"privileges": "select, insert"},
    )
    op.create_index(op.f("ix_result_notice_branch_id"), "result_notice", ["branch_id"], unique=False)
    op.create_index(op.f("ix_result_notice_conclusion_id"), "result_notice", ["conclusion_id"], unique=False)
    op.create_index("ix_result_notice_due", "result_notice", ["organisation_id", "due_at", "id"], unique=False)
    op.create_table(
        "service",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column(
            "way",
            sa.Enum(
                "direct",
                "left",
                "electronic",
                "post",
                "entrusted",
                "announced",
                name="serviceway",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("proof_text", sa.Text(), nullable=False),
        sa.Column("proof_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("objects", sa.Boolean(), nullable=True),
        sa.Column("recheck_until", sa.Date(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("proof_text <> '' OR proof_sha256 IS NOT NULL", name=op.f("ck_service_proof_given")),
        sa.CheckConstraint(
            "way IN ('direct', 'left', 'electronic', 'post', 'entrusted', 'announced')",
            name=op.f("ck_service_way_known"),
        ),
        sa.ForeignKeyConstraint(
            ["notice_id", "sample_id"],
            ["result_notice.id", "result_notice.sample_id"],
            name=op.f("fk_service_notice_id_sample_id_result_notice"),
        ),
        sa.ForeignKeyConstraint(
            ["proof_sha256"], ["stored_file.sha256"], name=op.f("fk_service_proof_sha256_stored_file")
        ),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["person.id"], name=op.f("fk_service_recorded_by_id_person")),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_service")),
        info={"privileges": "select, insert"},
    )
    op.create_index("ix_service_sample", "service", ["sample_id", "recheck_until"], unique=False)
    op.create_foreign_key(
        "fk_conclusion_its_referral",
        "conclusion",
        "referral",
        ["referral_id", "id"],
        ["id", "conclusion_id"],
        initially="DEFERRED",
        deferrable=True,
    )
    op.create_foreign_key(
        "fk_referral_its_operator_branch",
        "referral",
        "referral_branch",
        ["operator_branch_id", "id"],
        ["id", "referral_id"],
        initially="DEFERRED",
        deferrable=True,
    )


def downgrade() -> None:
    op.drop_constraint("fk_referral_its_operator_branch", "referral", type_="foreignkey")
    op.drop_constraint("fk_conclusion_its_referral", "conclusion", type_="foreignkey")
    op.drop_index("ix_service_sample", table_name="service")
    op.drop_table("service")
    op.drop_index("ix_result_notice_due", table_name="result_notice")
    op.drop_index(op.f("ix_result_notice_conclusion_id"), table_name="result_notice")
    op.drop_index(op.f("ix_result_notice_branch_id"), table_name="result_notice")
    op.drop_table("result_notice")
    op.drop_table("recheck_result")
    op.drop_table("recheck_conclusion")
    op.drop_table("handling_part")
    op.drop_table("handling_attachment")
    op.drop_index("ix_case_entry_history", table_name="case_entry")
    op.drop_table("case_entry")
    op.drop_table("branch_escalation")
    op.drop_index(op.f("ix_referral_branch_station_id"), table_name="referral_branch")
    op.drop_index("ix_referral_branch_inbox", table_name="referral_branch")
    op.drop_table("referral_branch")
    op.drop_index("uq_recheck_one_that_stands", table_name="recheck", postgresql_where="state <> 'refused'")
    op.drop_index("ix_recheck_state", table_name="recheck")
    op.drop_index(op.f("ix_recheck_lab_id"), table_name="recheck")
    op.drop_table("recheck")
    op.drop_index(op.f("ix_referral_producer_name"), table_name="referral")
    op.drop_index("ix_referral_newest", table_name="referral")
    op.drop_index(op.f("ix_referral_business_id"), table_name="referral")
    op.drop_table("referral")
    op.drop_index("ix_publication_newest", table_name="publication")
    op.drop_table("publication")
    op.drop_table("public_notice")
