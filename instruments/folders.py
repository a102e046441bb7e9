"""Drop folders: where the software of an instrument saves its exports, and where its files are picked up.

A file is taken when it has kept its size and time for a while, so that one that is still being written is left alone.
Its bytes are in the spool, durable, before it counts as taken; the file itself is never moved, changed or deleted: the
folder is the instrument's. The same bytes under another name are known; a file that is written over is a new one.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruments.reader import ERROR_LOG_SECONDS, PortStatus
from instruments.types import PortState
from lims import clock
from lims.tables import MAX_FILE_BYTES

LOOK_SECONDS = 1.0
SETTLED_LOOKS = 3  # so many looks in a row a file must be the same
SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".prn", ".xls", ".xlsx"})
TEMPORARY_PREFIXES = ("~$", ".", "~")

log = logging.getLogger(__name__)

TakeFile = Callable[[str, str, bytes, dict[str, Any]], bool]
"""Keeps a file of an instrument durably and says whether it was new (`Spool.add_file`)."""

_Stamp = tuple[int, int, int]  # size, time of change, inode: another file under the same name has another inode


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A drop folder of one instrument.

    Attributes:
        instrument: whose exports they are.
        path: where they are saved.
        profile: to read them by; None lets their header decide.
        take: whether all rows that can be read are taken at once, without a look at them first.
    """

    instrument: str
    path: Path
    profile: str | None = None
    take: bool = False


class FolderWatcher:
    """The thread that looks into one folder.

    Args:
        folder: where to look.
        take: where files go.
        look_seconds: how often.
    """

    def __init__(self, folder: Folder, take: TakeFile, *, look_seconds: float = LOOK_SECONDS) -> None:
        self.folder = folder
        self.status = PortStatus(folder.instrument, "file", str(folder.path))
        self._take = take
        self._look_seconds = look_seconds
        self._seen: dict[Path, tuple[_Stamp, int]] = {}  # how many looks a file has been the same
        self._done: dict[Path, _Stamp] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"folder {folder.instrument}", daemon=True)
        self._logged_at = float("-inf")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def join(self, seconds: float = 10.0) -> None:
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.look()
            self._stop.wait(self._look_seconds)
        self.status.state = PortState.STOPPED

    def look(self) -> int:
        """Look once; returns how many new files were taken. A folder that is gone is waited for."""
        try:
            files = sorted(path for path in self.folder.path.iterdir() if _is_export(path))
        except OSError as error:
            self._note_error(f"folder cannot be read: {error}")
            return 0
        self.status.state = PortState.OPEN
        for gone in set(self._seen) - set(files):
            del self._seen[gone]
        return sum(self._look_at(path) for path in files)

    def _look_at(self, path: Path) -> bool:
        try:
            facts = path.stat()
        except OSError:
            return False  # renamed or deleted since the folder was listed
        stamp = (facts.st_size, facts.st_mtime_ns, facts.st_ino)
        if self._done.get(path) == stamp:
            return False
        before, looks = self._seen.get(path, (stamp, 0))
        looks = looks + 1 if before == stamp else 1
        self._seen[path] = (stamp, looks)
        if looks < SETTLED_LOOKS or not facts.st_size:
            return False
        return self._take_in(path, stamp)

    def _take_in(self, path: Path, stamp: _Stamp) -> bool:
        if stamp[0] > MAX_FILE_BYTES:
            # Said at every look: the folder stays red until somebody has taken the file away.
            self._note_error(f"file is too large: {path.name}, {stamp[0]} > {MAX_FILE_BYTES}")
            return False
        facts: dict[str, Any] = {"profile": self.folder.profile, "take": self.folder.take}
        try:
            content = path.read_bytes()
            is_new = self._take(self.folder.instrument, path.name, content, facts)
        except Exception as error:  # noqa: BLE001 - disk, share or spool: it is looked at again, the thread lives on
            self._note_error(f"file cannot be taken: {path.name}: {error}")
            return False
        self._done[path] = stamp
        self.status.last_byte_at = clock.now()
        self.status.received_bytes += len(content)
        self.status.counts.frames += is_new
        self.status.counts.duplicates += not is_new
        return is_new

    def _note_error(self, what: str) -> None:
        self.status.state = PortState.RECONNECTING
        self.status.note_error(what)
        now = clock.now().timestamp()
        if now - self._logged_at >= ERROR_LOG_SECONDS:
            log.warning("%s (%s) %s", self.folder.instrument, self.folder.path, what)
            self._logged_at = now


def _is_export(path: Path) -> bool:
    """Whether a name is one that an export has; half-written and hidden files have others."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(TEMPORARY_PREFIXES) and path.is_file()
