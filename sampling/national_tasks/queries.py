"""Reads of the national system's tasks: sheets, tasks with their progress, and the parts of a task or a plan."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lims.actors import Actor
from lims.catalog.models import FoodCategory, Region
from lims.errors import NotFoundError
from lims.people.models import Organisation
from lims.web.paging import PAGE
from sampling.models import PlanCategory, PlanLine, Sample, SamplingPlan, SamplingTask
from sampling.national_tasks.models import NationalTask, NationalTaskMove, NationalTaskPart
from sampling.national_tasks.rules import progress_of
from sampling.national_tasks.types import Progress
from sampling.types import SampleState, TaskState


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task with its food (path from the major category down), its region's name and how far it has come."""

    task: NationalTask
    food: tuple[FoodCategory, ...]
    region: Region | None
    progress: Progress

    def is_late(self, today: date) -> bool:
        """Whether its last day is over and not everything is reported."""
        return (
            self.task.due_on is not None and self.task.due_on < today and self.progress.reported < self.progress.planned
        )


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part with where it stands, who does it and how far it has come; `to_come` are visits issued."""

    part: NationalTaskPart
    task: NationalTask
    line: PlanLine
    plan: SamplingPlan
    category: PlanCategory
    sampling_organisation: Organisation
    lab: Organisation
    progress: Progress
    to_come: int

    @property
    def movable(self) -> int:
        """Batches that have not begun."""
        return max(self.part.batches - self.progress.sampled, 0)


def tasks_by_reference(
    session: Session, regulator_id: UUID, references: Collection[str]
) -> dict[str, tuple[NationalTask, int]]:
    """The tasks a regulator holds under these numbers, each with the batches that are in its parts."""
    rows = session.execute(
        sa.select(NationalTask, _assigned()).where(
            NationalTask.regulator_id == regulator_id, NationalTask.reference.in_(references)
        )
    )
    return {task.reference: (task, assigned) for task, assigned in rows}


def list_tasks(
    session: Session, actor: Actor, *, after: tuple[datetime, UUID] | None = None, limit: int | None = PAGE
) -> list[TaskRow]:
    """The tasks of the actor's organisation, those that came last first; all of them without a limit."""
    query = sa.select(NationalTask).where(NationalTask.regulator_id == actor.organisation_id)
    if after is not None:
        query = query.where(sa.tuple_(NationalTask.taken_at, NationalTask.id) < sa.tuple_(*map(sa.literal, after)))
    tasks = session.scalars(query.order_by(NationalTask.taken_at.desc(), NationalTask.id.desc()).limit(limit)).all()
    return _task_rows(session, tasks)


def get_task(session: Session, actor: Actor, task_id: UUID) -> TaskRow:
    """One task of the actor's organisation.

    Raises:
        NotFoundError: there is none.
    """
    task = session.get(NationalTask, task_id)
    if task is None or task.regulator_id != actor.organisation_id:
        raise NotFoundError
    return _task_rows(session, [task])[0]


def total_progress(session: Session, actor: Actor) -> tuple[int, Progress]:
    """How many tasks the actor's organisation holds, and how far they have come together."""
    held = NationalTask.regulator_id == actor.organisation_id
    count, planned = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(NationalTask.batches), 0)).where(held)
    ).one()
    assigned = session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(NationalTaskPart.batches), 0))
        .join(NationalTask, NationalTask.id == NationalTaskPart.task_id)
        .where(held)
    )
    counted = session.execute(
        sa.select(Sample.state, sa.func.count().label("number"))
        .join(NationalTaskPart, NationalTaskPart.plan_line_id == Sample.plan_line_id)
        .join(NationalTask, NationalTask.id == NationalTaskPart.task_id)
        .where(held)
        .group_by(Sample.state)
    )
    states: dict[SampleState, int] = {one.state: one.number for one in counted}
    return count, progress_of(planned, assigned or 0, states)


def count_unassigned(session: Session, actor: Actor) -> int:
    """How many tasks of the actor's organisation have batches in no part."""
    waiting = (
        sa.select(sa.func.count())
        .select_from(NationalTask)
        .where(NationalTask.regulator_id == actor.organisation_id, NationalTask.batches > _assigned())
    )
    return session.scalar(waiting) or 0


def parts_of_task(session: Session, task_id: UUID) -> list[PartRow]:
    """The parts of a task in the order in which they were made."""
    return _part_rows(session, NationalTaskPart.task_id == task_id)


def parts_of_plan(session: Session, actor: Actor, plan_id: UUID) -> list[PartRow]:
    """The parts that stand in a plan of the actor's organisation."""
    return _part_rows(
        session, sa.and_(PlanLine.plan_id == plan_id, SamplingPlan.organisation_id == actor.organisation_id)
    )


def get_part(session: Session, actor: Actor, part_id: UUID) -> PartRow:
    """One part of a task of the actor's organisation.

    Raises:
        NotFoundError: there is none.
    """
    rows = _part_rows(
        session, sa.and_(NationalTaskPart.id == part_id, SamplingPlan.organisation_id == actor.organisation_id)
    )
    if not rows:
        raise NotFoundError
    return rows[0]


def moves_of_task(session: Session, task_id: UUID) -> Sequence[NationalTaskMove]:
    """What was moved between the parts of a task, the last first."""
    return session.scalars(
        sa.select(NationalTaskMove)
        .join(NationalTaskPart, NationalTaskPart.id == NationalTaskMove.from_part_id)
        .where(NationalTaskPart.task_id == task_id)
        .order_by(NationalTaskMove.moved_at.desc(), NationalTaskMove.id)
    ).all()


def samples_of_line(session: Session, line_id: UUID) -> Mapping[SampleState, int]:
    """How many samples of a line are in each state."""
    return _samples(session, [line_id])[line_id]


def _assigned() -> sa.ScalarSelect[int]:
    return (
        sa.select(sa.func.coalesce(sa.func.sum(NationalTaskPart.batches), 0))
        .where(NationalTaskPart.task_id == NationalTask.id)
        .correlate(NationalTask)
        .scalar_subquery()
    )


def _task_rows(session: Session, tasks: Sequence[NationalTask]) -> list[TaskRow]:
    """Tasks with what stands around them, in a handful of statements whatever their number."""
    parts: dict[UUID, list[NationalTaskPart]] = {task.id: [] for task in tasks}
    for part in session.scalars(
        sa.select(NationalTaskPart)
        .where(NationalTaskPart.task_id.in_(parts))
        .order_by(NationalTaskPart.assigned_at, NationalTaskPart.id)
    ):
        parts[part.task_id].append(part)
    samples = _samples(session, [part.plan_line_id for each in parts.values() for part in each])
    foods = _food_paths(session, {task.food_category_id for task in tasks})
    regions = {
        one.code: one
        for one in session.scalars(sa.select(Region).where(Region.code.in_({task.region_code for task in tasks})))
    }
    return [
        TaskRow(
            task,
            foods[task.food_category_id],
            regions.get(task.region_code or ""),
            progress_of(
                task.batches,
                sum(part.batches for part in parts[task.id]),
                _added(samples[part.plan_line_id] for part in parts[task.id]),
            ),
        )
        for task in tasks
    ]


def _part_rows(session: Session, which: sa.ColumnElement[bool]) -> list[PartRow]:
    sampling, lab = aliased(Organisation), aliased(Organisation)
    rows = session.execute(
        sa.select(NationalTaskPart, NationalTask, PlanLine, SamplingPlan, PlanCategory, sampling, lab)
        .join(NationalTask, NationalTask.id == NationalTaskPart.task_id)
        .join(PlanLine, PlanLine.id == NationalTaskPart.plan_line_id)
        .join(SamplingPlan, SamplingPlan.id == PlanLine.plan_id)
        .join(
            PlanCategory,
            sa.and_(PlanCategory.plan_id == PlanLine.plan_id, PlanCategory.category_id == PlanLine.category_id),
        )
        .join(sampling, sampling.id == PlanCategory.sampling_organisation_id)
        .join(lab, lab.id == PlanCategory.lab_id)
        .where(which)
        .order_by(NationalTaskPart.assigned_at, NationalTaskPart.id)
    ).all()
    lines = [line.id for _part, _task, line, *_rest in rows]
    samples = _samples(session, lines)
    to_come = Counter(
        session.scalars(
            sa.select(SamplingTask.plan_line_id).where(
                SamplingTask.plan_line_id.in_(lines), SamplingTask.state == TaskState.ISSUED
            )
        )
    )
    return [
        PartRow(
            part,
            task,
            line,
            plan,
            category,
            samples_it,
            tests_it,
            progress_of(part.batches, part.batches, samples[line.id]),
            to_come[line.id],
        )
        for part, task, line, plan, category, samples_it, tests_it in rows
    ]


def _samples(session: Session, line_ids: Collection[UUID]) -> dict[UUID, Counter[SampleState]]:
    counted: dict[UUID, Counter[SampleState]] = {line_id: Counter() for line_id in line_ids}
    for line_id, state, number in session.execute(
        sa.select(Sample.plan_line_id, Sample.state, sa.func.count())
        .where(Sample.plan_line_id.in_(line_ids))
        .group_by(Sample.plan_line_id, Sample.state)
    ):
        if line_id is not None:
            counted[line_id][state] = number
    return counted


def _added(counters: Iterable[Counter[SampleState]]) -> Counter[SampleState]:
    return sum(counters, Counter())


def _food_paths(session: Session, food_ids: Collection[UUID]) -> dict[UUID, tuple[FoodCategory, ...]]:
    """Each food with its ancestors, the major category first."""
    found = {one.id: one for one in session.scalars(sa.select(FoodCategory).where(FoodCategory.id.in_(food_ids)))}
    wanted = {(one.tree_version, code) for one in found.values() for code in one.path.split("/")}
    above = {
        (one.tree_version, one.code): one
        for one in session.scalars(
            sa.select(FoodCategory).where(sa.tuple_(FoodCategory.tree_version, FoodCategory.code).in_(wanted))
        )
    }
    return {
        food_id: tuple(above[(one.tree_version, code)] for code in one.path.split("/"))
        for food_id, one in found.items()
    }
