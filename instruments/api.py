"""Instruments as JSON: what readers deliver and say of their ports, and what people decide about readings."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from instruments import queries
from instruments.queries import PAGE
from instruments.schemas import (
    AssignIn,
    ConnectionsIn,
    ConnectionsOut,
    FileIn,
    FileOut,
    LookedAgainOut,
    ReadingOut,
    ReadingsIn,
    ReadingsOut,
    ReadingsPageIn,
    RejectIn,
    TakenOut,
)
from instruments.services import connections, files, readings
from instruments.types import Delivered, FileState, ReadingState
from lims.auth.permissions import requires
from lims.db import db
from lims.uow import unit_of_work
from lims.web.api import ApiBlueprint, ProblemSchema, answer
from lims.web.current import current_actor
from lims.web.paging import list_answer, page_of, read_cursor

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
        taken = readings.take_readings(uow, body["instrument"], delivered)
        dumped: Mapping[str, Any] = TakenOut().dump(
            {
                "instrument_id": taken.instrument_id,
                "taken": len(taken.new),
                "known": len(delivered) - len(taken.new),
                "quarantined": sum(one.state is ReadingState.QUARANTINED for one in taken.new),
            }
        )
        return answer(uow, dumped)


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
        after=read_cursor(asked["cursor"]),
        limit=PAGE + 1,
    )
    return list_answer(page_of([one for one, _instrument in rows], PAGE, lambda one: (one.received_at, one.id)))


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
            readings.assign_reading(uow, reading_id, body["blind_code"], body["reason"])
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
        dumped: Mapping[str, Any] = ReadingOut().dump(readings.reject_reading(uow, reading_id, body["reason"]))
        return answer(uow, dumped)


@blp.route("/readings/<uuid:reading_id>/second-look", methods=["POST"])
@requires("instruments.manage")
@blp.response(201, LookedAgainOut)
@blp.alt_response(401, schema=ProblemSchema)
@blp.alt_response(403, schema=ProblemSchema)
@blp.alt_response(404, schema=ProblemSchema)
@blp.alt_response(409, schema=ProblemSchema)
def look_again(reading_id: UUID) -> Any:
    """Read a unit again after its driver was mended, or match a reading again after a code or a run was given."""
    with unit_of_work(current_actor()) as uow:
        came = readings.look_again(uow, reading_id)
        dumped: Mapping[str, Any] = LookedAgainOut().dump({"readings": len(came), "matched": not came})
        return answer(uow, dumped)


@blp.route("/connections", methods=["PUT"])
@requires("instruments.deliver")
@blp.arguments(ConnectionsIn)
@blp.response(200, ConnectionsOut)
@blp.alt_response(401, schema=ProblemSchema)
@blp.alt_response(403, schema=ProblemSchema)
@blp.alt_response(422, schema=ProblemSchema)
def put_connections(body: Mapping[str, Any]) -> Any:
    """Say how the connections of one reader are now; what it said before is forgotten."""
    ports = [
        {
            "instrument_name": port["instrument"],
            "is_healthy": port["healthy"],
            **{name: port[name] for name in port if name not in {"instrument", "healthy"}},
        }
        for port in body["ports"]
    ]
    with unit_of_work(current_actor()) as uow:
        connections.report_connections(uow, body["reader"], ports)
    return {"ports": len(ports)}


@blp.route("/files", methods=["POST"])
@requires("instruments.deliver")
@blp.arguments(FileIn)
@blp.response(201, FileOut)
@blp.alt_response(401, schema=ProblemSchema)
@blp.alt_response(403, schema=ProblemSchema)
@blp.alt_response(404, schema=ProblemSchema)
@blp.alt_response(409, schema=ProblemSchema)
@blp.alt_response(422, schema=ProblemSchema)
def create_file(body: Mapping[str, Any]) -> Any:
    """Hand in a file of readings. Its rows wait to be looked at; `take` takes all that can be read at once."""
    with unit_of_work(current_actor()) as uow:
        received = files.receive_file(
            uow,
            body["instrument"],
            body["name"],
            body["content_base64"],
            profile_name=body["profile"],
            keep_unread=True,
        )
        file = received.file
        staged = files.stage_file(uow.session, uow.actor.require_organisation(), file)
        taken = 0
        if body["take"] and file.state is FileState.WAITING and staged.takeable:
            taken = files.take_rows(uow, file.id)
        dumped: Mapping[str, Any] = FileOut().dump(
            {
                "id": file.id,
                "state": file.state,
                "known": not received.is_new,
                "profile": file.profile_name,
                "problem": None if staged.problem is None else str(staged.problem),
                "taken": taken,
                "rows": staged.counts,
            }
        )
        return answer(uow, dumped)
