"""The fee of a recheck: stated, advanced by the applicant, borne as the conclusion says, paid back where it passed."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from uuid import UUID

from lims.catalog.queries import deadline, get_parameter
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from results.recheck.models import Recheck, RecheckFee
from results.recheck.rules import bearer_of, is_settled
from results.recheck.services.common import lock_for_party, lock_recheck
from results.recheck.types import OVER, FeeBearer, RecheckState
from results.types import ItemVerdict

PLACES = 2  # yuan and fen
MOST = Decimal(10_000_000)  # a slip of the pen beyond it


class FeeOpenError(ConflictError):
    """Testing waits for the fee."""

    code = "recheck_fee_open"


def state_fee(uow: UnitOfWork, recheck_id: UUID, amount: Decimal) -> RecheckFee:
    """Say what a recheck costs, as its laboratory or the regulator; 0 where nothing is asked for.

    Raises:
        NotFoundError: no such recheck of this laboratory or regulator.
        InvalidInputError: an amount below 0, beyond what a recheck can cost, or finer than a fen.
        ConflictError: stated before, no laboratory is drawn, or the recheck is over.
    """
    if not 0 <= amount < MOST or amount != round(amount, PLACES):
        raise InvalidInputError(
            _l("The amount is %(amount)s yuan, expected 0 to 9,999,999.99.", amount=f"{amount:f}"), field="amount"
        )
    recheck = lock_for_party(uow, recheck_id)
    if recheck.state is not RecheckState.ASSIGNED:
        raise ConflictError(_l("This recheck is past this step."), facts={"state": recheck.state.value})
    if uow.session.get(RecheckFee, recheck_id) is not None:
        raise ConflictError(_l("The fee of this recheck was stated already."))
    fee = RecheckFee(
        recheck_id=recheck_id,
        sample_id=recheck.sample_id,
        amount=amount,
        stated_by_id=uow.actor.require_person(),
        stated_at=uow.now,
        pay_due_at=deadline(uow.session, "recheck_fee_pay", uow.now).due_at,
    )
    uow.session.add(fee)
    uow.session.flush()
    return fee


def note_advance(uow: UnitOfWork, recheck_id: UUID, receipt_no: str, advanced_on: date) -> RecheckFee:
    """The applicant has paid: the number and the day of the receipt.

    Raises:
        NotFoundError: no such fee of this laboratory or regulator.
        InvalidInputError: no number, or a day to come.
        ConflictError: noted before, or nothing is owed.
    """
    fee = _fee(uow, lock_for_party(uow, recheck_id))
    if fee.advanced_on is not None or fee.amount == 0:
        raise ConflictError(_l("This fee is paid already, or there is none."))
    fee.advanced_on, fee.receipt_no = _day(uow, advanced_on, "advanced_on"), _number(receipt_no, "receipt_no")
    fee.advance_noted_by_id = uow.actor.require_person()
    uow.session.flush()
    return fee


def note_repayment(uow: UnitOfWork, recheck_id: UUID, voucher_no: str, repaid_on: date) -> RecheckFee:
    """The regulator has paid the fee back: the number and the day of the voucher.

    Raises:
        NotFoundError: no such fee of this regulator.
        InvalidInputError: no number, a day to come, or one before the advance.
        ConflictError: the applicant bears it, it was never advanced, or it was paid back before.
    """
    fee = _fee(uow, lock_recheck(uow, recheck_id, *OVER))
    if fee.borne_by is not FeeBearer.REGULATOR or fee.advanced_on is None or fee.repaid_on is not None:
        raise ConflictError(_l("There is nothing to be paid back."))
    day = _day(uow, repaid_on, "repaid_on")
    if day < fee.advanced_on:
        raise InvalidInputError(
            _l("%(until)s lies before %(since)s.", until=day.isoformat(), since=fee.advanced_on.isoformat()),
            field="repaid_on",
        )
    fee.repaid_on, fee.voucher_no = day, _number(voucher_no, "voucher_no")
    fee.repayment_noted_by_id = uow.actor.require_person()
    uow.session.flush()
    return fee


def check_fee_is_settled(uow: UnitOfWork, recheck_id: UUID) -> None:
    """Refuse to test before the fee is advanced, where the rule parameter `recheck_fee_first` says so.

    Raises:
        FeeOpenError: it is not stated yet, or not advanced.
    """
    if not get_parameter(uow.session, "recheck_fee_first", local_date(uow.now)).value:
        return
    fee = uow.session.get(RecheckFee, recheck_id)
    if fee is None:
        raise FeeOpenError(_l("State the fee of this recheck first, 0 where nothing is asked for."))
    if not is_settled(fee.amount, fee.advanced_on):
        raise FeeOpenError(_l("The fee of %(amount)s yuan is not advanced yet.", amount=f"{fee.amount:.2f}"))


def settle_fee(uow: UnitOfWork, recheck: Recheck, rechecked: Collection[ItemVerdict]) -> None:
    """Write down who bears the fee, as the recheck ends; called in its transaction."""
    fee = uow.session.get(RecheckFee, recheck.id)
    if fee is not None:
        fee.borne_by = bearer_of(rechecked)


def _fee(uow: UnitOfWork, recheck: Recheck) -> RecheckFee:
    fee = uow.session.get(RecheckFee, recheck.id, with_for_update=True)
    if fee is None:
        raise NotFoundError
    return fee


def _day(uow: UnitOfWork, day: date, field: str) -> date:
    if day > local_date(uow.now):
        raise InvalidInputError(
            _l("The day is %(day)s, expected today at the latest.", day=day.isoformat()), field=field
        )
    return day


def _number(text: str, field: str) -> str:
    number = text.strip()
    if not number:
        raise InvalidInputError(_l("Fill this in."), field=field)
    return number
