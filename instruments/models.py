"""Tables of instruments: the devices of a laboratory, their record, their runs, and every reading they ever delivered.

A reading keeps what the device sent beside what we made of it, and the hash of the bytes it came from. It is matched,
quarantined or rejected with a reason, and never dropped (I9).
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from instruments.types import Comparator, FileState, MatchedBy, PortState, QuarantineReason, ReadingState, ReadingStatus
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
    model: Mapped[str] = mapped_column(default="", server_default="")  # make and model, as on the plate
    serial_no: Mapped[str] = mapped_column(default="", server_default="")
    place: Mapped[str] = mapped_column(default="", server_default="")
    slot_count: Mapped[int] = mapped_column(default=0, server_default="0")  # positions of a run; 0: not loaded in runs
    __table_args__ = (
        UniqueConstraint("organisation_id", "name"),
        UniqueConstraint("id", "organisation_id"),
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("slot_count BETWEEN 0 AND 400", name="slots_that_can_be"),
        {"info": {"privileges": "select, insert, update (driver, model, serial_no, place, slot_count)"}},
    )

    def ledger_chain(self) -> str:
        return f"instrument:{self.id}"


class _OfInstrument(Ledgered, Entity):
    """A fact of an instrument's record; it stands on the instrument's chain."""

    __abstract__ = True  # type: ignore[misc]  # both bases are abstract, each in its own words
    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("instrument.id"), index=True)
    noted_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    noted_at: Mapped[datetime]

    def ledger_chain(self) -> str:
        return f"instrument:{self.instrument_id}"


class Calibration(_OfInstrument):
    """A verification or calibration: from its day to the day it is due again the instrument may be relied on."""

    __tablename__ = "calibration"
    calibrated_on: Mapped[date]
    due_on: Mapped[date]
    certificate_no: Mapped[str]
    __table_args__ = (
        CheckConstraint("due_on > calibrated_on", name="due_after_it_was_done"),
        CheckConstraint("certificate_no <> ''", name="certificate_named"),
        EVIDENCE,
    )


class IntermediateCheck(_OfInstrument):
    """期间核查: between two calibrations a known value is measured, to see that the instrument still holds."""

    __tablename__ = "intermediate_check"
    checked_on: Mapped[date]
    due_on: Mapped[date]  # the last day before the next one
    standard: Mapped[str]  # what was measured: a weight, a reference material, a buffer
    target: Mapped[Decimal]
    tolerance: Mapped[Decimal]
    value: Mapped[Decimal]
    unit: Mapped[str]
    passed: Mapped[bool]
    __table_args__ = (
        CheckConstraint("due_on > checked_on", name="due_after_it_was_done"),
        CheckConstraint("standard <> '' AND unit <> ''", name="in_words"),
        CheckConstraint("tolerance >= 0", name="tolerance_not_negative"),
        CheckConstraint("passed = (abs(value - target) <= tolerance)", name="judged_by_its_figures"),
        EVIDENCE,
    )


class ReagentLot(_OfInstrument):
    """A lot of reagent, strips or enzyme that an instrument works with."""

    __tablename__ = "reagent_lot"
    name: Mapped[str]
    lot_no: Mapped[str]
    expires_on: Mapped[date]
    in_use_from: Mapped[datetime]
    used_up_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("name <> '' AND lot_no <> ''", name="lot_named"),
        CheckConstraint("used_up_at >= in_use_from", name="used_up_after_it_was_opened"),
        {"info": {"privileges": "select, insert, update (used_up_at)"}},
    )


class Downtime(_OfInstrument):
    """A time in which an instrument must not be used."""

    __tablename__ = "downtime"
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str]
    __table_args__ = (
        CheckConstraint("ended_at >= began_at", name="ends_after_it_began"),
        CheckConstraint("reason <> ''", name="reason_given"),
        Index("uq_downtime_one_open", "instrument_id", unique=True, postgresql_where="ended_at IS NULL"),
        {"info": {"privileges": "select, insert, update (ended_at)"}},
    )


class ReaderConnection(Base):
    """What a reader last said of one connection: how things are now, not what was; no evidence."""

    __tablename__ = "reader_connection"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    instrument_name: Mapped[str]
    reader: Mapped[str]  # the machine beside the ports
    driver: Mapped[str]
    port: Mapped[str]
    state: Mapped[PortState]
    is_healthy: Mapped[bool]
    last_byte_at: Mapped[datetime | None]
    last_reading_at: Mapped[datetime | None]
    last_error: Mapped[str]
    last_error_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]]
    settings: Mapped[dict[str, Any]]  # with which the driver parses
    reported_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "instrument_name"),
        {"info": {"privileges": "select, insert, update, delete"}},
    )


class FileProfileVersion(Ledgered, Entity):
    """A profile of a laboratory's own: what stands where in an export. A change is a new version."""

    __tablename__ = "file_profile"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str]
    version: Mapped[int]
    document: Mapped[str]  # as `instruments.files.profiles` reads it
    made_at: Mapped[datetime]
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    __table_args__ = (
        UniqueConstraint("organisation_id", "name", "version"),
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("version >= 1", name="version_counts"),
        EVIDENCE,
    )

    def ledger_chain(self) -> str:
        return f"organisation:{self.organisation_id}"


class ReadingFile(Ledgered, Entity):
    """A file of readings: its bytes are kept first, its rows are looked at, then taken."""

    __tablename__ = "reading_file"
    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("instrument.id"))
    file_sha256: Mapped[bytes] = mapped_column(ForeignKey("stored_file.sha256"))
    file_name: Mapped[str]
    received_at: Mapped[datetime]
    received_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    profile_name: Mapped[str | None]
    profile_version: Mapped[int | None]
    state: Mapped[FileState]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    left_out: Mapped[int | None]
    reason: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("instrument_id", "file_sha256"),
        CheckConstraint("(profile_name IS NULL) = (profile_version IS NULL)", name="profile_is_whole"),
        CheckConstraint("state <> 'waiting' OR profile_name IS NOT NULL", name="read_by_a_profile"),
        CheckConstraint(
            "(state = 'done') = (closed_at IS NOT NULL) AND (state = 'done') = (closed_by_id IS NOT NULL)"
            " AND (state = 'done') = (left_out IS NOT NULL)",
            name="closed_when_done",
        ),
        CheckConstraint("NOT left_out > 0 OR reason <> ''", name="left_out_with_reason"),
        Index("ix_reading_file_newest", "instrument_id", "received_at", "id"),
        {
            "info": {
                "privileges": "select, insert,"
                " update (profile_name, profile_version, state, closed_at, closed_by_id, left_out, reason)"
            }
        },
    )

    def ledger_chain(self) -> str:
        return f"instrument:{self.instrument_id}"


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
    identity: Mapped[str]  # the same whatever the value; empty where the device tells its readings apart by nothing
    conflicts_with_id: Mapped[UUID | None] = mapped_column(ForeignKey("reading.id"))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("reading_file.id"), index=True)
    file_row: Mapped[int | None]
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
    expected_text: Mapped[str | None]  # what its sample is tested for, where the reading says something else
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
        CheckConstraint(
            "(quarantine_reason IS NOT DISTINCT FROM 'conflict') = (conflicts_with_id IS NOT NULL)",
            name="conflict_with_something",
        ),
        CheckConstraint(
            "COALESCE(quarantine_reason IN ('wrong_test', 'wrong_unit'), false) = (expected_text IS NOT NULL)",
            name="expected_if_it_disagrees",
        ),
        CheckConstraint("(file_id IS NULL) = (file_row IS NULL)", name="row_of_a_file"),
        Index("ix_reading_identity", "instrument_id", "identity", postgresql_where="identity <> ''"),
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
explain_constraint("uq_downtime_one_open", _l("This instrument is out of service already."))
explain_constraint("uq_reading_file_instrument_id_file_sha256", _l("This very file is being taken in at this moment."))
explain_constraint(
    "uq_file_profile_organisation_id_name_version",
    _l("Somebody else is saving this profile at this moment. Save again."),
)
explain_constraint("pk_run_slot", _l("A slot holds one sample."), field="slots")
