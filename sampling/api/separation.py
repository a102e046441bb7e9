"""The auditor's proof of separation as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from typing import Any

from lims.auth.permissions import requires
from lims.db import db
from lims.web.api import READS, ApiBlueprint
from sampling.schemas.separation import SeparationOut
from sampling.separation_report import prove_now

blp = ApiBlueprint("separation_api", __name__, url_prefix="/api/v1/separation", description="Proof of separation")


@blp.route("", methods=["GET"])
@requires("sampling.audit")
@blp.response(200, SeparationOut)
@blp.refuses(*READS)
def get_separation() -> Any:
    """Prove separation over the whole database, now."""
    return prove_now(db.session)
