"""The ceremony before a draw: who committed to a secret, when the frame was frozen, and what completes the seed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered


class DrawCeremony(Ledgered, Entity):
    """Preparing the draw of one plan: opened, then closed with its frame frozen, then drawn."""

    __tablename__ = "draw_ceremony"
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("sampling_plan.id"), unique=True)
    draw_name: Mapped[str] = mapped_column(unique=True)  # what the parties commit for
    beacon_source: Mapped[str]  # named before anybody can know its value
    frame_key: Mapped[str] = mapped_column(info={"ledger": False})  # salts the frame; public with the record only
    opened_at: Mapped[datetime]
    opened_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    closed_at: Mapped[datetime | None]
    frame_root: Mapped[str | None]  # in the ledger from the instant it is frozen
    frame: Mapped[list[Any] | None] = mapped_column(info={"ledger": False})  # (stratum, business) as frozen
    __table_args__ = (
        CheckConstraint(
            "(closed_at IS NULL) = (frame_root IS NULL) AND (closed_at IS NULL) = (frame IS NULL)",
            name="frozen_when_closed",
        ),
        CheckConstraint("closed_at >= opened_at", name="closed_after_opened"),
    )

    def ledger_chain(self) -> str:
        return f"plan:{self.plan_id}"


class DrawCommitment(Ledgered, Base):
    """What one party committed to, and its secret once it was opened."""

    __tablename__ = "draw_commitment"
    ceremony_id: Mapped[UUID] = mapped_column(ForeignKey("draw_ceremony.id"))
    party: Mapped[str]
    commitment: Mapped[str]
    committed_at: Mapped[datetime]
    secret: Mapped[str | None]
    opened_at: Mapped[datetime | None]
    __table_args__ = (
        PrimaryKeyConstraint("ceremony_id", "party"),
        CheckConstraint("commitment ~ '^[0-9a-f]{64}$'", name="commitment_is_sha256"),
        CheckConstraint("(secret IS NULL) = (opened_at IS NULL)", name="opened_when_secret_known"),
    )

    def ledger_chain(self) -> str:
        return f"draw-ceremony:{self.ceremony_id}"


explain_constraint("uq_draw_ceremony_plan_id", _l("The draw of this plan is being prepared already."))
explain_constraint("pk_draw_commitment", _l("This party has committed already."), field="party")
