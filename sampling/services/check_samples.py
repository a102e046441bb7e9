"""Samples that check the laboratory itself (盲样考核): made by its quality office, like any other to the bench."""

from uuid import UUID, uuid4

from sqlalchemy import func, select

from lims.catalog.queries import ancestors, current_tree_version
from lims.clock import local_date
from lims.numbering import take_number
from lims.people.queries import get_organisation
from lims.uow import UnitOfWork
from sampling.models import PlanCategory, Sample, SamplingPlan
from sampling.services.forms import institution_code
from sampling.services.samples import move_sample
from sampling.services.separation import claim_act, sample_tuple
from sampling.types import (
    DutyRole,
    PlanKind,
    PlanState,
    SampleEvent,
    SamplePurpose,
    SampleState,
    SeparationMode,
    TaskCategory,
)

PREFIX = "QC"
SERIES = "check_no"


def prepare_check_sample(uow: UnitOfWork, purpose: SamplePurpose, food_category_id: UUID) -> Sample:
    """Make a sample by which the actor's laboratory is checked, ready to be coded.

    It belongs to a plan of the laboratory's own, one a year, in the internal mode: whoever prepares it stands on its
    sampling side and can never test it. The sample is `recoded` at once, for it is coded by the same hand.

    Args:
        uow: the transaction of a quality manager.
        purpose: `known` or `split`.
        food_category_id: what it is given out as.

    Raises:
        NotFoundError: no such food category.
        ForbiddenError: the actor is no quality manager.
        SeparationRefusedError: as for any act.

    Emits: SampleMoved.
    """
    lab_id = uow.actor.require_organisation()
    major = ancestors(uow.session, food_category_id)[0]
    plan = _plan_of_year(uow, lab_id)
    if uow.session.get(PlanCategory, (plan.id, major.id)) is None:
        uow.session.add(
            PlanCategory(
                plan_id=plan.id,
                category_id=major.id,
                mode=SeparationMode.INTERNAL,
                sampling_organisation_id=lab_id,
                lab_id=lab_id,
            )
        )
        uow.session.flush()
    scope = f"{PREFIX}{local_date(uow.now):%y}{institution_code(uow, lab_id)}"
    sample = Sample(
        id=uuid4(),
        sampling_no=f"{scope}{take_number(uow, SERIES, scope):05d}",
        plan_id=plan.id,
        category_id=major.id,
        mode=SeparationMode.INTERNAL,
        purpose=purpose,
        food_category_id=food_category_id,
        regulator_id=lab_id,
        sampling_organisation_id=lab_id,
        lab_id=lab_id,
        state=SampleState.ISSUED,
        state_changed_at=uow.now,
        issued_at=uow.now,
        sampled_at=uow.now,
    )
    uow.session.add(sample)
    uow.session.flush()
    claim_act(uow, sample_tuple(sample), DutyRole.RECODER)
    move_sample(uow, sample, SampleEvent.PREPARED)
    return sample


def _plan_of_year(uow: UnitOfWork, lab_id: UUID) -> SamplingPlan:
    """The laboratory's own plan of this year; the first check of a year makes it."""
    year = local_date(uow.now).year
    wanted = select(SamplingPlan).where(
        SamplingPlan.organisation_id == lab_id,
        SamplingPlan.year == year,
        SamplingPlan.kind == PlanKind.QUALITY_CHECK,
    )
    # Two first checks of a year at one instant: the second waits here and finds the plan of the first, and of two first
    # checks of one category the second finds the category.
    uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"check_samples:{lab_id}"))))
    plan = uow.session.scalar(wanted)
    if plan is not None:
        return plan
    lab = get_organisation(uow.session, lab_id)
    plan = SamplingPlan(
        id=uuid4(),
        organisation_id=lab_id,
        title_zh=f"{year}年{lab.name_zh}质量考核",
        title_en=f"Checks of {lab.name_en} {year}",
        year=year,
        kind=PlanKind.QUALITY_CHECK,
        task_category=TaskCategory.EVALUATIVE,
        report_class_a="",
        report_class_b="",
        priority_reasons=[],
        state=PlanState.APPROVED,
        is_standing=False,
        tree_version=current_tree_version(uow.session),
        budget=None,
        shares={},
        inputs={},
        created_by_id=uow.actor.require_person(),
        created_at=uow.now,
        approved_by_id=uow.actor.require_person(),
        approved_at=uow.now,
    )
    uow.session.add(plan)
    uow.session.flush()
    return plan
