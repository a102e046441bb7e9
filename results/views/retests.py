"""Retests at the bench: of one item from the page of its set, and of all fails that wait for one on one page."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import requires
from lims.clock import local_date
from lims.db import db
from lims.errors import LimsError
from lims.i18n import gettext as _
from lims.i18n import ngettext
from lims.uow import unit_of_work
from lims.web.current import current_actor
from results import queries
from results.forms import RetestForm
from results.models import ResultRetest
from results.services.confirming import Retest, enter_retest, enter_retests, is_asked_for
from results.services.entry import EntriesRefusedError
from results.types import ItemVerdict

bp = Blueprint("bench_retests", __name__, url_prefix="/bench")
FIELD = "retest-"


@bp.route("/retests", methods=["GET", "POST"])
@requires("results.test")
def index() -> ResponseReturnValue:
    """Every fail of the laboratory that waits for its retest, and the grid that retests are typed into."""
    if request.method == "GET":
        return _page()
    lab_id = current_actor().require_organisation()
    codes = {str(one.line.id): code for code, one in queries.list_fails(db.session, lab_id)}
    typed = {name.removeprefix(FIELD): text.strip() for name, text in request.form.items() if name.startswith(FIELD)}
    typed = {line: text.replace("\0", "") for line, text in typed.items() if text}
    if not typed:
        flash(_("Nothing was typed that is not saved."), "info")
        return redirect(url_for(".index"), 303)
    if not set(typed) <= set(codes):
        flash(
            _("Somebody entered one of these retests meanwhile. What was typed for the others stands below."), "error"
        )
        return _page(), 409
    try:
        with unit_of_work(current_actor()) as uow:
            entered = enter_retests(uow, [Retest(codes[line], UUID(line), text) for line, text in typed.items()])
            tell(entered)
    except LimsError as refusal:
        problems = refusal.facts["lines"] if isinstance(refusal, EntriesRefusedError) else {}
        if not problems and len(typed) == 1 and refusal.field:
            problems = {next(iter(typed)): str(refusal)}
        return _page(problems, refusal), int(refusal.status)
    return redirect(url_for(".index"), 303)


def tell(entered: list[ResultRetest]) -> None:
    """Say what became of retests: those that do not bear out their fail need somebody."""
    others = sum(1 for one in entered if one.verdict is not ItemVerdict.FAIL)
    if len(entered) - others:
        said = ngettext(
            "%(num)s retest bears out its fail.", "%(num)s retests bear out their fails.", len(entered) - others
        )
        flash(said, "success")
    if others:
        said = ngettext(
            "%(num)s retest does not bear out its fail: replace the result and say why.",
            "%(num)s retests do not bear out their fails: replace the results and say why.",
            others,
        )
        flash(said, "warning")


def _page(problems: dict[str, str] | None = None, refusal: LimsError | None = None) -> str:
    lab_id = current_actor().require_organisation()
    is_asked = is_asked_for(db.session, local_date(clock.now()))
    return render_template(
        "results/bench/retests.html",
        fails=queries.list_fails(db.session, lab_id) if is_asked else [],
        total=queries.count_fails(db.session, lab_id) if is_asked else 0,
        is_asked=is_asked,
        typed=request.form,
        problems=problems or {},
        refusal=refusal if not problems else None,
    )


@bp.route("/<code>/retests/<uuid:line_id>", methods=["GET", "POST"])
@requires("results.test")
def enter(code: str, line_id: UUID) -> ResponseReturnValue:
    """Enter the second measurement of an item that failed."""
    test_set = queries.find_set(db.session, queries.as_code(code), current_actor().require_organisation())
    one = queries.get_line(db.session, test_set.id, line_id)
    form = RetestForm()
    status = 200
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                tell([enter_retest(uow, test_set.blind_code, line_id, str(form.text.data))])
        except LimsError as refusal:
            if refusal.field in {"text", str(line_id)}:
                form.text.errors = [*form.text.errors, str(refusal)]
            else:
                form.form_errors.append(str(refusal))
            status = int(refusal.status)
        else:
            return redirect(url_for("bench.detail", code=test_set.blind_code), 303)
    elif form.is_submitted():
        status = 422
    return render_template("results/bench/retest.html", form=form, set=test_set, one=one), status
