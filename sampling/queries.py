"""Reads of plans, tasks, samples and forms, always within what the actor may see (product.md §2a)."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.auth.permissions import BENCH_ROLES, Role
from lims.errors import NotFoundError
from sampling.models import Business, Sample, SamplingForm, SamplingPlan, SamplingTask
from sampling.types import SampleState, TaskState

PAGE = 50


def visible_samples(actor: Actor) -> sa.ColumnElement[bool]:
    """The condition under which a person may see form and number of a sample.

    The commissioning and the handling regulator, the organisation that samples it, and its laboratory's custodian. A
    bench role sees none, whatever other roles the person carries: the strictest view holds.
    """
    if actor.is_system:
        return sa.true()
    if actor.organisation_id is None or actor.roles & BENCH_ROLES:
        return sa.false()
    handled = sa.select(Business.id).where(Business.regulator_id == actor.organisation_id)
    parts = [
        Sample.regulator_id == actor.organisation_id,
        Sample.sampling_organisation_id == actor.organisation_id,
        Sample.business_id.in_(handled),
    ]
    if Role.CUSTODIAN in actor.roles:
        parts.append(Sample.lab_id == actor.organisation_id)
    return sa.or_(*parts)


def get_sample(session: Session, actor: Actor, sample_id: UUID) -> Sample:
    """One sample.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    sample = session.scalar(sa.select(Sample).where(Sample.id == sample_id, visible_samples(actor)))
    if sample is None:
        raise NotFoundError
    return sample


def find_sample_by_number(session: Session, actor: Actor, sampling_no: str) -> Sample | None:
    """The sample with this number, or None when there is none that the actor may see."""
    return session.scalar(sa.select(Sample).where(Sample.sampling_no == sampling_no, visible_samples(actor)))


def get_form(session: Session, actor: Actor, sample_id: UUID) -> SamplingForm:
    """The form of a sample.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    return session.get_one(SamplingForm, get_sample(session, actor, sample_id).id)


def list_samples(
    session: Session,
    actor: Actor,
    *,
    state: SampleState | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> Sequence[Sample]:
    """Samples the actor may see, the newest first.

    Args:
        session: to read with.
        actor: who looks.
        state: only these.
        after: instant of issue and id of the last sample of the page before.
        limit: how many.
    """
    query = sa.select(Sample).where(visible_samples(actor))
    if state is not None:
        query = query.where(Sample.state == state)
    if after is not None:
        query = query.where(sa.tuple_(Sample.issued_at, Sample.id) < sa.tuple_(*(sa.literal(part) for part in after)))
    return session.scalars(query.order_by(Sample.issued_at.desc(), Sample.id.desc()).limit(limit)).all()


def get_plan(session: Session, actor: Actor, plan_id: UUID) -> SamplingPlan:
    """One plan of the actor's organisation.

    Raises:
        NotFoundError: there is none.
    """
    plan = session.get(SamplingPlan, plan_id)
    if plan is None or plan.organisation_id != actor.organisation_id:
        raise NotFoundError
    return plan


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


def list_stops(session: Session, person_id: UUID, until: date) -> Sequence[SamplingTask]:
    """The open visits of a sampler up to a day, in the order of the days."""
    return session.scalars(
        sa.select(SamplingTask)
        .where(
            SamplingTask.state == TaskState.ISSUED,
            SamplingTask.planned_on <= until,
            sa.or_(SamplingTask.first_sampler_id == person_id, SamplingTask.second_sampler_id == person_id),
        )
        .order_by(SamplingTask.planned_on, SamplingTask.task_no)
    ).all()
