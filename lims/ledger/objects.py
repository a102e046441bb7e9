"""The proof of one object: its chain is whole, and its rows are what the chain tells.

The nightly checks (`lims.ledger.replay`) prove everything at once; this proves one sample while somebody waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from lims.db import Base
from lims.ledger.capture import Ledgered, row_key_text
from lims.ledger.models import LedgerCheckpoint, LedgerHead, PersonalSalt
from lims.ledger.queries import TrailEntry, latest_checkpoint, trail
from lims.ledger.replay import Row, compare_rows, fold_rows, read_body, rows_told
from lims.ledger.verify import GENESIS, leaf_hash
from lims.verification import Example, Finding


@dataclass(frozen=True, slots=True)
class ObjectProof:
    """What the ledger says of one object.

    Attributes:
        chain: of the object, such as `sample:<id>`.
        events: how many there are.
        leaves: the place in the tree of each event that has one, in the order of the chain.
        row_leaves: the place of the last event that told a row, by table and key text; None while it waits for one.
        head: the newest signed head; None while nothing is signed.
        broken: what does not hold, by table, key and column; empty when the proof is intact.
    """

    chain: str
    events: int
    leaves: tuple[int, ...]
    row_leaves: Mapping[tuple[str, str], int | None]
    head: LedgerCheckpoint | None
    broken: tuple[Example, ...]

    @property
    def is_intact(self) -> bool:
        """Whether everything holds."""
        return not self.broken

    @property
    def is_signed(self) -> bool:
        """Whether every event stands under the newest signed head."""
        return self.head is not None and len(self.leaves) == self.events and self.leaves[-1] < self.head.size


def prove_object(session: Session, chain: str) -> ObjectProof:
    """Check the chain of one object link by link, and every row it tells column by column."""
    entries = trail(session, chain)
    bodies = [read_body(entry.body) for entry in entries]
    finding = Finding(chain)
    _check_links(session, chain, entries, bodies, finding)
    told: dict[str, dict[str, Row]] = {}
    row_leaves = {}
    for entry, body in zip(entries, bodies, strict=True):
        rows = rows_told(body)
        fold_rows(told, rows)
        for row in rows:
            row_leaves[row["t"], row_key_text(row["k"])] = entry.leaf
    for mapper in Base.registry.mappers:
        table = str(mapper.local_table)
        if issubclass(mapper.class_, Ledgered) and told.get(table):
            _check_table(session, mapper, told[table], finding)
    return ObjectProof(
        chain=chain,
        events=len(entries),
        leaves=tuple(entry.leaf for entry in entries if entry.leaf is not None),
        row_leaves=row_leaves,
        head=latest_checkpoint(session),
        broken=tuple(finding.examples),
    )


def _check_links(
    session: Session, chain: str, entries: list[TrailEntry], bodies: list[dict[str, Any]], finding: Finding
) -> None:
    previous = GENESIS
    for place, (entry, body) in enumerate(zip(entries, bodies, strict=True), start=1):
        links = (entry.seq, body.get("seq"), body.get("chain"), body.get("prev"))
        if links != (place, place, chain, previous) or leaf_hash(entry.body.encode()) != entry.hash:
            finding.violate("ledger_event", f"{chain} #{place}", "body")
        previous = entry.hash.hex()
    head = session.get(LedgerHead, chain)
    last = (entries[-1].seq, entries[-1].hash) if entries else None
    if (None if head is None else (head.seq, head.hash)) != last:
        finding.violate("ledger_head", chain, "hash")


def _check_table(session: Session, mapper: Any, told: dict[str, Row], finding: Finding) -> None:
    primary = list(mapper.primary_key)
    keys = [tuple(_as_stored(column, row[column.name]) for column in primary) for row in told.values()]
    salts = {
        (salt.table_name, salt.row_key, salt.column_name, salt.digest): salt.salt
        for salt in session.scalars(
            select(PersonalSalt).where(
                PersonalSalt.table_name == mapper.local_table.name, PersonalSalt.row_key.in_(list(told))
            )
        )
    }
    compare_rows(session, mapper, dict(told), salts, finding, only=tuple_(*primary).in_(keys))


def _as_stored(column: Any, value: Any) -> Any:
    """A part of a key as the database holds it, from how the ledger writes it."""
    kind = column.type.python_type
    if kind is bytes:
        return bytes.fromhex(value)
    if kind in {datetime, date}:
        return kind.fromisoformat(value)
    return kind(value) if kind in {UUID, Decimal, int} else value
