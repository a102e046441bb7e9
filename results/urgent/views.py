"""Pages of the 24-hour report: what must go out at once, composed and sent; and what came in, acknowledged."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.files import read_file
from lims.i18n import gettext as _
from lims.people.models import Organisation
from lims.people.queries import get_organisation, person_names
from lims.uow import UnitOfWork, unit_of_work
from lims.web.acts import carry_out
from lims.web.current import current_actor, current_login
from lims.web.passwords import take_password
from results.forms import SignForm, is_fresh
from results.queries import as_code, find_set
from results.urgent import queries, services
from results.urgent.forms import DispatchForm
from results.urgent.models import UrgentReport
from results.urgent.rules import explain, offices
from results.urgent.types import Dispatch
from sampling.models import Sample, SamplingForm

bp = Blueprint("urgent", __name__, url_prefix="/urgent-reports")

USUAL_COPIES = "上一级市场监督管理部门、核查处置机构"  # domain.md §4.2: the upper level and the investigation unit


@bp.route("/")
@requires("urgent.see")
def index() -> ResponseReturnValue:
    """What must be sent, for its laboratory; what was sent, for both sides."""
    actor, session = current_actor(), db.session
    sent = queries.list_sent(session, actor)
    waiting = queries.dangers(session, actor.require_organisation()) if actor.may("urgent.send") else []
    return render_template(
        "results/urgent/index.html",
        waiting=waiting,
        sent=sent,
        samples={one.sample_id: _named(one.sample_id) for one in sent},
        organisations=_organisations(sent),
        now=clock.now(),
    )


@bp.route("/dangers/<code>", methods=["GET", "POST"])
@requires("urgent.send")
def compose(code: str) -> ResponseReturnValue:
    """The finding under its blind code, and what is added to it; then the report is composed with the names on it."""
    actor, session = current_actor(), db.session
    test_set = find_set(session, as_code(code), actor.require_organisation())
    found = queries.dangers(session, test_set.lab_id, test_set_id=test_set.id)
    if not found:
        raise NotFoundError
    form = DispatchForm()
    if not form.is_submitted():
        form.copies_to.data = USUAL_COPIES
    made: list[UUID] = []

    def act(uow: UnitOfWork) -> None:
        dispatch = Dispatch(offices(str(form.copies_to.data)), str(form.explanation.data or ""))
        made.append(services.compose_urgent_report(uow, test_set.blind_code, dispatch).id)

    status = carry_out(form, act)
    if status == HTTPStatus.SEE_OTHER:
        return redirect(url_for(".detail", report_id=made[0]), status)
    return render_template(
        "results/urgent/compose.html", danger=found[0], form=form, explain=explain, now=clock.now()
    ), status


@bp.route("/<uuid:report_id>")
@requires("urgent.see")
def detail(report_id: UUID) -> ResponseReturnValue:
    """One report: its file, and the step that is next."""
    return _detail(report_id, SignForm())


@bp.route("/<uuid:report_id>/send", methods=["POST"])
@requires("urgent.send")
def send(report_id: UUID) -> ResponseReturnValue:
    """Send the very file that was shown."""
    form = SignForm()
    try:
        confirmed_at = take_password(str(form.password.data)) if form.password.data else _confirmed_at()
        with unit_of_work(current_actor()) as uow:
            services.send_urgent_report(uow, report_id, _shown(), confirmed_at=confirmed_at)
    except NotFoundError:
        raise
    except LimsError as refusal:
        return _detail(report_id, form, form.refuse(refusal))
    flash(_("Sent to the regulator."), "success")
    return redirect(url_for(".detail", report_id=report_id), 303)


@bp.route("/<uuid:report_id>/acknowledgement", methods=["POST"])
@requires("urgent.receive")
def acknowledge(report_id: UUID) -> ResponseReturnValue:
    """Say that the regulator has it."""
    try:
        with unit_of_work(current_actor()) as uow:
            services.acknowledge_urgent_report(uow, report_id)
    except NotFoundError:
        raise
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        flash(_("Acknowledged."), "success")
    return redirect(url_for(".detail", report_id=report_id), 303)


@bp.route("/<uuid:report_id>/report.pdf")
@requires("urgent.see")
def pdf(report_id: UUID) -> ResponseReturnValue:
    """The report as it was composed."""
    report = queries.get_report(db.session, current_actor(), report_id)
    content, media_type = read_file(db.session, report.pdf_sha256)
    response = Response(content, content_type=media_type)
    response.headers["Content-Disposition"] = f'inline; filename="{report.report_no}.pdf"'
    return response


def _detail(report_id: UUID, form: SignForm, status: int = 200) -> ResponseReturnValue:
    actor, session, now = current_actor(), db.session, clock.now()
    report = queries.get_report(session, actor, report_id)
    newest = queries.newest_report(session, report.sample_id)
    people = [each for each in (report.signatory_id, report.acknowledged_by_id) if each]
    page = render_template(
        "results/urgent/detail.html",
        report=report,
        named=_named(report.sample_id),
        organisations=_organisations([report]),
        people=person_names(session, people),
        form=form,
        can_send=actor.may("urgent.send")
        and report.sent_at is None
        and report.signatory_id == actor.person_id
        and newest is not None
        and newest.id == report.id,
        can_acknowledge=actor.may("urgent.receive")
        and report.regulator_id == actor.organisation_id
        and report.sent_at is not None
        and report.acknowledged_at is None,
        is_fresh=is_fresh(_confirmed_at(), now),
        now=now,
    )
    return page, status


def _named(sample_id: UUID) -> tuple[str, str]:
    """Number and name of a sample whose report was composed."""
    session = db.session
    return session.get_one(Sample, sample_id).sampling_no, session.get_one(SamplingForm, sample_id).product_name


def _organisations(reports: Sequence[UrgentReport]) -> dict[UUID, Organisation]:
    ids = {each for one in reports for each in (one.lab_id, one.regulator_id)}
    return {each: get_organisation(db.session, each) for each in ids}


def _shown() -> bytes:
    try:
        return bytes.fromhex(request.form.get("pdf_sha256", ""))
    except ValueError as error:
        raise NotFoundError from error


def _confirmed_at() -> datetime | None:
    login = current_login()
    return None if login is None else login.session.confirmed_at
