"""The reader program: all ports of one machine, one spool, one courier."""

import json
import threading
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from instruments.config import ReaderConfig, folder_name
from instruments.delivery import Courier, HttpDelivery
from instruments.journal import Journal
from instruments.reader import Connection, Reader
from instruments.spool import Spool
from lims import clock

STATUS_FILE = "status.json"
SPOOL_FILE = "spool.sqlite3"


class Daemon:
    """Runs the readers and the courier until stopped.

    Args:
        config: what to run.

    Raises:
        JournalError: another process has one of the journals.
    """

    def __init__(self, config: ReaderConfig) -> None:
        self._config = config
        self._stack = ExitStack()
        self._stopped = threading.Event()
        config.store.mkdir(parents=True, exist_ok=True)
        try:
            self.spool = Spool(config.store / SPOOL_FILE)
            self._stack.callback(self.spool.close)
            self.readers = [self._reader(connection) for connection in config.connections]
        except BaseException:
            self._stack.close()
            raise
        self.courier: Courier | None = None
        if config.server_url:
            self.courier = Courier(self.spool, HttpDelivery(config.server_url, config.token))

    def _reader(self, connection: Connection) -> Reader:
        journal = Journal(journal_folder(self._config.store, connection.instrument))
        self._stack.callback(journal.close)
        return Reader(
            connection,
            journal,
            self.spool.add,
            processed_epoch=self.spool.processed_epoch(connection.instrument),
            note_epoch=partial(self.spool.set_processed_epoch, connection.instrument),
        )

    def start(self) -> None:
        for reader in self.readers:
            reader.start()
        if self.courier is not None:
            self.courier.start()

    def stop(self) -> None:
        """End all threads, then close journals and spool."""
        self._stopped.set()
        for reader in self.readers:
            reader.stop()
        if self.courier is not None:
            self.courier.stop()
        for reader in self.readers:
            reader.join()
        if self.courier is not None:
            self.courier.join()
        self.write_status()
        self._stack.close()

    def status(self) -> dict[str, Any]:
        """The state of everything, as the status page and `--json` show it."""
        ports = [reader.status.to_json() for reader in self.readers]
        return {
            "at": clock.now().isoformat(),
            "healthy": all(port["healthy"] for port in ports) and not (self.courier and self.courier.last_error),
            "ports": ports,
            "spool": {str(state): number for state, number in self.spool.counts().items()},
            "delivery": {"url": self._config.server_url, "last_error": self.courier.last_error if self.courier else ""},
        }

    def write_status(self) -> None:
        """Put the status beside the spool, whole or not at all."""
        path = self._config.store / STATUS_FILE
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(self.status(), ensure_ascii=False), "utf-8")
        draft.replace(path)


def journal_folder(store: Path, instrument: str) -> Path:
    """Where the journal of an instrument stands."""
    return store / "journal" / folder_name(instrument)
