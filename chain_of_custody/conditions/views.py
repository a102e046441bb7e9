"""Pages of data loggers: attached where a hand-over or a place is shown, and one page with the chart of each."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from chain_of_custody.conditions import queries, services
from chain_of_custody.conditions.chart import HEIGHT, WIDTH, lay_out
from chain_of_custody.conditions.forms import LogForm, PlaceLogForm
from chain_of_custody.conditions.reader import read_readings
from chain_of_custody.conditions.rules import CLOCKS_DIFFER, find_gaps, thin_out
from chain_of_custody.models import HandOver
from chain_of_custody.queries import get_hand_over, get_place
from chain_of_custody.types import CelsiusRange
from chain_of_custody.views.common import names_for
from lims.auth.permissions import requires
from lims.db import db
from lims.files import read_file
from lims.i18n import gettext as _
from lims.uow import UnitOfWork
from lims.web.acts import carry_out
from lims.web.current import current_actor
from sampling.types import StorageCondition

bp = Blueprint("conditions", __name__, url_prefix="/custody/temperature")

ROWS_SHOWN = 60  # of the table beside the chart; the file itself has them all


@bp.route("/hand-over/<uuid:hand_over_id>", methods=["GET", "POST"])
@requires("custody.hand_over")
def of_hand_over(hand_over_id: UUID) -> ResponseReturnValue:
    """The logs of a journey, and attaching one more."""
    hand_over = get_hand_over(db.session, current_actor(), hand_over_id)
    form = LogForm()
    made: list[tuple[UUID, int]] = []

    def attach(uow: UnitOfWork) -> None:
        log = services.attach_to_hand_over(uow, hand_over_id, form.log_file())
        made.append((log.id, log.readings))

    status = carry_out(form, attach)
    if status == HTTPStatus.SEE_OTHER:
        return _attached(*made[0])
    return render_template(
        "chain_of_custody/conditions/logs.html",
        form=form,
        title=hand_over.record_no,
        back=url_for("hand_overs.detail", hand_over_id=hand_over_id),
        logs=queries.list_logs(db.session, hand_over_id=hand_over_id),
    ), status


@bp.route("/place/<uuid:place_id>", methods=["GET", "POST"])
@requires("custody.keep")
def of_place(place_id: UUID) -> ResponseReturnValue:
    """The logs of a place of the store, and attaching one more."""
    place = get_place(db.session, current_actor().require_organisation(), place_id)
    form = PlaceLogForm()
    made: list[tuple[UUID, int]] = []

    def attach(uow: UnitOfWork) -> None:
        condition = StorageCondition(form.condition.data)
        log = services.attach_to_place(uow, place_id, form.log_file(), condition)
        made.append((log.id, log.readings))

    status = carry_out(form, attach)
    if status == HTTPStatus.SEE_OTHER:
        return _attached(*made[0])
    return render_template(
        "chain_of_custody/conditions/logs.html",
        form=form,
        title=f"{place.code} {place.name}",
        back=url_for("storage.place", place_id=place_id),
        logs=queries.list_logs(db.session, place_id=place_id),
    ), status


def _attached(log_id: UUID, readings: int) -> ResponseReturnValue:
    flash(_("Attached: %(count)s readings.", count=readings), "success")
    return redirect(url_for(".detail", log_id=log_id), HTTPStatus.SEE_OTHER)


@bp.route("/<uuid:log_id>")
@requires("custody.hand_over")
def detail(log_id: UUID) -> ResponseReturnValue:
    """One log as a chart, in words and as a table."""
    log = queries.get_log(db.session, current_actor(), log_id)
    hand_over = db.session.get(HandOver, log.hand_over_id) if log.hand_over_id else None
    journey = queries.journey_of(db.session, hand_over, log.attached_at) if hand_over else (log.first_at, log.last_at)
    readings = read_readings(read_file(db.session, log.file_sha256)[0])
    return render_template(
        "chain_of_custody/conditions/log.html",
        log=log,
        chart=lay_out(readings, CelsiusRange(log.lower_bound, log.bound)),
        width=WIDTH,
        height=HEIGHT,
        rows=thin_out(readings, ROWS_SHOWN),
        gaps=find_gaps(readings),
        journey=journey,
        is_whole=log.first_at <= journey[0] + CLOCKS_DIFFER and journey[1] - CLOCKS_DIFFER <= log.last_at,
        excursions=queries.list_excursions(db.session, log_id),
        **names_for(db.session, [log.attached_by_id], []),
    )


@bp.route("/<uuid:log_id>/file")
@requires("custody.hand_over")
def file(log_id: UUID) -> ResponseReturnValue:
    """The file as it came."""
    log = queries.get_log(db.session, current_actor(), log_id)
    content, _media_type = read_file(db.session, log.file_sha256)
    answer = Response(content, content_type="application/octet-stream")
    answer.headers.set("Content-Disposition", "attachment", filename=log.file_name)
    return answer
