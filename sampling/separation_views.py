"""The auditor's proof of separation: on the page, and as a file to be kept."""

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from sampling.separation_report import as_html, as_json, as_pdf, prove_now, words_of

bp = Blueprint("separation", __name__, url_prefix="/ops/separation")

WRITERS = {
    "html": ("text/html; charset=utf-8", as_html),
    "json": ("application/json", as_json),
    "pdf": ("application/pdf", as_pdf),
}


@bp.route("")
@requires("sampling.audit")
def index() -> ResponseReturnValue:
    """Samples, parties, persons and refused attempts of each mode, and what violates separation: nothing."""
    return render_template("sampling/audit/separation.html", report=prove_now(db.session), words=words_of)


@bp.route("/report.<any(html,json,pdf):ending>")
@requires("sampling.audit")
def download(ending: str) -> ResponseReturnValue:
    """The proof as a file."""
    report = prove_now(db.session)
    media_type, write = WRITERS[ending]
    answer = Response(write(report), content_type=media_type)
    day = clock.local_date(report.occasion.made_at).isoformat()
    answer.headers["Content-Disposition"] = f'attachment; filename="separation-{day}.{ending}"'
    return answer
