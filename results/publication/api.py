"""Published results as JSON, for everybody."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any

from lims.auth.permissions import PUBLIC, requires
from lims.db import db
from lims.web.api import ApiBlueprint
from lims.web.paging import list_answer, page_of, read_cursor
from results.publication import queries
from results.publication.schemas import PublicResultsOut, SearchIn

blp = ApiBlueprint("public_results_api", __name__, url_prefix="/api/v1", description="Published results")


@blp.route("/public-results", methods=["GET"])
@requires(PUBLIC)
@blp.arguments(SearchIn, location="query")
@blp.response(200, PublicResultsOut)
@blp.refuses(422)
def list_results(asked: Mapping[str, Any]) -> Any:
    """Published results, the newest first."""
    rows = queries.search_results(
        db.session,
        text=asked["q"].strip(),
        verdict=asked["verdict"],
        after=read_cursor(asked["cursor"]),
        limit=queries.PAGE + 1,
    )
    return list_answer(page_of(rows, queries.PAGE, lambda row: (row.issued_at, row.sample_id)))
