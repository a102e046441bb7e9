"""Counts of the store as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chain_of_custody.keeping import queries, services
from chain_of_custody.keeping.models import StockCount
from chain_of_custody.keeping.schemas import (
    DifferenceOut,
    DifferenceResolutionIn,
    OneStockCountOut,
    StockCountIn,
    StockCountsOut,
    StockScansIn,
)
from lims.auth.permissions import requires
from lims.db import columns_of, db
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import PAGE, CursorIn, list_answer, page_of, read_cursor

blp = ApiBlueprint("stock_counts_api", __name__, url_prefix="/api/v1/stock-counts", description="Counts of the store")


def _dump(session: Session, counted: StockCount) -> Mapping[str, Any]:
    shown = columns_of(counted)
    shown["scanned"] = [scan.scanned for scan in queries.list_scans(session, counted.id)]
    shown["differences"] = [row.difference for row in queries.list_differences(session, counted.id)]
    dumped: Mapping[str, Any] = OneStockCountOut().dump(shown)
    return dumped


@blp.route("", methods=["GET"])
@requires("custody.keep")
@blp.arguments(CursorIn, location="query")
@blp.response(200, StockCountsOut)
@blp.refuses(*READS)
def list_counts(asked: Mapping[str, Any]) -> Any:
    """Counts of one's store, the newest first."""
    rows = queries.list_counts(
        db.session, current_actor().require_organisation(), after=read_cursor(asked["cursor"]), limit=PAGE + 1
    )
    page = page_of(rows, PAGE, lambda row: (row.count.started_at, row.count.id))
    return list_answer(page, [row.count for row in page.rows])


@blp.route("", methods=["POST"])
@requires("custody.keep")
@blp.arguments(StockCountIn)
@blp.response(201, OneStockCountOut)
@blp.refuses(*WRITES)
def create_count(body: Mapping[str, Any]) -> Any:
    """Begin to count a place and everything below it."""
    with unit_of_work(current_actor()) as uow:
        return answer(uow, _dump(uow.session, services.start_count(uow, body["place_id"])))


@blp.route("/<uuid:count_id>", methods=["GET"])
@requires("custody.keep")
@blp.response(200, OneStockCountOut)
@blp.refuses(*READS)
def get_count(count_id: UUID) -> Any:
    """One count with what was scanned and what differs."""
    found = queries.get_count(db.session, current_actor().require_organisation(), count_id)
    return _dump(db.session, found), 200


@blp.route("/<uuid:count_id>/scans", methods=["POST"])
@requires("custody.keep")
@blp.arguments(StockScansIn)
@blp.response(201, OneStockCountOut)
@blp.refuses(*WRITES)
def create_scans(body: Mapping[str, Any], count_id: UUID) -> Any:
    """Note what was read off the labels in the place."""
    with unit_of_work(current_actor()) as uow:
        services.scan_stock(uow, count_id, body["codes"])
        uow.session.flush()
        return answer(uow, _dump(uow.session, uow.session.get_one(StockCount, count_id)))


@blp.route("/<uuid:count_id>/closing", methods=["POST"])
@requires("custody.keep")
@blp.response(201, OneStockCountOut)
@blp.refuses(*WRITES)
def close_count(count_id: UUID) -> Any:
    """End a count; its differences are told."""
    with unit_of_work(current_actor()) as uow:
        services.close_count(uow, count_id)
        uow.session.flush()
        return answer(uow, _dump(uow.session, uow.session.get_one(StockCount, count_id)))


@blp.route("/<uuid:count_id>/resolutions", methods=["POST"])
@requires("custody.keep")
@blp.arguments(DifferenceResolutionIn)
@blp.response(201, DifferenceOut)
@blp.refuses(*WRITES)
def resolve_difference(body: Mapping[str, Any], count_id: UUID) -> Any:
    """Write down how a difference was cleared up."""
    with unit_of_work(current_actor()) as uow:
        resolved = services.resolve_difference(uow, count_id, body["scanned"], body["resolution"])
        dumped: Mapping[str, Any] = DifferenceOut().dump(resolved)
        return answer(uow, dumped)
