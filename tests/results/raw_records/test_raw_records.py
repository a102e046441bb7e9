"""The original record: the template of the day, everything needed to repeat the test, and nothing of whose it is."""

from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from io import BytesIO

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlalchemy.exc import ProgrammingError

from lims.auth.permissions import Role
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from results.models import ItemResult
from results.queries import list_lines
from results.raw_records import queries
from results.raw_records.assembly import record_pdf
from results.raw_records.models import RecordTemplate
from results.raw_records.rules import is_in_force, template_on
from results.raw_records.services import issue_template, retire_template
from results.services.entry import enter_results
from results.services.review import lock_results
from results.types import Entry, LimitState
from sampling.models import Sample, SamplingForm
from tests.conftest import NOW
from tests.factories.people import make_person
from tests.factories.results import (
    make_computed_set,
    make_entered_set,
    make_locked_set,
    make_signed_report,
    make_test_set,
)
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

TODAY = NOW.date()
DAY = timedelta(days=1)
TEMPLATES = "/quality/record-templates/"


@dataclass(frozen=True)
class Paper:
    standard: str
    valid_from: date
    retired_from: date | None


days = st.dates(date(2026, 1, 1), date(2026, 3, 1))
papers = st.builds(Paper, st.sampled_from(["", "GB 1", "GB 2"]), days, st.none() | days)


@given(st.lists(papers, max_size=8), st.sampled_from(["", "GB 1"]), days)
def test_a_method_has_its_own_newest_template_before_the_general_one(templates, standard, day):
    found = template_on(templates, standard, day)
    fitting = [one for one in templates if one.standard in {standard, ""} and is_in_force(one, day)]
    if found is None:
        assert not fitting
        return
    assert found in fitting
    assert found.standard == standard or all(one.standard == "" for one in fitting)
    assert all(one.valid_from <= found.valid_from for one in fitting if one.standard == found.standard)


@pytest.fixture
def team(session):
    return make_team()


@pytest.fixture
def manager(team):
    return make_person(team.lab_id, Role.QUALITY_MANAGER)


def issue(manager, number="JL-01", *, version="A/0", standard="", valid_from=TODAY, title="检验原始记录"):
    with unit_of_work(manager.actor) as uow:
        return issue_template(
            uow, number=number, version=version, title=title, standard=standard, valid_from=valid_from
        ).id


def text_of(pdf):
    return "".join("".join(page.extract_text().split()).replace("\u200b", "") for page in PdfReader(BytesIO(pdf)).pages)


def test_a_record_shows_what_was_found_by_whom_on_the_template_of_its_day(session, team, manager):
    issue(manager)
    made = make_computed_set(team)
    text = text_of(record_pdf(session, made))
    line = next(one for one in list_lines(session, made.id) if one.result)
    for expected in ("JL-01", "A/0", made.blind_code, line.item.name_zh, "0.125mg/kg", "5.0023", "25.0", "第1页"):
        assert expected in text, expected
    assert team.tester.actor.name in text
    assert team.reviewer.actor.name not in text


def test_the_retest_of_a_fail_stands_on_the_record_with_who_made_it(session, team, manager):
    issue(manager)
    made = make_locked_set(team, "9.1")
    text = text_of(record_pdf(session, made))
    assert "复测：9.1mg/kg（不合格），" + team.tester.actor.name in text


def test_a_lock_names_who_checked_and_a_replaced_result_stays_readable_with_its_reason(session, team, manager):
    issue(manager)
    made = make_entered_set(team, "0.01")
    one = next(one for one in list_lines(session, made.id) if one.line.limit_state is LimitState.FOUND)
    with unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(one.line.id, "0.02", reason="积分有误")])
    with unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, made.blind_code)
    session.expire_all()
    text = text_of(record_pdf(session, made))
    assert text.count("积分有误") == 1
    assert "0.01" in text
    assert "0.02" in text
    assert team.reviewer.actor.name in text


def test_a_method_with_a_template_of_its_own_stands_on_a_page_of_its_own(session, team, manager):
    issue(manager)
    made = make_entered_set(team)
    standard = next(one.method.standard for one in list_lines(session, made.id) if one.method)
    general = len(PdfReader(BytesIO(record_pdf(session, made))).pages)
    issue(manager, "JL-07", standard=standard, title="专用原始记录")
    pdf = record_pdf(session, made)
    assert len(PdfReader(BytesIO(pdf)).pages) > general
    assert {"JL-01" in text_of(pdf), "JL-07" in text_of(pdf), "专用原始记录" in text_of(pdf)} == {True}


def test_nothing_of_whose_sample_it_is_stands_on_the_record(session, team, manager):
    issue(manager)
    made = make_test_set(team, party_name="雀巷张记蔬菜摊", product_name="雀巷豇豆")
    with unit_of_work(team.tester.actor) as uow:
        lines = list_lines(uow.session, made.id)
        line = next(one.line for one in lines if one.line.limit_state is LimitState.FOUND)
        enter_results(uow, made.blind_code, [Entry(line.id, "0.02")])
    text = text_of(record_pdf(session, made))
    sample = session.get_one(Sample, made.sample_id)
    form = session.get_one(SamplingForm, made.sample_id)
    assert not [one for one in (sample.sampling_no, form.party_name, form.product_name) if one in text]


def test_without_a_template_of_the_day_or_a_result_there_is_no_record(session, team, manager):
    made = make_test_set(team)
    with pytest.raises(ConflictError, match=made.blind_code):
        record_pdf(session, made)
    entered = make_entered_set(team)
    with pytest.raises(ConflictError, match=TODAY.isoformat()):
        record_pdf(session, entered)
    issue(manager, valid_from=TODAY + DAY)
    with pytest.raises(ConflictError):
        record_pdf(session, entered)
    issue(manager, version="A/1")
    assert record_pdf(session, entered).startswith(b"%PDF")


def test_a_template_that_is_retired_still_prints_what_began_before(session, team, manager):
    first = issue(manager)
    made = make_entered_set(team)
    with unit_of_work(manager.actor) as uow:
        retire_template(uow, first, first_day=TODAY + DAY, reason="改版")
    session.expire_all()
    assert "JL-01" in text_of(record_pdf(session, made))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"valid_from": TODAY - DAY}, (TODAY - DAY).isoformat()),
        ({"standard": "GB 0.0"}, "GB 0.0"),
        ({"number": " "}, "."),
        ({"title": ""}, "."),
    ],
)
def test_what_no_template_can_be_is_refused_and_shown(team, manager, given, shown):
    with pytest.raises(InvalidInputError, match=shown):
        issue(manager, **given)


def test_number_and_version_and_the_first_day_are_taken_once(team, manager):
    first = issue(manager)
    with pytest.raises(ConflictError):
        issue(manager, valid_from=TODAY + DAY)
    with pytest.raises(ConflictError):
        issue(manager, version="A/1")
    with pytest.raises(InvalidInputError), unit_of_work(manager.actor) as uow:
        retire_template(uow, first, first_day=TODAY, reason="改版")
    with unit_of_work(manager.actor) as uow:
        retire_template(uow, first, first_day=TODAY + DAY, reason="改版")
    with pytest.raises(ConflictError), unit_of_work(manager.actor) as uow:
        retire_template(uow, first, first_day=TODAY + 2 * DAY, reason="改版")
    stranger = make_person(make_team().lab_id, Role.QUALITY_MANAGER)
    with pytest.raises(NotFoundError), unit_of_work(stranger.actor) as uow:
        retire_template(uow, first, first_day=TODAY + 2 * DAY, reason="改版")


def test_the_application_cannot_renumber_a_template(session, team, manager):
    issue(manager)
    with pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(sa.update(RecordTemplate).values(number="JL-02"))


@pytest.mark.parametrize(("locale", "word"), [("en", "Issue a template"), ("zh_Hans_CN", "发布模板")])
def test_the_quality_manager_issues_and_retires_on_pages(client, session, manager, locale, word):
    log_in(client, manager).get(f"/language/{locale}")
    assert word in client.get(TEMPLATES).get_data(as_text=True)
    sent = {"number": "JL-09", "version": "B/2", "title": "原始记录", "standard": "GB 0.0"}
    sent["valid_from"] = TODAY.isoformat()
    token = {"csrf_token": csrf_token(client, TEMPLATES)}
    refused = client.post(TEMPLATES, data=sent | token)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert {"GB 0.0" in refused.get_data(as_text=True), "JL-09" in refused.get_data(as_text=True)} == {True}
    assert client.post(TEMPLATES, data=sent | token | {"standard": ""}).status_code == HTTPStatus.SEE_OTHER
    [made] = queries.list_templates(session, manager.actor.organisation_id)
    page = f"{TEMPLATES}{made.id}/retirement"
    end = {"first_day": (TODAY + DAY).isoformat(), "reason": "改版"}
    assert client.post(page, data=end | token).status_code == HTTPStatus.SEE_OTHER
    assert "改版" in client.get(TEMPLATES).get_data(as_text=True)


def test_tester_and_reviewer_of_the_laboratory_open_the_record_and_nobody_else(app, session, team, manager):
    issue(manager)
    made = make_entered_set(team)
    path = f"/bench/{made.blind_code}/record.pdf"
    stranger = make_team().tester
    opened = {
        name: log_in(app.test_client(), who).get(path).status_code
        for name, who in {
            "tester": team.tester,
            "reviewer": team.reviewer,
            "sampler": team.samplers[0],
            "stranger": stranger,
        }.items()
    }
    assert opened == {"tester": 200, "reviewer": 200, "sampler": 403, "stranger": 404}
    assert session.scalar(sa.select(sa.func.count()).select_from(ItemResult)) > 0
    assert path in log_in(app.test_client(), team.tester).get(f"/bench/{made.blind_code}").get_data(as_text=True)


def test_programs_of_the_laboratory_read_the_record_and_learn_why_there_is_none(client, team, manager):
    made = make_entered_set(team)
    path = f"/api/v1/test-sets/{made.blind_code}/record"
    none = client.get(path, headers=bearer(team.tester))
    assert none.status_code == HTTPStatus.CONFLICT
    assert TODAY.isoformat() in none.json["detail"]
    issue(manager)
    read = client.get(path, headers=bearer(team.tester))
    assert (read.status_code, read.content_type) == (HTTPStatus.OK, "application/pdf")
    assert made.blind_code in text_of(read.data)
    assert client.get(path, headers=bearer(make_team().tester)).status_code == HTTPStatus.NOT_FOUND


def test_who_may_read_the_signed_report_opens_the_record_behind_it(app, session, team, manager):
    waiting, report = make_entered_set(team), make_signed_report(team)
    path = f"/samples/{report.sample_id}/evidence/record.pdf"
    shown = log_in(app.test_client(), team.planner)
    without = shown.get(f"/samples/{report.sample_id}/evidence").text
    assert path not in without
    assert "没有适用于" in without
    issue(manager)
    assert path in shown.get(f"/samples/{report.sample_id}/evidence").text
    assert "JL-01" in text_of(shown.get(path).data)
    assert shown.get(f"/samples/{waiting.sample_id}/evidence/record.pdf").status_code == HTTPStatus.NOT_FOUND
    for blind in (team.samplers[0], team.tester, team.reviewer):
        assert log_in(app.test_client(), blind).get(path).status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
