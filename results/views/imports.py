"""Taking in a file of results: a preview row by row, then accept."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims.auth.permissions import requires
from lims.errors import InvalidInputError, LimsError
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.uow import unit_of_work
from lims.web.current import current_actor
from results.forms import HEX_LENGTH, ImportForm
from results.services.imports import import_file, preview_file

bp = Blueprint("bench_import", __name__, url_prefix="/bench/import")


@bp.route("/", methods=["GET", "POST"])
@requires("results.test")
def upload() -> ResponseReturnValue:
    """Choose a file and look at what would become of its rows."""
    form = ImportForm()
    preview, status = None, 200
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                preview = preview_file(uow, form.file.data.read())
        except LimsError as refusal:
            form.file.errors = [*form.file.errors, str(refusal)]
            status = int(refusal.status)
    elif form.is_submitted():
        status = 422
    return render_template("results/bench/import.html", form=form, preview=preview), status


@bp.route("/accept", methods=["POST"])
@requires("results.test")
def accept() -> ResponseReturnValue:
    """Enter the rows that were shown as acceptable."""
    try:
        sha256 = _sha256(request.form.get("sha256", ""))
        with unit_of_work(current_actor()) as uow:
            count = import_file(uow, sha256)
    except LimsError as refusal:
        flash(str(refusal), "error")
        return redirect(url_for("bench_import.upload"), 303)
    flash(_("%(count)s results saved and judged.", count=count), "success")
    return redirect(url_for("bench.index", show="mine"), 303)


def _sha256(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) * 2 != HEX_LENGTH:
        raise InvalidInputError(_l("Choose the file again."))
    return digest
