"""Readings as JSON: what readers deliver, and what people decide about those that nothing matched."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from instruments import queries, services
from instruments.queries import PAGE
from instruments.schemas import AssignIn, ReadingOut, ReadingsIn, ReadingsOut, ReadingsPageIn, RejectIn, TakenOut
from instruments.types import Delivered, ReadingState
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.uow import unit_of_work
from lims.web.api import ApiBlueprint, ProblemSchema, answer
from lims.web.current import current_actor

blp = ApiBlueprint("instruments_api", __name__, url_prefix="/api/v1/instruments", description="Instruments")


@blp.route("/readings", methods=["POST"])
@requires("instruments.deliver")
@blp.arguments(ReadingsIn)
@blp.response(201, TakenOut)
@blp.alt_response(401, schema=ProblemSchema)
@blp.alt_response(403, schema=ProblemSchema)
@blp.alt_response(409, schema=ProblemSchema)
@blp.alt_response(422, schema=ProblemSchema)
def create_readings(body: Mapping[str, Any]) -> Any:
    """Deliver readings of one instrument; those that are known change nothing."""
    delivered = [
        Delivered(raw=bytes.fromhex(one["raw_hex"]), **{name: one[name] for name in one if name != "raw_hex"})
        for one in body["readings"]
    ]
    with unit_of_work(current_actor()) as uow:
        stored = services.take_readings(uow, body["instrument"], delivered)
        dumped: Mapping[str, Any] = TakenOut().dump(
            {
                "instrument_id": stored[0].instrument_id if stored else None,
                "taken": len(stored),
                "known": len(delivered) - len(stored),
                "quarantined": sum(one.state is ReadingState.QUARANTINED for one in stored),
            }
        )
        return answer(uow, dumped)


def _read_cursor(text: str) -> tuple[datetime, UUID]:
    instant, _comma, key = text.partition(",")
    try:
        after = (datetime.fromisoformat(instant), UUID(key))
    except ValueError:
        after = None
    if after is None or after[0].tzinfo is None:
        raise InvalidInputError(
            _l("“%(cursor)s” is no cursor; use next_cursor of the page before.", cursor=text), field="cursor"
        )
    return after


@blp.route("/readings", methods=["GET"])
@requires("instruments.manage")
@blp.arguments(ReadingsPageIn, location="query")
@blp.response(200, ReadingsOut)
@blp.alt_response(401, schema=ProblemSchema)
@blp.alt_response(403, schema=ProblemSchema)
@blp.alt_response(422, schema=ProblemSchema)
def list_readings(asked: Mapping[str, Any]) -> Any:
    """Readings of one's laboratory, the newest first."""
    rows = queries.list_readings(
        db.session,
        current_actor().require_organisation(),
        state=asked.get("state"),
        after=_read_cursor(asked["cursor"]) if asked.get("cursor") else None,
        limit=PAGE + 1,
    )
    shown = [reading for reading, _instrument in rows[:PAGE]]
    last = shown[-1] if len(rows) > PAGE else None
    return {"items": shown, "next_cursor": f"{last.received_at.isoformat()},{last.id}" if last else None}


@blp.route("/readings/<uuid:reading_id>/assignment", methods=["POST"])
@requires("instruments.manage")
@blp.arguments(AssignIn)
@blp.response(201, ReadingOut)
@blp.alt_response(401, schema=ProblemSchema)
@blp.alt_response(403, schema=ProblemSchema)
@blp.alt_response(404, schema=ProblemSchema)
@blp.alt_response(409, schema=ProblemSchema)
@blp.alt_response(422, schema=ProblemSchema)
def assign_reading(body: Mapping[str, Any], reading_id: UUID) -> Any:
    """Tie a quarantined reading to a sample."""
    with unit_of_work(current_actor()) as uow:
        dumped: Mapping[str, Any] = ReadingOut().dump(
            services.assign_reading(uow, reading_id, body["blind_code"], body["reason"])
        )
        return answer(uow, dumped)


@blp.route("/readings/<uuid:reading_id>/rejection", methods=["POST"])
@requires("instruments.manage")
@blp.arguments(RejectIn)
@blp.response(201, ReadingOut)
@blp.alt_response(401, schema=ProblemSchema)
@blp.alt_response(403, schema=ProblemSchema)
@blp.alt_response(404, schema=ProblemSchema)
@blp.alt_response(409, schema=ProblemSchema)
@blp.alt_response(422, schema=ProblemSchema)
def reject_reading(body: Mapping[str, Any], reading_id: UUID) -> Any:
    """Say that a reading is not used."""
    with unit_of_work(current_actor()) as uow:
        dumped: Mapping[str, Any] = ReadingOut().dump(services.reject_reading(uow, reading_id, body["reason"]))
        return answer(uow, dumped)
