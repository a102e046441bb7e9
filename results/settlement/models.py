"""Tables of settlements: prices, settlements and their lines."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from results.settlement.types import LineKind


class TestingPrice(Ledgered, Entity):
    """What a regulator pays a laboratory for a sample from a day on; a newer day has a row of its own."""

    __test__ = False  # pytest: this is a table
    __tablename__ = "testing_price"
    regulator_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    category_code: Mapped[str | None]  # a major category; NULL: every one without a price of its own
    amount: Mapped[Decimal]  # yuan a sample
    valid_from: Mapped[date]
    contract: Mapped[str]  # where it is agreed
    set_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint(
            "regulator_id",
            "lab_id",
            "category_code",
            "valid_from",
            postgresql_nulls_not_distinct=True,
            name="uq_testing_price_day",
        ),
        CheckConstraint("amount > 0 AND amount < 1000000", name="amount_possible"),
        CheckConstraint("contract <> '' AND category_code <> ''", name="in_words"),
        {"info": {"privileges": "select, insert"}},
    )

    def ledger_chain(self) -> str:
        return f"organisation:{self.lab_id}"


class Settlement(Ledgered, Entity):
    """检验费结算单: what one regulator owes one laboratory for the samples that ended in a period."""

    __tablename__ = "settlement"
    settlement_no: Mapped[str] = mapped_column(unique=True)
    regulator_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    samples: Mapped[int]
    total: Mapped[Decimal]  # yuan
    drawn_up_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    drawn_up_at: Mapped[datetime]
    confirmed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawal_reason: Mapped[str | None]
    paid_on: Mapped[date | None]
    voucher_no: Mapped[str | None]
    __table_args__ = (
        Index("ix_settlement_parties", "lab_id", "regulator_id", "drawn_up_at"),
        CheckConstraint("first_day <= last_day", name="period_in_order"),
        CheckConstraint("samples >= 1 AND total >= 0", name="something_settled"),
        CheckConstraint("(confirmed_at IS NULL) = (confirmed_by_id IS NULL)", name="confirmed_is_whole"),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL)"
            " AND (withdrawn_at IS NULL) = (withdrawal_reason IS NULL) AND withdrawal_reason <> ''",
            name="withdrawn_is_whole",
        ),
        CheckConstraint("withdrawn_at IS NULL OR confirmed_at IS NULL", name="confirmed_or_withdrawn"),
        CheckConstraint(
            "(paid_on IS NULL) = (voucher_no IS NULL) AND voucher_no <> ''"
            " AND (paid_on IS NULL OR confirmed_at IS NOT NULL)",
            name="paid_once_confirmed",
        ),
        {
            "info": {
                "privileges": "select, insert, update (confirmed_by_id, confirmed_at, withdrawn_by_id, withdrawn_at,"
                " withdrawal_reason, paid_on, voucher_no)"
            }
        },
    )

    def ledger_chain(self) -> str:
        return f"settlement:{self.id}"


class SettlementLine(Ledgered, Base):
    """One sample of a settlement; a sample stands on one settlement that was not withdrawn."""

    __tablename__ = "settlement_line"
    settlement_id: Mapped[UUID] = mapped_column(ForeignKey("settlement.id"))
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"))
    kind: Mapped[LineKind]
    ended_on: Mapped[date]
    due_on: Mapped[date | None]
    price: Mapped[Decimal]
    deduction: Mapped[Decimal]
    is_standing: Mapped[bool]
    __table_args__ = (
        PrimaryKeyConstraint("settlement_id", "sample_id"),
        Index("uq_settlement_line_standing", "sample_id", unique=True, postgresql_where="is_standing"),
        CheckConstraint("deduction >= 0 AND deduction <= price", name="deduction_within_the_price"),
        {"info": {"privileges": "select, insert, update (is_standing)"}},
    )

    def ledger_chain(self) -> str:
        return f"settlement:{self.settlement_id}"


explain_constraint("uq_testing_price_day", _l("There is a price from this day on already."), field="valid_from")
explain_constraint("uq_settlement_line_standing", _l("Somebody has just settled one of these samples."))
