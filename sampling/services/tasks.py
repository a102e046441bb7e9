"""A visit that brings no sample, the reserve that takes its place, and a visit that is taken back."""

from uuid import UUID, uuid4

from sqlalchemy import select

from lims.decisions import read_reason
from lims.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from sampling.events import TaskEndedWithoutSample, TaskIssued
from sampling.models import PlanLine, RandomDraw, SamplingTask
from sampling.services.draws import record_of, task_number
from sampling.services.forms import get_task_of_team
from sampling.services.plans import lock_plan
from sampling.types import NoSampleReason, TaskState


def end_task_without_sample(
    uow: UnitOfWork, task_id: UUID, reason: NoSampleReason, note: str | None = None
) -> SamplingTask | None:
    """End a visit that brought no sample; the next reserve of its stratum becomes a task of the same team and day.

    Returns:
        The task that takes its place; None when the reserve is used up or the task was not drawn.

    Raises:
        NotFoundError: no such task for the organisation of the actor.
        ForbiddenError: the actor is not one of the two samplers.
        ConflictError: the task has ended.
        InvalidInputError: a refusal without words on how it came about.

    Emits: TaskEndedWithoutSample, TaskIssued.
    """
    task = get_task_of_team(uow, task_id)
    if uow.actor.person_id not in {task.first_sampler_id, task.second_sampler_id}:
        raise ForbiddenError(_l("Only the two samplers of this task can end it."))
    if reason is NoSampleReason.REFUSED and not (note and note.strip()):
        raise InvalidInputError(_l("Say how the business refused; its regulator is told."), field="note")
    task.state, task.no_sample_reason, task.note, task.ended_at = TaskState.NOT_SAMPLED, reason, note, uow.now
    uow.emit(TaskEndedWithoutSample(task_id=task.id, plan_id=task.plan_id, reason=reason))
    return _send_to_reserve(uow, task)


def withdraw_task(uow: UnitOfWork, task_id: UUID, reason: str) -> SamplingTask:
    """Take a visit back before it was made; no reserve takes its place.

    Raises:
        NotFoundError: no such task of a plan of the actor's organisation.
        ConflictError: the task has ended.
        InvalidInputError: no reason.
    """
    why = read_reason(reason)
    task = uow.session.get(SamplingTask, task_id, with_for_update=True)
    if task is None:
        raise NotFoundError
    lock_plan(uow, task.plan_id)
    if task.state is not TaskState.ISSUED:
        raise ConflictError(_l("Task %(number)s has ended already.", number=task.task_no))
    task.state, task.note, task.ended_at = TaskState.WITHDRAWN, why, uow.now
    return task


def _send_to_reserve(uow: UnitOfWork, task: SamplingTask) -> SamplingTask | None:
    if task.draw_id is None:
        return None
    # Two visits of one line that end at one instant must not go to the same reserve.
    line = uow.session.get_one(PlanLine, task.plan_line_id, with_for_update=True)
    record = record_of(uow.session.get_one(RandomDraw, task.draw_id))
    drawn = next(stratum for stratum in record.draws if stratum.stratum == line.stratum)
    visited = set(uow.session.scalars(select(SamplingTask.business_id).where(SamplingTask.plan_line_id == line.id)))
    for rank, business in enumerate(drawn.reserve, start=len(drawn.drawn) + 1):
        if UUID(business) in visited:
            continue
        replacement = SamplingTask(
            id=uuid4(),
            task_no=task_number(uow),
            plan_id=task.plan_id,
            category_id=task.category_id,
            mode=task.mode,
            plan_line_id=task.plan_line_id,
            draw_id=task.draw_id,
            rank=rank,
            business_id=UUID(business),
            food_category_id=task.food_category_id,
            stage=task.stage,
            sampling_organisation_id=task.sampling_organisation_id,
            lab_id=task.lab_id,
            first_sampler_id=task.first_sampler_id,
            second_sampler_id=task.second_sampler_id,
            accompanying_officer_id=task.accompanying_officer_id,
            planned_on=task.planned_on,
            state=TaskState.ISSUED,
            issued_at=uow.now,
            replaces_id=task.id,
        )
        uow.session.add(replacement)
        uow.emit(TaskIssued(task_id=replacement.id, plan_id=replacement.plan_id))
        return replacement
    return None
