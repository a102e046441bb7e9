"""Drawing businesses and teams for an approved plan, and issuing the tasks that follow."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID, uuid4

from sqlalchemy import or_, select

from lims.auth.permissions import Role
from lims.catalog.queries import subtree_ids
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.numbering import take_numbers
from lims.people.authorisations import Needed, without_authorisation
from lims.people.models import Organisation
from lims.people.queries import colleagues, employment_of_person
from lims.people.types import AuthorisationKind
from lims.uow import UnitOfWork
from sampling.events import TaskIssued
from sampling.models import (
    Business,
    BusinessFood,
    PersonPlanDuty,
    PlanCategory,
    PlanLine,
    RandomDraw,
    SamplingPlan,
    SamplingTask,
)
from sampling.queries import visits_to_come
from sampling.rules.draw import Beacon, Party, StaffMember, StaffRole, Team
from sampling.rules.draw_record import DrawInputs, DrawRecord, read_record, write_record
from sampling.rules.draw_record import run_draw as make_draw
from sampling.rules.frame import FrameEntry, region_prefix
from sampling.services.plans import categories_of, lock_plan
from sampling.services.separation import claim_job
from sampling.types import STAGE_OF, DutyRole, PlanState, Side, TaskState

RESERVE_FACTOR = 2  # businesses in reserve for each one drawn


@dataclass(frozen=True, slots=True)
class Ceremony:
    """Where the seed of a draw comes from: commitments, what opened them, and a beacon nobody knew before.

    `entries` is the frame as it was frozen; left out, it is read now.
    """

    draw_id: str
    frame_key: str
    frozen_at: datetime
    closes_at: datetime
    parties: Sequence[Party]
    beacon: Beacon
    entries: Sequence[FrameEntry] | None = None


def run_draw(uow: UnitOfWork, plan_id: UUID, ceremony: Ceremony, days: Sequence[date]) -> RandomDraw:
    """Draw businesses and teams for every line of an approved plan, seal the record and issue the tasks.

    Args:
        uow: the transaction.
        plan_id: the plan.
        ceremony: what makes the seed.
        days: over which the visits are spread evenly.

    Raises:
        NotFoundError: no such plan.
        ConflictError: not approved, or drawn already.
        InvalidInputError: no days.
        DrawRefusedError: the ceremony leaves a choice to somebody, a stratum is empty, or a visit has no team.

    Emits: TaskIssued, for each task.
    """
    plan = lock_plan(uow, plan_id)
    if plan.state is not PlanState.APPROVED:
        raise ConflictError(_l("This plan is not approved yet."))
    if uow.session.scalar(select(RandomDraw.id).where(RandomDraw.plan_id == plan_id).limit(1)) is not None:
        raise ConflictError(_l("The draw of this plan was made already."))
    if not days:
        raise InvalidInputError(_l("Name at least one day for the visits."), field="days")
    lines = {
        line.stratum: line
        for line in uow.session.scalars(
            select(PlanLine).where(PlanLine.plan_id == plan_id, PlanLine.samples > 0).order_by(PlanLine.stratum)
        )
    }
    categories = {row.category_id: row for row in categories_of(uow, plan_id)}
    record = make_draw(
        DrawInputs(
            draw_id=ceremony.draw_id,
            plan=str(plan_id),
            frozen_at=ceremony.frozen_at,
            closes_at=ceremony.closes_at,
            drawn_at=uow.now,
            frame_key=ceremony.frame_key,
            weight_bound=1,
            reserve_factor=RESERVE_FACTOR,
            entries=(frame_of(uow, plan, ceremony.frozen_at) if ceremony.entries is None else ceremony.entries),
            exclusions=(),
            quotas={stratum: line.samples for stratum, line in lines.items()},
            parties=ceremony.parties,
            beacon=ceremony.beacon,
            staff=list(_staff(uow, plan, lines, categories)),
        )
    )
    draw = RandomDraw(
        id=uuid4(),
        plan_id=plan_id,
        drawn_at=uow.now,
        drawn_by_id=uow.actor.require_person(),
        record=json.loads(write_record(record)),
        record_sha256=bytes.fromhex(record.digest),
    )
    uow.session.add(draw)
    uow.session.flush()
    _issue_tasks(uow, draw, record, lines=lines, categories=categories, days=days)
    return draw


def publish_draw(uow: UnitOfWork, draw_id: UUID) -> RandomDraw:
    """Open a draw's record to everybody, once no visit of it is still to come.

    Raises:
        NotFoundError: no such draw.
        ConflictError: a visit is still to be made.
    """
    draw = uow.session.get(RandomDraw, draw_id)
    if draw is None:
        raise NotFoundError
    lock_plan(uow, draw.plan_id)
    if visits_to_come(uow.session, draw_id):
        raise ConflictError(_l("Visits of this draw are still to be made; its record stays sealed."))
    draw.published_at = draw.published_at or uow.now
    return draw


def record_of(draw: RandomDraw) -> DrawRecord:
    """The record of a draw as a value, as it can be verified."""
    return read_record(json.dumps(draw.record).encode())


def task_number(uow: UnitOfWork) -> str:
    """The next number of a task, see `task_numbers`."""
    return task_numbers(uow, 1)[0]


def task_numbers(uow: UnitOfWork, count: int) -> list[str]:
    """`T`, two digits of the year and a serial without gaps, for so many tasks."""
    year = f"{local_date(uow.now):%y}"
    return [f"T{year}{number:06d}" for number in take_numbers(uow, "sampling_task", year, count)]


def frame_of(uow: UnitOfWork, plan: SamplingPlan, frozen_at: datetime) -> list[FrameEntry]:
    """Who could be drawn for a plan: by line, whom `_frame` finds."""
    lines = uow.session.scalars(
        select(PlanLine).where(PlanLine.plan_id == plan.id, PlanLine.samples > 0).order_by(PlanLine.stratum)
    )
    return list(_frame(uow, plan, lines.all(), frozen_at))


def _frame(uow: UnitOfWork, plan: SamplingPlan, lines: Iterable[PlanLine], frozen_at: datetime) -> Iterator[FrameEntry]:
    """Every open business under this regulator or its stations that sells a line's food at its kind of place.

    A line that another system gave for one region has only those of that region.
    """
    regulators = select(Organisation.id).where(
        or_(Organisation.id == plan.organisation_id, Organisation.superior_id == plan.organisation_id)
    )
    for line in lines:
        found = (
            select(Business.id)
            .join(BusinessFood, BusinessFood.business_id == Business.id)
            .where(
                Business.place_kind == line.place_kind,
                Business.closed_on.is_(None),
                Business.registered_at <= frozen_at,
                Business.regulator_id.in_(regulators),
                Business.region_code.startswith(region_prefix(line.region_code or "")),
                BusinessFood.food_category_id.in_(subtree_ids(uow.session, line.food_category_id)),
            )
            .distinct()
        )
        for business_id in uow.session.scalars(found):
            yield FrameEntry(line.stratum, str(business_id))


def _staff(
    uow: UnitOfWork, plan: SamplingPlan, lines: Mapping[str, PlanLine], categories: Mapping[UUID, PlanCategory]
) -> Iterator[StaffMember]:
    """Samplers of the organisations that sample, each for its own strata, and the regulator's officers.

    Whoever stands on the testing side of this plan, or is authorised for no food at all today, is not on the list.
    """
    testing = set(
        uow.session.scalars(
            select(PersonPlanDuty.person_id).where(
                PersonPlanDuty.plan_id == plan.id, PersonPlanDuty.side == Side.TESTING
            )
        )
    )
    strata: dict[UUID, dict[str, UUID]] = {}
    for stratum, line in lines.items():
        organisation_id = categories[line.category_id].sampling_organisation_id
        if organisation_id is not None:
            strata.setdefault(organisation_id, {})[stratum] = line.category_id
    for organisation_id, worked in strata.items():
        for person_id, allowed in _authorised(uow, organisation_id, Role.SAMPLER, worked):
            if person_id not in testing:
                yield StaffMember(str(person_id), StaffRole.SAMPLER, strata=allowed)
    everywhere = {stratum: line.category_id for stratum, line in lines.items()}
    for person_id, allowed in _authorised(uow, plan.organisation_id, Role.ACCOMPANYING_OFFICER, everywhere):
        limited = allowed if len(allowed) < len(everywhere) else ()
        yield StaffMember(str(person_id), StaffRole.ACCOMPANYING_OFFICER, strata=limited)


def _authorised(
    uow: UnitOfWork, organisation_id: UUID, role: Role, strata: Mapping[str, UUID]
) -> Iterator[tuple[UUID, tuple[str, ...]]]:
    """Who of an organisation may be sent out, each with the strata whose category they are authorised for today."""
    today = local_date(uow.now)
    people = colleagues(uow.session, organisation_id, today, role)
    needed = [Needed(one.person_id, one.name, organisation_id, (AuthorisationKind.SAMPLE,)) for one in people]
    refused = {
        category_id: without_authorisation(uow.session, needed, today, category_id=category_id)
        for category_id in set(strata.values())
    }
    for one in people:
        allowed = tuple(stratum for stratum, category_id in strata.items() if one.person_id not in refused[category_id])
        if allowed:
            yield one.person_id, allowed


def _issue_tasks(
    uow: UnitOfWork,
    draw: RandomDraw,
    record: DrawRecord,
    *,
    lines: Mapping[str, PlanLine],
    categories: Mapping[UUID, PlanCategory],
    days: Sequence[date],
) -> None:
    visits: list[tuple[PlanLine, int, str, Team]] = [
        (lines[stratum.stratum], rank, business_id, team)
        for stratum, teams in zip(record.draws, record.teams, strict=True)
        for rank, (business_id, team) in enumerate(zip(stratum.drawn, teams, strict=True), start=1)
    ]
    # Each stratum is spread over all days, so that no week is spent on one food (均衡抽检).
    visits.sort(key=lambda visit: (Fraction(2 * visit[1] - 1, 2 * visit[0].samples), visit[0].stratum))
    _claim_sides(uow, visits, categories)
    tasks = []
    numbers = task_numbers(uow, len(visits))
    for place, (task_no, (line, rank, business_id, team)) in enumerate(zip(numbers, visits, strict=True)):
        category = categories[line.category_id]
        tasks.append(
            SamplingTask(
                id=uuid4(),
                task_no=task_no,
                plan_id=line.plan_id,
                category_id=line.category_id,
                mode=category.mode,
                plan_line_id=line.id,
                draw_id=draw.id,
                rank=rank,
                business_id=UUID(business_id),
                food_category_id=line.food_category_id,
                stage=STAGE_OF[line.place_kind],
                sampling_organisation_id=category.sampling_organisation_id,
                lab_id=category.lab_id,
                first_sampler_id=UUID(team.samplers[0]),
                second_sampler_id=UUID(team.samplers[1]),
                accompanying_officer_id=UUID(team.officer),
                planned_on=days[place * len(days) // len(visits)],
                state=TaskState.ISSUED,
                issued_at=uow.now,
            )
        )
    uow.session.add_all(tasks)
    for task in tasks:
        uow.emit(TaskIssued(task_id=task.id, plan_id=task.plan_id))


def _claim_sides(
    uow: UnitOfWork, visits: Sequence[tuple[PlanLine, int, str, Team]], categories: Mapping[UUID, PlanCategory]
) -> None:
    """Put every drawn sampler on the sampling side, always in one order, so that two draws cannot wait in a circle."""
    today = local_date(uow.now)
    jobs = {(line.category_id, UUID(person)) for line, _rank, _business, team in visits for person in team.samplers}
    for category_id, person_id in sorted(jobs):
        facts = employment_of_person(uow.session, person_id, today)
        claim_job(uow, categories[category_id], DutyRole.SAMPLER, facts)
