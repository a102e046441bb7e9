"""Facts about objections."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event
from results.objections.types import Consequence, ObjectionKind, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionFiled(Event):
    """Somebody objects, on paper or on the page of their notice."""

    name: ClassVar[str] = "results.objection_filed.v1"
    sample_id: UUID
    objection_id: UUID
    kind: ObjectionKind

    def chain(self) -> str:
        return f"sample:{self.sample_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionReviewed(Event):
    """The review of an objection ended."""

    name: ClassVar[str] = "results.objection_reviewed.v1"
    sample_id: UUID
    objection_id: UUID
    outcome: Outcome
    consequence: Consequence

    def chain(self) -> str:
        return f"sample:{self.sample_id}"
