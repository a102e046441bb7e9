"""Pages of the enforcement officer: the inbox with its clocks, the case, the seven parts, and notices to be served."""

from collections.abc import Callable
from http import HTTPStatus
from itertools import groupby
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.files import read_file
from lims.forms import PageForm
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.people.queries import get_organisation
from lims.runtime import settings_of
from lims.uow import UnitOfWork, unit_of_work
from lims.web.acts import carry_out
from lims.web.current import current_actor
from lims.web.paging import page_of, read_cursor
from lims.web.panels import steps_for
from results.queries import later_conclusion
from results.referral import pages, queries, services
from results.referral.forms import (
    AttachmentForm,
    DispatchForm,
    ReasonForm,
    ServeForm,
    ServePassesForm,
    TransferForm,
    part_form,
    station_choices,
)
from results.referral.models import ResultNotice
from results.referral.papers import Answer, evidence_package, notice_pdf, package_name
from results.referral.rules.handling import FACTS, PART_NAMES, YES
from results.referral.rules.notice_code import notice_code
from results.referral.types import MAY_APPLY_FOR_RECHECK, HandlingPart, ServiceProof, ServiceWay

bp = Blueprint("cases", __name__, url_prefix="/cases")


@bp.route("/")
@requires("cases.see")
def index() -> ResponseReturnValue:
    """Everything that waits, the one to be finished first on top; or what has ended."""
    ended = request.args.get("show") == "ended"
    now, actor = clock.now(), current_actor()
    after = read_cursor(request.args.get("after"), field="after")
    rows = queries.list_inbox(db.session, actor, now, ended=ended, after=after, limit=queries.PAGE + 1)
    page = page_of(rows, queries.PAGE, lambda row: (row.branch.finish_due_at, row.branch.id))
    waiting, late = queries.count_open(db.session, actor, now)
    return render_template(
        "results/referral/index.html",
        rows=page.rows,
        ended=ended,
        following=page.next_cursor,
        waiting=waiting,
        late=late,
    )


@bp.route("/<uuid:referral_id>")
@requires("cases.see")
def detail(referral_id: UUID) -> ResponseReturnValue:
    """One case: what failed, the evidence, its branches and its history."""
    view = pages.case_view(db.session, current_actor(), referral_id, clock.now())
    steps = steps_for("case", db.session, current_actor(), referral_id)
    later = later_conclusion(db.session, view.referral.sample_id)
    return render_template("results/referral/detail.html", case=view, steps=steps, later=later)


@bp.route("/<uuid:referral_id>/evidence.zip")
@requires("cases.see")
def evidence(referral_id: UUID) -> ResponseReturnValue:
    """The evidence package."""
    referral = queries.get_referral(db.session, current_actor(), referral_id)
    content = evidence_package(db.session, current_actor(), referral)
    return _download(content, "application/zip", package_name(referral, clock.now()))


@bp.route("/<uuid:referral_id>/report.pdf")
@requires("cases.see")
def report(referral_id: UUID) -> ResponseReturnValue:
    """The signed report."""
    referral = queries.get_referral(db.session, current_actor(), referral_id)
    signed = queries.signed_report(db.session, referral.sample_id)
    if signed is None:
        raise NotFoundError
    content, media_type = read_file(db.session, signed[1].pdf_sha256)
    return Response(content, content_type=media_type)


@bp.route("/<uuid:referral_id>/severity", methods=["GET", "POST"])
@requires("cases.handle")
def severity(referral_id: UUID) -> ResponseReturnValue:
    """Put a case into the 24-hour lane."""
    queries.get_referral(db.session, current_actor(), referral_id)
    form = ReasonForm()
    return _act_page(
        form,
        lambda uow: services.raise_severity(uow, referral_id, str(form.reason.data)),
        referral_id,
        title=_("Mark as urgent"),
        lead=_("The case goes into the 24-hour lane and stays there."),
    )


@bp.route("/branches/<uuid:branch_id>/<any(acknowledge,accept,close):act>", methods=["POST"])
@requires("cases.handle")
def step(branch_id: UUID, act: str) -> ResponseReturnValue:
    """A step that asks for nothing: acknowledge, accept, close."""
    branch = queries.get_branch(db.session, current_actor(), branch_id)
    steps: dict[str, Callable[[UnitOfWork, UUID], Any]] = {
        "acknowledge": services.acknowledge,
        "accept": services.accept_branch,
        "close": services.close_branch,
    }
    try:
        with unit_of_work(current_actor()) as uow:
            steps[act](uow, branch_id)
    except NotFoundError:
        raise
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        flash(_("Done."), "success")
    return redirect(url_for(".detail", referral_id=branch.referral_id), 303)


@bp.route("/branches/<uuid:branch_id>/dispatch", methods=["GET", "POST"])
@requires("cases.handle")
def dispatch(branch_id: UUID) -> ResponseReturnValue:
    """Give a branch to a station."""
    branch = queries.get_branch(db.session, current_actor(), branch_id)
    form = DispatchForm()
    stations = queries.list_stations(db.session, branch.regulator_id)
    form.station_id.choices = station_choices((one.id, bilingual(one)) for one in stations)
    return _act_page(
        form,
        lambda uow: services.dispatch(uow, branch_id, UUID(str(form.station_id.data)), form.note.data or ""),
        branch.referral_id,
        title=_("Dispatch to a station"),
        lead=_("The station accepts the branch or sends it back; the clocks run on."),
    )


@bp.route("/branches/<uuid:branch_id>/return", methods=["GET", "POST"])
@requires("cases.handle")
def give_back(branch_id: UUID) -> ResponseReturnValue:
    """Send a branch back to the bureau, or call it back."""
    branch = queries.get_branch(db.session, current_actor(), branch_id)
    form = ReasonForm()
    return _act_page(
        form,
        lambda uow: services.return_branch(uow, branch_id, str(form.reason.data)),
        branch.referral_id,
        title=_("Return to the bureau"),
        lead=_("The bureau can handle the branch itself or give it to another station."),
    )


@bp.route("/branches/<uuid:branch_id>/transfer", methods=["GET", "POST"])
@requires("cases.handle")
def transfer(branch_id: UUID) -> ResponseReturnValue:
    """Note the letter to the regulator of another region."""
    branch = queries.get_branch(db.session, current_actor(), branch_id)
    form = TransferForm()
    return _act_page(
        form,
        lambda uow: services.transfer(uow, branch_id, str(form.to_regulator.data), str(form.letter_no.data)),
        branch.referral_id,
        title=_("Hand on to another region"),
        lead=_("The regulator there does not work in this installation: write to it and note the letter here."),
    )


@bp.route("/branches/<uuid:branch_id>/parts/<part_name>", methods=["GET", "POST"])
@requires("cases.handle")
def part(branch_id: UUID, part_name: str) -> ResponseReturnValue:
    """One of the seven parts: kept as a draft, or handed in."""
    chosen = _part(part_name)
    branch = queries.get_branch(db.session, current_actor(), branch_id)
    saved = queries.standing_parts(db.session, branch_id).get(chosen)
    form = part_form(chosen, saved.facts if saved else None)
    submit = request.form.get("then") == "submit"
    status = carry_out(
        form,
        lambda uow: services.save_part(
            uow,
            branch_id,
            chosen,
            form.answers(chosen),
            submit=submit,
            change_reason=form.change_reason.data or "",
        ),
    )
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Handed in.") if submit else _("Saved as a draft."), "success")
        if submit:
            return redirect(url_for(".detail", referral_id=branch.referral_id), status)
        return redirect(url_for(".part", branch_id=branch_id, part_name=chosen.value), status)
    page = render_template(
        "results/referral/part.html",
        form=form,
        runs=[(is_short, list(run)) for is_short, run in groupby(FACTS[chosen], attrgetter("is_short"))],
        branch=branch,
        referral=queries.get_referral(db.session, current_actor(), branch.referral_id),
        part=chosen,
        title=PART_NAMES[chosen],
        saved=saved,
        attachments=[one for one in queries.list_attachments(db.session, branch_id) if one.part is chosen],
        file_form=AttachmentForm(formdata=None),
    )
    return page, status


@bp.route("/branches/<uuid:branch_id>/parts/<part_name>/files", methods=["POST"])
@requires("cases.handle")
def attach(branch_id: UUID, part_name: str) -> ResponseReturnValue:
    """Add a file to a part."""
    chosen = _part(part_name)
    form = AttachmentForm()
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                services.attach(uow, branch_id, chosen, form.file.data.read(), str(form.caption.data))
        except NotFoundError:
            raise
        except LimsError as refusal:
            flash(str(refusal), "error")
        else:
            flash(_("Attached."), "success")
    else:
        flash(_("Choose a file and say what it shows."), "error")
    return redirect(url_for(".part", branch_id=branch_id, part_name=chosen.value), 303)


@bp.route("/branches/<uuid:branch_id>/files/<uuid:attachment_id>")
@requires("cases.see")
def attachment(branch_id: UUID, attachment_id: UUID) -> ResponseReturnValue:
    """A file of a branch."""
    queries.get_branch(db.session, current_actor(), branch_id)
    for one in queries.list_attachments(db.session, branch_id):
        if one.id == attachment_id:
            content, media_type = read_file(db.session, one.sha256)
            return Response(content, content_type=media_type)
    raise NotFoundError


@bp.route("/notices", methods=["GET", "POST"])
@requires("notices.serve")
def notices() -> ResponseReturnValue:
    """Everything that must be served; the notices of passes can be sent out together."""
    form = ServePassesForm()
    status = 200
    if form.validate_on_submit():
        try:
            chosen = [UUID(text) for text in form.notices.data or []]
            with unit_of_work(current_actor()) as uow:
                count = services.serve_passes(uow, chosen, ServiceWay(form.way.data), str(form.proof_text.data))
        except ValueError:
            form.form_errors.append(_("Choose notices from the list."))
            status = 422
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("%(count)s notices served.", count=count), "success")
            return redirect(url_for(".notices"), 303)
    elif form.is_submitted():
        status = 422
    after = read_cursor(request.args.get("after"), field="after")
    rows = queries.list_unserved(db.session, current_actor(), clock.now(), after=after, limit=queries.PAGE + 1)
    page = page_of(rows, queries.PAGE, lambda row: (row.notice.due_at, row.notice.id))
    shown = render_template("results/referral/notices.html", rows=page.rows, form=form, following=page.next_cursor)
    return shown, status


@bp.route("/notices/<uuid:notice_id>", methods=["GET", "POST"])
@requires("notices.serve")
def serve(notice_id: UUID) -> ResponseReturnValue:
    """Note how one notice reached its addressee."""
    notice = queries.get_notice(db.session, current_actor(), notice_id)
    form = ServeForm()
    status = carry_out(form, lambda uow: services.serve_notice(uow, notice_id, _proof(form)))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Service noted."), "success")
        return redirect(pages.notice_home(db.session, notice), status)
    if not form.is_submitted() and form.served_on.data is None:
        form.served_on.data = clock.local_date(clock.now())
        form.way.data = ServiceWay.DIRECT.value
    page = render_template(
        "results/referral/serve.html",
        form=form,
        notice=notice,
        server=get_organisation(db.session, notice.organisation_id),
        service=pages.service_of(db.session, notice_id),
        home=pages.notice_home(db.session, notice),
    )
    return page, status


@bp.route("/notices/<uuid:notice_id>.pdf")
@requires("notices.serve")
def notice_paper(notice_id: UUID) -> ResponseReturnValue:
    """The notice with its receipt, to be printed or sent."""
    notice = queries.get_notice(db.session, current_actor(), notice_id)
    return Response(notice_pdf(db.session, notice, _answer(notice)), content_type="application/pdf")


def _answer(notice: ResultNotice) -> Answer | None:
    """What the addressee of a failure needs to answer it on the public page; the others cannot answer."""
    if notice.passed or notice.addressee not in MAY_APPLY_FOR_RECHECK:
        return None
    code = notice_code(str(current_app.config["SECRET_KEY"]), notice.id)
    public = settings_of(current_app).public_url.rstrip("/")
    return Answer(code, f"{public}/my-notice/?{urlencode({'no': notice.notice_no})}")


def _proof(form: ServeForm) -> ServiceProof:
    upload = form.file.data
    served_on = form.served_on.data
    assert served_on is not None  # noqa: S101 - the form asks for it
    return ServiceProof(
        way=ServiceWay(form.way.data),
        served_on=served_on,
        receiver=str(form.receiver.data),
        text=form.proof_text.data or "",
        file=upload.read() if upload else None,
        objects=form.objects.data == YES if form.objects.data else None,
    )


def _part(name: str) -> HandlingPart:
    try:
        return HandlingPart(name)
    except ValueError:
        raise NotFoundError from None


def _act_page(
    form: PageForm, act: Callable[[UnitOfWork], Any], referral_id: UUID, *, title: str, lead: str
) -> ResponseReturnValue:
    """A page with one form and one service behind it."""
    status = carry_out(form, act)
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Done."), "success")
        return redirect(url_for(".detail", referral_id=referral_id), status)
    referral = queries.get_referral(db.session, current_actor(), referral_id)
    page = render_template("results/referral/act.html", form=form, referral=referral, title=title, lead=lead)
    return page, status


def _download(content: bytes, media_type: str, name: str) -> Response:
    response = Response(content, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
