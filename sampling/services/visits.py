"""Visits that nobody drew: a complaint or an emergency sends a team at once, within the year's standing plan."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import select

from lims.auth.permissions import Role
from lims.catalog.models import FoodCategory
from lims.catalog.queries import ancestors
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.people.queries import colleagues, employments_of_persons
from lims.uow import UnitOfWork
from sampling.events import TaskIssued
from sampling.models import Business, PlanCategory, PlanLine, SamplingPlan, SamplingTask
from sampling.services.authorisation import require_may_act
from sampling.services.businesses import handled_business
from sampling.services.draws import task_number
from sampling.services.plans import lock_plan
from sampling.services.separation import claim_job
from sampling.types import STAGE_OF, DutyRole, PlanState, TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitInput:
    """Where to, for what, who goes, and when."""

    business_id: UUID
    food_category_id: UUID
    first_sampler_id: UUID
    second_sampler_id: UUID
    accompanying_officer_id: UUID
    planned_on: date


def issue_visit(uow: UnitOfWork, plan_id: UUID, visit: VisitInput) -> SamplingTask:
    """Send a team without a draw (Measures Art. 8: sampling outside the plan).

    Raises:
        NotFoundError: no such plan, business or food.
        ConflictError: not the approved standing plan, the business has closed, or the three are not three persons.
        InvalidInputError: a food whose major category is not in the plan, a day that has passed, or somebody who is not
            employed for this.
        SeparationRefusedError: a sampler stands on the testing side of this plan.
        NotAuthorisedError: one of the three is not authorised for this category today.

    Emits: TaskIssued.
    """
    plan = lock_plan(uow, plan_id)
    if plan.state is not PlanState.APPROVED or not plan.is_standing:
        raise ConflictError(_l("Only the approved standing plan takes visits that were not drawn."))
    business = handled_business(uow, visit.business_id)
    if business.closed_on is not None:
        raise ConflictError(_l("%(name)s is closed already.", name=business.name))
    today = local_date(uow.now)
    if visit.planned_on < today:
        raise InvalidInputError(
            _l(
                "The date is %(day)s, expected %(today)s or later.",
                day=visit.planned_on.isoformat(),
                today=today.isoformat(),
            ),
            field="planned_on",
        )
    way = ancestors(uow.session, visit.food_category_id)
    category = uow.session.get(PlanCategory, (plan_id, way[0].id))
    if category is None or category.sampling_organisation_id is None or category.lab_id is None:
        raise InvalidInputError(
            _l("%(code)s: say first who samples and tests category %(major)s.", code=way[-1].code, major=way[0].code),
            field="food_category_id",
        )
    _claim_team(uow, plan, category, visit)
    line = _line_of(uow, category, way[-1], business)
    task = SamplingTask(
        id=uuid4(),
        task_no=task_number(uow),
        plan_id=plan_id,
        category_id=category.category_id,
        mode=category.mode,
        plan_line_id=line.id,
        business_id=business.id,
        food_category_id=visit.food_category_id,
        stage=STAGE_OF[business.place_kind],
        sampling_organisation_id=category.sampling_organisation_id,
        lab_id=category.lab_id,
        first_sampler_id=visit.first_sampler_id,
        second_sampler_id=visit.second_sampler_id,
        accompanying_officer_id=visit.accompanying_officer_id,
        planned_on=visit.planned_on,
        state=TaskState.ISSUED,
        issued_at=uow.now,
    )
    uow.session.add(task)
    uow.emit(TaskIssued(task_id=task.id, plan_id=plan_id))
    return task


def _claim_team(uow: UnitOfWork, plan: SamplingPlan, category: PlanCategory, visit: VisitInput) -> None:
    """Put both samplers on the sampling side, always in one order."""
    today = local_date(uow.now)
    samplers = {visit.first_sampler_id, visit.second_sampler_id}
    assert category.sampling_organisation_id is not None  # noqa: S101 - the caller looked
    employed = {
        one.person_id for one in colleagues(uow.session, category.sampling_organisation_id, today, Role.SAMPLER)
    }
    if not samplers <= employed:
        raise InvalidInputError(
            _l("Both samplers are employed by who samples this category."), field="first_sampler_id"
        )
    officers = {
        one.person_id for one in colleagues(uow.session, plan.organisation_id, today, Role.ACCOMPANYING_OFFICER)
    }
    if visit.accompanying_officer_id not in officers:
        raise InvalidInputError(
            _l("The accompanying officer is one of the regulator."), field="accompanying_officer_id"
        )
    team = [(DutyRole.SAMPLER, one) for one in sorted(samplers)]
    require_may_act(uow, category.category_id, [*team, (DutyRole.ACCOMPANYING_OFFICER, visit.accompanying_officer_id)])
    facts = employments_of_persons(uow.session, samplers, today)
    for person_id in sorted(samplers):
        claim_job(uow, category, DutyRole.SAMPLER, facts[person_id])


def _line_of(uow: UnitOfWork, category: PlanCategory, food: FoodCategory, business: Business) -> PlanLine:
    """The line of this food and place, with one sample more."""
    stratum = f"{food.code}@{business.place_kind}"
    line = uow.session.scalar(select(PlanLine).where(PlanLine.plan_id == category.plan_id, PlanLine.stratum == stratum))
    if line is None:
        line = PlanLine(
            id=uuid4(),
            plan_id=category.plan_id,
            category_id=category.category_id,
            stratum=stratum,
            food_category_id=food.id,
            place_kind=business.place_kind,
            samples=0,
            parts={},
            figures={},
        )
        uow.session.add(line)
    line.samples += 1
    uow.session.flush()
    return line
