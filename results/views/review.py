"""The reviewer: finished sets, still blind, with what was entered beside each verdict; lock, return or give up."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.i18n import gettext as _
from lims.uow import unit_of_work
from lims.web.current import current_actor
from lims.web.paging import page_of, read_cursor
from results import queries
from results.forms import MAX_REASON
from results.services.entry import approve_correction
from results.services.review import give_up, lock_results, return_results
from results.types import TestSetState

bp = Blueprint("review", __name__, url_prefix="/review")

SHOWN = {"testing": (TestSetState.TESTING,), "locked": (TestSetState.LOCKED,)}


@bp.route("/")
@requires("results.conclude")
def index() -> ResponseReturnValue:
    """Sets that are complete, then those still being tested, or those that were locked; a signatory's own queue."""
    if not current_actor().may("results.review"):
        return redirect(url_for("reports.index"))
    show = "locked" if request.args.get("show") == "locked" else "testing"
    lab_id = current_actor().require_organisation()
    after = read_cursor(request.args.get("after"), field="after")
    found = queries.list_sets(db.session, lab_id, SHOWN[show], now=clock.now(), after=after, limit=queries.PAGE + 1)
    sets, more = page_of(found, queries.PAGE, lambda one: (one.opened_at, one.id))
    ready = [one for one in sets if one.is_complete and not one.is_returned]
    return render_template(
        "results/review/index.html",
        show=show,
        ready=ready if show == "testing" else sets,
        others=[one for one in sets if one not in ready] if show == "testing" else [],
        counts=queries.count_sets(db.session, lab_id),
        more=more,
        scan_url=url_for("review.find"),
    )


@bp.route("/find")
@requires("results.review")
def find() -> ResponseReturnValue:
    """Open the set of a scanned blind code; any other label is an unknown code."""
    code = request.args.get("code", "").replace("\0", "")
    found = queries.find_set(db.session, queries.as_code(code), current_actor().require_organisation())
    return redirect(url_for("review.detail", code=found.blind_code))


@bp.route("/sets/<code>", methods=["GET", "POST"])
@requires("results.review")
def detail(code: str) -> ResponseReturnValue:
    """One set with its raw entries; a POST locks it, returns it or gives it up."""
    blind = queries.as_code(code)
    status, refused = 200, None
    if request.method == "POST":
        try:
            done = _act(blind, request.form.get("act", ""))
        except NotFoundError:
            raise
        except LimsError as refusal:
            status, refused = int(refusal.status), refusal
        else:
            flash(done, "success")
            return redirect(url_for("review.index"), 303)
    test_set = queries.find_set(db.session, blind, current_actor().require_organisation())
    lines = queries.list_lines(db.session, test_set.id)
    page = render_template(
        "results/review/detail.html",
        set=test_set,
        facts=queries.blind_facts(db.session, test_set),
        lines=lines,
        superseded=queries.superseded_results(db.session, test_set.id),
        retests=queries.retests_of(db.session, lines),
        replaced_retests=queries.replaced_retests(db.session, lines),
        proposals=queries.open_proposals(db.session, test_set.id),
        lines_by_id={one.line.id: one for one in lines},
        returns=queries.list_returns(db.session, test_set.id),
        due=queries.reports_due(db.session, [test_set], clock.now())[test_set.sample_id],
        testers=queries.testers_of(db.session, test_set.sample_id),
        lock=queries.last_lock(db.session, test_set.id),
        people=queries.people_of(db.session, lines),
        refused=refused,
        typed=request.form,
        scan_url=url_for("review.find"),
    )
    return page, status


def _act(blind: str, act: str) -> str:
    """Do what a button asks for; returns what is said about it.

    Raises:
        NotFoundError: no button of ours, or no such code in this laboratory.
    """
    reason = request.form.get("reason", "").replace("\0", "").strip()[:MAX_REASON]
    with unit_of_work(current_actor(), reason=reason or None) as uow:
        match act:
            case "lock":
                lock_results(uow, blind)
                return _("Locked.")
            case "return":
                return_results(uow, blind, reason)
                return _("Returned to the bench.")
            case "give_up":
                give_up(uow, blind, reason)
                return _("Ended as not tested.")
    raise NotFoundError


@bp.route("/corrections/<uuid:proposal_id>", methods=["POST"])
@requires("results.review")
def approve(proposal_id: UUID) -> ResponseReturnValue:
    """Let a proposed correction stand, as its second person."""
    code = request.form.get("code", "")
    try:
        with unit_of_work(current_actor()) as uow:
            approve_correction(uow, proposal_id)
    except NotFoundError:
        raise
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        flash(_("Approved. The corrected result stands."), "success")
    return redirect(url_for("review.detail", code=code) if code else url_for("review.index"), 303)
