"""Pre-printed labels as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chain_of_custody import queries, services
from chain_of_custody.queries import BlockRow
from chain_of_custody.schemas import LabelBlockIn, LabelBlocksOut, OneLabelBlockOut, SpoiledLabelIn
from lims.auth.permissions import requires
from lims.db import db
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import PAGE, CursorIn, list_answer, page_of, read_cursor

blp = ApiBlueprint("label_blocks_api", __name__, url_prefix="/api/v1/label-blocks", description="Pre-printed labels")


def _facts(session: Session, block_id: UUID) -> dict[str, Any]:
    block = queries.get_label_block(session, current_actor().require_organisation(), block_id)
    names = (*BlockRow.__dataclass_fields__, "left")
    return {name: getattr(block, name) for name in names} | {"labels": queries.list_block_labels(session, block_id)}


def _dump(session: Session, block_id: UUID) -> Mapping[str, Any]:
    dumped: Mapping[str, Any] = OneLabelBlockOut().dump(_facts(session, block_id))
    return dumped


@blp.route("", methods=["GET"])
@requires("custody.seal")
@blp.arguments(CursorIn, location="query")
@blp.response(200, LabelBlocksOut)
@blp.refuses(*READS)
def list_blocks(asked: Mapping[str, Any]) -> Any:
    """The blocks of one's organisation, the newest first."""
    organisation_id = current_actor().require_organisation()
    after = read_cursor(asked["cursor"])
    rows = queries.list_label_blocks(db.session, organisation_id, after=after, limit=PAGE + 1)
    return list_answer(page_of(rows, PAGE, lambda row: (row.taken_at, row.id)))


@blp.route("", methods=["POST"])
@requires("custody.seal")
@blp.arguments(LabelBlockIn)
@blp.response(201, OneLabelBlockOut)
@blp.refuses(*WRITES)
def take_block(body: Mapping[str, Any]) -> Any:
    """Take the next numbers for labels that are printed in advance."""
    with unit_of_work(current_actor()) as uow:
        block = services.take_label_block(uow, body["count"])
        return answer(uow, _dump(uow.session, block.id))


@blp.route("/<uuid:block_id>", methods=["GET"])
@requires("custody.seal")
@blp.response(200, OneLabelBlockOut)
@blp.refuses(*READS)
def get_block(block_id: UUID) -> Any:
    """One block, and what became of each of its labels."""
    return _facts(db.session, block_id)


@blp.route("/<uuid:block_id>/spoiled-labels", methods=["POST"])
@requires("custody.seal")
@blp.arguments(SpoiledLabelIn)
@blp.response(201, OneLabelBlockOut)
@blp.refuses(*WRITES)
def spoil_label(body: Mapping[str, Any], block_id: UUID) -> Any:
    """Note that a label will be on no portion, and why."""
    with unit_of_work(current_actor()) as uow:
        services.spoil_label(uow, block_id, body["label_no"], body["reason"])
        uow.session.flush()
        return answer(uow, _dump(uow.session, block_id))
