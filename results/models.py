"""Tables of results: worklists, what was found, locks, reports and conclusions.

A person's part is held by keys: whoever enters, reviews or signs points at their own `duty_act` in exactly that role,
and nobody holds two bench roles on one sample, so tester, reviewer and signatory are three persons (I6). Results,
locks, reports and conclusions can only be inserted: a correction is a new row (I7).
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from results.types import (
    BoundKind,
    Comparison,
    ItemKind,
    ItemVerdict,
    LimitState,
    Rule,
    SignatureMeaning,
    TestSetState,
)
from sampling.models.of_sample import OfSample
from sampling.types import DutyRole, Packaging, PhysicalForm, ProductType, SampleVerdict, StorageCondition

# Of a worklist: its state, its name after a relabelling, and what a corrected form tells the bench.
CHANGING = (
    "state",
    "blind_code",
    "product_date",
    "label_claims",
    "product_type",
    "packaging",
    "physical_form",
    "storage_condition",
    "storage_celsius",
    "standard",
    "is_enterprise_standard",
)
APPEND_ONLY = {"privileges": "select, insert"}


def _acted(person: str, role: str, name: str) -> ForeignKeyConstraint:
    """The person acted on this sample in this role."""
    return ForeignKeyConstraint(
        ["sample_id", person, role], ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"], name=name
    )


class TestSet(OfSample, Entity):
    """What one blind portion is tested for: the worklist of its code."""

    __test__ = False  # pytest: this is a table
    __tablename__ = "test_set"
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"), unique=True)
    blind_code: Mapped[str] = mapped_column(unique=True)
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    food_category_id: Mapped[UUID] = mapped_column(ForeignKey("food_category.id"))
    product_date: Mapped[date]
    label_claims: Mapped[str]
    # What else a tester needs to know, as it stood when the worklist was opened, and no more (product.md §5).
    product_type: Mapped[ProductType]
    packaging: Mapped[Packaging]
    physical_form: Mapped[PhysicalForm]
    storage_condition: Mapped[StorageCondition]
    storage_celsius: Mapped[str | None]
    standard: Mapped[str | None]  # a national one: that of an enterprise would name its owner
    is_enterprise_standard: Mapped[bool]
    state: Mapped[TestSetState]
    opened_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("id", "sample_id"),
        Index("ix_test_set_lab_state", "lab_id", "state", "opened_at", "id"),
        {"info": {"privileges": f"select, insert, update ({', '.join(CHANGING)})"}},
    )


class TestSetItem(OfSample, Entity):
    """One item to be tested, with the method row and the limit version it will be judged by (I8)."""

    __test__ = False  # pytest: this is a table
    __tablename__ = "test_set_item"
    test_set_id: Mapped[UUID]
    sample_id: Mapped[UUID]
    position: Mapped[int]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("test_item.id"))
    kind: Mapped[ItemKind]
    method_id: Mapped[UUID | None] = mapped_column(ForeignKey("method.id"))  # NULL: the catalogue knows no method
    lod: Mapped[Decimal | None]
    loq: Mapped[Decimal | None]
    unit: Mapped[str]  # of lod, loq and of a typed figure without a unit
    absence: Mapped[BoundKind]
    absence_value: Mapped[Decimal | None]
    limit_state: Mapped[LimitState]
    limit_id: Mapped[UUID | None] = mapped_column(ForeignKey("food_limit.id"))
    limit_text: Mapped[str]
    limit_unit: Mapped[str]
    comparison: Mapped[Comparison]
    basis: Mapped[str]  # the edition judged by, or the one that is missing
    __table_args__ = (
        UniqueConstraint("test_set_id", "item_id"),
        UniqueConstraint("id", "sample_id"),
        ForeignKeyConstraint(["test_set_id", "sample_id"], ["test_set.id", "test_set.sample_id"]),
        CheckConstraint("(limit_state = 'found') = (limit_id IS NOT NULL)", name="limit_if_found"),
        CheckConstraint("limit_state = 'none' OR basis <> ''", name="basis_is_named"),
        CheckConstraint("lod <= loq", name="lod_below_loq"),
        CheckConstraint("lod > 0 AND lod < 'Infinity'", name="lod_positive"),
        CheckConstraint("loq > 0 AND loq < 'Infinity'", name="loq_positive"),
        CheckConstraint("(absence = 'stated') = (absence_value IS NOT NULL)", name="absence_is_stated"),
        {"info": APPEND_ONLY},
    )


class CorrectionProposal(OfSample, Entity):
    """A tester asks to replace a result after its lock; it becomes a result when a second person approves it."""

    __tablename__ = "correction_proposal"
    set_item_id: Mapped[UUID]
    sample_id: Mapped[UUID]
    replaces_version: Mapped[int]
    entered_text: Mapped[str]
    reason: Mapped[str]
    proposed_by_id: Mapped[UUID]
    proposed_role: Mapped[DutyRole]
    proposed_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("id", "proposed_by_id"),
        ForeignKeyConstraint(["set_item_id", "sample_id"], ["test_set_item.id", "test_set_item.sample_id"]),
        CheckConstraint("replaces_version >= 1", name="replaces_a_version"),
        CheckConstraint("reason <> ''", name="reason_is_given"),
        CheckConstraint("proposed_role = 'tester'", name="testers_propose"),
        _acted("proposed_by_id", "proposed_role", "fk_correction_proposal_proposed_by"),
        {"info": APPEND_ONLY},
    )


class ItemResult(OfSample, Entity):
    """What the laboratory found for one item, with its verdict; amended by the next version, never in place."""

    __tablename__ = "item_result"
    set_item_id: Mapped[UUID]
    sample_id: Mapped[UUID] = mapped_column(index=True)
    version: Mapped[int]
    replaces_version: Mapped[int | None]
    entered_text: Mapped[str]
    used: Mapped[dict[str, Any]]  # everything the verdict depends on (results.rules.stored)
    verdict: Mapped[ItemVerdict]
    rule: Mapped[Rule]
    reason_code: Mapped[str]
    reason_message: Mapped[str]
    reason_params: Mapped[dict[str, Any]]
    compared_value: Mapped[Decimal | None]
    untested_reason: Mapped[str | None]
    calculation: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # formula, interims, value
    entered_by_id: Mapped[UUID]
    entered_role: Mapped[DutyRole]
    entered_at: Mapped[datetime]
    change_reason: Mapped[str | None]
    proposal_id: Mapped[UUID | None] = mapped_column(unique=True)  # only after a lock: names were known by then
    approved_by_id: Mapped[UUID | None]
    approved_role: Mapped[DutyRole | None]
    __table_args__ = (
        UniqueConstraint("set_item_id", "version"),
        ForeignKeyConstraint(["set_item_id", "sample_id"], ["test_set_item.id", "test_set_item.sample_id"]),
        ForeignKeyConstraint(["set_item_id", "replaces_version"], ["item_result.set_item_id", "item_result.version"]),
        CheckConstraint("version >= 1", name="version_from_one"),
        CheckConstraint("(verdict = 'untested') = (untested_reason IS NOT NULL)", name="untested_has_reason"),
        CheckConstraint("untested_reason <> ''", name="untested_reason_given"),
        CheckConstraint("calculation IS NULL OR untested_reason IS NULL", name="what_is_computed_was_tested"),
        CheckConstraint(
            "CASE WHEN version = 1 THEN replaces_version IS NULL "
            "ELSE replaces_version IS NOT NULL AND replaces_version = version - 1 END",
            name="replaces_the_last",
        ),
        CheckConstraint("(version = 1) = (change_reason IS NULL)", name="change_has_reason"),
        CheckConstraint("entered_role = 'tester'", name="testers_enter"),
        CheckConstraint("(approved_by_id IS NULL) = (approved_role IS NULL)", name="approval_is_whole"),
        CheckConstraint("approved_role = 'reviewer'", name="reviewers_approve"),
        CheckConstraint("(proposal_id IS NULL) = (approved_by_id IS NULL)", name="second_person_after_lock"),
        CheckConstraint("approved_by_id <> entered_by_id", name="two_people"),
        CheckConstraint("abs(compared_value) < 'Infinity'", name="compared_value_finite"),
        ForeignKeyConstraint(
            ["proposal_id", "entered_by_id"], ["correction_proposal.id", "correction_proposal.proposed_by_id"]
        ),
        _acted("entered_by_id", "entered_role", "fk_item_result_entered_by"),
        _acted("approved_by_id", "approved_role", "fk_item_result_approved_by"),
        {"info": APPEND_ONLY},
    )


class ResultRetest(OfSample, Entity):
    """A second measurement of an item that failed, which a fail has to be borne out by before its lock."""

    __tablename__ = "result_retest"
    set_item_id: Mapped[UUID]
    sample_id: Mapped[UUID] = mapped_column(index=True)
    version: Mapped[int]  # of the result that it is held against
    entered_text: Mapped[str]
    used: Mapped[dict[str, Any]]  # everything the verdict depends on (results.rules.stored)
    verdict: Mapped[ItemVerdict]
    tested_by_id: Mapped[UUID]
    tested_role: Mapped[DutyRole]
    tested_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("set_item_id", "version"),
        ForeignKeyConstraint(["set_item_id", "sample_id"], ["test_set_item.id", "test_set_item.sample_id"]),
        ForeignKeyConstraint(["set_item_id", "version"], ["item_result.set_item_id", "item_result.version"]),
        CheckConstraint("entered_text <> ''", name="retest_is_given"),
        CheckConstraint("verdict <> 'untested'", name="retest_was_tested"),
        CheckConstraint("tested_role = 'tester'", name="testers_retest"),
        _acted("tested_by_id", "tested_role", "fk_result_retest_tested_by"),
        {"info": APPEND_ONLY},
    )


class ResultLock(OfSample, Base):
    """A reviewer fixed the results of a set, working blind; after a return the next lock has the next number."""

    __tablename__ = "result_lock"
    test_set_id: Mapped[UUID]
    seq: Mapped[int]
    sample_id: Mapped[UUID]
    reviewer_id: Mapped[UUID]
    reviewer_role: Mapped[DutyRole]
    locked_at: Mapped[datetime]
    results_sha256: Mapped[bytes]  # over item, version and inputs of every result that stood
    __table_args__ = (
        PrimaryKeyConstraint("test_set_id", "seq"),
        UniqueConstraint("test_set_id", "seq", "sample_id"),
        ForeignKeyConstraint(["test_set_id", "sample_id"], ["test_set.id", "test_set.sample_id"]),
        CheckConstraint("seq >= 1", name="seq_from_one"),
        CheckConstraint("reviewer_role = 'reviewer'", name="reviewers_lock"),
        CheckConstraint("octet_length(results_sha256) = 32", name="sha256_is_whole"),
        _acted("reviewer_id", "reviewer_role", "fk_result_lock_reviewer"),
        {"info": APPEND_ONLY},
    )


class SetReturn(OfSample, Entity):
    """A reviewer or signatory gave a set back to the bench, and said why."""

    __tablename__ = "set_return"
    test_set_id: Mapped[UUID]
    sample_id: Mapped[UUID]
    returned_by_id: Mapped[UUID]
    returned_role: Mapped[DutyRole]
    reason: Mapped[str]
    after_lock: Mapped[bool]
    returned_at: Mapped[datetime]
    __table_args__ = (
        ForeignKeyConstraint(["test_set_id", "sample_id"], ["test_set.id", "test_set.sample_id"]),
        Index("ix_set_return_test_set_id", "test_set_id", "returned_at"),
        CheckConstraint("reason <> ''", name="reason_is_given"),
        CheckConstraint("returned_role IN ('reviewer', 'signatory')", name="who_may_return"),
        _acted("returned_by_id", "returned_role", "fk_set_return_returned_by"),
        {"info": APPEND_ONLY},
    )


class ResultImport(Ledgered, Entity):
    """A file of results that a laboratory took in; the same file is taken once."""

    __tablename__ = "result_import"
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    file_sha256: Mapped[bytes] = mapped_column(ForeignKey("stored_file.sha256"))
    imported_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    imported_at: Mapped[datetime]
    results: Mapped[int]
    __table_args__ = (
        UniqueConstraint("lab_id", "file_sha256"),
        CheckConstraint("results > 0", name="brought_results"),
        {"info": APPEND_ONLY},
    )

    def ledger_chain(self) -> str:
        return f"organisation:{self.lab_id}"


class TestReport(OfSample, Entity):
    """检验报告: a composed PDF over one lock, known by its hash and by the code of its public check page.

    It names its approver and the day of issue, so it is composed for the signatory who takes it up, on the day it is
    signed; who comes later, or on another day, has it composed again as the next version under the same number.
    """

    __test__ = False  # pytest: this is a table
    __tablename__ = "test_report"
    report_no: Mapped[str]
    version: Mapped[int]
    sample_id: Mapped[UUID]
    test_set_id: Mapped[UUID]
    lock_seq: Mapped[int]
    pdf_sha256: Mapped[bytes] = mapped_column(ForeignKey("stored_file.sha256"))
    check_code: Mapped[str] = mapped_column(unique=True)
    verdict: Mapped[SampleVerdict]
    signatory_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))  # the approver whom the PDF names
    issued_on: Mapped[date]
    composed_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("sample_id", "version"),
        UniqueConstraint("report_no", "version"),
        UniqueConstraint("test_set_id", "lock_seq", "signatory_id", "issued_on"),
        UniqueConstraint(
            "id", "sample_id", "pdf_sha256", "verdict", "signatory_id", "issued_on", name="uq_test_report_as_shown"
        ),
        ForeignKeyConstraint(
            ["test_set_id", "lock_seq", "sample_id"],
            ["result_lock.test_set_id", "result_lock.seq", "result_lock.sample_id"],
        ),
        CheckConstraint("version >= 1", name="version_from_one"),
        {"info": APPEND_ONLY},
    )


class Conclusion(OfSample, Entity):
    """检验结论: the signatory's signature on exactly the PDF that was shown. The clocks run from here.

    What was signed is the report's own verdict, by the approver it names, on the day it carries. A fail, and nothing
    else, has its referral (I12).
    """

    __tablename__ = "conclusion"
    sample_id: Mapped[UUID]
    report_id: Mapped[UUID] = mapped_column(unique=True)
    pdf_sha256: Mapped[bytes]
    verdict: Mapped[SampleVerdict]
    referral_id: Mapped[UUID | None]
    signatory_id: Mapped[UUID]
    signatory_role: Mapped[DutyRole]
    meaning: Mapped[SignatureMeaning]
    confirmed_at: Mapped[datetime]  # when the signatory last gave the password
    signed_at: Mapped[datetime]
    issued_on: Mapped[date]
    __table_args__ = (
        UniqueConstraint("sample_id"),
        UniqueConstraint("referral_id"),
        UniqueConstraint("id", "referral_id"),
        # Paired with the referral's own key and checked at the commit: a fail and its referral come together (I12).
        ForeignKeyConstraint(
            ["referral_id", "id"],
            ["referral.id", "referral.conclusion_id"],
            name="fk_conclusion_its_referral",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
        ForeignKeyConstraint(
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
        CheckConstraint("signatory_role = 'signatory'", name="signatories_sign"),
        CheckConstraint("(verdict = 'fail') = (referral_id IS NOT NULL)", name="fail_is_referred"),
        CheckConstraint("issued_on = (signed_at AT TIME ZONE 'Asia/Shanghai')::date", name="dated_as_signed"),
        CheckConstraint(
            "confirmed_at <= signed_at AND signed_at - confirmed_at <= interval '5 minutes'", name="freshly_confirmed"
        ),
        _acted("signatory_id", "signatory_role", "fk_conclusion_signatory"),
        {"info": APPEND_ONLY},
    )


explain_constraint("uq_test_set_sample_id", _l("This sample already has its worklist."))
explain_constraint("uq_test_set_blind_code", _l("This blind code already has its worklist."))
explain_constraint(
    "uq_item_result_set_item_id_version", _l("Somebody has just entered a result for this item. Look at it first.")
)
explain_constraint("uq_item_result_proposal_id", _l("This correction is approved already."))
explain_constraint("uq_result_import_lab_id_file_sha256", _l("This very file was taken in before."), field="file")
explain_constraint("pk_result_lock", _l("Somebody has just locked these results."))
explain_constraint("uq_test_report_sample_id_version", _l("Somebody has just composed this report."))
explain_constraint(
    "uq_test_report_test_set_id_lock_seq_signatory_id_issued_on",
    _l("The report over these results is composed already."),
)
explain_constraint("uq_conclusion_sample_id", _l("This sample is concluded already."))
explain_constraint("uq_conclusion_report_id", _l("This report is signed already."))
