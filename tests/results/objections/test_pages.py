"""Pages and API of objections, and the page of a notice for who has no account."""

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from lims.catalog.workdays import last_day
from lims.clock import local_date
from lims.people.models import LoginAttempt
from lims.uow import unit_of_work
from results.models import TestReport
from results.objections import services
from results.objections.models import Objection
from results.objections.types import ObjectionKind, ObjectionState, Outcome
from results.recheck.models import Recheck
from results.referral.models import ResultNotice
from results.referral.rules.notice_code import notice_code
from results.referral.types import Addressee
from tests.conftest import NOW
from tests.factories import recheck as rechecks
from tests.factories.web import bearer, csrf_token, log_in

RECEIVED = {"en": "Your objection was received.", "zh_Hans_CN": "已收到您的异议"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
def case(session):
    return rechecks.make_served_case()


@pytest.fixture
def notice(session, case):
    return session.scalars(
        sa.select(ResultNotice).where(
            ResultNotice.sample_id == case.sample_id, ResultNotice.addressee == Addressee.SAMPLED_PARTY
        )
    ).one()


@pytest.fixture
def code(app, notice):
    return notice_code(app.config["SECRET_KEY"], notice.id)


def post(client, page, path, **fields):
    return client.post(path, data={"csrf_token": csrf_token(client, page)} | fields)


def open_notice(client, notice, code):
    return post(client, "/my-notice/", "/my-notice/", notice_no=notice.notice_no, code=code)


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_a_business_objects_and_applies_with_the_code_of_its_notice(client, session, case, notice, code, *, locale):
    client.set_cookie("lims_locale", locale)
    assert client.get("/my-notice/answer").location == "/my-notice/"
    assert open_notice(client, notice, code.lower()).status_code == 303
    page = client.get("/my-notice/answer")
    assert notice.notice_no in page.text
    empty = post(client, "/my-notice/objection", "/my-notice/objection", kind="standard", grounds="我不服", contact="")
    assert empty.status_code == 422
    assert "我不服" in empty.text
    sent = post(
        client,
        "/my-notice/objection",
        "/my-notice/objection",
        kind="standard",
        grounds="我不服",
        contact="王经理",
        files=(io.BytesIO(PNG), "证据.png"),
    )
    assert sent.status_code == 303
    assert RECEIVED[locale] in client.get("/my-notice/answer").text
    assert 'value="standard"' not in client.get("/my-notice/objection").text  # used up
    (line,) = rechecks.failed_lines(case)
    asked = {"items": [str(line)], "grounds": "复检", "contact": "王经理"}
    assert post(client, "/my-notice/recheck", "/my-notice/recheck", **asked).status_code == 303
    shown = client.get("/my-notice/answer").text
    recheck = session.scalars(sa.select(Recheck)).one()
    assert recheck.recheck_no in shown
    for due_at in (recheck.decide_due_at, session.scalars(sa.select(Objection.decide_due_at)).one()):
        assert last_day(due_at).isoformat() in shown
        assert local_date(due_at).isoformat() not in shown  # a limit ends with its last day, not on the day after
    assert "/my-notice/recheck" not in shown
    assert post(client, "/my-notice/answer", "/my-notice/leave").status_code == 303
    assert client.get("/my-notice/answer").status_code == 303


def test_a_wrong_code_is_refused_counted_and_soon_throttled(client, session, notice, code):
    for _ in range(5):
        wrong = open_notice(client, notice, "AAAA-AAAA-AAAA")
        assert wrong.status_code == 422
        assert notice.notice_no in wrong.text
    assert session.scalar(sa.select(sa.func.count()).select_from(LoginAttempt).where(~LoginAttempt.succeeded)) == 5
    assert open_notice(client, notice, code).status_code == 429


def test_an_unknown_number_is_told_apart_from_a_wrong_code_by_nothing(client, notice):
    unknown = post(client, "/my-notice/", "/my-notice/", notice_no="X1", code="AAAA-AAAA-AAAA")
    wrong = open_notice(client, notice, "AAAA-AAAA-AAAA")
    assert unknown.status_code == wrong.status_code == 422
    assert unknown.text.replace("X1", "").count("do not fit") == wrong.text.count("do not fit")


def test_a_notice_stays_open_for_an_hour(client, notice, code, frozen_clock):
    open_notice(client, notice, code)
    frozen_clock.move_to(NOW + timedelta(minutes=61))
    assert client.get("/my-notice/answer").location == "/my-notice/"


def test_the_addressees_copy_of_a_failure_carries_the_code_and_the_package_does_not(client, case, notice, code):
    log_in(client, case.officer)
    paper = PdfReader(io.BytesIO(client.get(f"/cases/notices/{notice.id}.pdf").data))
    text = "".join(page.extract_text() for page in paper.pages)
    assert code in text.replace("\n", "")
    assert len(paper.pages) == 1
    package = client.get(f"/cases/{case.referral_id}/evidence.zip")
    assert code.encode() not in package.data


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_the_regulator_enters_accepts_and_reviews_an_objection(client, session, case, locale):
    client.set_cookie("lims_locale", locale)
    log_in(client, case.officer)
    new = f"/objections/samples/{case.sample_id}/new"
    assert new in client.get(f"/cases/{case.referral_id}").text
    fields = {"kind": "method", "applicant": "sampled_party", "filed_on": "2026-09-14", "contact": "王经理"}
    assert post(client, new, new, **fields, grounds="").status_code == 422
    home = post(client, new, new, **fields, grounds="方法不适用", files=(io.BytesIO(PNG), "a.png")).location
    page = client.get(home).text
    assert "方法不适用" in page
    due_on = last_day(session.scalars(sa.select(Objection.decide_due_at)).one()).isoformat()
    assert due_on in page
    assert due_on in client.get("/objections/").text
    paper = page.partition(f"{home}/papers/")[2].partition('"')[0]
    assert client.get(f"{home}/papers/{paper}").data == PNG
    assert home in client.get("/objections/").text
    assert post(client, home, f"{home}/acceptance").status_code == 303
    assert post(client, home, f"{home}/review", outcome="not_upheld", note="").status_code == 422
    assert post(client, home, f"{home}/review", outcome="not_upheld", note="方法适用").status_code == 303
    assert "方法适用" in client.get(home).text
    session.expire_all()
    assert session.scalars(sa.select(Objection)).one().outcome is Outcome.NOT_UPHELD
    if client.get(f"/samples/{case.sample_id}").status_code == 200:
        assert home in client.get(f"/samples/{case.sample_id}").text


def test_an_objection_is_refused_in_writing(client, session, case):
    log_in(client, case.officer)
    new = f"/objections/samples/{case.sample_id}/new"
    fields = {"kind": "method", "applicant": "sampled_party", "filed_on": "2026-09-14", "contact": "x", "grounds": "y"}
    home = post(client, new, new, **fields).location
    assert post(client, f"{home}/refusal", f"{home}/refusal", ground="incomplete", note="").status_code == 422
    assert post(client, f"{home}/refusal", f"{home}/refusal", ground="incomplete", note="未补正").status_code == 303
    assert "未补正" in client.get(home).text


def test_programs_enter_accept_and_review(client, session, case):
    headers = bearer(case.officer)
    body = {
        "kind": "standard",
        "applicant": "sampled_party",
        "filed_on": "2026-09-14",
        "contact": "x",
        "grounds": "y",
    }
    made = client.post(f"/api/v1/samples/{case.sample_id}/objections", json=body, headers=headers)
    assert made.status_code == 201
    path = f"/api/v1/objections/{made.json['id']}"
    assert client.post(f"{path}/acceptance", headers=headers).status_code == 201
    assert client.post(f"{path}/acceptance", headers=headers).status_code == 409
    reviewed = client.post(f"{path}/review", json={"outcome": "upheld", "note": "z"}, headers=headers)
    assert reviewed.json["consequence"] == "case_withdrawn"
    assert client.get(path, headers=headers).json["state"] == ObjectionState.REVIEWED.value


def uphold(case):
    """An objection of the sampled party to the standard, reviewed and upheld."""
    with unit_of_work(case.officer.actor) as uow:
        objection = services.file_objection(
            uow,
            case.sample_id,
            ObjectionKind.STANDARD,
            Addressee.SAMPLED_PARTY,
            filed_on=local_date(uow.now),
            written=services.Written("王经理", "标准不适用"),
        )
        services.accept_objection(uow, objection.id)
        services.review_objection(uow, objection.id, Outcome.UPHELD, "标准确不适用")
        return objection.objection_no


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "its conclusion does not stand"), ("zh_Hans_CN", "检验结论不成立")]
)
def test_a_report_whose_conclusion_fell_by_an_objection_is_not_called_current_any_more(
    client, session, case, *, locale, words
):
    client.set_cookie("lims_locale", locale)
    check = "/check/" + session.scalars(sa.select(TestReport.check_code)).one()
    assert words not in client.get(check).text
    number = uphold(case)
    told = client.get(check).text
    assert (words in told, number in told) == (True, False)  # nothing about the sample
    log_in(client, case.officer)
    assert number in client.get(f"/samples/{case.sample_id}").text
    log_in(client, case.team.signatory)
    report_id = session.scalars(sa.select(TestReport.id)).one()
    assert words in client.get(f"/review/reports/{report_id}").text


def test_no_recheck_is_applied_for_where_an_objection_took_the_conclusion_back(client, session, case, notice, code):
    uphold(case)
    log_in(client, case.officer)
    new = f"/rechecks/cases/{case.referral_id}/new"
    assert new not in client.get(f"/cases/{case.referral_id}").text
    (line,) = rechecks.failed_lines(case)
    asked = {"applicant": "sampled_party", "applied_on": "2026-09-14", "items": [str(line)], "grounds": "不服"}
    assert post(client, new, new, **asked).status_code == 409
    open_notice(client, notice, code)
    assert "/my-notice/recheck" not in client.get("/my-notice/answer").text
    assert session.scalars(sa.select(Recheck)).all() == []
