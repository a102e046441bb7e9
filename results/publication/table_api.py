"""A publication table held against what is published, as JSON, for staff."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any

from lims.auth.permissions import requires
from lims.db import db
from lims.web.api import READS, ApiBlueprint
from results.publication.comparing import compare_table, read_publication_file
from results.publication.schemas import ComparisonOut, PublicationTableIn

blp = ApiBlueprint(
    "publication_tables_api",
    __name__,
    url_prefix="/api/v1/publication-tables",
    description="Publication tables of others",
)


@blp.route("/comparison", methods=["POST"])
@requires("results.compare_tables")
@blp.arguments(PublicationTableIn)
@blp.response(200, ComparisonOut)
@blp.refuses(*READS)
def compare(body: Mapping[str, Any]) -> Any:
    """Tell where a table and the publication differ: missing, extra, and column by column; nothing is kept."""
    table = read_publication_file(body["content_base64"])
    found = compare_table(db.session, table, year=body["year"])
    return {
        "form": table.form,
        "rows": len(table.rows),
        "agrees": found.agrees,
        "same": found.same,
        "different": found.different,
        "missing": found.missing,
        "extra": [{"row": number, "sampling_no": row.sampling_no} for number, row in found.extra],
        "unnumbered": found.unnumbered,
        "repeated": [{"row": number, "sampling_no": sampling_no} for number, sampling_no in found.repeated],
    }
