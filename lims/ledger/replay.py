"""The ledger against the tables: fold all events, compare every row, column by column."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from lims.db import Base
from lims.ledger.capture import Ledgered, ledgered_columns, personal_digest, plain, row_key_text
from lims.ledger.models import LedgerCheckpoint, LedgerEvent, LedgerHead, LedgerLeaf, PersonalSalt
from lims.ledger.queries import STREAM_ROWS
from lims.ledger.verify import GENESIS, Broken, CompactRange, leaf_hash, parse_checkpoint
from lims.verification import Finding

Row = dict[str, Any]


def check_chains(session: Session) -> Finding:
    """I14: every chain counts without gaps, names the event before it, and its columns say what its body says."""
    finding = Finding("I14 ledger chains are unbroken")
    events = select(LedgerEvent).order_by(LedgerEvent.chain, LedgerEvent.seq).execution_options(yield_per=STREAM_ROWS)
    chain, seq, previous = "", 0, GENESIS
    for event in session.scalars(events):
        finding.checked += 1
        if event.chain != chain:
            chain, seq, previous = event.chain, 0, GENESIS
        try:
            body = json.loads(event.body)
        except ValueError:
            body = {}
        seq += 1
        if event.seq != seq or body.get("seq") != seq:
            finding.violate("ledger_event", str(event.id), "seq")
        if body.get("chain") != event.chain:
            finding.violate("ledger_event", str(event.id), "chain")
        if body.get("type") != event.type:
            finding.violate("ledger_event", str(event.id), "type")
        if body.get("at") != plain(event.at):
            finding.violate("ledger_event", str(event.id), "at")
        if leaf_hash(event.body.encode()) != event.hash:
            finding.violate("ledger_event", str(event.id), "body")
        if body.get("prev") != previous:
            finding.violate("ledger_event", str(event.id), "prev")
        seq, previous = event.seq, event.hash.hex()
        session.expunge(event)
    return finding


def check_heads(session: Session) -> Finding:
    """I14: the stored chain heads are the last events, and every signed head has the root of its leaves."""
    finding = Finding("I14 ledger heads agree")
    last: dict[str, tuple[int, bytes]] = {}
    ordered = select(LedgerEvent.chain, LedgerEvent.seq, LedgerEvent.hash).order_by(LedgerEvent.chain, LedgerEvent.seq)
    for chain, seq, digest in session.execute(ordered.execution_options(yield_per=STREAM_ROWS)):
        last[chain] = (seq, digest)
    for head in session.scalars(select(LedgerHead).order_by(LedgerHead.chain)):
        finding.checked += 1
        if last.pop(head.chain, None) != (head.seq, head.hash):
            finding.violate("ledger_head", head.chain, "hash")
    for chain in sorted(last):
        finding.violate("ledger_head", chain, "chain")
    _check_roots(session, finding)
    return finding


def _check_roots(session: Session, finding: Finding) -> None:
    notes = iter(session.scalars(select(LedgerCheckpoint).order_by(LedgerCheckpoint.size)).all())
    head = next(notes, None)
    tree = CompactRange()
    leaves = (
        select(LedgerLeaf.index, LedgerEvent.hash)
        .join(LedgerEvent, LedgerEvent.id == LedgerLeaf.event_id)
        .order_by(LedgerLeaf.index)
    )
    for index, digest in session.execute(leaves.execution_options(yield_per=STREAM_ROWS)):
        if index != tree.size:
            finding.violate("ledger_leaf", str(index), "index")
        tree.append(digest)
        while head is not None and head.size == tree.size:
            finding.checked += 1
            try:
                agrees = parse_checkpoint(head.note).root == tree.root()
            except Broken:
                agrees = False
            if not agrees:
                finding.violate("ledger_checkpoint", str(head.size), "note")
            head = next(notes, None)
    if head is not None:
        finding.violate("ledger_checkpoint", str(head.size), "size")


def fold(session: Session) -> dict[str, dict[str, Row]]:
    """The rows of all ledgered tables as the ledger tells them: table -> key text -> columns."""
    bodies = select(LedgerEvent.body).order_by(LedgerEvent.id).execution_options(yield_per=STREAM_ROWS)
    state: dict[str, dict[str, Row]] = {}
    for body in session.scalars(bodies):
        fold_rows(state, rows_told(read_body(body)))
    return state


def read_body(body: str) -> dict[str, Any]:
    """The body of an event; empty where it is none, as `check_chains` names the broken one."""
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def rows_told(body: Mapping[str, Any]) -> Sequence[Row]:
    """The rows of a body that was read; none where it is broken, so that the rows after it are still compared."""
    rows = body.get("rows")
    return rows if isinstance(rows, list) else ()


def fold_rows(state: dict[str, dict[str, Row]], rows: Iterable[Row]) -> None:
    """Let the rows of one more event change what was told so far: table -> key text -> columns."""
    for row in rows:
        table = state.setdefault(row["t"], {})
        key = row_key_text(row["k"])
        if row.get("d"):
            table.pop(key, None)
        else:
            table.setdefault(key, dict(row["k"])).update(row["c"])


def check_replay(session: Session) -> Finding:
    """I14: every row of every ledgered table is what the ledger tells, column by column."""
    finding = Finding("I14 ledger replays to the tables")
    told = fold(session)
    salts = {
        (salt.table_name, salt.row_key, salt.column_name, salt.digest): salt.salt
        for salt in session.scalars(select(PersonalSalt).execution_options(yield_per=STREAM_ROWS))
    }
    for mapper in sorted(Base.registry.mappers, key=lambda item: str(item.local_table)):
        if issubclass(mapper.class_, Ledgered):
            table = str(mapper.local_table)
            compare_rows(session, mapper, told.pop(table, {}), salts, finding)
    for table in sorted(told):
        for key in told[table]:
            finding.violate(table, key, "*")
    return finding


def compare_rows(
    session: Session,
    mapper: Any,
    told: dict[str, Row],
    salts: dict[tuple[str, str, str, str], bytes],
    finding: Finding,
    *,
    only: ColumnElement[bool] | None = None,
) -> None:
    """Compare the rows of a table with what was told of them, column by column; `told` is used up.

    Args:
        only: which rows; all of the table when left out.
    """
    table = mapper.local_table
    columns = [column for _name, column in ledgered_columns(mapper)]
    wanted = list({column.name: column for column in [*mapper.primary_key, *columns]}.values())
    # A whole table is streamed; the few rows of one object come quicker at once.
    query = select(*wanted).execution_options(yield_per=STREAM_ROWS) if only is None else select(*wanted).where(only)
    for row in session.execute(query).mappings():
        finding.checked += 1
        key = row_key_text({column.name: row[column] for column in mapper.primary_key})
        expected = told.pop(key, None)
        if expected is None:
            finding.violate(table.name, key, "*")
            continue
        for column in columns:
            value, noted = row[column], expected.get(column.name)
            if column.info.get("personal") and value is not None:
                salt = salts.get((table.name, key, column.name, str(noted)))
                if salt is None and noted is not None:
                    continue  # erased: the digest says nothing any more, and still stands in the chain
                agrees = salt is not None and personal_digest(value, salt) == noted
            else:
                agrees = plain(value) == noted or (column.info.get("personal", False) and value is None)
            if not agrees:
                finding.violate(table.name, key, column.name)
    for key in sorted(told):
        finding.violate(table.name, key, "*")
