"""Control materials: noting a lot, setting what it should give, withdrawing it."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError
from lims.i18n import gettext
from lims.i18n import lazy_gettext as _l
from lims.quantities import QuantityError, parse_unit
from lims.uow import UnitOfWork
from results.quality.models import ControlLot, ControlValue
from results.quality.queries.lots import get_lot, last_value
from results.quality.types import LotKind


def note_lot(
    uow: UnitOfWork, *, kind: LotKind, name: str, lot_no: str, expires_on: date, certificate_no: str = ""
) -> ControlLot:
    """Note a lot of a control material, or of a certified one.

    Raises:
        InvalidInputError: it has expired already, or a certified material without its certificate.
        ConflictError: this lot is noted already.
    """
    today = local_date(uow.now)
    if expires_on < today:
        raise InvalidInputError(
            _l(
                "The date is %(day)s, expected %(today)s or later.",
                day=expires_on.isoformat(),
                today=today.isoformat(),
            ),
            field="expires_on",
        )
    if kind is LotKind.REFERENCE and not certificate_no.strip():
        raise InvalidInputError(_l("A certified material has a certificate: give its number."), field="certificate_no")
    lot = ControlLot(
        lab_id=uow.actor.require_organisation(),
        kind=kind,
        name=name.strip(),
        lot_no=lot_no.strip(),
        certificate_no=certificate_no.strip(),
        expires_on=expires_on,
        noted_by_id=uow.actor.require_person(),
        noted_at=uow.now,
    )
    uow.session.add(lot)
    uow.session.flush()
    return lot


def set_value(
    uow: UnitOfWork,
    lot_id: UUID,
    item_id: UUID,
    method: str,
    *,
    target: Decimal,
    unit: str,
    deviation: Decimal | None = None,
    low: Decimal | None = None,
    high: Decimal | None = None,
) -> ControlValue:
    """Say what a lot should give for one item by one method; from the next batch on it is judged by that.

    Raises:
        NotFoundError: no such lot of this laboratory.
        InvalidInputError: a control without a positive standard deviation, a certified material whose target does not
            lie within its bounds, or a unit that is none.
        ConflictError: the lot was withdrawn.
    """
    lot = get_lot(uow.session, uow.actor.require_organisation(), lot_id)
    if lot.withdrawn_at is not None:
        raise ConflictError(_l("Lot %(lot)s was withdrawn.", lot=lot.lot_no))
    try:
        parse_unit(unit)
    except QuantityError as error:
        raise InvalidInputError(gettext(error.message) % error.params, field="unit") from error
    if lot.kind is LotKind.CONTROL and (deviation is None or deviation <= 0 or low is not None or high is not None):
        raise InvalidInputError(_l("A control has a standard deviation above 0, and no bounds."), field="deviation")
    if lot.kind is LotKind.REFERENCE:
        if deviation is not None or low is None or high is None:
            raise InvalidInputError(_l("A certified material has both bounds of its certificate."), field="low")
        if not low <= target <= high:
            raise InvalidInputError(
                _l(
                    "The target %(target)s does not lie between %(low)s and %(high)s.",
                    target=str(target),
                    low=str(low),
                    high=str(high),
                ),
                field="target",
            )
    before = last_value(uow.session, lot.id, item_id, method)
    value = ControlValue(
        lot_id=lot.id,
        lab_id=lot.lab_id,
        item_id=item_id,
        method=method,
        version=before.version + 1 if before else 1,
        target=target,
        deviation=deviation,
        low=low,
        high=high,
        unit=unit.strip(),
        noted_by_id=uow.actor.require_person(),
        noted_at=uow.now,
    )
    uow.session.add(value)
    uow.session.flush()
    return value


def withdraw_lot(uow: UnitOfWork, lot_id: UUID, reason: str) -> None:
    """Take a lot out of use before it expires.

    Raises:
        NotFoundError: no such lot of this laboratory.
        InvalidInputError: no reason.
        ConflictError: it was withdrawn already.
    """
    lot = get_lot(uow.session, uow.actor.require_organisation(), lot_id)
    if not reason.strip():
        raise InvalidInputError(_l("Say why."), field="reason")
    if lot.withdrawn_at is not None:
        raise ConflictError(_l("Lot %(lot)s was withdrawn.", lot=lot.lot_no))
    lot.withdrawn_at = uow.now
    lot.withdrawn_by_id = uow.actor.require_person()
    lot.withdrawn_reason = reason.strip()
