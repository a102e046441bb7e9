"""Pages of the unblinding: the head of the laboratory and the quality manager open a sample together."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from chain_of_custody import queries, services
from chain_of_custody.forms import UnblindingDecisionForm, UnblindingForm
from chain_of_custody.rules import offices_of
from chain_of_custody.views.common import names_for
from lims.auth.permissions import requires
from lims.db import db
from lims.i18n import gettext as _
from lims.uow import UnitOfWork
from lims.web.acts import carry_out
from lims.web.current import current_actor
from lims.web.paging import PAGE, page_of, read_cursor

bp = Blueprint("unblinding", __name__, url_prefix="/custody/unblinding")


@bp.route("/", methods=["GET", "POST"])
@requires("custody.unblind")
def index() -> ResponseReturnValue:
    """What was asked for, the newest first, and asking for one more."""
    lab_id = current_actor().require_organisation()
    form = UnblindingForm()
    made: list[UUID] = []

    def ask(uow: UnitOfWork) -> None:
        made.append(services.request_unblinding(uow, form.code.data or "", form.reason.data or "").id)

    status = carry_out(form, ask)
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Asked for. It is opened by the other of the two offices."), "success")
        return redirect(url_for(".detail", unblinding_id=made[0]), status)
    rows = queries.list_unblindings(db.session, lab_id, after=read_cursor(request.args.get("cursor")), limit=PAGE + 1)
    shown, following = page_of(rows, PAGE, lambda row: (row.requested_at, row.id))
    return render_template(
        "chain_of_custody/unblinding/index.html",
        form=form,
        rows=shown,
        next_url=url_for(".index", cursor=following) if following else None,
        **names_for(db.session, [row.requested_by_id for row in shown], []),
    ), status


@bp.route("/<uuid:unblinding_id>", methods=["GET", "POST"])
@requires("custody.unblind")
def detail(unblinding_id: UUID) -> ResponseReturnValue:
    """One request: the second office decides here, and both read here whose sample it is."""
    actor = current_actor()
    asked = queries.get_unblinding(db.session, actor.require_organisation(), unblinding_id)
    form = UnblindingDecisionForm()
    status = carry_out(
        form, lambda uow: services.decide_unblinding(uow, unblinding_id, form.note.data, opens=form.approves)
    )
    if status == HTTPStatus.SEE_OTHER:
        flash(_("The sample is unblinded.") if form.approves else _("The sample stays blind."), "success")
        return redirect(url_for(".detail", unblinding_id=unblinding_id), status)
    others = [office for office in offices_of(actor.roles) if office is not asked.requested_as]
    return render_template(
        "chain_of_custody/unblinding/detail.html",
        form=form,
        asked=asked,
        may_decide=asked.outcome is None and bool(others) and asked.requested_by_id != actor.person_id,
        opened=queries.opened_sample(db.session, actor, asked),
        **names_for(db.session, [asked.requested_by_id, asked.decided_by_id], []),
    ), status
