"""Facts about objections."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from results.objections.types import Consequence, ObjectionKind, Outcome
from sampling.events import SampleFact


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionFiled(SampleFact):
    """Somebody objects, on paper or on the page of their notice."""

    name: ClassVar[str] = "results.objection_filed.v1"
    objection_id: UUID
    kind: ObjectionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionReviewed(SampleFact):
    """The review of an objection ended."""

    name: ClassVar[str] = "results.objection_reviewed.v1"
    objection_id: UUID
    outcome: Outcome
    consequence: Consequence
