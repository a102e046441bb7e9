"""Tables of referrals, notices and handling.

A fail conclusion and its referral point at each other by keys that the commit checks, so neither can be committed
without the other (I12). A referral points at its operator's branch in the same way, so it has at least one. Nothing is
ever deleted: a referral that a recheck took back is withdrawn, and its record stays.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from results.referral.types import (
    Addressee,
    BranchKind,
    BranchState,
    CaseAct,
    EscalationMark,
    HandlingPart,
    ServiceWay,
    Severity,
)
from sampling.models.of_sample import OfSample

EVIDENCE = {"info": {"privileges": "select, insert"}}
AT_COMMIT: Any = {"deferrable": True, "initially": "DEFERRED"}


class _OfCase(Ledgered):
    """A row on the chain of its case."""

    __abstract__ = True
    referral_id: Mapped[UUID]

    def ledger_chain(self) -> str:
        return f"case:{self.referral_id}"


class Referral(Ledgered, Entity):
    """案源移送: what a fail conclusion opened, with all that failed frozen as it was signed."""

    __tablename__ = "referral"
    case_no: Mapped[str] = mapped_column(unique=True)
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"), unique=True)
    conclusion_id: Mapped[UUID]
    operator_branch_id: Mapped[UUID]
    business_id: Mapped[UUID] = mapped_column(ForeignKey("business.id"), index=True)
    producer_name: Mapped[str | None] = mapped_column(index=True)
    severity: Mapped[Severity]
    failed_items: Mapped[list[Any]]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("id", "conclusion_id"),
        UniqueConstraint("id", "sample_id"),
        ForeignKeyConstraint(
            ["conclusion_id", "id"],
            ["conclusion.id", "conclusion.referral_id"],
            name="fk_referral_its_fail",
            use_alter=True,
            **AT_COMMIT,
        ),
        ForeignKeyConstraint(
            ["operator_branch_id", "id"],
            ["referral_branch.id", "referral_branch.referral_id"],
            name="fk_referral_its_operator_branch",
            use_alter=True,
            **AT_COMMIT,
        ),
        CheckConstraint("closed_at IS NULL OR withdrawn_at IS NULL", name="one_end"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name="withdrawn_with_reason"),
        CheckConstraint("jsonb_array_length(failed_items) > 0", name="something_failed"),
        Index("ix_referral_newest", "opened_at", "id"),
        {"info": {"privileges": "select, insert, update (severity, closed_at, withdrawn_at, withdrawn_reason)"}},
    )

    def ledger_chain(self) -> str:
        return f"case:{self.id}"


class ReferralBranch(_OfCase, Entity):
    """One side of a referral: who is concerned, who answers for it, and by when each step is due."""

    __tablename__ = "referral_branch"
    referral_id: Mapped[UUID]
    sample_id: Mapped[UUID]
    kind: Mapped[BranchKind]
    party_name: Mapped[str]
    party_address: Mapped[str | None]
    party_region_code: Mapped[str | None]
    regulator_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    is_outside: Mapped[bool]  # the party belongs to a region whose regulator does not work here: a letter goes there
    station_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    state: Mapped[BranchState]
    state_changed_at: Mapped[datetime]
    acknowledge_due_at: Mapped[datetime]
    start_due_at: Mapped[datetime]
    control_due_at: Mapped[datetime]
    finish_due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    transferred_to: Mapped[str | None]
    transfer_letter_no: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    __table_args__ = (
        UniqueConstraint("referral_id", "kind"),
        UniqueConstraint("id", "referral_id"),
        ForeignKeyConstraint(["referral_id", "sample_id"], ["referral.id", "referral.sample_id"]),
        CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by_id IS NULL)", name="acknowledged_by_somebody"),
        CheckConstraint("state IN ('open', 'withdrawn') OR acknowledged_at IS NOT NULL", name="acknowledged_first"),
        CheckConstraint("state NOT IN ('dispatched', 'with_station') OR station_id IS NOT NULL", name="station_known"),
        CheckConstraint(
            "(state = 'transferred') = (transferred_to IS NOT NULL) AND "
            "(state = 'transferred') = (transfer_letter_no IS NOT NULL)",
            name="transferred_by_letter",
        ),
        CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL) AND (closed_at IS NULL) = (closed_by_id IS NULL)",
            name="closed_by_somebody",
        ),
        Index("ix_referral_branch_inbox", "regulator_id", "state", "finish_due_at", "id"),
        {
            "info": {
                "privileges": "select, insert, update (station_id, state, state_changed_at, sent_at, acknowledged_at,"
                " acknowledged_by_id, transferred_to, transfer_letter_no, closed_at, closed_by_id)"
            }
        },
    )


class CaseEntry(_OfCase, Entity):
    """One line of a case's history."""

    __tablename__ = "case_entry"
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    branch_id: Mapped[UUID | None]
    act: Mapped[CaseAct]
    note: Mapped[str]
    at: Mapped[datetime]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    __table_args__ = (
        ForeignKeyConstraint(["branch_id", "referral_id"], ["referral_branch.id", "referral_branch.referral_id"]),
        Index("ix_case_entry_history", "referral_id", "at", "id"),
        EVIDENCE,
    )


class BranchEscalation(_OfCase, Base):
    """A mark that a branch passed without what was due; noted once."""

    __tablename__ = "branch_escalation"
    branch_id: Mapped[UUID]
    mark: Mapped[EscalationMark]
    referral_id: Mapped[UUID]
    at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("branch_id", "mark"),
        ForeignKeyConstraint(["branch_id", "referral_id"], ["referral_branch.id", "referral_branch.referral_id"]),
        EVIDENCE,
    )


class HandlingPartVersion(_OfCase, Base):
    """What one part of the handling said when it was saved; a correction is the next version, with its reason."""

    __tablename__ = "handling_part"
    branch_id: Mapped[UUID]
    part: Mapped[HandlingPart]
    version: Mapped[int]
    referral_id: Mapped[UUID]
    facts: Mapped[dict[str, Any]]
    is_submitted: Mapped[bool]
    change_reason: Mapped[str | None]
    saved_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    saved_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("branch_id", "part", "version"),
        ForeignKeyConstraint(["branch_id", "referral_id"], ["referral_branch.id", "referral_branch.referral_id"]),
        CheckConstraint("version >= 1", name="version_from_one"),
        CheckConstraint("change_reason <> ''", name="change_reason_given"),
        EVIDENCE,
    )


class HandlingAttachment(_OfCase, Entity):
    """A file that proves what a part says."""

    __tablename__ = "handling_attachment"
    branch_id: Mapped[UUID]
    referral_id: Mapped[UUID]
    part: Mapped[HandlingPart]
    sha256: Mapped[bytes] = mapped_column(ForeignKey("stored_file.sha256"))
    caption: Mapped[str]
    added_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("branch_id", "part", "sha256"),
        ForeignKeyConstraint(["branch_id", "referral_id"], ["referral_branch.id", "referral_branch.referral_id"]),
        EVIDENCE,
    )


class ResultNotice(OfSample, Entity):
    """检验结果通知书 to one addressee, with the day by which it must be served."""

    __tablename__ = "result_notice"
    notice_no: Mapped[str] = mapped_column(unique=True)
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"))
    conclusion_id: Mapped[UUID] = mapped_column(ForeignKey("conclusion.id"), index=True)
    branch_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral_branch.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))  # who serves it
    addressee: Mapped[Addressee]
    name: Mapped[str]
    address: Mapped[str | None]
    passed: Mapped[bool]
    issued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("sample_id", "addressee"),
        UniqueConstraint("id", "sample_id"),
        CheckConstraint("(branch_id IS NULL) = passed", name="failures_have_a_branch"),
        Index("ix_result_notice_due", "organisation_id", "due_at", "id"),
        EVIDENCE,
    )


class Service(OfSample, Base):
    """送达: how and when a notice reached its addressee, with the proof. The recheck period runs from here."""

    __tablename__ = "service"
    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    sample_id: Mapped[UUID]
    way: Mapped[ServiceWay]
    served_on: Mapped[date]
    receiver: Mapped[str] = mapped_column(info={"personal": True})
    proof_text: Mapped[str]
    proof_sha256: Mapped[bytes | None] = mapped_column(ForeignKey("stored_file.sha256"))
    objects: Mapped[bool | None]
    recheck_until: Mapped[date | None]  # the last day on which this addressee may apply for a recheck
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]
    __table_args__ = (
        ForeignKeyConstraint(["notice_id", "sample_id"], ["result_notice.id", "result_notice.sample_id"]),
        CheckConstraint("proof_text <> '' OR proof_sha256 IS NOT NULL", name="proof_given"),
        Index("ix_service_sample", "sample_id", "recheck_until"),
        EVIDENCE,
    )


explain_constraint("uq_referral_sample_id", _l("This sample was referred already."))
explain_constraint("fk_referral_its_fail", _l("A referral belongs to a conclusion that failed."))
explain_constraint("fk_conclusion_its_referral", _l("A conclusion that failed opens a referral of its own."))
explain_constraint("fk_referral_its_operator_branch", _l("A referral has a branch for the operator."))
explain_constraint("ck_referral_something_failed", _l("No item of this sample failed, so there is nothing to refer."))
explain_constraint("uq_referral_branch_referral_id_kind", _l("This side of the case has its branch already."))
explain_constraint("ck_referral_branch_acknowledged_first", _l("A branch is acknowledged before anything is done."))
explain_constraint("pk_service", _l("This notice was served already."))
explain_constraint("ck_service_proof_given", _l("Give the proof of service: a number or a file."), field="proof_text")
explain_constraint("pk_handling_part", _l("Somebody has just saved this part. Look at it first."))
explain_constraint("uq_handling_attachment_branch_id_part_sha256", _l("This file is attached already."), field="file")
