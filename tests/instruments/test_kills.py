"""kill -9 between any two steps: whatever was acknowledged is on disk, whatever is delivered is delivered once."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from instruments.drivers import examples
from instruments.framing.astm import ACK, ENQ, EOT
from instruments.journal import EntryKind, Journal, read_journal
from instruments.spool import Spool
from tests.instruments import reader_process
from tests.instruments.ptys import Pty, eventually, pty_at

ROOT = Path(__file__).parents[2]
FRAMES = examples.astm_frames(examples.ASTM_RECORDS)
STEPS_OF_A_SESSION = 30  # at least; the kernel decides in how many pieces the bytes arrive


@contextmanager
def reader(store: Path, port: str, step: int = 0) -> Iterator[subprocess.Popen[bytes]]:
    script = [sys.executable, reader_process.__file__, str(store), port, str(step)]
    with subprocess.Popen(script, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
        try:
            yield process
        finally:
            process.kill()


def play(line: Pty, process: subprocess.Popen[bytes], deadline: float = float("inf")) -> tuple[bytes, bool]:
    """Send one message until the reader dies or `deadline`; what was acknowledged, and whether all was."""
    acknowledged = b""
    for piece in (ENQ, *FRAMES):
        line.write(piece)
        while not (answer := line.read(0.02)):
            if process.poll() is not None or time.monotonic() > deadline:
                return acknowledged, False
        if answer[-1:] != ACK:
            return acknowledged, False
        acknowledged += piece
    line.write(EOT)
    return acknowledged, True


def journalled(store: Path) -> bytes:
    with Journal(store / "journal"):
        pass  # opening sets a torn tail aside
    return b"".join(entry.payload for entry in read_journal(store / "journal") if entry.kind is EntryKind.RECEIVED)


def spooled(store: Path) -> list[str]:
    if not (store / "spool.sqlite3").exists():
        return []
    spool = Spool(store / "spool.sqlite3")
    values = [item.body["value_text"] for item in spool.waiting(100_000) if item.body["problem"] is None]
    spool.close()
    return values


def wait_for_port(store: Path, process: subprocess.Popen[bytes], epochs: int) -> None:
    def opened() -> bool:
        return process.poll() is not None or count_epochs(store) > epochs

    eventually(opened, "the reader opened the port or died")


def count_epochs(store: Path) -> int:
    return sum(entry.kind is EntryKind.OPENED for entry in read_journal(store / "journal"))


def check_recovery(store: Path, port: Path) -> None:
    """The next run, without an accident, ends with the one reading."""
    with pty_at(port) as line, reader(store, str(port)) as process:
        wait_for_port(store, process, count_epochs(store))
        assert play(line, process) == (ENQ + b"".join(FRAMES), True)
        eventually(lambda: spooled(store) == ["40.13"], "the reading, once")
        process.send_signal(signal.SIGKILL)


def killed_at_step(folder: Path, step: int) -> bool:
    """Whether the session was long enough to die at `step`; where it did, recovery is checked."""
    store, port = folder / f"store-{step}", folder / "port"
    store.mkdir()
    with pty_at(port) as line, reader(store, str(port), step) as process:
        wait_for_port(store, process, 0)
        acknowledged, _ = play(line, process)
        try:
            assert process.wait(3) == -signal.SIGKILL
        except subprocess.TimeoutExpired:
            return False
    assert acknowledged in journalled(store)
    assert spooled(store) in ([], ["40.13"])
    check_recovery(store, port)
    return True


@pytest.mark.parametrize("step", [1, 2, 3, 4, 7, 8, 17, 22, 25, 26, 28, 29])
def test_killed_at_a_step_nothing_acknowledged_is_missing(tmp_path: Path, step: int):
    assert killed_at_step(tmp_path, step)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed_at_every_step_nothing_acknowledged_is_missing(tmp_path: Path):
    step = 1
    while killed_at_step(tmp_path, step):
        step += 1
    assert step > STEPS_OF_A_SESSION


def killed_at_random(folder: Path, kills: int) -> int:
    """Kill again and again over one store; how many frames were acknowledged and are missing."""
    source = random.Random(20261123)
    store, port = folder / "store", folder / "port"
    store.mkdir()
    acknowledged: list[bytes] = []
    for _ in range(kills):
        with pty_at(port) as line, reader(store, str(port)) as process:
            wait_for_port(store, process, count_epochs(store))
            deadline = time.monotonic() + source.uniform(0, 0.03)
            while time.monotonic() < deadline:
                acknowledged.append(play(line, process, deadline)[0])
            process.kill()
            process.wait()
    content = journalled(store)
    assert spooled(store) in ([], ["40.13"])
    check_recovery(store, port)
    missing, at = 0, 0
    for piece in acknowledged:
        found = content.find(piece, at)
        missing += found < 0
        at = max(at, found)
    return missing


def test_killed_at_random_moments_nothing_acknowledged_is_missing(tmp_path: Path):
    assert killed_at_random(tmp_path, 6) == 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed_five_hundred_times_nothing_acknowledged_is_missing(tmp_path: Path):
    assert killed_at_random(tmp_path, 500) == 0
