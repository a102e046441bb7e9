"""Tables of the ledger. The application may insert into them and, apart from the heads of chains, change nothing."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base
from lims.reading import ReadOnce

INSERT_ONLY = {"privileges": "select, insert"}


class LedgerHead(Base):
    """Where each chain stands: the row lock that orders its writers. Derivable, so not evidence."""

    __tablename__ = "ledger_head"
    chain: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes]


class LedgerEvent(Base):
    """One event of one chain; `body` is the canonical text whose hash everything else rests on."""

    __tablename__ = "ledger_event"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    chain: Mapped[str]
    seq: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str]
    at: Mapped[datetime]
    body: Mapped[str]
    hash: Mapped[bytes] = mapped_column(unique=True)
    __table_args__ = (
        UniqueConstraint("chain", "seq"),
        CheckConstraint("octet_length(hash) = 32", name="hash_is_sha256"),
        {"info": INSERT_ONLY},
    )


class LedgerPending(Base):
    """Events that have no leaf number yet: a queue, not evidence."""

    __tablename__ = "ledger_pending"
    event_id: Mapped[int] = mapped_column(ForeignKey("ledger_event.id"), primary_key=True)
    __table_args__ = ({"info": {"privileges": "select, insert, delete"}},)


class LedgerLeaf(Base):
    """The place of an event in the tree, given by the sequencer: no gaps, whatever order transactions committed in."""

    __tablename__ = "ledger_leaf"
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(ForeignKey("ledger_event.id"), unique=True)
    __table_args__ = ({"info": INSERT_ONLY},)


class LedgerCheckpoint(ReadOnce, Base):
    """A signed head and the right edge of the tree it was made from."""

    __tablename__ = "ledger_checkpoint"
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    note: Mapped[str]
    stack: Mapped[bytes]  # the subtree roots, 32 bytes each, largest first
    made_at: Mapped[datetime]
    __table_args__ = ({"info": INSERT_ONLY},)


class LedgerWitnessing(Base):
    """What somebody outside said of a head: a countersignature, or a refusal; neither where it went out by mail."""

    __tablename__ = "ledger_witnessing"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    witness: Mapped[str]
    size: Mapped[int] = mapped_column(ForeignKey("ledger_checkpoint.size"))
    at: Mapped[datetime]
    cosignature: Mapped[str | None]
    refusal: Mapped[str | None]
    __table_args__ = (
        CheckConstraint("cosignature IS NULL OR refusal IS NULL", name="one_word"),
        Index("ix_ledger_witnessing_witness_id", "witness", "id"),
        {"info": INSERT_ONLY},
    )


class PersonalSalt(Base):
    """The salt under which a personal value entered the ledger; erasing it makes the digest say nothing."""

    __tablename__ = "personal_salt"
    table_name: Mapped[str]
    row_key: Mapped[str]
    column_name: Mapped[str]
    digest: Mapped[str]
    salt: Mapped[bytes]
    __table_args__ = (
        PrimaryKeyConstraint("table_name", "row_key", "column_name", "digest"),
        {"info": INSERT_ONLY},  # erasure is a job of the owner's login
    )
