"""Keeping child processes alive: the web server and the background child of `lims serve`, and what they stand on."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

import structlog

from lims.postgres import ClusterError

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.2
STOP_SECONDS = 20  # longer than the server's own grace for requests in flight
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
STEADY_SECONDS = 30.0  # a child that lived this long starts again without a pause
WATCH_SECONDS = 1.0  # how often the ground below the children is looked at


@dataclass(slots=True)
class Child:
    """One process to keep alive."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    next_start: float = field(default=0.0)


def supervise(children: Sequence[Child], environ: Mapping[str, str], watch: Callable[[], None] | None = None) -> int:
    """Run the children until SIGINT or SIGTERM, restarting whichever dies; returns the exit status.

    A child that dies again and again is restarted after growing pauses, at most ten seconds. A child that leaves with
    status 2 (used wrongly: no port, no configuration) ends everything, because starting it again would not help.

    Args:
        children: what to keep alive.
        environ: of the children.
        watch: called every second; brings back what the children stand on (the private database server). What it
            raises is logged, and it is asked again.
    """
    stopping: list[int] = []

    def ask_to_stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    status, next_watch = 0, time.monotonic() + WATCH_SECONDS
    try:
        while not stopping:
            if watch is not None and time.monotonic() >= next_watch:
                _ask(watch)
                next_watch = time.monotonic() + WATCH_SECONDS
            for child in children:
                code = _look_after(child, environ)
                if code == 2:  # noqa: PLR2004 - the exit status for wrong use, product.md §13
                    status = code
                    stopping.append(signal.SIGTERM)
            time.sleep(POLL_SECONDS)
    finally:
        _stop(children)
        for number, handler in before.items():
            signal.signal(number, handler)
    return status


def _ask(watch: Callable[[], None]) -> None:
    try:
        watch()
    except ClusterError as error:
        log.error("watch_failed", error=str(error))  # noqa: TRY400 - its message says all there is


def _look_after(child: Child, environ: Mapping[str, str]) -> int | None:
    now = time.monotonic()
    if child.process is not None:
        code = child.process.poll()
        if code is None:
            return None
        steady = now - child.started_at > STEADY_SECONDS
        child.failures = 0 if steady else child.failures + 1
        child_pid, child.process = child.process.pid, None
        pause = 0.0 if steady else min(FIRST_PAUSE * 2 ** (child.failures - 1), LONGEST_PAUSE)
        child.next_start = now + pause
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child_pid, signal.SIGKILL)  # what it left behind still holds its port
        log.warning("child_died", child=child.name, status=code, again_in_seconds=round(pause, 1))
        return code
    if now >= child.next_start:
        # A session of its own: Ctrl-C reaches the supervisor alone, which then stops the children in order.
        child.process = subprocess.Popen(child.command, env=dict(environ), start_new_session=True)  # noqa: S603
        child.started_at = now
    return None


def _stop(children: Sequence[Child]) -> None:
    running = [child.process for child in children if child.process is not None and child.process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
