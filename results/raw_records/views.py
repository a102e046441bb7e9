"""Pages of controlled templates, and the original record of a set as PDF; as blind as the bench."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import requires
from lims.clock import local_date
from lims.db import db
from lims.errors import NotFoundError
from lims.i18n import gettext as _
from lims.people.queries import person_names
from lims.web.acts import carry_out, paper
from lims.web.current import current_actor
from results import queries as sets
from results.evidence.queries import visible_set
from results.raw_records import queries
from results.raw_records.assembly import record_pdf
from results.raw_records.forms import RetireForm, TemplateForm
from results.raw_records.rules import is_in_force
from results.raw_records.services import issue_template, retire_template

bp = Blueprint("raw_records", __name__)


@bp.route("/quality/record-templates/", methods=["GET", "POST"])
@requires("results.record_templates")
def index() -> ResponseReturnValue:
    """The templates of the laboratory, and a new one."""
    form = TemplateForm()
    status = carry_out(form, lambda uow: issue_template(uow, **form.template()))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Issued. Records of its methods are printed on it from its first day on."), "success")
        return redirect(url_for(".index"), status)
    rows = queries.list_templates(db.session, current_actor().require_organisation())
    today = local_date(clock.now())
    return render_template(
        "results/raw_records/index.html",
        form=form,
        rows=rows,
        in_force={one.id for one in rows if is_in_force(one, today)},
        today=today,
        standards=queries.known_standards(db.session),
        people=person_names(db.session, {one.issued_by_id for one in rows}),
    ), status


@bp.route("/quality/record-templates/<uuid:template_id>/retirement", methods=["GET", "POST"])
@requires("results.record_templates")
def retire(template_id: UUID) -> ResponseReturnValue:
    """Retire a template."""
    template = queries.get_template(db.session, current_actor().require_organisation(), template_id)
    form = RetireForm()
    status = carry_out(form, lambda uow: retire_template(uow, template_id, **form.retirement()))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Done."), "success")
        return redirect(url_for(".index"), status)
    return render_template("results/raw_records/retire.html", form=form, template=template), status


@bp.route("/bench/<code>/record.pdf")
@requires("results.bench")
def record(code: str) -> Response:
    """The original record of a set, for its testers and reviewers."""
    test_set = sets.find_set(db.session, sets.as_code(code), current_actor().require_organisation())
    return paper(record_pdf(db.session, test_set), f"{test_set.blind_code}-record")


@bp.route("/samples/<uuid:sample_id>/evidence/record.pdf")
@requires("sampling.view")
def of_sample(sample_id: UUID) -> Response:
    """The original record behind a signed report, for who may read the report."""
    test_set = visible_set(db.session, current_actor(), sample_id)
    if test_set is None:
        raise NotFoundError
    return paper(record_pdf(db.session, test_set), f"{test_set.blind_code}-record")
