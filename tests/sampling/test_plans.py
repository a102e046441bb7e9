"""From a plan to its tasks: computed, approved by a second person, drawn, and replaced from the reserve."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.auth.permissions import Role
from lims.catalog.load import category_id
from lims.clock import SimulatedClock
from lims.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from sampling.models import PersonPlanDuty, PlanLine, RandomDraw, SamplingPlan, SamplingTask
from sampling.rules.allocation import InfeasiblePlanError
from sampling.rules.draw import Beacon, Party, commit
from sampling.rules.draw_record import verify_record
from sampling.services.draws import Ceremony, publish_draw, record_of, run_draw
from sampling.services.plans import PlanInput, StratumInput, approve_plan, compute_plan, create_plan, set_category
from sampling.services.tasks import end_task_without_sample
from sampling.types import (
    NoSampleReason,
    PlaceKind,
    PlanKind,
    PlanState,
    SeparationMode,
    Side,
    TaskCategory,
    TaskState,
)
from tests.factories.people import Somebody, make_person
from tests.factories.sampling import LEEK, VEGETABLES, Team, make_business, make_team

FROZEN, CLOSED, DRAWN = (datetime(2026, 9, 14, hour, tzinfo=UTC) for hour in (2, 3, 4))
DAYS = [date(2026, 9, 15), date(2026, 9, 16)]


def ceremony(draw_id: str = "2026-1") -> Ceremony:
    parties = [
        Party(name, commit(draw_id, secret * 64), FROZEN, secret * 64)
        for name, secret in (("局", "1"), ("协会", "2"), ("人大代表", "3"))
    ]
    return Ceremony(draw_id, "a" * 64, FROZEN, CLOSED, parties, Beacon("lottery", "0412", DRAWN))


def begin(team: Team, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "title_zh": "蔬菜专项",
        "title_en": "Vegetables",
        "year": 2026,
        "kind": PlanKind.ROUTINE,
        "task_category": TaskCategory.SUPERVISION,
        "report_class_a": "抽检监测（县级本级）",
        "report_class_b": "2026年县级食品抽检",
        "budget": 2,
    }
    with unit_of_work(team.planner.actor) as uow:
        plan = create_plan(uow, PlanInput(**(values | changes)))
        set_category(
            uow,
            plan.id,
            category_id(VEGETABLES),
            team.mode,
            sampling_organisation_id=team.sampling_organisation_id,
            lab_id=team.lab_id,
        )
        return plan.id


def compute(team: Team, plan_id: Any, **changes: Any) -> None:
    values: dict[str, Any] = {"population": 10, "floor": 1}
    with unit_of_work(team.planner.actor) as uow:
        compute_plan(uow, plan_id, [StratumInput(category_id(LEEK), PlaceKind.SUPERMARKET, **(values | changes))])


def approve(team: Team, plan_id: Any, approver: Somebody | None = None) -> None:
    somebody = approver or make_person(team.regulator_id, Role.PLANNER)
    with unit_of_work(somebody.actor) as uow:
        approve_plan(uow, plan_id)


def drawn_plan(team: Team, clock: SimulatedClock, businesses: int = 4) -> Any:
    for _ in range(businesses):
        make_business(team.regulator_id)
    plan_id = begin(team)
    compute(team, plan_id)
    approve(team, plan_id)
    clock.move_to(DRAWN)
    with unit_of_work(team.planner.actor) as uow:
        run_draw(uow, plan_id, ceremony(), DAYS)
    return plan_id


def tasks_of(session: Session, plan_id: Any) -> list[SamplingTask]:
    session.expire_all()
    query = sa.select(SamplingTask).where(SamplingTask.plan_id == plan_id).order_by(SamplingTask.task_no)
    return list(session.scalars(query))


def test_a_computed_line_says_what_it_came_from(session: Session):
    team = make_team()
    plan_id = begin(team)
    compute(team, plan_id)
    line = session.scalars(sa.select(PlanLine).where(PlanLine.plan_id == plan_id)).one()
    assert (line.samples, sum(line.parts.values()), line.figures["floor"]) == (2, 2, 1)
    plan = session.get_one(SamplingPlan, plan_id)
    assert plan.state is PlanState.COMPUTED
    assert plan.inputs_sha256 is not None


def test_computing_again_with_the_same_inputs_changes_nothing(session: Session):
    team = make_team()
    plan_id = begin(team)
    compute(team, plan_id)
    before = session.get_one(SamplingPlan, plan_id).inputs_sha256
    compute(team, plan_id)
    session.expire_all()
    assert session.get_one(SamplingPlan, plan_id).inputs_sha256 == before
    assert session.scalar(sa.select(sa.func.count()).select_from(PlanLine)) == 1


def test_bounds_above_the_budget_are_refused(session: Session):
    team = make_team()
    plan_id = begin(team)
    with pytest.raises(InfeasiblePlanError):
        compute(team, plan_id, floor=3)


def test_who_made_a_plan_does_not_approve_it(session: Session):
    team = make_team()
    plan_id = begin(team)
    compute(team, plan_id)
    with pytest.raises(ConflictError):
        approve(team, plan_id, team.planner)
    approve(team, plan_id)
    with pytest.raises(ConflictError):
        compute(team, plan_id)


def test_a_plan_that_is_not_computed_cannot_be_approved(session: Session):
    team = make_team()
    plan_id = begin(team)
    with pytest.raises(ConflictError):
        approve(team, plan_id)


def test_the_plan_of_another_regulator_does_not_exist(session: Session):
    team = make_team()
    plan_id = begin(team)
    with pytest.raises(NotFoundError):
        compute(make_team(), plan_id)


def test_one_group_cannot_sample_and_test_a_category_unless_separation_is_internal(session: Session):
    team = make_team(SeparationMode.INTERNAL)
    plan_id = begin(team)
    with pytest.raises(InvalidInputError), unit_of_work(team.planner.actor) as uow:
        set_category(
            uow,
            plan_id,
            category_id(VEGETABLES),
            SeparationMode.EXTERNAL,
            sampling_organisation_id=team.lab_id,
            lab_id=team.lab_id,
        )


def test_only_a_regulator_samples_in_the_mode_of_the_regulator(session: Session):
    team = make_team(SeparationMode.EXTERNAL)
    plan_id = begin(team)
    with pytest.raises(InvalidInputError), unit_of_work(team.planner.actor) as uow:
        set_category(
            uow,
            plan_id,
            category_id(VEGETABLES),
            SeparationMode.REGULATOR,
            sampling_organisation_id=team.sampling_organisation_id,
            lab_id=team.lab_id,
        )


@pytest.mark.parametrize("mode", SeparationMode)
def test_a_draw_issues_tasks_to_three_persons_and_can_be_made_again(session: Session, frozen_clock, mode):
    team = make_team(mode)
    plan_id = drawn_plan(team, frozen_clock)
    tasks = tasks_of(session, plan_id)
    assert [task.planned_on for task in tasks] == DAYS
    assert {task.sampling_organisation_id for task in tasks} == {team.sampling_organisation_id}
    draw = session.scalars(sa.select(RandomDraw).where(RandomDraw.plan_id == plan_id)).one()
    assert verify_record(record_of(draw)) == []
    sides = session.scalars(sa.select(PersonPlanDuty.side).where(PersonPlanDuty.plan_id == plan_id)).all()
    assert sides == [Side.SAMPLING, Side.SAMPLING]


def test_a_plan_is_drawn_once(session: Session, frozen_clock):
    team = make_team()
    plan_id = drawn_plan(team, frozen_clock)
    with pytest.raises(ConflictError), unit_of_work(team.planner.actor) as uow:
        run_draw(uow, plan_id, ceremony(), DAYS)


def test_a_plan_that_is_not_approved_is_not_drawn(session: Session, frozen_clock):
    team = make_team()
    plan_id = begin(team)
    with pytest.raises(ConflictError), unit_of_work(team.planner.actor) as uow:
        run_draw(uow, plan_id, ceremony(), DAYS)


def test_the_reserve_takes_over_until_it_is_used_up(session: Session, frozen_clock):
    team = make_team()
    plan_id = drawn_plan(team, frozen_clock, businesses=3)
    task = tasks_of(session, plan_id)[0]
    with unit_of_work(team.samplers[0].actor) as uow:
        replacement = end_task_without_sample(uow, task.id, NoSampleReason.CLOSED)
        assert replacement is not None
        assert (replacement.replaces_id, replacement.rank) == (task.id, 3)
        assert end_task_without_sample(uow, replacement.id, NoSampleReason.MOVED) is None
    states = [each.state for each in tasks_of(session, plan_id)]
    assert states == [TaskState.NOT_SAMPLED, TaskState.ISSUED, TaskState.NOT_SAMPLED]


def test_a_refusal_needs_words_and_one_of_the_samplers(session: Session, frozen_clock):
    team = make_team(SeparationMode.REGULATOR)
    task = tasks_of(session, drawn_plan(team, frozen_clock))[0]
    with pytest.raises(InvalidInputError), unit_of_work(team.samplers[0].actor) as uow:
        end_task_without_sample(uow, task.id, NoSampleReason.REFUSED, " ")
    with pytest.raises(ForbiddenError), unit_of_work(team.planner.actor) as uow:
        end_task_without_sample(uow, task.id, NoSampleReason.CLOSED)


def test_a_record_stays_sealed_until_every_visit_is_over(session: Session, frozen_clock):
    team = make_team()
    plan_id = drawn_plan(team, frozen_clock, businesses=2)
    draw_id = session.scalars(sa.select(RandomDraw.id).where(RandomDraw.plan_id == plan_id)).one()
    with pytest.raises(ConflictError), unit_of_work(team.planner.actor) as uow:
        publish_draw(uow, draw_id)
    with unit_of_work(team.samplers[0].actor) as uow:
        for task in tasks_of(session, plan_id):
            end_task_without_sample(uow, task.id, NoSampleReason.CLOSED)
    with unit_of_work(team.planner.actor) as uow:
        assert publish_draw(uow, draw_id).published_at == uow.now
