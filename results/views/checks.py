"""The public check of a report: is this paper current, and is it the very file that was signed."""

import hashlib
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims.auth.permissions import PUBLIC, requires
from lims.db import db
from lims.i18n import gettext as _
from results import queries
from results.forms import MAX_CODE

bp = Blueprint("checks", __name__, url_prefix="/check")


@bp.route("/")
@requires(PUBLIC)
def start() -> ResponseReturnValue:
    """Type the code that stands under the QR code of a report."""
    code = request.args.get("code", "").replace("\0", "").strip()[:MAX_CODE]
    if code:
        return redirect(url_for("checks.check", code=queries.as_code(code)))
    return render_template("results/check/start.html", code="", refusal=None)


@bp.route("/<code>", methods=["GET", "POST"])
@requires(PUBLIC)
def check(code: str) -> ResponseReturnValue:
    """What became of the report behind a code; a POST compares a file with it. Nothing about the sample is told."""
    found = queries.check_report(db.session, queries.as_code(code))
    if found is None:
        refusal = _("There is no report with the code %(code)s.", code=code[:MAX_CODE])
        return render_template("results/check/start.html", code=code[:MAX_CODE], refusal=refusal), HTTPStatus.NOT_FOUND
    digest = None
    if request.method == "POST" and (file := request.files.get("file")) is not None and file.filename:
        digest = hashlib.sha256(file.read()).digest()
    return render_template("results/check/check.html", found=found, digest=digest)
