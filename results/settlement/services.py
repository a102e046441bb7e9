"""Agreeing on prices; drawing up, confirming, withdrawing and paying a settlement."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from lims.actors import OrganisationKind
from lims.catalog.queries import get_parameter
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.numbering import take_number
from lims.people.queries import get_organisation
from lims.uow import UnitOfWork
from results.settlement.events import SettlementConfirmed, SettlementDrawnUp
from results.settlement.models import Settlement, SettlementLine, TestingPrice
from results.settlement.queries import get_settlement, open_samples, prices_of
from results.settlement.rules import line_of, price_on
from results.settlement.types import Line

SERIES, PREFIX = "settlement", "JS"  # 结 算
LATE = "settlement_late"
MOST = Decimal(1_000_000)


class NotSettledError(ConflictError):
    """A settlement that cannot take this step, or samples without a price."""

    code = "not_settled"


def set_price(
    uow: UnitOfWork, lab_id: UUID, category_code: str | None, amount: Decimal, *, valid_from: date, contract: str
) -> TestingPrice:
    """Agree on a price from a day on; what was settled before keeps its own.

    Raises:
        InvalidInputError: an amount that cannot be right, or no laboratory.
        ConflictError: there is a price from this day on.
    """
    if not 0 < amount < MOST or amount != round(amount, 2):
        raise InvalidInputError(
            _l("The price is %(amount)s yuan, expected 0.01 to 999,999.99.", amount=f"{amount:f}"), field="amount"
        )
    if get_organisation(uow.session, lab_id).kind is not OrganisationKind.LAB:
        raise InvalidInputError(_l("This is no laboratory."), field="lab_id")
    price = TestingPrice(
        regulator_id=uow.actor.require_organisation(),
        lab_id=lab_id,
        category_code=category_code,
        amount=amount,
        valid_from=valid_from,
        contract=contract.strip(),
        set_by_id=uow.actor.require_person(),
        set_at=uow.now,
    )
    uow.session.add(price)
    uow.session.flush()
    return price


def lines_for(uow: UnitOfWork, lab_id: UUID, first_day: date, last_day: date) -> list[Line]:
    """What a settlement of this period would hold.

    Raises:
        InvalidInputError: the period is not in order, or has not ended.
        NotSettledError: a sample has no price on its day; the categories are named.
    """
    if first_day > last_day:
        raise InvalidInputError(
            _l("%(until)s lies before %(since)s.", until=last_day.isoformat(), since=first_day.isoformat()),
            field="last_day",
        )
    if last_day > local_date(uow.now):
        raise InvalidInputError(
            _l("The day is %(day)s, expected today at the latest.", day=last_day.isoformat()), field="last_day"
        )
    regulator_id = uow.actor.require_organisation()
    samples = open_samples(uow.session, regulator_id, lab_id, first_day, last_day)
    prices = prices_of(uow.session, regulator_id, lab_id)
    late = get_parameter(uow.session, LATE, local_date(uow.now)).value
    lines, missing = [], set()
    for sample in samples:
        price = price_on(prices, sample.category_code, sample.ended_on)
        if price is None:
            missing.add(sample.category_code)
        else:
            lines.append(line_of(sample, price, late))
    if missing:
        raise NotSettledError(
            _l("No price is agreed on for these major categories: %(codes)s.", codes=", ".join(sorted(missing)))
        )
    return lines


def draw_up(uow: UnitOfWork, lab_id: UUID, first_day: date, last_day: date) -> Settlement:
    """Draw up what is owed for every sample that ended in a period and was not settled before.

    Raises:
        InvalidInputError: as `lines_for`.
        NotSettledError: as `lines_for`, or nothing is open.
        ConflictError: somebody settles one of these samples at this moment.

    Emits: SettlementDrawnUp.
    """
    lines = lines_for(uow, lab_id, first_day, last_day)
    if not lines:
        raise NotSettledError(_l("Nothing ended in this period that is not settled already."))
    year = f"{local_date(uow.now):%Y}"
    settlement = Settlement(
        settlement_no=f"{PREFIX}{year}{take_number(uow, SERIES, year):05d}",
        regulator_id=uow.actor.require_organisation(),
        lab_id=lab_id,
        first_day=first_day,
        last_day=last_day,
        samples=len(lines),
        total=sum((line.amount for line in lines), Decimal("0.00")),
        drawn_up_by_id=uow.actor.require_person(),
        drawn_up_at=uow.now,
    )
    uow.session.add(settlement)
    uow.session.flush()
    uow.session.add_all(
        SettlementLine(
            settlement_id=settlement.id,
            sample_id=line.sample.sample_id,
            kind=line.kind,
            ended_on=line.sample.ended_on,
            due_on=line.sample.due_on,
            price=line.price,
            deduction=line.deduction,
            is_standing=True,
        )
        for line in lines
    )
    uow.session.flush()
    uow.emit(SettlementDrawnUp(settlement_id=settlement.id, lab_id=lab_id))
    return settlement


def confirm_settlement(uow: UnitOfWork, settlement_id: UUID) -> Settlement:
    """The laboratory agrees.

    Raises:
        NotFoundError: none with this laboratory.
        NotSettledError: it was confirmed or withdrawn before.

    Emits: SettlementConfirmed.
    """
    settlement = _locked(uow, settlement_id)
    if settlement.lab_id != uow.actor.require_organisation():
        raise NotFoundError
    _require_open(settlement)
    settlement.confirmed_at, settlement.confirmed_by_id = uow.now, uow.actor.require_person()
    uow.session.flush()
    uow.emit(SettlementConfirmed(settlement_id=settlement_id))
    return settlement


def withdraw_settlement(uow: UnitOfWork, settlement_id: UUID, reason: str) -> Settlement:
    """The regulator takes it back before the laboratory agreed; its samples are open again.

    Raises:
        NotFoundError: none of this regulator.
        InvalidInputError: no reason.
        NotSettledError: it was confirmed or withdrawn before.
    """
    settlement = _of_regulator(uow, settlement_id)
    if not reason.strip():
        raise InvalidInputError(_l("Fill this in."), field="reason")
    _require_open(settlement)
    settlement.withdrawn_at, settlement.withdrawn_by_id = uow.now, uow.actor.require_person()
    settlement.withdrawal_reason = reason.strip()
    for line in uow.session.query(SettlementLine).filter_by(settlement_id=settlement_id):
        line.is_standing = False
    uow.session.flush()
    return settlement


def note_payment(uow: UnitOfWork, settlement_id: UUID, voucher_no: str, paid_on: date) -> Settlement:
    """The regulator has paid what both agreed on.

    Raises:
        NotFoundError: none of this regulator.
        InvalidInputError: no voucher, or a day to come.
        NotSettledError: it is not confirmed, or was paid before.
    """
    settlement = _of_regulator(uow, settlement_id)
    if not voucher_no.strip():
        raise InvalidInputError(_l("Fill this in."), field="voucher_no")
    if paid_on > local_date(uow.now):
        raise InvalidInputError(
            _l("The day is %(day)s, expected today at the latest.", day=paid_on.isoformat()), field="paid_on"
        )
    if settlement.confirmed_at is None or settlement.paid_on is not None:
        raise NotSettledError(_l("%(number)s is not confirmed, or paid already.", number=settlement.settlement_no))
    settlement.paid_on, settlement.voucher_no = paid_on, voucher_no.strip()
    uow.session.flush()
    return settlement


def _locked(uow: UnitOfWork, settlement_id: UUID) -> Settlement:
    settlement = get_settlement(uow.session, uow.actor, settlement_id)
    uow.session.refresh(settlement, with_for_update=True)
    return settlement


def _of_regulator(uow: UnitOfWork, settlement_id: UUID) -> Settlement:
    settlement = _locked(uow, settlement_id)
    if settlement.regulator_id != uow.actor.require_organisation():
        raise NotFoundError
    return settlement


def _require_open(settlement: Settlement) -> None:
    if settlement.confirmed_at is not None or settlement.withdrawn_at is not None:
        raise NotSettledError(_l("%(number)s was confirmed or withdrawn already.", number=settlement.settlement_no))
