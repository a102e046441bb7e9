"""Limit tables as JSON: look at one, send it, decide on it."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lims.auth.permissions import requires
from lims.db import db
from lims.files import store_file
from lims.i18n import gettext
from lims.limit_tables import queries
from lims.limit_tables.comparing import PreviewRow
from lims.limit_tables.models import LimitTable
from lims.limit_tables.preview import preview_table
from lims.limit_tables.schemas import (
    LimitPreviewOut,
    LimitTableIn,
    LimitTableOut,
    LimitTableRowsIn,
    LimitTableRowsOut,
    LimitTablesOut,
    SentLimitTableIn,
)
from lims.limit_tables.services import decide_table, send_table
from lims.limit_tables.types import Part, Problem, RowVerdict
from lims.limit_tables.views import DECIDE, READ, SEND
from lims.uow import UnitOfWork
from lims.web.api import READS, WRITES, ApiBlueprint, perform
from lims.web.paging import PAGE, CursorIn, list_answer, page_of, read_cursor
from lims.web.schemas import DecisionIn

blp = ApiBlueprint(
    "limit_tables_api", __name__, url_prefix="/api/v1/catalog/limit-tables", description="Tables of limits"
)


@blp.route("/preview", methods=["POST"])
@requires(SEND)
@blp.arguments(LimitTableIn)
@blp.response(200, LimitPreviewOut)
@blp.refuses(*READS)
def look_at_table(body: Mapping[str, Any]) -> Any:
    """Say what would become of each row of a table; nothing is kept."""
    looked = preview_table(db.session, body["content_base64"], body["valid_from"])
    return {"valid_from": looked.day, "counts": looked.counts, "rows": [row_facts(row) for row in looked.rows]}


@blp.route("", methods=["POST"])
@requires(SEND)
@blp.arguments(SentLimitTableIn)
@blp.response(201, LimitTableOut)
@blp.refuses(*WRITES)
def create_table(body: Mapping[str, Any]) -> Any:
    """Send a table to a second person."""

    def send(uow: UnitOfWork) -> LimitTable:
        digest = store_file(uow, body["content_base64"])
        return send_table(
            uow,
            digest,
            file_name=body["name"],
            valid_from=body["valid_from"],
            source=body["source"],
            reason=body["reason"],
        )

    return perform(send, LimitTableOut())


@blp.route("", methods=["GET"])
@requires(READ)
@blp.arguments(CursorIn, location="query")
@blp.response(200, LimitTablesOut)
@blp.refuses(401, 422)
def list_tables(asked: Mapping[str, Any]) -> Any:
    """Tables that were sent, the newest first."""
    rows = queries.list_tables(db.session, after=read_cursor(asked["cursor"]), limit=PAGE + 1)
    return list_answer(page_of(rows, PAGE, lambda row: (row.requested_at, row.id)))


@blp.route("/<uuid:table_id>", methods=["GET"])
@requires(READ)
@blp.response(200, LimitTableOut)
@blp.refuses(401, 404)
def get_table(table_id: UUID) -> Any:
    """One table that was sent."""
    return queries.get_table(db.session, table_id)


@blp.route("/<uuid:table_id>/rows", methods=["GET"])
@requires(READ)
@blp.arguments(LimitTableRowsIn, location="query")
@blp.response(200, LimitTableRowsOut)
@blp.refuses(*READS)
def list_rows(asked: Mapping[str, Any], table_id: UUID) -> Any:
    """The rows of a table, all or those of one verdict, in the order of its file."""
    queries.get_table(db.session, table_id)
    (after,) = read_cursor(asked["cursor"], (int,)) or (None,)
    rows = queries.list_rows(db.session, table_id, verdict=asked["verdict"], after=after, limit=PAGE + 1)
    page = page_of(rows, PAGE, lambda row: (row.row_no,))
    return list_answer(page, [_facts(row.row_no, row.told) for row in page.rows])


@blp.route("/<uuid:table_id>/decision", methods=["POST"])
@requires(DECIDE)
@blp.arguments(DecisionIn)
@blp.response(201, LimitTableOut)
@blp.refuses(*WRITES)
def create_decision(body: Mapping[str, Any], table_id: UUID) -> Any:
    """Approve a table, which puts it in force, or decline it; as somebody else than who sent it."""
    return perform(lambda uow: decide_table(uow, table_id, body["note"], approves=body["approves"]), LimitTableOut())


def row_facts(row: PreviewRow) -> dict[str, Any]:
    """A row that was looked at, with its problems in words."""
    return _facts(row.number, row.to_json())


def _facts(number: int, told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "row": number,
        "verdict": RowVerdict(told["verdict"]),
        "food": told["food"],
        "item": told["item"],
        "changes": [{"part": Part(part), "old": old, "new": new} for part, old, new in told["changes"]],
        "problems": [
            {"column": one.column, "message": one.translated(gettext)} for one in map(Problem.of_json, told["problems"])
        ],
    }
