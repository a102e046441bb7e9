"""Who stands on which side of a plan, who could still, and what was never used, as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from sampling import queries
from sampling.api.problems import food_id, said
from sampling.schemas.duties import DutiesOut, DutyKeyIn, DutyReleaseOut, TeamIn, TeamOut
from sampling.services.release import DutyKey, release_plan_duty

blp = ApiBlueprint("duties_api", __name__, url_prefix="/api/v1/plans", description="Sides of a plan")


@blp.route("/<uuid:plan_id>/duties", methods=["GET"])
@requires("sampling.plan")
@blp.response(200, DutiesOut)
@blp.refuses(*READS)
def list_duties(plan_id: UUID) -> Any:
    """The sides taken in a plan, with what holds them."""
    return {"items": queries.list_duties(db.session, current_actor(), plan_id)}


@blp.route("/<uuid:plan_id>/duties/releases", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(DutyKeyIn)
@blp.response(201, DutyReleaseOut)
@blp.refuses(*WRITES)
def post_release(body: Mapping[str, Any], plan_id: UUID) -> Any:
    """Give back a side that nobody acted on and no visit to come needs."""
    with unit_of_work(current_actor()) as uow:
        release_plan_duty(uow, plan_id, DutyKey(**body))
        return said(answer(uow, DutyReleaseOut().dump({**body, "plan_id": plan_id, "released_at": uow.now})))


@blp.route("/<uuid:plan_id>/team", methods=["GET"])
@requires("sampling.plan")
@blp.arguments(TeamIn, location="query")
@blp.response(200, TeamOut)
@blp.refuses(*READS)
def list_team(asked: Mapping[str, Any], plan_id: UUID) -> Any:
    """Who could be sent for a category today, and why not where they cannot."""
    category_id = food_id(db.session, asked["category_code"], "category_code")
    today = clock.local_date(clock.now())
    return {"items": queries.list_team(db.session, current_actor(), plan_id, category_id, today)}
