"""Tables of public picks. Tags and ballots share no key, so nothing in the database leads from one to the other (I10)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from citizen_votes.types import RoundState
from lims.db import Entity
from lims.ledger.capture import Ledgered


class PickRound(Ledgered, Entity):
    """One round in which the public picks foods to be tested; its rules are frozen before it opens."""

    __tablename__ = "pick_round"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    state: Mapped[RoundState]
    rules: Mapped[dict[str, Any]]
    rules_sha256: Mapped[bytes]
    __table_args__ = (CheckConstraint("opens_at < closes_at", name="opens_before_it_closes"),)

    def ledger_chain(self) -> str:
        return f"round:{self.id}"
