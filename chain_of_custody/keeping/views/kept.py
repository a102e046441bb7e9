"""What a laboratory keeps, and how long still; a disposal is proposed here."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from chain_of_custody.keeping import queries, services
from chain_of_custody.keeping.forms import ProposalForm
from chain_of_custody.keeping.services.disposals import HOLD_WORDS
from chain_of_custody.keeping.types import DisposalWay, KeepingState
from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.i18n import gettext as _
from lims.uow import UnitOfWork
from lims.web.acts import carry_out
from lims.web.current import current_actor

bp = Blueprint("kept", __name__, url_prefix="/custody/keeping")

SHOWN = 200  # of one state: as much as anybody clears in a day
LISTED_FOR_DISPOSAL = (KeepingState.OVERDUE, KeepingState.DUE)


@bp.route("/", methods=["GET", "POST"])
@requires("custody.keep")
def index() -> ResponseReturnValue:
    """The clocks, one state at a time; the portions of the list whose period is over can be ticked for disposal."""
    kept = queries.list_kept(db.session, current_actor().require_organisation(), clock.local_date(clock.now()))
    counts = queries.count_keeping(kept)
    asked = request.args.get("state", "")
    states = {state.value: state for state in KeepingState}
    state = states.get(asked) or next((one for one in KeepingState if counts[one]), KeepingState.DUE)
    form = ProposalForm()
    made: list[UUID] = []

    def propose(uow: UnitOfWork) -> None:
        way = DisposalWay(form.way.data)
        made.append(services.propose_disposal(uow, form.numbers(), way, form.reason.data or "").id)

    status = carry_out(form, propose)
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Proposed. Somebody else carries it out and confirms it."), "success")
        return redirect(url_for("disposals.detail", disposal_id=made[0]), status)
    shown = [one for one in kept if one.state is state]
    return render_template(
        "chain_of_custody/keeping/kept.html",
        form=form,
        rows=shown[:SHOWN],
        left_off=max(len(shown) - SHOWN, 0),
        state=state,
        states=list(KeepingState),
        counts=counts,
        hold_words=HOLD_WORDS,
        may_tick=state in LISTED_FOR_DISPOSAL,
    ), status
