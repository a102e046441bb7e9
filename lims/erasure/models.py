"""The table of erasures."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered


class ErasureOutcome(StrEnum):
    """What the auditor decided."""

    APPROVED = "approved"
    DECLINED = "declined"


class ErasureRequest(Ledgered, Entity):
    """Personal data of one subject that are to go. That they are gone only the owner's login can write."""

    __tablename__ = "erasure_request"
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    reason: Mapped[str]
    requested_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    outcome: Mapped[ErasureOutcome | None]
    note: Mapped[str | None]
    erased_at: Mapped[datetime | None]
    erased_values: Mapped[int | None]
    __table_args__ = (
        CheckConstraint("reason <> ''", name="reason_given"),
        CheckConstraint("decided_by_id <> requested_by_id", name="two_people"),
        CheckConstraint(
            "(decided_by_id IS NULL) = (outcome IS NULL) AND (decided_at IS NULL) = (outcome IS NULL)",
            name="decision_is_whole",
        ),
        CheckConstraint("outcome <> 'declined' OR note <> ''", name="declined_with_a_reason"),
        CheckConstraint("(erased_at IS NULL) = (erased_values IS NULL)", name="erased_whole"),
        CheckConstraint(
            "erased_at IS NULL OR (outcome IS NOT NULL AND outcome = 'approved')", name="erased_when_approved"
        ),
        Index("uq_erasure_request_open", "subject_kind", "subject_id", unique=True, postgresql_where="outcome IS NULL"),
        Index("ix_erasure_request_newest", "requested_at", "id"),
        {"info": {"privileges": "select, insert, update (decided_by_id, decided_at, outcome, note)"}},
    )

    def ledger_chain(self) -> str:
        return f"{self.subject_kind}:{self.subject_id}"


explain_constraint("uq_erasure_request_open", _l("This was asked for already and waits for its decision."))
explain_constraint("ck_erasure_request_two_people", _l("An erasure is decided by somebody else than who asked."))
