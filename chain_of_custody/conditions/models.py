"""Tables of conditions: files of data loggers, and when it was too warm or too cold."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chain_of_custody.models import EVIDENCE
from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered


class TemperatureLog(Ledgered, Entity):
    """The file of a data logger, kept as it came, of one hand-over or one place of the store."""

    __tablename__ = "temperature_log"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    hand_over_id: Mapped[UUID | None] = mapped_column(ForeignKey("hand_over.id"), index=True)
    place_id: Mapped[UUID | None] = mapped_column(ForeignKey("storage_place.id"), index=True)
    file_sha256: Mapped[bytes] = mapped_column(ForeignKey("stored_file.sha256"))
    file_name: Mapped[str]
    bound: Mapped[Decimal | None]  # the warmest allowed, in °C, as it was judged by
    lower_bound: Mapped[Decimal | None]  # the coldest allowed, likewise
    readings: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    lowest: Mapped[Decimal]
    highest: Mapped[Decimal]
    attached_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    attached_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("organisation_id", "file_sha256"),
        CheckConstraint("(hand_over_id IS NULL) <> (place_id IS NULL)", name="of_one_thing"),
        CheckConstraint("readings >= 1", name="something_read"),
        CheckConstraint("first_at <= last_at", name="in_order"),
        CheckConstraint("lowest <= highest AND lowest > -273.15 AND highest < 1000", name="celsius_possible"),
        CheckConstraint("lower_bound <= bound", name="bounds_in_order"),
        EVIDENCE,
    )

    def ledger_chain(self) -> str:
        return f"temperature_log:{self.id}"


class TemperatureExcursion(Ledgered, Base):
    """A stretch of a log in which it was warmer than allowed, with its highest, or colder, with its lowest."""

    __tablename__ = "temperature_excursion"
    temperature_log_id: Mapped[UUID] = mapped_column(ForeignKey("temperature_log.id"))
    seq: Mapped[int]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    highest: Mapped[Decimal | None]
    lowest: Mapped[Decimal | None]
    __table_args__ = (
        PrimaryKeyConstraint("temperature_log_id", "seq"),
        CheckConstraint("(highest IS NULL) <> (lowest IS NULL)", name="warm_or_cold"),
        CheckConstraint("seq >= 1", name="seq_from_one"),
        CheckConstraint("begins_at <= ends_at", name="in_order"),
        EVIDENCE,
    )

    def ledger_chain(self) -> str:
        return f"temperature_log:{self.temperature_log_id}"


explain_constraint(
    "uq_temperature_log_organisation_id_file_sha256", _l("This very file is attached already."), field="file"
)
