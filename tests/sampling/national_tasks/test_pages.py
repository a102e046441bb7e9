"""Tasks on pages and in the API: a sheet row by row, divided, moved, and written out; refusals keep what was typed."""

from base64 import b64encode
from io import BytesIO

import pytest
import sqlalchemy as sa

from lims.actors import OrganisationKind
from lims.auth.permissions import Role
from lims.tables import to_csv
from sampling.national_tasks.models import NationalTaskPart
from sampling.types import PlaceKind
from tests.factories.national_tasks import HEAD, divide, line_of, part, row, take
from tests.factories.people import make_organisation, make_person
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

PAGE = "/plan/national-tasks/"
API = "/api/v1/national-task"


@pytest.fixture
def team(session):
    return make_team()


def fields(team, batches, place=PlaceKind.SUPERMARKET):
    return {
        "batches": batches,
        "place_kind": place.value,
        "mode": team.mode.value,
        "sampling_organisation_id": str(team.sampling_organisation_id),
        "lab_id": str(team.lab_id),
    }


def test_a_sheet_is_looked_at_row_by_row_and_taken_by_ticks(client, team):
    log_in(client, team.planner)
    content = to_csv(HEAD, [row("GC-1"), row("GC-2"), row("GC-3", batches="三十")])
    form = {"csrf_token": csrf_token(client, PAGE), "file": (BytesIO(content), "任务.csv")}
    sent = client.post(PAGE, data=form, follow_redirects=True)
    assert "批次为“三十”" in sent.text
    assert "1 行不导入" in sent.text
    file_page = sent.request.path
    chosen = {"csrf_token": csrf_token(client, file_page), "row": ["3"]}
    taken = client.post(f"{file_page}/take", data=chosen, follow_redirects=True)
    assert "已导入 1 项任务" in taken.text
    assert "GC-2" in taken.text
    assert "GC-1" not in taken.text
    nothing = client.post(
        f"{file_page}/take", data={"csrf_token": csrf_token(client, file_page)}, follow_redirects=True
    )
    assert "没有可导入的行" in nothing.text
    again = {"csrf_token": csrf_token(client, PAGE), "file": (BytesIO(content), "任务.csv")}
    refused = client.post(PAGE, data=again)
    assert (refused.status_code, "同一份任务表已于 2026-09-14" in refused.text) == (409, True)
    empty = client.post(PAGE, data={"csrf_token": csrf_token(client, PAGE)})
    assert empty.status_code == 422


def test_another_file_is_no_sheet_of_tasks(client, team):
    log_in(client, team.planner)
    form = {"csrf_token": csrf_token(client, PAGE), "file": (BytesIO(b"a,b\n1,2\n"), "x.csv")}
    assert "这不是任务表" in client.post(PAGE, data=form, follow_redirects=True).text


def test_a_task_is_divided_on_its_page_and_a_refusal_keeps_what_was_typed(client, session, team):
    [task_id] = take(team, row())
    log_in(client, team.planner)
    page = f"{PAGE}{task_id}"
    typed = {f"parts-0-{name}": value for name, value in fields(team, "40").items()}
    typed |= {f"parts-1-{name}": value for name, value in fields(team, "").items()}
    refused = client.post(page, data=typed | {"csrf_token": csrf_token(client, page)})
    assert refused.status_code == 422
    assert "未分配的只有 30 批次" in refused.text
    assert 'value="40"' in refused.text
    typed["parts-0-batches"] = "12"
    done = client.post(page, data=typed | {"csrf_token": csrf_token(client, page)}, follow_redirects=True)
    assert "分配剩余 18 批次" in done.text
    [held] = session.scalars(sa.select(NationalTaskPart))
    plan_id = line_of(session, held.id).plan_id
    assert "GC-1" in client.get(f"/plan/{plan_id}").text
    assert client.get(f"/plan/{plan_id}/lines").status_code == 200


def test_batches_move_with_their_reason_to_others_or_back(client, team):
    [task_id] = take(team, row())
    [part_id] = divide(team, task_id, part(team, 12))
    log_in(client, team.planner)
    page = f"{PAGE}parts/{part_id}/move"
    typed = fields(team, "5") | {"target": "other", "reason": "承检机构停业整顿"}
    same = client.post(page, data=typed | {"csrf_token": csrf_token(client, page)})
    assert (same.status_code, "请另选机构" in same.text, "停业整顿" in same.text) == (422, True, True)
    typed["lab_id"] = str(make_organisation(OrganisationKind.LAB))
    moved = client.post(page, data=typed | {"csrf_token": csrf_token(client, page)}, follow_redirects=True)
    assert "承检机构停业整顿" in moved.text
    back = {"batches": "7", "reason": "退回", "target": "rest"} | {
        name: value for name, value in typed.items() if name.endswith("_id") or name in {"mode", "place_kind"}
    }
    returned = client.post(page, data=back | {"csrf_token": csrf_token(client, page)}, follow_redirects=True)
    assert "分配剩余 25 批次" in returned.text
    too_many = client.post(page, data=back | {"csrf_token": csrf_token(client, page)})
    assert (too_many.status_code, "最多可调整 0 批次" in too_many.text) == (409, True)


def test_progress_is_a_picture_with_its_table_and_two_files(client, team):
    log_in(client, team.planner)
    assert "尚无国抽任务" in client.get(PAGE).text
    [task_id] = take(team, row(due="2026-09-01"))
    divide(team, task_id, part(team, 12))
    shown = client.get(PAGE).text
    assert "已超期" in shown
    assert "余 18" in shown
    assert 'class="hbars"' in shown
    written = client.get(f"{PAGE}progress.csv")
    assert "GC-1" in written.data.decode()
    assert client.get(f"{PAGE}progress.xlsx").data.startswith(b"PK")


def test_nobody_but_a_planner_of_the_regulator_sees_a_task(client, team):
    [task_id] = take(team, row())
    [part_id] = divide(team, task_id, part(team, 2))
    log_in(client, team.samplers[0])
    assert client.get(PAGE).status_code == 403
    log_in(client, make_team().planner)
    assert client.get(f"{PAGE}{task_id}").status_code == 404
    assert client.get(f"{PAGE}parts/{part_id}/move").status_code == 404


def test_the_api_hands_in_takes_divides_moves_and_reports(client, team):
    headers = bearer(team.planner)
    content = b64encode(to_csv(HEAD, [row("GC-1"), row("GC-2")])).decode()

    def post(path, body, key):
        return client.post(f"{API}{path}", json=body, headers=headers | {"Idempotency-Key": key})

    sent = post("-files", {"file_name": "a.csv", "content": content}, "a")
    assert [(one["verdict"], one["can_be_taken"]) for one in sent.json["rows"]] == [("new", True)] * 2
    assert post("-files", {"file_name": "b.csv", "content": content}, "b").status_code == 409
    taken = post(f"-files/{sent.json['id']}/taking", {"rows": [2]}, "c")
    assert [one["verdict"] for one in taken.json["rows"]] == ["taken", "new"]
    assert post(f"-files/{sent.json['id']}/taking", {"rows": [2]}, "d").status_code == 409
    assert post(f"-files/{sent.json['id']}/taking", {}, "e").status_code == 201
    assert client.get(f"{API}-files/{sent.json['id']}", headers=headers).json["taken_at"] is not None
    listed = client.get(f"{API}s", headers=headers).json["items"]
    task = next(one for one in listed if one["reference"] == "GC-1")
    assert (task["food_category_code"], task["progress"]["planned"]) == ("34-4", 30)
    body = fields(team, 10)
    divided = post(f"s/{task['id']}/parts", {"parts": [body]}, "f")
    [held] = divided.json["items"]
    assert (held["batches"], held["movable"]) == (10, 10)
    assert post(f"s/{task['id']}/parts", {"parts": [body | {"batches": 21}]}, "g").status_code == 422
    to = {name: value for name, value in body.items() if name != "batches"}
    to["lab_id"] = str(make_organisation(OrganisationKind.LAB))
    moved = post(f"-parts/{held['id']}/moves", {"batches": 4, "reason": "改派", "to": to}, "h")
    assert (moved.status_code, moved.json["batches"]) == (201, 4)
    back = post(f"-parts/{held['id']}/moves", {"batches": 6, "reason": "退回"}, "i")
    assert back.json["to_part_id"] is None
    parts = client.get(f"{API}s/{task['id']}/parts", headers=headers).json["items"]
    assert sorted(one["batches"] for one in parts) == [0, 4]
    assert client.get(f"{API}s/{task['id']}", headers=headers).json["progress"]["assigned"] == 4
    custodian = make_person(team.lab_id, Role.CUSTODIAN)
    assert client.get(f"{API}s", headers=bearer(custodian)).status_code == 403
