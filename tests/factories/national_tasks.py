"""Tasks of a national sheet: handed in, taken, divided, approved, visited and moved."""

from datetime import date
from uuid import uuid4

from lims.auth.permissions import Role
from lims.tables import to_csv
from lims.uow import unit_of_work
from sampling.given_sheets.queries import get_sheet
from sampling.models import PlanLine, SamplingTask
from sampling.national_tasks import queries
from sampling.national_tasks.models import NationalTaskFile, NationalTaskPart
from sampling.national_tasks.services import division, intake
from sampling.national_tasks.types import PartInput
from sampling.national_tasks.verification import CHECKS
from sampling.services.forms import submit_form
from sampling.services.plans import approve_plan
from sampling.types import PlaceKind, Stage, TaskState
from tests.factories.people import make_person
from tests.factories.sampling import (
    make_business,
    make_form_input,
    make_photos,
    make_signatures,
)

HEAD = [
    "任务编号", "任务来源", "报送分类A", "报送分类B", "任务类别", "大类", "细类", "环节", "抽样区域", "批次",
    "完成时限",
]  # fmt: skip
SOURCE, CLASS_A, CLASS_B = "国家市场监督管理总局", "抽检监测（转移地方）", "2026年转移地方抽检计划"


def row(number="GC-1", *, food="韭菜", stage="流通", region="371402", batches="30", due="2026-11-30", **more):
    return [
        number, more.get("source", SOURCE), CLASS_A, more.get("class_b", CLASS_B), more.get("kind", "监督抽检"),
        more.get("major", "蔬菜"), food, stage, region, batches, due,
    ]  # fmt: skip


def hand_in(team, *rows):
    with unit_of_work(team.planner.actor) as uow:
        return intake.receive_file(uow, "任务.csv", to_csv(HEAD, rows)).id


def staged(session, team, *rows):
    file = get_sheet(session, NationalTaskFile, team.planner.actor, hand_in(team, *rows))
    return [(one.verdict, str(one.why or "")) for one in intake.stage_file(session, file).rows]


def take(team, *rows, numbers=None):
    file_id = hand_in(team, *rows)
    with unit_of_work(team.planner.actor) as uow:
        return [one.id for one in intake.take_rows(uow, file_id, numbers)]


def part(team, batches, **other):
    values = {
        "place_kind": PlaceKind.SUPERMARKET,
        "mode": team.mode,
        "sampling_organisation_id": team.sampling_organisation_id,
        "lab_id": team.lab_id,
    }
    return PartInput(batches=batches, **(values | other))


def divide(team, task_id, *parts):
    with unit_of_work(team.planner.actor) as uow:
        return [one.id for one in division.divide_task(uow, task_id, parts)]


def move(team, part_id, batches, to=None, reason="人手不足"):
    with unit_of_work(team.planner.actor) as uow:
        return division.move_batches(uow, part_id, batches, reason, to).id


def approve(team, part_id):
    other = make_person(team.regulator_id, Role.PLANNER)
    with unit_of_work(other.actor) as uow:
        approve_plan(uow, line_of(uow.session, part_id).plan_id)


def line_of(session, part_id):
    part = session.get_one(NationalTaskPart, part_id)
    return session.get_one(PlanLine, part.plan_line_id)


def visit(team, part_id, day=date(2026, 9, 14)):
    """A visit of the part's line, as the draw issues it."""
    business = make_business(team.regulator_id)
    task_id = uuid4()
    with unit_of_work(team.planner.actor) as uow:
        line = line_of(uow.session, part_id)
        uow.session.add(
            SamplingTask(
                id=task_id,
                task_no=f"T98{task_id.int % 10**6:06d}",
                plan_id=line.plan_id,
                category_id=line.category_id,
                mode=team.mode,
                plan_line_id=line.id,
                business_id=business,
                food_category_id=line.food_category_id,
                stage=Stage.CIRCULATION,
                sampling_organisation_id=team.sampling_organisation_id,
                lab_id=team.lab_id,
                first_sampler_id=team.samplers[0].person_id,
                second_sampler_id=team.samplers[1].person_id,
                accompanying_officer_id=team.officer.person_id,
                planned_on=day,
                state=TaskState.ISSUED,
                issued_at=uow.now,
            )
        )
    return task_id


def sample(team, part_id):
    task_id = visit(team, part_id)
    with unit_of_work(team.samplers[0].actor) as uow:
        return submit_form(uow, task_id, make_form_input(), make_signatures(), make_photos()).id


def is_sound(session):
    session.expire_all()
    return [check(session).violations for check in CHECKS] == [0] * len(CHECKS)


def progress(session, team, task_id):
    session.expire_all()
    return queries.get_task(session, team.planner.actor, task_id).progress
