"""Browsers and programs that are logged in."""

import re
import secrets
from datetime import timedelta

from flask.testing import FlaskClient

from lims import clock
from lims.actors import PUBLIC
from lims.auth.login import log_in as open_session
from lims.people.services import issue_token
from lims.uow import unit_of_work
from lims.web.guard import SESSION_COOKIE
from tests.factories.people import PASSWORD, Somebody

CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def log_in(client: FlaskClient, somebody: Somebody) -> FlaskClient:
    """Give the browser a session of this person."""
    with unit_of_work(PUBLIC) as uow:
        token, _login = open_session(uow, somebody.username, PASSWORD)
    client.set_cookie(SESSION_COOKIE, token)
    return client


def csrf_token(client: FlaskClient, page: str) -> str:
    """The token that the forms of a page carry."""
    found = CSRF.search(client.get(page).get_data(as_text=True))
    assert found is not None, f"{page} holds no form"
    return found[1]


def bearer(somebody: Somebody) -> dict[str, str]:
    """Headers of a program that acts as this person."""
    token = secrets.token_urlsafe(32)
    with unit_of_work(somebody.actor) as uow:
        assert somebody.actor.employment_id is not None
        issue_token(
            uow,
            somebody.account_id,
            somebody.actor.employment_id,
            label="test",
            token=token,
            expires_at=clock.now() + timedelta(days=1),
        )
    return {"Authorization": f"Bearer {token}"}
