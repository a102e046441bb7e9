"""The program as an installation runs it: `lims serve` on a home of its own, with its processes to kill."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 90


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Look again and again until it is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS} s in vain: {what}"
        time.sleep(0.05)


@dataclass
class Served:
    """A running installation."""

    home: Path
    port: int
    process: "subprocess.Popen[bytes]"

    def answers(self) -> bool:
        """Whether a page that asks the database is served."""
        try:
            return self.request("GET", "/")[0] == HTTPStatus.OK
        except (OSError, HTTPException):
            return False

    def children(self, word: str) -> list[int]:
        """Process ids below `lims serve` whose command line holds `word`, the oldest first."""
        found = []
        for child in _descendants(self.process.pid):
            try:
                line = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if word in line:
                found.append(child)
        return found

    def postmaster(self) -> int:
        """The process id of the private database server."""
        return int((self.home / "postgres/data/postmaster.pid").read_text().partition("\n")[0])

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """One request over a connection of its own.

        Raises:
            OSError, HTTPException: nobody answered, or the answer was cut off.
        """
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def post(self, path: str, token: str, body: Any, key: str | None = None) -> tuple[int, Any]:
        """POST JSON as a program; the status and the parsed answer."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        status, answer = self.request("POST", path, json.dumps(body).encode(), **headers)
        return status, json.loads(answer or b"null")


def _descendants(pid: int) -> list[int]:
    """Processes below one, the oldest first; by their parents, as the kernel's own lists of children may be short."""
    parent_of = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent_of[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    below = [pid]
    for one in below:
        below.extend(sorted(child for child, parent in parent_of.items() if parent == one))
    return below[1:]


@contextmanager
def serve(home: Path, *, workers: int = 2) -> Iterator[Served]:
    """Run `lims serve` on `home` until the block ends; it has to leave with Ctrl-C by itself."""
    port = free_port()
    command = [sys.executable, "-m", "app", "serve", "--port", str(port), "--workers", str(workers)]
    environ = os.environ | {"LIMS_HOME": str(home), "LIMS_ENVIRONMENT": "demo", "LIMS_LOG_LEVEL": "ERROR"}
    with (home / "serve.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log, start_new_session=True)
        served = Served(home, port, process)
        try:
            wait_until(served.answers, "the first page")
            yield served
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) == 0, (home / "serve.log").read_text()[-2000:]
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
