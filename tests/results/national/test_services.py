"""Results out, their state towards the national system, and differences to its export."""

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa

from lims import clock
from lims.auth.permissions import Role
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.files import read_file
from lims.layouts import columns_of
from lims.ledger.models import LedgerEvent
from lims.tables import read_workbook, to_csv
from lims.uow import unit_of_work
from results.national import queries, services
from results.national.types import DUE, DifferenceKind, ReportingState
from results.national.verification import CHECKS
from sampling.models import Sample
from sampling.types import SampleVerdict
from tests.factories.people import make_person
from tests.factories.results import make_signed_report
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in


@pytest.fixture
def team(session):
    return make_team()


def take(team):
    with unit_of_work(team.signatory.actor) as uow:
        export = services.take_out(uow)
        return export.id, export.file_sha256


def board(session, team, **asked):
    session.expire_all()
    return queries.list_board(session, team.planner.actor, clock.now(), **asked)


def states(session, team):
    return [row.state for row in board(session, team)]


def give_back(team, sample_id, reason="抽样地点与照片不符"):
    with unit_of_work(team.planner.actor) as uow:
        services.note_return(uow, sample_id, reason)


def test_a_sample_is_due_then_reported_then_given_back_and_reported_again(session, team, frozen_clock):
    sample_id = make_signed_report(team).sample_id
    assert states(session, team) == [ReportingState.NOT_REPORTED]
    first = take(team)
    assert states(session, team) == [ReportingState.REPORTED]
    with pytest.raises(ConflictError):
        take(team)
    give_back(team, sample_id)
    [row] = board(session, team)
    assert (row.state, row.return_reason) == (ReportingState.RETURNED, "抽样地点与照片不符")
    with pytest.raises(ConflictError):
        give_back(team, sample_id)
    frozen_clock.advance(timedelta(minutes=5))
    assert take(team) != first
    assert queries.count_states(session, team.planner.actor) == {
        state: int(state is ReportingState.REPORTED) for state in ReportingState
    }
    assert [check(session).violations for check in CHECKS] == [0, 0]


def test_what_was_taken_out_stands_in_the_ledger_with_the_digest_of_its_file(session, team):
    make_signed_report(team)
    export_id, digest = take(team)
    events = session.scalars(sa.select(LedgerEvent).where(LedgerEvent.chain == f"national-export:{export_id}")).all()
    assert any(digest.hex() in one.body for one in events)


def test_a_replaced_verdict_makes_a_sample_due_again_until_it_is_taken_out(session, team, frozen_clock):
    sample_id = make_signed_report(team).sample_id
    take(team)
    replaced = sa.update(Sample).where(Sample.id == sample_id).values(verdict=SampleVerdict.PROBLEM)
    session.execute(replaced)
    assert states(session, team) == [ReportingState.CORRECTED]
    frozen_clock.advance(timedelta(hours=1))
    take(team)
    assert states(session, team) == [ReportingState.REPORTED]


def test_the_file_has_the_national_columns_and_never_an_invented_cell(session, team):
    sample_id = make_signed_report(team, "0.31").sample_id
    content, _type = read_file(session, take(team)[1])
    samples, items = (read_workbook(content, sheet=name).rows for name in services.SHEETS.values())
    day = clock.local_date(clock.now())
    assert samples[0] == tuple(one.title for one in columns_of(services.SAMPLES, day))
    assert samples[0][0] == "抽样编号(sp_s_16)"
    told = dict(zip(samples[0], samples[1], strict=True))
    sample = session.get_one(Sample, sample_id)
    assert told["抽样编号(sp_s_16)"] == sample.sampling_no
    assert (told["被抽样单位省份(sp_s_3)"], told["抽样环节(sp_s_68)"]) == ("山东省", "流通")
    assert told["批号(sp_s_27)"] == ""
    assert len(samples) == 2
    line = dict(zip(items[0], items[1], strict=True))
    assert line["检验结果(spdata_1)"] == "0.31"
    assert line["结果判定(spdata_2)"] in {"合格项", "不合格项", "问题项", "不判定项"}


def test_what_a_file_says_can_be_compared_and_agrees(session, team):
    make_signed_report(team)
    make_signed_report(team)
    content, _type = read_file(session, take(team)[1])
    assert services.compare(session, team.planner.actor, content, clock.now()) == []


def test_differences_are_named_field_by_field_and_what_is_missing_on_either_side(session, team):
    ids = [make_signed_report(team).sample_id for _ in range(2)]
    take(team)
    rows = queries.national_rows(session, ids, clock.now())
    first = dict(rows[0].fields) | {"party_name": "别的超市", "product_date": "2026年9月12日"}
    stranger = dict(rows[1].fields) | {"sampling_no": "GZJ26371402999999999"}
    day = clock.local_date(clock.now())
    content = services.write_csv(services.SAMPLES, [replace(rows[0], fields=one) for one in (first, stranger)], day)
    found = services.compare(session, team.signatory.actor, content, clock.now())
    differing = {one.column: (one.theirs, one.ours) for one in found if one.kind is DifferenceKind.DIFFERS}
    assert differing["被抽样单位名称"] == ("别的超市", rows[0].fields["party_name"])
    assert [(one.kind, one.sampling_no) for one in found if one.kind is not DifferenceKind.DIFFERS] == [
        (DifferenceKind.MISSING_HERE, "GZJ26371402999999999"),
        (DifferenceKind.MISSING_THERE, rows[1].fields["sampling_no"]),
    ]
    item_lines = [[item.get("item", ""), rows[0].fields["sampling_no"], "9.9"] for item in rows[0].items[:1]]
    items = to_csv(["spdata_0", "sp_s_16", "检验结果"], item_lines)
    [wrong, *absent] = services.compare(session, team.signatory.actor, items, clock.now())
    assert (wrong.column, wrong.theirs) == ("检验结果", "9.9")
    assert {one.kind for one in absent} <= {DifferenceKind.MISSING_THERE}
    assert len(absent) == len(rows[0].items) - 1


def test_a_table_of_something_else_is_refused(session, team):
    with pytest.raises(InvalidInputError) as refusal:
        services.compare(session, team.planner.actor, to_csv(["日期", "温度"], [["1", "2"]]), clock.now())
    assert "抽样编号" in str(refusal.value)


def test_another_organisation_sees_reports_and_gives_back_nothing(session, team):
    sample_id = make_signed_report(team).sample_id
    take(team)
    other = make_team()
    assert board(session, other) == []
    with pytest.raises(NotFoundError):
        give_back(other, sample_id)
    with pytest.raises(ConflictError):
        take(other)


def test_a_signed_sample_has_a_last_day_and_is_overdue_after_it(session, team, frozen_clock):
    make_signed_report(team)
    [row] = board(session, team, states=DUE)
    assert row.days_left >= 0
    frozen_clock.advance(timedelta(days=30))
    assert board(session, team, states=DUE)[0].is_overdue
    take(team)
    assert board(session, team)[0].days_left is None


def test_pages_take_a_file_out_note_a_return_and_compare(client, session, team):
    sample_id = make_signed_report(team).sample_id
    log_in(client, team.signatory)
    number = session.get_one(Sample, sample_id).sampling_no
    shown = client.get("/national/").text
    assert number in shown
    assert number in client.get("/national/due/samples.csv").text
    assert "spdata_0" in client.get("/national/due/items.csv").text
    page = "/national/differences"
    token = csrf_token(client, page)
    client.post("/national/exports", data={"csrf_token": token})
    [export] = queries.list_exports(session, team.signatory.actor)
    workbook = client.get(f"/national/exports/{export.id}.xlsx")
    assert workbook.data.startswith(b"PK")
    agreed = client.post(page, data={"csrf_token": token, "file": (BytesIO(workbook.data), "x.xlsx")})
    assert "全部一致" in agreed.text
    wrong = to_csv(["抽样编号", "样品名称"], [[number, "菠菜"]])
    told = client.post(page, data={"csrf_token": token, "file": (BytesIO(wrong), "x.csv")})
    assert "菠菜" in told.text
    table = client.post(page, data={"csrf_token": token, "as": "csv", "file": (BytesIO(wrong), "x.csv")})
    assert "菠菜" in table.data.decode("utf-8-sig")
    assert client.post(page, data={"csrf_token": token}).status_code == 422
    back = f"/national/samples/{sample_id}/return"
    assert client.post(back, data={"csrf_token": token, "reason": ""}).status_code == 422
    client.post(back, data={"csrf_token": token, "reason": "照片缺失"})
    assert "照片缺失" in client.get("/national/?state=returned").text


def test_the_api_lists_takes_out_gives_back_and_compares(client, session, team):
    sample_id = make_signed_report(team).sample_id
    headers = bearer(team.signatory)
    [row] = client.get("/api/v1/national-reporting", headers=headers).json["items"]
    assert (row["state"], row["sample_id"]) == ("not_reported", str(sample_id))
    taken = client.post("/api/v1/national-exports", headers=headers | {"Idempotency-Key": "a"})
    assert (taken.status_code, taken.json["samples"]) == (201, 1)
    content = b64encode(to_csv(["抽样编号", "样品名称"], [[row["sampling_no"], "菠菜"]])).decode()
    told = client.post(
        "/api/v1/national-differences", json={"content": content}, headers=headers | {"Idempotency-Key": "b"}
    )
    assert [one["theirs"] for one in told.json["items"]] == ["菠菜"]
    back = client.post(
        f"/api/v1/samples/{sample_id}/national-returns",
        json={"reason": "照片缺失"},
        headers=headers | {"Idempotency-Key": "c"},
    )
    assert back.status_code == 201
    tester = make_person(team.lab_id, Role.TESTER)
    assert client.get("/api/v1/national-reporting", headers=bearer(tester)).status_code == 403
