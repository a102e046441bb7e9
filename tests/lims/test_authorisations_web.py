"""Authorisations on the pages and through the API: recorded with a certificate, extended, revoked, warned of."""

import base64
import io
from datetime import timedelta

import pytest
import sqlalchemy as sa

from lims import clock
from lims.auth.permissions import Role
from lims.people.models import Authorisation, AuthorisationRevocation
from lims.people.types import AuthorisationKind
from tests.conftest import NOW
from tests.factories.people import authorise_only, make_organisation, make_person
from tests.factories.web import bearer, csrf_token, log_in

PDF = b"%PDF-1.7 certificate"
TODAY = clock.local_date(NOW)


@pytest.fixture
def client(app, session):
    """A browser that keeps no context of its last request, so that a second one can stand beside it."""
    return app.test_client()


@pytest.fixture
def administrator(session):
    return make_person(make_organisation(), Role.ADMINISTRATOR)


@pytest.fixture
def tester(session):
    return make_person(make_organisation(), Role.TESTER, is_authorised=False)


def in_english(app, somebody):
    browser = log_in(app.test_client(), somebody)
    browser.get("/language/en")
    return browser


def post(client, page: str, to: str, **values):
    return client.post(to, data={"csrf_token": csrf_token(client, page)} | values)


def record(browser, tester, **changes):
    page = f"/admin/people/{tester.person_id}"
    values = {"kind": "test", "valid_from": "2026-01-01", "valid_to": "2026-10-01"} | changes
    return post(browser, page, f"{page}/authorisations", **values)


def test_it_is_recorded_with_its_certificate_extended_and_revoked(app, administrator, tester, session):
    browser = in_english(app, administrator)
    answer = record(
        browser,
        tester,
        category_codes="34, 1",
        method_codes="GB 5009.12 第一法，GB 5009.15",
        certificate=(io.BytesIO(PDF), "certificate.pdf"),
    )
    assert answer.status_code == 303
    [first] = session.scalars(sa.select(Authorisation).where(Authorisation.person_id == tester.person_id)).all()
    assert (first.category_codes, first.method_codes) == (["1", "34"], ["GB 5009.12 第一法", "GB 5009.15"])
    page = f"/admin/people/{tester.person_id}/authorisations/{first.id}"
    assert browser.get(f"/authorisations/{first.id}/certificate").data == PDF
    earlier = post(browser, page, f"{page}/extend", valid_to="2026-09-30", reason="refresher")
    assert (earlier.status_code, "2026-09-30" in earlier.text, 'value="refresher"' in earlier.text) == (422, True, True)
    assert post(browser, page, f"{page}/extend", valid_to="2027-09-30", reason="refresher").status_code == 303
    newer = session.scalars(sa.select(Authorisation).where(Authorisation.extends_id == first.id)).one()
    assert newer.certificate_sha256 == first.certificate_sha256
    assert "Extended" in browser.get(page).text
    newer_page = f"/admin/people/{tester.person_id}/authorisations/{newer.id}"
    assert post(browser, newer_page, f"{newer_page}/revoke", reason="").status_code == 422
    assert post(browser, newer_page, f"{newer_page}/revoke", reason="forged").status_code == 303
    assert session.get_one(AuthorisationRevocation, newer.id).reason == "forged"
    assert "forged" in browser.get(newer_page).text
    assert "The authorisation for testing ended on 2026-09-13." in browser.get(f"/admin/people/{tester.person_id}").text


def test_a_certificate_that_is_neither_a_pdf_nor_a_picture_is_refused(client, administrator, tester):
    answer = record(log_in(client, administrator), tester, certificate=(io.BytesIO(b"plain words"), "x.pdf"))
    assert answer.status_code == 422
    assert "text/plain" in answer.text


def test_only_the_person_administrators_and_auditors_read_the_certificate(app, administrator, tester, session):
    headers = bearer(administrator)
    body = {
        "kind": "test",
        "valid_from": "2026-01-01",
        "valid_to": "2027-01-01",
        "certificate": base64.b64encode(PDF).decode(),
    }
    made = app.test_client().post(f"/api/v1/people/{tester.person_id}/authorisations", json=body, headers=headers)
    assert (made.status_code, made.json["state"]) == (201, "in_force")
    address = f"/api/v1/authorisations/{made.json['id']}/certificate"
    auditor = make_person(make_organisation(), Role.AUDITOR)
    for reader, status in (
        (tester, 200),
        (administrator, 200),
        (auditor, 200),
        (make_person(make_organisation(), Role.TESTER), 404),
    ):
        assert app.test_client().get(address, headers=bearer(reader)).status_code == status


def test_programs_record_extend_and_revoke(client, administrator, tester):
    headers = bearer(administrator)
    address = f"/api/v1/people/{tester.person_id}/authorisations"
    body = {"kind": "test", "valid_from": "2026-01-01", "valid_to": "2026-10-01", "category_codes": ["34"]}
    made = client.post(address, json=body, headers=headers).json
    unknown = client.post(address, json=body | {"category_codes": ["banana"]}, headers=headers)
    assert (unknown.status_code, "banana" in unknown.json["detail"]) == (422, True)
    methods = client.post(address, json=body | {"kind": "sample", "method_codes": ["GB 1"]}, headers=headers)
    assert methods.status_code == 422
    odd = client.post(address, json=body | {"certificate": "no base64!"}, headers=headers)
    assert odd.status_code == 422
    longer = client.post(
        f"/api/v1/authorisations/{made['id']}/extensions",
        json={"valid_to": "2027-10-01", "reason": "refresher"},
        headers=headers,
    )
    assert (longer.status_code, longer.json["extends_id"], longer.json["valid_to"]) == (201, made["id"], "2027-10-01")
    gone = client.post(
        f"/api/v1/authorisations/{longer.json['id']}/revocation", json={"reason": "left"}, headers=headers
    )
    assert (gone.status_code, gone.json["state"], gone.json["revocation_reason"]) == (201, "revoked", "left")
    listed = client.get(address, headers=bearer(make_person(make_organisation(), Role.AUDITOR))).json["items"]
    assert [one["state"] for one in listed] == ["revoked", "extended"]
    assert client.post(address, json=body, headers=bearer(tester)).status_code == 403


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (Role.SAMPLER, "/field/"),
        (Role.CUSTODIAN, "/custody/"),
        (Role.TESTER, "/bench/"),
        (Role.REVIEWER, "/review/"),
        (Role.SIGNATORY, "/review/reports/"),
        (Role.TESTER, "/me"),
    ],
)
def test_from_thirty_days_before_its_end_the_persons_own_pages_warn(app, session, role, page):
    somebody = make_person(make_organisation(), role)
    kind = session.scalars(sa.select(Authorisation.kind).where(Authorisation.person_id == somebody.person_id)).one()
    browser = in_english(app, somebody)
    assert "Your authorisations" not in browser.get(page).text
    authorise_only(somebody, kind, valid_to=TODAY + timedelta(days=31))
    assert "Your authorisations" not in browser.get(page).text
    authorise_only(somebody, kind, valid_to=TODAY + timedelta(days=30))
    assert "ends on 2026-10-14" in browser.get(page).text
    authorise_only(somebody, kind, valid_to=TODAY - timedelta(days=1))
    assert "ended on 2026-09-13" in browser.get(page).text


def test_the_administrators_list_says_of_whom_something_is_missing(app, administrator, tester):
    told = make_person(make_organisation(), Role.SAMPLER)
    authorise_only(told, AuthorisationKind.SAMPLE, valid_to=TODAY + timedelta(days=3))
    text = in_english(app, administrator).get("/admin").text
    assert "The authorisation for sampling ends on 2026-09-17." in text
    assert "No authorisation for testing is recorded." in text
