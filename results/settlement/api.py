"""Settlements as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lims.auth.permissions import requires
from lims.db import db
from lims.web.api import ApiBlueprint, perform
from lims.web.current import current_actor
from results.settlement import queries, services
from results.settlement.schemas import SettlementIn, SettlementOut, SettlementsOut

blp = ApiBlueprint("settlements_api", __name__, url_prefix="/api/v1/settlements", description="Settlements")


@blp.route("", methods=["GET"])
@requires("settlement.see")
@blp.response(200, SettlementsOut)
def list_settlements() -> Any:
    """The settlements of one's organisation, the newest first."""
    return {"settlements": queries.list_settlements(db.session, current_actor())}


@blp.route("", methods=["POST"])
@requires("settlement.draw")
@blp.arguments(SettlementIn)
@blp.response(201, SettlementOut)
@blp.refuses(404, 409)
def create_settlement(body: Mapping[str, Any]) -> Any:
    """Draw up what is owed for a period."""
    return perform(
        lambda uow: services.draw_up(uow, body["lab_id"], body["first_day"], body["last_day"]), SettlementOut()
    )


@blp.route("/<uuid:settlement_id>", methods=["GET"])
@requires("settlement.see")
@blp.response(200, SettlementOut)
@blp.refuses(404)
def get_settlement(settlement_id: UUID) -> Any:
    """One settlement."""
    return queries.get_settlement(db.session, current_actor(), settlement_id)


@blp.route("/<uuid:settlement_id>/confirmation", methods=["POST"])
@requires("settlement.confirm")
@blp.response(201, SettlementOut)
@blp.refuses(404, 409)
def confirm_settlement(settlement_id: UUID) -> Any:
    """The laboratory agrees."""
    return perform(lambda uow: services.confirm_settlement(uow, settlement_id), SettlementOut())
