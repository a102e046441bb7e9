"""Numbers without gaps or doubles, and what became of each.

A series counts in a row that is locked until the commit, so a number is used if and only if its transaction is. Every
number issued has exactly one fate: it stands on a thing, it was voided with a reason, or a tablet holds it.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, PrimaryKeyConstraint, bindparam, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from lims.db import Base
from lims.ledger.capture import Ledgered
from lims.uow import UnitOfWork
from lims.verification import Finding


class NumberFate(StrEnum):
    """What became of a number."""

    USED = "used"
    VOID = "void"
    LEASED = "leased"


class NumberSeries(Base):
    """A running count: `scope` is who counts (an organisation and year), `series` what is counted."""

    __tablename__ = "number_series"
    series: Mapped[str]
    scope: Mapped[str]
    last: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (PrimaryKeyConstraint("series", "scope"), CheckConstraint("last >= 0", name="not_negative"))


class IssuedNumber(Ledgered, Base):
    """One number of one series with its one fate."""

    __tablename__ = "issued_number"
    series: Mapped[str]
    scope: Mapped[str]
    n: Mapped[int] = mapped_column(BigInteger)
    fate: Mapped[NumberFate]
    reason: Mapped[str | None]
    holder: Mapped[str | None]  # the tablet that leased it
    issued_at: Mapped[datetime]
    issued_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    __table_args__ = (
        PrimaryKeyConstraint("series", "scope", "n"),
        CheckConstraint("(fate = 'void') = (reason IS NOT NULL)", name="void_has_reason"),
        CheckConstraint("fate <> 'leased' OR holder IS NOT NULL", name="lease_has_holder"),
        {"info": {"privileges": "select, insert, update (fate, reason)"}},
    )

    def ledger_chain(self) -> str:
        return _chain(self.series, self.scope)


TAKE = text(
    """
    WITH series AS (
        INSERT INTO number_series (series, scope, last) VALUES (:series, :scope, :count)
        ON CONFLICT (series, scope) DO UPDATE SET last = number_series.last + excluded.last
        RETURNING last
    )
    INSERT INTO issued_number (series, scope, n, fate, holder, issued_at, issued_by_id)
    SELECT :series, :scope, n, :fate, :holder, :issued_at, :issued_by_id
    FROM series, generate_series(last - :count + 1, last) AS n
    RETURNING n
    """
).bindparams(
    bindparam("count", type_=BigInteger()),
    bindparam("holder", type_=IssuedNumber.holder.type),
    bindparam("issued_at", type_=IssuedNumber.issued_at.type),
    bindparam("issued_by_id", type_=IssuedNumber.issued_by_id.type),
)


def _chain(series: str, scope: str) -> str:
    return f"numbers:{series}:{scope}"


def open_series(uow: UnitOfWork, series: str, scope: str) -> None:
    """Begin a count at 0, so that its row can be locked before the first number is taken."""
    uow.session.add(NumberSeries(series=series, scope=scope, last=0))
    uow.session.flush()


def take_number(uow: UnitOfWork, series: str, scope: str) -> int:
    """The next number of a series, from 1, marked as used.

    Locks the series until the commit: take it late in the use case. The caller stores the number on its thing in the
    same transaction.
    """
    return take_numbers(uow, series, scope, 1)[0]


def take_numbers(uow: UnitOfWork, series: str, scope: str, count: int) -> list[int]:
    """The next `count` numbers of a series, in one statement; otherwise as `take_number`."""
    return _take(uow, series, scope, count, None)


def lease_numbers(uow: UnitOfWork, series: str, scope: str, count: int, holder: str) -> list[int]:
    """The next `count` numbers for somebody who will use them later, or spoil them; otherwise as `take_numbers`."""
    return _take(uow, series, scope, count, holder)


def settle_number(uow: UnitOfWork, issued: IssuedNumber) -> None:
    """Give a leased number, read `with_for_update`, the fate `used`; its holder stays on record.

    Raises:
        ValueError: it has another fate already.
    """
    if issued.fate is not NumberFate.LEASED:
        raise ValueError(f"expected a leased number, got {issued.series} {issued.n}, which is {issued.fate}")
    issued.fate = NumberFate.USED
    uow.session.flush()


def _take(uow: UnitOfWork, series: str, scope: str, count: int, holder: str | None) -> list[int]:
    """Numbers that somebody leased, or that are used where there is no `holder`."""
    fate = {
        "fate": (NumberFate.LEASED if holder else NumberFate.USED).value,
        "holder": holder,
        "issued_at": uow.now,
        "issued_by_id": uow.actor.person_id,
    }
    taken = uow.session.scalars(TAKE, {"series": series, "scope": scope, "count": count, **fate}).all()
    for number in taken:
        key = {"series": series, "scope": scope, "n": number}
        uow.record(_chain(series, scope), IssuedNumber.__tablename__, key, {**fate, "reason": None})
    return sorted(taken)


def void_number(uow: UnitOfWork, series: str, scope: str, number: int, reason: str) -> None:
    """Give a number the fate `void`, with the reason an auditor will read."""
    issued = uow.session.get_one(IssuedNumber, (series, scope, number), with_for_update=True)
    issued.fate = NumberFate.VOID
    issued.reason = reason


def check_numbers(session: Session) -> Finding:
    """I4: every series counts from 1 to its last number without a hole, and nothing stands beyond it."""
    finding = Finding("I4 every number issued has exactly one fate")
    counted = (
        select(
            IssuedNumber.series, IssuedNumber.scope, func.count().label("count"), func.max(IssuedNumber.n).label("top")
        )
        .group_by(IssuedNumber.series, IssuedNumber.scope)
        .subquery()
    )
    rows = session.execute(
        select(NumberSeries.series, NumberSeries.scope, NumberSeries.last, counted.c.count, counted.c.top).outerjoin(
            counted, (counted.c.series == NumberSeries.series) & (counted.c.scope == NumberSeries.scope)
        )
    )
    for series, scope, last, count, top in rows:
        finding.checked += last
        if (count or 0) != last or (top or 0) != last:
            finding.violate("issued_number", f"series={series}|scope={scope}", "n")
    return finding
