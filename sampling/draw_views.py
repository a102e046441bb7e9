"""Pages of the draw: the ceremony step by step, and its record once it is published."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import PUBLIC, requires
from lims.catalog.queries import load_calendar
from lims.clock import LOCAL_ZONE
from lims.db import db
from lims.errors import InvalidInputError, LimsError, NotFoundError
from lims.forms import PageForm
from lims.i18n import LazyString
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork, unit_of_work
from lims.web.current import current_actor
from sampling import queries
from sampling.plan_forms import CeremonyForm, CommitmentForm, HoldForm, SecretForm
from sampling.services import ceremonies
from sampling.services.draws import publish_draw

bp = Blueprint("draws", __name__, url_prefix="/plan")

MOST_DAYS = 370  # a plan is of one year


@bp.route("/<uuid:plan_id>/draw")
@requires("sampling.plan")
def ceremony(plan_id: UUID) -> ResponseReturnValue:
    """Where the draw of a plan stands."""
    return _page(plan_id, {})


@bp.route("/<uuid:plan_id>/draw/<any(open,commit,close,reveal,hold):step>", methods=["POST"])
@requires("sampling.plan")
def take_step(plan_id: UUID, step: str) -> ResponseReturnValue:
    """One step of the ceremony."""
    queries.get_plan(db.session, current_actor(), plan_id)
    form = _forms(plan_id)[step]
    if not form.validate_on_submit():
        return _page(plan_id, {step: form}), 422
    acts: dict[str, tuple[Callable[[UnitOfWork], Any], LazyString]] = {
        "open": (
            lambda uow: ceremonies.open_ceremony(uow, plan_id, form["beacon_source"].data),
            _l("Prepared. The parties can commit."),
        ),
        "commit": (
            lambda uow: ceremonies.take_commitment(uow, plan_id, form["party"].data, form["commitment"].data),
            _l("Commitment logged."),
        ),
        "close": (
            lambda uow: ceremonies.close_commitments(uow, plan_id),
            _l("Closed. The frame is frozen."),
        ),
        "reveal": (
            lambda uow: ceremonies.open_commitment(uow, plan_id, form["party"].data, form["secret"].data),
            _l("The secret opens its commitment."),
        ),
        "hold": (
            lambda uow: ceremonies.hold_draw(
                uow,
                plan_id,
                form["beacon_value"].data,
                form["fixed_at"].data.replace(tzinfo=LOCAL_ZONE),
                _working_days(form["first_day"].data, form["last_day"].data),
            ),
            _l("Drawn. The tasks are issued."),
        ),
    }
    act, words = acts[step]
    try:
        with unit_of_work(current_actor()) as uow:
            act(uow)
    except NotFoundError:
        raise
    except LimsError as refusal:
        status = form.refuse(refusal)
        return _page(plan_id, {step: form}), status
    flash(str(words), "success")
    return redirect(url_for(".ceremony", plan_id=plan_id), 303)


@bp.route("/<uuid:plan_id>/draw/publish", methods=["POST"])
@requires("sampling.plan")
def publish(plan_id: UUID) -> ResponseReturnValue:
    """Open the record to everybody."""
    draw = queries.get_draw(db.session, current_actor(), plan_id)
    if draw is None:
        raise NotFoundError
    try:
        with unit_of_work(current_actor()) as uow:
            publish_draw(uow, draw.id)
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        flash(_("Published. Anybody can compute the draw again."), "success")
    return redirect(url_for(".ceremony", plan_id=plan_id), 303)


@bp.route("/draw-records/<uuid:draw_id>.json")
@requires(PUBLIC)
def record(draw_id: UUID) -> ResponseReturnValue:
    """The record, byte for byte as `lims draw verify` takes it; for everybody, and sealed until it is published."""
    draw = queries.get_published_draw(db.session, draw_id)
    text = json.dumps(draw.record, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
    response = Response(text, content_type="application/json; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="draw-{draw.record["draw_id"]}.json"'
    return response


def _forms(plan_id: UUID) -> dict[str, PageForm]:
    _ceremony, commitments = queries.get_ceremony(db.session, current_actor(), plan_id)
    reveal = SecretForm()
    reveal.party.choices = [(one.party, one.party) for one in commitments if one.secret is None]
    return {
        "open": CeremonyForm(),
        "commit": CommitmentForm(),
        "close": PageForm(),
        "reveal": reveal,
        "hold": HoldForm(),
    }


def _page(plan_id: UUID, refused: dict[str, PageForm]) -> str:
    actor = current_actor()
    held, commitments = queries.get_ceremony(db.session, actor, plan_id)
    forms = {name: form if name in refused else type(form)(formdata=None) for name, form in _forms(plan_id).items()}
    forms |= refused
    if "reveal" not in refused:
        forms["reveal"] = SecretForm(formdata=None)
        forms["reveal"]["party"].choices = [(one.party, one.party) for one in commitments if one.secret is None]
    draw = queries.get_draw(db.session, actor, plan_id)
    return render_template(
        "sampling/plans/draw.html",
        plan=queries.get_plan(db.session, actor, plan_id),
        ceremony=held,
        commitments=commitments,
        draw=draw,
        waiting=queries.visits_to_come(db.session, draw.id) if draw else 0,
        forms=forms,
        now=_local(clock.now()),
    )


def _local(instant: datetime) -> datetime:
    return clock.local_time(instant)


def _working_days(first: date, last: date) -> list[date]:
    """The working days between two days, both included.

    Raises:
        InvalidInputError: the last one lies before the first, or more than a year after it.
    """
    if last < first or (last - first).days > MOST_DAYS:
        raise InvalidInputError(
            _l(
                "The last day is %(last)s, expected %(first)s or later, and within a year.",
                last=last.isoformat(),
                first=first.isoformat(),
            ),
            field="last_day",
        )
    calendar = load_calendar(db.session)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if calendar.is_workday(day)]
