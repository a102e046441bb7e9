"""Pages of instruments: how they are now, their record, and what stands in their slots."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from instruments import queries
from instruments.drivers.registry import driver_title
from instruments.forms import CalibrationForm, CheckForm, DescribeForm, ReagentForm, ReasonForm
from instruments.models import Instrument
from instruments.rules import CALIBRATION_WARNING, DEFAULT_SLOTS, SILENT_AFTER, slot_names
from instruments.services import record, runs
from instruments.types import Found, QuarantineReason
from instruments.words import last_fault_words
from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import InvalidInputError, LimsError, NotFoundError
from lims.forms import PageForm
from lims.i18n import gettext as _
from lims.people.queries import person_names
from lims.uow import unit_of_work
from lims.web.current import current_actor

bp = Blueprint("instruments", __name__, url_prefix="/instruments")

MAX_CODE = 60


@bp.route("/")
@requires("instruments.manage")
def index() -> ResponseReturnValue:
    """The instruments of the laboratory and how each is now; renews itself."""
    organisation_id = current_actor().require_organisation()
    return render_template(
        "instruments/index.html",
        rows=queries.list_instruments(db.session, organisation_id),
        now=clock.now(),
        today=clock.local_date(clock.now()),
        silent_after=SILENT_AFTER,
        warning=CALIBRATION_WARNING,
        driver_title=driver_title,
        last_fault_words=last_fault_words,
    )


def _get(instrument_id: UUID) -> Instrument:
    return queries.get_instrument(db.session, current_actor().require_organisation(), instrument_id)


@bp.route("/<uuid:instrument_id>")
@requires("instruments.manage")
def detail(instrument_id: UUID) -> ResponseReturnValue:
    """One instrument: how it is now and its last readings."""
    instrument = _get(instrument_id)
    readings = queries.list_readings(db.session, instrument.organisation_id, instrument_id=instrument.id)
    return render_template(
        "instruments/detail.html",
        instrument=instrument,
        connection=queries.find_connection(db.session, instrument.organisation_id, instrument.name),
        run=queries.open_run(db.session, instrument.id),
        readings=[reading for reading, _instrument in readings],
        people=person_names(
            db.session, {reading.decided_by_id for reading, _instrument in readings if reading.decided_by_id}
        ),
        now=clock.now(),
        silent_after=SILENT_AFTER,
        driver_title=driver_title,
        last_fault_words=last_fault_words,
    )


@bp.route("/<uuid:instrument_id>/run", methods=["GET"])
@requires("instruments.manage")
def run(instrument_id: UUID) -> ResponseReturnValue:
    """What stands in which slot: the open run, or an empty worklist to scan tubes into."""
    return _run_page(_get(instrument_id))


def _run_page(instrument: Instrument, refusal: LimsError | None = None) -> ResponseReturnValue:
    opened = queries.open_run(db.session, instrument.id)
    asked = request.args.get("slots", type=int) or instrument.slot_count or DEFAULT_SLOTS
    typed = request.form.to_dict()
    page = render_template(
        "instruments/run.html",
        instrument=instrument,
        run=opened,
        loaded=queries.slots_of(db.session, opened.id) if opened else {},
        slots=slot_names(min(max(asked, 1), runs.MAX_SLOTS)),
        typed=typed,
        refusal=refusal,
        refused_slot=str(refusal.facts.get("slot", "")) if refusal else "",
        people=person_names(db.session, {opened.opened_by_id} if opened else set()),
    )
    return page, 200 if refusal is None else int(refusal.status)


@bp.route("/<uuid:instrument_id>/run", methods=["POST"])
@requires("instruments.manage")
def start_run(instrument_id: UUID) -> ResponseReturnValue:
    """Say what stands in which slot from now on."""
    instrument = _get(instrument_id)
    loaded = {
        name.removeprefix("slot-"): code.replace("\0", "")[:MAX_CODE]
        for name, code in request.form.items()
        if name.startswith("slot-") and code.strip()
    }
    try:
        with unit_of_work(current_actor()) as uow:
            runs.open_instrument_run(uow, instrument_id, loaded)
    except LimsError as refusal:
        return _run_page(instrument, refusal)
    flash(_("Run opened: readings are matched by their slots."), "success")
    return redirect(url_for(".run", instrument_id=instrument_id), 303)


@bp.route("/<uuid:instrument_id>/run/end", methods=["POST"])
@requires("instruments.manage")
def end_run(instrument_id: UUID) -> ResponseReturnValue:
    """End the open run."""
    return _act(instrument_id, ".run", lambda uow: runs.end_instrument_run(uow, instrument_id), _("Run ended."))


@bp.route("/<uuid:instrument_id>/record", methods=["GET", "POST"])
@requires("instruments.manage")
def record_page(instrument_id: UUID) -> ResponseReturnValue:
    """The record of an instrument; `act` says which of its forms was sent."""
    instrument = _get(instrument_id)
    act = request.form.get("act", "")
    forms: dict[str, PageForm] = {
        "describe": DescribeForm(obj=instrument) if act in {"", "describe"} else DescribeForm(None, obj=instrument),
        "calibration": CalibrationForm() if act == "calibration" else CalibrationForm(None),
        "check": CheckForm() if act == "check" else CheckForm(None),
        "reagent": ReagentForm() if act == "reagent" else ReagentForm(None),
        "downtime": ReasonForm() if act == "downtime" else ReasonForm(None),
    }
    status = 200
    if request.method == "POST":
        form = forms.get(act)
        if form is None:
            raise InvalidInputError(_("Choose what to write down."))
        status = 422
        if form.validate_on_submit():
            try:
                _note(instrument_id, act, form)
            except NotFoundError:
                raise
            except LimsError as refusal:
                status = form.refuse(refusal)
            else:
                flash(_("Written down."), "success")
                return redirect(url_for(".record_page", instrument_id=instrument_id), 303)
    return _record(instrument, forms), status


def _note(instrument_id: UUID, act: str, form: Any) -> None:
    fields = {name: value for name, value in form.data.items() if name != "csrf_token"}
    with unit_of_work(current_actor()) as uow:
        if act == "describe":
            record.describe_instrument(uow, instrument_id, **fields)
        elif act == "calibration":
            record.note_calibration(uow, instrument_id, **fields)
        elif act == "check":
            days = {name: fields.pop(name) for name in ("checked_on", "due_on")}
            record.note_check(uow, instrument_id, **days, found=Found(**fields))
        elif act == "reagent":
            record.begin_reagent_lot(uow, instrument_id, **fields)
        else:
            record.begin_downtime(uow, instrument_id, fields["reason"])


def _record(instrument: Instrument, forms: dict[str, PageForm]) -> str:
    rows = queries.record_rows(db.session, instrument.id)
    controls = queries.list_readings(
        db.session,
        instrument.organisation_id,
        instrument_id=instrument.id,
        reasons={QuarantineReason.QUALITY_CONTROL},
    )
    noted = [*rows.calibrations, *rows.lots, *rows.downtimes, *rows.checks]
    return render_template(
        "instruments/record.html",
        instrument=instrument,
        rows=rows,
        forms=forms,
        controls=[reading for reading, _instrument in controls],
        is_down=any(one.ended_at is None for one in rows.downtimes),
        people=person_names(db.session, {one.noted_by_id for one in noted}),
        today=clock.local_date(clock.now()),
        warning=CALIBRATION_WARNING,
    )


@bp.route("/<uuid:instrument_id>/downtime/end", methods=["POST"])
@requires("instruments.manage")
def end_downtime(instrument_id: UUID) -> ResponseReturnValue:
    """Put an instrument back into service."""
    return _act(
        instrument_id, ".record_page", lambda uow: record.end_downtime(uow, instrument_id), _("Back in service.")
    )


@bp.route("/<uuid:instrument_id>/lots/<uuid:lot_id>/end", methods=["POST"])
@requires("instruments.manage")
def end_lot(instrument_id: UUID, lot_id: UUID) -> ResponseReturnValue:
    """Say that a lot is used up."""
    return _act(instrument_id, ".record_page", lambda uow: record.end_reagent_lot(uow, lot_id), _("Written down."))


def _act(instrument_id: UUID, page: str, act: Any, done: str) -> ResponseReturnValue:
    """One act without a form of its own; a refusal is said on the page it was asked from."""
    try:
        with unit_of_work(current_actor()) as uow:
            act(uow)
    except NotFoundError:
        raise
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        flash(done, "success")
    return redirect(url_for(page, instrument_id=instrument_id), 303)
