"""Pages of corrections: what stands wrong on a submitted form, asked for by one person and decided by another."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims.auth.permissions import requires
from lims.db import db
from lims.errors import NotFoundError
from lims.forms import DecisionForm
from lims.i18n import gettext as _
from lims.people.queries import person_names
from lims.web.acts import carry_out
from lims.web.current import current_actor
from lims.web.paging import page_of, read_cursor
from sampling import queries
from sampling.forms import CorrectionForm, labels_of_form
from sampling.queries.corrections import PAGE
from sampling.rules.form import CORRECTABLE, written
from sampling.services.corrections import decide_correction, request_correction
from sampling.words import shown_value

bp = Blueprint("corrections", __name__, url_prefix="/corrections")


@bp.route("/")
@requires("sampling.correct")
def index() -> ResponseReturnValue:
    """Corrections that wait for a second person, the oldest first."""
    rows = queries.list_waiting_corrections(
        db.session, current_actor(), after=read_cursor(request.args.get("after"), field="after"), limit=PAGE + 1
    )
    shown, following = page_of(rows, PAGE, lambda row: (row.correction.requested_at, row.correction.id))
    return render_template(
        "sampling/corrections/index.html",
        rows=shown,
        next_url=url_for(".index", after=following) if following else None,
        labels=labels_of_form(),
        shown_value=shown_value,
        people=person_names(db.session, {row.correction.requested_by_id for row in shown}),
    )


@bp.route("/samples/<uuid:sample_id>")
@requires("sampling.correct")
def choose(sample_id: UUID) -> ResponseReturnValue:
    """Which field stands wrong."""
    sheet = queries.get_sheet(db.session, current_actor(), sample_id)
    labels = labels_of_form()
    return render_template(
        "sampling/corrections/choose.html",
        sheet=sheet,
        fields=[
            (name, labels[name], shown_value(name, written(getattr(sheet.form, name))))
            for name in CORRECTABLE
            if name in labels
        ],
    )


@bp.route("/samples/<uuid:sample_id>/<field>", methods=["GET", "POST"])
@requires("sampling.correct")
def create(sample_id: UUID, field: str) -> ResponseReturnValue:
    """How the field should stand, and why it stands wrong."""
    sheet = queries.get_sheet(db.session, current_actor(), sample_id)
    if field not in CORRECTABLE or field not in labels_of_form():
        raise NotFoundError
    form = CorrectionForm.of(sheet, field)
    status = carry_out(
        form, lambda uow: request_correction(uow, sample_id, field, form.value_of(field), form.reason.data or "")
    )
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Asked for. The form stays as it is until a planner approves."), "success")
        return redirect(url_for("samples.detail", sample_id=sample_id), status)
    return render_template(
        "sampling/corrections/create.html", sheet=sheet, form=form, name=field, shown_value=shown_value
    ), status


@bp.route("/<uuid:correction_id>", methods=["GET", "POST"])
@requires("sampling.correct")
def detail(correction_id: UUID) -> ResponseReturnValue:
    """One correction, old beside new; a planner of the regulator decides here."""
    actor = current_actor()
    form = DecisionForm()
    status = carry_out(form, lambda uow: decide_correction(uow, correction_id, form.note.data, approves=form.approves))
    if status == HTTPStatus.SEE_OTHER:
        said = _("Approved; the form is corrected.") if form.approves else _("Declined; the form stays as it is.")
        flash(said, "success")
        return redirect(url_for(".detail", correction_id=correction_id), status)
    row = queries.get_correction(db.session, actor, correction_id)
    asked = row.correction
    people = {one for one in (asked.requested_by_id, asked.decided_by_id) if one is not None}
    return render_template(
        "sampling/corrections/detail.html",
        form=form,
        row=row,
        asked=asked,
        label=labels_of_form()[asked.field],
        shown_value=shown_value,
        people=person_names(db.session, people),
        may_decide=asked.outcome is None and actor.may("sampling.plan") and asked.requested_by_id != actor.person_id,
    ), status
