"""Pages of the environment log: the rooms, one room with its course, and a decision."""

from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from chain_of_custody.conditions.chart import HEIGHT, WIDTH, Chart, lay_out
from chain_of_custody.conditions.types import Reading
from chain_of_custody.types import CelsiusRange
from lims import clock
from lims.auth.permissions import requires
from lims.clock import local_date
from lims.db import db
from lims.errors import ForbiddenError, InvalidInputError, LimsError, NotFoundError
from lims.forms import PageForm
from lims.i18n import gettext as _
from lims.people.queries import person_names
from lims.uow import UnitOfWork, unit_of_work
from lims.web.acts import carry_out
from lims.web.current import current_actor
from results.environment import queries, services
from results.environment.forms import DecisionForm, LimitsForm, LoggerForm, ReadingForm, RoomForm
from results.environment.models import EnvironmentReading, Room, RoomLimits

bp = Blueprint("environment", __name__, url_prefix="/quality/rooms")


@bp.route("/", methods=["GET", "POST"])
@requires("environment.note")
def index() -> ResponseReturnValue:
    """The rooms of the laboratory; who decides about them names new ones."""
    form = RoomForm()
    if form.is_submitted() and not current_actor().may("environment.decide"):
        raise ForbiddenError
    status = carry_out(form, lambda uow: services.add_room(uow, str(form.name.data)))
    if status == HTTPStatus.SEE_OTHER:
        return redirect(url_for(".index"), status)
    rows = queries.list_rooms(db.session, current_actor().require_organisation(), local_date(clock.now()))
    return render_template("results/environment/index.html", rows=rows, form=form), status


@bp.route("/<uuid:room_id>", methods=["GET", "POST"])
@requires("environment.note")
def detail(room_id: UUID) -> ResponseReturnValue:
    """One room: its course beside its figures; `act` says which of its forms was sent."""
    room = queries.get_room(db.session, current_actor().require_organisation(), room_id)
    act = request.form.get("act", "")
    forms: dict[str, PageForm] = {
        "reading": ReadingForm() if act == "reading" else ReadingForm(None),
        "logger": LoggerForm() if act == "logger" else LoggerForm(None),
        "limits": LimitsForm() if act == "limits" else LimitsForm(None),
    }
    status: int = HTTPStatus.OK
    if request.method == "POST":
        form = forms.get(act)
        if form is None:
            raise InvalidInputError(_("Choose what to write down."))
        if act == "limits" and not current_actor().may("environment.decide"):
            raise ForbiddenError
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.validate_on_submit():
            try:
                with unit_of_work(current_actor()) as uow:
                    _write_down(uow, room_id, form)
            except NotFoundError:
                raise
            except LimsError as refusal:
                status = form.refuse(refusal)
            else:
                flash(_("Written down."), "success")
                return redirect(url_for(".detail", room_id=room_id), HTTPStatus.SEE_OTHER)
    return _page(room, forms), status


@bp.route("/readings/<uuid:reading_id>/decision", methods=["GET", "POST"])
@requires("environment.decide")
def decide(reading_id: UUID) -> ResponseReturnValue:
    """Decide what a reading outside of the limits means."""
    reading = db.session.get(EnvironmentReading, reading_id)
    if reading is None:
        raise NotFoundError
    room = queries.get_room(db.session, current_actor().require_organisation(), reading.room_id)
    form = DecisionForm()
    status = carry_out(form, lambda uow: services.decide_reading(uow, reading_id, str(form.decision.data)))
    if status == HTTPStatus.SEE_OTHER:
        return redirect(url_for(".detail", room_id=room.id), status)
    limits = db.session.get_one(RoomLimits, (room.id, reading.limits_from))
    return render_template(
        "results/environment/decide.html", form=form, room=room, reading=reading, limits=limits
    ), status


def _write_down(uow: UnitOfWork, room_id: UUID, form: PageForm) -> None:
    match form:
        case ReadingForm():
            services.note_reading(uow, room_id, form.reading())
        case LoggerForm():
            form.file.data.seek(0)
            services.take_logger_file(uow, room_id, form.file.data.read())
        case LimitsForm():
            day = form.valid_from.data
            assert day is not None  # noqa: S101 - the form asks for it
            services.set_limits(uow, room_id, form.allowed(), valid_from=day)


def _page(room: Room, forms: dict[str, PageForm]) -> str:
    readings = queries.list_readings(db.session, room.id)
    outside = queries.list_outside(db.session, room.id)
    limits = queries.list_limits(db.session, room.id)
    today = queries.limits_on(db.session, room.id, local_date(clock.now()))
    acted = {one.noted_by_id for one in readings} | {one.decided_by_id for one in outside if one.decided_by_id}
    return render_template(
        "results/environment/room.html",
        room=room,
        forms=forms,
        readings=readings,
        outside=outside,
        limits=limits,
        today=today,
        courses=_courses(readings, today),
        width=WIDTH,
        height=HEIGHT,
        people=person_names(db.session, acted | {one.set_by_id for one in limits}),
    )


def _courses(
    readings: Sequence[EnvironmentReading], limits: RoomLimits | None
) -> list[tuple[str, str, CelsiusRange, Chart]]:
    """The pictures of temperature and humidity, each with its unit and what is allowed today."""
    humid = [Reading(one.read_at, one.humidity) for one in readings if one.humidity is not None]
    drawn = [
        (_("Temperature"), "°C", [Reading(one.read_at, one.celsius) for one in readings], _span(limits, "celsius")),
        (_("Humidity"), "%", humid, _span(limits, "humidity")),
    ]
    return [(title, unit, span, lay_out(points, span)) for title, unit, points, span in drawn if points]


def _span(limits: RoomLimits | None, what: str) -> CelsiusRange:
    """What the chart shades: the same picture serves °C and percent."""
    if limits is None:
        return CelsiusRange()
    return CelsiusRange(getattr(limits, f"lowest_{what}"), getattr(limits, f"highest_{what}"))
