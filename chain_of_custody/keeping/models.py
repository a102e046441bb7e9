"""Tables of keeping: disposals by two persons, and counts of the store."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chain_of_custody.keeping.types import DifferenceKind, DisposalState, DisposalWay
from chain_of_custody.models import EVIDENCE
from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from sampling.models.of_sample import OfSample


class Disposal(Ledgered, Entity):
    """处置: one list of portions that end, proposed by one person and confirmed by another."""

    __tablename__ = "disposal"
    record_no: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    state: Mapped[DisposalState]
    way: Mapped[DisposalWay]
    reason: Mapped[str]
    proposed_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime]
    ended_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]
    weight_kg: Mapped[Decimal | None]  # of everything that was disposed of, with its packing, as it was weighed
    witness: Mapped[str | None]  # who else saw it: the driver of the company, the guard
    __table_args__ = (
        CheckConstraint("reason <> ''", name="reason_given"),
        CheckConstraint(
            "(state = 'proposed') = (ended_at IS NULL) AND (ended_at IS NULL) = (ended_by_id IS NULL)",
            name="ended_by_somebody",
        ),
        CheckConstraint("state <> 'done' OR ended_by_id <> proposed_by_id", name="two_people"),
        CheckConstraint("(state = 'done') = (weight_kg IS NOT NULL)", name="weighed_when_done"),
        CheckConstraint("(state = 'done') = (witness IS NOT NULL)", name="witnessed_when_done"),
        CheckConstraint("weight_kg > 0 AND weight_kg < 'Infinity'", name="weight_positive"),
        CheckConstraint("witness <> ''", name="witness_given"),
        Index("ix_disposal_newest", "organisation_id", "proposed_at", "id"),
        {"info": {"privileges": "select, insert, update (state, ended_by_id, ended_at, weight_kg, witness)"}},
    )

    def ledger_chain(self) -> str:
        return f"disposal:{self.id}"


class DisposalLine(OfSample, Base):
    """One portion of a disposal; it stands on one list that waits or was carried out, and on no other."""

    __tablename__ = "disposal_line"
    disposal_id: Mapped[UUID] = mapped_column(ForeignKey("disposal.id"))
    portion_id: Mapped[UUID] = mapped_column(ForeignKey("portion.id"))
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"), index=True)
    stands: Mapped[bool]  # false once the proposal was taken back
    __table_args__ = (
        PrimaryKeyConstraint("disposal_id", "portion_id"),
        Index("uq_disposal_line_one_that_stands", "portion_id", unique=True, postgresql_where="stands"),
        {"info": {"privileges": "select, insert, update (stands)"}},
    )


class StockCount(Ledgered, Entity):
    """盘点: what stands in a place and below it was scanned, and held against what is known."""

    __tablename__ = "stock_count"
    count_no: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[UUID]
    place_id: Mapped[UUID] = mapped_column(index=True)
    started_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    started_at: Mapped[datetime]
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    closed_at: Mapped[datetime | None]
    expected: Mapped[int | None]  # portions that were known to stand there when it was closed
    __table_args__ = (
        ForeignKeyConstraint(["place_id", "organisation_id"], ["storage_place.id", "storage_place.organisation_id"]),
        CheckConstraint(
            "(closed_at IS NULL) = (closed_by_id IS NULL) AND (closed_at IS NULL) = (expected IS NULL)",
            name="closed_whole",
        ),
        CheckConstraint("expected >= 0", name="expected_counted"),
        Index("uq_stock_count_open", "place_id", unique=True, postgresql_where="closed_at IS NULL"),
        Index("ix_stock_count_newest", "organisation_id", "started_at", "id"),
        {"info": {"privileges": "select, insert, update (closed_by_id, closed_at, expected)"}},
    )

    def ledger_chain(self) -> str:
        return f"stock_count:{self.id}"


class _OfCount(Ledgered):
    """A row on the chain of its count."""

    __abstract__ = True
    stock_count_id: Mapped[UUID]

    def ledger_chain(self) -> str:
        return f"stock_count:{self.stock_count_id}"


class StockScan(_OfCount, Base):
    """One number that was read off a label in the place."""

    __tablename__ = "stock_scan"
    stock_count_id: Mapped[UUID] = mapped_column(ForeignKey("stock_count.id"))
    scanned: Mapped[str]
    scanned_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    scanned_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("stock_count_id", "scanned"),
        CheckConstraint("scanned <> ''", name="scanned_something"),
        EVIDENCE,
    )


class StockDifference(_OfCount, Base):
    """One line of the difference list, resolved with a sentence."""

    __tablename__ = "stock_difference"
    stock_count_id: Mapped[UUID] = mapped_column(ForeignKey("stock_count.id"))
    scanned: Mapped[str]
    kind: Mapped[DifferenceKind]
    portion_id: Mapped[UUID | None] = mapped_column(ForeignKey("portion.id"), index=True)
    known_place_id: Mapped[UUID | None] = mapped_column(ForeignKey("storage_place.id"))
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    resolution: Mapped[str | None]
    __table_args__ = (
        PrimaryKeyConstraint("stock_count_id", "scanned"),
        CheckConstraint("(kind = 'unexpected') = (portion_id IS NULL)", name="portion_unless_unexpected"),
        CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL) AND (resolved_at IS NULL) = (resolved_by_id IS NULL)",
            name="resolution_is_whole",
        ),
        CheckConstraint("resolution <> ''", name="resolution_given"),
        {"info": {"privileges": "select, insert, update (resolved_at, resolved_by_id, resolution)"}},
    )


explain_constraint("ck_disposal_two_people", _l("Somebody else has to confirm what you propose to dispose of."))
explain_constraint("uq_disposal_line_one_that_stands", _l("A portion of this list stands on another disposal already."))
explain_constraint("uq_stock_count_open", _l("This place is being counted already."))
