"""Appending to chains, as the last statements of a business transaction."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from lims.ledger.capture import RowChange, plain
from lims.ledger.models import LedgerEvent, LedgerHead, LedgerPending, PersonalSalt
from lims.ledger.verify import FORMAT, GENESIS, canonical, leaf_hash

ROWS_CHANGED = "lims.rows_changed.v1"  # an act that changed rows but announced nothing


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who did it, for which organisation, when and why: the same for all events of one transaction."""

    at: datetime
    actor: str
    organisation: str | None
    reason: str | None


def append(
    session: Session,
    stamp: Stamp,
    facts: Iterable[tuple[str, Mapping[str, Any]]],
    changes: Sequence[RowChange],
) -> None:
    """Write one event on every chain that was touched.

    Args:
        facts: chain and payload of every event that the use case announced; a payload carries its `name`.
        changes: the rows that the transaction changed.

    Locks the heads of the touched chains in sorted order, so that two transactions cannot wait for each other.
    """
    facts_of: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    rows_of: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for chain, fact in facts:
        facts_of[chain].append(fact)
    for change in changes:
        rows_of[change.chain].append(change.to_body())
    chains = sorted(facts_of.keys() | rows_of.keys())
    if not chains:
        return
    heads = _lock_heads(session, chains)
    events, new_heads = [], []
    for chain in chains:
        seq, previous = heads[chain]
        kind = str(facts_of[chain][0]["name"]) if facts_of[chain] else ROWS_CHANGED
        body = canonical(
            {
                "v": FORMAT,
                "chain": chain,
                "seq": seq + 1,
                "prev": previous.hex() if seq else GENESIS,
                "type": kind,
                "at": plain(stamp.at),
                "actor": stamp.actor,
                "org": stamp.organisation,
                "reason": stamp.reason,
                "facts": [plain(dict(fact)) for fact in facts_of[chain]],
                "rows": rows_of[chain],
            }
        )
        digest = leaf_hash(body.encode())
        events.append({"chain": chain, "seq": seq + 1, "type": kind, "at": stamp.at, "body": body, "hash": digest})
        new_heads.append({"head_chain": chain, "new_seq": seq + 1, "new_hash": digest})
    ids = session.scalars(insert(LedgerEvent).returning(LedgerEvent.id), events).all()
    session.execute(insert(LedgerPending), [{"event_id": event_id} for event_id in ids])
    session.connection().execute(
        update(LedgerHead)
        .where(LedgerHead.chain == bindparam("head_chain"))
        .values(seq=bindparam("new_seq"), hash=bindparam("new_hash")),
        new_heads,
    )
    salts = [salt for change in changes for salt in change.salts]
    if salts:
        session.execute(
            insert(PersonalSalt),
            [
                {
                    "table_name": salt.table,
                    "row_key": salt.row_key,
                    "column_name": salt.column,
                    "digest": salt.digest,
                    "salt": salt.salt,
                }
                for salt in salts
            ],
        )


def _lock_heads(session: Session, chains: Sequence[str]) -> dict[str, tuple[int, bytes]]:
    """Sequence and hash of every chain, its row locked until the commit; a new chain starts at 0."""
    statement = upsert(LedgerHead).values([{"chain": chain, "seq": 0, "hash": b""} for chain in chains])
    touched = statement.on_conflict_do_update(
        index_elements=[LedgerHead.chain], set_={"seq": LedgerHead.seq}
    ).returning(LedgerHead.chain, LedgerHead.seq, LedgerHead.hash)
    return {chain: (seq, digest) for chain, seq, digest in session.execute(touched)}
