"""Unblinding by two persons as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chain_of_custody import queries, services
from chain_of_custody.models import Unblinding
from chain_of_custody.schemas import OneUnblindingOut, UnblindingDecisionIn, UnblindingIn, UnblindingsOut
from lims.auth.permissions import requires
from lims.db import columns_of, db
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import PAGE, CursorIn, list_answer, page_of, read_cursor

blp = ApiBlueprint("unblinding_api", __name__, url_prefix="/api/v1/unblindings", description="Unblinding")


def _facts(session: Session, asked: Unblinding) -> dict[str, Any]:
    return columns_of(asked) | {"opened": queries.opened_sample(session, current_actor(), asked)}


def _dump(session: Session, asked: Unblinding) -> Mapping[str, Any]:
    dumped: Mapping[str, Any] = OneUnblindingOut().dump(_facts(session, asked))
    return dumped


@blp.route("", methods=["GET"])
@requires("custody.unblind")
@blp.arguments(CursorIn, location="query")
@blp.response(200, UnblindingsOut)
@blp.refuses(*READS)
def list_unblindings(asked: Mapping[str, Any]) -> Any:
    """What was asked to be unblinded in one's laboratory, the newest first."""
    rows = queries.list_unblindings(
        db.session, current_actor().require_organisation(), after=read_cursor(asked["cursor"]), limit=PAGE + 1
    )
    return list_answer(page_of(rows, PAGE, lambda row: (row.requested_at, row.id)))


@blp.route("/<uuid:unblinding_id>", methods=["GET"])
@requires("custody.unblind")
@blp.response(200, OneUnblindingOut)
@blp.refuses(*READS)
def get_unblinding(unblinding_id: UUID) -> Any:
    """One request; whose sample it is stands there for the two who opened it."""
    found = queries.get_unblinding(db.session, current_actor().require_organisation(), unblinding_id)
    return _facts(db.session, found)


@blp.route("", methods=["POST"])
@requires("custody.unblind")
@blp.arguments(UnblindingIn)
@blp.response(201, OneUnblindingOut)
@blp.refuses(*WRITES)
def create_unblinding(body: Mapping[str, Any]) -> Any:
    """Ask to know whose sample a blind code is."""
    with unit_of_work(current_actor()) as uow:
        return answer(uow, _dump(uow.session, services.request_unblinding(uow, body["code"], body["reason"])))


@blp.route("/<uuid:unblinding_id>/decision", methods=["POST"])
@requires("custody.unblind")
@blp.arguments(UnblindingDecisionIn)
@blp.response(201, OneUnblindingOut)
@blp.refuses(*WRITES)
def create_decision(body: Mapping[str, Any], unblinding_id: UUID) -> Any:
    """Open or decline it as the second office."""
    with unit_of_work(current_actor()) as uow:
        decided = services.decide_unblinding(uow, unblinding_id, body["note"], opens=body["opens"])
        return answer(uow, _dump(uow.session, decided))
