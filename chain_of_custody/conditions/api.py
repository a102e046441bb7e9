"""Files of data loggers as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chain_of_custody.conditions import queries, services
from chain_of_custody.conditions.models import TemperatureLog
from chain_of_custody.conditions.schemas import PlaceLogIn, TemperatureLogIn, TemperatureLogOut, TemperatureLogsOut
from chain_of_custody.queries import get_hand_over, get_place
from lims.auth.permissions import requires
from lims.db import columns_of, db
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor

blp = ApiBlueprint("temperature_logs_api", __name__, url_prefix="/api/v1", description="Data loggers")


def _dump(session: Session, log: TemperatureLog) -> Mapping[str, Any]:
    shown = columns_of(log)
    more = {"sha256": log.file_sha256.hex(), "excursions": queries.list_excursions(session, log.id)}
    dumped: Mapping[str, Any] = TemperatureLogOut().dump(shown | more)
    return dumped


@blp.route("/hand-overs/<uuid:hand_over_id>/temperature-logs", methods=["GET"])
@requires("custody.hand_over")
@blp.response(200, TemperatureLogsOut)
@blp.refuses(*READS)
def list_journeys(hand_over_id: UUID) -> Any:
    """The logs of a journey."""
    get_hand_over(db.session, current_actor(), hand_over_id)
    logs = queries.list_logs(db.session, hand_over_id=hand_over_id)
    return {"items": [_dump(db.session, log) for log in logs]}, 200


@blp.route("/hand-overs/<uuid:hand_over_id>/temperature-logs", methods=["POST"])
@requires("custody.hand_over")
@blp.arguments(TemperatureLogIn)
@blp.response(201, TemperatureLogOut)
@blp.refuses(*WRITES)
def attach_to_hand_over(body: Mapping[str, Any], hand_over_id: UUID) -> Any:
    """Attach the log of a journey; what was too warm opens exceptions."""
    with unit_of_work(current_actor()) as uow:
        file = services.LogFile(body["file_name"], body["content"])
        log = services.attach_to_hand_over(uow, hand_over_id, file)
        uow.session.flush()
        return answer(uow, _dump(uow.session, log))


@blp.route("/storage-places/<uuid:place_id>/temperature-logs", methods=["GET"])
@requires("custody.keep")
@blp.response(200, TemperatureLogsOut)
@blp.refuses(*READS)
def list_of_place(place_id: UUID) -> Any:
    """The logs of a place of the store."""
    get_place(db.session, current_actor().require_organisation(), place_id)
    return {"items": [_dump(db.session, log) for log in queries.list_logs(db.session, place_id=place_id)]}, 200


@blp.route("/storage-places/<uuid:place_id>/temperature-logs", methods=["POST"])
@requires("custody.keep")
@blp.arguments(PlaceLogIn)
@blp.response(201, TemperatureLogOut)
@blp.refuses(*WRITES)
def attach_to_place(body: Mapping[str, Any], place_id: UUID) -> Any:
    """Attach the log of a fridge, freezer or room."""
    with unit_of_work(current_actor()) as uow:
        file = services.LogFile(body["file_name"], body["content"])
        log = services.attach_to_place(uow, place_id, file, body["condition"])
        uow.session.flush()
        return answer(uow, _dump(uow.session, log))
