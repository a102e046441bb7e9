"""Blocks taken from a sheet: leased in order, by whom and for what they were given, each number once (I4)."""

import threading
from base64 import b64encode
from datetime import date, timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa

from lims import clock
from lims.auth.permissions import Role
from lims.cluster import Urls
from lims.db import db
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.numbering import NumberFate, check_numbers
from lims.people.queries import get_organisation
from lims.tables import to_csv
from lims.uow import unit_of_work
from sampling.given_sheets.queries import get_sheet
from sampling.models import Sample
from sampling.number_blocks import queries, services
from sampling.number_blocks.models import NumberBlock, NumberBlockFile
from sampling.number_blocks.types import BlockVerdict
from sampling.number_blocks.verification import CHECKS
from sampling.services.forms import institution_code, submit_form
from sampling.services.samples import void_sample
from tests.factories.people import make_person
from tests.factories.sampling import make_form_input, make_photos, make_plan, make_signatures, make_task, make_team
from tests.factories.web import bearer, csrf_token, log_in

HEAD = ["起始编号", "抽样单位", "数量", "任务来源", "启用日期", "有效期至"]
OWN = "XBJ26371402"


@pytest.fixture
def team(session):
    return make_team()


def name_of(organisation_id):
    with db.read_session() as session:
        return get_organisation(session, organisation_id).name_zh


def row(team, first, count, source="", *dates):
    return [first, name_of(team.sampling_organisation_id), str(count), source, *dates, *[""] * (2 - len(dates))]


def hand_in(team, *rows):
    with unit_of_work(team.planner.actor) as uow:
        return services.receive_file(uow, "号段.csv", to_csv(HEAD, rows)).id


def give(team, *rows):
    with unit_of_work(team.planner.actor) as uow:
        file = services.receive_file(uow, "号段.csv", to_csv(HEAD, rows))
        return [one.id for one in services.take_blocks(uow, file.id)]


def register(team, plan_id=None):
    task_id = make_task(team, plan_id)
    with unit_of_work(team.samplers[0].actor) as uow:
        return submit_form(uow, task_id, make_form_input(), make_signatures(), make_photos()).sampling_no


def verdicts(session, team, file_id):
    file = get_sheet(session, NumberBlockFile, team.planner.actor, file_id)
    return [(one.verdict, str(one.why or "")) for one in services.stage_file(session, file).rows]


def is_sound(session):
    return [check(session).violations for check in (*CHECKS, check_numbers)] == [0] * (len(CHECKS) + 1)


def test_numbers_come_from_the_block_in_order_and_then_from_the_organisation(session, team):
    [block_id] = give(team, row(team, "GZJ26371402000000008", 3))
    taken = [register(team) for _ in range(4)]
    assert taken[:3] == [f"GZJ26371402{serial:09d}" for serial in (8, 9, 10)]
    assert taken[3].startswith(OWN)
    found = queries.get_block(session, team.planner.actor, block_id)
    assert (found.used, found.void, found.leased, found.left, found.is_low) == (3, 0, 0, 0, True)
    assert is_sound(session)


def test_an_exhausted_block_is_followed_by_the_next_the_one_that_ends_first_before(session, team):
    give(
        team,
        row(team, "GZJ26371402000000001", 1, "", "", "2026-12-31"),
        row(team, "GZJ26371402000000101", 1, "", "", "2026-10-31"),
        row(team, "GZJ26371402000000201", 1),
    )
    assert [register(team)[-9:] for _ in range(3)] == ["000000101", "000000001", "000000201"]


def test_a_block_for_a_task_source_is_used_for_its_plans_only_and_before_any_other(session, team):
    give(
        team,
        row(team, "GZJ26371402000000001", 5, "2026年国家抽检"),
        row(team, "GZJ26371402000000101", 5, "2026年蔬菜专项抽检"),
        row(team, "GZJ26371402000000201", 5, name_of(team.regulator_id)),
        row(team, "GZJ26371402000000301", 5),
    )
    assert register(team).endswith("000000101")
    with unit_of_work(team.planner.actor) as uow:
        services.close_block(uow, block_of(session, 101).id, "收回")
    assert register(team).endswith("000000201")


def block_of(session, first):
    return session.scalars(sa.select(NumberBlock).where(NumberBlock.first == first)).one()


@pytest.mark.parametrize(("since", "until"), [("2026-09-15", ""), ("", "2026-09-13"), ("2026-01-01", "2026-09-13")])
def test_a_block_is_used_within_its_validity_only(session, team, since, until):
    give(team, row(team, "GZJ26371402000000001", 5, "", since, until))
    assert register(team).startswith(OWN)


def test_the_first_and_the_last_day_count(session, team):
    give(team, row(team, "GZJ26371402000000001", 5, "", "2026-09-14", "2026-09-14"))
    assert register(team).startswith("GZJ")


def test_nobody_else_is_numbered_from_a_block(session, team):
    give(team, row(team, "GZJ26371402000000001", 5))
    other = make_team()
    assert register(other).startswith(OWN)
    stranger = make_team()
    stranger.sampling_organisation_id, stranger.samplers = team.sampling_organisation_id, team.samplers
    make_plan(stranger)
    assert register(stranger).startswith(OWN)  # the block is for the tasks of another regulator


def test_a_sheet_is_judged_row_by_row(session, team):
    first = row(team, "GZJ26371402000000001", 10)
    give(team, first)
    give(team, row(team, "GZJ26371402000000501", 1))
    register(team)
    with unit_of_work(team.planner.actor) as uow:
        services.close_block(uow, block_of(session, 1).id, "收回")
    staged = verdicts(
        session,
        team,
        hand_in(
            team,
            row(team, "GZJ26371402000000501", 1),
            row(team, "GZJ26371402000000500", 5),
            row(team, "GZJ26371402000000001", 5),
            row(team, "GZJ26371402000000002", 5),
            row(team, "GZJ26371402000000006", 5),
            row(team, "GZJ26371402000000900", 0),
            ["GZJ26371402000000900", "不存在的单位", "3", "", "", ""],
            row(team, "GZJ26371402000000900", 3, "", "2026-13-01"),
            row(team, "GZJ26371402000000900", 3, "", "2026-10-01", "2026-09-01"),
        ),
    )
    assert [verdict for verdict, _why in staged] == [
        BlockVerdict.SAME,
        BlockVerdict.OVERLAPS,
        BlockVerdict.OVERLAPS,  # its first number was taken from the closed block
        BlockVerdict.NEW,
        BlockVerdict.OVERLAPS,
        *[BlockVerdict.UNREADABLE] * 4,
    ]
    assert "GZJ26371402000000501" in staged[1][1]
    assert "Row 5" in staged[4][1]
    assert "不存在的单位" in staged[6][1]
    assert "2026-13-01" in staged[7][1]


def test_what_is_left_of_a_closed_block_can_be_given_again_and_no_number_twice(session, team):
    [block_id] = give(team, row(team, "GZJ26371402000000001", 5))
    register(team)
    with unit_of_work(team.planner.actor) as uow:
        services.close_block(uow, block_id, "单位弄错")
    other = make_team()
    other.regulator_id, other.planner = team.regulator_id, team.planner
    give(team, row(other, "GZJ26371402000000002", 4))
    assert register(team).startswith(OWN)
    assert register(other) == "GZJ26371402000000002"
    assert is_sound(session)


def test_own_numbers_pass_over_those_that_a_block_reaches(session, team):
    own = register(team)
    with unit_of_work(team.planner.actor) as uow:
        institution = institution_code(uow, team.sampling_organisation_id)
    assert own == f"{OWN}{institution}00001"
    other = make_team()
    give(other, row(other, f"{OWN}{institution}00003", 4))
    assert [register(team)[-5:] for _ in range(3)] == ["00002", "00007", "00008"]
    assert register(other) == f"{OWN}{institution}00003"
    assert is_sound(session)


def test_numbers_that_stand_on_samples_are_not_taken_again(session, team):
    own = register(team)
    file_id = hand_in(team, row(team, own, 5))
    [(verdict, why)] = verdicts(session, team, file_id)
    assert (verdict, own in why) == (BlockVerdict.OVERLAPS, True)
    with pytest.raises(ConflictError), unit_of_work(team.planner.actor) as uow:
        services.take_blocks(uow, file_id)


def test_a_number_on_a_voided_sample_is_void_and_shown_with_its_sample(session, team):
    [block_id] = give(team, row(team, "GZJ26371402000000001", 5))
    number = register(team)
    sample_id = session.scalars(sa.select(Sample.id).where(Sample.sampling_no == number)).one()
    with unit_of_work(team.samplers[0].actor) as uow:
        void_sample(uow, sample_id, "现场填错")
    session.expire_all()
    found = queries.get_block(session, team.planner.actor, block_id)
    assert (found.used, found.void, found.left) == (0, 1, 4)
    [shown] = queries.list_numbers(session, found.block)
    assert (shown.number, shown.fate, shown.is_void, shown.sample_id) == (number, NumberFate.USED, True, sample_id)


def test_a_sheet_is_taken_once_and_the_same_bytes_are_the_same_sheet(session, team):
    rows = [row(team, "GZJ26371402000000001", 5)]
    file_id = hand_in(team, *rows)
    assert hand_in(team, *rows) == file_id
    for outcome in ("taken", "refused"):
        with unit_of_work(team.planner.actor) as uow:
            if outcome == "taken":
                assert len(services.take_blocks(uow, file_id)) == 1
            else:
                with pytest.raises(ConflictError):
                    services.take_blocks(uow, file_id)


def test_a_file_without_its_columns_says_what_is_missing(session, team):
    with unit_of_work(team.planner.actor) as uow:
        file = services.receive_file(uow, "x.csv", to_csv(["起始编号", "数量"], [["1", "2"]]))
        staged = services.stage_file(uow.session, file)
    assert "抽样单位" in str(staged.problem)


def test_another_regulator_sees_and_closes_no_block(session, team):
    [block_id] = give(team, row(team, "GZJ26371402000000001", 5))
    stranger = make_team().planner.actor
    assert queries.list_blocks(session, stranger) == []
    with pytest.raises(NotFoundError), unit_of_work(stranger) as uow:
        services.close_block(uow, block_id, "x")
    with pytest.raises(InvalidInputError), unit_of_work(team.planner.actor) as uow:
        services.close_block(uow, block_id, " ")


def test_a_block_that_runs_low_is_counted_until_it_is_used_up(session, team):
    give(team, row(team, "GZJ26371402000000001", 22))
    assert queries.count_low(session, team.planner.actor) == 0
    register(team)
    register(team)
    assert queries.count_low(session, team.planner.actor) == 1


def test_two_forms_at_once_never_take_one_number(committed_database: Urls):
    team = make_team()
    plan_id = make_plan(team, samples=12)
    give(team, row(team, "GZJ26371402000000001", 3), row(team, "GZJ26371402000000101", 4))
    tasks = [make_task(team, plan_id) for _ in range(12)]
    barrier = threading.Barrier(len(tasks))
    numbers, failures = [], []

    def submit(task_id):
        barrier.wait()
        try:
            with unit_of_work(team.samplers[0].actor) as uow:
                sample = submit_form(uow, task_id, make_form_input(), make_signatures(), make_photos())
                number = sample.sampling_no
            numbers.append(number)
        except Exception as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=submit, args=(task_id,)) for task_id in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    of_blocks = [f"GZJ26371402{serial:09d}" for serial in (1, 2, 3, 101, 102, 103, 104)]
    own = sorted(set(numbers) - set(of_blocks))
    assert sorted(numbers) == sorted([*of_blocks, *own])
    assert len(own) == 5
    with db.read_session() as session:
        assert is_sound(session)


def test_pages_take_a_sheet_show_its_numbers_and_close_the_block(client, session, team):
    log_in(client, team.planner)
    page = "/plan/number-blocks/"
    content = to_csv(HEAD, [row(team, "GZJ26371402000000001", 5), ["x", "y", "z", "", "", ""]])
    sheet = {"csrf_token": csrf_token(client, page), "file": (BytesIO(content), "号段.csv")}
    sent = client.post(page, data=sheet, follow_redirects=True)
    assert "导入 1 个号段" in sent.text
    assert "1 行不导入" in sent.text
    assert "没有名为“y”的机构" in sent.text
    file_page = sent.request.path
    taken = client.post(f"{file_page}/take", data={"csrf_token": csrf_token(client, file_page)}, follow_redirects=True)
    assert "已导入 1 个号段" in taken.text
    register(team)
    block = block_of(session, 1)
    shown = client.get(f"{page}{block.id}")
    assert "GZJ26371402000000001" in shown.text
    missing = client.post(f"{page}{block.id}", data={"csrf_token": csrf_token(client, page), "reason": ""})
    assert missing.status_code == 422
    client.post(f"{page}{block.id}", data={"csrf_token": csrf_token(client, page), "reason": "上级收回"})
    assert "上级收回" in client.get(f"{page}{block.id}").text
    nothing = client.post(page, data={"csrf_token": csrf_token(client, page)})
    assert (nothing.status_code, "请选择号段表" in nothing.text) == (422, True)


def test_a_plan_shows_the_blocks_of_who_samples_it(client, session, team):
    plan_id = make_plan(team)
    give(team, row(team, "GZJ26371402000000001", 5))
    log_in(client, team.planner)
    shown = client.get(f"/plan/{plan_id}").text
    assert "GZJ26371402000000001" in shown
    assert "余量不足" in shown


def test_the_api_hands_in_takes_lists_and_closes(client, session, team):
    content = b64encode(to_csv(HEAD, [row(team, "GZJ26371402000000001", 5)])).decode()
    headers = bearer(team.planner)
    base = "/api/v1/number-block"
    key = {"Idempotency-Key": "a"}
    sent = client.post(f"{base}-files", json={"file_name": "a.csv", "content": content}, headers=headers | key)
    assert (sent.status_code, sent.json["rows"][0]["verdict"]) == (201, "new")
    assert client.get(f"{base}-files/{sent.json['id']}", headers=headers).json == sent.json
    taken = client.post(f"{base}-files/{sent.json['id']}/taking", headers=headers | {"Idempotency-Key": "b"})
    assert taken.json["taken_at"] is not None
    [block] = client.get(f"{base}s", headers=headers).json["items"]
    assert (block["count"], block["left"], block["first_no"]) == (5, 5, "GZJ26371402000000001")
    closed = client.post(
        f"{base}s/{block['id']}/closing", json={"reason": "收回"}, headers=headers | {"Idempotency-Key": "c"}
    )
    assert closed.json["closed_reason"] == "收回"
    assert client.get(f"{base}s/{block['id']}", headers=headers).json["closed_reason"] == "收回"
    custodian = make_person(team.lab_id, Role.CUSTODIAN)
    assert client.get(f"{base}s", headers=bearer(custodian)).status_code == 403


def test_a_block_that_ended_yesterday_is_used_no_more(session, team):
    today = clock.local_date(clock.now())
    assert today == date(2026, 9, 14)
    give(team, row(team, "GZJ26371402000000001", 5, "", "", (today - timedelta(days=1)).isoformat()))
    assert register(team).startswith(OWN)
