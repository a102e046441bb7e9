"""One's own account: password, the device that shows codes, tokens for programs, browsers that are logged in."""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from lims.auth.login import TOKEN_BYTES
from lims.auth.permissions import LOGGED_IN, requires
from lims.db import db
from lims.errors import ForbiddenError, LimsError
from lims.forms import PageForm
from lims.i18n import gettext as _
from lims.people import accounts, directory
from lims.people.forms import DeviceForm, PasswordForm, RemoveDeviceForm, TokenForm
from lims.people.services import issue_token
from lims.symbols import qr_svg
from lims.uow import unit_of_work
from lims.web.current import current_actor, current_login
from lims.web.navigation import first_page
from lims.web.passwords import take_password

bp = Blueprint("account", __name__, url_prefix="/me")

REFUSED = 422


def page(refused: PageForm | None = None, status: int = 200, token: str | None = None) -> ResponseReturnValue:
    """The page of one's account; `refused` is the form that came back, `token` a new one, shown this once."""
    login = _login()
    account_id = login.account.id

    def form(kind: type[PageForm]) -> Any:
        return refused if isinstance(refused, kind) else kind(formdata=None)

    shown = render_template(
        "lims/me.html",
        account=login.account,
        begins_somewhere=first_page(current_actor()) is not None,
        password_form=form(PasswordForm),
        remove_form=form(RemoveDeviceForm),
        token_form=form(TokenForm),
        tokens=directory.tokens_of(db.session, account_id),
        browsers=directory.sessions_of(db.session, account_id),
        this_browser=login.session.token_sha256,
        new_token=token,
    )
    return shown, status


def _login() -> Any:
    login = current_login()
    if login is None:
        raise ForbiddenError
    return login


@bp.route("/password", methods=["POST"])
@requires(LOGGED_IN)
def password() -> ResponseReturnValue:
    """Change one's password; every other browser is logged out."""
    login, form = _login(), PasswordForm()
    if not form.validate_on_submit():
        return page(form, REFUSED)
    try:
        take_password(str(form.old.data), field="old")
        with unit_of_work(current_actor()) as uow:
            accounts.change_password(
                uow,
                login.account.id,
                str(form.old.data),
                str(form.new.data),
                keep_session=login.session.token_sha256,
            )
    except LimsError as refusal:
        return page(form, form.refuse(refusal))
    flash(_("The password is changed. Other browsers are logged out."), "success")
    return redirect(url_for("lims.me"), 303)


@bp.route("/device", methods=["GET", "POST"])
@requires(LOGGED_IN)
def device() -> ResponseReturnValue:
    """Enrol a device: it reads the picture, and proves with a code that it has."""
    login = _login()
    form = DeviceForm()
    secret = str(form.secret.data or "") if form.is_submitted() else ""
    if not accounts.is_secret(secret):
        secret = accounts.new_secret()
    status = 200
    if form.validate_on_submit():
        try:
            take_password(str(form.password.data))
            with unit_of_work(current_actor()) as uow:
                accounts.enrol_second_factor(uow, login.account.id, secret, str(form.code.data))
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("From now on a code is asked for when you log in."), "success")
            return redirect(url_for("lims.me"), 303)
    elif form.is_submitted():
        status = REFUSED
    form.secret.data = secret
    # Drawn by us from a secret of ours: safe to stand in the page as it is.
    picture = Markup(qr_svg(accounts.device_uri(secret, login.account.username)))  # noqa: S704
    shown = render_template(
        "lims/me_device.html", form=form, secret=secret, picture=picture, has_device=bool(login.account.totp_secret)
    )
    return shown, status


@bp.route("/device/remove", methods=["POST"])
@requires(LOGGED_IN)
def remove_device() -> ResponseReturnValue:
    """Take the device away, with the password."""
    login, form = _login(), RemoveDeviceForm()
    if not form.validate_on_submit():
        return page(form, REFUSED)
    try:
        take_password(str(form.password.data))
        with unit_of_work(current_actor()) as uow:
            accounts.remove_second_factor(uow, login.account.id)
    except LimsError as refusal:
        return page(form, form.refuse(refusal))
    flash(_("No code is asked for any more."), "success")
    return redirect(url_for("lims.me"), 303)


@bp.route("/tokens", methods=["POST"])
@requires(LOGGED_IN)
def issue() -> ResponseReturnValue:
    """Make a token for a program; the answer shows it, and nothing else ever does."""
    login, form = _login(), TokenForm()
    if not form.validate_on_submit():
        return page(form, REFUSED)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    try:
        take_password(str(form.password.data))
        with unit_of_work(current_actor()) as uow:
            issue_token(
                uow,
                login.account.id,
                login.session.employment_id,
                label=str(form.label.data).strip(),
                token=token,
                expires_at=uow.now + timedelta(days=int(form.days.data)),
            )
    except LimsError as refusal:
        return page(form, form.refuse(refusal))
    db.close_request_session()  # the list below must hold the new token
    return page(token=token, status=201)


@bp.route("/tokens/<uuid:token_id>/revoke", methods=["POST"])
@requires(LOGGED_IN)
def revoke(token_id: UUID) -> ResponseReturnValue:
    """End a token; the next request with it is refused."""
    with unit_of_work(current_actor()) as uow:
        accounts.revoke_token(uow, _login().account.id, token_id)
    flash(_("The token is revoked."), "success")
    return redirect(url_for("lims.me"), 303)


@bp.route("/browsers/end", methods=["POST"])
@requires(LOGGED_IN)
def end_browsers() -> ResponseReturnValue:
    """Log every other browser of this account out."""
    login = _login()
    with unit_of_work(current_actor()) as uow:
        accounts.end_other_sessions(uow, login.account.id, login.session.token_sha256)
    flash(_("Every other browser is logged out."), "success")
    return redirect(url_for("lims.me"), 303)
