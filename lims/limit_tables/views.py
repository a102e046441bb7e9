"""Pages of limit tables: hand one in and look at each row, send it to a second person, decide on it."""

from http import HTTPStatus
from typing import Any, NamedTuple
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims.auth.permissions import requires
from lims.catalog.views import today
from lims.db import db
from lims.errors import InvalidInputError, NotFoundError
from lims.files import read_file
from lims.forms import DecisionForm
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.limit_tables import queries, words
from lims.limit_tables.columns import OFFICIAL
from lims.limit_tables.comparing import PreviewRow
from lims.limit_tables.forms import SendForm, TableForm, ViewedForm
from lims.limit_tables.models import LimitTableRow
from lims.limit_tables.preview import Preview, preview_table
from lims.limit_tables.services import MAX_FILE_NAME, changed_since, decide_table, keep_table, send_table
from lims.limit_tables.types import Change, Part, Problem, RowVerdict
from lims.people.queries import person_names
from lims.tables import to_csv
from lims.web.acts import carry_out
from lims.web.current import current_actor
from lims.web.paging import PAGE, page_of, read_cursor

bp = Blueprint("limit_tables", __name__, url_prefix="/catalog/limit-tables")

READ, SEND, DECIDE = "catalog.read", "catalog.edit", "catalog.decide_limits"


class ShownRow(NamedTuple):
    """A row of a table as a page shows it, whether it is only looked at or was sent."""

    number: int
    verdict: RowVerdict
    food: str
    item: str
    changes: list[Change]
    problems: list[Problem]


@bp.context_processor
def shown_words() -> dict[str, Any]:
    """What the pages say of verdicts and parts."""
    names = ("verdict_words", "verdict_tone", "verdict_icon", "part_words", "value_words", "problem_words")
    return {name: getattr(words, name) for name in names} | {"verdicts": list(RowVerdict)}


@bp.route("/", methods=["GET", "POST"])
@requires(READ)
def index() -> ResponseReturnValue:
    """The tables that were sent, the newest first; an administrator hands in another one here."""
    form = TableForm()
    status = int(HTTPStatus.OK)
    kept: list[bytes] = []
    if current_actor().may(SEND):
        if request.method == "GET":
            form.valid_from.data = today()
        status = carry_out(form, lambda uow: kept.append(keep_table(uow, form.file.data.read(), form.day)))
    if kept:
        name = (form.file.data.filename or "")[-MAX_FILE_NAME:]
        return redirect(url_for(".preview", sha256=kept[0].hex(), valid_from=form.valid_from.data, name=name), status)
    rows = queries.list_tables(db.session, after=read_cursor(request.args.get("after"), field="after"), limit=PAGE + 1)
    shown, following = page_of(rows, PAGE, lambda row: (row.requested_at, row.id))
    page = render_template(
        "lims/limit_tables/index.html",
        form=form,
        tables=shown,
        counts=queries.count_rows(db.session, [row.id for row in shown]),
        people=person_names(db.session, {row.requested_by_id for row in shown}),
        next_url=url_for(".index", after=following) if following else None,
    )
    return page, status


@bp.route("/template.csv")
@requires(READ)
def template() -> ResponseReturnValue:
    """The 26 columns under their official names, to be filled in with any spreadsheet."""
    answer = Response(to_csv(OFFICIAL.values(), []), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = "attachment; filename=base-table.csv"
    return answer


@bp.route("/preview/<sha256>", methods=["GET", "POST"])
@requires(SEND)
def preview(sha256: str) -> ResponseReturnValue:
    """Each row of a file and what would become of it; from here the table is sent to a second person."""
    asked = ViewedForm(request.args)
    digest = _digest(sha256)
    if not asked.validate() or asked.valid_from.data is None:
        raise InvalidInputError(
            _l("“%(given)s” is no day; expected one such as 2026-12-01.", given=request.args.get("valid_from", "")),
            field="valid_from",
        )
    day, name = asked.valid_from.data, asked.name.data or sha256[:12]
    form = SendForm()
    sent: list[UUID] = []
    status = carry_out(
        form,
        lambda uow: sent.append(
            send_table(
                uow,
                digest,
                file_name=name,
                valid_from=day,
                source=str(form.source.data),
                reason=str(form.reason.data),
                seen_sha256=_digest(form.seen.data or ""),
            ).id
        ),
    )
    if sent:
        flash(_("Sent. Somebody else decides on it."), "success")
        return redirect(url_for(".detail", table_id=sent[0]), status)
    content, _media_type = read_file(db.session, digest)
    looked = preview_table(db.session, content, day)
    here: dict[str, Any] = {"sha256": sha256, "valid_from": day.isoformat(), "name": name}
    page = render_template(
        "lims/limit_tables/preview.html",
        form=form,
        day=day,
        name=name,
        preview=looked,
        seen=looked.sha256.hex(),
        action=url_for(".preview", **here),
        **_listed(_shown(looked), looked.counts, ".preview", here),
    )
    return page, status


@bp.route("/<uuid:table_id>", methods=["GET", "POST"])
@requires(READ)
def detail(table_id: UUID) -> ResponseReturnValue:
    """One table that was sent, with all its rows; a second person decides on it here."""
    table = queries.get_table(db.session, table_id)
    form = DecisionForm()
    status = int(HTTPStatus.OK)
    may_decide = current_actor().may(DECIDE)
    if may_decide:
        status = carry_out(form, lambda uow: decide_table(uow, table_id, form.note.data, approves=form.approves))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("The table is in force.") if form.approves else _("Declined."), "success")
        return redirect(url_for(".detail", table_id=table_id), status)
    rows = queries.list_rows(db.session, table_id)
    people = {one for one in (table.requested_by_id, table.decided_by_id) if one is not None}
    page = render_template(
        "lims/limit_tables/detail.html",
        form=form,
        table=table,
        people=person_names(db.session, people),
        changed=_changed(table_id, rows) if table.outcome is None else [],
        may_decide=may_decide and table.outcome is None and table.requested_by_id != current_actor().person_id,
        is_own=table.requested_by_id == current_actor().person_id,
        **_listed(
            [_told(row) for row in rows],
            queries.count_rows(db.session, [table_id])[table_id],
            ".detail",
            {"table_id": table_id},
        ),
    )
    return page, status


def _changed(table_id: UUID, rows: Any) -> list[int]:
    """The rows that would do something else today than when the table was sent."""
    table = queries.get_table(db.session, table_id)
    content, _media_type = read_file(db.session, table.file_sha256)
    return changed_since(rows, preview_table(db.session, content, table.valid_from))


def _digest(text: str) -> bytes:
    """The bytes of a SHA-256 in hexadecimal.

    Raises:
        NotFoundError: it is none.
    """
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != 32:  # noqa: PLR2004 - 256 bits
        raise NotFoundError
    return digest


def _shown(looked: Preview) -> list[ShownRow]:
    def row_of(row: PreviewRow) -> ShownRow:
        return ShownRow(row.number, row.verdict, row.food, row.item, list(row.changes), list(row.problems))

    return [row_of(row) for row in looked.rows]


def _told(row: LimitTableRow) -> ShownRow:
    return ShownRow(
        row.row_no,
        row.verdict,
        row.told["food"],
        row.told["item"],
        [Change(Part(part), old, new) for part, old, new in row.told["changes"]],
        [Problem.of_json(one) for one in row.told["problems"]],
    )


def _listed(rows: list[ShownRow], counts: Any, endpoint: str, here: dict[str, Any]) -> dict[str, Any]:
    """One page of the rows, all of them or those of one verdict, with the way to the others."""
    asked = request.args.get("verdict", "")
    verdict = RowVerdict(asked) if asked in set(RowVerdict) else None
    wanted = [row for row in rows if verdict is None or row.verdict is verdict]
    last = (read_cursor(request.args.get("after"), (int,), field="after") or (0,))[0]
    page = page_of([row for row in wanted if row.number > last][: PAGE + 1], PAGE, lambda row: (row.number,))
    chosen: dict[str, Any] = {"verdict": verdict.value} if verdict else {}
    return {
        "rows": page.rows,
        "verdict": verdict,
        "counts": counts,
        "total": len(rows),
        "tabs_of": [
            (_("All rows"), url_for(endpoint, **here), verdict is None, len(rows)),
            *(
                (words.verdict_words(one), url_for(endpoint, **here, verdict=one.value), verdict is one, counts[one])
                for one in RowVerdict
                if counts[one]
            ),
        ],
        "next_url": url_for(endpoint, **here, **chosen, after=page.next_cursor) if page.next_cursor else None,
        "first_url": url_for(endpoint, **here, **chosen) if last else None,
    }
