"""The page of erasures, for administrators who ask and auditors who decide."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length

from lims.auth.permissions import requires
from lims.db import db
from lims.erasure.services import decide_erasure, list_erasures, request_erasure, subjects_called
from lims.erasure.subjects import subject_kinds
from lims.forms import DecisionForm, PageForm, required
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.people.queries import person_names
from lims.web.acts import carry_out
from lims.web.current import current_actor
from lims.web.paging import PAGE, page_of, read_cursor

bp = Blueprint("erasures", __name__, url_prefix="/admin/erasures")

LONG = 500


class ErasureForm(PageForm):
    """Whose data, and on what ground."""

    kind = RadioField(_l("Whose data"), [required()])
    wanted = StringField(_l("User name or sampling number"), [required(), Length(max=100)])
    reason = TextAreaField(_l("Ground"), [required(), Length(max=LONG)])

    @classmethod
    def fresh(cls) -> "ErasureForm":
        """With every kind that a package registered."""
        form = cls()
        form.kind.choices = [SelectChoice(kind.name, kind.label) for kind in subject_kinds()]
        return form


@bp.route("/", methods=["GET", "POST"])
@requires("lims.see_erasures")
def index() -> ResponseReturnValue:
    """What was asked for, the newest first; administrators ask here for one more."""
    form = ErasureForm.fresh()
    status = int(HTTPStatus.OK)
    if current_actor().may("lims.administer"):
        status = carry_out(
            form, lambda uow: request_erasure(uow, form.kind.data, form.wanted.data or "", form.reason.data or "")
        )
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Asked for. An auditor decides."), "success")
        return redirect(url_for(".index"), status)
    return _page(form, DecisionForm(formdata=None), None), status


@bp.route("/<uuid:request_id>", methods=["POST"])
@requires("lims.decide_erasures")
def decide(request_id: UUID) -> ResponseReturnValue:
    """Approve or decline one."""
    form = DecisionForm()
    status = carry_out(form, lambda uow: decide_erasure(uow, request_id, form.note.data, approves=form.approves))
    if status == HTTPStatus.SEE_OTHER:
        said = _("Approved. The next run of “lims ledger erase” does it.") if form.approves else _("Declined.")
        flash(said, "success")
        return redirect(url_for(".index"), status)
    return _page(ErasureForm.fresh(), form, request_id), status


def _page(form: ErasureForm, decision: DecisionForm, refused: UUID | None) -> str:
    rows = list_erasures(db.session, after=read_cursor(request.args.get("after"), field="after"), limit=PAGE + 1)
    shown, following = page_of(rows, PAGE, lambda row: (row.requested_at, row.id))
    people = {one for row in shown for one in (row.requested_by_id, row.decided_by_id) if one is not None}
    return render_template(
        "lims/erasure/index.html",
        form=form,
        decision=decision,
        refused=refused,
        rows=shown,
        subjects=subjects_called(db.session, shown),
        kinds={kind.name: kind.label for kind in subject_kinds()},
        people=person_names(db.session, people),
        next_url=url_for(".index", after=following) if following else None,
    )
