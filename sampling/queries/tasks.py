"""Reads of tasks: the stops of a day, and the visits of a plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.catalog.models import FoodCategory
from lims.catalog.queries import subtree_ids
from lims.errors import NotFoundError
from lims.people.models import Organisation
from lims.people.queries import get_organisation, person_names
from sampling.models import Business, BusinessFood, Sample, SamplingPlan, SamplingTask
from sampling.types import TaskState

PAGE = 50


@dataclass(frozen=True, slots=True)
class Stop:
    """A visit in a list: where it goes and what is to be taken there."""

    task: SamplingTask
    business: Business
    food: FoodCategory


@dataclass(frozen=True, slots=True)
class PlanVisit:
    """A visit of a plan with the names of its team (both samplers, then the officer) and what came of it."""

    task: SamplingTask
    business: Business
    food: FoodCategory
    team: tuple[str, ...]
    sample_id: UUID | None
    sampling_no: str | None


@dataclass(frozen=True, slots=True)
class TaskSheet:
    """Everything a team needs at one stop.

    Attributes:
        foods: the fine categories that may be taken for it, those the business is known to sell first.
        team: names of both samplers and of the officer.
    """

    task: SamplingTask
    business: Business
    food: FoodCategory
    foods: tuple[FoodCategory, ...]
    plan: SamplingPlan
    regulator: Organisation
    sampling_organisation: Organisation
    lab: Organisation
    team: tuple[str, ...]
    sample_id: UUID | None


def get_task(session: Session, actor: Actor, task_id: UUID) -> SamplingTask:
    """One task of the organisation that samples it, or of the regulator whose plan it belongs to.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    planned = sa.select(SamplingPlan.id).where(SamplingPlan.organisation_id == actor.organisation_id)
    task = session.scalar(
        sa.select(SamplingTask).where(
            SamplingTask.id == task_id,
            sa.or_(
                SamplingTask.sampling_organisation_id == actor.organisation_id,
                SamplingTask.plan_id.in_(planned),
            ),
        )
    )
    if task is None:
        raise NotFoundError
    return task


def get_task_sheet(session: Session, actor: Actor, task_id: UUID) -> TaskSheet:
    """A task with everything that stands around it.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    task = get_task(session, actor, task_id)
    plan = session.get_one(SamplingPlan, task.plan_id)
    team = (task.first_sampler_id, task.second_sampler_id, task.accompanying_officer_id)
    names = person_names(session, team)
    return TaskSheet(
        task=task,
        business=session.get_one(Business, task.business_id),
        food=session.get_one(FoodCategory, task.food_category_id),
        foods=_foods_of(session, task),
        plan=plan,
        regulator=get_organisation(session, plan.organisation_id),
        sampling_organisation=get_organisation(session, task.sampling_organisation_id),
        lab=get_organisation(session, task.lab_id),
        team=tuple(names.get(person_id, "") for person_id in team),
        sample_id=session.scalar(sa.select(Sample.id).where(Sample.task_id == task.id)),
    )


def list_stops(session: Session, person_id: UUID, until: date) -> Sequence[Stop]:
    """The open visits of a sampler or an accompanying officer up to a day, in the order of the days."""
    rows = session.execute(
        _stops()
        .where(
            SamplingTask.state == TaskState.ISSUED,
            SamplingTask.planned_on <= until,
            _is_of(person_id),
        )
        .order_by(SamplingTask.planned_on, SamplingTask.task_no)
    )
    return [Stop(task, business, food) for task, business, food in rows]


def list_done(session: Session, person_id: UUID, day: date, limit: int = PAGE) -> Sequence[tuple[Stop, UUID | None]]:
    """The visits of a sampler that were planned for a day and have ended, each with its sample where there is one."""
    rows = session.execute(
        sa.select(SamplingTask, Business, FoodCategory, Sample.id)
        .join(Business, Business.id == SamplingTask.business_id)
        .join(FoodCategory, FoodCategory.id == SamplingTask.food_category_id)
        .outerjoin(Sample, Sample.task_id == SamplingTask.id)
        .where(SamplingTask.state != TaskState.ISSUED, SamplingTask.planned_on == day, _is_of(person_id))
        .order_by(SamplingTask.task_no)
        .limit(limit)
    )
    return [(Stop(task, business, food), sample_id) for task, business, food, sample_id in rows]


def list_visits(
    session: Session,
    actor: Actor,
    plan_id: UUID,
    *,
    state: TaskState | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> Sequence[PlanVisit]:
    """The visits of a plan of the actor's organisation by task number.

    Args:
        session: to read with.
        actor: who looks.
        plan_id: of which plan.
        state: only these.
        after: task number of the last one of the page before.
        limit: how many.
    """
    query = (
        sa.select(SamplingTask, Business, FoodCategory, Sample.id, Sample.sampling_no)
        .join(Business, Business.id == SamplingTask.business_id)
        .join(FoodCategory, FoodCategory.id == SamplingTask.food_category_id)
        .join(SamplingPlan, SamplingPlan.id == SamplingTask.plan_id)
        .outerjoin(Sample, Sample.task_id == SamplingTask.id)
        .where(SamplingTask.plan_id == plan_id, SamplingPlan.organisation_id == actor.organisation_id)
    )
    if state is not None:
        query = query.where(SamplingTask.state == state)
    if after is not None:
        query = query.where(SamplingTask.task_no > after)
    rows = session.execute(query.order_by(SamplingTask.task_no).limit(limit)).all()
    teams = {
        row[0].id: (row[0].first_sampler_id, row[0].second_sampler_id, row[0].accompanying_officer_id) for row in rows
    }
    names = person_names(session, {person_id for team in teams.values() for person_id in team})
    return [
        PlanVisit(task, business, food, tuple(names.get(one, "") for one in teams[task.id]), sample_id, sampling_no)
        for task, business, food, sample_id, sampling_no in rows
    ]


def _stops() -> sa.Select[SamplingTask, Business, FoodCategory]:
    return (
        sa.select(SamplingTask, Business, FoodCategory)
        .join(Business, Business.id == SamplingTask.business_id)
        .join(FoodCategory, FoodCategory.id == SamplingTask.food_category_id)
    )


def _is_of(person_id: UUID) -> sa.ColumnElement[bool]:
    team = (SamplingTask.first_sampler_id, SamplingTask.second_sampler_id, SamplingTask.accompanying_officer_id)
    return sa.or_(*(member == person_id for member in team))


def _foods_of(session: Session, task: SamplingTask) -> tuple[FoodCategory, ...]:
    sold = set(
        session.scalars(sa.select(BusinessFood.food_category_id).where(BusinessFood.business_id == task.business_id))
    )
    below = session.scalars(
        sa.select(FoodCategory)
        .where(FoodCategory.id.in_(subtree_ids(session, task.food_category_id)))
        .order_by(FoodCategory.position, FoodCategory.id)
    ).all()
    finest = [food for food in below if food.level == max(one.level for one in below)] or list(below)
    return tuple(sorted(finest, key=lambda food: (food.id not in sold, food.position)))
