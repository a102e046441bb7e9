"""Disposals: the list, and one of them with its second person."""

from decimal import Decimal
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from chain_of_custody.keeping import printing, queries, services
from chain_of_custody.keeping.forms import WAYS, ConfirmDisposalForm
from chain_of_custody.keeping.types import DisposalState
from chain_of_custody.views.common import names_for
from lims.auth.permissions import requires
from lims.db import db
from lims.i18n import gettext as _
from lims.web.acts import carry_out, paper, press
from lims.web.current import current_actor
from lims.web.paging import PAGE, page_of, read_cursor

bp = Blueprint("disposals", __name__, url_prefix="/custody/disposals")


@bp.route("/")
@requires("custody.dispose")
def index() -> ResponseReturnValue:
    """What was proposed and carried out, the newest first."""
    rows = queries.list_disposals(
        db.session,
        current_actor().require_organisation(),
        after=read_cursor(request.args.get("cursor")),
        limit=PAGE + 1,
    )
    shown, following = page_of(rows, PAGE, lambda row: (row.disposal.proposed_at, row.disposal.id))
    return render_template(
        "chain_of_custody/keeping/disposals.html",
        rows=shown,
        ways=WAYS,
        next_url=url_for(".index", cursor=following) if following else None,
        **names_for(db.session, [row.disposal.proposed_by_id for row in shown], []),
    )


@bp.route("/<uuid:disposal_id>", methods=["GET", "POST"])
@requires("custody.dispose")
def detail(disposal_id: UUID) -> ResponseReturnValue:
    """One disposal: the second person confirms it here."""
    actor = current_actor()
    found = queries.get_disposal(db.session, actor.require_organisation(), disposal_id)
    form = ConfirmDisposalForm()
    status = carry_out(
        form,
        lambda uow: services.confirm_disposal(
            uow, disposal_id, Decimal(form.weight_kg.data or 0), form.witness.data or ""
        ),
    )
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Confirmed. The custody of these portions has ended."), "success")
        return redirect(url_for(".detail", disposal_id=disposal_id), status)
    is_proposed = found.state is DisposalState.PROPOSED
    return render_template(
        "chain_of_custody/keeping/disposal.html",
        disposal=found,
        lines=queries.list_disposed(db.session, disposal_id),
        ways=WAYS,
        form=form if is_proposed and found.proposed_by_id != actor.person_id else None,
        may_withdraw=is_proposed and actor.may("custody.keep"),
        **names_for(db.session, [found.proposed_by_id, found.ended_by_id], []),
    ), status


@bp.route("/<uuid:disposal_id>/withdraw", methods=["POST"])
@requires("custody.keep")
def withdraw(disposal_id: UUID) -> ResponseReturnValue:
    """Take a proposal back."""
    if press(lambda uow: services.withdraw_disposal(uow, disposal_id)):
        flash(_("Taken back. The portions stay where they are."), "success")
    return redirect(url_for(".detail", disposal_id=disposal_id), 303)


@bp.route("/<uuid:disposal_id>/record.pdf")
@requires("custody.dispose")
def record(disposal_id: UUID) -> ResponseReturnValue:
    """The 留样处置记录 to print."""
    found = queries.get_disposal(db.session, current_actor().require_organisation(), disposal_id)
    return paper(printing.disposal_record(db.session, found), found.record_no)
