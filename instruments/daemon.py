"""The reader program: all ports and drop folders of one machine, one spool, one courier, one report of how they are."""

import fcntl
import json
import logging
import os
import platform
import sqlite3
import threading
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from instruments.config import ReaderConfig, folder_name
from instruments.delivery import Courier, HttpDelivery
from instruments.folders import FolderWatcher
from instruments.journal import Journal
from instruments.reader import Connection, PortStatus, Reader
from instruments.rules import REPORT_SECONDS
from instruments.spool import Spool, SpoolState
from instruments.status_page import StatusPage
from lims import clock
from lims.i18n import gettext as _

STATUS_FILE = "status.json"
SPOOL_FILE = "spool.sqlite3"
LOCK_FILE = "lock"
MAX_ERROR_TEXT = 500

log = logging.getLogger(__name__)


class CannotStartError(Exception):
    """The reader cannot begin its work; the message says what is in the way."""


class Daemon:
    """Runs the readers and the courier until stopped.

    Args:
        config: what to run.

    Raises:
        JournalError: another process has one of the journals, or one is damaged.
        CannotStartError: the store cannot be written, another reader has it, or the address of the status page cannot
            be listened on.
    """

    def __init__(self, config: ReaderConfig) -> None:
        self._config = config
        self._stack = ExitStack()
        self._stopped = threading.Event()
        try:
            self._lock_store()
            self.spool = Spool(config.store / SPOOL_FILE)
            self._stack.callback(self.spool.close)
            self.readers = [self._reader(connection) for connection in config.connections]
            self.page = self._listen()
        except BlockingIOError as error:
            self._stack.close()
            raise CannotStartError(_("Another reader is at work in %(store)s.", store=str(config.store))) from error
        except (OSError, sqlite3.Error) as error:
            self._stack.close()
            words = _("The store %(store)s cannot be used: %(error)s", store=str(config.store), error=error)
            raise CannotStartError(words) from error
        except BaseException:
            self._stack.close()
            raise
        self.folders = [FolderWatcher(folder, self.spool.add_file) for folder in config.folders]
        self.courier: Courier | None = None
        self._server: HttpDelivery | None = None
        self._reporter = threading.Thread(target=self._report, name="report", daemon=True)
        if config.server_url:
            self._server = HttpDelivery(config.server_url, config.token)
            self.courier = Courier(self.spool, self._server, deliver_file=self._server.deliver_file)

    def _lock_store(self) -> None:
        """Be the only reader of this store: folders have no journal whose lock would tell, and the spool is shared."""
        self._config.store.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._config.store / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        self._stack.callback(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _listen(self) -> StatusPage | None:
        if self._config.status_address is None:
            return None
        try:
            return StatusPage(self._config.status_address, self.status)
        except OSError as error:
            host, port = self._config.status_address
            raise CannotStartError(
                _(
                    "The page of the reader cannot listen on %(address)s: %(error)s",
                    address=f"{host}:{port}",
                    error=error,
                )
            ) from error

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
        if self.page is not None:
            self.page.start()
        for part in self._parts():
            part.start()
        if self.courier is not None:
            self.courier.start()
            self._reporter.start()

    def stop(self) -> None:
        """End all threads, then close journals and spool."""
        self._stopped.set()
        if self.page is not None:
            self.page.stop()
        for part in self._parts():
            part.stop()
        if self.courier is not None:
            self.courier.stop()
        for part in self._parts():
            part.join()
        if self.courier is not None:
            self.courier.join()
            self._reporter.join(REPORT_SECONDS)
        self.write_status()
        self._stack.close()

    def status(self) -> dict[str, Any]:
        """The state of everything, as the status page and `--json` show it."""
        ports = [status.to_json() for status in self._statuses()]
        counts = self.spool.counts()
        is_delivered = not (self.courier and self.courier.last_error) and not counts[SpoolState.REFUSED]
        return {
            "at": clock.now().isoformat(),
            "healthy": is_delivered and all(port["healthy"] for port in ports),
            "ports": ports,
            "spool": {str(state): number for state, number in counts.items()},
            "delivery": {"url": self._config.server_url, "last_error": self.courier.last_error if self.courier else ""},
        }

    def _parts(self) -> list[Reader | FolderWatcher]:
        return [*self.readers, *self.folders]

    def _statuses(self) -> list[PortStatus]:
        return [part.status for part in self._parts()]

    def _report(self) -> None:
        """Tell the server how things are, every few seconds while it is there; the last word is that we stopped."""
        while not self._stopped.is_set():
            self.report_now()
            self._stopped.wait(REPORT_SECONDS)
        for part in self._parts():
            part.join()
        self.report_now()

    def report_now(self) -> None:
        """Tell the server once; an answer that does not come is no fault, the page shows how old the last report is."""
        if self._server is None:
            return
        try:
            waiting = self.spool.waiting_of()
        except sqlite3.Error as error:  # a disk that is full: the next report tries again
            log.warning("the spool cannot be asked: %s", error)
            return
        self._server.report(platform.node(), [port_facts(status, waiting) for status in self._statuses()])

    def write_status(self) -> None:
        """Put the status beside the spool, whole or not at all; a disk that refuses it must not end the reader."""
        path = self._config.store / STATUS_FILE
        draft = path.with_suffix(".tmp")
        try:
            draft.write_text(json.dumps(self.status(), ensure_ascii=False), "utf-8")
            draft.replace(path)
        except (OSError, sqlite3.Error) as error:
            log.warning("%s cannot be written: %s", path, error)


_TOLD = ("frames", "garbage_bytes", "incomplete", "undecodable", "readings", "duplicates")


def port_facts(status: PortStatus, waiting: dict[str, int]) -> dict[str, Any]:
    """What the server is told of one connection."""
    counts = {name: getattr(status.counts, name) for name in _TOLD}
    last_reading_at = status.counts.last_reading_at
    return {
        "instrument": status.instrument,
        "driver": status.driver,
        "port": status.port,
        "state": status.state,
        "healthy": status.healthy,
        "last_byte_at": status.last_byte_at.isoformat() if status.last_byte_at else None,
        "last_reading_at": last_reading_at.isoformat() if last_reading_at else None,
        "last_error": status.last_error[:MAX_ERROR_TEXT],
        "last_error_at": status.last_error_at.isoformat() if status.last_error_at else None,
        "counts": counts
        | {
            "errors": status.errors,
            "received_bytes": status.received_bytes,
            "waiting": waiting.get(status.instrument, 0),
        },
        "settings": status.settings,
    }


def journal_folder(store: Path, instrument: str) -> Path:
    """Where the journal of an instrument stands."""
    return store / "journal" / folder_name(instrument)
