"""The bench: worklist and entry by keyboard, blind. Nothing here knows whose sample it is."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from instruments.queries import matched_readings
from lims import clock
from lims.auth.permissions import requires
from lims.clock import local_date
from lims.db import db
from lims.errors import LimsError
from lims.i18n import gettext as _
from lims.uow import unit_of_work
from lims.web.current import current_actor
from lims.web.paging import page_of, read_cursor
from results import queries
from results.forms import MAX_CODE, CorrectionForm
from results.models import TestSet
from results.queries import BenchLine
from results.services.confirming import is_asked_for
from results.services.entry import EntriesRefusedError, enter_results, propose_correction
from results.services.worklists import OPEN_LIMITS, begin_testing
from results.types import Entry, TestSetState

bp = Blueprint("bench", __name__, url_prefix="/bench")

SHOWN = {
    "waiting": (TestSetState.OPEN,),
    "mine": (TestSetState.TESTING,),
    "testing": (TestSetState.TESTING,),
    "done": (TestSetState.LOCKED, TestSetState.GIVEN_UP),
}
NOT_TESTED = "/"
TEXT, REASON, UNTESTED, SEEN = "result", "reason", "untested", "seen"


@bp.route("/")
@requires("results.test")
def index() -> ResponseReturnValue:
    """The worklist of one's laboratory."""
    actor = current_actor()
    lab_id = actor.require_organisation()
    show = request.args.get("show", "waiting")
    show = show if show in SHOWN else "waiting"
    found = queries.list_sets(
        db.session,
        lab_id,
        SHOWN[show],
        now=clock.now(),
        tester_id=actor.person_id if show == "mine" else None,
        search=_searched(),
        after=read_cursor(request.args.get("after"), field="after"),
        limit=queries.PAGE + 1,
    )
    sets, more = page_of(found, queries.PAGE, lambda one: (one.opened_at, one.id))
    return render_template(
        "results/bench/index.html",
        sets=sets,
        show=show,
        search=_searched(),
        counts=queries.count_sets(db.session, lab_id),
        fails=queries.count_fails(db.session, lab_id) if is_asked_for(db.session, local_date(clock.now())) else 0,
        more=more,
        scan_url=url_for("bench.find"),
    )


def _searched() -> str | None:
    text = request.args.get("q", "").replace("\0", "").strip()[:MAX_CODE]
    return text or None


@bp.route("/find")
@requires("results.test")
def find() -> ResponseReturnValue:
    """Open the set of a scanned blind code; any other label is an unknown code."""
    code = request.args.get("code", "").replace("\0", "")[:MAX_CODE]
    found = queries.find_set(db.session, queries.as_code(code), current_actor().require_organisation())
    return redirect(url_for("bench.detail", code=found.blind_code))


@bp.route("/<code>/take", methods=["POST"])
@requires("results.test")
def take(code: str) -> ResponseReturnValue:
    """Begin to test a set, or join who does."""
    try:
        with unit_of_work(current_actor()) as uow:
            begin_testing(uow, queries.as_code(code))
    except LimsError as refusal:
        flash(str(refusal), "error")
    return redirect(url_for("bench.detail", code=code), 303)


@bp.route("/<code>", methods=["GET", "POST"])
@requires("results.test")
def detail(code: str) -> ResponseReturnValue:
    """A set with its items, and the grid that results are typed into."""
    test_set = queries.find_set(db.session, queries.as_code(code), current_actor().require_organisation())
    lines = queries.list_lines(db.session, test_set.id)
    if request.method == "GET":
        return _page(test_set, lines)
    entries = _entries(lines)
    if not entries:
        flash(_("Nothing was typed that is not saved."), "info")
        return _go_on(test_set)
    try:
        with unit_of_work(current_actor()) as uow:
            written = len(enter_results(uow, test_set.blind_code, entries))
    except LimsError as refusal:
        db.session.expire_all()
        return _page(test_set, queries.list_lines(db.session, test_set.id), refusal), int(refusal.status)
    flash(_("%(count)s results saved and judged.", count=written), "success")
    return _go_on(test_set)


def _go_on(test_set: TestSet) -> ResponseReturnValue:
    """To the set that was scanned while results were typed, else back to the one that was saved."""
    scanned = request.form.get("then", "").replace("\0", "").strip()[:MAX_CODE]
    if scanned:
        return redirect(url_for("bench.find", code=scanned), 303)
    return redirect(url_for("bench.detail", code=test_set.blind_code), 303)


def _entries(lines: list[BenchLine]) -> list[Entry]:
    """What was typed and differs from what stands; with `mark`, items without a limit are marked as not tested."""
    mark = request.form.get("mark_reason", "").strip() if request.form.get("act") == "mark" else ""
    entries = []
    for one in lines:
        line_id = one.line.id
        text = _typed(TEXT, line_id)
        untested = _typed(UNTESTED, line_id)
        if mark and not text and not one.result and one.line.limit_state in OPEN_LIMITS:
            untested = untested or mark
        elif f"{TEXT}-{line_id}" not in request.form:
            continue
        text = text or (NOT_TESTED if untested else "")
        stands = one.result.entered_text if one.result else ""
        is_same_reason = not untested or (one.result is not None and one.result.untested_reason == untested)
        if text == stands and is_same_reason:
            continue
        seen = _typed(SEEN, line_id)
        entries.append(
            Entry(
                line_id,
                text,
                reason=_typed(REASON, line_id) or None,
                untested_reason=(untested or None) if text == NOT_TESTED else None,
                seen_version=int(seen) if seen.isdecimal() and len(seen) < MAX_CODE else None,
            )
        )
    return entries


def _typed(name: str, line_id: UUID) -> str:
    return request.form.get(f"{name}-{line_id}", "").replace("\0", "").strip()


def _page(test_set: TestSet, lines: list[BenchLine], refusal: LimsError | None = None) -> str:
    problems: Mapping[str, str] = {}
    if isinstance(refusal, EntriesRefusedError):
        problems = refusal.facts["lines"]
    elif refusal is not None and refusal.field is not None:
        problems = {refusal.field: str(refusal)}
    lock = queries.last_lock(db.session, test_set.id)
    context: dict[str, Any] = {
        "set": test_set,
        "facts": queries.blind_facts(db.session, test_set),
        "lines": lines,
        "open_limits": OPEN_LIMITS,
        "waiting": [one for one in lines if one.line.limit_state in OPEN_LIMITS and one.result is None],
        "typed": request.form,
        "problems": problems,
        "refusal": refusal if refusal is not None and not problems else None,
        "returns": queries.list_returns(db.session, test_set.id),
        "was_locked": lock is not None,
        "proposals": {one.set_item_id: one for one in queries.open_proposals(db.session, test_set.id)},
        "due": queries.reports_due(db.session, [test_set], clock.now())[test_set.sample_id],
        "testers": queries.testers_of(db.session, test_set.sample_id),
        "takes_results": test_set.state in {TestSetState.OPEN, TestSetState.TESTING} and lock is None,
        "retests": queries.retests_of(db.session, lines),
        "replaced_retests": queries.replaced_retests(db.session, lines),
        "asks_retest": test_set.state is TestSetState.TESTING and is_asked_for(db.session, local_date(clock.now())),
        "readings": matched_readings(db.session, test_set.blind_code),
        "scan_url": url_for("bench.find"),
        # Once something is saved, a draft of before has nothing to say any more.
        "draft": f"bench-{test_set.blind_code}-{sum(one.result.version for one in lines if one.result)}",
    }
    return render_template("results/bench/detail.html", **context)


@bp.route("/<code>/corrections/<uuid:line_id>", methods=["GET", "POST"])
@requires("results.test")
def correct(code: str, line_id: UUID) -> ResponseReturnValue:
    """Propose to replace a result whose lock was lifted; a reviewer has to approve it."""
    test_set = queries.find_set(db.session, queries.as_code(code), current_actor().require_organisation())
    one = queries.get_line(db.session, test_set.id, line_id)
    form = CorrectionForm()
    status = 200
    if form.validate_on_submit():
        entry = Entry(line_id, str(form.text.data), str(form.reason.data))
        try:
            with unit_of_work(current_actor()) as uow:
                propose_correction(uow, test_set.blind_code, entry)
        except LimsError as refusal:
            field = {"reason": form.reason, str(line_id): form.text}.get(refusal.field or "")
            if field is None:
                form.form_errors.append(str(refusal))
            else:
                field.errors = [*field.errors, str(refusal)]
            status = int(refusal.status)
        else:
            flash(_("Proposed. A reviewer has to approve it."), "success")
            return redirect(url_for("bench.detail", code=test_set.blind_code), 303)
    elif form.is_submitted():
        status = 422
    return render_template("results/bench/correct.html", form=form, set=test_set, one=one), status
