"""Pages of the planner: rounds drafted, opened, closed and counted; nominations looked at; paper ballots entered."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from citizen_votes import queries, services
from citizen_votes.forms import PaperForm, RoundForm
from citizen_votes.types import PLACES, Stratum
from citizen_votes.views import tally_context
from lims.auth.permissions import requires
from lims.catalog.queries import list_majors
from lims.clock import LOCAL_ZONE
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.i18n import bilingual, current_locale
from lims.i18n import gettext as _
from lims.uow import unit_of_work
from lims.web.current import current_actor

bp = Blueprint("rounds", __name__, url_prefix="/plan/rounds")

ACTS: dict[str, Callable[..., Any]] = {
    "open": services.open_round,
    "close": services.close_round,
    "count": services.count_round,
    "destroy-key": services.destroy_key,
}


@bp.route("/")
@requires("votes.manage")
def index() -> ResponseReturnValue:
    """The rounds of one's organisation."""
    rounds = queries.list_rounds(db.session, organisation_id=current_actor().require_organisation())
    return render_template("citizen_votes/plan/index.html", rounds=rounds)


@bp.route("/new", methods=["GET", "POST"])
@requires("votes.manage")
def create() -> ResponseReturnValue:
    """Draft a round from foods and kinds of place."""
    form = RoundForm()
    form.foods.choices = [(major.code, bilingual(major)) for major in list_majors(db.session)]
    form.places.choices = [(place.code, place.en if current_locale() == "en" else place.zh) for place in PLACES]
    status = 200
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                made = services.create_round(
                    uow,
                    title_zh=str(form.title_zh.data),
                    title_en=str(form.title_en.data),
                    opens_at=_local(form.opens_at.data),
                    closes_at=_local(form.closes_at.data),
                    strata=[Stratum(food, place) for food in form.foods.data or [] for place in form.places.data or []],
                )
                round_id = made.id
        except LimsError as refusal:
            form.form_errors.append(str(refusal))
            status = int(refusal.status)
        else:
            flash(_("Round drafted. Look at it, then open it."), "success")
            return redirect(url_for(".detail", round_id=round_id), 303)
    elif form.is_submitted():
        status = 422
    return render_template("citizen_votes/plan/create.html", form=form), status


def _local(value: datetime | None) -> datetime:
    if value is None:
        raise NotFoundError
    return value.replace(tzinfo=LOCAL_ZONE)


@bp.route("/<uuid:round_id>", methods=["GET", "POST"])
@requires("votes.manage")
def detail(round_id: UUID) -> ResponseReturnValue:
    """One round: its figures, its nominations, and paper ballots to enter."""
    pick_round = queries.get_own_round(db.session, round_id, current_actor())
    options = queries.list_options(db.session, round_id)
    form = PaperForm()
    form.choices.choices = [(one.stratum, f"{bilingual(one)} · {bilingual(one, 'place')}") for one in options]
    status = 200
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                receipt = services.take_paper_ballot(
                    uow,
                    round_id,
                    str(form.serial.data),
                    form.choices.data or [],
                    no_opinion=not form.choices.data,
                )
        except LimsError as refusal:
            form.form_errors.append(str(refusal))
            status = int(refusal.status)
        else:
            flash(_("Paper ballot entered. Its receipt number is %(number)s.", number=receipt), "success")
            return redirect(url_for(".detail", round_id=round_id), 303)
    elif form.is_submitted():
        status = 422
    page = render_template(
        "citizen_votes/plan/detail.html",
        round=pick_round,
        form=form,
        nominations=queries.list_nominations(db.session, round_id),
        **tally_context(round_id),
    )
    return page, status


@bp.route("/<uuid:round_id>/<any(open,close,count,'destroy-key'):act>", methods=["POST"])
@requires("votes.manage")
def move(round_id: UUID, act: str) -> ResponseReturnValue:
    """Move a round one step on."""
    try:
        with unit_of_work(current_actor()) as uow:
            ACTS[act](uow, round_id)
    except NotFoundError:
        raise
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        flash(_("Done."), "success")
    return redirect(url_for(".detail", round_id=round_id), 303)


@bp.route("/nominations/<uuid:nomination_id>", methods=["POST"])
@requires("votes.manage")
def moderate(nomination_id: UUID) -> ResponseReturnValue:
    """Accept or reject a nomination."""
    with unit_of_work(current_actor()) as uow:
        decided = services.moderate(uow, nomination_id, accept=request.form.get("decision") == "accept")
        round_id = decided.round_id
    return redirect(url_for(".detail", round_id=round_id), 303)
