"""What happens in sampling, as facts that other packages listen to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event
from sampling.types import NoSampleReason, SampleState, sample_chain


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFact(Event):
    """Base of what happens to a sample, in whichever package it happens."""

    sample_id: UUID

    def chain(self) -> str:
        return sample_chain(self.sample_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanApproved(Event):
    """A second person approved a plan; its draw can be made.

    `planned` says how many samples of each stratum; `pick_round_id` names the public pick behind it, if there is one.
    """

    name: ClassVar[str] = "sampling.plan_approved.v1"
    plan_id: UUID
    pick_round_id: UUID | None
    planned: Mapping[str, int]

    def chain(self) -> str:
        return f"plan:{self.plan_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskIssued(Event):
    """A team was given a visit."""

    name: ClassVar[str] = "sampling.task_issued.v1"
    task_id: UUID
    plan_id: UUID

    def chain(self) -> str:
        return f"plan:{self.plan_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEndedWithoutSample(Event):
    """A visit brought no sample."""

    name: ClassVar[str] = "sampling.task_ended_without_sample.v1"
    task_id: UUID
    plan_id: UUID
    reason: NoSampleReason

    def chain(self) -> str:
        return f"plan:{self.plan_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleTaken(SampleFact):
    """A sampling form was submitted; `pick_round_id` and `stratum` name the public pick behind it, if there is one."""

    name: ClassVar[str] = "sampling.sample_taken.v1"
    task_id: UUID
    plan_id: UUID
    pick_round_id: UUID | None
    stratum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMoved(SampleFact):
    """A sample went from one state to the next."""

    name: ClassVar[str] = "sampling.sample_moved.v1"
    state: SampleState


@dataclass(frozen=True, slots=True, kw_only=True)
class FormCorrected(SampleFact):
    """A field of a submitted sampling form was corrected with a second person's approval; not told: its values."""

    name: ClassVar[str] = "sampling.form_corrected.v1"
    field: str
