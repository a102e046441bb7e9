"""A reader in a process of its own that can be told to die, as by kill -9, at a step of its work.

    python reader_process.py STORE PORT [STEP]

Steps are writes to the journal, syncs, writes to the port and additions to the spool, counted from the moment the port
is open. At step STEP the process kills itself: on even steps before it, on odd steps in the middle (half a record
written) or after it.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from instruments.drivers.registry import get_driver
from instruments.journal import Journal
from instruments.reader import Connection, Reader
from instruments.spool import Spool
from instruments.transports import SerialLine, opener_for


class Doom:
    def __init__(self, step: int) -> None:
        self.step = step
        self.taken = 0

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)

    def around(self, act: Callable[..., Any], halfway: Callable[..., Any] | None = None) -> Callable[..., Any]:
        def doomed(*arguments: Any, **named: Any) -> Any:
            self.taken += 1
            last = self.taken == self.step
            if last and self.step % 2 == 0:
                self.die()
            if last and halfway is not None:
                halfway(*arguments)
                self.die()
            result = act(*arguments, **named)
            if last:
                self.die()
            return result

        return doomed


def main(store: Path, port: str, step: int) -> None:
    driver = get_driver("astm-e1394")
    spool = Spool(store / "spool.sqlite3")
    if step:
        doom = Doom(step)
        write = os.write
        os.write = doom.around(write, lambda fd, record: write(fd, record[: len(record) // 2]))  # type: ignore[assignment]
        os.fdatasync = doom.around(os.fdatasync)
        SerialLine.write = doom.around(SerialLine.write)  # type: ignore[method-assign]
        spool.add = doom.around(spool.add)  # type: ignore[method-assign]
    connection = Connection(
        instrument="device", driver=driver, port=port, opener=opener_for(port, driver.serial), settings={}
    )
    reader = Reader(
        connection,
        Journal(store / "journal"),
        spool.add,
        processed_epoch=spool.processed_epoch("device"),
        note_epoch=lambda epoch: spool.set_processed_epoch("device", epoch),
    )
    reader.start()
    while reader.alive:
        reader.join(1.0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0)
