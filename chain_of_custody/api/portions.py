"""Seals, portions and places as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chain_of_custody import queries, services
from chain_of_custody.schemas import (
    FindIn,
    FoundOut,
    MoveIn,
    MoveOut,
    PlaceIn,
    PlaceOut,
    PortionsOut,
    SealsIn,
)
from chain_of_custody.types import PortionKind
from lims.actors import Actor
from lims.auth.permissions import LOGGED_IN, requires
from lims.db import db
from lims.errors import NotFoundError
from lims.uow import unit_of_work
from lims.web.api import ApiBlueprint, answer
from lims.web.current import current_actor
from sampling.models import Sample

blp = ApiBlueprint("portions_api", __name__, url_prefix="/api/v1", description="Portions, seals and places")


def _portions(session: Session, actor: Actor, sample: Sample) -> dict[str, Any]:
    numbers = [portion.id for portion in queries.list_portions(session, sample.id)]
    return {
        "portions": queries.list_cards(session, numbers),
        "trail": queries.visible_trail(session, actor, sample),
    }


@blp.route("/samples/<uuid:sample_id>/seals", methods=["POST"])
@requires("custody.seal")
@blp.arguments(SealsIn)
@blp.response(201, PortionsOut)
@blp.refuses(401, 403, 404, 409, 422)
def seal_portions(body: Mapping[str, Any], sample_id: UUID) -> Any:
    """Seal the portions of a sample at the place it was taken."""
    seals = {PortionKind.TEST: body["test_seal_no"]}
    if body["backup_seal_no"]:
        seals[PortionKind.BACKUP] = body["backup_seal_no"]
    labels = {kind: body[f"{kind.value}_label_no"] for kind in PortionKind if body[f"{kind.value}_label_no"]}
    with unit_of_work(current_actor()) as uow:
        services.seal_portions(uow, sample_id, seals, labels)
        uow.session.flush()
        made = _portions(uow.session, uow.actor, uow.session.get_one(Sample, sample_id))
        return answer(uow, _dump(PortionsOut(), made))


def _dump(schema: Any, shown: Any) -> Mapping[str, Any]:
    dumped: Mapping[str, Any] = schema.dump(shown)
    return dumped


@blp.route("/samples/<uuid:sample_id>/portions", methods=["GET"])
@requires(LOGGED_IN)
@blp.response(200, PortionsOut)
@blp.refuses(401, 404)
def list_portions(sample_id: UUID) -> Any:
    """The portions of a sample and their way, as far as one may follow it."""
    actor = current_actor()
    sample = db.session.get(Sample, sample_id)
    if sample is None or not queries.may_see_custody(db.session, actor, sample):
        raise NotFoundError
    return _portions(db.session, actor, sample)


@blp.route("/portions", methods=["GET"])
@requires(LOGGED_IN)
@blp.arguments(FindIn, location="query")
@blp.response(200, FoundOut)
@blp.refuses(401, 404, 422)
def find_portion(asked: Mapping[str, Any]) -> Any:
    """Where the portion with this number, seal or blind code is, and what happened to it."""
    actor = current_actor()
    found = queries.find_portion(db.session, actor, asked["code"])
    if found is None:
        raise NotFoundError
    [card] = queries.list_cards(db.session, [found.portion_id])
    trail = queries.visible_trail(db.session, actor, db.session.get_one(Sample, found.sample_id))
    return asdict(card) | {
        "state": found.state,
        "place": [place.code for place in queries.place_of(db.session, found.portion_id)],
        "trail": [step for step in trail if step.portion_no == found.portion_no],
    }


@blp.route("/storage-moves", methods=["POST"])
@requires("custody.receive")
@blp.arguments(MoveIn)
@blp.response(201, MoveOut)
@blp.refuses(401, 403, 404, 422)
def move_portion(body: Mapping[str, Any]) -> Any:
    """Note that a portion was put into a place."""
    with unit_of_work(current_actor()) as uow:
        moved = services.move_portion(uow, body["portion_no"], body["place_code"])
        uow.session.flush()
        return answer(uow, _dump(MoveOut(), moved))


@blp.route("/storage-places", methods=["GET"])
@requires("custody.receive")
@blp.response(200, PlaceOut(many=True))
@blp.refuses(401, 403)
def list_places() -> Any:
    """The storage tree, each place before what lies in it."""
    waiting = queries.list_places(db.session, current_actor().require_organisation())
    places = []
    while waiting:
        node = waiting.pop(0)
        places.append(node.place)
        waiting = [*node.inside, *waiting]
    return places


@blp.route("/storage-places", methods=["POST"])
@requires("custody.receive")
@blp.arguments(PlaceIn)
@blp.response(201, PlaceOut)
@blp.refuses(401, 403, 404, 409, 422)
def add_place(body: Mapping[str, Any]) -> Any:
    """Put a place into the storage tree."""
    with unit_of_work(current_actor()) as uow:
        place = services.add_place(uow, body["code"], body["name"], body["level"], body["parent_id"])
        return answer(uow, _dump(PlaceOut(), place))
