"""Logging in and out, languages, errors, headers, and the guard in front of every route."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims.actors import OrganisationKind
from lims.auth.permissions import Role, declared_permissions, required_permission
from lims.errors import ConfigurationError
from lims.people.services import disable_account, revoke_role
from lims.uow import unit_of_work
from lims.web.guard import check_routes
from tests.factories.people import PASSWORD, make_organisation, make_person
from tests.factories.web import bearer, csrf_token, log_in


@pytest.fixture
def administrator(session: Session):
    return make_person(make_organisation(OrganisationKind.REGULATOR), Role.ADMINISTRATOR)


def submit_login(client: FlaskClient, username: str, password: str, **more: str):
    token = csrf_token(client, "/login")
    return client.post("/login", data={"csrf_token": token, "username": username, "password": password, **more})


@pytest.mark.parametrize(("language", "heading"), [("zh-CN", "登录"), ("en", "Log in")])
def test_the_login_page_reads_in_both_languages(client: FlaskClient, language: str, heading: str):
    page = client.get("/login", headers={"Accept-Language": language}).get_data(as_text=True)
    assert f"<h1>{heading}</h1>" in page


def test_name_and_password_open_a_session(client: FlaskClient, administrator):
    answer = submit_login(client, administrator.username.upper(), PASSWORD)
    assert answer.status_code == 303
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert client.get("/me").status_code == 200


def test_a_wrong_password_keeps_the_name_and_says_not_which_was_wrong(client: FlaskClient, administrator):
    client.get("/language/en")
    answer = submit_login(client, administrator.username, "wrong password")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 401
    assert administrator.username in page
    unknown = submit_login(client, "nobody at all", "wrong password").get_data(as_text=True)
    assert "User name or password are not right." in page
    assert "User name or password are not right." in unknown


def test_after_five_failures_a_name_waits(client: FlaskClient, administrator, frozen_clock):
    for _ in range(5):
        submit_login(client, administrator.username, "wrong password")
    assert submit_login(client, administrator.username, PASSWORD).status_code == 429
    frozen_clock.advance(timedelta(minutes=16))
    assert submit_login(client, administrator.username, PASSWORD).status_code == 303


def test_disabling_an_account_ends_its_sessions_at_once(client: FlaskClient, administrator):
    log_in(client, administrator)
    assert client.get("/me").status_code == 200
    with unit_of_work(administrator.actor) as uow:
        disable_account(uow, administrator.account_id)
    assert client.get("/me").status_code == 302


def test_a_revoked_role_is_gone_with_the_next_request(client: FlaskClient, administrator):
    log_in(client, administrator)
    assert client.get("/admin").status_code == 200
    with unit_of_work(administrator.actor) as uow:
        revoke_role(uow, administrator.actor.employment_id, Role.ADMINISTRATOR)
    assert client.get("/admin").status_code == 403


def test_logging_out_ends_the_session_on_the_server(client: FlaskClient, administrator):
    log_in(client, administrator)
    cookie = client.get_cookie("lims_session").value
    client.post("/logout", data={"csrf_token": csrf_token(client, "/me")})
    client.set_cookie("lims_session", cookie)
    assert client.get("/me").status_code == 302


def test_a_form_without_its_token_is_refused(client: FlaskClient, administrator):
    answer = client.post("/login", data={"username": administrator.username, "password": PASSWORD})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_site_after_login(client: FlaskClient, administrator, target: str):
    answer = submit_login(client, administrator.username, PASSWORD, next=target)
    assert answer.headers["Location"] == "/start"


def test_the_language_is_kept_and_leads_back(client: FlaskClient):
    answer = client.get("/language/en?next=/login")
    assert answer.headers["Location"] == "/login"
    assert "<h1>Log in</h1>" in client.get("/login").get_data(as_text=True)


def test_a_page_says_which_scripts_may_run_and_none_is_inline(client: FlaskClient):
    answer = client.get("/login")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    page = answer.get_data(as_text=True)
    assert " style=" not in page
    assert "onclick" not in page


@pytest.mark.parametrize(("path", "status"), [("/no/such/page", 404), ("/logout", 405)])
def test_an_error_is_a_page_in_the_browser_and_a_problem_for_programs(client: FlaskClient, path: str, status: int):
    page = client.get(path, headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (status, "text/html")
    problem = client.get(path, headers={"Accept": "application/json"})
    assert (problem.status_code, problem.mimetype) == (status, "application/problem+json")
    assert problem.get_json()["request_id"] == problem.headers["X-Request-Id"]


def test_the_api_asks_for_a_token(client: FlaskClient):
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.get_json()["openapi"] == "3.1.0"
    refused = client.get("/api/v1/openapi.json", headers={"Authorization": "Bearer wrong"})
    assert refused.status_code == 401


def test_a_bearer_token_is_the_person(client: FlaskClient, administrator):
    assert client.get("/api/v1/openapi.json", headers=bearer(administrator)).status_code == 200


def test_every_route_declares_a_permission_that_somebody_may_hold(app: Flask):
    check_routes(app)
    known = {"public", "logged_in", *declared_permissions()}
    assert {required_permission(view) for view in app.view_functions.values()} <= known


def test_a_route_without_a_permission_stops_the_start():
    app = Flask("careless")
    app.add_url_rule("/open", "open", lambda: "")
    with pytest.raises(ConfigurationError, match="open"):
        check_routes(app)


@pytest.mark.parametrize("path", ["/admin", "/admin/organisations", "/ops"])
def test_administration_is_closed_to_others(client: FlaskClient, session: Session, path: str):
    tester = make_person(make_organisation(), Role.TESTER)
    log_in(client, tester)
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("path", ["/admin", "/admin/organisations", "/ops", "/me"])
def test_administrators_see_their_pages_in_both_languages(client: FlaskClient, administrator, path: str, language: str):
    log_in(client, administrator)
    assert client.get(path, headers={"Accept-Language": language}).status_code == 200


def test_the_service_says_that_it_is_well(client: FlaskClient):
    assert client.get("/healthz").get_json()["status"] == "ok"
