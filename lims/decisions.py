"""One person asks, another decides: what such a request keeps, and what its decision insists on.

Unblinding, the correction of a form and an erasure are requests of this shape. What is asked for, who may decide and
what an approval does stays with each. Two things only look alike: a correction of results is approved by a new result
row that stands on two acts of separation, and a hand-over or a disposal is one act that two persons do together.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from lims.errors import ConflictError, InvalidInputError
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from lims.uow import UnitOfWork

DECLINED = "declined"  # in every enum of outcomes: the checks, the forms and the pages know it by this value
MAX_NOTE = 1_000  # characters of what the second person says of it
DECISION_COLUMNS = "decided_by_id, decided_at, outcome, note"  # what the application may write after the request


class Outcome(StrEnum):
    """What the second person decided, where nothing more particular is to be said."""

    APPROVED = "approved"
    DECLINED = DECLINED


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that its request allows: who, when, what, and in which words."""

    by_id: UUID
    at: datetime
    outcome: StrEnum
    note: str | None


class TwoPersonRequest:
    """Columns of a request that somebody else decides; the class of the table adds its `outcome`."""

    needs_another: ClassVar[LazyString]  # what those are told who asked and would decide as well

    reason: Mapped[str]
    requested_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    note: Mapped[str | None]  # what the second person said of it

    if TYPE_CHECKING:
        outcome: Mapped[Any]

    def close(self, decision: Decision) -> None:
        """Write the decision down, after what it does was done."""
        self.decided_by_id, self.decided_at = decision.by_id, decision.at
        self.outcome, self.note = decision.outcome, decision.note


def two_person_checks(*decided_with: str) -> tuple[CheckConstraint, ...]:
    """What the database holds every such table to.

    Args:
        decided_with: further columns that are filled in with the decision, such as the office of who decided.
    """
    whole = ("decided_by_id", *decided_with, "decided_at")
    return (
        CheckConstraint("reason <> ''", name="reason_given"),
        CheckConstraint("decided_by_id <> requested_by_id", name="two_people"),
        CheckConstraint(
            " AND ".join(f"({column} IS NULL) = (outcome IS NULL)" for column in whole), name="decision_is_whole"
        ),
        CheckConstraint(f"outcome <> '{DECLINED}' OR note <> ''", name="declined_with_a_reason"),
    )


def read_reason(text: str | None, *, field: str = "reason") -> str:
    """The sentence that says why, without the space around it.

    Raises:
        InvalidInputError: there is none.
    """
    why = (text or "").strip()
    if not why:
        raise InvalidInputError(_l("Say why."), field=field)
    return why


def decide(uow: "UnitOfWork", asked: TwoPersonRequest, outcome: StrEnum, note: str | None) -> Decision:
    """Decide as the actor, now; nothing is written before `TwoPersonRequest.close`.

    Args:
        uow: the transaction of who decides; it holds the lock under which `asked` was read.
        asked: the request.
        outcome: of the enum of the request.
        note: a remark; a sentence where it is declined.

    Raises:
        ConflictError: it is decided, or the actor asked for it.
        InvalidInputError: declined without a sentence.
    """
    person_id = uow.actor.require_person()
    if asked.outcome is not None:
        raise ConflictError(_l("This is decided already."))
    if asked.requested_by_id == person_id:
        raise ConflictError(asked.needs_another)
    said = read_reason(note, field="note") if outcome == DECLINED else (note or "").strip() or None
    return Decision(person_id, uow.now, outcome, said)
