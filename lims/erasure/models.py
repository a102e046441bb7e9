"""The table of erasures."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from lims.db import Entity
from lims.decisions import DECISION_COLUMNS, Outcome, TwoPersonRequest, two_person_checks
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered


class ErasureRequest(TwoPersonRequest, Ledgered, Entity):
    """Personal data of one subject that are to go. That they are gone only the owner's login can write."""

    __tablename__ = "erasure_request"
    needs_another = _l("An erasure is decided by somebody else than who asked.")
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    outcome: Mapped[Outcome | None]
    erased_at: Mapped[datetime | None]
    erased_values: Mapped[int | None]
    __table_args__ = (
        *two_person_checks(),
        CheckConstraint("(erased_at IS NULL) = (erased_values IS NULL)", name="erased_whole"),
        CheckConstraint(
            "erased_at IS NULL OR (outcome IS NOT NULL AND outcome = 'approved')", name="erased_when_approved"
        ),
        Index("uq_erasure_request_open", "subject_kind", "subject_id", unique=True, postgresql_where="outcome IS NULL"),
        Index("ix_erasure_request_newest", "requested_at", "id"),
        {"info": {"privileges": f"select, insert, update ({DECISION_COLUMNS})"}},
    )

    def ledger_chain(self) -> str:
        return f"{self.subject_kind}:{self.subject_id}"


explain_constraint("uq_erasure_request_open", _l("This was asked for already and waits for its decision."))
explain_constraint("ck_erasure_request_two_people", ErasureRequest.needs_another)
