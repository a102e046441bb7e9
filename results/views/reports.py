"""The signatory: reports composed in one's name, looked at, signed or given back; and the PDF for who may read it."""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims.auth.permissions import LOGGED_IN, requires
from lims.clock import local_date
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.files import read_file
from lims.i18n import gettext as _
from lims.uow import unit_of_work
from lims.web.current import current_actor, current_login
from lims.web.passwords import take_password
from results import queries
from results.events import ReportRead
from results.forms import MAX_REASON, SignForm, is_fresh
from results.models import TestReport
from results.services.composition import compose_reports, return_report, translate_report
from results.services.signing import sign_conclusions

bp = Blueprint("reports", __name__, url_prefix="/review/reports")


@bp.route("/")
@requires("results.sign")
def index() -> ResponseReturnValue:
    """What waits for one's signature, and what waits to be composed."""
    return _queue(SignForm())


def _queue(form: SignForm, status: int = 200) -> ResponseReturnValue:
    actor = current_actor()
    now = _now()
    rows = queries.list_to_sign(db.session, actor.require_organisation(), now=now)
    person, today = actor.require_person(), local_date(now)
    mine = [row for row in rows if row.is_ready_for(person, today)]
    page = render_template(
        "results/reports/index.html",
        form=form,
        mine=mine,
        lines=queries.worklists_of(db.session, [row.report.test_set_id for row in mine if row.report]),
        waiting=[row for row in rows if row not in mine],
        signed=queries.list_signed(db.session, person),
        is_fresh=is_fresh(_confirmed_at(), now),
        chosen=request.form.getlist("report"),
    )
    return page, status


def _now() -> datetime:
    from lims import clock

    return clock.now()


def _confirmed_at() -> datetime | None:
    login = current_login()
    return None if login is None else login.session.confirmed_at


@bp.route("/compose", methods=["POST"])
@requires("results.sign")
def compose() -> ResponseReturnValue:
    """Have the reports of locked sets composed in one's name, dated today."""
    try:
        with unit_of_work(current_actor()) as uow:
            made = compose_reports(uow, [queries.as_code(code) for code in request.form.getlist("code")])
            count, only = len(made), made[0].id if len(made) == 1 else None
    except LimsError as refusal:
        flash(str(refusal), "error")
        return redirect(url_for("reports.index"), 303)
    if only is not None:
        return redirect(url_for("reports.detail", report_id=only), 303)
    flash(_("%(count)s reports composed. Look at each before you sign.", count=count), "success")
    return redirect(url_for("reports.index"), 303)


@bp.route("/sign", methods=["POST"])
@requires("results.sign")
def sign() -> ResponseReturnValue:
    """Sign the reports that were chosen, each the very PDF that was shown."""
    form = SignForm()
    back = str(form.sent_from.data or "")
    try:
        shown = _shown(request.form.getlist("report"))
        # The password given with the signature, else the last time it was given.
        confirmed_at = take_password(str(form.password.data)) if form.password.data else _confirmed_at()
        with unit_of_work(current_actor()) as uow:
            count = len(sign_conclusions(uow, shown, confirmed_at=confirmed_at))
    except NotFoundError:
        raise
    except LimsError as refusal:
        status = form.refuse(refusal)
    else:
        flash(_("%(count)s reports signed.", count=count), "success")
        return redirect(url_for("reports.index"), 303)
    return _detail(UUID(back), form, status) if _is_uuid(back) else _queue(form, status)


def _shown(values: list[str]) -> dict[UUID, bytes]:
    """`report id:digest` of every ticked box.

    Raises:
        NotFoundError: a value that no page of ours sends.
    """
    shown: dict[UUID, bytes] = {}
    for value in values:
        report_id, _colon, digest = value.partition(":")
        try:
            shown[UUID(report_id)] = bytes.fromhex(digest)
        except ValueError as error:
            raise NotFoundError from error
    return shown


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@bp.route("/<uuid:report_id>")
@requires("results.sign")
def detail(report_id: UUID) -> ResponseReturnValue:
    """One composed report: what it says beside what the form says, the PDF, and the signature."""
    return _detail(report_id, SignForm())


def _detail(report_id: UUID, form: SignForm, status: int = 200) -> ResponseReturnValue:
    report = _own(report_id)
    test_set, lock = queries.set_and_lock(db.session, report)
    now = _now()
    signed = queries.signed_report(db.session, report.sample_id)
    newest = queries.newest_report(db.session, report.sample_id)
    facts = queries.gather_report(db.session, test_set, lock, report.composed_at)
    page = render_template(
        "results/reports/detail.html",
        report=report,
        form=form,
        set=test_set,
        facts=facts,
        samplers=[facts.people[each].name for each in facts.sampler_ids],
        testers=[facts.people[each].name for each in facts.tester_ids],
        conclusion=signed[1] if signed else None,
        later=queries.later_conclusion(db.session, report.sample_id),
        upheld=queries.upheld_objection(db.session, report.sample_id),
        can_sign=signed is None
        and newest is not None
        and newest.id == report.id
        and report.signatory_id == current_actor().person_id
        and report.issued_on == local_date(now)
        and queries.is_locked_at(db.session, report),
        is_fresh=is_fresh(_confirmed_at(), now),
        reason=request.form.get("reason", ""),
    )
    return page, status


def _own(report_id: UUID) -> TestReport:
    report = queries.get_visible_report(db.session, current_actor(), report_id)
    if report is None:
        raise NotFoundError
    return report


@bp.route("/<uuid:report_id>/return", methods=["POST"])
@requires("results.sign")
def give_back(report_id: UUID) -> ResponseReturnValue:
    """Give the report back to the bench with the reason."""
    reason = request.form.get("reason", "").replace("\0", "").strip()[:MAX_REASON]
    try:
        with unit_of_work(current_actor(), reason=reason or None) as uow:
            return_report(uow, report_id, reason)
    except NotFoundError:
        raise
    except LimsError as refusal:
        form = SignForm()
        form.form_errors.append(str(refusal))
        return _detail(report_id, form, int(refusal.status))
    flash(_("Returned to the bench."), "success")
    return redirect(url_for("reports.index"), 303)


@bp.route("/<uuid:report_id>/report.pdf")
@requires(LOGGED_IN)
def pdf(report_id: UUID) -> ResponseReturnValue:
    """The PDF itself; that it was read is noted."""
    report = _own(report_id)
    with unit_of_work(current_actor()) as uow:
        uow.emit(ReportRead(sample_id=report.sample_id, report_id=report.id))
    content, media_type = read_file(db.session, report.pdf_sha256)
    return _download(content, media_type, f"{report.report_no}-{report.version}.pdf")


@bp.route("/<uuid:report_id>/report-en.pdf")
@requires(LOGGED_IN)
def english(report_id: UUID) -> ResponseReturnValue:
    """The same report in English; the Chinese one is what is signed."""
    report = _own(report_id)
    with unit_of_work(current_actor()) as uow:
        uow.emit(ReportRead(sample_id=report.sample_id, report_id=report.id))
    return _download(translate_report(db.session, report), "application/pdf", f"{report.report_no}-en.pdf")


def _download(content: bytes, media_type: str, name: str) -> Response:
    response = Response(content, content_type=media_type)
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response
