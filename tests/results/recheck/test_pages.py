"""Pages and API of the recheck: the regulator decides, the laboratory that was drawn tests and signs."""

import base64
import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from chain_of_custody.models import HandOverException
from lims.auth.permissions import Role
from lims.people.models import Organisation
from results.recheck.models import Recheck
from results.recheck.types import RecheckState
from sampling.models import Sample
from sampling.types import SampleState, SampleVerdict
from tests.factories import recheck as rechecks
from tests.factories import referral as cases
from tests.factories.people import make_person
from tests.factories.sampling import PNG, make_team
from tests.factories.web import bearer, csrf_token, log_in


@pytest.fixture
def lab(session):
    return rechecks.make_lab()


@pytest.fixture
def case(session, lab):
    return rechecks.make_served_case()


def bilingual_name(session, organisation_id, locale):
    named = session.get_one(Organisation, organisation_id)
    return named.name_en if locale == "en" else named.name_zh


def post(client, page, path, **fields):
    return client.post(path, data={"csrf_token": csrf_token(client, page)} | fields)


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_a_recheck_is_walked_from_its_application_to_its_conclusion(client, session, case, lab, locale):
    client.set_cookie("lims_locale", locale)
    log_in(client, case.officer)
    new = f"/rechecks/cases/{case.referral_id}/new"
    assert new in client.get(f"/cases/{case.referral_id}").text
    (line,) = rechecks.failed_lines(case)
    assert (
        post(client, new, new, applicant="sampled_party", applied_on="2026-09-14", items=[str(line)]).status_code == 422
    )
    asked = {"applicant": "sampled_party", "applied_on": "2026-09-14", "items": [str(line)], "grounds": "不服"}
    home = post(client, new, new, **asked).location
    assert post(client, home, f"{home}/acceptance").status_code == 303
    assert post(client, home, f"{home}/draw").status_code == 303
    session.expire_all()
    assert session.get_one(Sample, case.sample_id).state is SampleState.RECHECK
    drawn = session.scalars(sa.select(Recheck)).one()
    assert drawn.draw is not None
    lot = client.get(home).text.partition(drawn.draw["seed"])[2]
    assert drawn.lab_id is not None
    assert bilingual_name(session, drawn.lab_id, locale) in lot
    assert str(drawn.lab_id)[:8] not in lot
    rechecks.hand_on(case, lab)
    log_in(client, lab.custodian)
    receipt = {"seal_no": rechecks.seal_of(case), "seal_intact": "yes", "package_intact": "yes"}
    without = post(client, f"{home}/receipt", f"{home}/receipt", **receipt)
    assert without.status_code == 422
    assert f'value="{receipt["seal_no"]}"' in without.text
    pictures = {name: (io.BytesIO(PNG + name.encode()), "x.png") for name in ("package_photo", "seal_photo")}
    assert post(client, f"{home}/receipt", f"{home}/receipt", **receipt, **pictures).status_code == 303
    assert client.get(f"{home}/receipt/seal").data == PNG + b"seal_photo"
    assert post(client, f"{home}/fee", f"{home}/fee", amount="viel").status_code == 422
    assert post(client, f"{home}/fee", f"{home}/fee", amount="0").status_code == 303
    log_in(client, lab.tester)
    assert home in client.get("/rechecks/").text
    assert "清河县惠民超市" not in client.get(home).text
    bad = post(client, home, f"{home}/results", **{f"result-{line}": "viel"})
    assert bad.status_code == 422
    assert 'value="viel"' in bad.text
    assert post(client, home, f"{home}/results", **{f"result-{line}": "0.010"}).status_code == 303
    log_in(client, lab.signatory)
    assert post(client, home, f"{home}/conclusion", report_no="").status_code == 422
    assert post(client, home, f"{home}/conclusion", report_no="FJ-1").status_code == 303
    session.expire_all()
    assert session.get_one(Sample, case.sample_id).verdict is SampleVerdict.PASS
    assert client.get(home).status_code == 200


def test_an_application_is_refused_in_writing(client, session, case):
    log_in(client, case.officer)
    path = f"/rechecks/{rechecks.apply(case)}"
    assert post(client, f"{path}/refusal", f"{path}/refusal", reason="late", note="").status_code == 422
    assert post(client, f"{path}/refusal", f"{path}/refusal", reason="late", note="逾期").status_code == 303
    assert "逾期" in client.get(path).text


def test_a_laboratory_that_was_not_drawn_and_another_regulator_find_nothing(client, session, case):
    path = f"/rechecks/{rechecks.apply(case)}"
    for somebody in (cases.make_officer(make_team()), case.team.signatory, rechecks.make_lab().tester):
        log_in(client, somebody)
        assert client.get(path).status_code == 404


def test_the_same_way_by_api(client, session, case, lab):
    officer = bearer(case.officer)
    (line,) = rechecks.failed_lines(case)
    body = {"applicant": "sampled_party", "set_item_ids": [str(line)], "applied_on": "2026-09-14", "grounds": "不服"}
    applied = client.post(f"/api/v1/referrals/{case.referral_id}/rechecks", json=body, headers=officer)
    assert applied.status_code == 201, applied.json
    path = f"/api/v1/rechecks/{applied.json['id']}"
    assert client.post(f"{path}/acceptance", headers=officer).json["state"] == RecheckState.ACCEPTED
    assert client.post(f"{path}/draw", headers=officer).json["lab_id"] == str(lab.lab_id)
    rechecks.hand_on(case, lab)
    picture = base64.b64encode(PNG).decode()
    receipt = {"seal_no": rechecks.seal_of(case), "seal_intact": True, "package_intact": True}
    receipt |= {"package_photo": picture, "seal_photo": picture}
    received = client.post(f"{path}/receipt", json=receipt, headers=bearer(lab.custodian))
    assert received.status_code == 201, received.json
    assert client.post(f"{path}/fee", json={"amount": "0"}, headers=bearer(lab.custodian)).status_code == 201
    results = {"results": [{"set_item_id": str(line), "text": "0.010"}]}
    assert client.post(f"{path}/results", json=results, headers=officer).status_code == 403
    assert client.post(f"{path}/results", json=results, headers=bearer(lab.tester)).status_code == 201
    signed = client.post(f"{path}/conclusion", json={"report_no": "FJ-1"}, headers=bearer(lab.signatory))
    assert (signed.status_code, signed.json["verdict"]) == (201, "pass")
    assert client.get(path, headers=officer).json["state"] == "concluded"
    assert client.post(f"{path}/draw", headers=officer).status_code == 409


@pytest.mark.parametrize(
    "changed", [{"applicant": "platform"}, {"set_item_ids": []}, {"applied_on": "9999-12-31"}, {"grounds": "\0"}]
)
def test_an_application_that_cannot_be_right_is_refused_as_input(client, session, case, changed):
    (line,) = rechecks.failed_lines(case)
    body = {"applicant": "sampled_party", "set_item_ids": [str(line)], "applied_on": "2026-09-14", "grounds": "不服"}
    path = f"/api/v1/referrals/{case.referral_id}/rechecks"
    assert client.post(path, json=body | changed, headers=bearer(case.officer)).status_code == 422


def test_the_hand_over_sheet_of_a_backup_portion_has_three_named_copies(client, session, case, lab):
    recheck_id = rechecks.make_received(case, lab)
    log_in(client, case.officer)
    answer = client.get(f"/rechecks/{recheck_id}/hand-over.pdf")
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages]
    assert len(pages) == 3
    kept = ("第一联受理复检的市场监管部门", "第二联初检机构", "第三联复检机构")
    for page, copy in zip(("".join(page.split()) for page in pages), kept, strict=True):
        assert "复检备份样品移交单" in page
        assert copy in page
        assert rechecks.seal_of(case) in page
    stranger = rechecks.make_lab()
    log_in(client, stranger.custodian)
    assert client.get(f"/rechecks/{recheck_id}/hand-over.pdf").status_code == 404


def test_the_custodian_of_the_first_laboratory_is_told_to_hand_the_backup_portion_on_and_does_so(client, case, lab):
    number = rechecks.backup_of(case)
    log_in(client, case.team.custodian)
    assert number not in client.get("/custody/hand-overs/").text
    rechecks.make_assigned(case)
    board = client.get("/custody/").text
    assert (number in board, "/custody/hand-overs/" in board.partition('id="released"')[2]) == (True, True)
    page = "/custody/hand-overs/"
    shown = client.get(page).text
    prefix = f"{str(lab.lab_id)[:8]}-"
    assert f"/custody/hand-overs/to/{lab.lab_id}" in shown
    assert "deadline" not in shown  # the limit of the way to the first laboratory says nothing here
    typed = {f"{prefix}portion_nos": [number], f"{prefix}way": "in_person"}
    made = post(client, page, f"{page}to/{lab.lab_id}", **typed)
    assert made.status_code == 303
    assert 'id="released"' not in client.get("/custody/").text
    log_in(client, lab.custodian)
    assert number in client.get(made.location).text


def test_a_colleague_of_who_holds_the_backup_portion_sees_with_whom_it_is(client, case, lab):
    rechecks.make_assigned(case)
    log_in(client, make_person(case.team.lab_id, Role.CUSTODIAN))
    board = client.get("/custody/").text.partition('id="released"')[2]
    assert case.team.custodian.actor.name in board
    assert "/custody/hand-overs/" not in board
    assert rechecks.backup_of(case) not in client.get("/custody/hand-overs/").text


def test_a_backup_portion_that_goes_on_to_a_recheck_is_not_late_for_the_first_laboratory(
    client, session, case, lab, frozen_clock
):
    rechecks.make_assigned(case)
    frozen_clock.advance(timedelta(days=30))  # long after the day by which the first laboratory had to have it
    rechecks.hand_on(case, lab)  # finds no exception
    assert session.scalars(sa.select(HandOverException)).all() == []


@pytest.mark.parametrize(("path", "field"), [("fee/advance", "advanced_on"), ("fee/repayment", "repaid_on")])
def test_a_payment_is_noted_for_today_unless_somebody_writes_another_day(client, case, lab, path, field):
    recheck_id = rechecks.make_assigned(case)
    log_in(client, case.officer)
    found = re.search(rf'<input[^>]* name="{field}"[^>]*>', client.get(f"/rechecks/{recheck_id}/{path}").text)
    assert found is not None
    assert 'value="2026-09-14"' in found[0]
