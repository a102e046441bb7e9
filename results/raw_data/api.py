"""Raw data of a set as JSON: attach, list."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any

from lims.auth.permissions import requires
from lims.db import db
from lims.web.api import READS, WRITES, ApiBlueprint, perform
from lims.web.current import current_actor
from results import queries as sets
from results.raw_data import queries
from results.raw_data.schemas import RawDataIn, RawDataListOut, RawDataOut
from results.raw_data.services import attach_raw_data

blp = ApiBlueprint(
    "raw_data_api", __name__, url_prefix="/api/v1/test-sets/<code>/raw-data", description="Raw data of a set"
)


@blp.route("", methods=["GET"])
@requires("results.bench")
@blp.response(200, RawDataListOut)
@blp.refuses(*READS)
def list_files(code: str) -> Any:
    """The files of a set, by its blind code."""
    test_set = sets.find_set(db.session, sets.as_code(code), current_actor().require_organisation())
    return {"items": queries.list_raw_data(db.session, test_set.id)}


@blp.route("", methods=["POST"])
@requires("results.test")
@blp.arguments(RawDataIn)
@blp.response(201, RawDataOut)
@blp.refuses(*WRITES)
def create_file(body: Mapping[str, Any], code: str) -> Any:
    """Attach a file to a set that one tests."""
    return perform(
        lambda uow: attach_raw_data(
            uow, sets.as_code(code), body["content_base64"], file_name=body["name"], note=body["note"]
        ),
        RawDataOut(),
    )
