"""The outbox of the reader: readings in the order they were made, kept until the server has them.

A SQLite file beside the ports (the server may be elsewhere and away for days). A key that was ever accepted is kept,
so that a memory dump sent again adds nothing; the body is emptied once the server has it, because the journal holds
the bytes.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from instruments.types import Reading

NUL_SIGN = "\N{SYMBOL FOR NULL}"


class SpoolState(StrEnum):
    """Where a reading is on its way to the server."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    REFUSED = "refused"  # the server said why; a person looks at it


@dataclass(frozen=True, slots=True)
class SpooledReading:
    """A reading that waits, as it will be sent."""

    position: int
    instrument: str
    key: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SpooledFile:
    """A file from a drop folder that waits; `body` is what is sent beside its content."""

    position: int
    instrument: str
    sha256: str
    content: bytes
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """A reading or a file that the server will not take.

    Attributes:
        instrument: whose it is.
        what: value and unit as sent, or the name of the file.
        captured_at: of a reading, in ISO form; empty for a file.
        reason: in the server's words.
    """

    instrument: str
    what: str
    captured_at: str
    reason: str


@dataclass(frozen=True, slots=True)
class Captured:
    """A reading with the facts of its arrival.

    Attributes:
        key: idempotency key.
        captured_at: when its last byte arrived, aware and in UTC.
        reading: what was parsed.
    """

    key: str
    captured_at: datetime
    reading: Reading

    def body(self, instrument: str) -> dict[str, Any]:
        """What the server is sent: verbatim texts and the bytes; it parses them again itself when it wants more."""
        reading = self.reading
        texts = {
            "item_text": reading.item_text,
            "sample_text": reading.sample_text,
            "slot": reading.slot,
            "value_text": reading.value_text,
            "unit_text": reading.unit_text,
            "verdict_text": reading.verdict_text,
            "measured_text": reading.measured_text,
            "record_no": reading.record_no,
        }
        return {
            "key": self.key,
            "captured_at": self.captured_at.isoformat(),
            # The server's database keeps no NUL in a text; the bytes themselves go along in `raw_hex`.
            **{name: text.replace("\0", NUL_SIGN) for name, text in texts.items()},
            "value": None if reading.value is None else f"{reading.value:f}",
            "comparator": reading.comparator,
            "measured_at": reading.measured_at.isoformat() if reading.measured_at else None,
            "quality_control": reading.quality_control,
            "status": str(reading.status),
            "raw_hex": reading.raw.hex(),
            "driver": reading.driver,
            "parser_version": reading.parser_version,
            "identity": reading.identity(instrument),
            "problem": reading.problem,
        }


_SCHEMA = """
CREATE TABLE IF NOT EXISTS reading (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    instrument TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'refused')),
    reason TEXT NOT NULL DEFAULT '',
    repeats INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS reading_waiting ON reading (position) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS file (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    instrument TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    content BLOB NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'refused')),
    reason TEXT NOT NULL DEFAULT '',
    UNIQUE (instrument, sha256)
);
CREATE TABLE IF NOT EXISTS progress (instrument TEXT PRIMARY KEY, epoch INTEGER NOT NULL);
"""


class Spool:
    """Opens or makes the outbox file; may be used from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_SCHEMA)
        self.arrived = threading.Event()

    def add(self, instrument: str, captured: Sequence[Captured]) -> int:
        """Take readings in; returns how many were new. All or nothing, durable on return."""
        added = 0
        with self._lock, closing(self._connection.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                for item in captured:
                    cursor.execute(
                        "INSERT INTO reading (key, instrument, body) VALUES (?, ?, ?)"
                        " ON CONFLICT (key) DO UPDATE SET repeats = repeats + 1 RETURNING repeats",
                        (item.key, instrument, json.dumps(item.body(instrument), ensure_ascii=False)),
                    )
                    added += cursor.fetchone() == (0,)
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")
        if added:
            self.arrived.set()
        return added

    def waiting(self, limit: int) -> list[SpooledReading]:
        """The oldest readings that wait, all of one instrument, in order."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT position, instrument, key, body FROM reading WHERE state = 'waiting' ORDER BY position LIMIT ?",
                (limit,),
            ).fetchall()
        found = [SpooledReading(position, name, key, json.loads(body)) for position, name, key, body in rows]
        return [item for item in found if item.instrument == found[0].instrument][: _run_length(found)]

    def add_file(self, instrument: str, name: str, content: bytes, facts: dict[str, Any]) -> bool:
        """Take a file in, durable on return; False when its bytes came before, under whatever name."""
        body = json.dumps({"instrument": instrument, "name": name, **facts}, ensure_ascii=False)
        digest = sha256(content).hexdigest()
        with self._lock:
            added = self._connection.execute(
                "INSERT INTO file (instrument, sha256, name, content, body) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (instrument, sha256) DO NOTHING",
                (instrument, digest, name, content, body),
            ).rowcount
        if added:
            self.arrived.set()
        return bool(added)

    def waiting_file(self) -> SpooledFile | None:
        """The oldest file that waits."""
        with self._lock:
            row = self._connection.execute(
                "SELECT position, instrument, sha256, content, body FROM file WHERE state = 'waiting'"
                " ORDER BY position LIMIT 1"
            ).fetchone()
        return SpooledFile(row[0], row[1], row[2], row[3], json.loads(row[4])) if row else None

    def mark_file(self, position: int, state: SpoolState, reason: str = "") -> None:
        """The server has it, or will never take it and says why. The bytes stay here only in the second case."""
        with self._lock:
            self._connection.execute(
                "UPDATE file SET state = ?, reason = ?,"
                " content = CASE WHEN ? = 'delivered' THEN x'' ELSE content END WHERE position = ?",
                (state, reason, state, position),
            )

    def mark_delivered(self, positions: Iterable[int]) -> None:
        """The server has them."""
        with self._lock:
            self._connection.executemany(
                "UPDATE reading SET state = 'delivered', body = '{}' WHERE position = ?",
                [(position,) for position in positions],
            )

    def mark_refused(self, position: int, reason: str) -> None:
        """The server will never take this one; it stays here with the reason."""
        with self._lock:
            self._connection.execute(
                "UPDATE reading SET state = 'refused', reason = ? WHERE position = ?", (reason, position)
            )

    def refused(self) -> list[Refused]:
        """What the server will not take, readings first, in order."""
        with self._lock:
            readings = self._connection.execute(
                "SELECT instrument, body, reason FROM reading WHERE state = 'refused' ORDER BY position"
            ).fetchall()
            files = self._connection.execute(
                "SELECT instrument, name, reason FROM file WHERE state = 'refused' ORDER BY position"
            ).fetchall()
        bodies = [(name, json.loads(body), reason) for name, body, reason in readings]
        return [
            Refused(name, f"{body['value_text']} {body['unit_text']}".strip(), body["captured_at"], reason)
            for name, body, reason in bodies
        ] + [Refused(name, file, "", reason) for name, file, reason in files]

    def retry_refused(self) -> int:
        """Let refused readings and files wait again, in their old places; returns how many."""
        with self._lock:
            changed = sum(
                self._connection.execute(
                    f"UPDATE {table} SET state = 'waiting', reason = '' WHERE state = 'refused'"  # noqa: S608 - two names
                ).rowcount
                for table in ("reading", "file")
            )
        self.arrived.set()
        return changed

    def counts(self) -> dict[SpoolState, int]:
        """How many readings and files are in each state."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT state, count(*) FROM (SELECT state FROM reading UNION ALL SELECT state FROM file)"
                " GROUP BY state"
            ).fetchall()
        found = {SpoolState(state): number for state, number in rows}
        return {state: found.get(state, 0) for state in SpoolState}

    def waiting_of(self) -> dict[str, int]:
        """How many readings and files of each instrument wait."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT instrument, count(*) FROM (SELECT instrument FROM reading WHERE state = 'waiting'"
                " UNION ALL SELECT instrument FROM file WHERE state = 'waiting') GROUP BY instrument"
            ).fetchall()
        return dict(rows)

    def processed_epoch(self, instrument: str) -> int:
        """The connection up to which the journal of this instrument has been turned into readings; 0 at first."""
        with self._lock:
            row = self._connection.execute("SELECT epoch FROM progress WHERE instrument = ?", (instrument,)).fetchone()
        return row[0] if row else 0

    def set_processed_epoch(self, instrument: str, epoch: int) -> None:
        """Everything before `epoch` is in here."""
        with self._lock:
            self._connection.execute(
                "INSERT INTO progress VALUES (?, ?) ON CONFLICT (instrument) DO UPDATE SET epoch = excluded.epoch",
                (instrument, epoch),
            )

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _run_length(found: Sequence[SpooledReading]) -> int:
    """How many at the head belong to one instrument: order is kept across instruments as well."""
    for length, item in enumerate(found):
        if item.instrument != found[0].instrument:
            return length
    return len(found)
