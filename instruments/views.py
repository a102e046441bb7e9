"""Pages of instruments: what is connected, what came, and what nothing matched."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from instruments import queries, services
from instruments.forms import DecideForm, RunForm
from instruments.models import Instrument
from instruments.types import ReadingState
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.i18n import gettext as _
from lims.people.queries import person_names
from lims.uow import unit_of_work
from lims.web.current import current_actor

bp = Blueprint("instruments", __name__, url_prefix="/instruments")

PREFIX = 8  # characters of an id, enough to keep the forms of a page apart
Decision = tuple[UUID, DecideForm]


@bp.route("/")
@requires("instruments.manage")
def index() -> ResponseReturnValue:
    """The instruments of the laboratory, and the quarantine."""
    return _index(None)


def _decide_form(reading_id: UUID) -> DecideForm:
    return DecideForm(prefix=f"{str(reading_id)[:PREFIX]}-")


def _index(refused: Decision | None, status: int = 200) -> ResponseReturnValue:
    organisation_id = current_actor().require_organisation()
    waiting = queries.list_readings(db.session, organisation_id, state=ReadingState.QUARANTINED)
    forms = {reading.id: _decide_form(reading.id) for reading, _instrument in waiting} if refused is None else {}
    if refused is not None:
        forms = {reading.id: DecideForm(None, prefix=f"{str(reading.id)[:PREFIX]}-") for reading, _ in waiting}
        forms |= dict([refused])
    page = render_template(
        "instruments/index.html",
        rows=queries.list_instruments(db.session, organisation_id),
        waiting=waiting,
        forms=forms,
    )
    return page, status


@bp.route("/<uuid:instrument_id>", methods=["GET"])
@requires("instruments.manage")
def detail(instrument_id: UUID) -> ResponseReturnValue:
    """One instrument: its open run and its last readings."""
    return _detail(queries.get_instrument(db.session, current_actor().require_organisation(), instrument_id), RunForm())


def _detail(instrument: Instrument, form: RunForm, status: int = 200) -> ResponseReturnValue:
    run = queries.open_run(db.session, instrument.id)
    readings = queries.list_readings(db.session, instrument.organisation_id, instrument_id=instrument.id)
    page = render_template(
        "instruments/detail.html",
        instrument=instrument,
        run=run,
        slots=queries.slots_of(db.session, run.id) if run else {},
        form=form,
        readings=[reading for reading, _instrument in readings],
        people=person_names(
            db.session,
            {reading.decided_by_id for reading, _instrument in readings if reading.decided_by_id}
            | ({run.opened_by_id} if run else set()),
        ),
    )
    return page, status


@bp.route("/<uuid:instrument_id>/run", methods=["POST"])
@requires("instruments.manage")
def start_run(instrument_id: UUID) -> ResponseReturnValue:
    """Say what stands in which slot from now on."""
    instrument = queries.get_instrument(db.session, current_actor().require_organisation(), instrument_id)
    form = RunForm()
    if not form.validate_on_submit():
        return _detail(instrument, form, 422)
    try:
        with unit_of_work(current_actor()) as uow:
            services.open_instrument_run(uow, instrument_id, form.by_slot())
    except ValueError as error:
        form.slots.errors = [str(error)]
        return _detail(instrument, form, 422)
    except LimsError as refusal:
        form.slots.errors = [str(refusal)]
        return _detail(instrument, form, int(refusal.status))
    flash(_("Run opened: readings are matched by their slots."), "success")
    return redirect(url_for(".detail", instrument_id=instrument_id), 303)


@bp.route("/<uuid:instrument_id>/run/end", methods=["POST"])
@requires("instruments.manage")
def end_run(instrument_id: UUID) -> ResponseReturnValue:
    """End the open run."""
    try:
        with unit_of_work(current_actor()) as uow:
            services.end_instrument_run(uow, instrument_id)
    except NotFoundError:
        raise
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        flash(_("Run ended."), "success")
    return redirect(url_for(".detail", instrument_id=instrument_id), 303)


@bp.route("/readings/<uuid:reading_id>", methods=["POST"])
@requires("instruments.manage")
def decide(reading_id: UUID) -> ResponseReturnValue:
    """Assign a reading to a sample, or reject it; both with a reason."""
    queries.get_reading(db.session, current_actor().require_organisation(), reading_id)
    form = _decide_form(reading_id)
    status = 422
    if form.validate_on_submit():
        try:
            _carry_out(reading_id, form)
        except NotFoundError:
            raise
        except LimsError as refusal:
            field: Any = form.reason if refusal.field == "reason" else form.blind_code
            field.errors = [str(refusal)]
            status = int(refusal.status)
        else:
            flash(_("Written down."), "success")
            return redirect(url_for(".index"), 303)
    return _index((reading_id, form), status)


def _carry_out(reading_id: UUID, form: DecideForm) -> None:
    with unit_of_work(current_actor()) as uow:
        if request.form.get("decision") == "reject":
            services.reject_reading(uow, reading_id, form.reason.data or "")
        else:
            services.assign_reading(uow, reading_id, form.blind_code.data or "", form.reason.data or "")
