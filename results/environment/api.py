"""The environment log as JSON: sensors deliver here."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lims.auth.permissions import requires
from lims.web.api import ApiBlueprint, perform
from results.environment import services
from results.environment.schemas import EnvironmentReadingIn, EnvironmentReadingOut
from results.environment.types import RoomReading

blp = ApiBlueprint("environment_api", __name__, url_prefix="/api/v1/rooms", description="Rooms of the laboratory")


@blp.route("/<uuid:room_id>/readings", methods=["POST"])
@requires("environment.note")
@blp.arguments(EnvironmentReadingIn)
@blp.response(201, EnvironmentReadingOut)
@blp.refuses(404, 409)
def create_reading(body: Mapping[str, Any], room_id: UUID) -> Any:
    """Note what a room is."""
    reading = RoomReading(body["read_at"], body["celsius"], body["humidity"])
    return perform(lambda uow: services.note_reading(uow, room_id, reading), EnvironmentReadingOut())
