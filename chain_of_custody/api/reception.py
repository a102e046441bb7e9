"""Reception and blind codes as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chain_of_custody import services
from chain_of_custody.schemas import (
    BlindCodeIn,
    BlindCodeOut,
    GivingUpIn,
    GivingUpOut,
    ReceptionIn,
    ReceptionOut,
    RelabelIn,
)
from chain_of_custody.types import ReceptionChecks
from lims.auth.permissions import requires
from lims.uow import unit_of_work
from lims.web.api import ApiBlueprint, answer
from lims.web.current import current_actor
from sampling.models import Sample

blp = ApiBlueprint("reception_api", __name__, url_prefix="/api/v1/samples", description="Reception and blind codes")


@blp.route("/<uuid:sample_id>/reception", methods=["POST"])
@requires("custody.receive")
@blp.arguments(ReceptionIn)
@blp.response(201, ReceptionOut)
@blp.refuses(401, 403, 404, 409, 422)
def create_reception(body: Mapping[str, Any], sample_id: UUID) -> Any:
    """Write down the six checks of a sample, and accept or refuse it."""
    checks = ReceptionChecks(**{name: body[name] for name in ReceptionChecks.__slots__})
    with unit_of_work(current_actor()) as uow:
        written = services.decide_reception(uow, sample_id, checks, body["refusal_reason"], accepts=body["accepted"])
        dumped: Mapping[str, Any] = ReceptionOut().dump(written)
        return answer(uow, dumped)


@blp.route("/<uuid:sample_id>/blind-code", methods=["POST"])
@requires("custody.receive")
@blp.arguments(BlindCodeIn)
@blp.response(201, BlindCodeOut)
@blp.refuses(401, 403, 404, 409, 422)
def create_blind_code(body: Mapping[str, Any], sample_id: UUID) -> Any:
    """Give the test portion its blind code."""
    with unit_of_work(current_actor()) as uow:
        blind = services.recode(uow, sample_id, body["blindness"])
        dumped: Mapping[str, Any] = BlindCodeOut().dump(blind)
        return answer(uow, dumped)


@blp.route("/<uuid:sample_id>/relabelling", methods=["POST"])
@requires("custody.receive")
@blp.arguments(RelabelIn)
@blp.response(201, BlindCodeOut)
@blp.refuses(401, 403, 404, 409, 422)
def create_relabelling(body: Mapping[str, Any], sample_id: UUID) -> Any:
    """Give the test portion another blind code."""
    with unit_of_work(current_actor()) as uow:
        blind = services.relabel(uow, sample_id, body["blindness"], body["reason"])
        dumped: Mapping[str, Any] = BlindCodeOut().dump(blind)
        return answer(uow, dumped)


@blp.route("/<uuid:sample_id>/giving-up", methods=["POST"])
@requires("custody.receive")
@blp.arguments(GivingUpIn)
@blp.response(201, GivingUpOut)
@blp.refuses(401, 403, 404, 409, 422)
def give_up_sample(body: Mapping[str, Any], sample_id: UUID) -> Any:
    """End an accepted sample that cannot be tested, before it has its blind code."""
    with unit_of_work(current_actor()) as uow:
        services.give_up_sample(uow, sample_id, body["reason"])
        ended = uow.session.get_one(Sample, sample_id)
        shown = {"sample_id": ended.id, "state": ended.state, "reason": ended.ended_reason}
        dumped: Mapping[str, Any] = GivingUpOut().dump(shown)
        return answer(uow, dumped)
