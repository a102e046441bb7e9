"""Reports, signatures and the public check as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response

from lims.auth.permissions import LOGGED_IN, PUBLIC, requires
from lims.db import db
from lims.errors import NotFoundError
from lims.files import read_file
from lims.i18n import lazy_gettext as _l
from lims.uow import unit_of_work
from lims.web.api import ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.passwords import take_password
from results import queries
from results.events import ReportRead
from results.models import TestReport
from results.schemas import (
    ConclusionOut,
    ReportCheckOut,
    ReportSignatureIn,
    ResultReasonIn,
    TestReportIn,
    TestReportOut,
    dumped,
)
from results.services.composition import compose_report, return_report
from results.services.signing import sign_conclusion

blp = ApiBlueprint("reports_api", __name__, url_prefix="/api/v1/reports", description="Reports and signatures")
checks = ApiBlueprint("checks_api", __name__, url_prefix="/api/v1/checks", description="Public check of reports")


def _visible(report_id: UUID) -> TestReport:
    report = queries.get_visible_report(db.session, current_actor(), report_id)
    if report is None:
        raise NotFoundError
    return report


@blp.route("", methods=["POST"])
@requires("results.sign")
@blp.arguments(TestReportIn)
@blp.response(201, TestReportOut)
@blp.refuses(401, 403, 404, 409, 422)
def compose(body: Mapping[str, Any]) -> Any:
    """Compose the report over a locked set, in one's own name and dated today."""
    with unit_of_work(current_actor()) as uow:
        return answer(uow, dumped(TestReportOut(), compose_report(uow, queries.as_code(body["blind_code"]))))


@blp.route("/<uuid:report_id>", methods=["GET"])
@requires(LOGGED_IN)
@blp.response(200, TestReportOut)
@blp.refuses(401, 404)
def get_report(report_id: UUID) -> Any:
    """A report one may read."""
    return _visible(report_id)


@blp.route("/<uuid:report_id>/pdf", methods=["GET"])
@requires(LOGGED_IN)
@blp.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
@blp.refuses(401, 404)
def get_pdf(report_id: UUID) -> Any:
    """The PDF of a report one may read; that it was read is noted."""
    report = _visible(report_id)
    with unit_of_work(current_actor()) as uow:
        uow.emit(ReportRead(sample_id=report.sample_id, report_id=report.id))
    content, media_type = read_file(db.session, report.pdf_sha256)
    return Response(content, content_type=media_type)


@blp.route("/<uuid:report_id>/signature", methods=["POST"])
@requires("results.sign")
@blp.arguments(ReportSignatureIn)
@blp.response(201, ConclusionOut)
@blp.refuses(401, 403, 404, 409, 422, 429)
def sign(body: Mapping[str, Any], report_id: UUID) -> Any:
    """Sign a report as its approver: the digest of the file that was read, and the password again."""
    confirmed_at = take_password(body["password"])
    with unit_of_work(current_actor()) as uow:
        digest = bytes.fromhex(body["pdf_sha256"])
        signed = sign_conclusion(uow, report_id, digest, confirmed_at=confirmed_at)
        return answer(uow, dumped(ConclusionOut(), signed))


@blp.route("/<uuid:report_id>/return", methods=["POST"])
@requires("results.sign")
@blp.arguments(ResultReasonIn)
@blp.response(201, TestReportOut)
@blp.refuses(401, 403, 404, 409, 422)
def give_back(body: Mapping[str, Any], report_id: UUID) -> Any:
    """Give a composed report back to the bench."""
    with unit_of_work(current_actor(), reason=body["reason"]) as uow:
        return_report(uow, report_id, body["reason"])
        return answer(uow, dumped(TestReportOut(), uow.session.get_one(TestReport, report_id)))


@checks.route("/<code>", methods=["GET"])
@requires(PUBLIC)
@checks.response(200, ReportCheckOut)
@checks.refuses(404)
def check(code: str) -> Any:
    """Whether a report is current; nothing about the sample is told."""
    found = queries.check_report(db.session, queries.as_code(code))
    if found is None:
        raise NotFoundError(_l("There is no report with the code %(code)s.", code=code[:40]))
    return found
