"""One place that turns refusals and faults into a page or problem+json (RFC 9457)."""

from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, g, json, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from lims.errors import LimsError
from lims.i18n import gettext as _
from lims.web.guard import is_api

log = structlog.get_logger(__name__)

PROBLEM_JSON = "application/problem+json"
RETRY_SECONDS = "5"


def problem(status: int, code: str, detail: str, **more: Any) -> Response:
    """An answer in the form of RFC 9457, with our stable `code` and the request's id."""
    body = {
        "type": f"urn:fenjian:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": g.get("request_id"),
        **more,
    }
    return Response(json.dumps(body), status=status, content_type=PROBLEM_JSON)


def answer(status: int, code: str, detail: str, **more: Any) -> Response:
    """The refusal in the form that was asked for: a problem on the API, a page elsewhere."""
    if is_api() or request.accept_mimetypes.best == "application/json":
        return problem(status, code, detail, **more)
    page = render_template("errors/error.html", status=status, code=code, detail=detail, **more)
    return Response(page, status, content_type="text/html; charset=utf-8")


def on_refusal(refusal: LimsError) -> ResponseReturnValue:
    more: dict[str, Any] = {"facts": refusal.facts} if refusal.facts else {}
    if refusal.field:
        more["errors"] = {refusal.field: [str(refusal)]}
    return answer(int(refusal.status), refusal.code, str(refusal), **more)


def on_http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if status < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    details: dict[str, Any] = {}
    data = getattr(error, "data", None) or {}
    if messages := data.get("messages"):
        details["errors"] = messages.get("json", messages)
    code = HTTPStatus(status).name.lower()
    response = answer(status, code, _sentence(status), **details)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _sentence(status: int) -> str:
    sentences = {
        HTTPStatus.BAD_REQUEST: _("The request could not be understood."),
        HTTPStatus.UNAUTHORIZED: _("Log in first."),
        HTTPStatus.FORBIDDEN: _("Your role does not allow this."),
        HTTPStatus.NOT_FOUND: _("There is nothing at this address."),
        HTTPStatus.METHOD_NOT_ALLOWED: _("This address does not take this kind of request."),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _("What was sent is too large."),
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: _("Send JSON with Content-Type: application/json."),
        HTTPStatus.UNPROCESSABLE_ENTITY: _("Some values cannot be accepted."),
        HTTPStatus.TOO_MANY_REQUESTS: _("Too many requests. Wait a little."),
    }
    return sentences.get(HTTPStatus(status), _("The request could not be carried out."))


def on_database_away(error: OperationalError) -> ResponseReturnValue:
    log.error("database_away", error=str(error.orig))
    response = answer(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "database_away",
        _("The database cannot be reached. Nothing was saved; try again in a few seconds."),
    )
    response.headers["Retry-After"] = RETRY_SECONDS
    return response


def on_unexplained_constraint(error: IntegrityError) -> ResponseReturnValue:
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    log.error("unexplained_constraint", constraint=constraint)
    return answer(
        HTTPStatus.CONFLICT, "conflict", _("The database refused this because it contradicts what is recorded.")
    )


def on_fault(error: Exception) -> ResponseReturnValue:
    """Anything unexpected: a log line for us, a calm page with the request's id for the person."""
    log.error("fault", path=request.path, kind=type(error).__name__, exc_info=error)
    return answer(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "fault",
        _("Something went wrong on our side. Nothing was saved. The number below helps us find it."),
    )


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(LimsError, on_refusal)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(OperationalError, on_database_away)
    app.register_error_handler(IntegrityError, on_unexplained_constraint)
    app.register_error_handler(Exception, on_fault)
