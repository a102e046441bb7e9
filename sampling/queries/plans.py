"""Reads of plans: what they say, how far they have come, and who is free to take part."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from citizen_votes.queries import offered_strata
from lims.actors import Actor
from lims.catalog.models import FoodCategory
from lims.errors import NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.people.models import Organisation
from sampling.models import PlanCategory, PlanLine, RandomDraw, SamplingPlan, SamplingTask
from sampling.types import PlanState, TaskState

PAGE = 50


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far a plan, a category or a line has come."""

    planned: int
    sampled: int
    to_come: int
    without_sample: int


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A line of the list of plans."""

    plan: SamplingPlan
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A major category of a plan with who does what in it."""

    category: FoodCategory
    row: PlanCategory
    sampling_organisation: Organisation | None
    lab: Organisation | None
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class LineRow:
    """A stratum of a plan with its food and how far it has come."""

    line: PlanLine
    food: FoodCategory
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Filing:
    """What the forms say of whose task a sample is (任务来源) and how it is filed (报送分类 A and B)."""

    task_source: str
    report_class_a: str
    report_class_b: str


def filing_of(session: Session, plan: SamplingPlan, plan_line_id: UUID | None) -> Filing:
    """As the line says where another system gave it; else the plan's classes and the regulator that made the plan."""
    line = session.get(PlanLine, plan_line_id) if plan_line_id else None
    if line is not None and line.task_source is not None:
        return Filing(line.task_source, line.report_class_a or "", line.report_class_b or "")
    regulator = session.get_one(Organisation, plan.organisation_id)
    return Filing(regulator.name_zh, plan.report_class_a, plan.report_class_b)


def get_plan(session: Session, actor: Actor, plan_id: UUID) -> SamplingPlan:
    """One plan of the actor's organisation.

    Raises:
        NotFoundError: there is none.
    """
    plan = session.get(SamplingPlan, plan_id)
    if plan is None or plan.organisation_id != actor.organisation_id:
        raise NotFoundError
    return plan


def list_plans(
    session: Session, actor: Actor, *, after: tuple[Any, ...] | None = None, limit: int = PAGE
) -> Sequence[PlanRow]:
    """Plans of the actor's organisation, the newest first, each with its coverage."""
    query = sa.select(SamplingPlan).where(SamplingPlan.organisation_id == actor.organisation_id)
    if after is not None:
        query = query.where(sa.tuple_(SamplingPlan.created_at, SamplingPlan.id) < sa.tuple_(*map(sa.literal, after)))
    plans = session.scalars(query.order_by(SamplingPlan.created_at.desc(), SamplingPlan.id.desc()).limit(limit)).all()
    lines = _coverage_of_lines(session, [plan.id for plan in plans])
    rows = []
    for plan in plans:
        own = [coverage for line, coverage in lines if line.plan_id == plan.id]
        rows.append(PlanRow(plan, add_up(own)))
    return rows


def list_categories(session: Session, actor: Actor, plan_id: UUID) -> Sequence[CategoryRow]:
    """The major categories of a plan in the order of the rule book.

    Raises:
        NotFoundError: there is no such plan.
    """
    get_plan(session, actor, plan_id)
    sampling, lab = aliased(Organisation), aliased(Organisation)
    rows = session.execute(
        sa.select(PlanCategory, FoodCategory, sampling, lab)
        .join(FoodCategory, FoodCategory.id == PlanCategory.category_id)
        .outerjoin(sampling, sampling.id == PlanCategory.sampling_organisation_id)
        .outerjoin(lab, lab.id == PlanCategory.lab_id)
        .where(PlanCategory.plan_id == plan_id)
        .order_by(FoodCategory.position, FoodCategory.id)
    ).all()
    lines = _coverage_of_lines(session, [plan_id])
    return [
        CategoryRow(
            category,
            row,
            samples_it,
            tests_it,
            add_up(coverage for line, coverage in lines if line.category_id == category.id),
        )
        for row, category, samples_it, tests_it in rows
    ]


def list_lines(session: Session, actor: Actor, plan_id: UUID) -> Sequence[LineRow]:
    """The strata of a plan by food and place, those that fell away left out.

    Raises:
        NotFoundError: there is no such plan.
    """
    get_plan(session, actor, plan_id)
    covered = _coverage_of_lines(session, [plan_id])
    foods = {
        food.id: food
        for food in session.scalars(
            sa.select(FoodCategory).where(FoodCategory.id.in_({line.food_category_id for line, _covered in covered}))
        )
    }
    rows = [LineRow(line, foods[line.food_category_id], coverage) for line, coverage in covered if line.samples]
    return sorted(rows, key=lambda row: (row.food.position, row.line.stratum))


def visits_to_come(session: Session, draw_id: UUID) -> int:
    """How many visits of a draw are still to be made."""
    waiting = sa.select(sa.func.count()).where(SamplingTask.draw_id == draw_id, SamplingTask.state == TaskState.ISSUED)
    return session.scalar(waiting) or 0


def get_draw(session: Session, actor: Actor, plan_id: UUID) -> RandomDraw | None:
    """The draw of a plan, if it was held.

    Raises:
        NotFoundError: there is no such plan.
    """
    get_plan(session, actor, plan_id)
    return session.scalar(
        sa.select(RandomDraw).where(RandomDraw.plan_id == plan_id).order_by(RandomDraw.drawn_at, RandomDraw.id).limit(1)
    )


def get_standing_plan(session: Session, actor: Actor, year: int) -> SamplingPlan | None:
    """The approved standing plan of the actor's organisation for a year."""
    return session.scalar(
        sa.select(SamplingPlan).where(
            SamplingPlan.organisation_id == actor.organisation_id,
            SamplingPlan.year == year,
            SamplingPlan.is_standing,
            SamplingPlan.state == PlanState.APPROVED,
        )
    )


def get_published_draw(session: Session, draw_id: UUID) -> RandomDraw:
    """A draw whose record is open to everybody.

    Raises:
        NotFoundError: there is none, or its record is still sealed.
    """
    draw = session.get(RandomDraw, draw_id)
    if draw is None or draw.published_at is None:
        raise NotFoundError(_l("The record of this draw is sealed until all its visits are over."))
    return draw


def add_up(parts: Iterable[Coverage]) -> Coverage:
    """The coverage of several lines together."""
    listed = list(parts)
    return Coverage(
        sum(one.planned for one in listed),
        sum(one.sampled for one in listed),
        sum(one.to_come for one in listed),
        sum(one.without_sample for one in listed),
    )


def _coverage_of_lines(session: Session, plan_ids: Sequence[UUID]) -> list[tuple[PlanLine, Coverage]]:
    """Every line of these plans with its coverage, in two statements whatever their number."""
    counted = session.execute(
        sa.select(SamplingTask.plan_line_id, SamplingTask.state, sa.func.count())
        .where(SamplingTask.plan_id.in_(plan_ids))
        .group_by(SamplingTask.plan_line_id, SamplingTask.state)
    )
    visits: dict[tuple[UUID, TaskState], int] = {(line_id, state): count for line_id, state, count in counted}
    lines = session.scalars(
        sa.select(PlanLine).where(PlanLine.plan_id.in_(plan_ids)).order_by(PlanLine.plan_id, PlanLine.stratum)
    )
    return [
        (
            line,
            Coverage(
                line.samples,
                visits.get((line.id, TaskState.SAMPLED), 0),
                visits.get((line.id, TaskState.ISSUED), 0),
                visits.get((line.id, TaskState.NOT_SAMPLED), 0),
            ),
        )
        for line in lines
    ]


def offered_lines(session: Session, actor: Actor, plan_id: UUID) -> list[dict[str, Any]]:
    """What the plan's round offered the public, as lines to begin with.

    Raises:
        NotFoundError: there is no such plan.
    """
    plan = get_plan(session, actor, plan_id)
    if plan.pick_round_id is None:
        return []
    strata = (stratum.split("@") for stratum in offered_strata(session, plan.pick_round_id))
    return [{"food": food, "place_kind": place} for food, place in strata]
