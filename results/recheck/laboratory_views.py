"""The list of recheck laboratories, what keeps them out of lots, and the interests a regulator records."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from lims import clock
from lims.auth.permissions import requires
from lims.clock import local_date
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.people.queries import person_names
from lims.uow import UnitOfWork, unit_of_work
from lims.web.acts import carry_out
from lims.web.current import current_actor
from results.recheck import queries, services
from results.recheck.forms import LinkForm

bp = Blueprint("recheck_labs", __name__, url_prefix="/rechecks/laboratories")


@bp.route("/")
@requires("recheck.decide")
def index() -> ResponseReturnValue:
    """The published list with refusals and interests."""
    today = local_date(clock.now())
    rows = queries.list_laboratories(db.session, today)
    people = {link.recorded_by_id for row in rows for link in row.links}
    return render_template(
        "results/recheck/laboratories.html",
        rows=rows,
        most=queries.most_refusals(db.session, today),
        people=person_names(db.session, list(people)),
        names=bilingual,
    )


@bp.route("/links/new", methods=["GET", "POST"])
@requires("recheck.decide")
def link() -> ResponseReturnValue:
    """Record an interest; opened from a recheck, its applicant stands there already."""
    today = local_date(clock.now())
    form = LinkForm()
    form.lab_id.choices = [
        SelectChoice("", _("Choose a laboratory")),
        *(SelectChoice(str(row.lab.id), bilingual(row.lab)) for row in queries.list_laboratories(db.session, today)),
    ]

    def act(uow: UnitOfWork) -> None:
        since = form.since.data
        assert since is not None  # noqa: S101 - the form asks for it
        services.record_link(
            uow,
            UUID(form.lab_id.data),
            party_name=str(form.party_name.data),
            party_uscc=form.party_uscc.data,
            since=since,
            until=form.until.data,
            reason=str(form.reason.data),
        )

    status = carry_out(form, act)
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Interest link recorded."), "success")
        return redirect(url_for(".index"), status)
    if not form.is_submitted():
        form.since.data = today
        asked = request.args.get("recheck", type=UUID)
        if asked is not None:
            recheck = queries.get_recheck(db.session, current_actor(), asked)
            applicant = queries.applicant_of(db.session, recheck)
            form.party_name.data, form.party_uscc.data = applicant.name, applicant.uscc
    return render_template("results/recheck/link.html", form=form), status


@bp.route("/links/<uuid:link_id>/end", methods=["POST"])
@requires("recheck.decide")
def end(link_id: UUID) -> ResponseReturnValue:
    """Let an interest end today."""
    try:
        with unit_of_work(current_actor()) as uow:
            services.end_link(uow, link_id)
    except NotFoundError:
        raise
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        flash(_("Done."), "success")
    return redirect(url_for(".index"), 303)
