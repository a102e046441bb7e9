"""Tables of the environment log: rooms, what they may be from a day on, and what they were."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered


class Room(Ledgered, Entity):
    """A room of a laboratory whose conditions are watched."""

    __tablename__ = "room"
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str]
    __table_args__ = (
        UniqueConstraint("lab_id", "name"),
        CheckConstraint("name <> ''", name="name_given"),
        {"info": {"privileges": "select, insert"}},
    )

    def ledger_chain(self) -> str:
        return f"room:{self.id}"


class RoomLimits(Ledgered, Base):
    """What a room may be from a day on; a newer day has a row of its own."""

    __tablename__ = "room_limits"
    room_id: Mapped[UUID] = mapped_column(ForeignKey("room.id"))
    valid_from: Mapped[date]
    lowest_celsius: Mapped[Decimal | None]
    highest_celsius: Mapped[Decimal | None]
    lowest_humidity: Mapped[Decimal | None]  # percent
    highest_humidity: Mapped[Decimal | None]
    set_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("room_id", "valid_from"),
        CheckConstraint(
            "lowest_celsius <= highest_celsius AND lowest_humidity <= highest_humidity", name="ends_in_order"
        ),
        {"info": {"privileges": "select, insert"}},
    )

    def ledger_chain(self) -> str:
        return f"room:{self.room_id}"


class EnvironmentReading(Ledgered, Entity):
    """What a room was at an instant, judged by its limits of that day; outside of them somebody else decides."""

    __tablename__ = "environment_reading"
    room_id: Mapped[UUID] = mapped_column(ForeignKey("room.id"))
    limits_from: Mapped[date]
    read_at: Mapped[datetime]
    celsius: Mapped[Decimal]
    humidity: Mapped[Decimal | None]  # percent
    is_outside: Mapped[bool]
    file_sha256: Mapped[bytes | None] = mapped_column(ForeignKey("stored_file.sha256"))  # of a logger; NULL: read off
    noted_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    noted_at: Mapped[datetime]
    decision: Mapped[str | None]  # what it means for the results of that time, and what was done
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("room_id", "read_at"),
        ForeignKeyConstraint(["room_id", "limits_from"], ["room_limits.room_id", "room_limits.valid_from"]),
        Index("ix_environment_reading_undecided", "room_id", postgresql_where="is_outside AND decided_at IS NULL"),
        CheckConstraint("celsius BETWEEN -90 AND 70 AND humidity BETWEEN 0 AND 100", name="possible"),
        CheckConstraint(
            "(decided_at IS NULL) = (decided_by_id IS NULL) AND (decided_at IS NULL) = (decision IS NULL)"
            " AND decision <> ''",
            name="decision_is_whole",
        ),
        CheckConstraint("decided_at IS NULL OR is_outside", name="decided_where_outside"),
        CheckConstraint("decided_by_id <> noted_by_id", name="two_people"),
        {"info": {"privileges": "select, insert, update (decision, decided_by_id, decided_at)"}},
    )

    def ledger_chain(self) -> str:
        return f"room:{self.room_id}"


explain_constraint("uq_room_lab_id_name", _l("There is a room of this name already."), field="name")
explain_constraint("pk_room_limits", _l("There are limits from this day on already."), field="valid_from")
explain_constraint(
    "uq_environment_reading_room_id_read_at", _l("There is a reading of this instant already."), field="file"
)
