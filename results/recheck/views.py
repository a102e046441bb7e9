"""Pages of the recheck: applications entered and decided by the regulator, results and signature by the laboratory."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from lims import clock
from lims.auth.permissions import requires
from lims.catalog.models import TestItem
from lims.clock import local_date
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.forms import PageForm
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.people.models import Organisation
from lims.people.queries import get_organisation
from lims.uow import UnitOfWork, unit_of_work
from lims.web.acts import carry_out
from lims.web.current import current_actor
from results.recheck import queries, services
from results.recheck.forms import REASONS, ApplicationForm, ConclusionForm, RefusalForm
from results.recheck.models import Recheck
from results.recheck.services import RecheckRefusedError
from results.recheck.types import RefusalReason
from results.referral.queries import get_referral
from results.referral.types import Addressee

bp = Blueprint("rechecks", __name__, url_prefix="/rechecks")


@bp.route("/")
@requires("recheck.see")
def index() -> ResponseReturnValue:
    """Rechecks the organisation decides, or does."""
    return render_template("results/recheck/index.html", rows=queries.list_rechecks(db.session, current_actor()))


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
        return redirect(url_for(".detail", recheck_id=made[0]), status)
    if not form.is_submitted() and form.applied_on.data is None:
        form.applied_on.data = local_date(clock.now())
        form.items.data = [item["set_item_id"] for item in referral.failed_items]
    return render_template("results/recheck/create.html", form=form, referral=referral), status


@bp.route("/<uuid:recheck_id>/<any(accept,draw):act>", methods=["POST"])
@requires("recheck.decide")
def step(recheck_id: UUID, act: str) -> ResponseReturnValue:
    """Accept an application, or draw its laboratory."""
    steps: dict[str, Callable[[UnitOfWork, UUID], Any]] = {
        "accept": services.accept_recheck,
        "draw": services.draw_laboratory,
    }
    try:
        with unit_of_work(current_actor()) as uow:
            steps[act](uow, recheck_id)
    except NotFoundError:
        raise
    except RecheckRefusedError as refusal:
        reasons = "、".join(str(REASONS[RefusalReason(reason)]) for reason in refusal.facts["reasons"])
        flash(_("This application must be refused: %(reasons)s.", reasons=reasons), "error")
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        flash(_("Done."), "success")
    return redirect(url_for(".detail", recheck_id=recheck_id), 303)


@bp.route("/<uuid:recheck_id>/refusal", methods=["GET", "POST"])
@requires("recheck.decide")
def refuse(recheck_id: UUID) -> ResponseReturnValue:
    """Refuse an application in writing."""
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    form = RefusalForm()
    status = carry_out(
        form,
        lambda uow: services.refuse_recheck(uow, recheck_id, RefusalReason(form.reason.data), str(form.note.data)),
    )
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Done."), "success")
        return redirect(url_for(".detail", recheck_id=recheck_id), status)
    return render_template("results/recheck/refuse.html", form=form, recheck=recheck), status


@bp.route("/<uuid:recheck_id>/results", methods=["POST"])
@requires("recheck.test")
def enter(recheck_id: UUID) -> ResponseReturnValue:
    """What the recheck laboratory found, item by item."""
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    typed = {line: request.form.get(f"result-{line}", "") for line in recheck.set_item_ids}
    entered = {line: text for line, text in typed.items() if text.strip()}
    try:
        with unit_of_work(current_actor()) as uow:
            services.enter_recheck_results(uow, recheck_id, entered)
    except NotFoundError:
        raise
    except LimsError as refusal:
        form = ConclusionForm(formdata=None)
        form.form_errors.append(str(refusal))
        return _detail(recheck_id, form, typed, int(refusal.status))
    flash(_("Results saved."), "success")
    return redirect(url_for(".detail", recheck_id=recheck_id), 303)


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
        return redirect(url_for(".detail", recheck_id=recheck_id), status)
    return _detail(recheck_id, form, {}, status)


def _detail(recheck_id: UUID, form: PageForm, typed: dict[UUID, str], status: int) -> ResponseReturnValue:
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    lines = queries.lines_of(db.session, recheck)
    standing = queries.standing_recheck_results(db.session, recheck_id)
    page = render_template(
        "results/recheck/detail.html",
        recheck=recheck,
        lines=[(line, db.session.get_one(TestItem, line.item_id), standing.get(line.id)) for line in lines],
        typed=typed,
        form=form,
        lab=get_organisation(db.session, recheck.lab_id) if recheck.lab_id else None,
        conclusion=queries.conclusion_of(db.session, recheck_id),
        reason=REASONS[recheck.refusal] if recheck.refusal else None,
        can=_steps(recheck),
        tickets=_tickets(recheck),
        names=bilingual,
    )
    return page, status


def _tickets(recheck: Recheck) -> list[tuple[Organisation, str]]:
    """Who was in the lot with which ticket, the drawn laboratory first."""
    drawn = recheck.draw["tickets"] if recheck.draw else {}
    return [
        (get_organisation(db.session, UUID(lab_id)), ticket)
        for lab_id, ticket in sorted(drawn.items(), key=lambda lot: (lot[1], lot[0]))
    ]


def _steps(recheck: Recheck) -> frozenset[str]:
    """What this person could do now; the services decide again."""
    actor = current_actor()
    can = set()
    if actor.may("recheck.decide") and actor.organisation_id != recheck.lab_id:
        can |= {"applied": {"accept", "refuse"}, "accepted": {"draw"}}.get(recheck.state.value, set())
    if recheck.state.value == "assigned" and actor.organisation_id == recheck.lab_id:
        can |= {name for name in ("test", "sign") if actor.may(f"recheck.{name}")}
    return frozenset(can)
