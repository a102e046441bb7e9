"""Public pages: results by food, business and outcome; the page of a business; open data."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import PUBLIC, requires
from lims.clock import local_date
from lims.db import db
from lims.tables import to_csv
from lims.web.paging import Page, page_of, read_cursor
from results.publication import open_data, queries
from results.publication.schemas import MAX_SEARCH
from results.publication.tables import COLUMNS, Form, write_rows
from sampling.types import SampleVerdict

bp = Blueprint("public_results", __name__, url_prefix="/results")

SHOWN = {"pass": SampleVerdict.PASS, "fail": SampleVerdict.FAIL}


@bp.route("/")
@requires(PUBLIC)
def index() -> ResponseReturnValue:
    """Search what is published."""
    text = request.args.get("q", "").replace("\0", "").strip()[:MAX_SEARCH]
    shown_verdict = SHOWN.get(request.args.get("verdict", ""))
    page = _page(text=text, verdict=shown_verdict)
    return render_template(
        "results/publication/index.html",
        rows=page.rows,
        text=text,
        verdict=shown_verdict.value if shown_verdict else "",
        following=page.next_cursor,
        counts=_counts(),
    )


@bp.route("/businesses/<uuid:business_id>")
@requires(PUBLIC)
def business(business_id: UUID) -> ResponseReturnValue:
    """Everything published about one business."""
    found = queries.get_business(db.session, business_id)
    page = _page(business_id=business_id)
    return render_template(
        "results/publication/business.html",
        business=found,
        rows=page.rows,
        following=page.next_cursor,
        counts=_counts(business_id),
    )


@bp.route("/samples/<uuid:sample_id>")
@requires(PUBLIC)
def sample(sample_id: UUID) -> ResponseReturnValue:
    """One published result with what was done about it."""
    return render_template("results/publication/sample.html", row=queries.get_result(db.session, sample_id))


@bp.route("/<any(pass,fail,fail_items,samr):form_name>.csv")
@requires(PUBLIC)
def download(form_name: str) -> ResponseReturnValue:
    """An official table of this year's passes or failures, the newest first."""
    year, form = local_date(clock.now()).year, Form(form_name)
    rows = open_data.published_rows(db.session, form, _address, year=year)
    response = Response(to_csv(COLUMNS[form], write_rows(form, rows)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{form_name}-{year}.csv"'
    return response


def _address(row: queries.PublicResult) -> str:
    return url_for(".sample", sample_id=row.sample_id, _external=True)


def _page(**asked: Any) -> Page[queries.PublicResult]:
    after = read_cursor(request.args.get("after"), field="after")
    rows = queries.search_results(db.session, **asked, after=after, limit=queries.PAGE + 1)
    return page_of(rows, queries.PAGE, lambda row: (row.issued_at, row.sample_id))


def _counts(business_id: UUID | None = None) -> dict[str, int]:
    counted = queries.count_results(db.session, business_id)
    return {name: counted.get(verdict, 0) for name, verdict in SHOWN.items()}
