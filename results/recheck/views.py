"""Pages of the recheck: applications entered and decided by the regulator, results and signature by the laboratory."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from chain_of_custody.printing import hand_over_record
from lims import clock
from lims.auth.permissions import requires
from lims.clock import local_date
from lims.db import db
from lims.errors import InvalidInputError, LimsError, NotFoundError
from lims.files import read_file
from lims.forms import PageForm
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.people.queries import get_organisation
from lims.uow import UnitOfWork, unit_of_work
from lims.web.acts import carry_out
from lims.web.current import current_actor
from results.recheck import pages, queries, services
from results.recheck.forms import (
    REASONS,
    AcceptanceForm,
    ApplicationForm,
    ConclusionForm,
    DeclineForm,
    ExtensionForm,
    JudgementForm,
    ReceiptForm,
    RefusalForm,
)
from results.recheck.models import Recheck
from results.recheck.rules import refusals_of
from results.recheck.services import RecheckRefusedError
from results.recheck.types import MethodUsed, RefusalReason
from results.referral.queries import get_referral
from results.referral.rules.handling import YES
from results.referral.types import Addressee

bp = Blueprint("rechecks", __name__, url_prefix="/rechecks")


@bp.route("/")
@requires("recheck.see")
def index() -> ResponseReturnValue:
    """Rechecks the organisation decides, or does."""
    now = clock.now()
    rows = [(row, pages.term_of(row, db.session, now)) for row in queries.list_rechecks(db.session, current_actor())]
    return render_template(
        "results/recheck/index.html",
        rows=rows,
        late=sum(1 for _row, term in rows if term is not None and term.days_left < 0),
    )


@bp.route("/<uuid:recheck_id>")
@requires("recheck.see")
def detail(recheck_id: UUID) -> ResponseReturnValue:
    """One recheck."""
    return _detail(recheck_id, ConclusionForm(formdata=None), {}, 200)


@bp.route("/cases/<uuid:referral_id>/new", methods=["GET", "POST"])
@requires("recheck.decide")
def create(referral_id: UUID) -> ResponseReturnValue:
    """Enter an application."""
    referral = get_referral(db.session, current_actor(), referral_id)
    form = ApplicationForm()
    form.items.choices = [SelectChoice(item["set_item_id"], item["name_zh"]) for item in referral.failed_items]
    made: list[UUID] = []

    def apply(uow: UnitOfWork) -> None:
        applied_on = form.applied_on.data
        assert applied_on is not None  # noqa: S101 - the form asks for it
        entered = services.apply_for_recheck(
            uow,
            referral_id,
            Addressee(form.applicant.data),
            [UUID(text) for text in form.items.data or []],
            applied_on=applied_on,
            grounds=str(form.grounds.data),
        )
        made.append(entered.id)

    status = carry_out(form, apply)
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Application entered."), "success")
        return redirect(url_for("rechecks.detail", recheck_id=made[0]), status)
    if not form.is_submitted() and form.applied_on.data is None:
        form.applied_on.data = local_date(clock.now())
        form.items.data = [item["set_item_id"] for item in referral.failed_items]
    return render_template("results/recheck/create.html", form=form, referral=referral), status


@bp.route("/<uuid:recheck_id>/acceptance", methods=["GET", "POST"])
@requires("recheck.decide")
def accept(recheck_id: UUID) -> ResponseReturnValue:
    """Accept an application; the form asks why where the program proposes to refuse it."""
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    if pages.wants_note(db.session, recheck, local_date(clock.now())):
        form = AcceptanceForm()
        return act_page(
            form,
            lambda uow: services.accept_recheck(uow, recheck_id, str(form.note.data)),
            recheck,
            title=_("Accept the application"),
            lead=_("The program reads off the sampling form that the backup portion is past its shelf life."),
        )
    if request.method == "GET":
        return redirect(url_for("rechecks.detail", recheck_id=recheck_id), 303)
    return _at_once(recheck_id, services.accept_recheck)


@bp.route("/<uuid:recheck_id>/draw", methods=["POST"])
@requires("recheck.decide")
def draw(recheck_id: UUID) -> ResponseReturnValue:
    """Draw the laboratory."""
    return _at_once(recheck_id, services.draw_laboratory)


@bp.route("/<uuid:recheck_id>/refusal", methods=["GET", "POST"])
@requires("recheck.decide")
def refuse(recheck_id: UUID) -> ResponseReturnValue:
    """Refuse an application in writing; the first ground that the program proposes is chosen already."""
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    form = RefusalForm()
    if not form.is_submitted():
        application = queries.application_facts(db.session, recheck, local_date(clock.now())).application
        proposed = refusals_of(application)
        form.reason.data = proposed[0].value if proposed else None
    return act_page(
        form,
        lambda uow: services.refuse_recheck(uow, recheck_id, RefusalReason(form.reason.data), str(form.note.data)),
        recheck,
        title=_("Refuse the application"),
        grounds=pages.grounds_of(db.session, recheck, local_date(clock.now())),
        look="danger",
    )


@bp.route("/<uuid:recheck_id>/extension", methods=["GET", "POST"])
@requires("recheck.decide")
def extend(recheck_id: UUID) -> ResponseReturnValue:
    """Let the running term end later."""
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    form = ExtensionForm()

    def act(uow: UnitOfWork) -> None:
        until = form.until.data
        assert until is not None  # noqa: S101 - the form asks for it
        services.extend_clock(uow, recheck_id, until, str(form.reason.data))

    term = pages.term_of(recheck, db.session, clock.now())
    lead = _("%(term)s: until %(day)s so far.", term=term.name, day=term.on.isoformat()) if term else None
    return act_page(form, act, recheck, title=_("Extend the term"), lead=lead)


@bp.route("/<uuid:recheck_id>/declines/<int:number>", methods=["GET", "POST"])
@requires("recheck.decide")
def judge(recheck_id: UUID, number: int) -> ResponseReturnValue:
    """Judge whether a laboratory had a cause to decline."""
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    declined = next((one for one in queries.declines_of(db.session, recheck_id) if one.number == number), None)
    if declined is None:
        raise NotFoundError
    form = JudgementForm()
    return act_page(
        form,
        lambda uow: services.judge_decline(
            uow, recheck_id, number, had_cause=form.had_cause.data == YES, judgement=str(form.judgement.data)
        ),
        recheck,
        title=_("Judge the refusal"),
        lead=_(
            "%(lab)s: “%(reason)s”. Refusals without cause count against its place on the list.",
            lab=bilingual(get_organisation(db.session, declined.lab_id)),
            reason=declined.reason,
        ),
    )


@bp.route("/<uuid:recheck_id>/decline", methods=["GET", "POST"])
@requires("recheck.sign")
def decline(recheck_id: UUID) -> ResponseReturnValue:
    """Decline a recheck that one's laboratory was drawn for."""
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    form = DeclineForm()
    status = carry_out(form, lambda uow: services.decline_recheck(uow, recheck_id, str(form.reason.data)))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Declined. Another laboratory will be drawn."), "success")
        return redirect(url_for(".index"), status)
    title = _("Decline the recheck")
    lead = _("The regulator judges the reason; refusals without cause count against the place on the list.")
    page = render_template(
        "results/recheck/act.html", form=form, recheck=recheck, title=title, lead=lead, grounds=(), look="danger"
    )
    return page, status


@bp.route("/<uuid:recheck_id>/receipt", methods=["GET", "POST"])
@requires("recheck.receive")
def receive(recheck_id: UUID) -> ResponseReturnValue:
    """Say what the backup portion looked like when it came."""
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    form = ReceiptForm()

    def act(uow: UnitOfWork) -> None:
        package, seal = form.package_photo.data, form.seal_photo.data
        for field, upload in ((form.package_photo, package), (form.seal_photo, seal)):
            if not upload:
                raise InvalidInputError(_("Take a photo or choose a picture."), field=field.name)
        services.receive_backup(
            uow,
            recheck_id,
            seal_no=str(form.seal_no.data),
            seal_intact=form.seal_intact.data == YES,
            package_intact=form.package_intact.data == YES,
            package_photo=package.read(),
            seal_photo=seal.read(),
            damage=str(form.damage.data or ""),
        )

    return act_page(
        form,
        act,
        recheck,
        title=_("Receive the backup portion"),
        lead=_("What came damaged, or under another seal, ends the recheck: the first conclusion stands."),
    )


@bp.route("/<uuid:recheck_id>/hand-over.pdf")
@requires("recheck.see")
def hand_over_sheet(recheck_id: UUID) -> ResponseReturnValue:
    """The hand-over sheet of the backup portion, in three copies."""
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    listed = queries.hand_over_of(db.session, recheck)
    if listed is None:
        raise NotFoundError
    return Response(hand_over_record(db.session, listed), content_type="application/pdf")


@bp.route("/<uuid:recheck_id>/receipt/<any(package,seal):which>")
@requires("recheck.see")
def photo(recheck_id: UUID, which: str) -> ResponseReturnValue:
    """A photo of the package or the seal, as the portion came."""
    queries.get_recheck(db.session, current_actor(), recheck_id)
    receipt = queries.receipt_of(db.session, recheck_id)
    if receipt is None:
        raise NotFoundError
    sha256 = receipt.package_photo_sha256 if which == "package" else receipt.seal_photo_sha256
    content, media_type = read_file(db.session, sha256)
    response = Response(content, content_type=media_type)
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return response


@bp.route("/<uuid:recheck_id>/results", methods=["POST"])
@requires("recheck.test")
def enter(recheck_id: UUID) -> ResponseReturnValue:
    """What the recheck laboratory found, item by item."""
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    typed = {line: request.form.get(f"result-{line}", "") for line in recheck.set_item_ids}
    methods = {
        line: MethodUsed(request.form.get(f"method-{line}", ""), request.form.get(f"why-{line}", "")) for line in typed
    }
    entered = {line: text for line, text in typed.items() if text.strip()}
    try:
        with unit_of_work(current_actor()) as uow:
            services.enter_recheck_results(uow, recheck_id, entered, methods)
    except NotFoundError:
        raise
    except LimsError as refusal:
        form = ConclusionForm(formdata=None)
        form.form_errors.append(str(refusal))
        return _detail(recheck_id, form, typed, int(refusal.status), methods)
    flash(_("Results saved."), "success")
    return redirect(url_for("rechecks.detail", recheck_id=recheck_id), 303)


@bp.route("/<uuid:recheck_id>/conclusion", methods=["POST"])
@requires("recheck.sign")
def conclude(recheck_id: UUID) -> ResponseReturnValue:
    """Sign the recheck."""
    form = ConclusionForm()

    def sign(uow: UnitOfWork) -> None:
        upload = form.file.data
        services.conclude_recheck(uow, recheck_id, str(form.report_no.data), upload.read() if upload else None)

    status = carry_out(form, sign)
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Recheck concluded."), "success")
        return redirect(url_for("rechecks.detail", recheck_id=recheck_id), status)
    return _detail(recheck_id, form, {}, status)


def _at_once(recheck_id: UUID, act: Callable[[UnitOfWork, UUID], Any]) -> ResponseReturnValue:
    """A step that asks for nothing."""
    try:
        with unit_of_work(current_actor()) as uow:
            act(uow, recheck_id)
    except NotFoundError:
        raise
    except RecheckRefusedError as refusal:
        reasons = "、".join(str(REASONS[RefusalReason(reason)]) for reason in refusal.facts["reasons"])
        flash(_("This application must be refused: %(reasons)s.", reasons=reasons), "error")
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        flash(_("Done."), "success")
    return redirect(url_for("rechecks.detail", recheck_id=recheck_id), 303)


def act_page(
    form: PageForm,
    act: Callable[[UnitOfWork], Any],
    recheck: Recheck,
    *,
    title: str,
    lead: str | None = None,
    grounds: Sequence[pages.Ground] = (),
    look: str = "primary",
) -> ResponseReturnValue:
    """A step with a form of its own; done, it leads back to the recheck."""
    recheck_id, number = recheck.id, recheck.recheck_no
    status = carry_out(form, act)
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Done."), "success")
        return redirect(url_for("rechecks.detail", recheck_id=recheck_id), status)
    page = render_template(
        "results/recheck/act.html",
        form=form,
        recheck={"id": recheck_id, "recheck_no": number},
        title=title,
        lead=lead,
        grounds=grounds,
        look=look,
    )
    return page, status


def _detail(
    recheck_id: UUID,
    form: PageForm,
    typed: dict[UUID, str],
    status: int,
    methods: dict[UUID, MethodUsed] | None = None,
) -> ResponseReturnValue:
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    context = pages.detail_page(db.session, current_actor(), recheck, clock.now())
    return render_template(
        "results/recheck/detail.html", typed=typed, methods=methods or {}, form=form, **context
    ), status
