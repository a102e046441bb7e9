"""The outbox table."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base


class OutboxMessage(Base):
    """One event on its way to one task."""

    __tablename__ = "outbox_message"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    task: Mapped[str]
    event_name: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]  # given up; shown on /ops until a person looks
    __table_args__ = (
        Index("ix_outbox_message_waiting", "not_before", postgresql_where="done_at IS NULL AND dead_at IS NULL"),
    )
