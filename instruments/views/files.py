"""Files of readings: handed in, looked at row by row, taken."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from instruments import queries
from instruments.forms import LeaveForm, ProfileChoiceForm, UploadForm
from instruments.models import ReadingFile
from instruments.services import files
from instruments.types import FileState, RowVerdict
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.i18n import bilingual, ngettext
from lims.i18n import gettext as _
from lims.uow import unit_of_work
from lims.web.current import current_actor

bp = Blueprint("reading_files", __name__, url_prefix="/instruments/files")

ROWS_SHOWN = 200  # of one verdict on one page; a plate has 96


@bp.route("/", methods=["GET", "POST"])
@requires("instruments.manage")
def index() -> ResponseReturnValue:
    """The files that came, and the place to hand one in."""
    organisation_id = current_actor().require_organisation()
    form = UploadForm()
    profiles = queries.profile_rows(db.session, organisation_id)
    form.profile.choices = [
        ("", _("the one whose header fits")),
        *((p.profile.name, bilingual(p.profile, "title")) for p in profiles),
    ]
    status = 200
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                received = files.receive_file(
                    uow,
                    form.instrument.data or "",
                    form.file.data.filename or "",
                    form.file.data.read(),
                    profile_name=form.profile.data or None,
                )
                file_id = received.file.id
        except NotFoundError as refusal:
            form.profile.errors = [str(refusal)]
            status = int(refusal.status)
        except LimsError as refusal:
            field = form.instrument if refusal.field == "instrument" else form.file
            field.errors = [str(refusal)]
            status = int(refusal.status)
        else:
            if not received.is_new:
                flash(_("These very bytes came before; this is what became of them."), "info")
            return redirect(url_for(".detail", file_id=file_id), 303)
    elif form.is_submitted():
        status = 422
    page = render_template(
        "instruments/files.html",
        form=form,
        rows=queries.list_files(db.session, organisation_id),
        instruments=[row.instrument.name for row in queries.list_instruments(db.session, organisation_id)],
    )
    return page, status


@bp.route("/<uuid:file_id>")
@requires("instruments.manage")
def detail(file_id: UUID) -> ResponseReturnValue:
    """What would become of every row of a file; by verdict, so many at once."""
    return _detail(_get(file_id))


def _get(file_id: UUID) -> ReadingFile:
    return queries.get_file(db.session, current_actor().require_organisation(), file_id)


def _verdict() -> RowVerdict | None:
    asked = request.args.get("verdict", "")
    return RowVerdict(asked) if asked in set(RowVerdict) else None


def _detail(file: ReadingFile, leave: LeaveForm | None = None, status: int = 200) -> ResponseReturnValue:
    organisation_id = current_actor().require_organisation()
    staged = files.stage_file(db.session, organisation_id, file)
    verdict = _verdict()
    rows = [row for row in staged.rows if verdict is None or row.verdict is verdict]
    start = max(request.args.get("start", 0, type=int), 0)
    choice = ProfileChoiceForm(None, profile=file.profile_name)
    profiles = queries.profile_rows(db.session, organisation_id)
    choice.profile.choices = [(one.profile.name, bilingual(one.profile, "title")) for one in profiles]
    page = render_template(
        "instruments/file.html",
        file=file,
        staged=staged,
        counts=staged.counts,
        verdict=verdict,
        verdicts=[one for one in RowVerdict if staged.counts[one]],
        takeable=files.TAKEABLE,
        rows=rows[start : start + ROWS_SHOWN],
        previous=_at(file, verdict, start - ROWS_SHOWN) if start else None,
        next=_at(file, verdict, start + ROWS_SHOWN) if start + ROWS_SHOWN < len(rows) else None,
        choice=choice,
        leave=leave or LeaveForm(None),
        is_open=file.state is not FileState.DONE,
        readings=queries.readings_of_file(db.session, file.id),
    )
    return page, status


def _at(file: ReadingFile, verdict: RowVerdict | None, start: int) -> str:
    return url_for(".detail", file_id=file.id, verdict=verdict, start=max(start, 0))


@bp.route("/<uuid:file_id>/take", methods=["POST"])
@requires("instruments.manage")
def take(file_id: UUID) -> ResponseReturnValue:
    """Take all rows, those of one verdict, or those that were ticked."""
    which = request.form.get("which", "all")
    options: dict[str, Any] = {}
    if which == "ticked":
        options["places"] = set(request.form.getlist("row"))
    elif which in set(RowVerdict):
        options["verdicts"] = {RowVerdict(which)}
    try:
        with unit_of_work(current_actor()) as uow:
            count = files.take_rows(uow, file_id, **options)
    except NotFoundError:
        raise
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        flash(ngettext("%(num)s reading taken.", "%(num)s readings taken.", count), "success")
    return redirect(url_for(".detail", file_id=file_id), 303)


@bp.route("/<uuid:file_id>/profile-choice", methods=["POST"])
@requires("instruments.manage")
def choose(file_id: UUID) -> ResponseReturnValue:
    """Read a file by another profile."""
    try:
        with unit_of_work(current_actor()) as uow:
            files.choose_profile(uow, file_id, request.form.get("profile", ""))
    except NotFoundError:
        _get(file_id)
        flash(_("There is no such profile."), "error")
    except LimsError as refusal:
        flash(str(refusal), "error")
    return redirect(url_for(".detail", file_id=file_id), 303)


@bp.route("/<uuid:file_id>/close", methods=["POST"])
@requires("instruments.manage")
def close(file_id: UUID) -> ResponseReturnValue:
    """Leave out what is left, with a reason."""
    file = _get(file_id)
    form = LeaveForm()
    if not form.validate_on_submit():
        return _detail(file, form, 422)
    try:
        with unit_of_work(current_actor()) as uow:
            files.close_file(uow, file_id, form.reason.data or "")
    except LimsError as refusal:
        return _detail(file, form, form.refuse(refusal))
    flash(_("This file is done with."), "success")
    return redirect(url_for(".index"), 303)
