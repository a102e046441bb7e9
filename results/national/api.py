"""The bridge to the national system as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lims import clock
from lims.auth.permissions import requires
from lims.db import columns_of, db
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import list_answer, page_of, read_cursor
from results.national import queries, services
from results.national.schemas import (
    CompareIn,
    NationalBoardIn,
    NationalBoardOut,
    NationalDifferencesOut,
    NationalExportOut,
    NationalReturnIn,
    NationalReturnOut,
)
from results.national.types import ReportingState

blp = ApiBlueprint("national_api", __name__, url_prefix="/api/v1", description="Results for the national system")


@blp.route("/national-reporting", methods=["GET"])
@requires("results.national")
@blp.arguments(NationalBoardIn, location="query")
@blp.response(200, NationalBoardOut)
@blp.refuses(*READS)
def list_board(asked: Mapping[str, Any]) -> Any:
    """Signed samples and where they stand towards the national system."""
    rows = queries.list_board(
        db.session,
        current_actor(),
        clock.now(),
        states=[asked["state"]] if asked["state"] else tuple(ReportingState),
        after=read_cursor(asked["cursor"]),
        limit=asked["limit"] + 1,
    )
    return list_answer(page_of(rows, asked["limit"], lambda row: (row.signed_at, row.sample_id)))


@blp.route("/national-exports", methods=["POST"])
@requires("results.national")
@blp.response(201, NationalExportOut)
@blp.refuses(*WRITES)
def take_out() -> Any:
    """Take the next file out; its samples count as reported."""
    with unit_of_work(current_actor()) as uow:
        export = services.take_out(uow)
        dumped: Mapping[str, Any] = NationalExportOut().dump(columns_of(export) | {"sha256": export.file_sha256.hex()})
        return answer(uow, dumped)


@blp.route("/samples/<uuid:sample_id>/national-returns", methods=["POST"])
@requires("results.national")
@blp.arguments(NationalReturnIn)
@blp.response(201, NationalReturnOut)
@blp.refuses(*WRITES)
def note_return(body: Mapping[str, Any], sample_id: UUID) -> Any:
    """Note that the national system gave a sample back."""
    with unit_of_work(current_actor()) as uow:
        dumped: Mapping[str, Any] = NationalReturnOut().dump(services.note_return(uow, sample_id, body["reason"]))
        return answer(uow, dumped)


@blp.route("/national-differences", methods=["POST"])
@requires("results.national")
@blp.arguments(CompareIn)
@blp.response(201, NationalDifferencesOut)
@blp.refuses(*WRITES)
def compare(body: Mapping[str, Any]) -> Any:
    """What disagrees between an export of the national system and ours; nothing is changed."""
    with unit_of_work(current_actor()) as uow:
        found = services.compare(uow.session, uow.actor, body["content"], uow.now)
        dumped: Mapping[str, Any] = NationalDifferencesOut().dump({"items": found})
        return answer(uow, dumped)
