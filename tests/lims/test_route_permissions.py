"""Every route against every role: who does not carry its permission is refused, and nobody ever meets a fault."""

import re
from http import HTTPStatus
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule

from lims.auth.permissions import LOGGED_IN, PUBLIC, Role, declared_permissions, required_permission
from tests.factories.people import make_organisation, make_person
from tests.factories.web import bearer, log_in

NOBODYS_ID = UUID(int=7)
METHODS = ("GET", "POST")
ENDS_THE_SESSION = {"lims.log_out"}
VALUES = {"uuid": str(NOBODYS_ID), "int": "1", "string": "none", "path": "none", "default": "none"}


def address(rule: Rule) -> str:
    """An address that the rule serves, of something that does not exist."""

    def value(found: re.Match[str]) -> str:
        converter = found[1] or "default"
        if converter.startswith("any("):
            return converter.removeprefix("any(").partition(",")[0].rstrip(")").strip("'\" ")
        return VALUES[converter.partition("(")[0]]

    return re.sub(r"<(?:([^:<>]+):)?[^<>]+>", value, rule.rule)


def routes(app: Flask) -> list[tuple[str, str, str, str]]:
    """Method, address, endpoint and permission of every route."""
    return [
        (method, address(rule), rule.endpoint, str(required_permission(app.view_functions[rule.endpoint])))
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
        for method in METHODS
        if method in rule.methods and rule.endpoint != "static"
    ]


@pytest.fixture
def no_form_tokens(app: Flask):
    """Without the tokens of forms, so that the permission alone decides what a POST meets."""
    kept = app.config["WTF_CSRF_METHODS"]
    app.config.update(WTF_CSRF_ENABLED=False, WTF_CSRF_METHODS=set())
    yield
    app.config.update(WTF_CSRF_ENABLED=True, WTF_CSRF_METHODS=kept)


@pytest.mark.parametrize("role", Role)
def test_a_role_meets_what_its_permissions_say_and_never_a_fault(app, session, no_form_tokens, role):
    somebody = make_person(make_organisation(), role)
    browser, program = app.test_client(), app.test_client()
    log_in(browser, somebody)
    headers = bearer(somebody)
    wrong = []
    for method, path, endpoint, permission in routes(app):
        if permission == PUBLIC or endpoint in ENDS_THE_SESSION:
            continue
        is_api = path.startswith("/api/")
        answer = (program if is_api else browser).open(path, method=method, headers=headers if is_api else {})
        carried = permission == LOGGED_IN or role in declared_permissions()[permission]
        refused = answer.status_code == HTTPStatus.FORBIDDEN
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or (not carried and not refused):
            wrong.append(f"{method} {path} ({permission}): {answer.status_code}")
    assert wrong == []


def test_somebody_unknown_is_sent_to_log_in_or_told_to_send_a_token(app, session, no_form_tokens):
    client = app.test_client()
    wrong = []
    for method, path, _endpoint, permission in routes(app):
        answer = client.open(path, method=method)
        expected = HTTPStatus.UNAUTHORIZED if path.startswith("/api/") else HTTPStatus.FOUND
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or (
            permission != PUBLIC and answer.status_code != expected
        ):
            wrong.append(f"{method} {path} ({permission}): {answer.status_code}")
    assert wrong == []


def test_a_page_that_changes_something_asks_for_the_token_of_its_form(app, session):
    client = app.test_client()
    log_in(client, make_person(make_organisation(), Role.ADMINISTRATOR))
    unasked = [
        path
        for method, path, _endpoint, _permission in routes(app)
        if method == "POST" and not path.startswith("/api/") and client.post(path).status_code != HTTPStatus.BAD_REQUEST
    ]
    assert unasked == []
