"""The living server of a data folder, as its own records and the processes of the machine tell it."""

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A live server as its own `postmaster.pid` describes it."""

    pid: int
    socket_folder: Path
    status: str


def read_postmaster(data: Path) -> Postmaster | None:
    """The server that lives on a data folder, ready or not."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    if not is_server(pid, data):
        return None
    lines += [""] * 8  # the server adds its lines while it starts
    return Postmaster(pid, Path(lines[4]), lines[7].strip() or "starting")


def is_server(pid: int, data: Path) -> bool:
    """Tell a server of this data folder from a stranger that was given its old number."""
    entry = PROC / str(pid)
    try:
        if not PROC.is_dir():
            os.kill(pid, 0)
            return True
        # A server stands in its data folder; a zombie stands nowhere.
        return (entry / "cwd").samefile(data)
    except PermissionError:
        # Root without CAP_SYS_PTRACE, as in a container, may not see where others stand.
        named = (entry / "comm").read_text(encoding="utf-8").strip() == "postgres"
        return named and entry.stat().st_uid == data.parent.stat().st_uid
    except OSError:
        return False


def try_lock(descriptor: int, kind: int) -> bool:
    """Try to take a lock without waiting; False when somebody else holds it."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def process_namespace() -> str:
    """The name of the space in which process numbers mean something; empty off Linux."""
    link = PROC / "self" / "ns" / "pid"
    return str(link.readlink()) if link.is_symlink() else ""


def process_ids() -> Iterator[int]:
    """The numbers of all processes that can be seen."""
    return (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
