"""The page of a notice: its addressee shows number and code and answers without an account."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from lims import clock
from lims.actors import PUBLIC as THE_PUBLIC
from lims.auth.login import check_throttle, network_digest, note_attempt
from lims.auth.permissions import PUBLIC, requires
from lims.db import db
from lims.errors import LimsError
from lims.i18n import current_locale
from lims.i18n import gettext as _
from lims.uow import UnitOfWork, unit_of_work
from lims.web.acts import carry_out
from results.objections import queries, services
from results.objections.forms import (
    GROUNDS,
    KIND_HINTS,
    KINDS,
    OUTCOMES,
    NoticeForm,
    NoticeObjectionForm,
    NoticeRecheckForm,
)
from results.objections.queries import AnsweredNotice
from results.objections.rules import ENTITLED
from results.objections.types import ObjectionKind, ObjectionState
from results.objections.views import written
from results.recheck.forms import REASONS
from results.recheck.types import RecheckState

bp = Blueprint("my_notice", __name__, url_prefix="/my-notice")

OPENED, OPENED_AT = "notice_id", "notice_opened_at"  # what the signed cookie keeps once the code was shown
STAYS_OPEN = timedelta(hours=1)

View = Callable[..., ResponseReturnValue]


def with_notice(view: View) -> View:
    """Hand the opened notice to a page; without one, ask for number and code."""

    @wraps(view)
    def opened(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        kept, since = session.get(OPENED), session.get(OPENED_AT)
        if not kept or not since or clock.now() - datetime.fromtimestamp(since, UTC) > STAYS_OPEN:
            return redirect(url_for(".enter"), 303)
        return view(*args, answered=queries.answered_notice(db.session, UUID(kept)), **kwargs)

    return opened


@bp.route("/", methods=["GET", "POST"])
@requires(PUBLIC)
def enter() -> ResponseReturnValue:
    """Number and code, as they stand on the notice; its QR code brings the number along."""
    form = NoticeForm()
    if not form.is_submitted():
        form.notice_no.data = request.args.get("no", "").replace("\0", "")[:60]
        return render_template("results/objections/notice_enter.html", form=form)
    if not form.validate():
        return render_template("results/objections/notice_enter.html", form=form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        notice_id = _open(str(form.notice_no.data).strip(), str(form.code.data))
    except LimsError as refusal:
        status = form.refuse(refusal)
        return render_template("results/objections/notice_enter.html", form=form), status
    session[OPENED], session[OPENED_AT] = str(notice_id), clock.now().timestamp()
    return redirect(url_for(".show"), 303)


def _open(notice_no: str, code: str) -> UUID:
    """The notice that was opened. Every try is counted, whatever becomes of it: codes are not to be guessed."""
    secret = str(current_app.config["SECRET_KEY"])
    network, name = network_digest(secret, request.remote_addr), f"notice {notice_no}"
    check_throttle(db.session, name, network, clock.now(), field="code")
    succeeded = False
    try:
        with unit_of_work(THE_PUBLIC) as uow:
            notice_id = services.open_notice(uow, secret, notice_no, code).id
            succeeded = True
            return notice_id
    finally:
        with unit_of_work(THE_PUBLIC) as uow:
            note_attempt(uow, name, network, succeeded=succeeded)


@bp.route("/answer")
@requires(PUBLIC)
@with_notice
def show(answered: AnsweredNotice) -> ResponseReturnValue:
    """The notice, what its addressee can still do and until when, and what became of what they did."""
    return render_template(
        "results/objections/notice_show.html",
        answered=answered,
        last_days={
            kind: queries.allowed_until(db.session, answered.notice.sample_id, kind, answered.notice.addressee)
            for kind in _open_kinds(answered)
        },
        may_recheck=answered.referral.withdrawn_at is None
        and all(one.state is RecheckState.REFUSED for one in answered.rechecks),
        kinds=KINDS,
        outcomes=OUTCOMES,
        grounds=GROUNDS,
        reasons=REASONS,
    )


@bp.route("/objection", methods=["GET", "POST"])
@requires(PUBLIC)
@with_notice
def object_(answered: AnsweredNotice) -> ResponseReturnValue:
    """File an objection."""
    form = NoticeObjectionForm()
    form.kind.choices = [SelectChoice(kind.value, KINDS[kind]) for kind in _open_kinds(answered)]
    status = _carry_out(
        form,
        lambda uow: services.file_by_notice(uow, answered.notice.id, ObjectionKind(form.kind.data), written(form)),
    )
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Your objection was received."), "success")
        return redirect(url_for(".show"), status)
    hints = {kind.value: KIND_HINTS[kind] for kind in ObjectionKind}
    page = render_template("results/objections/notice_object.html", form=form, answered=answered, hints=hints)
    return page, status


@bp.route("/recheck", methods=["GET", "POST"])
@requires(PUBLIC)
@with_notice
def recheck(answered: AnsweredNotice) -> ResponseReturnValue:
    """Apply for a recheck."""
    form = NoticeRecheckForm()
    is_english = current_locale() == "en"
    form.items.choices = [
        SelectChoice(item["set_item_id"], (is_english and item["name_en"]) or item["name_zh"])
        for item in answered.referral.failed_items
    ]
    if not form.is_submitted():
        form.items.data = [item["set_item_id"] for item in answered.referral.failed_items]
    status = _carry_out(
        form,
        lambda uow: services.apply_for_recheck_by_notice(
            uow, answered.notice.id, [UUID(text) for text in form.items.data or []], written(form)
        ),
    )
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Your application was received."), "success")
        return redirect(url_for(".show"), status)
    return render_template("results/objections/notice_recheck.html", form=form, answered=answered), status


@bp.route("/leave", methods=["POST"])
@requires(PUBLIC)
def leave() -> ResponseReturnValue:
    """Close the notice on this device."""
    session.pop(OPENED, None)
    session.pop(OPENED_AT, None)
    return redirect(url_for(".enter"), 303)


def _carry_out(form: Any, act: Callable[[UnitOfWork], Any]) -> int:
    return carry_out(form, act, actor=THE_PUBLIC)


def _open_kinds(answered: AnsweredNotice) -> list[ObjectionKind]:
    """What this side may object to and has not, or was refused and may bring again."""
    standing = {one.kind for one in answered.objections if one.state is not ObjectionState.REFUSED}
    side = answered.notice.addressee
    return [kind for kind in ObjectionKind if side in ENTITLED[kind] and kind not in standing]
