"""A real pseudo-terminal: the reader opens one end by its name, the test plays the device at the other."""

import os
import select
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 20.0


@dataclass
class Pty:
    """The device's end of a line whose other end is called `name`."""

    fd: int
    name: str

    def read(self, seconds: float) -> bytes:
        ready, _, _ = select.select([self.fd], [], [], seconds)
        return os.read(self.fd, 4096) if ready else b""

    def read_exactly(self, size: int) -> bytes:
        """`size` bytes, or fewer when they do not come."""
        data = b""
        until = time.monotonic() + PATIENCE_SECONDS
        while len(data) < size and time.monotonic() < until:
            data += self.read(0.2)
        return data

    def write(self, data: bytes) -> None:
        for at in range(0, len(data), 1024):  # the kernel's buffer holds 4 kB
            os.write(self.fd, data[at : at + 1024])

    def close(self) -> None:
        os.close(self.fd)


@contextmanager
def pty_at(link: Path) -> Iterator[Pty]:
    """A pseudo-terminal whose reader's end is reached through the stable name `link`, as under /dev/serial/by-id."""
    device, other = os.openpty()
    tty.setraw(device)
    tty.setraw(other)
    link.unlink(missing_ok=True)
    link.symlink_to(os.ttyname(other))
    line = Pty(device, str(link))
    try:
        yield line
    finally:
        os.close(other)
        line.close()


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until `condition` holds."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"not within {PATIENCE_SECONDS:g} s: {what}")
        time.sleep(0.01)
