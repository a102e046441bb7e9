"""24-hour reports as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from lims.auth.permissions import requires
from lims.db import db
from lims.web.api import ApiBlueprint, perform
from lims.web.current import current_actor
from lims.web.passwords import take_password
from results.queries import as_code
from results.schemas import ReportSignatureIn
from results.urgent import queries, services
from results.urgent.schemas import UrgentReportIn, UrgentReportOut, UrgentReportsOut
from results.urgent.types import Dispatch

blp = ApiBlueprint("urgent_api", __name__, url_prefix="/api/v1/urgent-reports", description="24-hour reports")


@blp.route("", methods=["GET"])
@requires("urgent.see")
@blp.response(200, UrgentReportsOut)
def list_reports() -> Any:
    """What this laboratory sent, or this regulator was sent, the newest first."""
    return {"reports": queries.list_sent(db.session, current_actor())}


@blp.route("", methods=["POST"])
@requires("urgent.send")
@blp.arguments(UrgentReportIn)
@blp.response(201, UrgentReportOut)
@blp.refuses(404, 409)
def compose(body: Mapping[str, Any]) -> Any:
    """Compose the report over locked results with a serious danger."""
    dispatch = Dispatch(tuple(body["copies_to"]), body["explanation"])
    return perform(
        lambda uow: services.compose_urgent_report(uow, as_code(body["blind_code"]), dispatch), UrgentReportOut()
    )


@blp.route("/<uuid:report_id>", methods=["GET"])
@requires("urgent.see")
@blp.response(200, UrgentReportOut)
@blp.refuses(404)
def get_report(report_id: UUID) -> Any:
    """One report."""
    return queries.get_report(db.session, current_actor(), report_id)


@blp.route("/<uuid:report_id>/sending", methods=["POST"])
@requires("urgent.send")
@blp.arguments(ReportSignatureIn)
@blp.response(201, UrgentReportOut)
@blp.refuses(404, 409)
def send(body: Mapping[str, Any], report_id: UUID) -> Any:
    """Send the very file that was looked at."""
    shown = bytes.fromhex(body["pdf_sha256"])
    confirmed_at = take_password(body["password"])
    return perform(
        lambda uow: services.send_urgent_report(uow, report_id, shown, confirmed_at=confirmed_at), UrgentReportOut()
    )


@blp.route("/<uuid:report_id>/acknowledgement", methods=["POST"])
@requires("urgent.receive")
@blp.response(201, UrgentReportOut)
@blp.refuses(404, 409)
def acknowledge(report_id: UUID) -> Any:
    """Say that the regulator has it."""
    return perform(lambda uow: services.acknowledge_urgent_report(uow, report_id), UrgentReportOut())
