"""Published results as JSON, for everybody."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any

from lims.auth.permissions import PUBLIC, requires
from lims.db import db
from lims.web.api import ApiBlueprint, ProblemSchema
from results.publication import queries
from results.publication.schemas import PublicResultsOut, SearchIn
from results.referral.pages import read_cursor, write_cursor

blp = ApiBlueprint("public_results_api", __name__, url_prefix="/api/v1", description="Published results")


@blp.route("/public-results", methods=["GET"])
@requires(PUBLIC)
@blp.arguments(SearchIn, location="query")
@blp.response(200, PublicResultsOut)
@blp.alt_response(404, schema=ProblemSchema)
def list_results(asked: Mapping[str, Any]) -> Any:
    """Published results, the newest first."""
    rows = queries.search_results(
        db.session,
        text=asked["q"].strip(),
        verdict=asked["verdict"],
        after=read_cursor(asked["after"]),
        limit=queries.PAGE + 1,
    )
    shown = rows[: queries.PAGE]
    following = write_cursor(shown[-1].issued_at, shown[-1].sample_id) if len(rows) > len(shown) else None
    return {"items": shown, "next": following}
