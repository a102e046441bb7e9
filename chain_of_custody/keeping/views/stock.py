"""Counts of the store: started at a place, scanned, closed, and cleared up line by line."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from chain_of_custody.forms import ResolveForm
from chain_of_custody.keeping import printing, queries, services
from chain_of_custody.keeping.forms import ScanStockForm
from chain_of_custody.keeping.models import StockDifference
from chain_of_custody.queries import get_place
from chain_of_custody.views.common import names_for
from lims.auth.permissions import requires
from lims.db import db
from lims.i18n import gettext as _
from lims.i18n import ngettext
from lims.uow import UnitOfWork
from lims.web.acts import carry_out, paper, press
from lims.web.current import current_actor
from lims.web.paging import PAGE, page_of, read_cursor

bp = Blueprint("stock", __name__, url_prefix="/custody/counts")


@bp.route("/")
@requires("custody.keep")
def index() -> ResponseReturnValue:
    """Counts, the newest first."""
    rows = queries.list_counts(
        db.session,
        current_actor().require_organisation(),
        after=read_cursor(request.args.get("cursor")),
        limit=PAGE + 1,
    )
    shown, following = page_of(rows, PAGE, lambda row: (row.count.started_at, row.count.id))
    return render_template(
        "chain_of_custody/keeping/counts.html",
        rows=shown,
        next_url=url_for(".index", cursor=following) if following else None,
        **names_for(db.session, [row.count.started_by_id for row in shown], []),
    )


@bp.route("/of/<uuid:place_id>", methods=["POST"])
@requires("custody.keep")
def start(place_id: UUID) -> ResponseReturnValue:
    """Begin to count a place."""
    begun: list[UUID] = []
    if press(lambda uow: begun.append(services.start_count(uow, place_id).id)):
        return redirect(url_for(".detail", count_id=begun[0]), 303)
    return redirect(url_for("storage.place", place_id=place_id), 303)


@bp.route("/<uuid:count_id>", methods=["GET", "POST"])
@requires("custody.keep")
def detail(count_id: UUID) -> ResponseReturnValue:
    """One count: scanned while it is open, a difference list once it is closed."""
    form = ScanStockForm()
    fresh: list[int] = []

    def scan(uow: UnitOfWork) -> None:
        fresh.append(services.scan_stock(uow, count_id, (form.codes.data or "").split()))

    status = carry_out(form, scan)
    if status == HTTPStatus.SEE_OTHER:
        flash(ngettext("%(num)s portion noted.", "%(num)s portions noted.", fresh[0]), "success")
        return redirect(url_for(".detail", count_id=count_id), status)
    return _detail(count_id, form, status)


def _detail(
    count_id: UUID, form: ScanStockForm, status: int, *, resolving: dict[str, ResolveForm] | None = None
) -> ResponseReturnValue:
    actor = current_actor()
    found = queries.get_count(db.session, actor.require_organisation(), count_id)
    scans = queries.list_scans(db.session, count_id)
    rows = queries.list_differences(db.session, count_id)
    forms = {row.difference.scanned: ResolveForm(formdata=None) for row in rows} | (resolving or {})
    return render_template(
        "chain_of_custody/keeping/count.html",
        counted=found,
        place=get_place(db.session, found.organisation_id, found.place_id),
        form=form if found.closed_at is None else None,
        scans=scans,
        rows=rows,
        forms=forms,
        **names_for(
            db.session,
            [found.started_by_id, found.closed_by_id, *(row.difference.resolved_by_id for row in rows)],
            [],
        ),
    ), status


@bp.route("/<uuid:count_id>/close", methods=["POST"])
@requires("custody.keep")
def close(count_id: UUID) -> ResponseReturnValue:
    """End a count."""
    found: list[StockDifference] = []
    if press(lambda uow: found.extend(services.close_count(uow, count_id))):
        if found:
            flash(ngettext("Closed. %(num)s difference.", "Closed. %(num)s differences.", len(found)), "warning")
        else:
            flash(_("Closed. Everything is where it should be."), "success")
    return redirect(url_for(".detail", count_id=count_id), 303)


@bp.route("/<uuid:count_id>/resolve/<scanned>", methods=["POST"])
@requires("custody.keep")
def resolve(count_id: UUID, scanned: str) -> ResponseReturnValue:
    """Write down how a difference was cleared up."""
    form = ResolveForm()
    status = carry_out(
        form, lambda uow: services.resolve_difference(uow, count_id, scanned, form.resolution.data or "")
    )
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Written down."), "success")
        return redirect(url_for(".detail", count_id=count_id), status)
    return _detail(count_id, ScanStockForm(formdata=None), status, resolving={scanned: form})


@bp.route("/<uuid:count_id>/list.pdf")
@requires("custody.keep")
def difference_list(count_id: UUID) -> ResponseReturnValue:
    """The 盘点差异表 to print."""
    found = queries.get_count(db.session, current_actor().require_organisation(), count_id)
    return paper(printing.stock_count(db.session, found), found.count_no)
