"""The expiry board as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any

from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.web.api import READS, ApiBlueprint
from lims.web.current import current_actor
from results.expiry.queries import board
from results.expiry.schemas import BoardIn, BoardOut

blp = ApiBlueprint("expiry_api", __name__, url_prefix="/api/v1/expiry", description="What ends when")


@blp.route("", methods=["GET"])
@requires("results.expiry")
@blp.arguments(BoardIn, location="query")
@blp.response(200, BoardOut)
@blp.refuses(*READS)
def list_endings(asked: Mapping[str, Any]) -> Any:
    """What ends in one's laboratory, the earliest first."""
    today = clock.local_date(clock.now())
    return {"items": board(db.session, current_actor().require_organisation(), today, asked["kind"])}
