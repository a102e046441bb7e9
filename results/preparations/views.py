"""Preparations: the list, writing one down, one with all that it comes from; and what a batch was measured with."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.i18n import gettext as _
from lims.web.acts import carry_out
from lims.web.current import current_actor
from lims.web.paging import page_of, read_cursor
from results.preparations import queries, services, words
from results.preparations.forms import DiscardForm, PreparationForm, UseForm
from results.quality.queries.batches import get_batch

bp = Blueprint("preparations", __name__, url_prefix="/quality/preparations")


@bp.route("/")
@requires("results.batch")
def index() -> ResponseReturnValue:
    """What the laboratory prepared, the newest first; or only what may be used today."""
    show = "all" if request.args.get("show") == "all" else "usable"
    today = clock.local_date(clock.now())
    found = queries.list_preparations(
        db.session,
        current_actor().require_organisation(),
        today,
        only_usable=show == "usable",
        after=read_cursor(request.args.get("after"), field="after"),
        limit=queries.PAGE + 1,
    )
    rows, more = page_of(found, queries.PAGE, lambda row: (row.preparation.prepared_at, row.preparation.id))
    return render_template("results/preparations/index.html", rows=rows, more=more, show=show, today=today, words=words)


@bp.route("/new", methods=["GET", "POST"])
@requires("results.test")
def create() -> ResponseReturnValue:
    """Write down what was prepared."""
    form = PreparationForm()
    if not form.is_submitted():
        form.blind_code.data = request.args.get("code", "").replace("\0", "")
    made: list[str] = []
    status = carry_out(form, lambda uow: made.append(services.prepare(uow, form.recipe()).preparation_no))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Written down. Label it %(number)s.", number=made[0]), "success")
        return redirect(url_for(".detail", number=made[0]), status)
    return render_template("results/preparations/new.html", form=form), status


@bp.route("/<number>", methods=["GET", "POST"])
@requires("results.batch")
def detail(number: str) -> ResponseReturnValue:
    """One preparation; a tester throws it away here."""
    row = queries.get_preparation(db.session, current_actor().require_organisation(), number.replace("\0", ""))
    form = DiscardForm()
    status = HTTPStatus.OK.value
    if current_actor().may("results.test"):
        status = carry_out(form, lambda uow: services.discard(uow, number, form.reason.data or ""))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Thrown away. Nothing takes it any more."), "success")
        return redirect(url_for(".detail", number=number), status)
    return render_template(
        "results/preparations/detail.html",
        form=form,
        row=row,
        made=row.preparation,
        words=words,
        today=clock.local_date(clock.now()),
        ancestry=queries.ancestry(db.session, row.preparation.id),
        children=queries.made_from(db.session, row.preparation.id),
        batches=queries.used_in(db.session, row.preparation.id),
    ), status


@bp.route("/of-batch/<batch_no>", methods=["GET", "POST"])
@requires("results.batch")
def of_batch(batch_no: str) -> ResponseReturnValue:
    """What a batch was measured with; a tester adds to it by number or lot."""
    batch = get_batch(db.session, current_actor().require_organisation(), batch_no.replace("\0", ""))
    form = UseForm()
    status = HTTPStatus.OK.value
    if current_actor().may("results.test"):
        status = carry_out(form, lambda uow: services.use_in_batch(uow, batch_no, form.number.data or ""))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Noted."), "success")
        return redirect(url_for(".of_batch", batch_no=batch_no), status)
    return render_template(
        "results/preparations/of_batch.html",
        form=form,
        batch=batch,
        words=words,
        today=clock.local_date(clock.now()),
        materials=queries.materials_of_batch(db.session, batch.id),
    ), status
