"""The profiles of a laboratory, and the page on which a technician says once what the columns of a file mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from instruments import queries
from instruments.files.drafts import (
    ColumnRole,
    ProfileDraft,
    first_draft,
    guess_header_row,
    guess_roles,
    headings_of,
    to_profile,
)
from instruments.files.importing import ImportedFile, import_table
from instruments.files.profiles import ProfileError
from instruments.forms import ProfileForm
from instruments.models import ReadingFile
from instruments.services import files, profiles
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import LimsError
from lims.files import read_file
from lims.i18n import LazyString
from lims.i18n import gettext as _
from lims.tables import FileFormat, Table, UnreadableFileError, read_text_table, read_workbook
from lims.uow import unit_of_work
from lims.web.current import current_actor

bp = Blueprint("file_profiles", __name__, url_prefix="/instruments/profiles")

ROWS_SHOWN = 12  # of the file, around its header
READINGS_SHOWN = 20  # of the preview
COLUMNS_SHOWN = 60  # wider exports are matrices of one instrument each and come with a shipped profile


@dataclass(frozen=True, slots=True)
class Preview:
    """What a draft makes of the file, or why it makes nothing."""

    imported: ImportedFile | None = None
    problem: str | LazyString | None = None


@bp.route("/")
@requires("instruments.manage")
def index() -> ResponseReturnValue:
    """The profiles that files are read by, one's own first."""
    organisation_id = current_actor().require_organisation()
    return render_template("instruments/profiles.html", rows=queries.profile_rows(db.session, organisation_id))


@bp.route("/for/<uuid:file_id>", methods=["GET", "POST"])
@requires("instruments.manage")
def edit(file_id: UUID) -> ResponseReturnValue:
    """Map the columns of a file; `act` is `preview` while it is being done and `save` at the end."""
    file = queries.get_file(db.session, current_actor().require_organisation(), file_id)
    content, _media_type = read_file(db.session, file.file_sha256)
    guess = first_draft(content, file.file_name.rsplit(".", 1)[0])
    is_sent = request.method == "POST"
    form = ProfileForm() if is_sent else ProfileForm(None, **_first_fields(guess))
    table, problem = _table(content, form.draft(guess.format, {}))
    if not is_sent and table is not None:
        form.header_row.data = guess_header_row(table)
    headings = headings_of(table, form.header_row.data or 1)[:COLUMNS_SHOWN] if table is not None else ()
    roles = _roles(headings, is_sent=is_sent)
    draft = form.draft(guess.format, {"roles": roles})
    status = 200
    if is_sent and request.form.get("act") == "save":
        status = 422
        if form.validate():
            try:
                _save(file, draft, headings)
            except LimsError as refusal:
                status = form.refuse(refusal)
            else:
                flash(_("Profile saved; the file is read by it."), "success")
                return redirect(url_for("reading_files.detail", file_id=file_id), 303)
    page = render_template(
        "instruments/profile.html",
        file=file,
        form=form,
        is_text=guess.format is FileFormat.TEXT,
        table=table,
        headings=headings,
        roles=roles,
        all_roles=list(ColumnRole),
        first_row=_first_row(form.header_row.data or 1),
        sample_rows=_sample_rows(table, form.header_row.data or 1),
        preview=Preview(problem=problem) if table is None else _preview(table, draft, headings),
        shown=READINGS_SHOWN,
    )
    return page, status


def _first_fields(guess: ProfileDraft) -> dict[str, Any]:
    return {"title": guess.title, "delimiter": guess.delimiter, "encoding": guess.encoding, "header_row": 1}


def _save(file: ReadingFile, draft: ProfileDraft, headings: Sequence[str]) -> None:
    with unit_of_work(current_actor()) as uow:
        saved = profiles.save_profile(uow, draft, headings)
        files.choose_profile(uow, file.id, saved.name)


def _table(content: bytes, draft: ProfileDraft) -> tuple[Table | None, LazyString | None]:
    try:
        if draft.format is FileFormat.EXCEL:
            return read_workbook(content, sheet=draft.sheet or None), None
        encodings: dict[str, Any] = {"encodings": (draft.encoding,)} if draft.encoding else {}
        return read_text_table(content, delimiter=draft.delimiter, **encodings), None
    except UnreadableFileError as error:
        return None, error.message


def _roles(headings: Sequence[str], *, is_sent: bool) -> list[ColumnRole]:
    """What was chosen for each column; where the header row is another now, what its headings suggest."""
    guessed = guess_roles(headings)
    if not is_sent or request.form.get("headings", "") != "\x1f".join(headings):
        return guessed
    chosen = [request.form.get(f"role-{at}", "") for at in range(len(headings))]
    return [ColumnRole(text) if text in set(ColumnRole) else ColumnRole.IGNORED for text in chosen]


def _first_row(header_row: int) -> int:
    return max(header_row - 2, 1)


def _sample_rows(table: Table | None, header_row: int) -> list[tuple[int, Sequence[str]]]:
    """The rows around the header, with their numbers."""
    if table is None:
        return []
    start = _first_row(header_row)
    rows = table.rows[start - 1 : start - 1 + ROWS_SHOWN]
    return [(number, row[:COLUMNS_SHOWN]) for number, row in enumerate(rows, start)]


def _preview(table: Table, draft: ProfileDraft, headings: Sequence[str]) -> Preview:
    try:
        return Preview(import_table(table, to_profile(draft, headings)))
    except (ProfileError, UnreadableFileError) as error:
        return Preview(problem=error.message)
