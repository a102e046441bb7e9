"""Tasks taken from a sheet, divided through the plans' own services, moved before they begin, and reported back."""

from datetime import date
from uuid import uuid4

import pytest
import sqlalchemy as sa

from lims import clock
from lims.actors import OrganisationKind
from lims.auth.permissions import Role
from lims.catalog.load import category_id
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.ledger.models import LedgerEvent
from lims.tables import read_table_file, to_csv
from lims.uow import unit_of_work
from sampling.assembly import assemble_form
from sampling.given_sheets.queries import get_sheet
from sampling.models import Business, PlanLine, SamplingPlan, SamplingTask
from sampling.national_tasks import queries
from sampling.national_tasks.models import NationalTask, NationalTaskFile, NationalTaskPart
from sampling.national_tasks.services import division, intake, sheet
from sampling.national_tasks.types import PartInput, TaskVerdict
from sampling.national_tasks.verification import CHECKS
from sampling.services.draws import frame_of
from sampling.services.forms import submit_form
from sampling.services.plans import StratumInput, approve_plan, compute_plan, set_category
from sampling.services.samples import void_sample
from sampling.types import PlaceKind, PlanState, SeparationMode, Stage, TaskCategory, TaskState
from tests.factories.people import make_organisation, make_person
from tests.factories.sampling import (
    VEGETABLES,
    make_business,
    make_form_input,
    make_photos,
    make_signatures,
    make_team,
)

HEAD = [
    "任务编号", "任务来源", "报送分类A", "报送分类B", "任务类别", "大类", "细类", "环节", "抽样区域", "批次",
    "完成时限",
]  # fmt: skip
SOURCE, CLASS_A, CLASS_B = "国家市场监督管理总局", "抽检监测（转移地方）", "2026年转移地方抽检计划"


@pytest.fixture
def team(session):
    return make_team()


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


def test_a_row_becomes_a_task_with_everything_it_says(session, team):
    [task_id] = take(team, row())
    task = session.get_one(NationalTask, task_id)
    assert (task.reference, task.task_source, task.report_class_a, task.report_class_b) == (
        "GC-1",
        SOURCE,
        CLASS_A,
        CLASS_B,
    )
    assert (task.food_category_id, task.region_code, task.stage) == (category_id("34-4"), "371402", Stage.CIRCULATION)
    assert (task.batches, task.due_on, task.task_category) == (30, date(2026, 11, 30), TaskCategory.SUPERVISION)
    chains = set(session.scalars(sa.select(LedgerEvent.chain)))
    assert {f"national-task-file:{task.file_id}", f"national-task:{task_id}"} <= chains


def test_the_same_bytes_are_refused_with_the_day_they_came(session, team):
    hand_in(team, row())
    with pytest.raises(ConflictError, match="2026-09-14"):
        hand_in(team, row())
    assert hand_in(make_team(), row())  # another regulator's sheet is its own


def test_every_row_has_its_verdict(session, team):
    take(team, row("GC-1"), row("GC-2"), row("GC-3"), row("GC-4"))
    found = staged(
        session,
        team,
        row("GC-1"),
        row("GC-2", batches="31", due="2026/12/31"),
        row("GC-3", source="河北省市场监督管理局"),
        row("GC-5"),
        row("GC-5"),
        row("GC-6", batches="三十"),
    )
    assert [verdict for verdict, _why in found] == [
        TaskVerdict.TAKEN,
        TaskVerdict.AMENDED,
        TaskVerdict.DIFFERS,
        TaskVerdict.NEW,
        TaskVerdict.DIFFERS,
        TaskVerdict.UNREADABLE,
    ]
    assert "30 → 31" in found[1][1]
    assert "2026-12-31" in found[1][1]
    assert "河北省市场监督管理局" in found[2][1]
    assert "5" in found[4][1]
    assert "三十" in found[5][1]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"food": "火星菜"}, ["火星菜", "蔬菜"]),
        ({"major": "火星食品"}, ["火星食品"]),
        ({"major": "食用农产品", "food": ""}, ["食用农产品", "34 蔬菜"]),
        ({"major": "", "food": ""}, ["食品类别"]),
        ({"stage": "运输"}, ["运输", "餐饮"]),
        ({"region": "火星县"}, ["火星县"]),
        ({"due": "下个月"}, ["下个月"]),
        ({"batches": "0"}, ["0"]),
        ({"kind": "随便抽"}, ["随便抽", "监督抽检"]),
        ({"source": ""}, ["任务来源"]),
        ({"number": "GC|1"}, ["GC|1"]),
    ],
)
def test_what_cannot_be_read_is_named_with_what_was_expected(app, session, team, given, named):
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        [(verdict, why)] = staged(session, team, row(**given))
    assert verdict is TaskVerdict.UNREADABLE
    assert [text for text in named if text not in why] == []


def test_names_of_the_national_table_lead_to_our_tree(session, team):
    take(
        team,
        row("1", major="食用农产品", food="韭菜"),
        row("2", major="34", food="34-4"),
        row("3", food="", stage="流通环节"),
    )
    foods = dict(session.execute(sa.select(NationalTask.reference, NationalTask.food_category_id)).all())
    assert foods == {"1": category_id("34-4"), "2": category_id("34-4"), "3": category_id("34")}


def test_a_sheet_without_numbers_is_recognised_by_what_its_rows_say(session, team):
    take(team, row(""))
    assert [one[0] for one in staged(session, team, row("", batches="40"), row("", food="", batches="4"))] == [
        TaskVerdict.AMENDED,
        TaskVerdict.NEW,
    ]


def test_a_sheet_is_taken_in_part_and_the_rest_later(session, team):
    file_id = hand_in(team, row("GC-1"), row("GC-2"), row("GC-3", batches="x"))
    with unit_of_work(team.planner.actor) as uow:
        intake.take_rows(uow, file_id, [3])
    with unit_of_work(team.planner.actor) as uow, pytest.raises(ConflictError, match="3"):
        intake.take_rows(uow, file_id, [3])
    with unit_of_work(team.planner.actor) as uow, pytest.raises(ConflictError, match="x"):
        intake.take_rows(uow, file_id, [2, 4])
    with unit_of_work(team.planner.actor) as uow, pytest.raises(InvalidInputError, match="9"):
        intake.take_rows(uow, file_id, [9])
    with unit_of_work(team.planner.actor) as uow:
        intake.take_rows(uow, file_id)
    with unit_of_work(team.planner.actor) as uow, pytest.raises(ConflictError):
        intake.take_rows(uow, file_id)
    assert sorted(session.scalars(sa.select(NationalTask.reference))) == ["GC-1", "GC-2"]


def test_another_regulator_neither_sees_nor_takes(session, team):
    file_id, stranger = hand_in(team, row()), make_team()
    with unit_of_work(stranger.planner.actor) as uow, pytest.raises(NotFoundError):
        intake.take_rows(uow, file_id)
    [task_id] = take(team, row("GC-9"))
    with pytest.raises(NotFoundError):
        queries.get_task(session, stranger.planner.actor, task_id)
    [part_id] = divide(team, task_id, part(team, 5))
    with unit_of_work(stranger.planner.actor) as uow, pytest.raises(NotFoundError):
        division.divide_task(uow, task_id, [part(stranger, 1)])
    with unit_of_work(stranger.planner.actor) as uow, pytest.raises(NotFoundError):
        division.move_batches(uow, part_id, 1, "x")


def test_a_changed_count_is_taken_over_but_never_below_what_is_assigned(session, team):
    [task_id] = take(team, row())
    divide(team, task_id, part(team, 20))
    [(verdict, why)] = staged(session, team, row(batches="19"))
    assert (verdict, "20" in why) == (TaskVerdict.DIFFERS, True)
    assert take(team, row(batches="20", due="")) == [task_id]
    session.expire_all()
    assert (progress(session, team, task_id).planned, session.get_one(NationalTask, task_id).due_on) == (20, None)
    assert is_sound(session)


def test_parts_of_other_organisations_stand_in_plans_of_their_own(session, team):
    other = make_organisation(OrganisationKind.LAB)
    [task_id] = take(team, row())
    first, second = divide(team, task_id, part(team, 18), part(team, 12, lab_id=other))
    lines = [line_of(session, one) for one in (first, second)]
    plans = [session.get_one(SamplingPlan, one.plan_id) for one in lines]
    assert plans[0].id != plans[1].id
    assert [(one.samples, one.parts["statutory"], one.region_code) for one in lines] == [
        (18, 18, "371402"),
        (12, 12, "371402"),
    ]
    assert {(one.report_class_a, one.report_class_b, one.state) for one in plans} == {
        (CLASS_A, CLASS_B, PlanState.COMPUTED)
    }
    assert [one.budget for one in plans] == [18, 12]
    assert progress(session, team, task_id).assigned == 30
    assert is_sound(session)


def test_parts_of_the_same_organisations_share_a_plan_and_one_line_for_each_place_and_task(session, team):
    one, two = take(team, row("GC-1"), row("GC-2"))
    first, again, market = divide(
        team, one, part(team, 4), part(team, 3), part(team, 2, place_kind=PlaceKind.FARMERS_MARKET)
    )
    [third] = divide(team, two, part(team, 5))
    assert first == again
    lines = [line_of(session, each) for each in (first, market, third)]
    assert len({line.plan_id for line in lines}) == 1
    assert [line.samples for line in lines] == [7, 2, 5]
    assert session.get_one(SamplingPlan, lines[0].plan_id).budget == 14
    assert is_sound(session)


def test_after_approval_more_batches_go_into_a_new_plan(session, team):
    [task_id] = take(team, row())
    [first] = divide(team, task_id, part(team, 4))
    approve(team, first)
    [second] = divide(team, task_id, part(team, 6))
    assert line_of(session, first).plan_id != line_of(session, second).plan_id
    assert is_sound(session)


@pytest.mark.parametrize("counts", [[31], [20, 11], [0], []])
def test_more_than_the_task_is_never_divided(session, team, counts):
    [task_id] = take(team, row())
    with unit_of_work(team.planner.actor) as uow, pytest.raises(InvalidInputError):
        division.divide_task(uow, task_id, [part(team, one) for one in counts])
    assert session.scalar(sa.select(sa.func.count()).select_from(NationalTaskPart)) == 0


def test_a_place_of_another_stage_is_refused(session, team):
    [task_id] = take(team, row())
    with unit_of_work(team.planner.actor) as uow, pytest.raises(InvalidInputError) as refusal:
        division.divide_task(uow, task_id, [part(team, 1, place_kind=PlaceKind.RESTAURANT)])
    assert refusal.value.field == "place_kind"


def test_the_modes_hold_for_each_part_and_for_the_task_as_a_whole(session, team):
    lab, other = (make_organisation(OrganisationKind.LAB) for _ in range(2))
    [task_id] = take(team, row())
    refused = [
        [part(team, 1, sampling_organisation_id=team.lab_id)],
        [part(team, 1, mode=SeparationMode.REGULATOR)],
        [part(team, 1, lab_id=team.regulator_id)],
        [part(team, 1, sampling_organisation_id=lab), part(team, 1, lab_id=lab)],
    ]
    for parts in refused:
        with unit_of_work(team.planner.actor) as uow, pytest.raises(InvalidInputError):
            division.divide_task(uow, task_id, parts)
    divide(team, task_id, part(team, 1, sampling_organisation_id=lab, lab_id=other))
    with unit_of_work(team.planner.actor) as uow, pytest.raises(InvalidInputError):
        division.divide_task(uow, task_id, [part(team, 1, sampling_organisation_id=other)])


def test_a_plan_of_national_tasks_is_neither_computed_nor_given_away_past_them(session, team):
    [task_id] = take(team, row())
    [part_id] = divide(team, task_id, part(team, 4))
    plan_id, lab = line_of(session, part_id).plan_id, make_organisation(OrganisationKind.LAB)
    with unit_of_work(team.planner.actor) as uow, pytest.raises(ConflictError):
        compute_plan(uow, plan_id, [StratumInput(category_id("34-4"), PlaceKind.SUPERMARKET, population=1)])
    with unit_of_work(team.planner.actor) as uow, pytest.raises(ConflictError):
        set_category(
            uow,
            plan_id,
            category_id(VEGETABLES),
            team.mode,
            sampling_organisation_id=team.sampling_organisation_id,
            lab_id=lab,
        )
    assert is_sound(session)


def test_batches_of_an_open_plan_move_and_the_plan_is_computed_again(session, team):
    other = make_organisation(OrganisationKind.LAB)
    one, two = take(team, row("GC-1"), row("GC-2"))
    [first], [second] = divide(team, one, part(team, 10)), divide(team, two, part(team, 5))
    move(team, first, 4, part(team, 1, lab_id=other))
    session.expire_all()
    plan = session.get_one(SamplingPlan, line_of(session, first).plan_id)
    assert (line_of(session, first).samples, line_of(session, second).samples, plan.budget) == (6, 5, 11)
    assert progress(session, team, one).assigned == 10
    move(team, first, 6)
    move(team, second, 5)
    session.expire_all()
    assert (plan.state, plan.budget, progress(session, team, one).assigned) == (PlanState.DRAFT, None, 4)
    assert is_sound(session)
    divide(team, one, part(team, 2))  # the emptied line is used again
    assert is_sound(session)


def test_what_has_begun_stays_and_visits_without_a_batch_are_taken_back(session, team):
    [task_id] = take(team, row())
    [part_id] = divide(team, task_id, part(team, 5))
    approve(team, part_id)
    sample(team, part_id)
    early, late = visit(team, part_id, date(2026, 9, 15)), visit(team, part_id, date(2026, 9, 20))
    with unit_of_work(team.planner.actor) as uow, pytest.raises(ConflictError, match="4"):
        division.move_batches(uow, part_id, 5, "x")
    move(team, part_id, 3, part(team, 1, lab_id=make_organisation(OrganisationKind.LAB)), "改由其他机构承检")
    session.expire_all()
    states = [session.get_one(SamplingTask, one).state for one in (early, late)]
    assert states == [TaskState.ISSUED, TaskState.WITHDRAWN]
    assert session.get_one(SamplingTask, late).note == "改由其他机构承检"
    assert {(one.part.batches, one.movable) for one in queries.parts_of_task(session, task_id)} == {(2, 1), (3, 3)}
    assert progress(session, team, task_id).assigned == 5
    assert is_sound(session)


def test_a_void_sample_frees_its_batch(session, team):
    [task_id] = take(team, row(batches="1"))
    [part_id] = divide(team, task_id, part(team, 1))
    approve(team, part_id)
    sample_id = sample(team, part_id)
    with unit_of_work(team.planner.actor) as uow, pytest.raises(ConflictError):
        division.move_batches(uow, part_id, 1, "x")
    with unit_of_work(team.samplers[0].actor) as uow:
        void_sample(uow, sample_id, "样品破损")
    found = progress(session, team, task_id)
    assert (found.sampled, found.lost) == (0, 1)
    move(team, part_id, 1, part(team, 1))  # to the same organisations, into their next plan
    assert len(queries.parts_of_task(session, task_id)) == 2
    assert is_sound(session)


def test_a_move_needs_a_reason_and_another_place(session, team):
    [task_id] = take(team, row())
    [part_id] = divide(team, task_id, part(team, 5))
    for batches, to, reason in ((1, None, " "), (0, None, "x"), (1, part(team, 1), "x")):
        with unit_of_work(team.planner.actor) as uow, pytest.raises(InvalidInputError):
            division.move_batches(uow, part_id, batches, reason, to)
    assert progress(session, team, task_id).assigned == 5
    assert is_sound(session)


def test_source_and_classes_of_the_task_stand_on_the_form_of_its_sample(session, team):
    [task_id] = take(team, row())
    [part_id] = divide(team, task_id, part(team, 1))
    approve(team, part_id)
    paper = assemble_form(session, team.planner.actor, sample(team, part_id))
    assert (paper.task_source, paper.report_class_a, paper.report_class_b) == (SOURCE, CLASS_A, CLASS_B)


def test_only_businesses_of_the_region_of_a_task_are_drawn_for_it(session, team):
    here, elsewhere = (make_business(team.regulator_id) for _ in range(2))
    with unit_of_work(team.planner.actor) as uow:
        uow.session.get_one(Business, elsewhere).region_code = "371403"
    one, two = take(team, row("GC-1", region="371402"), row("GC-2", region="371400"))
    [first], [second] = divide(team, one, part(team, 1)), divide(team, two, part(team, 1))
    with unit_of_work(team.planner.actor) as uow:
        plan = uow.session.get_one(SamplingPlan, line_of(uow.session, first).plan_id)
        frame = frame_of(uow, plan, uow.now)
    lines = {line_of(session, each).stratum: each for each in (first, second)}
    drawn = [lines[entry.stratum] for entry in frame]
    assert (drawn.count(first), drawn.count(second)) == (1, 2)
    assert str(here) in {entry.business_id for entry in frame if lines[entry.stratum] == first}


def test_progress_is_written_out_in_the_order_of_the_sheet_which_reads_it_again(session, team):
    one, _two = take(team, row("GC-1"), row("GC-2", food="", region=""))
    [part_id] = divide(team, one, part(team, 3))
    approve(team, part_id)
    sample(team, part_id)
    session.expire_all()
    now = clock.now()
    written = sheet.write_csv(session, team.planner.actor, now)
    head, first, second = read_table_file(written).rows
    assert head[0] == "任务编号"
    assert (first[0], second[0]) == ("GC-1", "GC-2")
    assert first[-6:] == ("3", "1", "0", "0", "0", "0")
    assert read_table_file(sheet.write_workbook(session, team.planner.actor, now)).rows == (head, first, second)
    with unit_of_work(team.planner.actor) as uow:
        file = intake.receive_file(uow, "again.csv", written)
        assert {row.verdict for row in intake.stage_file(uow.session, file).rows} == {TaskVerdict.TAKEN}


def test_a_batch_counted_twice_is_found(session, team):
    [task_id] = take(team, row())
    [part_id] = divide(team, task_id, part(team, 2))
    approve(team, part_id)
    for _ in range(2):
        sample(team, part_id)
    session.execute(sa.update(NationalTaskPart).values(batches=1))
    session.flush()
    assert [check(session).violations for check in CHECKS] == [0, 1, 0, 1]
    session.execute(sa.update(NationalTaskPart).values(batches=31))
    assert [check(session).violations for check in CHECKS] == [1, 1, 0, 0]
    session.rollback()


def test_totals_add_up_over_all_tasks(session, team):
    one, two = take(team, row("GC-1"), row("GC-2"))
    divide(team, one, part(team, 3))
    count, total = queries.total_progress(session, team.planner.actor)
    assert (count, total.planned, total.assigned) == (2, 60, 3)
    assert queries.count_unassigned(session, team.planner.actor) == 2
    divide(team, two, part(team, 30))
    assert queries.count_unassigned(session, team.planner.actor) == 1
    assert len(queries.list_tasks(session, team.planner.actor, limit=1)) == 1
