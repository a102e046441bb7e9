"""Control materials: lots, what they should give, and taking them out of use."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import requires
from lims.catalog.models import TestItem
from lims.catalog.queries import find_item, list_methods
from lims.db import db
from lims.errors import InvalidInputError
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from lims.web.acts import carry_out
from lims.web.current import current_actor
from results.quality import words
from results.quality.forms import LotForm, ReasonForm, ValueForm
from results.quality.queries.lots import get_lot, list_lots, values_of_lot
from results.quality.services.lots import note_lot, set_value, withdraw_lot
from results.quality.types import LotKind

bp = Blueprint("control_lots", __name__, url_prefix="/quality/materials")


@bp.route("/", methods=["GET", "POST"])
@requires("results.batch")
def index() -> ResponseReturnValue:
    """The control materials of the laboratory; a quality manager notes a new lot here."""
    form = LotForm()
    made: list[UUID] = []
    status = HTTPStatus.OK.value
    if current_actor().may("results.control_material"):
        status = carry_out(form, lambda uow: made.append(_note(uow, form)))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Noted. Say what it should give."), "success")
        return redirect(url_for(".detail", lot_id=made[0]), status)
    return render_template(
        "results/quality/lots.html",
        form=form,
        words=words,
        lots=list_lots(db.session, current_actor().require_organisation()),
        today=clock.local_date(clock.now()),
    ), status


@bp.route("/<uuid:lot_id>", methods=["GET", "POST"])
@requires("results.batch")
def detail(lot_id: UUID) -> ResponseReturnValue:
    """One lot with its targets; a quality manager sets them here."""
    lot = get_lot(db.session, current_actor().require_organisation(), lot_id)
    form = ValueForm()
    status = HTTPStatus.OK.value
    if current_actor().may("results.control_material"):
        status = carry_out(form, lambda uow: _set(uow, lot_id, form))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("From the next batch on it is judged by this."), "success")
        return redirect(url_for(".detail", lot_id=lot_id), status)
    return render_template(
        "results/quality/lot.html",
        form=form,
        withdraw=ReasonForm(formdata=None),
        lot=lot,
        is_reference=lot.kind is LotKind.REFERENCE,
        names=bilingual,
        words=words,
        values=values_of_lot(db.session, lot_id),
        today=clock.local_date(clock.now()),
    ), status


@bp.route("/<uuid:lot_id>/withdraw", methods=["GET", "POST"])
@requires("results.control_material")
def withdraw(lot_id: UUID) -> ResponseReturnValue:
    """Take a lot out of use before it expires."""
    lot = get_lot(db.session, current_actor().require_organisation(), lot_id)
    form = ReasonForm()
    status = carry_out(form, lambda uow: withdraw_lot(uow, lot_id, form.reason.data or ""))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Withdrawn. No batch takes it any more."), "success")
        return redirect(url_for(".detail", lot_id=lot_id), status)
    return render_template("results/quality/withdraw.html", form=form, lot=lot), status


def _note(uow: UnitOfWork, form: LotForm) -> UUID:
    assert form.expires_on.data is not None  # noqa: S101 - the form was valid
    return note_lot(
        uow,
        kind=LotKind(form.kind.data),
        name=form.name.data or "",
        lot_no=form.lot_no.data or "",
        expires_on=form.expires_on.data,
        certificate_no=form.certificate_no.data or "",
    ).id


def _set(uow: UnitOfWork, lot_id: UUID, form: ValueForm) -> None:
    item = _item(uow, form.item.data or "")
    method = (form.method.data or "").strip()
    known = [one.name for one in list_methods(uow.session, item.id)]
    if method not in known:
        raise InvalidInputError(
            _l(
                "%(item)s is not measured by “%(method)s”, expected one of: %(known)s.",
                item=item.name_zh,
                method=method[:60],
                known="；".join(known),
            ),
            field="method",
        )
    set_value(
        uow,
        lot_id,
        item.id,
        method,
        target=form.target.data,  # type: ignore[arg-type]  # the stub knows text only
        unit=form.unit.data or "",
        deviation=form.deviation.data,  # type: ignore[arg-type]
        low=form.low.data,  # type: ignore[arg-type]
        high=form.high.data,  # type: ignore[arg-type]
    )


def _item(uow: UnitOfWork, name: str) -> TestItem:
    found = find_item(uow.session, name)
    if found is None:
        raise InvalidInputError(_l("There is no test item “%(name)s”.", name=name[:60]), field="item")
    return found
