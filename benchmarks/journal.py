"""A frame of an instrument until it is on the disk, which is when the instrument may be told so."""

import os
import tempfile
import time
from pathlib import Path

from benchmarks.harness import Measure, percentile
from instruments.journal import EntryKind, Journal

FRAMES = 2_000
FRAME = bytes(range(64))


def measure() -> list[Measure]:
    """The slowest hundredth, beside a bare write and fsync of the same bytes."""
    with tempfile.TemporaryDirectory() as folder:
        took = []
        with Journal(Path(folder) / "journal") as journal:
            journal.begin_epoch(b"{}")
            for _number in range(FRAMES):
                begun = time.perf_counter()
                journal.append(EntryKind.RECEIVED, FRAME)
                journal.sync()
                took.append(time.perf_counter() - begun)
        bare = []
        with (Path(folder) / "bare").open("ab", buffering=0) as raw:
            for _number in range(FRAMES):
                begun = time.perf_counter()
                raw.write(FRAME)
                os.fdatasync(raw.fileno())
                bare.append(time.perf_counter() - begun)
        slow, slow_bare = percentile(sorted(took), 0.99), percentile(sorted(bare), 0.99)
        return [Measure("frame durable before its ACK", slow, "ms", "p99 ≤ 5 ms", slow / slow_bare)]
