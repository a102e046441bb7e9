"""Tables of what the bench prepares, from what, and what a batch was measured with."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from results.preparations.types import PreparationKind

APPEND_ONLY = {"privileges": "select, insert"}
ONE_PARENT = "num_nonnulls(preparation_id, reagent_lot_id, control_lot_id) = 1"


class Preparation(Ledgered, Entity):
    """Something the bench prepared; its figures are never changed, and it may be thrown away before it expires."""

    __tablename__ = "preparation"
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    preparation_no: Mapped[str]
    kind: Mapped[PreparationKind]
    name: Mapped[str]
    test_set_id: Mapped[UUID | None] = mapped_column(ForeignKey("test_set.id"), index=True)  # of a homogenate
    final_amount: Mapped[Decimal | None]
    final_unit: Mapped[str]
    dilution_factor: Mapped[Decimal | None]  # where its concentration follows from its one parent
    concentration: Mapped[Decimal | None]
    unit: Mapped[str]
    storage: Mapped[str]
    expires_on: Mapped[date]  # the last day on which it may be used
    prepared_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    prepared_at: Mapped[datetime]
    discarded_at: Mapped[datetime | None]
    discarded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    discarded_reason: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("lab_id", "preparation_no"),
        CheckConstraint("name <> '' AND preparation_no <> ''", name="named"),
        CheckConstraint("(kind = 'homogenate') = (test_set_id IS NOT NULL)", name="homogenate_of_a_sample"),
        CheckConstraint("(kind = 'standard') = (concentration IS NOT NULL)", name="standard_has_concentration"),
        CheckConstraint("concentration > 0 AND concentration < 'Infinity'", name="concentration_positive"),
        CheckConstraint("(concentration IS NULL) = (unit = '')", name="concentration_has_unit"),
        CheckConstraint("dilution_factor > 0 AND dilution_factor < 'Infinity'", name="factor_positive"),
        CheckConstraint("final_amount > 0 AND final_amount < 'Infinity'", name="amount_positive"),
        CheckConstraint("(final_amount IS NULL) = (final_unit = '')", name="amount_has_unit"),
        CheckConstraint(
            "(discarded_at IS NULL) = (discarded_by_id IS NULL)"
            " AND (discarded_at IS NULL) = (discarded_reason IS NULL)",
            name="discarding_is_whole",
        ),
        CheckConstraint("discarded_reason <> ''", name="discarded_with_reason"),
        Index("ix_preparation_newest", "lab_id", "prepared_at", "id"),
        {"info": {"privileges": "select, insert, update (discarded_at, discarded_by_id, discarded_reason)"}},
    )

    def ledger_chain(self) -> str:
        return f"organisation:{self.lab_id}"


class PreparationParent(Ledgered, Base):
    """One thing that a preparation was made from, with what it held then."""

    __tablename__ = "preparation_parent"
    made_id: Mapped[UUID] = mapped_column(ForeignKey("preparation.id"))
    seq: Mapped[int]
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    preparation_id: Mapped[UUID | None] = mapped_column(ForeignKey("preparation.id"), index=True)
    reagent_lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("reagent_lot.id"), index=True)
    control_lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("control_lot.id"), index=True)
    taken: Mapped[Decimal | None]
    taken_unit: Mapped[str]
    concentration: Mapped[Decimal | None]
    unit: Mapped[str]
    __table_args__ = (
        PrimaryKeyConstraint("made_id", "seq"),
        CheckConstraint("seq >= 1", name="seq_from_one"),
        CheckConstraint(ONE_PARENT, name="one_parent"),
        CheckConstraint("preparation_id <> made_id", name="not_of_itself"),
        CheckConstraint("taken > 0 AND taken < 'Infinity'", name="taken_positive"),
        CheckConstraint("(taken IS NULL) = (taken_unit = '')", name="taken_has_unit"),
        {"info": APPEND_ONLY},
    )

    def ledger_chain(self) -> str:
        return f"organisation:{self.lab_id}"


class BatchMaterial(Ledgered, Base):
    """A preparation or a lot that a batch was measured with."""

    __tablename__ = "batch_material"
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batch.id"))
    seq: Mapped[int]
    preparation_id: Mapped[UUID | None] = mapped_column(ForeignKey("preparation.id"), index=True)
    reagent_lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("reagent_lot.id"), index=True)
    control_lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("control_lot.id"), index=True)
    noted_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    noted_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("batch_id", "seq"),
        UniqueConstraint(
            "batch_id",
            "preparation_id",
            "reagent_lot_id",
            "control_lot_id",
            name="uq_batch_material_once",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("seq >= 1", name="seq_from_one"),
        CheckConstraint(ONE_PARENT, name="one_material"),
        {"info": APPEND_ONLY},
    )

    def ledger_chain(self) -> str:
        return f"batch:{self.batch_id}"


explain_constraint("uq_batch_material_once", _l("This batch names this material already."), field="number")
explain_constraint("pk_batch_material", _l("Somebody else is noting a material here at this moment. Save again."))
