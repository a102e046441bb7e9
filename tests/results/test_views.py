"""Pages of the laboratory: entry, review, signature and the public check, and what each refuses."""

import io
import re
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from openpyxl import Workbook
from sqlalchemy.orm import Session

from lims import clock
from lims.files import path_of
from lims.i18n import LOCALE_COOKIE
from lims.uow import unit_of_work
from results.models import Conclusion, ItemResult, ResultImport, TestSet
from results.queries import list_lines, newest_report, standing_results
from results.services.review import return_results
from results.types import ItemVerdict, LimitState, TestSetState
from sampling.models import Sample, SamplingForm
from tests.conftest import NOW
from tests.factories.people import PASSWORD
from tests.factories.results import (
    STATED,
    make_entered_set,
    make_locked_set,
    make_report,
    make_signed_report,
    make_test_set,
)
from tests.factories.sampling import Team, make_team
from tests.factories.web import csrf_token, log_in

MARKER = "鲸落商贸"  # stands nowhere but on the form


@pytest.fixture
def team(session: Session) -> Team:
    return make_team()


@pytest.fixture
def client(client: FlaskClient) -> FlaskClient:
    client.set_cookie(LOCALE_COOKIE, "en")
    return client


def send(client: FlaskClient, page: str, to: str | None = None, **fields: object):
    return client.post(to or page, data={"csrf_token": csrf_token(client, page), **fields})


def judged(session: Session, made: TestSet) -> list[UUID]:
    return [one.line.id for one in list_lines(session, made.id) if one.line.limit_state is LimitState.FOUND]


# the bench


@pytest.mark.parametrize(("locale", "word"), [("en", "Bench"), ("zh_Hans_CN", "盲样编号、检验项目或方法")])
def test_the_worklist_reads_in_both_languages(client: FlaskClient, team: Team, locale: str, word: str) -> None:
    made = make_test_set(team)
    log_in(client, team.tester).set_cookie(LOCALE_COOKIE, locale)
    page = client.get("/bench/").get_data(as_text=True)
    assert word in page
    assert made.blind_code in page


def test_results_are_typed_saved_and_judged(client: FlaskClient, session: Session, team: Team) -> None:
    made = make_test_set(team)
    log_in(client, team.tester)
    page = f"/bench/{made.blind_code}"
    ids = judged(session, made)
    answer = send(client, page, **{f"result-{ids[0]}": "0.011", f"seen-{ids[0]}": "0"})
    assert answer.status_code == 303
    assert [row.entered_text for row in standing_results(session, made.id).values()] == ["0.011"]
    assert "0.011" in client.get(page).get_data(as_text=True)


def test_what_is_wrong_stands_beside_its_line_and_nothing_typed_is_lost(
    client: FlaskClient, session: Session, team: Team
) -> None:
    made = make_test_set(team)
    log_in(client, team.tester)
    first, second, third = judged(session, made)[:3]
    answer = send(
        client,
        f"/bench/{made.blind_code}",
        **{f"result-{first}": "banana", f"result-{second}": "0.02", f"result-{third}": "1e400"},
    )
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert text.count('aria-invalid="true"') == 2
    assert all(f'value="{typed}"' in text for typed in ("banana", "0.02", "1e400"))
    assert session.scalar(sa.select(sa.func.count()).select_from(ItemResult)) == 0


def test_somebody_who_was_faster_is_named(client: FlaskClient, session: Session, team: Team) -> None:
    made = make_test_set(team)
    log_in(client, team.tester)
    page, line = f"/bench/{made.blind_code}", judged(session, made)[0]
    send(client, page, **{f"result-{line}": "0.011", f"seen-{line}": "0"})
    answer = send(client, page, **{f"result-{line}": "0.012", f"seen-{line}": "0", f"reason-{line}": "again"})
    assert answer.status_code == 409
    assert f"{team.tester.actor.name} entered 0.011" in answer.get_data(as_text=True)
    answer = send(client, page, **{f"result-{line}": "0.012", f"seen-{line}": "1", f"reason-{line}": "again"})
    assert answer.status_code == 303


def test_all_items_without_a_loaded_limit_are_marked_at_once(client: FlaskClient, session: Session, team: Team) -> None:
    made = make_test_set(team)
    log_in(client, team.tester)
    answer = send(client, f"/bench/{made.blind_code}", act="mark", mark_reason="现行版本未载入")
    assert answer.status_code == 303
    lines = list_lines(session, made.id)
    open_ones = [one for one in lines if one.line.limit_state is LimitState.MISSING_EDITION]
    assert {one.result.untested_reason for one in open_ones if one.result} == {"现行版本未载入"}
    assert all(one.result is None for one in lines if one.line.limit_state is LimitState.FOUND)


def test_a_field_label_is_an_unknown_code_at_the_bench(client: FlaskClient, session: Session, team: Team) -> None:
    made = make_test_set(team)
    number = session.scalar(sa.select(Sample.sampling_no).where(Sample.id == made.sample_id))
    log_in(client, team.tester)
    for code in (number, f"{number}-1", "NOSUCH22"):
        answer = client.get("/bench/find", query_string={"code": code})
        assert answer.status_code == 404
        assert "Unknown code" in answer.get_data(as_text=True)


def test_the_bench_learns_nothing_of_whose_sample_it_is(client: FlaskClient, session: Session, team: Team) -> None:
    secrets = {
        "party_name": f"{MARKER}超市",
        "party_address": f"{MARKER}路1号",
        "producer_name": f"{MARKER}食品厂",
        "brand": f"{MARKER}牌",
        "product_name": f"{MARKER}韭菜",
        "executed_standard": f"Q/{MARKER} 0001S",
        "supplier_name": f"{MARKER}批发",
    }
    made = make_test_set(team, **secrets)
    number = session.scalar(sa.select(Sample.sampling_no).where(Sample.id == made.sample_id))
    log_in(client, team.tester)
    line = judged(session, made)[0]
    pages = [
        client.get("/bench/"),
        client.get(f"/bench/{made.blind_code}"),
        send(client, f"/bench/{made.blind_code}", **{f"result-{line}": "banana"}),
        client.get("/bench/", query_string={"q": MARKER}),
        client.get("/bench/import/"),
    ]
    log_in(client, team.reviewer)
    pages += [client.get("/review/"), client.get(f"/review/sets/{made.blind_code}")]
    for page in pages:
        text = page.get_data(as_text=True).replace(f'value="{MARKER}"', "")  # what one typed oneself
        assert MARKER not in text
        assert number not in text
    assert "enterprise standard" in pages[1].get_data(as_text=True)


def test_another_laboratory_finds_no_such_set(client: FlaskClient, team: Team) -> None:
    made = make_test_set(team)
    log_in(client, make_team().tester)
    assert client.get(f"/bench/{made.blind_code}").status_code == 404


@pytest.mark.parametrize("page", ["/bench/", "/bench/import/", "/review/", "/review/reports/"])
def test_a_sampler_opens_no_page_of_the_laboratory(client: FlaskClient, team: Team, page: str) -> None:
    assert client.get(page).status_code == 302
    assert log_in(client, team.samplers[0]).get(page).status_code == 403


def test_a_tester_opens_no_page_of_reviewer_or_signatory(client: FlaskClient, team: Team) -> None:
    log_in(client, team.tester)
    assert {client.get(page).status_code for page in ("/review/", "/review/reports/")} == {403}


def test_a_correction_is_proposed_and_approved_through_pages(client: FlaskClient, session: Session, team: Team) -> None:
    made = make_locked_set(team, "0.04")
    with unit_of_work(team.reviewer.actor) as uow:
        return_results(uow, made.blind_code, "wrong dilution")
    line = judged(session, made)[0]
    log_in(client, team.tester)
    assert "wrong dilution" in client.get(f"/bench/{made.blind_code}").get_data(as_text=True)
    page = f"/bench/{made.blind_code}/corrections/{line}"
    assert send(client, page, text="banana", reason="x").status_code == 422
    assert send(client, page, text="0.03", reason="diluted again").status_code == 303
    log_in(client, team.reviewer)
    review = client.get(f"/review/sets/{made.blind_code}").get_data(as_text=True)
    [approval] = re.findall(r'action="(/review/corrections/[^"]+)"', review)
    send(client, f"/review/sets/{made.blind_code}", approval, code=made.blind_code)
    session.expire_all()
    assert standing_results(session, made.id)[line].entered_text == "0.03"


# files


def workbook(rows: list[list[str]]) -> io.BytesIO:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    content.seek(0)
    return content


def upload(client: FlaskClient, content: bytes | io.BytesIO, name: str = "results.csv"):
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    return client.post(
        "/bench/import/",
        data={"csrf_token": csrf_token(client, "/bench/import/"), "file": (stream, name)},
        content_type="multipart/form-data",
    )


def test_a_file_is_looked_at_row_by_row_and_then_entered_once(
    client: FlaskClient, session: Session, team: Team
) -> None:
    made = make_test_set(team)
    other = make_test_set(make_team())
    log_in(client, team.tester)
    rows = [
        "盲样编号,检验项目,检验结果",
        f"{made.blind_code},镉（以Cd计）,0.01",
        f"{made.blind_code},铅,banana",
        f"{other.blind_code},铅,0.01",
        f"{made.blind_code},甜蜜素,未检出",
        "NOSUCH22,铅,0.01",
        f"{made.blind_code},腐霉利,0.1",
        f"{made.blind_code},腐霉利,0.2",
    ]
    content = "\n".join(rows).encode("gb18030")
    answer = upload(client, content)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert text.count('class="is-bad"') == 6
    assert f"Unknown code {other.blind_code}" in text
    assert "more than once" in text
    assert session.scalar(sa.select(sa.func.count()).select_from(ItemResult)) == 0
    [sha256] = re.findall(r'name="sha256" value="([0-9a-f]{64})"', text)
    assert send(client, "/bench/import/", "/bench/import/accept", sha256=sha256).status_code == 303
    assert [row.entered_text for row in standing_results(session, made.id).values()] == ["0.01"]
    assert session.scalar(sa.select(ResultImport.results)) == 1
    again = upload(client, content)
    assert again.status_code == 409
    assert "taken in before" in again.get_data(as_text=True)


def test_a_workbook_is_read_too(client: FlaskClient, session: Session, team: Team) -> None:
    made = make_test_set(team)
    log_in(client, team.tester)
    rows = [
        ["检测报表"],
        ["盲样编号", "项目", "结果", "未检原因"],
        [made.blind_code, "镉（以Cd计）", "/", "样品量不足"],
    ]
    text = upload(client, workbook(rows), "r.xlsx").get_data(as_text=True)
    [sha256] = re.findall(r'name="sha256" value="([0-9a-f]{64})"', text)
    send(client, "/bench/import/", "/bench/import/accept", sha256=sha256)
    assert [row.untested_reason for row in standing_results(session, made.id).values()] == ["样品量不足"]


@pytest.mark.parametrize("content", [b"", b"a,b,c\n1,2,3\n", b"PK\x03\x04broken", "盲样编号,项目,结果\n".encode()])
def test_a_file_that_holds_no_results_says_so(client: FlaskClient, team: Team, content: bytes) -> None:
    log_in(client, team.tester)
    answer = upload(client, content)
    assert answer.status_code == 422
    assert "field__error" in answer.get_data(as_text=True)


# review and signature


def test_a_reviewer_locks_a_complete_set(client: FlaskClient, session: Session, team: Team) -> None:
    made = make_entered_set(team)
    log_in(client, team.reviewer)
    assert made.blind_code in client.get("/review/").get_data(as_text=True)
    assert send(client, f"/review/sets/{made.blind_code}", act="lock").status_code == 303
    assert session.scalar(sa.select(TestSet.state).where(TestSet.id == made.id)) is TestSetState.LOCKED


def test_a_set_is_returned_with_a_reason_before_its_lock(client: FlaskClient, session: Session, team: Team) -> None:
    made = make_entered_set(team)
    log_in(client, team.reviewer)
    page = f"/review/sets/{made.blind_code}"
    refused = send(client, page, act="return", reason=" ")
    assert refused.status_code == 422
    assert send(client, page, act="return", reason="duplicate missing").status_code == 303
    assert "Returned" in client.get("/review/").get_data(as_text=True)
    log_in(client, team.tester)
    line = judged(session, made)[0]
    bench = f"/bench/{made.blind_code}"
    assert "duplicate missing" in client.get(bench).get_data(as_text=True)
    changed = {f"result-{line}": "0.02", f"reason-{line}": "duplicate done", f"seen-{line}": "1"}
    assert send(client, bench, **changed).status_code == 303


def test_an_incomplete_set_is_not_locked_and_says_what_is_missing(client: FlaskClient, team: Team) -> None:
    made = make_test_set(team)
    log_in(client, team.tester)
    send(client, f"/bench/{made.blind_code}", act="mark", mark_reason="未载入")
    log_in(client, team.reviewer)
    answer = send(client, f"/review/sets/{made.blind_code}", act="lock")
    assert answer.status_code == 409
    assert "腐霉利" in answer.get_data(as_text=True)


def test_a_signatory_composes_reads_and_signs(client: FlaskClient, session: Session, team: Team) -> None:
    made = make_locked_set(team)
    party = session.scalar(sa.select(SamplingForm.party_name).where(SamplingForm.sample_id == made.sample_id))
    log_in(client, team.signatory)
    assert client.get("/review/").location == "/review/reports/"
    queue = client.get("/review/reports/").get_data(as_text=True)
    assert made.blind_code in queue
    assert party not in queue  # whose it is, is told with the report
    answer = send(client, "/review/reports/", "/review/reports/compose", code=made.blind_code)
    report = newest_report(session, made.sample_id)
    assert report is not None
    assert answer.location == f"/review/reports/{report.id}"
    assert party in client.get(answer.location).get_data(as_text=True)
    assert client.get(f"/review/reports/{report.id}/report.pdf").data == path_of(report.pdf_sha256).read_bytes()
    assert client.get(f"/review/reports/{report.id}/report-en.pdf").data.startswith(b"%PDF-")
    shown = f"{report.id}:{report.pdf_sha256.hex()}"
    signed = send(client, answer.location, "/review/reports/sign", report=shown, sent_from=str(report.id))
    assert signed.status_code == 303
    assert session.scalar(sa.select(Conclusion.signatory_id)) == team.signatory.person_id


def test_signing_asks_for_the_password_when_it_was_given_long_ago(
    client: FlaskClient, session: Session, team: Team, frozen_clock: clock.SimulatedClock
) -> None:
    report = make_report(team, make_locked_set(team))
    log_in(client, team.signatory)
    frozen_clock.advance(timedelta(minutes=6))
    page = f"/review/reports/{report.id}"
    assert 'name="password"' in client.get(page).get_data(as_text=True)
    fields = {"report": f"{report.id}:{report.pdf_sha256.hex()}", "sent_from": str(report.id)}
    assert send(client, page, "/review/reports/sign", **fields).status_code == 403
    for _again in range(4):
        assert send(client, page, "/review/reports/sign", password="wrong", **fields).status_code == 401
    assert session.scalar(sa.select(sa.func.count()).select_from(Conclusion)) == 0
    assert send(client, page, "/review/reports/sign", password=PASSWORD, **fields).status_code == 303


def test_a_password_guessed_at_the_signature_is_throttled_as_at_the_login(
    client: FlaskClient, session: Session, team: Team, frozen_clock: clock.SimulatedClock
) -> None:
    report = make_report(team, make_locked_set(team))
    log_in(client, team.signatory)
    page = f"/review/reports/{report.id}"
    fields = {"report": f"{report.id}:{report.pdf_sha256.hex()}", "sent_from": str(report.id)}
    tried = [send(client, page, "/review/reports/sign", password="wrong", **fields).status_code for _ in range(5)]
    assert tried == [401] * 5
    assert send(client, page, "/review/reports/sign", password=PASSWORD, **fields).status_code == 429
    assert session.scalar(sa.select(sa.func.count()).select_from(Conclusion)) == 0
    frozen_clock.advance(timedelta(minutes=16))
    assert send(client, page, "/review/reports/sign", password=PASSWORD, **fields).status_code == 303


def test_several_reports_are_signed_together_or_not_at_all(client: FlaskClient, session: Session, team: Team) -> None:
    reports = [make_report(team, make_locked_set(team)) for _ in range(2)]
    log_in(client, team.signatory)
    shown = [f"{one.id}:{one.pdf_sha256.hex()}" for one in reports]
    forged = [shown[0], f"{reports[1].id}:{'00' * 32}"]
    page = "/review/reports/"
    assert send(client, page, "/review/reports/sign", report=forged).status_code == 409
    assert session.scalar(sa.select(sa.func.count()).select_from(Conclusion)) == 0
    assert send(client, page, "/review/reports/sign", report=[]).status_code == 422
    assert send(client, page, "/review/reports/sign", report=["x:y"]).status_code == 404
    assert send(client, page, "/review/reports/sign", report=shown).status_code == 303
    assert session.scalar(sa.select(sa.func.count()).select_from(Conclusion)) == 2


def test_a_signatory_who_signs_several_sees_what_each_report_says(
    client: FlaskClient, session: Session, team: Team
) -> None:
    reports = [make_report(team, make_locked_set(team)) for _ in range(2)]
    log_in(client, team.signatory)
    rows = re.findall(r"<tbody>(.*?)</tbody>", client.get("/review/reports/").text, re.DOTALL)
    for report in reports:
        (row,) = (text for text in rows if report.report_no in text)
        for one in list_lines(session, report.test_set_id):
            is_shown = one.result is not None and one.result.verdict is not ItemVerdict.UNTESTED
            assert ((one.item.name_en or one.item.name_zh) in row) is is_shown
            assert not is_shown or one.result.entered_text in row


def test_a_signatory_returns_a_report_with_a_reason(client: FlaskClient, session: Session, team: Team) -> None:
    report = make_report(team, make_locked_set(team))
    log_in(client, team.signatory)
    page = f"/review/reports/{report.id}"
    assert send(client, page, f"{page}/return", reason="").status_code == 422
    assert send(client, page, f"{page}/return", reason="unit of lead").status_code == 303
    assert session.scalar(sa.select(TestSet.state).where(TestSet.id == report.test_set_id)) is TestSetState.TESTING
    assert "cannot be signed" in client.get(page).get_data(as_text=True)


def test_who_may_read_the_report(client: FlaskClient, session: Session, team: Team) -> None:
    report = make_report(team, make_locked_set(team))
    page = f"/review/reports/{report.id}/report.pdf"
    outsider = make_team()
    before = {who: log_in(client, who).get(page).status_code for who in (team.signatory, team.planner, team.custodian)}
    assert before == {team.signatory: 200, team.planner: 404, team.custodian: 404}
    signed = make_signed_report(team)
    page = f"/review/reports/{signed.id}/report.pdf"
    readers = (team.planner, team.custodian, team.samplers[0], team.tester, team.reviewer, outsider.planner)
    after = [log_in(client, who).get(page).status_code for who in readers]
    assert after == [200, 200, 404, 404, 404, 404]


# the public check


@pytest.mark.parametrize(("locale", "word"), [("en", "This report is current"), ("zh_Hans_CN", "该报告有效")])
def test_the_public_sees_that_a_report_is_current_and_nothing_of_the_sample(
    client: FlaskClient, session: Session, team: Team, locale: str, word: str
) -> None:
    report = make_signed_report(team)
    form = session.get_one(SamplingForm, report.sample_id)
    number = session.get_one(Sample, report.sample_id).sampling_no
    client.set_cookie(LOCALE_COOKIE, locale)
    text = client.get(f"/check/{report.check_code.lower()}").get_data(as_text=True)
    assert word in text
    assert report.pdf_sha256.hex() in text
    for secret in (form.party_name, form.product_name, number, "合格", "Pass"):
        assert secret not in text


def test_a_report_that_was_never_signed_or_was_replaced_says_so(
    client: FlaskClient, session: Session, team: Team, frozen_clock: clock.SimulatedClock
) -> None:
    made = make_locked_set(team)
    first = make_report(team, made)
    assert "not issued" in client.get(f"/check/{first.check_code}").get_data(as_text=True)
    frozen_clock.move_to(NOW + timedelta(days=1))
    second = make_report(team, made)
    log_in(client, team.signatory)
    page = f"/review/reports/{second.id}"
    send(client, page, "/review/reports/sign", report=f"{second.id}:{second.pdf_sha256.hex()}")
    assert "was replaced" in client.get(f"/check/{first.check_code}").get_data(as_text=True)
    assert "is current" in client.get(f"/check/{second.check_code}").get_data(as_text=True)


def test_a_file_is_compared_with_the_signed_one(client: FlaskClient, team: Team) -> None:
    report = make_signed_report(team)
    page = f"/check/{report.check_code}"
    content = path_of(report.pdf_sha256).read_bytes()
    for sent, word in ((content, "the very file"), (content + b" ", "another file")):
        data = {"csrf_token": csrf_token(client, page), "file": (io.BytesIO(sent), "report.pdf")}
        answer = client.post(page, data=data, content_type="multipart/form-data")
        assert word in answer.get_data(as_text=True)


def test_an_unknown_check_code_is_not_found(client: FlaskClient) -> None:
    client.set_cookie("lims_locale", "en")
    told = client.get("/check/NOSUCH22")
    assert told.status_code == 404
    assert "There is no report with the code NOSUCH22." in told.text
    assert 'value="NOSUCH22"' in told.text
    assert client.get("/check/?code=NOSUCH22").location == "/check/NOSUCH22"


def test_the_page_of_a_sample_tells_each_what_they_may_know(client: FlaskClient, session: Session, team: Team) -> None:
    report = make_signed_report(team)
    page = f"/samples/{report.sample_id}"
    assert report.report_no in log_in(client, team.planner).get(page).get_data(as_text=True)
    sampler = log_in(client, team.samplers[0]).get(page)
    assert report.report_no not in sampler.get_data(as_text=True)


def test_the_bench_shows_stated_bounds(client: FlaskClient, session: Session, team: Team) -> None:
    made = make_test_set(team)
    log_in(client, team.tester)
    [line] = [one.line.id for one in list_lines(session, made.id) if one.item.name_zh == "腐霉利"]
    send(client, f"/bench/{made.blind_code}", **{f"result-{line}": STATED})
    assert STATED in client.get(f"/bench/{made.blind_code}").get_data(as_text=True)
