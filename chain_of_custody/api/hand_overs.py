"""Hand-overs as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chain_of_custody import queries, services
from chain_of_custody.models import HandOver
from chain_of_custody.queries.hand_overs import PAGE
from chain_of_custody.schemas import (
    ConfirmationIn,
    ExceptionOut,
    HandOverDetailOut,
    HandOverIn,
    HandOversIn,
    HandOversOut,
    ResolutionIn,
)
from chain_of_custody.types import Packing, Scan
from lims.auth.permissions import requires
from lims.db import db
from lims.files import IMAGES, store_file
from lims.uow import unit_of_work
from lims.web.api import ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import list_answer, page_of, read_cursor

blp = ApiBlueprint("hand_overs_api", __name__, url_prefix="/api/v1/hand-overs", description="Hand-overs")


def _detail(session: Session, hand_over: HandOver) -> Mapping[str, Any]:
    shown = {name: getattr(hand_over, name) for name in HandOverDetailOut().fields if hasattr(hand_over, name)}
    dumped: Mapping[str, Any] = HandOverDetailOut().dump(
        shown
        | {
            "lines": queries.list_listed_portions(session, hand_over.id),
            "exceptions": queries.list_exceptions(session, hand_over.id),
        }
    )
    return dumped


@blp.route("", methods=["GET"])
@requires("custody.hand_over")
@blp.arguments(HandOversIn, location="query")
@blp.response(200, HandOversOut)
@blp.refuses(401, 403, 422)
def list_hand_overs(asked: Mapping[str, Any]) -> Any:
    """Hand-overs from or to one's organisation, the newest first."""
    rows = queries.list_hand_overs(
        db.session,
        current_actor().require_organisation(),
        state=asked.get("state"),
        after=read_cursor(asked["cursor"]),
        limit=PAGE + 1,
    )
    page = page_of(rows, PAGE, lambda row: (row.hand_over.offered_at, row.hand_over.id))
    return list_answer(page, [row.hand_over for row in page.rows])


@blp.route("", methods=["POST"])
@requires("custody.hand_over")
@blp.arguments(HandOverIn)
@blp.response(201, HandOverDetailOut)
@blp.refuses(401, 403, 404, 409, 422)
def create_hand_over(body: Mapping[str, Any]) -> Any:
    """Offer portions to their laboratory; with a consignment number they are given to a carrier."""
    numbers, lab_id = body["portion_nos"], body["to_organisation_id"]
    with unit_of_work(current_actor()) as uow:
        photo = body["box_photo"]
        packing = Packing(
            body["box_no"],
            body["ice_packs"],
            body["ice_placed_at"],
            None if photo is None else store_file(uow, photo, allowed=IMAGES),
        )
        if body["consignment_no"] is None:
            made = services.offer_hand_over(uow, numbers, lab_id, packing)
        else:
            made = services.hand_to_courier(uow, numbers, lab_id, body["consignment_no"], packing)
        return answer(uow, _detail(uow.session, made))


@blp.route("/<uuid:hand_over_id>", methods=["GET"])
@requires("custody.hand_over")
@blp.response(200, HandOverDetailOut)
@blp.refuses(401, 403, 404)
def get_hand_over(hand_over_id: UUID) -> Any:
    """One hand-over with its list and what did not match."""
    return _detail(db.session, queries.get_hand_over(db.session, current_actor(), hand_over_id)), 200


@blp.route("/<uuid:hand_over_id>/confirmation", methods=["POST"])
@requires("custody.receive")
@blp.arguments(ConfirmationIn)
@blp.response(201, HandOverDetailOut)
@blp.refuses(401, 403, 404, 409, 422)
def confirm_hand_over(body: Mapping[str, Any], hand_over_id: UUID) -> Any:
    """Take what arrived; what does not match the list opens exceptions."""
    scans = [Scan(one["portion_no"], one["seal_intact"], one["seal_no"]) for one in body["scans"]]
    with unit_of_work(current_actor()) as uow:
        services.confirm_hand_over(uow, hand_over_id, scans, body["celsius"])
        uow.session.flush()
        return answer(uow, _detail(uow.session, uow.session.get_one(HandOver, hand_over_id)))


@blp.route("/<uuid:hand_over_id>/withdrawal", methods=["POST"])
@requires("custody.hand_over")
@blp.response(201, HandOverDetailOut)
@blp.refuses(401, 403, 404, 409)
def withdraw_hand_over(hand_over_id: UUID) -> Any:
    """Take an offer back."""
    with unit_of_work(current_actor()) as uow:
        services.withdraw_hand_over(uow, hand_over_id)
        uow.session.flush()
        return answer(uow, _detail(uow.session, uow.session.get_one(HandOver, hand_over_id)))


@blp.route("/exceptions/<uuid:exception_id>/resolution", methods=["POST"])
@requires("custody.hand_over")
@blp.arguments(ResolutionIn)
@blp.response(201, ExceptionOut)
@blp.refuses(401, 403, 404, 409, 422)
def resolve_exception(body: Mapping[str, Any], exception_id: UUID) -> Any:
    """Write down how something that did not match was cleared up."""
    with unit_of_work(current_actor()) as uow:
        resolved = services.resolve_exception(uow, exception_id, body["resolution"])
        dumped: Mapping[str, Any] = ExceptionOut().dump(resolved)
        return answer(uow, dumped)
