"""Headers, request ids and CSRF: what a hostile network meets first."""

import re
import secrets

import structlog
from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import NotFound
from werkzeug.middleware.proxy_fix import ProxyFix

from lims.config import Environment, Settings
from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.web.guard import is_api

CSP = "; ".join(  # noqa: FLY002 - one directive a line reads better than one long string
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=()",
}
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
HSTS = "max-age=31536000"

csrf = CSRFProtect()


def name_request() -> None:
    """Give the request an id (a proxy's, when it is well formed) that its log lines and error page carry."""
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def refuse_nul() -> None:
    """A NUL character fits nothing that we have, and PostgreSQL cannot even look for it.

    Raises:
        NotFound: a person's address holds one; nobody types it.
        InvalidInputError: a program sent one in its query; the field is named.
    """
    held = [name for name, value in request.args.items() if "\0" in name or "\0" in value]
    if "\0" in request.path or (held and not is_api()):
        raise NotFound
    if held:
        raise InvalidInputError(_l("Text cannot contain the NUL character."), field=held[0].replace("\0", ""))


def protect_forms() -> None:
    """Check the CSRF token on pages; the API takes bearer tokens only, which no other site can send."""
    if not is_api():
        csrf.protect()


def add_headers(response: Response) -> Response:
    """Headers on every answer; nothing about a person stays in a shared cache."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = g.get("request_id", "")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store" if g.get("actor") else "no-cache")
    return response


def init_app(app: Flask, settings: Settings) -> None:
    """Set cookies, CSRF and headers up."""
    app.config.update(
        SESSION_COOKIE_NAME="lims_form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.environment is Environment.PRODUCTION,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form on a tablet may stay open all day
        MAX_CONTENT_LENGTH=64 * 1024 * 1024,  # eight photos and the form
        MAX_FORM_PARTS=4_000,  # a 96-position batch with five values each, and some
    )
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    csrf.init_app(app)
    app.before_request(name_request)
    app.before_request(refuse_nul)
    app.before_request(protect_forms)
    app.after_request(add_headers)
