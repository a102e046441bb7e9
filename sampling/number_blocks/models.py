"""Tables of number blocks: the sheets they came with, and the blocks themselves."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from sampling.given_sheets.models import GivenSheet
from sampling.number_blocks.types import SERIAL_DIGITS, NumberRange


class NumberBlockFile(GivenSheet):
    """A sheet of number blocks; it is taken once."""

    __tablename__ = "number_block_file"


class NumberBlock(Ledgered, Entity):
    """Sampling numbers that a sampling organisation was given for the tasks of one regulator.

    How many are leased stands in `number_series` under the id of the block, which is locked while one is taken.
    """

    __tablename__ = "number_block"
    regulator_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    file_id: Mapped[UUID] = mapped_column(ForeignKey("number_block_file.id"))
    row: Mapped[int]
    fixed: Mapped[str]
    first: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
    suffix: Mapped[str]
    task_source: Mapped[str]  # empty: for any plan of the regulator
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    taken_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    closed_reason: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("file_id", "row"),
        Index("uq_number_block_open", "fixed", "suffix", "first", unique=True, postgresql_where="closed_at IS NULL"),
        Index("ix_number_block_usable", "organisation_id", "regulator_id", postgresql_where="closed_at IS NULL"),
        CheckConstraint(f"first >= 0 AND first <= last AND last < {10**SERIAL_DIGITS}", name="numbers_in_order"),
        CheckConstraint("fixed <> ''", name="begins_with_letters"),
        CheckConstraint("valid_from <= valid_to", name="validity_in_order"),
        CheckConstraint(
            "(closed_at IS NULL) = (closed_by_id IS NULL) AND (closed_at IS NULL) = (closed_reason IS NULL)"
            " AND closed_reason <> ''",
            name="closing_is_whole",
        ),
        {"info": {"privileges": "select, insert, update (closed_at, closed_by_id, closed_reason)"}},
    )

    @property
    def numbers(self) -> NumberRange:
        """The numbers of the block."""
        return NumberRange(self.fixed, self.first, self.last, self.suffix)

    def ledger_chain(self) -> str:
        return f"number-block:{self.id}"


explain_constraint("uq_number_block_open", _l("A block that begins with this number is held already."))
