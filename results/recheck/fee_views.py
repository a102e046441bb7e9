"""Pages of the fees of rechecks and of what the first laboratory may watch."""

from decimal import Decimal
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import requires
from lims.catalog.workdays import last_day
from lims.clock import LOCAL_ZONE, local_date
from lims.db import db
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.tables import to_csv
from lims.uow import UnitOfWork
from lims.web.current import current_actor
from results.recheck import queries, services
from results.recheck.forms import AdvanceForm, FeeForm, RepaymentForm, WatchForm
from results.recheck.types import FeeBearer
from results.recheck.views import act_page

bp = Blueprint("recheck_fees", __name__, url_prefix="/rechecks")


@bp.route("/fees/")
@requires("recheck.fees")
def index() -> ResponseReturnValue:
    """What is still to be paid or paid back; or every fee."""
    is_open = _is_open()
    rows = queries.list_fees(db.session, current_actor(), is_open=is_open)
    return render_template("results/recheck/fees.html", rows=rows, is_open=is_open, today=local_date(clock.now()))


@bp.route("/fees.csv")
@requires("recheck.fees")
def download() -> ResponseReturnValue:
    """The same as a table for a spreadsheet."""
    columns = (
        _("Application number"),
        _("Applicant"),
        _("Fee"),
        _("To be advanced by"),
        _("Advanced"),
        _("Number of the receipt"),
        _("Borne by"),
        _("Paid back"),
        _("Number of the voucher"),
    )
    bearers = {FeeBearer.APPLICANT: _("the applicant"), FeeBearer.REGULATOR: _("the regulator"), None: ""}
    lines = [
        (
            recheck.recheck_no,
            recheck.applicant_name,
            f"{fee.amount:.2f}",
            last_day(fee.pay_due_at).isoformat(),
            fee.advanced_on.isoformat() if fee.advanced_on else "",
            fee.receipt_no or "",
            bearers[fee.borne_by],
            fee.repaid_on.isoformat() if fee.repaid_on else "",
            fee.voucher_no or "",
        )
        for recheck, fee in queries.list_fees(db.session, current_actor(), is_open=_is_open())
    ]
    response = Response(to_csv(columns, lines), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="recheck-fees.csv"'
    return response


@bp.route("/<uuid:recheck_id>/fee", methods=["GET", "POST"])
@requires("recheck.fees")
def state(recheck_id: UUID) -> ResponseReturnValue:
    """Say what a recheck costs."""
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    form = FeeForm()

    def act(uow: UnitOfWork) -> None:
        amount = form.amount.data
        assert isinstance(amount, Decimal)  # noqa: S101 - the form reads it
        services.state_fee(uow, recheck_id, amount)

    lead = _("In yuan; 0 where nothing is asked for. The applicant advances it.")
    return act_page(form, act, recheck, title=_("State the fee"), lead=lead)


@bp.route("/<uuid:recheck_id>/fee/advance", methods=["GET", "POST"])
@requires("recheck.fees")
def advance(recheck_id: UUID) -> ResponseReturnValue:
    """The applicant has paid."""
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    form = AdvanceForm()
    if not form.is_submitted():
        form.advanced_on.data = local_date(clock.now())

    def act(uow: UnitOfWork) -> None:
        day = form.advanced_on.data
        assert day is not None  # noqa: S101 - the form asks for it
        services.note_advance(uow, recheck_id, str(form.receipt_no.data), day)

    return act_page(form, act, recheck, title=_("Note the advance"))


@bp.route("/<uuid:recheck_id>/fee/repayment", methods=["GET", "POST"])
@requires("recheck.decide")
def repay(recheck_id: UUID) -> ResponseReturnValue:
    """The regulator has paid back."""
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    form = RepaymentForm()
    if not form.is_submitted():
        form.repaid_on.data = local_date(clock.now())

    def act(uow: UnitOfWork) -> None:
        day = form.repaid_on.data
        assert day is not None  # noqa: S101 - the form asks for it
        services.note_repayment(uow, recheck_id, str(form.voucher_no.data), day)

    return act_page(form, act, recheck, title=_("Note the repayment"))


@bp.route("/<uuid:recheck_id>/watch", methods=["GET", "POST"])
@requires("recheck.test")
def watch(recheck_id: UUID) -> ResponseReturnValue:
    """Tell the first laboratory when it may watch."""
    recheck = queries.get_recheck(db.session, current_actor(), recheck_id)
    form = WatchForm()

    def act(uow: UnitOfWork) -> None:
        at = form.begins_at.data
        assert at is not None  # noqa: S101 - the form asks for it
        services.tell_first_lab(uow, recheck_id, at.replace(tzinfo=LOCAL_ZONE), str(form.place.data))

    return act_page(form, act, recheck, title=_("Tell the first laboratory"), lead=_("It may watch the recheck."))


@bp.route("/watching/")
@requires("recheck.see")
def watching() -> ResponseReturnValue:
    """Rechecks of one's own first results that one may watch."""
    rows = queries.list_watchings(db.session, current_actor().require_organisation())
    return render_template("results/recheck/watching.html", rows=rows, names=bilingual)


def _is_open() -> bool:
    """Whether only what is still to be paid or paid back is asked for."""
    return request.args.get("show") != "all"
