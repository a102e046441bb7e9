"""Dividing a task among organisations, and moving batches that have not begun: through the plans' own services only.

A part stands in a plan of the organisations that do it, as a line of its own. So its separation mode, duties, approval
by a second person, draw and visits are those of any plan.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

from sqlalchemy import func, select

from lims.catalog.queries import ancestors
from lims.clock import local_date
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.people.queries import get_organisation
from lims.uow import UnitOfWork
from sampling.models import PlanCategory, PlanLine, SamplingPlan
from sampling.national_tasks import queries
from sampling.national_tasks.events import NationalBatchesMoved, NationalTaskDivided
from sampling.national_tasks.models import NationalTask, NationalTaskMove, NationalTaskPart
from sampling.national_tasks.rules import check_division, check_move, check_sides, progress_of, visits_to_withdraw
from sampling.national_tasks.types import PartInput, Sides
from sampling.services.given_lines import GivenLine, lock_visits_to_come, lower_line, put_line, withdraw_visits
from sampling.services.plans import OPEN_STATES, PlanInput, create_plan, lock_plan, set_category
from sampling.types import STAGE_OF, PlanKind
from sampling.words import official


def divide_task(uow: UnitOfWork, task_id: UUID, parts: Sequence[PartInput]) -> list[NationalTaskPart]:
    """Give batches of a task to organisations; each part goes into their open plan of the same filing, or a new one.

    Parts for the same organisations and kind of place are one. What is not divided stays unassigned.

    Raises:
        NotFoundError: no such task or organisation.
        InvalidInputError: more than is left to assign, a place of another stage, one group on both sides, or
            organisations that do not fit the mode.

    Emits: NationalTaskDivided.
    """
    task = _lock_task(uow, task_id)
    held = queries.parts_of_task(uow.session, task_id)
    check_division(task.batches - sum(row.part.batches for row in held), [part.batches for part in parts])
    _check_sides(uow, held, parts)
    made = [_place(uow, task, part) for part in parts]
    plans = [uow.session.get_one(PlanLine, part.plan_line_id).plan_id for part in made]
    uow.emit(NationalTaskDivided(task_id=task_id, plan_ids=tuple(plans), batches=tuple(part.batches for part in parts)))
    return made


def move_batches(
    uow: UnitOfWork, part_id: UUID, batches: int, reason: str, to: PartInput | None = None
) -> NationalTaskMove:
    """Take batches that have not begun from a part: to other organisations, or back to what is not assigned.

    What has begun stays: a batch with a sample that was taken and not lost. Visits to come for which no batch is left
    are taken back, the latest first. Locks the task, the plan and its visits to come.

    Args:
        uow: the transaction.
        part_id: from which part.
        batches: how many.
        reason: why.
        to: who does them from now on (its own count is not looked at); None: nobody yet.

    Raises:
        NotFoundError: no such part of a task of the actor's organisation.
        ConflictError: more than has not begun.
        InvalidInputError: no reason, less than 1, the same part again, or as `divide_task`.

    Emits: NationalBatchesMoved.
    """
    why = read_reason(reason)
    part = uow.session.get(NationalTaskPart, part_id)
    if part is None:
        raise NotFoundError
    task = _lock_task(uow, part.task_id)
    uow.session.refresh(part)
    line = uow.session.get_one(PlanLine, part.plan_line_id)
    lock_plan(uow, line.plan_id)
    visits = lock_visits_to_come(uow, line.id)
    begun = progress_of(part.batches, part.batches, queries.samples_of_line(uow.session, line.id)).sampled
    check_move(part.batches, begun, batches)
    surplus = visits[: visits_to_withdraw(part.batches, begun, len(visits), batches)]
    withdraw_visits(uow, surplus, why)
    lower_line(uow, line, batches)
    part.batches -= batches
    uow.session.flush()
    target = None
    if to is not None:
        wanted = replace(to, batches=batches)
        _check_sides(uow, [one for one in queries.parts_of_task(uow.session, task.id) if one.part.batches], [wanted])
        target = _place(uow, task, wanted)
        if target.id == part.id:
            raise InvalidInputError(
                _l("The batches stand with these organisations already; choose others."),
                field="sampling_organisation_id",
            )
    moved = NationalTaskMove(
        id=uuid4(),
        from_part_id=part.id,
        to_part_id=target.id if target else None,
        batches=batches,
        reason=why,
        moved_by_id=uow.actor.require_person(),
        moved_at=uow.now,
    )
    uow.session.add(moved)
    uow.emit(
        NationalBatchesMoved(
            task_id=task.id,
            from_plan_id=line.plan_id,
            to_plan_id=uow.session.get_one(PlanLine, target.plan_line_id).plan_id if target else None,
            batches=batches,
            withdrawn_visits=len(surplus),
        )
    )
    return moved


def _lock_task(uow: UnitOfWork, task_id: UUID) -> NationalTask:
    task = uow.session.get(NationalTask, task_id, with_for_update=True)
    if task is None or task.regulator_id != uow.actor.organisation_id:
        raise NotFoundError
    return task


def _check_sides(uow: UnitOfWork, held: Sequence[queries.PartRow], parts: Sequence[PartInput]) -> None:
    """All parts of a task together, those that stand and those that are wanted."""
    check_sides(
        [
            Sides(row.category.mode, row.sampling_organisation.party_id, row.lab.party_id)
            for row in held
            if row.part.batches
        ]
        + [
            Sides(
                part.mode,
                get_organisation(uow.session, part.sampling_organisation_id).party_id,
                get_organisation(uow.session, part.lab_id).party_id,
            )
            for part in parts
        ]
    )


def _place(uow: UnitOfWork, task: NationalTask, part: PartInput) -> NationalTaskPart:
    """Put a part into a plan: into the line that stands there for this task and place, or into a new one."""
    if STAGE_OF[part.place_kind] is not task.stage:
        raise InvalidInputError(
            _l(
                "%(place)s is no place of the stage %(stage)s that the task names.",
                place=official(part.place_kind),
                stage=official(task.stage),
            ),
            field="place_kind",
        )
    major_id = ancestors(uow.session, task.food_category_id)[0].id
    plan_id = _plan_for(uow, task, part)
    if uow.session.get(PlanCategory, (plan_id, major_id)) is None:
        set_category(
            uow,
            plan_id,
            major_id,
            part.mode,
            sampling_organisation_id=part.sampling_organisation_id,
            lab_id=part.lab_id,
        )
    line = put_line(
        uow,
        plan_id,
        GivenLine(
            food_category_id=task.food_category_id,
            place_kind=part.place_kind,
            samples=part.batches,
            reference=task.reference,
            task_source=task.task_source,
            report_class_a=task.report_class_a,
            report_class_b=task.report_class_b,
            region_code=task.region_code,
        ),
    )
    standing = uow.session.scalar(select(NationalTaskPart).where(NationalTaskPart.plan_line_id == line.id))
    if standing is None:
        standing = NationalTaskPart(
            id=uuid4(),
            task_id=task.id,
            plan_line_id=line.id,
            batches=0,
            assigned_by_id=uow.actor.require_person(),
            assigned_at=uow.now,
        )
        uow.session.add(standing)
    standing.batches += part.batches
    uow.session.flush()
    return standing


def _plan_for(uow: UnitOfWork, task: NationalTask, part: PartInput) -> UUID:
    """The open plan of these organisations under the filing of the task; a new one where there is none."""
    filed = (
        SamplingPlan.organisation_id == task.regulator_id,
        SamplingPlan.task_category == task.task_category,
        SamplingPlan.report_class_a == task.report_class_a,
        SamplingPlan.report_class_b == task.report_class_b,
        SamplingPlan.id.in_(
            select(PlanLine.plan_id)
            .join(NationalTaskPart, NationalTaskPart.plan_line_id == PlanLine.id)
            .where(PlanLine.task_source == task.task_source)
        ),
    )
    others = select(PlanCategory.plan_id).where(
        (PlanCategory.mode != part.mode)
        | (PlanCategory.sampling_organisation_id != part.sampling_organisation_id)
        | (PlanCategory.lab_id != part.lab_id)
    )
    theirs = (*filed, SamplingPlan.id.not_in(others))
    found = uow.session.scalar(
        select(SamplingPlan.id)
        .where(*theirs, SamplingPlan.state.in_(OPEN_STATES))
        .order_by(SamplingPlan.created_at, SamplingPlan.id)
        .limit(1)
    )
    if found is not None:
        if lock_plan(uow, found).state not in OPEN_STATES:
            raise ConflictError(_l("The plan these batches belong to was approved at this very moment. Try again."))
        return found
    earlier = uow.session.scalar(select(func.count()).select_from(SamplingPlan).where(*theirs)) or 0
    sampling = get_organisation(uow.session, part.sampling_organisation_id)
    lab = get_organisation(uow.session, part.lab_id)
    turn = f"·{earlier + 1}" if earlier else ""
    return create_plan(
        uow,
        PlanInput(
            title_zh=f"{task.report_class_b}（{sampling.name_zh}→{lab.name_zh}{turn}）",
            title_en=f"{task.report_class_b} ({sampling.name_en} → {lab.name_en}{turn})",
            year=(task.due_on or local_date(uow.now)).year,
            kind=PlanKind.ROUTINE,
            task_category=task.task_category,
            report_class_a=task.report_class_a,
            report_class_b=task.report_class_b,
        ),
    ).id
