"""Tables of quality control: materials and their targets, batches, what was found, how it was judged, and holds.

A figure is never changed: a correction, a new target and a new evaluation are each a new row. Of a hold only its
lifting is written later, and by another person than whose entry opened it.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from results.quality.types import LotKind, QcOutcome, SlotKind

APPEND_ONLY = {"privileges": "select, insert"}


class ControlLot(Ledgered, Entity):
    """A lot of a control material or of a certified reference material."""

    __tablename__ = "control_lot"
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[LotKind]
    name: Mapped[str]
    lot_no: Mapped[str]
    certificate_no: Mapped[str]  # empty for a material of one's own
    expires_on: Mapped[date]  # the last day on which it may be used
    noted_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    noted_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_reason: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("lab_id", "name", "lot_no"),
        CheckConstraint("name <> '' AND lot_no <> ''", name="lot_named"),
        CheckConstraint("kind <> 'reference' OR certificate_no <> ''", name="certified_by_something"),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL)"
            " AND (withdrawn_at IS NULL) = (withdrawn_reason IS NULL)",
            name="withdrawal_is_whole",
        ),
        CheckConstraint("withdrawn_reason <> ''", name="withdrawn_with_reason"),
        {"info": {"privileges": "select, insert, update (withdrawn_at, withdrawn_by_id, withdrawn_reason)"}},
    )

    def ledger_chain(self) -> str:
        return f"organisation:{self.lab_id}"


class ControlValue(Ledgered, Entity):
    """What a lot should give for one item by one method; the last version counts."""

    __tablename__ = "control_value"
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("control_lot.id"))
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("test_item.id"))
    method: Mapped[str]  # by its name on reports, as an authorisation names it
    version: Mapped[int]
    target: Mapped[Decimal]
    deviation: Mapped[Decimal | None]  # of a control: one standard deviation
    low: Mapped[Decimal | None]  # of a certified material: the bounds of its certificate
    high: Mapped[Decimal | None]
    unit: Mapped[str]
    noted_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    noted_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("lot_id", "item_id", "method", "version"),
        CheckConstraint("method <> ''", name="method_given"),
        CheckConstraint("version >= 1", name="version_from_one"),
        CheckConstraint("target > '-Infinity' AND target < 'Infinity'", name="target_finite"),
        CheckConstraint("(deviation IS NULL) = (low IS NOT NULL AND high IS NOT NULL)", name="one_kind_of_bound"),
        CheckConstraint("(low IS NULL) = (high IS NULL)", name="range_is_whole"),
        CheckConstraint("deviation > 0 AND deviation < 'Infinity'", name="deviation_positive"),
        CheckConstraint("low <= target AND target <= high AND high < 'Infinity'", name="target_within"),
        {"info": APPEND_ONLY},
    )

    def ledger_chain(self) -> str:
        return f"organisation:{self.lab_id}"


class _OfBatch(Ledgered):
    """A fact of a batch; it stands on the chain of the batch."""

    __abstract__ = True
    batch_id: Any

    def ledger_chain(self) -> str:
        return f"batch:{self.batch_id}"


class Batch(Ledgered, Entity):
    """An analytical batch (分析批): samples and quality control that were measured together by one method."""

    __tablename__ = "batch"
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    batch_no: Mapped[str]
    method: Mapped[str]
    note: Mapped[str]
    opened_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("lab_id", "batch_no"),
        CheckConstraint("batch_no <> '' AND method <> ''", name="batch_named"),
        Index("ix_batch_newest", "lab_id", "opened_at", "id"),
        {"info": {"privileges": "select, insert, update (note)"}},  # what is locked needs a column to be written
    )

    def ledger_chain(self) -> str:
        return f"batch:{self.id}"


class BatchSlot(_OfBatch, Base):
    """What stands in one position of a batch."""

    __tablename__ = "batch_slot"
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batch.id"))
    position: Mapped[int]
    kind: Mapped[SlotKind]
    test_set_id: Mapped[UUID | None] = mapped_column(ForeignKey("test_set.id"), index=True)
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("control_lot.id"), index=True)
    __table_args__ = (
        PrimaryKeyConstraint("batch_id", "position"),
        CheckConstraint("position >= 1", name="position_from_one"),
        CheckConstraint("(kind IN ('sample', 'duplicate', 'spike')) = (test_set_id IS NOT NULL)", name="of_a_sample"),
        CheckConstraint("(kind IN ('control', 'reference')) = (lot_id IS NOT NULL)", name="of_a_lot"),
        Index("uq_batch_slot_sample", "batch_id", "test_set_id", unique=True, postgresql_where="kind = 'sample'"),
        {"info": APPEND_ONLY},
    )


class BatchLine(_OfBatch, Base):
    """A line of a worklist that is measured in a batch: its result stands and falls with the batch's control."""

    __tablename__ = "batch_line"
    batch_id: Mapped[UUID]
    set_item_id: Mapped[UUID]
    sample_id: Mapped[UUID]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("test_item.id"))
    position: Mapped[int]
    __table_args__ = (
        PrimaryKeyConstraint("batch_id", "set_item_id"),
        ForeignKeyConstraint(["batch_id", "position"], ["batch_slot.batch_id", "batch_slot.position"]),
        ForeignKeyConstraint(["set_item_id", "sample_id"], ["test_set_item.id", "test_set_item.sample_id"]),
        Index("ix_batch_line_set_item_id", "set_item_id"),
        Index("ix_batch_line_sample_id", "sample_id"),
        {"info": APPEND_ONLY},
    )


class QcItem(_OfBatch, Base):
    """What is expected of one item in one position of quality control, frozen when the batch was opened."""

    __tablename__ = "qc_item"
    batch_id: Mapped[UUID]
    position: Mapped[int]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("test_item.id"))
    unit: Mapped[str]
    criteria: Mapped[dict[str, Any]]  # results.quality.rules.stored
    value_id: Mapped[UUID | None] = mapped_column(ForeignKey("control_value.id"))  # of a lot: the target it comes from
    __table_args__ = (
        PrimaryKeyConstraint("batch_id", "position", "item_id"),
        ForeignKeyConstraint(["batch_id", "position"], ["batch_slot.batch_id", "batch_slot.position"]),
        Index("ix_qc_item_value_id", "value_id"),
        {"info": APPEND_ONLY},
    )


class QcResult(_OfBatch, Entity):
    """What was found in one position of quality control; corrected by the next version, never in place."""

    __tablename__ = "qc_result"
    batch_id: Mapped[UUID]
    position: Mapped[int]
    item_id: Mapped[UUID]
    version: Mapped[int]
    entered_text: Mapped[str]
    reading_id: Mapped[UUID | None] = mapped_column(ForeignKey("reading.id"))
    change_reason: Mapped[str | None]
    entered_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("batch_id", "position", "item_id", "version"),
        ForeignKeyConstraint(
            ["batch_id", "position", "item_id"], ["qc_item.batch_id", "qc_item.position", "qc_item.item_id"]
        ),
        CheckConstraint("version >= 1", name="version_from_one"),
        CheckConstraint("version = 1 OR change_reason IS NOT NULL", name="change_has_reason"),
        CheckConstraint("entered_text <> '/' OR change_reason IS NOT NULL", name="not_measured_has_reason"),
        CheckConstraint("entered_text <> '' AND change_reason <> ''", name="in_words"),
        {"info": APPEND_ONLY},
    )


class QcVerdict(_OfBatch, Entity):
    """How a result of quality control was judged, with all that the judgement used; the last one counts."""

    __tablename__ = "qc_verdict"
    batch_id: Mapped[UUID]
    position: Mapped[int]
    item_id: Mapped[UUID]
    seq: Mapped[int]
    result_id: Mapped[UUID] = mapped_column(ForeignKey("qc_result.id"), index=True)
    compared_id: Mapped[UUID | None] = mapped_column(ForeignKey("item_result.id"))  # of a duplicate or spike
    used: Mapped[dict[str, Any]]
    outcome: Mapped[QcOutcome]
    figure: Mapped[Decimal | None]
    rules: Mapped[list[str]]
    evaluated_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("batch_id", "position", "item_id", "seq"),
        ForeignKeyConstraint(
            ["batch_id", "position", "item_id"], ["qc_item.batch_id", "qc_item.position", "qc_item.item_id"]
        ),
        CheckConstraint("seq >= 1", name="seq_from_one"),
        CheckConstraint("abs(figure) < 'Infinity'", name="figure_finite"),
        CheckConstraint("(outcome = 'in_control') = (cardinality(rules) = 0)", name="broken_by_something"),
        {"info": APPEND_ONLY},
    )


class QcHold(_OfBatch, Entity):
    """The results of one item of a batch are held: they cannot be locked, reported or signed until it is lifted."""

    __tablename__ = "qc_hold"
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batch.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("test_item.id"))
    verdict_id: Mapped[UUID] = mapped_column(ForeignKey("qc_verdict.id"), unique=True)
    opened_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime]
    lifted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    lifted_at: Mapped[datetime | None]
    lift_reason: Mapped[str | None]
    __table_args__ = (
        CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by_id IS NULL) AND (lifted_at IS NULL) = (lift_reason IS NULL)",
            name="lift_is_whole",
        ),
        CheckConstraint("lift_reason <> ''", name="lifted_with_reason"),
        CheckConstraint("lifted_by_id <> opened_by_id", name="two_people"),
        CheckConstraint("lifted_at >= opened_at", name="lifted_afterwards"),
        Index("uq_qc_hold_one_open", "batch_id", "item_id", unique=True, postgresql_where="lifted_at IS NULL"),
        {"info": {"privileges": "select, insert, update (lifted_by_id, lifted_at, lift_reason)"}},
    )


explain_constraint(
    "uq_control_lot_lab_id_name_lot_no", _l("This lot of this material is noted already."), field="lot_no"
)
explain_constraint(
    "uq_control_value_lot_id_item_id_method_version", _l("Somebody else is setting this target at this moment.")
)
explain_constraint("ck_qc_hold_two_people", _l("Whose entry opened a hold does not lift it."))
explain_constraint("uq_qc_hold_one_open", _l("This batch is being evaluated at this moment. Save again."))
explain_constraint(
    "uq_qc_result_batch_id_position_item_id_version",
    _l("Somebody else is entering this result at this moment. Look at it, then save again."),
)
explain_constraint(
    "uq_qc_verdict_batch_id_position_item_id_seq", _l("This batch is being evaluated at this moment. Save again.")
)
