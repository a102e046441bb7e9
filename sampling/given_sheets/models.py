"""What every table of sheets has."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from lims.db import Entity
from lims.ledger.capture import Ledgered


class GivenSheet(Ledgered, Entity):
    """A sheet as it came; nothing of it changes but that something was taken from it.

    Attributes:
        taken_by_id, taken_at: the last time something was; None before.
    """

    __abstract__ = True  # type: ignore[misc]  # both bases say so, each in its own way

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    file_sha256: Mapped[bytes] = mapped_column(ForeignKey("stored_file.sha256"))
    file_name: Mapped[str]
    received_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    received_at: Mapped[datetime]
    taken_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    taken_at: Mapped[datetime | None]

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            UniqueConstraint("organisation_id", "file_sha256"),
            CheckConstraint("(taken_at IS NULL) = (taken_by_id IS NULL)", name="taken_by_somebody"),
            {"info": {"privileges": "select, insert, update (taken_by_id, taken_at)"}},
        )

    def ledger_chain(self) -> str:
        """A chain of its own, named after its table."""
        return f"{self.__tablename__.replace('_', '-')}:{self.id}"
