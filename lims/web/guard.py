"""The guard before every request: who it is, and whether they may.

Deny by default: a route that declares no permission stops the program when it starts (`check_routes`).
"""

from flask import Flask, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.login import SEEN_EVERY, LoginRefusedError, find_session, find_token_actor, touch_session
from lims.auth.permissions import LOGGED_IN, PUBLIC, declared_permissions, required_permission
from lims.db import db
from lims.errors import ConfigurationError, ForbiddenError
from lims.i18n import lazy_gettext as _l
from lims.uow import unit_of_work
from lims.web.current import current_actor

SESSION_COOKIE = "lims_session"
API_PREFIX = "/api/"
BEARER = "Bearer "


def is_api() -> bool:
    """Whether the request is for the JSON API."""
    return request.path.startswith(API_PREFIX)


def identify() -> None:
    """Find out who asks: a bearer token on the API, a session cookie on pages."""
    g.actor = g.login = None
    if is_api():
        header = request.headers.get("Authorization", "")
        if header.startswith(BEARER):
            g.actor = find_token_actor(db.session, header.removeprefix(BEARER).strip(), clock.now())
            if g.actor is None:
                raise LoginRefusedError(_l("The bearer token is unknown, expired or revoked."))
        return
    token = request.cookies.get(SESSION_COOKIE)
    if not token or request.endpoint in {None, "static"}:
        return
    login = find_session(db.session, token, clock.now())
    if login is None:
        return
    g.login, g.actor = login, login.actor
    if clock.now() - login.session.seen_at > SEEN_EVERY:
        with unit_of_work(login.actor) as uow:
            touch_session(uow, token)


def authorise() -> ResponseReturnValue | None:
    """Let the request through only when its person carries the permission of its route.

    Raises:
        LoginRefusedError: nobody is logged in (API).
        ForbiddenError: the person does not carry the permission.
    """
    if request.endpoint is None:
        return None  # no such route: the 404 is Flask's
    permission = required_permission(current_app.view_functions[request.endpoint])
    if permission == PUBLIC:
        return None
    actor = current_actor()
    if actor.person_id is None:
        if is_api():
            raise LoginRefusedError(_l("Send a bearer token: Authorization: Bearer …"))
        return redirect(url_for("lims.log_in", next=request.full_path.rstrip("?")))
    if permission != LOGGED_IN and (permission is None or not actor.may(permission)):
        raise ForbiddenError
    return None


def check_routes(app: Flask) -> None:
    """Refuse to start with a route that declares no permission, or one that no package grants.

    Raises:
        ConfigurationError: names the routes.
    """
    known = {PUBLIC, LOGGED_IN, *declared_permissions()}
    silent = sorted(endpoint for endpoint, view in app.view_functions.items() if required_permission(view) not in known)
    if silent:
        raise ConfigurationError(
            _l(
                "These routes declare no known permission: %(routes)s. Mark them with @requires.",
                routes=", ".join(silent),
            )
        )


def init_app(app: Flask) -> None:
    """Put the guard before every request."""
    app.before_request(identify)
    app.before_request(authorise)
