"""One board of everything that ends: people, instruments, materials, methods, scope."""

from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import required_permission, requires
from lims.db import db
from lims.i18n import gettext as _
from lims.tables import to_csv
from lims.web.current import current_actor
from results.expiry import words
from results.expiry.queries import board
from results.expiry.types import BoardRow, ExpiryKind, ExpiryState

bp = Blueprint("expiry", __name__, url_prefix="/quality/expiry")


@bp.route("/")
@requires("results.expiry")
def index() -> ResponseReturnValue:
    """What ends in one's laboratory, the earliest first, and what it blocks then."""
    kind = _kind()
    rows = _rows(None)
    return render_template(
        "results/expiry/index.html",
        words=words,
        kinds=list(ExpiryKind),
        kind=kind,
        rows=[row for row in rows if kind is None or row.ending.kind is kind],
        counts={each: sum(row.ending.kind is each for row in rows) for each in ExpiryKind},
        total=len(rows),
        ended=sum(row.state is ExpiryState.ENDED for row in rows),
        soon=sum(row.state is ExpiryState.SOON for row in rows),
        page_of=_page_of,
    )


@bp.route("/table.csv")
@requires("results.expiry")
def export() -> ResponseReturnValue:
    """The board as a table for a spreadsheet."""
    columns = (_("Kind"), _("Who or what"), _("Detail"), _("Last day"), _("State"), _("What it blocks"))
    lines = [
        (
            str(words.KINDS[row.ending.kind]),
            row.ending.what,
            row.ending.detail,
            row.ending.last_day.isoformat(),
            str(words.STATES[row.state]),
            str(words.BLOCKS[row.ending.blocks]),
        )
        for row in _rows(_kind())
    ]
    today = clock.local_date(clock.now())
    answer = Response(to_csv(columns, lines), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="expiry-{today.isoformat()}.csv"'
    return answer


def _rows(kind: ExpiryKind | None) -> list[BoardRow]:
    return board(db.session, current_actor().require_organisation(), clock.local_date(clock.now()), kind)


def _kind() -> ExpiryKind | None:
    asked = request.args.get("kind", "")
    return ExpiryKind(asked) if asked in set(ExpiryKind) else None


def _page_of(row: BoardRow) -> str | None:
    """Where the thing is shown, for who may look at it."""
    if row.ending.where is None:
        return None
    endpoint, values = row.ending.where
    needed = required_permission(current_app.view_functions[endpoint])
    named: dict[str, Any] = dict(values)
    return url_for(endpoint, **named) if needed is not None and current_actor().may(needed) else None
