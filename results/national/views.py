"""Pages of the bridge: the board, files to take out, what was given back, and differences to the system's export."""

from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import requires
from lims.clock import local_date
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.files import read_file
from lims.i18n import gettext as _
from lims.people.queries import person_names
from lims.tables import to_csv
from lims.uow import UnitOfWork
from lims.web.acts import carry_out, press
from lims.web.current import current_actor
from lims.web.paging import PAGE, page_of, read_cursor
from results.national import queries, services
from results.national.forms import CompareForm, ReturnForm
from results.national.types import DUE, BoardRow, Difference, DifferenceKind, ReportingState
from results.national.words import KINDS, STATES

bp = Blueprint("national", __name__, url_prefix="/national")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 500  # differences on the page; the file has them all


@bp.route("/")
@requires("results.national")
def index() -> ResponseReturnValue:
    """Signed samples by where they stand, the earliest signature first; what is due, when nothing else is asked for."""
    asked = request.args.get("state", "")
    state = ReportingState(asked) if asked in set(ReportingState) else None
    counts = queries.count_states(db.session, current_actor())
    now = clock.now()
    rows = queries.list_board(
        db.session,
        current_actor(),
        now,
        states=[state] if state else DUE,
        after=read_cursor(request.args.get("after"), field="after"),
        limit=PAGE + 1,
    )
    shown, following = page_of(rows, PAGE, lambda row: (row.signed_at, row.sample_id))
    exports = queries.list_exports(db.session, current_actor())
    return render_template(
        "results/national/index.html",
        rows=shown,
        state=state,
        states=STATES,
        counts=counts,
        due=sum(counts[one] for one in DUE),
        most=services.MOST_SAMPLES,
        exports=exports,
        people=person_names(db.session, {one.taken_by_id for one in exports}),
        next_url=url_for(".index", state=state, after=following) if following else None,
    )


@bp.route("/exports", methods=["POST"])
@requires("results.national")
def take_out() -> ResponseReturnValue:
    """Take the next file out."""
    made: list[int] = []

    def act(uow: UnitOfWork) -> None:
        made.append(services.take_out(uow).samples)

    if press(act):
        flash(_("Taken out: %(count)s samples. Download the file and hand it in.", count=made[0]), "success")
    return redirect(url_for(".index"), HTTPStatus.SEE_OTHER)


@bp.route("/exports/<uuid:export_id>.xlsx")
@requires("results.national")
def download(export_id: UUID) -> ResponseReturnValue:
    """A file as it was taken out."""
    export = queries.get_export(db.session, current_actor(), export_id)
    content, _media_type = read_file(db.session, export.file_sha256)
    return _file(content, XLSX, f"results-{local_date(export.taken_at):%Y%m%d}-{export.samples}.xlsx")


@bp.route("/due/<any(samples,items):which>.csv")
@requires("results.national")
def due(which: str) -> ResponseReturnValue:
    """What the next file would hold, as CSV; nothing is reported by looking."""
    now = clock.now()
    rows = queries.list_board(db.session, current_actor(), now, states=DUE, limit=services.MOST_SAMPLES)
    layout = services.SAMPLES if which == "samples" else services.ITEMS
    national = queries.national_rows(db.session, [row.sample_id for row in rows], now)
    content = services.write_csv(layout, national, local_date(now))
    return _file(content, "text/csv; charset=utf-8", f"{which}-{local_date(now):%Y%m%d}.csv")


@bp.route("/samples/<uuid:sample_id>/return", methods=["GET", "POST"])
@requires("results.national")
def give_back(sample_id: UUID) -> ResponseReturnValue:
    """Note that the system gave a sample back."""
    row = _reported(sample_id)
    form = ReturnForm()
    status = carry_out(form, lambda uow: services.note_return(uow, sample_id, form.reason.data or ""))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Noted. The sample is due again."), "success")
        return redirect(url_for(".index", state=ReportingState.RETURNED), status)
    return render_template("results/national/return.html", form=form, row=row), status


@bp.route("/differences", methods=["GET", "POST"])
@requires("results.national")
def differences() -> ResponseReturnValue:
    """What disagrees between an export of the system and ours, as a page or as CSV; nothing is changed."""
    form = CompareForm()
    found: Sequence[Difference] | None = None
    status = HTTPStatus.OK
    if form.validate_on_submit():
        try:
            found = services.compare(db.session, current_actor(), form.file.data.read(), clock.now())
        except LimsError as refusal:
            status = HTTPStatus(form.refuse(refusal))
        else:
            if request.form.get("as") == "csv":
                return _file(_as_csv(found), "text/csv; charset=utf-8", "differences.csv")
    elif form.is_submitted():
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render_template(
        "results/national/differences.html",
        form=form,
        rows=None if found is None else found[:SHOWN],
        total=len(found or ()),
        counts={kind: sum(one.kind is kind for one in found or ()) for kind in DifferenceKind},
        kinds=KINDS,
    ), status


def _as_csv(found: Sequence[Difference]) -> bytes:
    head = [_("Row"), _("Difference"), _("Sampling number"), _("Item"), _("Field"), _("There"), _("This system")]
    return to_csv(
        head,
        (
            (
                str(one.row or ""),
                str(KINDS[one.kind]),
                one.sampling_no,
                one.item,
                one.column,
                one.theirs,
                one.ours,
            )
            for one in found
        ),
    )


def _reported(sample_id: UUID) -> BoardRow:
    """A sample on the board by its id.

    Raises:
        NotFoundError: there is none for the actor.
    """
    report = queries.reports_of(db.session, [sample_id]).get(sample_id)
    number = None if report is None else queries.number_of(db.session, sample_id)
    rows = [] if number is None else queries.list_board(db.session, current_actor(), clock.now(), numbers=[number])
    if not rows:
        raise NotFoundError
    return rows[0]


def _file(content: bytes, media_type: str, name: str) -> Response:
    answer = Response(content, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
