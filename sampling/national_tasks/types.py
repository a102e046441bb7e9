"""Words and values of the national system's tasks."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from lims.i18n import LazyString
from sampling.types import PlaceKind, SeparationMode, Stage, TaskCategory


class TaskVerdict(StrEnum):
    """What would become of one row of a sheet of tasks."""

    NEW = "new"
    TAKEN = "taken"  # this very task is held already
    AMENDED = "amended"  # held with another count or deadline, which can be taken over
    DIFFERS = "differs"  # held, and differs in what makes it another task or cannot be taken over
    UNREADABLE = "unreadable"


TAKEABLE = frozenset({TaskVerdict.NEW, TaskVerdict.AMENDED})


@dataclass(frozen=True, slots=True)
class TaskInput:
    """A task as a row of a sheet names it.

    Attributes:
        reference: the number the system gave it; made from the row itself where the sheet has none.
        region_code: where it is to be sampled; None: wherever the regulator is in charge.
        due_on: the last day, None where the sheet names none.
    """

    reference: str
    task_source: str
    report_class_a: str
    report_class_b: str
    task_category: TaskCategory
    food_category_id: UUID
    region_code: str | None
    stage: Stage
    batches: int
    due_on: date | None


@dataclass(frozen=True, slots=True)
class StagedTask:
    """One row of a sheet, and what would become of it.

    Attributes:
        number: of the row in the file.
        written: the cells as they stand there, by field.
        task: what was read; None where nothing could be.
        why: in what it differs, or why it cannot be read and what was expected.
    """

    number: int
    written: dict[str, str]
    verdict: TaskVerdict
    task: TaskInput | None = None
    why: LazyString | None = None

    @property
    def can_be_taken(self) -> bool:
        """Whether somebody may choose it."""
        return self.verdict in TAKEABLE


@dataclass(frozen=True, slots=True)
class StagedTasks:
    """A sheet row by row; `problem` where it is no sheet of tasks at all."""

    rows: Sequence[StagedTask]
    problem: LazyString | None = None

    @property
    def counts(self) -> Counter[TaskVerdict]:
        """How many rows have each verdict."""
        return Counter(row.verdict for row in self.rows)

    @property
    def takeable(self) -> int:
        """How many rows somebody may choose."""
        return sum(row.can_be_taken for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartInput:
    """So many batches of a task for one sampling organisation and one laboratory, at one kind of place."""

    batches: int
    place_kind: PlaceKind
    mode: SeparationMode
    sampling_organisation_id: UUID
    lab_id: UUID


@dataclass(frozen=True, slots=True)
class Sides:
    """The company groups on both sides of one part, as far as its mode keeps organisations apart."""

    mode: SeparationMode
    sampling_party_id: UUID
    testing_party_id: UUID


@dataclass(frozen=True, slots=True)
class Progress:
    """How far so many batches have come. Each figure from `assigned` to `reported` holds the ones after it.

    Attributes:
        planned: batches of the task.
        assigned: batches in parts.
        sampled: samples taken and not lost.
        received: accepted by the laboratory, or further.
        tested: results locked, or further.
        reported: report signed, or further.
        lost: samples refused at reception, void or not tested; their batches are to be done again.
    """

    planned: int
    assigned: int
    sampled: int
    received: int
    tested: int
    reported: int
    lost: int

    @property
    def steps(self) -> tuple[int, int, int, int, int, int]:
        """Reported, tested, received, sampled, assigned and unassigned, each without those that are further."""
        reached = (self.reported, self.tested, self.received, self.sampled, self.assigned, self.planned)
        return tuple(max(one - before, 0) for before, one in zip((0, *reached), reached, strict=False))  # type: ignore[return-value]  # six of six

    def __add__(self, other: "Progress") -> "Progress":
        return Progress(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @classmethod
    def total(cls, parts: Collection["Progress"]) -> "Progress":
        """Several tasks together."""
        return sum(parts, cls(0, 0, 0, 0, 0, 0, 0))
