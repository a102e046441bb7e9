"""Making a plan: who does what in which mode, how many samples of what, and a second person who approves it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from citizen_votes.queries import get_tally
from lims.actors import OrganisationKind
from lims.catalog.queries import ancestors, current_tree_version, get_category
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.people.queries import get_organisation
from lims.uow import UnitOfWork
from sampling.events import PlanApproved
from sampling.models import PlanCategory, PlanLine, SamplingPlan, SamplingTask
from sampling.rules.allocation import Shares, Stratum, allocate, digest_inputs
from sampling.types import PlaceKind, PlanKind, PlanState, SeparationMode, TaskCategory, TaskState

OPEN_STATES = frozenset({PlanState.DRAFT, PlanState.COMPUTED})
DEFAULT_SHARES = "neyman=.4,risk=.4,votes=.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInput:
    """What a planner says when a plan begins; `shares` as `neyman=.4,risk=.4,votes=.2`."""

    title_zh: str
    title_en: str
    year: int
    kind: PlanKind
    task_category: TaskCategory
    report_class_a: str
    report_class_b: str
    budget: int | None = None
    shares: str = DEFAULT_SHARES
    seed: str | None = None
    pick_round_id: UUID | None = None
    is_standing: bool = False
    priority_reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StratumInput:
    """A food at a kind of place, with the bounds and figures it enters the computation with."""

    food_category_id: UUID
    place_kind: PlaceKind
    population: int
    floor: int = 0
    ceiling: int | None = None
    statutory: int = 0
    tests: int = 0
    fails: int = 0
    reference: str = ""  # of the task of another system it stands for: a food and place may stand once for each


def create_plan(uow: UnitOfWork, plan: PlanInput) -> SamplingPlan:
    """Begin a plan of the actor's organisation.

    Raises:
        InvalidInputError: shares that cannot be read, a budget below 1, or the kind of a laboratory's own plan.
        NotFoundError: the pick round is not counted.
    """
    Shares.parse(plan.shares)
    if plan.kind is PlanKind.QUALITY_CHECK:
        raise InvalidInputError(_l("A plan of this kind is a laboratory's own and begins by itself."), field="kind")
    if plan.budget is not None and plan.budget < 1:
        raise InvalidInputError(_l("The budget is %(given)s, expected 1 or more.", given=plan.budget), field="budget")
    if plan.pick_round_id is not None:
        get_tally(uow.session, plan.pick_round_id)
    made = SamplingPlan(
        id=uuid4(),
        organisation_id=uow.actor.require_organisation(),
        title_zh=plan.title_zh,
        title_en=plan.title_en,
        year=plan.year,
        kind=plan.kind,
        task_category=plan.task_category,
        report_class_a=plan.report_class_a,
        report_class_b=plan.report_class_b,
        priority_reasons=list(plan.priority_reasons),
        state=PlanState.DRAFT,
        is_standing=plan.is_standing,
        tree_version=current_tree_version(uow.session),
        budget=plan.budget,
        shares={"text": plan.shares},
        seed=plan.seed,
        pick_round_id=plan.pick_round_id,
        inputs={},
        created_by_id=uow.actor.require_person(),
        created_at=uow.now,
    )
    uow.session.add(made)
    uow.session.flush()
    return made


def set_category(
    uow: UnitOfWork,
    plan_id: UUID,
    category_id: UUID,
    mode: SeparationMode,
    *,
    sampling_organisation_id: UUID,
    lab_id: UUID,
) -> PlanCategory:
    """Say for one major category in which mode it is separated, who samples it and who tests it.

    Raises:
        NotFoundError: no such plan, category or organisation.
        ConflictError: the plan is approved, or holds tasks that were given to these organisations.
        InvalidInputError: not a major category, or the organisations do not fit the mode.
    """
    plan = _open_plan(uow, plan_id)
    category = get_category(uow.session, category_id)
    if category.level != 1 or category.tree_version != plan.tree_version:
        raise InvalidInputError(
            _l("%(code)s is not a major category of this plan's tree.", code=category.code), field="category_id"
        )
    _check_parties(uow, mode, sampling_organisation_id, lab_id)
    row = uow.session.get(PlanCategory, (plan_id, category_id))
    if row is None:
        row = PlanCategory(plan_id=plan_id, category_id=category_id)
        uow.session.add(row)
    elif _carries_tasks(uow, row):
        raise ConflictError(
            _l("Tasks of the national system were given to these organisations; move their batches instead.")
        )
    row.mode, row.sampling_organisation_id, row.lab_id = mode, sampling_organisation_id, lab_id
    uow.session.flush()
    return row


def compute_plan(uow: UnitOfWork, plan_id: UUID, strata: Sequence[StratumInput]) -> Sequence[PlanLine]:
    """Divide the plan's budget among its strata and keep what the answer came from, with its digest.

    The votes are those of the plan's pick round. Computing again replaces the lines; one that fell away has 0 samples.

    Raises:
        NotFoundError: no such plan or food.
        ConflictError: the plan is approved, or a line that another system gave would fall away.
        InvalidInputError: the plan has no budget, no strata, or a food whose major category is not in the plan.
        InfeasiblePlanError: the bounds contradict each other or the budget.
    """
    plan = _open_plan(uow, plan_id)
    if plan.budget is None or not strata:
        raise InvalidInputError(_l("A plan needs a budget and at least one stratum."), field="budget")
    votes = _votes(uow, plan)
    majors = {row.category_id for row in categories_of(uow, plan_id)}
    described: dict[str, tuple[Stratum, StratumInput, UUID]] = {}
    for stratum in strata:
        way = ancestors(uow.session, stratum.food_category_id)
        major, food = way[0], way[-1]
        if major.id not in majors:
            raise InvalidInputError(
                _l("%(code)s: say first who samples and tests category %(major)s.", code=food.code, major=major.code),
                field="strata",
            )
        code = f"{food.code}@{stratum.place_kind}{'#' if stratum.reference else ''}{stratum.reference}"
        line = Stratum(
            code=code,
            population=stratum.population,
            floor=stratum.floor,
            ceiling=stratum.ceiling,
            statutory=stratum.statutory,
            votes=votes.get(code, 0),
            tests=stratum.tests,
            fails=stratum.fails,
            parent=way[-2].code if len(way) > 1 else food.code,
        )
        if code in described:
            raise InvalidInputError(_l("%(code)s stands in the plan twice.", code=code), field="strata")
        described[code] = (line, stratum, major.id)
    inputs = [line for line, _stratum, _major in described.values()]
    shares = Shares.parse(plan.shares["text"])
    standing = {line.stratum: line for line in uow.session.scalars(select(PlanLine).where(PlanLine.plan_id == plan_id))}
    for earlier in standing.values():
        if earlier.task_source is not None and earlier.samples and earlier.stratum not in described:
            raise ConflictError(
                _l("Line %(line)s is a task of the national system; move its batches instead.", line=earlier.stratum)
            )
        earlier.samples, earlier.parts = 0, {}
    lines = []
    for answer in allocate(inputs, plan.budget, shares, seed=plan.seed):
        given, stratum, major_id = described[answer.stratum]
        row = standing.get(answer.stratum) or PlanLine(plan_id=plan_id, stratum=answer.stratum)
        row.category_id, row.food_category_id, row.place_kind = (
            major_id,
            stratum.food_category_id,
            stratum.place_kind,
        )
        row.samples = answer.samples
        row.parts = {part.value: count for part, count in answer.parts.items()}
        row.figures = _figures(given)
        uow.session.add(row)
        lines.append(row)
    plan.state = PlanState.COMPUTED
    plan.inputs = {"strata": [_figures(line) | {"code": line.code} for line in inputs]}
    plan.inputs_sha256 = digest_inputs(inputs, plan.budget, shares, seed=plan.seed)
    uow.session.flush()
    return lines


def approve_plan(uow: UnitOfWork, plan_id: UUID) -> SamplingPlan:
    """Approve a computed plan, or a standing one, as another person than the one who made it.

    Raises:
        NotFoundError: no such plan.
        ConflictError: not computed, approved already, made by the actor, or a category without its organisations.

    Emits: PlanApproved.
    """
    plan = _open_plan(uow, plan_id)
    if plan.state is not PlanState.COMPUTED and not plan.is_standing:
        raise ConflictError(_l("This plan is not computed yet."))
    if plan.created_by_id == uow.actor.require_person():
        raise ConflictError(_l("You made this plan; another person approves it."))
    if any(row.sampling_organisation_id is None or row.lab_id is None for row in categories_of(uow, plan_id)):
        raise ConflictError(_l("A category has no sampling organisation or no laboratory yet."))
    plan.state, plan.approved_by_id, plan.approved_at = PlanState.APPROVED, uow.actor.person_id, uow.now
    lines = uow.session.execute(select(PlanLine.stratum, PlanLine.samples).where(PlanLine.plan_id == plan_id))
    planned = {stratum: samples for stratum, samples in lines if samples}
    uow.emit(PlanApproved(plan_id=plan_id, pick_round_id=plan.pick_round_id, planned=planned))
    return plan


def close_plan(uow: UnitOfWork, plan_id: UUID) -> SamplingPlan:
    """Close a plan whose visits are all over.

    Raises:
        NotFoundError: no such plan.
        ConflictError: not approved, or a visit is still to be made.
    """
    plan = lock_plan(uow, plan_id)
    if plan.state is not PlanState.APPROVED:
        raise ConflictError(_l("This plan is not approved yet."))
    waiting = select(SamplingTask.id).where(SamplingTask.plan_id == plan_id, SamplingTask.state == TaskState.ISSUED)
    if uow.session.scalar(waiting.limit(1)) is not None:
        raise ConflictError(_l("Visits of this plan are still to be made; take them back first."))
    plan.state = PlanState.CLOSED
    return plan


def categories_of(uow: UnitOfWork, plan_id: UUID) -> Sequence[PlanCategory]:
    """The major categories of a plan."""
    return uow.session.scalars(
        select(PlanCategory).where(PlanCategory.plan_id == plan_id).order_by(PlanCategory.category_id)
    ).all()


def lock_plan(uow: UnitOfWork, plan_id: UUID) -> SamplingPlan:
    """A plan of the actor's organisation, its row locked until the commit.

    Raises:
        NotFoundError: there is none.
    """
    plan = uow.session.get(SamplingPlan, plan_id, with_for_update=True)
    if plan is None or plan.organisation_id != uow.actor.organisation_id:
        raise NotFoundError
    return plan


def _open_plan(uow: UnitOfWork, plan_id: UUID) -> SamplingPlan:
    plan = lock_plan(uow, plan_id)
    if plan.state not in OPEN_STATES:
        raise ConflictError(_l("This plan is approved; it cannot change any more."))
    return plan


def _carries_tasks(uow: UnitOfWork, category: PlanCategory) -> bool:
    given = select(PlanLine.id).where(
        PlanLine.plan_id == category.plan_id,
        PlanLine.category_id == category.category_id,
        PlanLine.task_source.is_not(None),
        PlanLine.samples > 0,
    )
    return uow.session.scalar(given.limit(1)) is not None


def _check_parties(uow: UnitOfWork, mode: SeparationMode, sampling_organisation_id: UUID, lab_id: UUID) -> None:
    sampling, lab = (get_organisation(uow.session, each) for each in (sampling_organisation_id, lab_id))
    if lab.kind is not OrganisationKind.LAB:
        raise InvalidInputError(_l("%(name)s is not a laboratory.", name=lab.name_zh), field="lab_id")
    if mode is SeparationMode.REGULATOR and sampling.kind is not OrganisationKind.REGULATOR:
        raise InvalidInputError(
            _l("In this mode the regulator samples itself; %(name)s is none.", name=sampling.name_zh),
            field="sampling_organisation_id",
        )
    if mode is not SeparationMode.INTERNAL and sampling.party_id == lab.party_id:
        raise InvalidInputError(
            _l("In this mode one group cannot both sample and test a category."), field="sampling_organisation_id"
        )


def _votes(uow: UnitOfWork, plan: SamplingPlan) -> dict[str, int]:
    if plan.pick_round_id is None:
        return {}
    return {line.stratum: line.mass for line in get_tally(uow.session, plan.pick_round_id).lines}


def _figures(line: Stratum) -> dict[str, Any]:
    """What a line was computed from. Votes are exact and may be larger than a JSON number holds, so they are text."""
    return {
        "population": line.population,
        "floor": line.floor,
        "ceiling": line.ceiling,
        "statutory": line.statutory,
        "votes": str(line.votes),
        "tests": line.tests,
        "fails": line.fails,
        "parent": line.parent,
    }
