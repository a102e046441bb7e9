"""Tables of publication: notices to the public, and which samples each announced."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from sampling.models.of_sample import OfSample

EVIDENCE = {"info": {"privileges": "select, insert"}}


class PublicNotice(Ledgered, Entity):
    """公告: what a regulator announced together, under one number."""

    __tablename__ = "public_notice"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    year: Mapped[int]
    number: Mapped[int]
    issued_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("organisation_id", "year", "number"),
        CheckConstraint("number >= 1", name="numbers_from_one"),
        EVIDENCE,
    )

    def ledger_chain(self) -> str:
        return f"organisation:{self.organisation_id}"


class Publication(OfSample, Base):
    """A sample that passed the gate. What has no row here is on no public surface."""

    __tablename__ = "publication"
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"), primary_key=True)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("public_notice.id"))
    position: Mapped[int]
    published_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("notice_id", "position"),
        CheckConstraint("position >= 1", name="position_from_one"),
        Index("ix_publication_newest", "published_at", "sample_id"),
        EVIDENCE,
    )


explain_constraint("pk_publication", _l("This result is published already."))
