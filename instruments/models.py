"""Tables of instruments: the devices of a laboratory, their runs, and every reading they ever delivered.

A reading keeps what the device sent beside what we made of it, and the hash of the bytes it came from. It is matched,
quarantined or rejected with a reason, and never dropped (I9).
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from instruments.types import Comparator, MatchedBy, QuarantineReason, ReadingState, ReadingStatus
from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered

EVIDENCE = {"info": {"privileges": "select, insert"}}


class Instrument(Ledgered, Entity):
    """A device of a laboratory, by the name that its reader carries; it is known from its first reading on."""

    __tablename__ = "instrument"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str]
    driver: Mapped[str]
    first_seen_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("organisation_id", "name"),
        UniqueConstraint("id", "organisation_id"),
        CheckConstraint("name <> ''", name="name_given"),
        {"info": {"privileges": "select, insert, update (driver)"}},
    )

    def ledger_chain(self) -> str:
        return f"instrument:{self.id}"


class RawFrame(Base):
    """Bytes of a device, known by their hash; several readings may come from one frame."""

    __tablename__ = "raw_frame"
    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    content: Mapped[bytes]
    __table_args__ = (
        CheckConstraint("sha256 = sha256(content)", name="hash_is_of_content"),
        EVIDENCE,
    )


class InstrumentRun(Ledgered, Entity):
    """A loading of an instrument: from its opening to its end, a slot stands for a blind code."""

    __tablename__ = "instrument_run"
    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("instrument.id"))
    opened_at: Mapped[datetime]
    opened_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("id", "instrument_id"),
        CheckConstraint("ended_at >= opened_at", name="ends_after_it_began"),
        Index("uq_instrument_run_one_open", "instrument_id", unique=True, postgresql_where="ended_at IS NULL"),
        {"info": {"privileges": "select, insert, update (ended_at)"}},
    )

    def ledger_chain(self) -> str:
        return f"instrument:{self.instrument_id}"


class RunSlot(Ledgered, Base):
    """What stands in one slot of a run."""

    __tablename__ = "run_slot"
    run_id: Mapped[UUID]
    instrument_id: Mapped[UUID]
    slot: Mapped[str]
    blind_code: Mapped[str] = mapped_column(ForeignKey("blind_code.code"), index=True)
    __table_args__ = (
        PrimaryKeyConstraint("run_id", "slot"),
        ForeignKeyConstraint(["run_id", "instrument_id"], ["instrument_run.id", "instrument_run.instrument_id"]),
        CheckConstraint("slot <> ''", name="slot_given"),
        EVIDENCE,
    )

    def ledger_chain(self) -> str:
        return f"instrument:{self.instrument_id}"


class StoredReading(Ledgered, Entity):
    """One value of one item in one position, as an instrument gave it, and what became of it."""

    __tablename__ = "reading"
    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("instrument.id"))
    key: Mapped[str]  # the same reading sent twice has the same
    driver: Mapped[str]
    parser_version: Mapped[int]
    raw_sha256: Mapped[bytes] = mapped_column(ForeignKey("raw_frame.sha256"))
    item_text: Mapped[str]
    sample_text: Mapped[str]
    slot: Mapped[str]
    value_text: Mapped[str]
    value: Mapped[Decimal | None]
    comparator: Mapped[Comparator | None]
    unit_text: Mapped[str]
    status: Mapped[ReadingStatus]
    verdict_text: Mapped[str]
    record_no: Mapped[str]
    quality_control: Mapped[bool]
    measured_text: Mapped[str]  # the device's clock
    measured_at: Mapped[datetime | None]
    captured_at: Mapped[datetime]  # the reader's clock
    received_at: Mapped[datetime]  # the server's
    delivered_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    state: Mapped[ReadingState]
    matched_by: Mapped[MatchedBy | None]
    blind_code: Mapped[str | None] = mapped_column(ForeignKey("blind_code.code"))
    run_id: Mapped[UUID | None]
    quarantine_reason: Mapped[QuarantineReason | None]  # stays when somebody has decided
    decision: Mapped[str | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("instrument_id", "key"),
        ForeignKeyConstraint(["run_id", "instrument_id"], ["instrument_run.id", "instrument_run.instrument_id"]),
        CheckConstraint("(state = 'matched') = (blind_code IS NOT NULL)", name="matched_to_a_blind_code"),
        CheckConstraint("(state = 'matched') = (matched_by IS NOT NULL)", name="matched_by_something"),
        CheckConstraint("state <> 'quarantined' OR quarantine_reason IS NOT NULL", name="quarantined_with_reason"),
        CheckConstraint("state <> 'rejected' OR decision IS NOT NULL", name="rejected_with_reason"),
        CheckConstraint("matched_by <> 'person' OR decision IS NOT NULL", name="assigned_with_reason"),
        CheckConstraint(
            "matched_by IS NULL OR (matched_by = 'run_slot') = (run_id IS NOT NULL)", name="run_if_by_slot"
        ),
        CheckConstraint("decision <> ''", name="decision_in_words"),
        CheckConstraint(
            "(decision IS NULL) = (decided_by_id IS NULL) AND (decision IS NULL) = (decided_at IS NULL)",
            name="decision_is_whole",
        ),
        CheckConstraint("abs(value) < 'Infinity'", name="value_finite"),
        Index("ix_reading_of_sample", "blind_code", "captured_at", "id", postgresql_where="blind_code IS NOT NULL"),
        Index("ix_reading_newest", "instrument_id", "received_at", "id"),
        Index("ix_reading_quarantine", "instrument_id", "captured_at", "id", postgresql_where="state = 'quarantined'"),
        {
            "info": {
                "privileges": "select, insert,"
                " update (state, matched_by, blind_code, run_id, decision, decided_by_id, decided_at)"
            }
        },
    )

    def ledger_chain(self) -> str:
        return f"instrument:{self.instrument_id}"


explain_constraint("uq_reading_instrument_id_key", _l("These readings are being delivered twice at once. Send again."))
explain_constraint(
    "uq_instrument_organisation_id_name", _l("This instrument is being registered at this moment. Send again.")
)
explain_constraint("uq_instrument_run_one_open", _l("A run of this instrument is open already. End it first."))
explain_constraint("pk_run_slot", _l("A slot holds one sample."), field="slots")
