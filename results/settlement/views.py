"""Pages of settlements: the list, a period before it is drawn up, one settlement, and the prices."""

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims.actors import OrganisationKind
from lims.auth.permissions import requires
from lims.catalog.queries import list_majors
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.forms import PageForm
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.people.queries import get_organisation, list_organisations, person_names
from lims.tables import to_csv
from lims.uow import UnitOfWork, unit_of_work
from lims.web.acts import carry_out
from lims.web.current import current_actor
from results.settlement import queries, services
from results.settlement.forms import PaymentForm, PeriodForm, PriceForm, WithdrawForm
from results.settlement.models import Settlement
from results.settlement.types import Line, LineKind
from results.settlement.words import KINDS

bp = Blueprint("settlements", __name__, url_prefix="/settlements")


@bp.route("/")
@requires("settlement.see")
def index() -> ResponseReturnValue:
    """The settlements of one's organisation."""
    rows = queries.list_settlements(db.session, current_actor())
    return render_template("results/settlement/index.html", rows=rows, organisations=_organisations(rows))


@bp.route("/new", methods=["GET", "POST"])
@requires("settlement.draw")
def create() -> ResponseReturnValue:
    """Choose laboratory and period, look at every sample, then draw it up."""
    form = PeriodForm()
    form.offer(_labs())
    made: list[UUID] = []
    shown: list[Line] = []
    is_final = request.form.get("act") == "draw_up"

    def act(uow: UnitOfWork) -> None:
        first, last = form.first_day.data, form.last_day.data
        assert first and last  # noqa: S101, PT018 - the form asks for both
        if is_final:
            made.append(services.draw_up(uow, UUID(form.lab_id.data), first, last).id)
        else:
            shown.extend(services.lines_for(uow, UUID(form.lab_id.data), first, last))

    status = carry_out(form, act)
    if made:
        flash(_("Drawn up. The laboratory confirms it now."), "success")
        return redirect(url_for(".detail", settlement_id=made[0]), HTTPStatus.SEE_OTHER)
    is_looked_at = status == HTTPStatus.SEE_OTHER
    page = render_template(
        "results/settlement/create.html",
        form=form,
        lines=shown,
        is_looked_at=is_looked_at,
        total=sum((line.amount for line in shown), Decimal(0)),
        counts=Counter(line.kind for line in shown),
        kinds=KINDS,
    )
    return page, HTTPStatus.OK if is_looked_at else status


@bp.route("/<uuid:settlement_id>")
@requires("settlement.see")
def detail(settlement_id: UUID) -> ResponseReturnValue:
    """One settlement, sample by sample."""
    actor = current_actor()
    settlement = queries.get_settlement(db.session, actor, settlement_id)
    rows = queries.lines_of(db.session, settlement_id)
    acted = (settlement.drawn_up_by_id, settlement.confirmed_by_id, settlement.withdrawn_by_id)
    is_open = settlement.confirmed_at is None and settlement.withdrawn_at is None
    is_regulator = settlement.regulator_id == actor.organisation_id and actor.may("settlement.draw")
    return render_template(
        "results/settlement/detail.html",
        settlement=settlement,
        rows=rows,
        sums=_sums(rows),
        kinds=KINDS,
        organisations=_organisations([settlement]),
        people=person_names(db.session, [each for each in acted if each]),
        can_confirm=is_open and settlement.lab_id == actor.organisation_id and actor.may("settlement.confirm"),
        can_withdraw=is_open and is_regulator,
        can_pay=is_regulator and settlement.confirmed_at is not None and settlement.paid_on is None,
    )


@bp.route("/<uuid:settlement_id>/lines.csv")
@requires("settlement.see")
def download(settlement_id: UUID) -> ResponseReturnValue:
    """Its lines as a table for a spreadsheet."""
    settlement = queries.get_settlement(db.session, current_actor(), settlement_id)
    columns = (_("Sampling number"), _("How it came out"), _("Ended on"), _("Price"), _("Deduction"), _("To be paid"))
    lines = [
        (
            row.sampling_no,
            str(KINDS[row.line.kind]),
            row.line.ended_on.isoformat(),
            f"{row.line.price:.2f}",
            f"{row.line.deduction:.2f}",
            f"{row.line.price - row.line.deduction:.2f}",
        )
        for row in queries.lines_of(db.session, settlement_id)
    ]
    response = Response(to_csv(columns, lines), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{settlement.settlement_no}.csv"'
    return response


@bp.route("/<uuid:settlement_id>/confirmation", methods=["POST"])
@requires("settlement.confirm")
def confirm(settlement_id: UUID) -> ResponseReturnValue:
    """The laboratory agrees."""
    try:
        with unit_of_work(current_actor()) as uow:
            services.confirm_settlement(uow, settlement_id)
    except NotFoundError:
        raise
    except LimsError as refusal:
        flash(str(refusal), "error")
    else:
        flash(_("Confirmed."), "success")
    return redirect(url_for(".detail", settlement_id=settlement_id), HTTPStatus.SEE_OTHER)


@bp.route("/<uuid:settlement_id>/withdrawal", methods=["GET", "POST"])
@requires("settlement.draw")
def withdraw(settlement_id: UUID) -> ResponseReturnValue:
    """Take it back before the laboratory agreed."""
    form = WithdrawForm()

    def act(uow: UnitOfWork) -> None:
        services.withdraw_settlement(uow, settlement_id, str(form.reason.data))

    return _act_page(form, act, settlement_id, title=_("Withdraw the settlement"))


@bp.route("/<uuid:settlement_id>/payment", methods=["GET", "POST"])
@requires("settlement.draw")
def pay(settlement_id: UUID) -> ResponseReturnValue:
    """Note that it was paid."""
    form = PaymentForm()

    def act(uow: UnitOfWork) -> None:
        day = form.paid_on.data
        assert day is not None  # noqa: S101 - the form asks for it
        services.note_payment(uow, settlement_id, str(form.voucher_no.data), day)

    return _act_page(form, act, settlement_id, title=_("Note the payment"))


@bp.route("/prices/", methods=["GET", "POST"])
@requires("settlement.draw")
def prices() -> ResponseReturnValue:
    """What is agreed on with each laboratory, and a new price."""
    majors = {one.code: bilingual(one) for one in list_majors(db.session)}
    form = PriceForm()
    form.offer(_labs(), [(code, f"{code} {name}") for code, name in majors.items()])

    def act(uow: UnitOfWork) -> None:
        amount, day = form.amount.data, form.valid_from.data
        assert isinstance(amount, Decimal) and day is not None  # noqa: S101, PT018 - the form reads both
        services.set_price(
            uow,
            UUID(form.lab_id.data),
            form.category_code.data or None,
            amount,
            valid_from=day,
            contract=str(form.contract.data),
        )

    status = carry_out(form, act)
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Price agreed on."), "success")
        return redirect(url_for(".prices"), status)
    rows = queries.list_prices(db.session, current_actor().require_organisation())
    labs = {row.lab_id: get_organisation(db.session, row.lab_id) for row in rows}
    return render_template("results/settlement/prices.html", form=form, rows=rows, labs=labs, majors=majors), status


def _act_page(
    form: PageForm, act: Callable[[UnitOfWork], Any], settlement_id: UUID, *, title: str
) -> ResponseReturnValue:
    settlement = queries.get_settlement(db.session, current_actor(), settlement_id)
    status = carry_out(form, act)
    if status == HTTPStatus.SEE_OTHER:
        return redirect(url_for(".detail", settlement_id=settlement_id), status)
    return render_template("results/settlement/act.html", form=form, settlement=settlement, title=title), status


def _labs() -> list[tuple[str, str]]:
    return [(str(one.id), bilingual(one)) for one in list_organisations(db.session, [OrganisationKind.LAB])]


def _sums(rows: Iterable[queries.LineRow]) -> list[tuple[LineKind, int, Decimal, Decimal]]:
    """Of each kind there is: how many samples, their prices, and what is taken off."""
    found = []
    for kind in LineKind:
        lines = [row.line for row in rows if row.line.kind is kind]
        if lines:
            prices_sum = sum((line.price for line in lines), Decimal(0))
            found.append((kind, len(lines), prices_sum, sum((line.deduction for line in lines), Decimal(0))))
    return found


def _organisations(rows: Iterable[Settlement]) -> dict[UUID, Any]:
    ids = {each for row in rows for each in (row.lab_id, row.regulator_id)}
    return {each: get_organisation(db.session, each) for each in ids}
