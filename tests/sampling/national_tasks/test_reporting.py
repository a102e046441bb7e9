"""What comes back from national tasks: on forms, in the draw, in the sheet that is reported, and in the counts."""

import pytest
import sqlalchemy as sa

from lims import clock
from lims.tables import read_table_file
from lims.uow import unit_of_work
from sampling.assembly import assemble_form
from sampling.models import Business, SamplingPlan
from sampling.national_tasks import queries
from sampling.national_tasks.models import NationalTaskPart
from sampling.national_tasks.services import intake, sheet
from sampling.national_tasks.types import TaskVerdict
from sampling.national_tasks.verification import CHECKS
from sampling.services.draws import frame_of
from tests.factories.national_tasks import (
    CLASS_A,
    CLASS_B,
    SOURCE,
    approve,
    divide,
    line_of,
    part,
    row,
    sample,
    take,
)
from tests.factories.sampling import (
    make_business,
    make_team,
)


@pytest.fixture
def team(session):
    return make_team()


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
