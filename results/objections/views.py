"""Pages of objections for the regulator: entered from paper, accepted or refused, reviewed."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from lims import clock
from lims.auth.permissions import requires
from lims.clock import local_date
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.files import read_file
from lims.forms import PageForm
from lims.i18n import gettext as _
from lims.people.queries import person_names
from lims.uow import UnitOfWork, unit_of_work
from lims.web.acts import carry_out
from lims.web.current import current_actor
from results.objections import queries, services
from results.objections.forms import (
    CONSEQUENCES,
    GROUNDS,
    KINDS,
    OUTCOMES,
    GroundForm,
    ObjectionForm,
    ReviewForm,
)
from results.objections.models import Objection
from results.objections.rules import consequence_of
from results.objections.services import Paper, Written
from results.objections.types import ObjectionKind, ObjectionState, Outcome, RefusalGround
from results.referral.types import Addressee
from sampling.queries import get_sample

bp = Blueprint("objections", __name__, url_prefix="/objections")


@bp.route("/")
@requires("objection.see")
def index() -> ResponseReturnValue:
    """Objections to samples of this regulator."""
    rows = queries.list_objections(db.session, current_actor())
    return render_template("results/objections/index.html", rows=rows, kinds=KINDS)


@bp.route("/<uuid:objection_id>")
@requires("objection.see")
def detail(objection_id: UUID) -> ResponseReturnValue:
    """One objection."""
    return _detail(objection_id, ReviewForm(formdata=None), 200)


@bp.route("/samples/<uuid:sample_id>/new", methods=["GET", "POST"])
@requires("objection.decide")
def create(sample_id: UUID) -> ResponseReturnValue:
    """Enter an objection that came in on paper."""
    sample = get_sample(db.session, current_actor(), sample_id)
    form = ObjectionForm()
    made: list[UUID] = []

    def enter(uow: UnitOfWork) -> None:
        filed_on = form.filed_on.data
        assert filed_on is not None  # noqa: S101 - the form asks for it
        entered = services.file_objection(
            uow,
            sample_id,
            ObjectionKind(form.kind.data),
            Addressee(form.applicant.data),
            filed_on=filed_on,
            written=written(form),
        )
        made.append(entered.id)

    status = carry_out(form, enter)
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Objection entered."), "success")
        return redirect(url_for(".detail", objection_id=made[0]), status)
    if not form.is_submitted():
        form.filed_on.data = local_date(clock.now())
    return render_template("results/objections/create.html", form=form, sample=sample), status


@bp.route("/<uuid:objection_id>/acceptance", methods=["POST"])
@requires("objection.decide")
def accept(objection_id: UUID) -> ResponseReturnValue:
    """Accept an objection."""
    try:
        with unit_of_work(current_actor()) as uow:
            services.accept_objection(uow, objection_id)
    except NotFoundError:
        raise
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        flash(_("Objection accepted; the review begins."), "success")
    return redirect(url_for(".detail", objection_id=objection_id), 303)


@bp.route("/<uuid:objection_id>/refusal", methods=["GET", "POST"])
@requires("objection.decide")
def refuse(objection_id: UUID) -> ResponseReturnValue:
    """Refuse an objection in writing."""
    objection = queries.get_objection(db.session, current_actor(), objection_id)
    form = GroundForm()
    proposed = services.proposed_grounds(objection)
    if not form.is_submitted() and proposed:
        form.ground.data = proposed[0].value
    return _done_or(
        objection,
        form,
        lambda uow: services.refuse_objection(uow, objection_id, RefusalGround(form.ground.data), str(form.note.data)),
        lambda: render_template("results/objections/refuse.html", form=form, objection=objection),
    )


@bp.route("/<uuid:objection_id>/review", methods=["POST"])
@requires("objection.decide")
def review(objection_id: UUID) -> ResponseReturnValue:
    """End the review."""
    form = ReviewForm()
    status = carry_out(
        form,
        lambda uow: services.review_objection(uow, objection_id, Outcome(form.outcome.data), str(form.note.data)),
    )
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Done."), "success")
        return redirect(url_for(".detail", objection_id=objection_id), status)
    return _detail(objection_id, form, status)


@bp.route("/<uuid:objection_id>/papers/<uuid:file_id>")
@requires("objection.see")
def paper(objection_id: UUID, file_id: UUID) -> ResponseReturnValue:
    """One paper that came with an objection."""
    queries.get_objection(db.session, current_actor(), objection_id)
    for added, _stored in queries.files_of(db.session, objection_id=objection_id):
        if added.id == file_id:
            content, media_type = read_file(db.session, added.sha256)
            return Response(content, content_type=media_type)
    raise NotFoundError


def written(form: Any) -> Written:
    """What an applicant wrote, with the papers that were chosen."""
    chosen: list[FileStorage] = [one for one in form.files.data or [] if one and one.filename]
    papers = [Paper(str(one.filename)[:200], one.read()) for one in chosen]
    return Written(str(form.contact.data), str(form.grounds.data), papers)


def _done_or(
    objection: Objection, form: PageForm, act: Callable[[UnitOfWork], Any], page: Callable[[], str]
) -> ResponseReturnValue:
    status = carry_out(form, act)
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Done."), "success")
        return redirect(url_for(".detail", objection_id=objection.id), status)
    return page(), status


def _detail(objection_id: UUID, form: ReviewForm, status: int) -> ResponseReturnValue:
    objection = queries.get_objection(db.session, current_actor(), objection_id)
    people = {objection.entered_by_id, objection.decided_by_id, objection.reviewed_by_id} - {None}
    decides = current_actor().may("objection.decide")
    page = render_template(
        "results/objections/detail.html",
        objection=objection,
        form=form,
        papers=queries.files_of(db.session, objection_id=objection_id),
        proposed=[GROUNDS[ground] for ground in services.proposed_grounds(objection)],
        upheld=CONSEQUENCES[consequence_of(objection.kind, Outcome.UPHELD, has_case=objection.referral_id is not None)],
        kinds=KINDS,
        grounds=GROUNDS,
        outcomes=OUTCOMES,
        consequences=CONSEQUENCES,
        names=person_names(db.session, [one for one in people if one is not None]),
        can_decide=decides and objection.state is ObjectionState.FILED,
        can_review=decides and objection.state is ObjectionState.ACCEPTED,
    )
    return page, status
