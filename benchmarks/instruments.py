"""Instruments: framers and parsers, from the wire to the disk and back, files with their rows matched, an idle port."""

import os
import tempfile
import threading
import time
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.harness import Measure, installation, percentile
from instruments.drivers.examples import ASTM_RECORDS, ASTM_SESSION, astm_frames
from instruments.drivers.registry import registry
from instruments.framing.astm import AstmLinkFramer
from instruments.framing.base import Message
from instruments.journal import Journal
from instruments.models import ReadingFile
from instruments.reader import Connection, Reader
from instruments.services import files
from instruments.transports import opener_for
from instruments.types import Driver
from lims.db import db
from lims.uow import unit_of_work
from tests.factories.chain_of_custody import make_recoded_sample
from tests.factories.sampling import make_team

STREAM_BYTES = 200_000
SLOW_STREAM_BYTES = 20_000
FRAMER_RUNS = 50
CHUNK = 64
FRAMES = 500
MESSAGES = 5_000
ROWS = 10_000
SAMPLES = 20
IDLE_SECONDS = 5.0
RUNS = 3


def measure() -> list[Measure]:
    """Every figure of the instruments."""
    return [*_framers(), _parsing(), *_acknowledging(), *_files(), _idle()]


def _framers() -> Iterator[Measure]:
    """The slowest framer decides: every one must keep up with its line."""
    by_chunk = {driver.name: _speed(driver, CHUNK, STREAM_BYTES) for driver in _framed()}
    by_byte = {driver.name: _speed(driver, 1, SLOW_STREAM_BYTES) for driver in _framed()}
    for name, rate in by_chunk.items():
        yield Measure(f"framer of {name}, chunks of {CHUNK} bytes", rate, "MB/s", "≥ 20 MB/s")
    for name, rate in by_byte.items():
        yield Measure(f"framer of {name}, byte by byte", rate, "MB/s", "≥ 2 MB/s")


def _framed() -> list[Driver]:
    """One driver for each kind of framer, and those whose frames are checked in their own way."""
    return [registry().drivers[name] for name in sorted(registry().drivers)]


def _speed(driver: Driver, chunk: int, size: int) -> float:
    """Megabytes of valid units in a second of processor time, in the run that others disturbed least.

    Processor time is not free of the neighbours either: they share its caches and its clock.
    """
    unit = b"".join(driver.examples)
    stream = unit * max(1, size // len(unit))
    pieces = [stream[at : at + chunk] for at in range(0, len(stream), chunk)]
    fastest = 0.0
    for _run in range(FRAMER_RUNS):
        framer = (driver.new_capture_framer or driver.new_framer)()
        begun = time.process_time()
        for piece in pieces:
            framer.feed(piece)
        fastest = max(fastest, len(stream) / (time.process_time() - begun) / 1e6)
    return fastest


def _parsing() -> Measure:
    """Small ASTM messages, from bytes to readings, in a second of processor time."""
    driver = registry().drivers["astm-e1394"]
    rates = []
    for _run in range(RUNS):
        framer, count = AstmLinkFramer(), 0
        begun = time.process_time()
        for _message in range(MESSAGES):
            for event in framer.feed(ASTM_SESSION):
                if isinstance(event, Message):
                    count += len(driver.parse(event.raw, {}))
        rates.append(count / (time.process_time() - begun))
    return Measure("small ASTM messages framed and parsed", median(rates), "/s", "≥ 10,000/s")


@contextmanager
def _line(folder: Path, driver: str) -> Iterator[int]:
    """A pseudo-terminal with a reader at its other end; yields the device's side."""
    device, other = os.openpty()
    tty.setraw(device)
    tty.setraw(other)
    chosen = registry().drivers[driver]
    port = os.ttyname(other)
    with Journal(folder / "journal") as journal:
        connection = Connection(
            instrument="bench", driver=chosen, port=port, opener=opener_for(port, chosen.serial), settings={}
        )
        reader = Reader(connection, journal, lambda _name, captured: len(captured))
        reader.start()
        while reader.status.epoch == 0:
            time.sleep(0.01)
        try:
            yield device
        finally:
            reader.stop()
            reader.join()
    os.close(other)
    os.close(device)


def _acknowledging() -> Iterator[Measure]:
    """From the last byte of a frame to its ACK, over a real pseudo-terminal, the bytes on disk in between."""
    took = []
    with tempfile.TemporaryDirectory() as folder, _line(Path(folder), "astm-e1394") as device:
        frames = astm_frames(ASTM_RECORDS)
        for _message in range(FRAMES // len(frames)):
            for step in (b"\x05", *frames):
                begun = time.perf_counter()
                os.write(device, step)
                os.read(device, 1)
                took.append(time.perf_counter() - begun)
            os.write(device, b"\x04")
    bare = _bare_syncs(len(took))
    slow = percentile(sorted(took), 0.99)
    yield Measure("frame → durable → ACK, p50", percentile(sorted(took), 0.5), "ms", "")
    yield Measure("frame → durable → ACK, p99", slow, "ms", "p99 ≤ 5 ms", slow / percentile(sorted(bare), 0.99))


def _bare_syncs(count: int) -> list[float]:
    took = []
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "bare").open("ab", buffering=0) as raw:
        for _number in range(count):
            begun = time.perf_counter()
            raw.write(bytes(CHUNK))
            os.fdatasync(raw.fileno())
            took.append(time.perf_counter() - begun)
    return took


def _files() -> Iterator[Measure]:
    """A file of ten thousand rows, every second with a blind code of the laboratory."""
    with installation():
        team = make_team()
        actor, codes = team.tester.actor, [make_recoded_sample(team)[1] for _sample in range(SAMPLES)]
        content = _export(codes)
        begun = time.perf_counter()
        with unit_of_work(actor) as uow:
            file_id = files.receive_file(uow, "bench reader", "a.csv", content, profile_name="reader-96-well").file.id
        with db.read_session() as session:
            staged = files.stage_file(session, actor.require_organisation(), session.get_one(ReadingFile, file_id))
        yield Measure(f"{ROWS:,} rows kept, read and judged", time.perf_counter() - begun, "s", "≤ 1.5 s")
        assert len(staged.rows) == ROWS
        begun = time.perf_counter()
        with unit_of_work(actor) as uow:
            count = files.take_rows(uow, file_id)
        yield Measure(f"{ROWS:,} rows taken with matching and ledger", time.perf_counter() - begun, "s", "≤ 3 s")
        assert count == ROWS


def _export(codes: Sequence[str]) -> bytes:
    head = "样本号,样本名称,孔号,孔类型,检测项目名称,吸光度,浓度,单位,判定提示,检测时间,送检人员,参考范围"
    rows = [
        f"{codes[at % len(codes)] if at % 2 else f'X{at:05}'},白菜,{at % 96 + 1},样本,农药总残留,0.512,"
        f"{at % 100}.5,%,-,2026-09-{at // 1440 + 1:02} {at // 60 % 24:02}:{at % 60:02},,"
        for at in range(ROWS)
    ]
    return "\n".join((head, *rows)).encode("gb18030")


def _idle() -> Measure:
    """Processor time of a reader whose device says nothing."""
    with tempfile.TemporaryDirectory() as folder, _line(Path(folder), "mt-sics"):
        begun, used = time.perf_counter(), time.process_time()
        threading.Event().wait(IDLE_SECONDS)
        share = (time.process_time() - used) / (time.perf_counter() - begun) * 100
    return Measure("an idle port", share, "% CPU", "< 2 %")
