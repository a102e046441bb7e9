"""One's own account: password, device, tokens, browsers."""

import re
from datetime import timedelta

import pyotp
import pytest

from lims.auth.permissions import Role
from tests.factories.people import PASSWORD, make_organisation, make_person
from tests.factories.web import csrf_token, log_in


@pytest.fixture
def client(app, session):
    """A browser that keeps no context of its last request, so that a second one can stand beside it."""
    return app.test_client()


@pytest.fixture
def somebody(client, session):
    made = make_person(make_organisation(), Role.TESTER)
    log_in(client, made)
    return made


def post(client, page: str, to: str | None = None, **values):
    return client.post(to or page, data={"csrf_token": csrf_token(client, page)} | values)


def enrol(client, frozen_clock):
    page = client.get("/me/device").text
    secret = re.search(r'name="secret"[^>]*value="([A-Z2-7]{32})"', page)[1]
    code = pyotp.TOTP(secret).at(frozen_clock.now())
    return secret, post(client, "/me/device", secret=secret, code=code, password=PASSWORD)


def test_a_password_is_changed_and_other_browsers_are_out(client, app, somebody):
    other = app.test_client()
    log_in(other, somebody)
    values = {"old": PASSWORD, "new": "a new long sentence", "again": "a new long sentence"}
    assert post(client, "/me", "/me/password", **values).status_code == 303
    assert other.get("/me").status_code == 302
    assert client.get("/me").status_code == 200
    old = post(other, "/login", username=somebody.username, password=PASSWORD)
    new = post(other, "/login", username=somebody.username, password="a new long sentence")
    assert (old.status_code, new.status_code) == (401, 303)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"old": "wrong", "new": "a new long sentence", "again": "a new long sentence"}, "The password is not right."),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "5 characters"),
        ({"old": PASSWORD, "new": "a new long sentence", "again": "another"}, "The two are not the same."),
        ({"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "choose another"),
    ],
)
def test_a_password_that_cannot_be_taken_says_why(client, somebody, values, words):
    answer = client.post(
        "/me/password",
        data={"csrf_token": csrf_token(client, "/me")} | values,
        headers={"Accept-Language": "en"},
    )
    refused = 401 if values["old"] != PASSWORD else 422
    assert (answer.status_code, words in answer.text) == (refused, True)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/me/password", {"new": "a new long sentence", "again": "a new long sentence"}),
        ("/me/tokens", {"label": "robot", "days": "30"}),
        ("/confirm", {}),
    ],
)
def test_a_password_given_again_is_throttled_as_at_the_login(client, somebody, frozen_clock, path, fields):
    name = "old" if path.endswith("password") else "password"
    page = path if path == "/confirm" else "/me"
    tried = [post(client, page, path, **fields | {name: "wrong"}).status_code for _ in range(5)]
    assert tried == [401] * 5
    waits = post(client, page, path, **fields | {name: PASSWORD})
    assert (waits.status_code, "15" in waits.text) == (429, True)
    elsewhere = client.application.test_client()
    assert post(elsewhere, "/login", username=somebody.username, password=PASSWORD).status_code == 429
    frozen_clock.advance(timedelta(minutes=16))
    assert post(client, page, path, **fields | {name: PASSWORD}).status_code in {201, 303}


def test_a_device_is_enrolled_with_a_code_it_made_and_asked_for_at_the_next_login(client, app, somebody, frozen_clock):
    secret, answer = enrol(client, frozen_clock)
    assert answer.status_code == 303
    other = app.test_client()
    login = {"username": somebody.username, "password": PASSWORD}
    assert post(other, "/login", **login).status_code == 401
    used = pyotp.TOTP(secret).at(frozen_clock.now())
    assert post(other, "/login", **login, code=used).status_code == 401  # a code is good once
    frozen_clock.advance(timedelta(seconds=60))
    fresh = pyotp.TOTP(secret).at(frozen_clock.now())
    assert post(other, "/login", **login, code=fresh).status_code == 303


def test_a_wrong_code_or_password_enrols_nothing_and_keeps_the_secret(client, somebody, frozen_clock):
    secret = pyotp.random_base32()
    answer = post(client, "/me/device", secret=secret, code="000000", password=PASSWORD)
    assert (answer.status_code, secret in answer.text) == (401, True)
    code = pyotp.TOTP(secret).at(frozen_clock.now())
    assert post(client, "/me/device", secret=secret, code=code, password="wrong").status_code == 401
    strange = post(client, "/me/device", secret="<b>", code=code, password=PASSWORD)
    assert (strange.status_code, "<b>" in strange.text) == (401, False)


def test_a_lost_device_is_taken_away_by_its_owner_or_an_administrator(client, app, somebody, frozen_clock):
    enrol(client, frozen_clock)
    assert post(client, "/me", "/me/device/remove", password="wrong").status_code == 401
    assert post(client, "/me", "/me/device/remove", password=PASSWORD).status_code == 303
    enrol(client, frozen_clock)
    other = app.test_client()
    log_in(other, make_person(make_organisation(), Role.ADMINISTRATOR))
    page = f"/admin/people/{somebody.person_id}"
    post(other, page, f"/admin/people/accounts/{somebody.account_id}/remove-device")
    assert post(other, "/login", username=somebody.username, password=PASSWORD).status_code == 303


def test_a_token_is_shown_once_works_and_is_revoked(client, somebody):
    made = post(client, "/me", "/me/tokens", label="bench robot", days="30", password=PASSWORD)
    token = re.search(r'class="idcode"[^>]*>([\w-]{40,})<', made.text)[1]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/catalog/items", headers=headers).status_code == 200
    page = client.get("/me").text
    assert token not in page
    assert "bench robot" in page
    revoke = re.search(r'action="(/me/tokens/[^"]+/revoke)"', page)[1]
    assert post(client, "/me", revoke).status_code == 303
    assert client.get("/api/v1/catalog/items", headers=headers).status_code == 401


def test_a_token_is_not_made_without_the_password_nor_revoked_by_another(client, app, somebody):
    refused = post(client, "/me", "/me/tokens", label="kept label", days="30", password="wrong")
    assert (refused.status_code, "kept label" in refused.text) == (401, True)
    post(client, "/me", "/me/tokens", label="mine", days="30", password=PASSWORD)
    revoke = re.search(r'action="(/me/tokens/[^"]+/revoke)"', client.get("/me").text)[1]
    other = app.test_client()
    log_in(other, make_person(make_organisation(), Role.TESTER))
    assert post(other, "/me", revoke).status_code == 404


def test_other_browsers_are_logged_out_and_this_one_stays(client, app, somebody):
    other = app.test_client()
    log_in(other, somebody)
    assert post(client, "/me", "/me/browsers/end").status_code == 303
    assert other.get("/me").status_code == 302
    assert client.get("/me").status_code == 200


@pytest.mark.parametrize(
    ("language", "words"), [("en", "There is no page for your work here yet"), ("zh", "您的岗位暂无专门页面")]
)
def test_somebody_without_a_page_of_their_own_is_told_so_kindly(client, session, language, words):
    log_in(client, make_person(make_organisation(), Role.QUICK_TEST_OPERATOR))
    start = client.get("/start")
    assert start.headers["Location"] == "/me"
    assert words in client.get("/me", headers={"Accept-Language": language}).text


def test_an_administrator_is_not_told_that_there_is_no_page(client, session):
    log_in(client, make_person(make_organisation(), Role.ADMINISTRATOR))
    assert "no page for your work" not in client.get("/me", headers={"Accept-Language": "en"}).text
