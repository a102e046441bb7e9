"""Objections as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lims.auth.permissions import requires
from lims.db import db
from lims.web.api import ApiBlueprint, perform
from lims.web.current import current_actor
from results.objections import queries, services
from results.objections.schemas import ObjectionIn, ObjectionOut, ObjectionRefusalIn, ReviewIn
from results.objections.services import Written

blp = ApiBlueprint("objections_api", __name__, url_prefix="/api/v1", description="Objections")


@blp.route("/objections/<uuid:objection_id>", methods=["GET"])
@requires("objection.see")
@blp.response(200, ObjectionOut)
@blp.refuses(404)
def get_objection(objection_id: UUID) -> Any:
    """One objection."""
    return queries.get_objection(db.session, current_actor(), objection_id)


@blp.route("/samples/<uuid:sample_id>/objections", methods=["POST"])
@requires("objection.decide")
@blp.arguments(ObjectionIn)
@blp.response(201, ObjectionOut)
@blp.refuses(404, 409)
def create_objection(body: Mapping[str, Any], sample_id: UUID) -> Any:
    """Enter an objection that came in on paper."""
    return perform(
        lambda uow: services.file_objection(
            uow,
            sample_id,
            body["kind"],
            body["applicant"],
            filed_on=body["filed_on"],
            written=Written(body["contact"], body["grounds"]),
        ),
        ObjectionOut(),
    )


@blp.route("/objections/<uuid:objection_id>/acceptance", methods=["POST"])
@requires("objection.decide")
@blp.response(201, ObjectionOut)
@blp.refuses(404, 409)
def create_objection_acceptance(objection_id: UUID) -> Any:
    """Accept an objection."""
    return perform(lambda uow: services.accept_objection(uow, objection_id), ObjectionOut())


@blp.route("/objections/<uuid:objection_id>/refusal", methods=["POST"])
@requires("objection.decide")
@blp.arguments(ObjectionRefusalIn)
@blp.response(201, ObjectionOut)
@blp.refuses(404, 409)
def create_objection_refusal(body: Mapping[str, Any], objection_id: UUID) -> Any:
    """Refuse an objection in writing."""
    return perform(
        lambda uow: services.refuse_objection(uow, objection_id, body["ground"], body["note"]), ObjectionOut()
    )


@blp.route("/objections/<uuid:objection_id>/review", methods=["POST"])
@requires("objection.decide")
@blp.arguments(ReviewIn)
@blp.response(201, ObjectionOut)
@blp.refuses(404, 409)
def create_objection_review(body: Mapping[str, Any], objection_id: UUID) -> Any:
    """End the review of an objection."""
    return perform(
        lambda uow: services.review_objection(uow, objection_id, body["outcome"], body["note"]), ObjectionOut()
    )
