"""The table of 24-hour reports."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from sampling.models.of_sample import OfSample
from sampling.types import DutyRole


class UrgentReport(OfSample, Entity):
    """24小时限时报告 over one lock: composed, looked at, sent as that very file, acknowledged by the regulator.

    Composed again, it is the next version under the same number; of one lock, one version is sent.
    """

    __tablename__ = "urgent_report"
    report_no: Mapped[str]
    version: Mapped[int]
    sample_id: Mapped[UUID]
    test_set_id: Mapped[UUID]
    lock_seq: Mapped[int]
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    regulator_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    copies_to: Mapped[list[str]]
    explanation: Mapped[str]
    pdf_sha256: Mapped[bytes] = mapped_column(ForeignKey("stored_file.sha256"))
    signatory_id: Mapped[UUID]  # whom the paper names as its approver
    signatory_role: Mapped[DutyRole]
    found_at: Mapped[datetime]  # the lock
    due_at: Mapped[datetime]
    composed_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]  # when the signatory last gave the password
    sent_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    acknowledged_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("sample_id", "version"),
        UniqueConstraint("report_no", "version"),
        ForeignKeyConstraint(
            ["test_set_id", "lock_seq", "sample_id"],
            ["result_lock.test_set_id", "result_lock.seq", "result_lock.sample_id"],
        ),
        ForeignKeyConstraint(
            ["sample_id", "signatory_id", "signatory_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_urgent_report_signatory",
        ),
        Index(
            "uq_urgent_report_one_sent", "test_set_id", "lock_seq", unique=True, postgresql_where="sent_at IS NOT NULL"
        ),
        CheckConstraint("version >= 1", name="version_from_one"),
        CheckConstraint("signatory_role = 'signatory'", name="signatories_send"),
        CheckConstraint("found_at <= composed_at AND composed_at <= sent_at", name="in_order"),
        CheckConstraint("(sent_at IS NULL) = (confirmed_at IS NULL)", name="sent_is_whole"),
        CheckConstraint(
            "confirmed_at <= sent_at AND sent_at - confirmed_at <= interval '5 minutes'", name="freshly_confirmed"
        ),
        CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by_id IS NULL)", name="acknowledged_is_whole"),
        CheckConstraint(
            "acknowledged_at IS NULL OR (sent_at IS NOT NULL AND sent_at <= acknowledged_at)", name="acknowledged_after"
        ),
        {"info": {"privileges": "select, insert, update (confirmed_at, sent_at, acknowledged_by_id, acknowledged_at)"}},
    )


explain_constraint("uq_urgent_report_sample_id_version", _l("Somebody has just composed this report."))
explain_constraint("uq_urgent_report_one_sent", _l("The 24-hour report of these results was sent already."))
