"""What happens to tasks of the national system, as facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalTasksTaken(Event):
    """Rows of a sheet of tasks were taken: so many new ones, so many with another count or deadline."""

    name: ClassVar[str] = "sampling.national_tasks_taken.v1"
    file_id: UUID
    new: int
    amended: int
    batches: int

    def chain(self) -> str:
        return f"national-task-file:{self.file_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalTaskDivided(Event):
    """Batches of a task were given to organisations: the plans they went to and how many to each, in one order."""

    name: ClassVar[str] = "sampling.national_task_divided.v1"
    task_id: UUID
    plan_ids: Sequence[UUID]
    batches: Sequence[int]

    def chain(self) -> str:
        return f"national-task:{self.task_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalBatchesMoved(Event):
    """Batches that had not begun were taken from a part: to another plan, or back to what is not assigned."""

    name: ClassVar[str] = "sampling.national_batches_moved.v1"
    task_id: UUID
    from_plan_id: UUID
    to_plan_id: UUID | None
    batches: int
    withdrawn_visits: int

    def chain(self) -> str:
        return f"national-task:{self.task_id}"
