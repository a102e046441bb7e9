"""Number blocks as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from lims.auth.permissions import requires
from lims.db import columns_of, db
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import PAGE, CursorIn, list_answer, page_of, read_cursor
from sampling.given_sheets.queries import get_sheet
from sampling.given_sheets.schemas import SheetIn
from sampling.number_blocks import queries, services
from sampling.number_blocks.models import NumberBlockFile
from sampling.number_blocks.schemas import (
    CloseBlockIn,
    NumberBlockFileOut,
    NumberBlockOut,
    NumberBlocksOut,
)

blp = ApiBlueprint(
    "number_blocks_api", __name__, url_prefix="/api/v1", description="Blocks of sampling numbers that were given"
)


def _look(session: Session, file: NumberBlockFile) -> Mapping[str, Any]:
    staged = services.stage_file(session, file)
    more = {"sha256": file.file_sha256.hex(), "problem": staged.problem, "rows": staged.rows}
    return columns_of(file) | more


def _dump_file(session: Session, file: NumberBlockFile) -> Mapping[str, Any]:
    dumped: Mapping[str, Any] = NumberBlockFileOut().dump(_look(session, file))
    return dumped


@blp.route("/number-block-files", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(SheetIn)
@blp.response(201, NumberBlockFileOut)
@blp.refuses(*WRITES)
def receive_file(body: Mapping[str, Any]) -> Any:
    """Hand in a sheet of number blocks; nothing is taken yet."""
    with unit_of_work(current_actor()) as uow:
        file = services.receive_file(uow, body["file_name"], body["content"])
        return answer(uow, _dump_file(uow.session, file))


@blp.route("/number-block-files/<uuid:file_id>", methods=["GET"])
@requires("sampling.plan")
@blp.response(200, NumberBlockFileOut)
@blp.refuses(*READS)
def get_file(file_id: UUID) -> Any:
    """A sheet row by row: what would be taken now."""
    return _look(db.session, get_sheet(db.session, NumberBlockFile, current_actor(), file_id))


@blp.route("/number-block-files/<uuid:file_id>/taking", methods=["POST"])
@requires("sampling.plan")
@blp.response(201, NumberBlockFileOut)
@blp.refuses(*WRITES)
def take_blocks(file_id: UUID) -> Any:
    """Take every new row of a sheet."""
    with unit_of_work(current_actor()) as uow:
        services.take_blocks(uow, file_id)
        uow.session.flush()
        return answer(uow, _dump_file(uow.session, get_sheet(uow.session, NumberBlockFile, uow.actor, file_id)))


@blp.route("/number-blocks", methods=["GET"])
@requires("sampling.plan")
@blp.arguments(CursorIn, location="query")
@blp.response(200, NumberBlocksOut)
@blp.refuses(*READS)
def list_blocks(asked: Mapping[str, Any]) -> Any:
    """The blocks of one's organisation, the newest first, with what is left of each."""
    rows = queries.list_blocks(db.session, current_actor(), after=read_cursor(asked["cursor"]), limit=PAGE + 1)
    return list_answer(page_of(rows, PAGE, lambda row: (row.block.taken_at, row.block.id)))


@blp.route("/number-blocks/<uuid:block_id>", methods=["GET"])
@requires("sampling.plan")
@blp.response(200, NumberBlockOut)
@blp.refuses(*READS)
def get_block(block_id: UUID) -> Any:
    """One block and what became of its numbers."""
    return queries.get_block(db.session, current_actor(), block_id)


@blp.route("/number-blocks/<uuid:block_id>/closing", methods=["POST"])
@requires("sampling.plan")
@blp.arguments(CloseBlockIn)
@blp.response(201, NumberBlockOut)
@blp.refuses(*WRITES)
def close_block(body: Mapping[str, Any], block_id: UUID) -> Any:
    """Lease no further number from a block."""
    with unit_of_work(current_actor()) as uow:
        services.close_block(uow, block_id, body["reason"])
        uow.session.flush()
        dumped: Mapping[str, Any] = NumberBlockOut().dump(queries.get_block(uow.session, uow.actor, block_id))
        return answer(uow, dumped)
