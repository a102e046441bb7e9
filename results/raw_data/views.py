"""Raw data of a set: attached by its testers, opened by tester and reviewer; as blind as the bench."""

from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from lims.auth.permissions import requires
from lims.db import db
from lims.files import read_file
from lims.i18n import gettext as _
from lims.people.queries import person_names
from lims.web.acts import carry_out
from lims.web.current import current_actor
from results import queries as sets
from results.raw_data import queries
from results.raw_data.forms import RawDataForm
from results.raw_data.models import RawData
from results.raw_data.services import attach_raw_data

bp = Blueprint("raw_data", __name__, url_prefix="/raw-data")


@bp.route("/sets/<code>", methods=["GET", "POST"])
@requires("results.test")
def attach(code: str) -> ResponseReturnValue:
    """Attach a file to a set; what is attached already stands above the form."""
    test_set = sets.find_set(db.session, sets.as_code(code), current_actor().require_organisation())
    form = RawDataForm()
    status = carry_out(
        form,
        lambda uow: attach_raw_data(
            uow,
            test_set.blind_code,
            form.file.data.read(),
            file_name=form.file.data.filename or "",
            note=form.note.data or "",
        ),
    )
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Attached. Its digest stands in the ledger."), "success")
        return redirect(url_for(".attach", code=test_set.blind_code), status)
    return render_template("results/raw_data/attach.html", form=form, set=test_set), status


@bp.route("/<uuid:raw_data_id>")
@requires("results.bench")
def download(raw_data_id: UUID) -> ResponseReturnValue:
    """The bytes as they were attached, to be saved: whatever they are, the browser opens nothing."""
    one = queries.get_raw_data(db.session, current_actor().require_organisation(), raw_data_id)
    content, _media_type = read_file(db.session, one.sha256)
    answer = Response(content, content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": one.file_name})
    return answer


def raw_data_of(test_set_id: UUID) -> tuple[Sequence[RawData], dict[UUID, str]]:
    """The files of a set and the names of those who attached them, for the pages of bench and review."""
    rows = queries.list_raw_data(db.session, test_set_id)
    return rows, person_names(db.session, {one.attached_by_id for one in rows})
