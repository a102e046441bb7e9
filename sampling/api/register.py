"""The business register and signals as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lims.auth.permissions import requires
from lims.db import db
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import BY_NAME, list_answer, page_of, read_cursor
from sampling import queries
from sampling.api.problems import food_id, said
from sampling.schemas import (
    BusinessesIn,
    BusinessesOut,
    BusinessIn,
    BusinessOut,
    DismissalIn,
    SignalIn,
    SignalOut,
    SignalsOut,
)
from sampling.services.businesses import BusinessInput, register_business
from sampling.services.signals import SignalInput, confirm_signal, dismiss_signal, take_signal

blp = ApiBlueprint("register_api", __name__, url_prefix="/api/v1", description="Business register and signals")


@blp.route("/businesses", methods=["GET"])
@requires("sampling.plan")
@blp.arguments(BusinessesIn, location="query")
@blp.response(200, BusinessesOut)
@blp.refuses(*READS)
def list_businesses(asked: Mapping[str, Any]) -> Any:
    """The register by name."""
    after = read_cursor(asked["cursor"], BY_NAME)
    rows = queries.list_businesses(db.session, current_actor(), words=asked["q"], after=after, limit=queries.PAGE + 1)
    page = page_of(rows, queries.PAGE, lambda row: (row.business.name, row.business.id))
    return list_answer(page, [row.business for row in page.rows])


@blp.route("/businesses", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(BusinessIn)
@blp.response(201, BusinessOut)
@blp.refuses(*WRITES)
def post_business(body: Mapping[str, Any]) -> Any:
    """Put a business into the register."""
    values = {name: value for name, value in body.items() if name != "food_category_codes"}
    with unit_of_work(current_actor()) as uow:
        foods = [food_id(uow.session, code, "food_category_codes") for code in body["food_category_codes"]]
        made = register_business(uow, BusinessInput(**values), foods)
        return said(answer(uow, BusinessOut().dump(made)))


@blp.route("/signals", methods=["GET"])
@requires("sampling.plan")
@blp.response(200, SignalsOut)
@blp.refuses(*READS)
def list_signals() -> Any:
    """Signals of one's organisation, the undecided first."""
    return {"items": queries.list_signals(db.session, current_actor())}


@blp.route("/signals", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(SignalIn)
@blp.response(201, SignalOut)
@blp.refuses(*WRITES)
def post_signal(body: Mapping[str, Any]) -> Any:
    """Take in a signal."""
    values = {name: value for name, value in body.items() if name != "food_category_code"}
    code = body["food_category_code"]
    with unit_of_work(current_actor()) as uow:
        food = None if code is None else food_id(uow.session, code)
        made = take_signal(uow, SignalInput(**values, food_category_id=food))
        return said(answer(uow, SignalOut().dump(made)))


@blp.route("/signals/<uuid:signal_id>/confirmation", methods=["POST"])
@requires("sampling.plan")
@blp.response(201, SignalOut)
@blp.refuses(*WRITES)
def post_confirmation(signal_id: UUID) -> Any:
    """Let a signal steer samples."""
    with unit_of_work(current_actor()) as uow:
        return said(answer(uow, SignalOut().dump(confirm_signal(uow, signal_id))))


@blp.route("/signals/<uuid:signal_id>/dismissal", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(DismissalIn)
@blp.response(201, SignalOut)
@blp.refuses(*WRITES)
def post_dismissal(body: Mapping[str, Any], signal_id: UUID) -> Any:
    """Put a signal aside."""
    with unit_of_work(current_actor()) as uow:
        return said(answer(uow, SignalOut().dump(dismiss_signal(uow, signal_id, body["reason"]))))
