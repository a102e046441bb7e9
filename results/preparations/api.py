"""Preparations as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy.orm import Session

from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import PAGE, CursorIn, list_answer, page_of, read_cursor
from results.preparations import queries, services
from results.preparations.schemas import (
    DiscardIn,
    MaterialIn,
    MaterialsOut,
    OnePreparationOut,
    PreparationIn,
    PreparationsOut,
)
from results.preparations.types import Recipe, Taken
from results.quality.queries.batches import get_batch

blp = ApiBlueprint("preparations_api", __name__, url_prefix="/api/v1", description="Preparations")


def _facts(session: Session, number: str) -> dict[str, Any]:
    row = queries.get_preparation(session, current_actor().require_organisation(), number)
    return {one.name: getattr(row, one.name) for one in fields(row)} | {
        "ancestry": queries.ancestry(session, row.preparation.id),
        "batches": [one.batch_no for one in queries.used_in(session, row.preparation.id)],
    }


@blp.route("/preparations", methods=["GET"])
@requires("results.batch")
@blp.arguments(CursorIn, location="query")
@blp.response(200, PreparationsOut)
@blp.refuses(*READS)
def list_all(asked: Mapping[str, Any]) -> Any:
    """What one's laboratory prepared, the newest first."""
    rows = queries.list_preparations(
        db.session,
        current_actor().require_organisation(),
        clock.local_date(clock.now()),
        after=read_cursor(asked["cursor"]),
        limit=PAGE + 1,
    )
    return list_answer(page_of(rows, PAGE, lambda row: (row.preparation.prepared_at, row.preparation.id)))


@blp.route("/preparations", methods=["POST"])
@requires("results.test")
@blp.arguments(PreparationIn)
@blp.response(201, OnePreparationOut)
@blp.refuses(*WRITES)
def create_preparation(body: Mapping[str, Any]) -> Any:
    """Write down what was prepared, from what, and until when it may be used."""
    parents = tuple(Taken(one["number"], one["amount"]) for one in body["parents"])
    recipe = Recipe(**{one.name: body[one.name] for one in fields(Recipe) if one.name != "parents"}, parents=parents)
    with unit_of_work(current_actor()) as uow:
        made = services.prepare(uow, recipe)
        return answer(uow, OnePreparationOut().dump(_facts(uow.session, made.preparation_no)))


@blp.route("/preparations/<number>", methods=["GET"])
@requires("results.batch")
@blp.response(200, OnePreparationOut)
@blp.refuses(*READS)
def get_one_preparation(number: str) -> Any:
    """A preparation with all that it comes from, and the batches it was used in."""
    return _facts(db.session, number)


@blp.route("/preparations/<number>/discarding", methods=["POST"])
@requires("results.test")
@blp.arguments(DiscardIn)
@blp.response(201, OnePreparationOut)
@blp.refuses(*WRITES)
def create_discarding(body: Mapping[str, Any], number: str) -> Any:
    """Throw a preparation away before it expires."""
    with unit_of_work(current_actor()) as uow:
        services.discard(uow, number, body["reason"])
        return answer(uow, OnePreparationOut().dump(_facts(uow.session, number)))


@blp.route("/batches/<batch_no>/materials", methods=["GET"])
@requires("results.batch")
@blp.response(200, MaterialsOut)
@blp.refuses(*READS)
def list_materials(batch_no: str) -> Any:
    """What a batch was measured with."""
    batch = get_batch(db.session, current_actor().require_organisation(), batch_no)
    return {"items": queries.materials_of_batch(db.session, batch.id)}


@blp.route("/batches/<batch_no>/materials", methods=["POST"])
@requires("results.test")
@blp.arguments(MaterialIn)
@blp.response(201, MaterialsOut)
@blp.refuses(*WRITES)
def create_material(body: Mapping[str, Any], batch_no: str) -> Any:
    """Note that a batch was measured with a preparation or a lot."""
    with unit_of_work(current_actor()) as uow:
        used = services.use_in_batch(uow, batch_no, body["number"])
        return answer(uow, MaterialsOut().dump({"items": queries.materials_of_batch(uow.session, used.batch_id)}))
