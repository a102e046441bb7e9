"""Tables of nonconforming work: what was found, every step that was taken, what it touches, and its reports."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from results.nonconforming.types import Impact, NonconformityState, Source, Step

APPEND_ONLY = {"privileges": "select, insert"}


class Nonconformity(Ledgered, Entity):
    """不符合工作: something that was not done as it has to be, and how far it is."""

    __tablename__ = "nonconformity"
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    nonconformity_no: Mapped[str]
    source: Mapped[Source]
    what: Mapped[str]
    found_on: Mapped[date]
    state: Mapped[NonconformityState]
    due_on: Mapped[date | None]  # of the corrective action that stands
    responsible_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    carried_out_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    checked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    raised_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    raised_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("lab_id", "nonconformity_no"),
        CheckConstraint("what <> '' AND nonconformity_no <> ''", name="named"),
        CheckConstraint("(responsible_id IS NULL) = (due_on IS NULL)", name="plan_is_whole"),
        CheckConstraint(
            "state NOT IN ('planned', 'carried_out', 'closed') OR due_on IS NOT NULL", name="planned_first"
        ),
        CheckConstraint(
            "state NOT IN ('carried_out', 'closed') OR carried_out_by_id IS NOT NULL", name="carried_out_by_somebody"
        ),
        CheckConstraint("state <> 'closed' OR checked_by_id IS NOT NULL", name="closed_when_checked"),
        CheckConstraint(
            "checked_by_id <> carried_out_by_id AND checked_by_id <> responsible_id", name="checked_by_another"
        ),
        Index("ix_nonconformity_newest", "lab_id", "raised_at", "id"),
        {
            "info": {
                "privileges": "select, insert, update (state, due_on, responsible_id, carried_out_by_id, checked_by_id)"
            }
        },
    )

    def ledger_chain(self) -> str:
        return f"nonconformity:{self.id}"


class _OfNonconformity(Ledgered):
    """A fact of nonconforming work; it stands on its chain."""

    __abstract__ = True
    nonconformity_id: Any

    def ledger_chain(self) -> str:
        return f"nonconformity:{self.nonconformity_id}"


class NonconformityStep(_OfNonconformity, Base):
    """One step, with its words; never changed."""

    __tablename__ = "nonconformity_step"
    nonconformity_id: Mapped[UUID] = mapped_column(ForeignKey("nonconformity.id"))
    seq: Mapped[int]
    step: Mapped[Step]
    text: Mapped[str]
    cause: Mapped[str | None]
    due_on: Mapped[date | None]
    responsible_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    acted_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    acted_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("nonconformity_id", "seq"),
        CheckConstraint("seq >= 1", name="seq_from_one"),
        CheckConstraint("text <> ''", name="in_words"),
        CheckConstraint(
            "(step = 'planned') = (cause IS NOT NULL) AND (step = 'planned') = (due_on IS NOT NULL)"
            " AND (step = 'planned') = (responsible_id IS NOT NULL)",
            name="plan_is_whole",
        ),
        CheckConstraint("cause <> ''", name="cause_in_words"),
        {"info": APPEND_ONLY},
    )


class NonconformityBatch(_OfNonconformity, Base):
    """A batch that nonconforming work is about."""

    __tablename__ = "nonconformity_batch"
    nonconformity_id: Mapped[UUID] = mapped_column(ForeignKey("nonconformity.id"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batch.id"), index=True)
    linked_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    linked_at: Mapped[datetime]
    __table_args__ = (PrimaryKeyConstraint("nonconformity_id", "batch_id"), {"info": APPEND_ONLY})


class NonconformitySample(_OfNonconformity, Base):
    """A sample that nonconforming work is about, by the worklist of its blind code."""

    __tablename__ = "nonconformity_sample"
    nonconformity_id: Mapped[UUID] = mapped_column(ForeignKey("nonconformity.id"))
    test_set_id: Mapped[UUID] = mapped_column(ForeignKey("test_set.id"), index=True)
    linked_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    linked_at: Mapped[datetime]
    __table_args__ = (PrimaryKeyConstraint("nonconformity_id", "test_set_id"), {"info": APPEND_ONLY})


class ReportImpact(_OfNonconformity, Base):
    """What was decided about a signed report that stands on nonconforming work; the last decision counts."""

    __tablename__ = "report_impact"
    nonconformity_id: Mapped[UUID] = mapped_column(ForeignKey("nonconformity.id"))
    report_id: Mapped[UUID] = mapped_column(ForeignKey("test_report.id"), index=True)
    seq: Mapped[int]
    impact: Mapped[Impact]
    reason: Mapped[str]
    decided_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("nonconformity_id", "report_id", "seq"),
        CheckConstraint("seq >= 1", name="seq_from_one"),
        CheckConstraint("reason <> ''", name="reason_is_given"),
        {"info": APPEND_ONLY},
    )


explain_constraint(
    "ck_nonconformity_checked_by_another", _l("Who carried a corrective action out does not say whether it helped.")
)
explain_constraint("pk_nonconformity_step", _l("Somebody else is taking a step here at this moment. Look again."))
explain_constraint("pk_nonconformity_batch", _l("This batch is linked already."), field="batch_no")
explain_constraint("pk_nonconformity_sample", _l("This sample is linked already."), field="blind_code")
explain_constraint("pk_report_impact", _l("Somebody else is deciding about this report at this moment. Look again."))
