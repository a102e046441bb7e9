"""The original record of a set as PDF, for programs; as blind as the bench."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from typing import Any

from lims.auth.permissions import requires
from lims.db import db
from lims.web.acts import paper
from lims.web.api import ApiBlueprint
from lims.web.current import current_actor
from results import queries
from results.raw_records.assembly import record_pdf

blp = ApiBlueprint("raw_records_api", __name__, url_prefix="/api/v1/test-sets", description="Original records")


@blp.route("/<code>/record", methods=["GET"])
@requires("results.bench")
@blp.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
@blp.refuses(401, 403, 404, 409)
def get_record(code: str) -> Any:
    """The original record of a set on the template of the day its testing began; 409 where none was in force."""
    test_set = queries.find_set(db.session, queries.as_code(code), current_actor().require_organisation())
    return paper(record_pdf(db.session, test_set), f"{test_set.blind_code}-record")
