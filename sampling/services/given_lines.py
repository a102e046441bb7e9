"""Lines whose number of samples another system gave: put into an open plan, and lowered when their batches move on.

The plan itself stays as any other: its computation, the second person's approval, draw, visits and duties.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from lims.catalog.queries import subtree_ids
from lims.uow import UnitOfWork
from sampling.models import PlanLine, SamplingTask
from sampling.queries import count_businesses
from sampling.rules.allocation import Part
from sampling.services.plans import OPEN_STATES, StratumInput, compute_plan, lock_plan
from sampling.services.tasks import withdraw_task
from sampling.types import PlaceKind, PlanState, TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenLine:
    """So many samples of a food at a kind of place, for one task of another system."""

    food_category_id: UUID
    place_kind: PlaceKind
    samples: int
    reference: str
    task_source: str
    report_class_a: str
    report_class_b: str
    region_code: str | None


def put_line(uow: UnitOfWork, plan_id: UUID, line: GivenLine) -> PlanLine:
    """Put a given line into an open plan, or raise the one that stands there for the same task, food and place.

    The plan's budget is what its given lines hold together, and each of them is computed as statutory.

    Raises:
        NotFoundError, ConflictError, InvalidInputError: as `compute_plan`.
    """
    held = _given_lines(uow, plan_id)
    before = {one.id for one in held}
    same = next((one for one in held if _is_for(one, line)), None)
    strata = [_stratum(uow, one, one.samples + (line.samples if one is same else 0)) for one in held]
    if same is None:
        population = _population(uow, line.food_category_id, line.place_kind)
        strata.append(
            StratumInput(
                line.food_category_id,
                line.place_kind,
                population,
                floor=line.samples,
                ceiling=line.samples,
                statutory=line.samples,
                reference=line.reference,
            )
        )
    _compute(uow, plan_id, strata)
    if same is not None:
        return same
    [made] = [
        one
        for one in uow.session.scalars(select(PlanLine).where(PlanLine.plan_id == plan_id, PlanLine.samples > 0))
        if one.id not in before
    ]
    made.task_source, made.region_code = line.task_source, line.region_code
    made.report_class_a, made.report_class_b = line.report_class_a, line.report_class_b
    uow.session.flush()
    return made


def lower_line(uow: UnitOfWork, line: PlanLine, samples: int) -> None:
    """Take samples off a given line: in an open plan by computing it again, later by what its approval left.

    Raises:
        NotFoundError, ConflictError, InvalidInputError: as `compute_plan`.
    """
    plan = lock_plan(uow, line.plan_id)
    if plan.state not in OPEN_STATES:
        line.samples -= samples
        line.parts = {Part.STATUTORY.value: line.samples}
        uow.session.flush()
        return
    left = [one for one in _given_lines(uow, plan.id) if one is not line or line.samples > samples]
    if left:
        strata = [_stratum(uow, one, one.samples - (samples if one is line else 0)) for one in left]
        if line not in left:
            line.samples, line.parts = 0, {}
            uow.session.flush()
        _compute(uow, plan.id, strata)
    else:
        line.samples, line.parts = 0, {}
        plan.state, plan.budget, plan.inputs, plan.inputs_sha256 = PlanState.DRAFT, None, {}, None
        uow.session.flush()


def lock_visits_to_come(uow: UnitOfWork, line_id: UUID) -> Sequence[SamplingTask]:
    """The visits of a line that are still to be made, the latest first, locked: no form is submitted meanwhile."""
    return uow.session.scalars(
        select(SamplingTask)
        .where(SamplingTask.plan_line_id == line_id, SamplingTask.state == TaskState.ISSUED)
        .order_by(SamplingTask.planned_on.desc(), SamplingTask.task_no.desc())
        .with_for_update()
    ).all()


def withdraw_visits(uow: UnitOfWork, visits: Sequence[SamplingTask], reason: str) -> None:
    """Take visits back, each as the planner would."""
    for visit in visits:
        withdraw_task(uow, visit.id, reason)


def _compute(uow: UnitOfWork, plan_id: UUID, strata: Sequence[StratumInput]) -> None:
    lock_plan(uow, plan_id).budget = sum(stratum.statutory for stratum in strata)
    compute_plan(uow, plan_id, strata)


def _given_lines(uow: UnitOfWork, plan_id: UUID) -> list[PlanLine]:
    found = select(PlanLine).where(PlanLine.plan_id == plan_id, PlanLine.task_source.is_not(None), PlanLine.samples > 0)
    return list(uow.session.scalars(found.order_by(PlanLine.stratum)))


def _is_for(one: PlanLine, line: GivenLine) -> bool:
    return (one.food_category_id, one.place_kind) == (line.food_category_id, line.place_kind) and (
        _reference(one) == line.reference
    )


def _reference(line: PlanLine) -> str:
    return line.stratum.partition("#")[2]


def _stratum(uow: UnitOfWork, line: PlanLine, samples: int) -> StratumInput:
    return StratumInput(
        line.food_category_id,
        line.place_kind,
        _population(uow, line.food_category_id, line.place_kind),
        floor=samples,
        ceiling=samples,
        statutory=samples,
        reference=_reference(line),
    )


def _population(uow: UnitOfWork, food_category_id: UUID, place_kind: PlaceKind) -> int:
    return count_businesses(uow.session, uow.actor, [(subtree_ids(uow.session, food_category_id), place_kind)])[0]
