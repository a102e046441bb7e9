"""Pages of the ground floor: logging in and out, the language, confirming who one is, the state of the service."""

from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims.account_views import page as account_page
from lims.actors import PUBLIC as THE_PUBLIC
from lims.auth.login import (
    SESSION_LIMIT,
    LoggedIn,
    LoginRefusedError,
    TooManyAttemptsError,
    check_throttle,
    network_digest,
    note_attempt,
)
from lims.auth.login import (
    log_in as open_session,
)
from lims.auth.login import (
    log_out as end_session,
)
from lims.auth.permissions import LOGGED_IN, PUBLIC, requires
from lims.config import Environment
from lims.db import db
from lims.forms import ConfirmForm, LoginForm
from lims.i18n import LOCALE_COOKIE, LOCALES
from lims.i18n import gettext as _
from lims.ledger.queries import latest_checkpoint
from lims.runtime import settings_of
from lims.uow import unit_of_work
from lims.web.current import current_actor
from lims.web.gallery import gallery_context
from lims.web.guard import SESSION_COOKIE
from lims.web.navigation import first_page
from lims.web.passwords import take_password

bp = Blueprint("lims", __name__)

LOCALE_SECONDS = 400 * 24 * 3600  # the longest a browser keeps a cookie


def safe_next(target: str | None) -> str:
    """Where to go on: a path of our own, never another site."""
    if target:
        parts = urlsplit(target)
        if not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\")):
            return target
    return url_for("lims.start")


@bp.route("/start")
@requires(LOGGED_IN)
def start() -> ResponseReturnValue:
    """A person's first page of the day, by their roles."""
    return redirect(first_page(current_actor()) or url_for("lims.me"))


@bp.route("/me")
@requires(LOGGED_IN)
def me() -> ResponseReturnValue:
    """Who one is here: organisation, roles, password, device, tokens, browsers."""
    return account_page()


@bp.route("/login", methods=["GET", "POST"])
@requires(PUBLIC)
def log_in() -> ResponseReturnValue:
    """Name and password in, session cookie out."""
    form = LoginForm(data={"next": request.args.get("next", "")}) if request.method == "GET" else LoginForm()
    status = 200
    if form.validate_on_submit():
        try:
            token, login = _try_login(form)
        except (LoginRefusedError, TooManyAttemptsError) as refusal:
            status = refusal.status
            field = form.code if refusal.field == "code" else form.password
            field.errors = [*field.errors, str(refusal)]
        else:
            g.login, g.actor = login, login.actor
            response = make_response(redirect(safe_next(form.next.data), 303))
            response.set_cookie(
                SESSION_COOKIE,
                token,
                max_age=int(SESSION_LIMIT.total_seconds()),
                httponly=True,
                secure=settings_of(current_app).environment is Environment.PRODUCTION,
                samesite="Lax",
            )
            return response
    elif form.is_submitted():
        status = 422
    return render_template("lims/login.html", form=form), status


def _try_login(form: LoginForm) -> tuple[str, LoggedIn]:
    username = str(form.username.data).strip()
    network = network_digest(str(current_app.config["SECRET_KEY"]), request.remote_addr)
    with unit_of_work(THE_PUBLIC) as uow:
        check_throttle(uow.session, username, network, uow.now)
    succeeded = False
    try:
        with unit_of_work(THE_PUBLIC) as uow:
            opened = open_session(uow, username, str(form.password.data), form.code.data)
        succeeded = True
    finally:
        with unit_of_work(THE_PUBLIC) as uow:
            note_attempt(uow, username, network, succeeded=succeeded)
    return opened


@bp.route("/logout", methods=["POST"])
@requires(LOGGED_IN)
def log_out() -> ResponseReturnValue:
    """End the session on the server and forget the cookie."""
    with unit_of_work(current_actor()) as uow:
        end_session(uow, request.cookies.get(SESSION_COOKIE, ""))
    response = make_response(redirect(url_for("lims.log_in"), 303))
    response.delete_cookie(SESSION_COOKIE)
    return response


@bp.route("/confirm", methods=["GET", "POST"])
@requires(LOGGED_IN)
def confirm() -> ResponseReturnValue:
    """Give the password again; signing asks for it when the last time was more than five minutes ago."""
    form = ConfirmForm(data={"next": request.args.get("next", "")}) if request.method == "GET" else ConfirmForm()
    status = 200
    if form.validate_on_submit():
        try:
            take_password(str(form.password.data))
        except (LoginRefusedError, TooManyAttemptsError) as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("Confirmed. Go on within five minutes."), "success")
            return redirect(safe_next(form.next.data), 303)
    return render_template("lims/confirm.html", form=form), status


@bp.route("/language/<locale>")
@requires(PUBLIC)
def switch_locale(locale: str) -> ResponseReturnValue:
    """Choose a language; the page one was on is shown again."""
    response = make_response(redirect(safe_next(request.args.get("next"))))
    if locale in LOCALES:
        response.set_cookie(LOCALE_COOKIE, locale, max_age=LOCALE_SECONDS, samesite="Lax", httponly=True)
    return response


@bp.route("/healthz")
@requires(PUBLIC)
def health() -> ResponseReturnValue:
    """Whether the service can answer: the database is there and how far the ledger is signed."""
    head = latest_checkpoint(db.session)
    return {"status": "ok", "ledger_size": head.size if head else 0}


@bp.route("/_gallery")
@requires(PUBLIC)
def gallery() -> ResponseReturnValue:
    """Every component on one page; there is no such page in production."""
    if settings_of(current_app).environment is Environment.PRODUCTION:
        return "", 404
    return render_template("components/gallery.html", **gallery_context())
