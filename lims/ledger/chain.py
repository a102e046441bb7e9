"""Appending to chains, as the last statements of a business transaction."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from lims.ledger.capture import RowChange, plain
from lims.ledger.models import PersonalSalt
from lims.ledger.verify import FORMAT, GENESIS, canonical, leaf_hash

# Every business transaction ends with these two, so they are sent as they stand and take any number of chains.
_LOCK = text(
    """
    INSERT INTO ledger_head (chain, seq, hash)
    SELECT chain, 0, ''::bytea FROM unnest(CAST(:chains AS text[])) WITH ORDINALITY AS given (chain, place)
    ORDER BY place
    ON CONFLICT (chain) DO UPDATE SET seq = ledger_head.seq
    RETURNING chain, seq, hash
    """
)
_WRITE = text(
    """
    WITH written AS (
        INSERT INTO ledger_event (chain, seq, type, at, body, hash)
        SELECT chain, seq, type, :at, body, decode(hash, 'hex')
        FROM json_to_recordset(CAST(:events AS json))
            AS given (place int, chain text, seq bigint, type text, body text, hash text)
        ORDER BY place
        RETURNING id, chain, seq, hash
    ), pending AS (
        INSERT INTO ledger_pending (event_id) SELECT id FROM written
    )
    UPDATE ledger_head SET seq = written.seq, hash = written.hash FROM written WHERE ledger_head.chain = written.chain
    """
)

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
    written: list[dict[str, Any]] = []
    for place, chain in enumerate(chains):
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
        digest = leaf_hash(body.encode()).hex()
        written.append({"place": place, "chain": chain, "seq": seq + 1, "type": kind, "body": body, "hash": digest})
    # One JSON text: it is escaped in C, where each body of an array would be escaped in Python.
    session.execute(_WRITE, {"at": stamp.at, "events": json.dumps(written, ensure_ascii=False)})
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
    return {chain: (seq, digest) for chain, seq, digest in session.execute(_LOCK, {"chains": chains})}
