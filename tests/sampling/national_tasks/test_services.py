"""Tasks taken from a sheet, divided through the plans' own services, and moved before they begin."""

from datetime import date

import pytest
import sqlalchemy as sa

from lims.actors import OrganisationKind
from lims.catalog.load import category_id
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.ledger.models import LedgerEvent
from lims.uow import unit_of_work
from sampling.models import SamplingPlan, SamplingTask
from sampling.national_tasks import queries
from sampling.national_tasks.models import NationalTask, NationalTaskPart
from sampling.national_tasks.services import division, intake
from sampling.national_tasks.types import TaskVerdict
from sampling.services.plans import StratumInput, compute_plan, set_category
from sampling.services.samples import void_sample
from sampling.types import PlaceKind, PlanState, SeparationMode, Stage, TaskCategory, TaskState
from tests.factories.national_tasks import (
    CLASS_A,
    CLASS_B,
    SOURCE,
    approve,
    divide,
    hand_in,
    is_sound,
    line_of,
    move,
    part,
    progress,
    row,
    sample,
    staged,
    take,
    visit,
)
from tests.factories.people import make_organisation
from tests.factories.sampling import (
    VEGETABLES,
    make_team,
)


@pytest.fixture
def team(session):
    return make_team()


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
