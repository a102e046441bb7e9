"""Administrators register organisations and people, employ them, and look after their accounts."""

from datetime import date
from urllib.parse import unquote

import pytest
import sqlalchemy as sa

from lims.actors import OrganisationKind
from lims.auth.permissions import Role
from lims.people.models import Account, Accreditation, Authorisation, Employment, Organisation, Person
from lims.people.queries import roles_of
from tests.factories.people import PASSWORD, make_organisation, make_person
from tests.factories.web import bearer, csrf_token, log_in

GOOD_USCC, BAD_USCC = "91350100M000100Y43", "91350100M000100Y44"


@pytest.fixture
def client(app, session):
    """A browser that keeps no context of its last request, so that a second one can stand beside it."""
    return app.test_client()


@pytest.fixture
def administrator(client, session):
    return log_in(client, make_person(make_organisation(), Role.ADMINISTRATOR))


def post(client, page: str, to: str | None = None, **values):
    return client.post(to or page, data={"csrf_token": csrf_token(client, page)} | values)


def organisation_values(**changes):
    return {"name_zh": "新机构", "name_en": "New body", "kind": "lab", "owner_id": "", "superior_id": ""} | changes


def test_an_organisation_is_registered_with_owner_and_superior(administrator, session):
    owner, superior = make_organisation(), make_organisation(OrganisationKind.REGULATOR)
    answer = post(
        administrator,
        "/admin/organisations/new",
        **organisation_values(owner_id=str(owner), superior_id=str(superior), uscc=GOOD_USCC, region_code="371402"),
    )
    made = session.scalars(sa.select(Organisation).where(Organisation.name_zh == "新机构")).one()
    assert answer.headers["Location"] == f"/admin/organisations/{made.id}"
    assert (made.owner_id, made.party_id, made.superior_id, made.uscc) == (owner, owner, superior, GOOD_USCC)


def test_a_credit_code_that_looks_wrong_warns_and_is_taken_with_a_reason(administrator, session):
    page = "/admin/organisations/new"
    warned = post(administrator, page, **organisation_values(uscc=BAD_USCC))
    assert warned.status_code == 422
    assert BAD_USCC in warned.text
    taken = post(administrator, page, **organisation_values(uscc=BAD_USCC, uscc_note="as on the licence"))
    assert taken.status_code == 303
    assert "as on the licence" in administrator.get(taken.headers["Location"]).text


@pytest.mark.parametrize(("changed", "typed"), [({"name_zh": ""}, "New body"), ({"region_code": "999999"}, "999999")])
def test_a_refused_organisation_keeps_what_was_typed(administrator, changed, typed):
    answer = post(administrator, "/admin/organisations/new", **organisation_values(**changed))
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text


def test_a_correction_of_the_owner_moves_the_party_and_a_circle_is_refused(administrator, session):
    mother, daughter = make_organisation(), make_organisation()
    page = f"/admin/organisations/{daughter}/edit"
    values = organisation_values(owner_id=str(mother))
    assert post(administrator, page, **values).status_code == 303
    session.expire_all()
    assert session.get_one(Organisation, daughter).party_id == mother
    circle = post(administrator, f"/admin/organisations/{mother}/edit", **organisation_values(owner_id=str(daughter)))
    assert circle.status_code == 422
    assert post(administrator, page, **organisation_values()).status_code == 303
    session.expire_all()
    assert session.get_one(Organisation, daughter).party_id == daughter


def test_an_organisation_that_owns_others_stays_their_party(administrator, session):
    mother = make_organisation()
    make_organisation(owner_id=mother)
    values = organisation_values(owner_id=str(make_organisation()))
    assert post(administrator, f"/admin/organisations/{mother}/edit", **values).status_code == 409


def test_an_accreditation_is_recorded_with_scope_and_dates(administrator, session):
    lab = make_organisation()
    page = f"/admin/organisations/{lab}"
    values = {"scheme": "CMA", "certificate_no": "2415", "scope": "food", "item_codes": "pb, cd"}
    wrong = post(
        administrator, page, f"{page}/accreditations", **values, valid_from="2026-02-01", valid_to="2026-01-01"
    )
    assert wrong.status_code == 422
    assert "2415" in wrong.text
    post(administrator, page, f"{page}/accreditations", **values, valid_from="2026-01-01", valid_to="2031-12-31")
    kept = session.scalars(sa.select(Accreditation).where(Accreditation.organisation_id == lab)).one()
    assert kept.item_codes == ["cd", "pb"]


def test_an_organisation_is_closed_once_nobody_works_there(administrator, session):
    lab = make_organisation()
    make_person(lab, Role.TESTER)
    page = f"/admin/organisations/{lab}"
    assert post(administrator, page, f"{page}/close", on="2026-12-31").status_code == 409
    empty = make_organisation()
    page = f"/admin/organisations/{empty}"
    assert post(administrator, page, f"{page}/close", on="2026-12-31").status_code == 303
    session.expire_all()
    assert session.get_one(Organisation, empty).closed_on == date(2026, 12, 31)


def test_a_person_is_registered_and_the_same_document_finds_them_again(administrator, session):
    page = "/admin/people/new"
    values = {"name": "赵新", "document_kind": "resident_id", "document_number": "11010119900307881X"}
    first = post(administrator, page, **values).headers["Location"]
    again = post(administrator, page, **(values | {"name": "赵新新", "document_number": "110101 19900307 881x"}))
    assert again.headers["Location"] == first
    assert session.scalar(sa.select(sa.func.count()).where(Person.name == "赵新")) == 1
    assert "881X" not in administrator.get(first).text


def test_moving_to_another_organisation_ends_the_present_employment_the_day_before(administrator, session):
    somebody = make_person(make_organisation(), Role.TESTER)
    elsewhere = make_organisation()
    page = f"/admin/people/{somebody.person_id}"
    values = {"organisation_id": str(elsewhere), "roles": ["sampler", "custodian"], "valid_from": "2026-09-20"}
    assert post(administrator, page, f"{page}/employments", **values).status_code == 303
    session.expire_all()
    query = sa.select(Employment).where(Employment.person_id == somebody.person_id).order_by(Employment.valid_from)
    old, new = session.scalars(query)
    assert (old.valid_to, new.valid_from, new.organisation_id) == (date(2026, 9, 19), date(2026, 9, 20), elsewhere)
    assert roles_of(session, new.id) == {"sampler", "custodian"}
    too_early = post(administrator, page, f"{page}/employments", **(values | {"valid_from": "2019-01-01"}))
    assert too_early.status_code == 409


def test_roles_are_granted_and_ended_by_ticking(administrator, session):
    somebody = make_person(make_organisation(), Role.TESTER, Role.CUSTODIAN)
    page = f"/admin/people/{somebody.person_id}/employments/{somebody.actor.employment_id}"
    assert post(administrator, page, roles=["tester", "reviewer"]).status_code == 303
    session.expire_all()
    assert roles_of(session, somebody.actor.employment_id) == {"tester", "reviewer"}
    assert post(administrator, page, roles=["king"]).status_code == 422
    assert administrator.get(f"/admin/people/{somebody.person_id}/employments/{somebody.person_id}").status_code == 404


def test_an_ended_employment_ends_what_the_person_can_do(administrator, session, app):
    somebody = make_person(make_organisation(), Role.ADMINISTRATOR)
    other = app.test_client()
    log_in(other, somebody)
    assert other.get("/admin").status_code == 200
    page = f"/admin/people/{somebody.person_id}"
    post(administrator, page, f"{page}/employments/{somebody.actor.employment_id}/end")
    assert other.get("/admin").status_code == 302


def test_an_authorisation_is_recorded_where_the_person_works(administrator, session):
    lab = make_organisation()
    somebody = make_person(lab, Role.SIGNATORY, is_authorised=False)
    page = f"/admin/people/{somebody.person_id}"
    values = {"kind": "sign", "category_codes": "34", "valid_from": "2026-01-01", "valid_to": "2030-12-31"}
    assert post(administrator, page, f"{page}/authorisations", **values).status_code == 303
    kept = session.scalars(sa.select(Authorisation).where(Authorisation.person_id == somebody.person_id)).one()
    assert (kept.organisation_id, kept.category_codes) == (lab, ["34"])
    unknown = post(administrator, page, f"{page}/authorisations", **(values | {"category_codes": "banana"}))
    assert (unknown.status_code, "banana" in unknown.text) == (422, True)


def test_an_account_is_opened_and_a_taken_name_or_short_password_is_refused(administrator, session):
    somebody = make_person(make_organisation(), Role.TESTER)
    page = f"/admin/people/{somebody.person_id}"
    to = f"{page}/accounts"
    assert post(administrator, page, to, username="fresh_name", password="short").status_code == 422
    assert post(administrator, page, to, username=somebody.username, password="long enough now").status_code == 409
    assert post(administrator, page, to, username="fresh_name", password="long enough now").status_code == 303
    assert session.scalar(sa.select(Account.person_id).where(Account.username == "fresh_name")) == somebody.person_id


def test_a_disabled_account_is_out_at_once_and_can_be_enabled(administrator, session, app):
    somebody = make_person(make_organisation(), Role.ADMINISTRATOR)
    page = f"/admin/people/{somebody.person_id}"
    headers = bearer(somebody)
    other = app.test_client()
    log_in(other, somebody)
    post(administrator, page, f"/admin/people/accounts/{somebody.account_id}/disable")
    assert other.get("/me").status_code == 302
    assert other.get("/api/v1/catalog/items", headers=headers).status_code == 401
    post(administrator, page, f"/admin/people/accounts/{somebody.account_id}/enable")
    assert other.get("/me").status_code == 302
    assert other.get("/api/v1/catalog/items", headers=headers).status_code == 401
    session.expire_all()
    assert session.get_one(Account, somebody.account_id).disabled_at is None


def test_a_reset_password_is_shown_once_and_logs_in(administrator, session, app):
    somebody = make_person(make_organisation(), Role.TESTER)
    page = f"/admin/people/{somebody.person_id}"
    to = f"/admin/people/accounts/{somebody.account_id}/reset-password"
    english = {"Accept-Language": "en"}
    administrator.post(to, data={"csrf_token": csrf_token(administrator, page)}, headers=english)
    shown = administrator.get(page, headers={"Accept-Language": "en"}).text
    made = unquote(shown.partition("The new password is ")[2].partition(". It")[0])
    assert "The new password is" not in administrator.get(page, headers={"Accept-Language": "en"}).text
    other = app.test_client()
    for password, status in ((PASSWORD, 401), (made, 303)):
        assert post(other, "/login", username=somebody.username, password=password).status_code == status


@pytest.mark.parametrize(("language", "word"), [("en", "Register a person"), ("zh", "登记人员")])
def test_people_are_found_by_part_of_a_name(administrator, session, language, word):
    somebody = make_person(make_organisation(), Role.TESTER, name="独孤求败")
    page = administrator.get("/admin?q=求败", headers={"Accept-Language": language}).text
    assert word in page
    assert somebody.username in page
    assert somebody.username not in administrator.get("/admin?q=nobody").text


def test_a_long_list_of_people_goes_on_where_it_stopped(administrator, session):
    from lims.people.directory import list_people

    for _number in range(3):
        make_person(make_organisation(), Role.TESTER)
    on = date(2026, 9, 14)
    everybody = [row.person_id for row in list_people(session, on, limit=10_000)]
    walked, after = [], None
    while page := list_people(session, on, after=after, limit=2):
        walked += [row.person_id for row in page]
        after = (page[-1].name, page[-1].person_id)
    assert walked == everybody


def test_only_administrators_look_after_people(client, session):
    somebody = make_person(make_organisation(), Role.AUDITOR)
    log_in(client, somebody)
    for page in (
        "/admin",
        "/admin/people/new",
        f"/admin/people/{somebody.person_id}",
        f"/admin/organisations/{somebody.actor.organisation_id}",
        "/admin/organisations/new",
    ):
        assert client.get(page).status_code == 403, page
