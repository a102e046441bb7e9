"""The 24-hour report: what calls for it, who sends which file, who learns of it, and that nothing stands without it."""

from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from lims.auth.login import ConfirmationNeededError
from lims.auth.permissions import Role
from lims.catalog.types import Hazard
from lims.errors import ConflictError, NotFoundError
from lims.files import read_file
from lims.uow import unit_of_work
from results.referral.types import FailedItem
from results.services.review import lock_results, return_results
from results.urgent import queries, services
from results.urgent.models import UrgentReport
from results.urgent.rules import HAZARDS, explain, offices, with_unit
from results.urgent.services import NotUrgentError
from results.urgent.types import Dispatch
from results.urgent.verification import check_urgent_reports
from sampling.models import Sample
from sampling.services.separation import SeparationRefusedError
from tests.factories.people import PASSWORD, make_person
from tests.factories.referral import make_locked_set
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

COPIES = Dispatch(("市市场监督管理局",))


def failed(*, measured=None, limit_max=None, hazard=Hazard.NONE):
    return FailedItem(
        set_item_id=None,
        item_code="x",
        name_zh="铅",
        name_en=None,
        result="1",
        limit="≤0.5",
        unit="mg/kg",
        basis="GB 2762-2025",
        hazard=hazard,
        is_microbiological=False,
        measured=measured,
        limit_max=limit_max,
    )


@pytest.mark.parametrize("hazard", [one for one in Hazard if one is not Hazard.NONE])
def test_a_hazard_is_called_by_its_kind_whatever_its_figure(hazard):
    assert explain(failed(hazard=hazard, measured=Decimal(99), limit_max=Decimal(1))) == HAZARDS[hazard]


@given(st.decimals("0.001", 1000, places=3), st.integers(10, 1000))
def test_an_excess_is_told_as_how_many_times_the_limit(limit, times):
    told = explain(failed(measured=limit * times, limit_max=limit))
    figure = Decimal(told.removeprefix("为标准值的").removesuffix("倍"))
    assert abs(figure - times) <= Decimal("0.05") * times
    assert "E" not in told


@given(
    st.lists(st.text(st.characters(categories=["Lo"]), min_size=1, max_size=8), max_size=6),
    st.sampled_from("、，,；\n"),
)
def test_offices_are_read_once_each_in_their_order(names, between):
    assert offices(f" {between} ".join(names)) == tuple(dict.fromkeys(names))


@pytest.mark.parametrize(
    ("text", "printed"),
    [("0.12", "0.12 mg/kg"), ("0.12mg/kg", "0.12mg/kg"), ("未检出", "未检出"), ("n=5,c=0,m=0", "n=5,c=0,m=0")],
)
def test_a_bare_figure_is_printed_with_its_unit(text, printed):
    assert with_unit(text, "mg/kg") == printed


@pytest.fixture
def team(session):
    return make_team()


@pytest.fixture
def made(team):
    return make_locked_set(team, fails=True)


def compose(team, made, by=None):
    with unit_of_work((by or team.signatory).actor) as uow:
        report = services.compose_urgent_report(uow, made.blind_code, COPIES)
        uow.session.flush()
        uow.session.expunge(report)
        return report


def send(team, report, *, by=None, digest=None, confirmed_at="now"):
    with unit_of_work((by or team.signatory).actor) as uow:
        confirmed = uow.now if confirmed_at == "now" else confirmed_at
        return services.send_urgent_report(uow, report.id, digest or report.pdf_sha256, confirmed_at=confirmed).id


def acknowledge(officer, report):
    with unit_of_work(officer.actor) as uow:
        services.acknowledge_urgent_report(uow, report.id)


@pytest.fixture
def officer(team):
    return make_person(team.regulator_id, Role.ENFORCEMENT_OFFICER)


def test_a_gross_excess_waits_from_its_lock_and_a_pass_never(session, team, made):
    make_locked_set(team, fails=False)
    [danger] = queries.dangers(session, team.lab_id)
    assert danger.test_set.id == made.id
    assert (danger.due_at - danger.lock.locked_at).total_seconds() == 24 * 3600
    assert queries.count_waiting(session, team.signatory.actor) == 1
    assert queries.dangers(session, team.regulator_id) == []


def test_the_paper_says_what_the_tables_hold(session, team, made):
    report = compose(team, made)
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(read_file(session, report.pdf_sha256)[0])).pages)
    assert "\u200b" not in text  # what is copied from the paper is what the tables hold
    printed = "".join(text.split())
    sample = session.get_one(Sample, report.sample_id)
    for fact in (report.report_no, sample.sampling_no, "市市场监督管理局", "24小时限时报告", "倍"):
        assert fact in printed


def test_exactly_the_file_that_was_shown_is_sent_once_by_whom_it_names(session, team, made):
    first = compose(team, made)
    report = compose(team, made)
    assert (report.report_no, report.version) == (first.report_no, 2)
    for wrong in ({"digest": bytes(32)}, {"by": make_person(team.lab_id, Role.SIGNATORY)}):
        with pytest.raises(NotUrgentError):
            send(team, report, **wrong)
    with pytest.raises(ConfirmationNeededError):
        send(team, report, confirmed_at=None)
    with pytest.raises(NotUrgentError):
        send(team, first)
    send(team, report)
    with pytest.raises(NotUrgentError):
        send(team, report)
    with pytest.raises(NotUrgentError):
        compose(team, made)
    session.expire_all()
    assert queries.dangers(session, team.lab_id) == []
    assert check_urgent_reports(session).violations == 0


def test_results_that_went_back_are_not_reported_before_they_are_locked_again(team, made):
    report = compose(team, made)
    with unit_of_work(team.reviewer.actor) as uow:
        return_results(uow, made.blind_code, "重新积分")
    with pytest.raises(NotUrgentError):
        send(team, report)


def test_what_was_sent_is_not_asked_for_again_when_another_set_is_locked_twice(session, team, made):
    send(team, compose(team, made))
    other = make_locked_set(team, fails=True)
    with unit_of_work(team.reviewer.actor) as uow:
        return_results(uow, other.blind_code, "重新积分")
    with unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, other.blind_code)
    session.expire_all()
    assert [one.test_set.id for one in queries.dangers(session, team.lab_id)] == [other.id]


def test_who_tested_or_sampled_it_cannot_send_it(session, team, made):
    for somebody in (team.reviewer, team.samplers[0]):
        with pytest.raises((SeparationRefusedError, NotFoundError, ConflictError)):
            compose(team, made, by=somebody)


def test_the_regulator_sees_it_once_it_is_sent_and_acknowledges_it_once(session, team, made, officer):
    report = compose(team, made)
    with pytest.raises(NotFoundError):
        queries.get_report(session, officer.actor, report.id)
    with pytest.raises(NotFoundError):
        acknowledge(officer, report)
    send(team, report)
    assert queries.count_waiting(session, officer.actor) == 1
    acknowledge(officer, report)
    with pytest.raises(ConflictError):
        acknowledge(officer, report)
    session.expire_all()
    assert queries.count_waiting(session, officer.actor) == 0
    with pytest.raises(NotFoundError):
        queries.get_report(session, make_team().planner.actor, report.id)


def test_two_reports_of_one_lock_cannot_be_sent_even_by_hand(session, team, made):
    first = compose(team, made)
    report = compose(team, made)
    send(team, report)
    with pytest.raises(ConflictError, match="sent already"):
        send_by_hand(team, first)


def send_by_hand(team, report):
    with unit_of_work(team.signatory.actor) as uow:
        other = uow.session.get_one(UrgentReport, report.id)
        other.sent_at = other.confirmed_at = uow.now


def post(client, page, path, **fields):
    return client.post(path, data={"csrf_token": csrf_token(client, page)} | fields)


SPOKEN = [("en", "To be reported now", "Waits for the regulator"), ("zh_Hans_CN", "需立即报告", "待签收")]


@pytest.fixture
def walked(session, team, made, officer):
    return session, team, made, officer


@pytest.mark.parametrize("spoken", SPOKEN, ids=["en", "zh"])
def test_it_is_walked_from_the_finding_to_the_acknowledgement(client, walked, spoken):
    locale, waiting, sent = spoken
    session, team, made, officer = walked
    client.set_cookie("lims_locale", locale)
    sampling_no = session.get_one(Sample, made.sample_id).sampling_no
    log_in(client, team.signatory)
    board = client.get("/urgent-reports/").text
    assert waiting in board
    assert sampling_no not in board
    form = f"/urgent-reports/dangers/{made.blind_code}"
    assert sampling_no not in client.get(form).text
    refused = post(client, form, form, copies_to="", explanation="肝毒性")
    assert refused.status_code == 422
    assert "肝毒性" in refused.text
    composed = post(client, form, form, copies_to="市局、稽查支队", explanation="肝毒性")
    page = composed.headers["Location"]
    shown = client.get(page).text
    assert sampling_no in shown
    digest = session.query(UrgentReport).one().pdf_sha256.hex()
    refused = post(client, page, f"{page}/send", pdf_sha256=digest, password="wrong")
    assert refused.status_code == 401
    assert post(client, page, f"{page}/send", pdf_sha256="zz", password=PASSWORD).status_code == 404
    assert post(client, page, f"{page}/send", pdf_sha256=digest, password=PASSWORD).status_code == 303
    log_in(client, officer)
    assert sent in client.get("/urgent-reports/").text
    assert client.get(f"{page}/report.pdf").data.startswith(b"%PDF")
    assert post(client, page, f"{page}/acknowledgement").status_code == 303
    assert sampling_no in client.get(page).text
    log_in(client, team.tester)
    assert client.get("/urgent-reports/").status_code in {403, 404}


def test_it_is_composed_sent_and_acknowledged_by_api(client, session, team, made, officer):
    path = "/api/v1/urgent-reports"
    body = {"blind_code": made.blind_code, "copies_to": ["市局"]}
    report = client.post(path, json=body, headers=bearer(team.signatory)).json
    wrong = {"pdf_sha256": "00" * 32, "password": PASSWORD}
    one = f"{path}/{report['id']}"
    assert client.post(f"{one}/sending", json=wrong, headers=bearer(team.signatory)).status_code == 409
    right = wrong | {"pdf_sha256": report["pdf_sha256"]}
    assert client.post(f"{one}/sending", json=right, headers=bearer(team.signatory)).json["sent_at"]
    assert client.post(f"{one}/acknowledgement", headers=bearer(officer)).json["acknowledged_at"]
    assert [each["id"] for each in client.get(path, headers=bearer(officer)).json["reports"]] == [report["id"]]
