"""Rechecks as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lims.auth.permissions import requires
from lims.db import db
from lims.uow import UnitOfWork
from lims.web.api import ApiBlueprint, perform
from lims.web.current import current_actor
from results.recheck import queries, services
from results.recheck.models import Recheck
from results.recheck.schemas import (
    ApplicationIn,
    ConclusionIn,
    RecheckConclusionOut,
    RecheckOut,
    RefusalIn,
    ResultsIn,
)

blp = ApiBlueprint("rechecks_api", __name__, url_prefix="/api/v1", description="Rechecks")


@blp.route("/rechecks/<uuid:recheck_id>", methods=["GET"])
@requires("recheck.see")
@blp.response(200, RecheckOut)
@blp.refuses(404)
def get_recheck(recheck_id: UUID) -> Any:
    """One recheck."""
    return queries.get_recheck(db.session, current_actor(), recheck_id)


@blp.route("/referrals/<uuid:referral_id>/rechecks", methods=["POST"])
@requires("recheck.decide")
@blp.arguments(ApplicationIn)
@blp.response(201, RecheckOut)
@blp.refuses(404, 409)
def create_recheck(body: Mapping[str, Any], referral_id: UUID) -> Any:
    """Enter an application."""
    return perform(
        lambda uow: services.apply_for_recheck(
            uow,
            referral_id,
            body["applicant"],
            body["set_item_ids"],
            applied_on=body["applied_on"],
            grounds=body["grounds"],
        ),
        RecheckOut(),
    )


@blp.route("/rechecks/<uuid:recheck_id>/acceptance", methods=["POST"])
@requires("recheck.decide")
@blp.response(201, RecheckOut)
@blp.refuses(404, 409)
def accept(recheck_id: UUID) -> Any:
    """Accept an application."""
    return perform(lambda uow: services.accept_recheck(uow, recheck_id), RecheckOut())


@blp.route("/rechecks/<uuid:recheck_id>/refusal", methods=["POST"])
@requires("recheck.decide")
@blp.arguments(RefusalIn)
@blp.response(201, RecheckOut)
@blp.refuses(404, 409)
def refuse(body: Mapping[str, Any], recheck_id: UUID) -> Any:
    """Refuse an application in writing."""
    return perform(lambda uow: services.refuse_recheck(uow, recheck_id, body["reason"], body["note"]), RecheckOut())


@blp.route("/rechecks/<uuid:recheck_id>/draw", methods=["POST"])
@requires("recheck.decide")
@blp.response(201, RecheckOut)
@blp.refuses(404, 409)
def draw(recheck_id: UUID) -> Any:
    """Draw the laboratory by lot."""
    return perform(lambda uow: services.draw_laboratory(uow, recheck_id), RecheckOut())


@blp.route("/rechecks/<uuid:recheck_id>/results", methods=["POST"])
@requires("recheck.test")
@blp.arguments(ResultsIn)
@blp.response(201, RecheckOut)
@blp.refuses(404, 409)
def enter_results(body: Mapping[str, Any], recheck_id: UUID) -> Any:
    """What the recheck laboratory found."""

    def enter(uow: UnitOfWork) -> Recheck:
        services.enter_recheck_results(uow, recheck_id, {one["set_item_id"]: one["text"] for one in body["results"]})
        return queries.get_recheck(uow.session, uow.actor, recheck_id)

    return perform(enter, RecheckOut())


@blp.route("/rechecks/<uuid:recheck_id>/conclusion", methods=["POST"])
@requires("recheck.sign")
@blp.arguments(ConclusionIn)
@blp.response(201, RecheckConclusionOut)
@blp.refuses(404, 409)
def conclude(body: Mapping[str, Any], recheck_id: UUID) -> Any:
    """Sign the recheck; its conclusion replaces the first one."""
    return perform(lambda uow: services.conclude_recheck(uow, recheck_id, body["report_no"]), RecheckConclusionOut())
