"""Worklists, results, reports, conclusions, referrals

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "test_set",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("blind_code", sa.Text(), nullable=False),
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("food_category_id", sa.Uuid(), nullable=False),
        sa.Column("product_date", sa.Date(), nullable=False),
        sa.Column("label_claims", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "testing", "locked", "given_up", name="testsetstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'testing', 'locked', 'given_up')", name=op.f("ck_test_set_state_known")),
        sa.ForeignKeyConstraint(
            ["food_category_id"], ["food_category.id"], name=op.f("fk_test_set_food_category_id_food_category")
        ),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_test_set_lab_id_organisation")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_test_set_sample_id_sample")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_set")),
        sa.UniqueConstraint("blind_code", name=op.f("uq_test_set_blind_code")),
        sa.UniqueConstraint("id", "sample_id", name=op.f("uq_test_set_id_sample_id")),
        sa.UniqueConstraint("sample_id", name=op.f("uq_test_set_sample_id")),
        info={"privileges": "select, insert, update (state)"},
    )
    op.create_index("ix_test_set_lab_state", "test_set", ["lab_id", "state", "opened_at", "id"], unique=False)
    op.create_table(
        "test_set_item",
        sa.Column("test_set_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind", sa.Enum("inspection", "monitoring", name="itemkind", native_enum=False, length=40), nullable=False
        ),
        sa.Column("method_id", sa.Uuid(), nullable=True),
        sa.Column("lod", sa.Numeric(), nullable=True),
        sa.Column("loq", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column(
            "absence", sa.Enum("lod", "loq", "stated", name="boundkind", native_enum=False, length=40), nullable=False
        ),
        sa.Column("absence_value", sa.Numeric(), nullable=True),
        sa.Column(
            "limit_state",
            sa.Enum("found", "none", "missing_edition", "ambiguous", name="limitstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("limit_id", sa.Uuid(), nullable=True),
        sa.Column("limit_text", sa.Text(), nullable=False),
        sa.Column("limit_unit", sa.Text(), nullable=False),
        sa.Column(
            "comparison",
            sa.Enum("full_value", "rounded_value", name="comparison", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(absence = 'stated') = (absence_value IS NOT NULL)", name=op.f("ck_test_set_item_absence_is_stated")
        ),
        sa.CheckConstraint(
            "(limit_state = 'found') = (limit_id IS NOT NULL)", name=op.f("ck_test_set_item_limit_if_found")
        ),
        sa.CheckConstraint("absence IN ('lod', 'loq', 'stated')", name=op.f("ck_test_set_item_absence_known")),
        sa.CheckConstraint(
            "comparison IN ('full_value', 'rounded_value')", name=op.f("ck_test_set_item_comparison_known")
        ),
        sa.CheckConstraint("kind IN ('inspection', 'monitoring')", name=op.f("ck_test_set_item_kind_known")),
        sa.CheckConstraint("limit_state = 'none' OR basis <> ''", name=op.f("ck_test_set_item_basis_is_named")),
        sa.CheckConstraint(
            "limit_state IN ('found', 'none', 'missing_edition', 'ambiguous')",
            name=op.f("ck_test_set_item_limit_state_known"),
        ),
        sa.CheckConstraint("lod > 0 AND lod < 'Infinity'", name=op.f("ck_test_set_item_lod_positive")),
        sa.CheckConstraint("loq > 0 AND loq < 'Infinity'", name=op.f("ck_test_set_item_loq_positive")),
        sa.CheckConstraint("lod <= loq", name=op.f("ck_test_set_item_lod_below_loq")),
        sa.ForeignKeyConstraint(["item_id"], ["test_item.id"], name=op.f("fk_test_set_item_item_id_test_item")),
        sa.ForeignKeyConstraint(["limit_id"], ["food_limit.id"], name=op.f("fk_test_set_item_limit_id_food_limit")),
        sa.ForeignKeyConstraint(["method_id"], ["method.id"], name=op.f("fk_test_set_item_method_id_method")),
        sa.ForeignKeyConstraint(
            ["test_set_id", "sample_id"],
            ["test_set.id", "test_set.sample_id"],
            name=op.f("fk_test_set_item_test_set_id_sample_id_test_set"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_set_item")),
        sa.UniqueConstraint("id", "sample_id", name=op.f("uq_test_set_item_id_sample_id")),
        sa.UniqueConstraint("test_set_id", "item_id", name=op.f("uq_test_set_item_test_set_id_item_id")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "correction_proposal",
        sa.Column("set_item_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("replaces_version", sa.Integer(), nullable=False),
        sa.Column("entered_text", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=False),
        sa.Column(
            "proposed_role",
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
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("proposed_role = 'tester'", name=op.f("ck_correction_proposal_testers_propose")),
        sa.CheckConstraint(
            "proposed_role IN ('sampler', 'accompanying_officer', 'recoder', 'unblinder', 'tester', 'reviewer', 'signatory', 'recheck_tester')",
            name=op.f("ck_correction_proposal_proposed_role_known"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_correction_proposal_reason_is_given")),
        sa.CheckConstraint("replaces_version >= 1", name=op.f("ck_correction_proposal_replaces_a_version")),
        sa.ForeignKeyConstraint(
            ["sample_id", "proposed_by_id", "proposed_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_correction_proposal_proposed_by",
        ),
        sa.ForeignKeyConstraint(
            ["set_item_id", "sample_id"],
            ["test_set_item.id", "test_set_item.sample_id"],
            name=op.f("fk_correction_proposal_set_item_id_sample_id_test_set_item"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_proposal")),
        sa.UniqueConstraint("id", "proposed_by_id", name=op.f("uq_correction_proposal_id_proposed_by_id")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "result_lock",
        sa.Column("test_set_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reviewer_role",
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
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("results_sha256", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("reviewer_role = 'reviewer'", name=op.f("ck_result_lock_reviewers_lock")),
        sa.CheckConstraint(
            "reviewer_role IN ('sampler', 'accompanying_officer', 'recoder', 'unblinder', 'tester', 'reviewer', 'signatory', 'recheck_tester')",
            name=op.f("ck_result_lock_reviewer_role_known"),
        ),
        sa.CheckConstraint("octet_length(results_sha256) = 32", name=op.f("ck_result_lock_sha256_is_whole")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_result_lock_seq_from_one")),
        sa.ForeignKeyConstraint(
            ["sample_id", "reviewer_id", "reviewer_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_result_lock_reviewer",
        ),
        sa.ForeignKeyConstraint(
            ["test_set_id", "sample_id"],
            ["test_set.id", "test_set.sample_id"],
            name=op.f("fk_result_lock_test_set_id_sample_id_test_set"),
        ),
        sa.PrimaryKeyConstraint("test_set_id", "seq", name=op.f("pk_result_lock")),
        sa.UniqueConstraint("test_set_id", "seq", "sample_id", name=op.f("uq_result_lock_test_set_id_seq_sample_id")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "item_result",
        sa.Column("set_item_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("replaces_version", sa.Integer(), nullable=True),
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
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("reason_message", sa.Text(), nullable=False),
        sa.Column("reason_params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("compared_value", sa.Numeric(), nullable=True),
        sa.Column("untested_reason", sa.Text(), nullable=True),
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
        sa.Column("change_reason", sa.Text(), nullable=True),
        sa.Column("proposal_id", sa.Uuid(), nullable=True),
        sa.Column("approved_by_id", sa.Uuid(), nullable=True),
        sa.Column(
            "approved_role",
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
            nullable=True,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("abs(compared_value) < 'Infinity'", name=op.f("ck_item_result_compared_value_finite")),
        sa.CheckConstraint("approved_role = 'reviewer'", name=op.f("ck_item_result_reviewers_approve")),
        sa.CheckConstraint(
            "approved_role IN ('sampler', 'accompanying_officer', 'recoder', 'unblinder', 'tester', 'reviewer', 'signatory', 'recheck_tester')",
            name=op.f("ck_item_result_approved_role_known"),
        ),
        sa.CheckConstraint("entered_role = 'tester'", name=op.f("ck_item_result_testers_enter")),
        sa.CheckConstraint(
            "entered_role IN ('sampler', 'accompanying_officer', 'recoder', 'unblinder', 'tester', 'reviewer', 'signatory', 'recheck_tester')",
            name=op.f("ck_item_result_entered_role_known"),
        ),
        sa.CheckConstraint(
            "rule IN ('maximum', 'minimum', 'range', 'tolerance', 'must_be_absent', 'use_prohibited', 'micro_two_class', 'micro_three_class', 'no_limit', 'untested', 'unit_mismatch', 'label_claim_open', 'sample_count', 'bound_unstated', 'dry_basis', 'sum_of_shares', 'sum_of_items', 'screening', 'unreadable', 'limit_direction', 'missing_edition', 'ambiguous_limit')",
            name=op.f("ck_item_result_rule_known"),
        ),
        sa.CheckConstraint(
            "verdict IN ('pass', 'fail', 'problem', 'not_judged', 'cannot_judge', 'untested')",
            name=op.f("ck_item_result_verdict_known"),
        ),
        sa.CheckConstraint(
            "(approved_by_id IS NULL) = (approved_role IS NULL)", name=op.f("ck_item_result_approval_is_whole")
        ),
        sa.CheckConstraint(
            "(proposal_id IS NULL) = (approved_by_id IS NULL)", name=op.f("ck_item_result_second_person_after_lock")
        ),
        sa.CheckConstraint("(version = 1) = (change_reason IS NULL)", name=op.f("ck_item_result_change_has_reason")),
        sa.CheckConstraint(
            "CASE WHEN version = 1 THEN replaces_version IS NULL ELSE replaces_version IS NOT NULL AND replaces_version = version - 1 END",
            name=op.f("ck_item_result_replaces_the_last"),
        ),
        sa.CheckConstraint("approved_by_id <> entered_by_id", name=op.f("ck_item_result_two_people")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_item_result_version_from_one")),
        sa.ForeignKeyConstraint(
            ["proposal_id", "entered_by_id"],
            ["correction_proposal.id", "correction_proposal.proposed_by_id"],
            name=op.f("fk_item_result_proposal_id_entered_by_id_correction_proposal"),
        ),
        sa.ForeignKeyConstraint(
            ["sample_id", "approved_by_id", "approved_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_item_result_approved_by",
        ),
        sa.ForeignKeyConstraint(
            ["sample_id", "entered_by_id", "entered_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_item_result_entered_by",
        ),
        sa.ForeignKeyConstraint(
            ["set_item_id", "replaces_version"],
            ["item_result.set_item_id", "item_result.version"],
            name=op.f("fk_item_result_set_item_id_replaces_version_item_result"),
        ),
        sa.ForeignKeyConstraint(
            ["set_item_id", "sample_id"],
            ["test_set_item.id", "test_set_item.sample_id"],
            name=op.f("fk_item_result_set_item_id_sample_id_test_set_item"),
        ),
        sa.CheckConstraint(
            "(verdict = 'untested') = (untested_reason IS NOT NULL)",
            name=op.f("ck_item_result_untested_has_reason"),
        ),
        sa.CheckConstraint("untested_reason <> ''", name=op.f("ck_item_result_untested_reason_given")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_result")),
        sa.UniqueConstraint("proposal_id", name=op.f("uq_item_result_proposal_id")),
        sa.UniqueConstraint("set_item_id", "version", name=op.f("uq_item_result_set_item_id_version")),
        info={"privileges": "select, insert"},
    )
    op.create_index(op.f("ix_item_result_sample_id"), "item_result", ["sample_id"], unique=False)
    op.create_table(
        "set_return",
        sa.Column("test_set_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("returned_by_id", sa.Uuid(), nullable=False),
        sa.Column(
            "returned_role",
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
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("after_lock", sa.Boolean(), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_set_return_reason_is_given")),
        sa.CheckConstraint("returned_role IN ('reviewer', 'signatory')", name=op.f("ck_set_return_who_may_return")),
        sa.CheckConstraint(
            "returned_role IN ('sampler', 'accompanying_officer', 'recoder', 'unblinder', 'tester', 'reviewer', 'signatory', 'recheck_tester')",
            name=op.f("ck_set_return_returned_role_known"),
        ),
        sa.ForeignKeyConstraint(
            ["sample_id", "returned_by_id", "returned_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_set_return_returned_by",
        ),
        sa.ForeignKeyConstraint(
            ["test_set_id", "sample_id"],
            ["test_set.id", "test_set.sample_id"],
            name=op.f("fk_set_return_test_set_id_sample_id_test_set"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_return")),
        info={"privileges": "select, insert"},
    )
    op.create_index("ix_set_return_test_set_id", "set_return", ["test_set_id", "returned_at"], unique=False)
    op.create_table(
        "result_import",
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("imported_by_id", sa.Uuid(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("results", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("results > 0", name=op.f("ck_result_import_brought_results")),
        sa.ForeignKeyConstraint(
            ["file_sha256"], ["stored_file.sha256"], name=op.f("fk_result_import_file_sha256_stored_file")
        ),
        sa.ForeignKeyConstraint(["imported_by_id"], ["person.id"], name=op.f("fk_result_import_imported_by_id_person")),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_result_import_lab_id_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_import")),
        sa.UniqueConstraint("lab_id", "file_sha256", name=op.f("uq_result_import_lab_id_file_sha256")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "test_report",
        sa.Column("report_no", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("test_set_id", sa.Uuid(), nullable=False),
        sa.Column("lock_seq", sa.Integer(), nullable=False),
        sa.Column("pdf_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("check_code", sa.Text(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("pass", "fail", "problem", name="sampleverdict", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("signatory_id", sa.Uuid(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("composed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_test_report_version_from_one")),
        sa.CheckConstraint("verdict IN ('pass', 'fail', 'problem')", name=op.f("ck_test_report_verdict_known")),
        sa.ForeignKeyConstraint(["signatory_id"], ["person.id"], name=op.f("fk_test_report_signatory_id_person")),
        sa.ForeignKeyConstraint(
            ["pdf_sha256"], ["stored_file.sha256"], name=op.f("fk_test_report_pdf_sha256_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["test_set_id", "lock_seq", "sample_id"],
            ["result_lock.test_set_id", "result_lock.seq", "result_lock.sample_id"],
            name=op.f("fk_test_report_test_set_id_lock_seq_sample_id_result_lock"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_report")),
        sa.UniqueConstraint("check_code", name=op.f("uq_test_report_check_code")),
        sa.UniqueConstraint(
            "id", "sample_id", "pdf_sha256", "verdict", "signatory_id", "issued_on", name="uq_test_report_as_shown"
        ),
        sa.UniqueConstraint("report_no", "version", name=op.f("uq_test_report_report_no_version")),
        sa.UniqueConstraint("sample_id", "version", name=op.f("uq_test_report_sample_id_version")),
        sa.UniqueConstraint(
            "test_set_id",
            "lock_seq",
            "signatory_id",
            "issued_on",
            name=op.f("uq_test_report_test_set_id_lock_seq_signatory_id_issued_on"),
        ),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "conclusion",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("pdf_sha256", sa.LargeBinary(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("pass", "fail", "problem", name="sampleverdict", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
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
        sa.Column(
            "meaning", sa.Enum("approved", name="signaturemeaning", native_enum=False, length=40), nullable=False
        ),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("signatory_role = 'signatory'", name=op.f("ck_conclusion_signatories_sign")),
        sa.CheckConstraint(
            "(verdict = 'fail') = (referral_id IS NOT NULL)", name=op.f("ck_conclusion_fail_is_referred")
        ),
        sa.CheckConstraint(
            "issued_on = (signed_at AT TIME ZONE 'Asia/Shanghai')::date", name=op.f("ck_conclusion_dated_as_signed")
        ),
        sa.CheckConstraint(
            "confirmed_at <= signed_at AND signed_at - confirmed_at <= interval '5 minutes'",
            name=op.f("ck_conclusion_freshly_confirmed"),
        ),
        sa.CheckConstraint("meaning IN ('approved')", name=op.f("ck_conclusion_meaning_known")),
        sa.CheckConstraint(
            "signatory_role IN ('sampler', 'accompanying_officer', 'recoder', 'unblinder', 'tester', 'reviewer', 'signatory', 'recheck_tester')",
            name=op.f("ck_conclusion_signatory_role_known"),
        ),
        sa.CheckConstraint("verdict IN ('pass', 'fail', 'problem')", name=op.f("ck_conclusion_verdict_known")),
        sa.ForeignKeyConstraint(
            ["report_id", "sample_id", "pdf_sha256", "verdict", "signatory_id", "issued_on"],
            [
                "test_report.id",
                "test_report.sample_id",
                "test_report.pdf_sha256",
                "test_report.verdict",
                "test_report.signatory_id",
                "test_report.issued_on",
            ],
            name="fk_conclusion_report_as_shown",
        ),
        sa.ForeignKeyConstraint(
            ["sample_id", "signatory_id", "signatory_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_conclusion_signatory",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conclusion")),
        sa.UniqueConstraint("id", "referral_id", name=op.f("uq_conclusion_id_referral_id")),
        sa.UniqueConstraint("referral_id", name=op.f("uq_conclusion_referral_id")),
        sa.UniqueConstraint("report_id", name=op.f("uq_conclusion_report_id")),
        sa.UniqueConstraint("sample_id", name=op.f("uq_conclusion_sample_id")),
        info={"privileges": "select, insert"},
    )


def downgrade() -> None:
    op.drop_table("conclusion")
    op.drop_table("test_report")
    op.drop_table("result_import")
    op.drop_index("ix_set_return_test_set_id", table_name="set_return")
    op.drop_table("set_return")
    op.drop_index(op.f("ix_item_result_sample_id"), table_name="item_result")
    op.drop_table("item_result")
    op.drop_table("result_lock")
    op.drop_table("correction_proposal")
    op.drop_table("test_set_item")
    op.drop_index("ix_test_set_lab_state", table_name="test_set")
    op.drop_table("test_set")
