"""Pages of cases and notices, in both languages."""

import io
import json
import re
import zipfile
from datetime import timedelta
from hashlib import sha256

import pytest
from pypdf import PdfReader

from lims.auth.permissions import Role
from lims.catalog.workdays import last_day
from lims.uow import unit_of_work
from results.referral import services
from results.referral.models import ReferralBranch
from results.referral.types import BranchState, HandlingPart
from sampling.models import Sample
from sampling.types import SampleState
from tests.factories import referral as cases
from tests.factories.people import make_person
from tests.factories.sampling import make_team
from tests.factories.web import csrf_token, log_in

LOCALES = pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])


@pytest.fixture
def case(session):
    return cases.make_case()


@pytest.fixture
def desk(client, case):
    return log_in(client, case.officer)


def post(client, page, path, **fields):
    return client.post(path, data={"csrf_token": csrf_token(client, page)} | fields)


@LOCALES
def test_the_inbox_leads_to_the_case_and_the_case_to_its_acknowledgement(desk, case, session, locale):
    desk.set_cookie("lims_locale", locale)
    inbox = desk.get("/cases/")
    assert inbox.status_code == 200
    home = f"/cases/{case.referral_id}"
    assert home in inbox.text
    page = desk.get(home)
    assert page.status_code == 200
    assert "99" in page.text
    answer = post(desk, home, f"/cases/branches/{case.branch_id}/acknowledge")
    assert (answer.status_code, answer.location) == (303, home)
    assert cases.branch_of(case).state is BranchState.ACKNOWLEDGED
    again = post(desk, home, f"/cases/branches/{case.branch_id}/acknowledge")
    assert again.status_code == 303
    words = {"en": "does not allow this step", "zh_Hans_CN": "不能进行这一步"}[locale]
    assert words in desk.get(home).text


@LOCALES
@pytest.mark.parametrize("part", HandlingPart)
def test_every_part_has_its_page_and_keeps_what_was_typed(desk, case, session, locale, part):
    desk.set_cookie("lims_locale", locale)
    with unit_of_work(case.officer.actor) as uow:
        services.acknowledge(uow, case.branch_id)
    path = f"/cases/branches/{case.branch_id}/parts/{part.value}"
    assert desk.get(path).status_code == 200
    typed = {name: text.split(",") for name, text in cases.COMPLETE[part].items()}
    saved = post(desk, path, path, then="draft", **typed)
    assert (saved.status_code, saved.location) == (303, path)
    shown = desk.get(path).text
    text = (
        next(value for value in cases.COMPLETE[part].values() if value not in {"yes", "no"})
        if part is not (HandlingPart.NOTIFICATION)
        else "police"
    )
    assert text.split(",")[0] in shown


def test_a_refused_part_says_what_is_wrong_at_its_field_and_loses_nothing(desk, case):
    desk.set_cookie("lims_locale", "en")
    with unit_of_work(case.officer.actor) as uow:
        services.acknowledge(uow, case.branch_id)
    path = f"/cases/branches/{case.branch_id}/parts/product_control"
    answer = post(desk, path, path, then="submit", bought_qty="viel", measures="已下架", sale_stopped="yes")
    assert answer.status_code == 422
    assert "“viel” is not a measured value" in answer.text
    assert "已下架" in answer.text
    assert 'value="viel"' in answer.text


def test_a_branch_goes_to_a_station_and_back(desk, case):
    station_id, station = cases.make_station(case.team)
    with unit_of_work(case.officer.actor) as uow:
        services.acknowledge(uow, case.branch_id)
    path = f"/cases/branches/{case.branch_id}/dispatch"
    assert str(station_id) in desk.get(path).text
    assert post(desk, path, path).status_code == 422
    assert post(desk, path, path, station_id=str(station_id), note="请核查").status_code == 303
    log_in(desk, station)
    home = f"/cases/{case.referral_id}"
    assert desk.get(home).status_code == 200
    back = f"/cases/branches/{case.branch_id}/return"
    assert post(desk, back, back, reason="").status_code == 422
    assert post(desk, back, back, reason="不属于本辖区").status_code == 303
    assert desk.get(home).status_code == 404
    assert cases.branch_of(case).state is BranchState.ACKNOWLEDGED


@LOCALES
def test_a_notice_is_printed_and_its_service_noted(desk, case, session, locale):
    desk.set_cookie("lims_locale", locale)
    notice_id = cases.notices_of(case.sample_id)[0]
    paper = desk.get(f"/cases/notices/{notice_id}.pdf")
    assert paper.data.startswith(b"%PDF-")
    path = f"/cases/notices/{notice_id}"
    assert str(notice_id) in desk.get("/cases/notices").text
    wrong = post(desk, path, path, way="direct", served_on="2026-09-15", receiver="王芳", proof_text="1")
    assert wrong.status_code == 422
    assert "2026-09-15" in wrong.text
    assert "王芳" in wrong.text
    answer = post(desk, path, path, way="direct", served_on="2026-09-14", receiver="王芳", proof_text="1", objects="no")
    assert (answer.status_code, answer.location) == (303, f"/cases/{case.referral_id}")
    session.expire_all()
    assert session.get_one(Sample, case.sample_id).state is SampleState.SERVED
    assert "2026-09-22" in desk.get(path).text
    assert desk.get(f"/cases/notices/{notice_id}.pdf").data.startswith(b"%PDF-")


def test_the_notices_of_passes_go_out_together(desk, case, session):
    passed = [cases.make_passed_sample(case.team) for _ in range(2)]
    chosen = [str(notice_id) for sample_id in passed for notice_id in cases.notices_of(sample_id)]
    path = "/cases/notices"
    assert post(desk, path, path, notices=chosen, way="post").status_code == 422
    assert post(desk, path, path, notices=["x"], way="post", proof_text="1").status_code == 422
    assert post(desk, path, path, notices=chosen, way="post", proof_text="清单7号").status_code == 303
    session.expire_all()
    assert {session.get_one(Sample, one).state for one in passed} == {SampleState.SERVED}


def test_a_case_is_closed_through_its_page(desk, case, session, frozen_clock):
    with unit_of_work(case.officer.actor) as uow:
        services.acknowledge(uow, case.branch_id)
    cases.serve_all(case.officer, case.sample_id)
    frozen_clock.advance(timedelta(days=20))
    cases.submit_parts(case)
    log_in(desk, case.officer)
    home = f"/cases/{case.referral_id}"
    assert f"/cases/branches/{case.branch_id}/close" in desk.get(home).text
    assert post(desk, home, f"/cases/branches/{case.branch_id}/close").status_code == 303
    assert cases.branch_of(case).state is BranchState.CLOSED
    assert case.referral_id.hex not in desk.get("/cases/").text.replace("-", "")
    assert str(case.referral_id) in desk.get("/cases/?show=ended").text


def test_the_evidence_package_names_the_hash_of_every_file_and_is_the_same_twice(desk, case):
    with unit_of_work(case.officer.actor) as uow:
        services.acknowledge(uow, case.branch_id)
    with unit_of_work(case.officer.actor) as uow:
        services.attach(uow, case.branch_id, HandlingPart.CAUSE, b"%PDF-1.7 note", "现场笔录")
    path = f"/cases/{case.referral_id}/evidence.zip"
    answer = desk.get(path)
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.data)) as package:
        manifest = json.loads(package.read("manifest.json"))
        for entry in manifest["files"]:
            assert sha256(package.read(entry["name"])).hexdigest() == entry["sha256"]
        names = {entry["name"] for entry in manifest["files"]}
        assert {"case.json", "case.pdf", "custody.json", "sampling_form.json", "sampling_form.pdf"} <= names
        assert any(name.startswith("reports/") for name in names)
        assert any(name.startswith("notices/") for name in names)
        assert "handling/operator/cause-01.pdf" in names
    assert desk.get(path).data == answer.data


def test_the_evidence_package_is_read_without_the_program_in_chinese_whoever_asks(desk, session, case):
    with unit_of_work(case.officer.actor) as uow:
        services.acknowledge(uow, case.branch_id)
        part = HandlingPart.PRODUCT_CONTROL
        services.save_part(uow, case.branch_id, part, cases.COMPLETE[part], submit=True)
    sample = session.get_one(Sample, case.sample_id)
    read = {}
    for locale in ("en", "zh_Hans_CN"):
        desk.set_cookie("lims_locale", locale)
        with zipfile.ZipFile(io.BytesIO(desk.get(f"/cases/{case.referral_id}/evidence.zip").data)) as package:
            read[locale] = package.read("case.pdf")
            form = words_of(package.read("sampling_form.pdf"))
    assert read["en"] == read["zh_Hans_CN"]
    told = words_of(read["en"])
    for words in ("一、不合格项目", "产品控制", "三级召回", "下架封存", "封样", "接收", "custody.json"):
        assert words in told, words
    assert sample.sampling_no in told
    assert sample.sampling_no in form
    assert "Product control" not in told
    until = last_day(session.get_one(ReferralBranch, case.branch_id).finish_due_at)
    assert f"办结期限：{until.year}年{until.month}月{until.day}日" in told


def words_of(pdf: bytes) -> str:
    """The text of a PDF without the places where it may break."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"[\s\u200b]", "", "".join(page.extract_text() for page in pages))


def test_a_file_is_attached_and_read_again(desk, case):
    with unit_of_work(case.officer.actor) as uow:
        services.acknowledge(uow, case.branch_id)
    page = f"/cases/branches/{case.branch_id}/parts/cause"
    sent = {"file": (io.BytesIO(b"%PDF-1.7 note"), "note.pdf"), "caption": "现场笔录"}
    assert post(desk, page, f"{page}/files", **sent).status_code == 303
    link = re.search(r'href="(/cases/branches/[^"]+/files/[^"]+)"', desk.get(page).text)
    assert link is not None
    assert desk.get(link[1]).data == b"%PDF-1.7 note"


def test_an_urgent_case_cannot_be_raised_again(desk, case):
    path = f"/cases/{case.referral_id}/severity"
    assert desk.get(path).status_code == 200
    assert post(desk, path, path, reason="有毒").status_code == 409


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.ENFORCEMENT_OFFICER, Role.PLANNER}])
def test_no_other_role_opens_a_case(client, session, role):
    log_in(client, make_person(make_team().regulator_id, role))
    assert client.get("/cases/").status_code == 403
    assert client.get("/cases/notices").status_code == 403


def test_a_planner_reads_a_case_and_handles_none(client, case):
    log_in(client, case.team.planner)
    home = f"/cases/{case.referral_id}"
    page = client.get(home)
    assert page.status_code == 200
    assert "/acknowledge" not in page.text
    serve = f"/cases/notices/{cases.notices_of(case.sample_id)[0]}"
    answer = post(client, serve, f"/cases/branches/{case.branch_id}/acknowledge")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/cases/{referral}",
        "/cases/{referral}/evidence.zip",
        "/cases/{referral}/report.pdf",
        "/cases/branches/{branch}/parts/start",
        "/cases/notices/{notice}",
        "/cases/notices/{notice}.pdf",
    ],
)
def test_an_officer_of_another_regulator_finds_nothing(client, case, path):
    log_in(client, cases.make_officer(make_team()))
    notice = cases.notices_of(case.sample_id)[0]
    shown = client.get(path.format(referral=case.referral_id, branch=case.branch_id, notice=notice))
    assert shown.status_code == 404


def test_a_part_that_does_not_exist_is_nothing(desk, case):
    assert desk.get(f"/cases/branches/{case.branch_id}/parts/nonsense").status_code == 404


def test_a_cursor_of_another_list_is_refused(desk):
    assert desk.get("/cases/?after=nonsense").status_code == 422
