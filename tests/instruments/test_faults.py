"""The faults of real lines, on real pseudo-terminals: what is acknowledged is stored, and nothing is made up.

Beside these stand the cuts of every byte (`test_framing.py`, `test_astm.py`, `test_kit.py`), kills between any two
steps (`test_kills.py`), and unplugging in each state, full disks and missing ports (`test_reader.py`).
"""

import logging
import random
import sqlite3
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from instruments.drivers import examples
from instruments.drivers.builtin import BUILTIN_DRIVERS
from instruments.drivers.registry import get_driver
from instruments.framing.astm import ACK, ENQ, EOT, NAK, AstmLinkFramer
from instruments.framing.checksums import sum8
from instruments.journal import EntryKind, read_journal
from instruments.reader import PortState
from instruments.simulator import Fault, Misbehaviour, SimulatedDevice
from instruments.types import Driver
from tests.instruments.driving import readings_of, run
from tests.instruments.ptys import Pty, eventually, pty_at
from tests.instruments.test_reader import FRAMES, Bench, send_message


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Bench]]:
    """A reader whose framers wait a third of a second where a protocol says thirty seconds."""
    monkeypatch.setattr(AstmLinkFramer, "idle_seconds", 0.3)
    with ExitStack() as stack:

        def begin(driver: str, port: str, name: str = "one", **options: float) -> Bench:
            folder = tmp_path / name
            folder.mkdir()
            bench = Bench(folder, driver, port, **options)
            stack.callback(bench.stop)
            return bench

        yield begin


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Pty]:
    with pty_at(tmp_path / "port") as opened:
        yield opened


def said(bench: Bench) -> bytes:
    return bench.journalled(EntryKind.SENT)


def begin_session(line: Pty, frames: int) -> None:
    line.write(ENQ)
    assert line.read_exactly(1) == ACK
    for frame in FRAMES[:frames]:
        line.write(frame)
        assert line.read_exactly(1) == ACK


@pytest.mark.parametrize("seed", range(3))
def test_a_stream_in_pieces_of_any_size_gives_the_readings_of_the_whole(start, line: Pty, seed: int):
    bench = start("dy-3000-bx1", line.name)
    bench.wait_open()
    source = random.Random(seed)
    stream = b"".join(examples.STRIP) * 5
    while stream:
        size = source.randint(1, 90)
        line.write(stream[:size])
        stream = stream[size:]
        if source.random() < 0.3:
            time.sleep(0.002)
    driver = get_driver("dy-3000-bx1")
    expected = [one.value_text for one in readings_of(driver, run(driver.new_framer(), [b"".join(examples.STRIP) * 5]))]
    assert bench.wait_for(len(expected)) == expected


@pytest.mark.parametrize(
    "fault", [Fault.DROP_BYTE, Fault.INSERT_BYTES, Fault.FLIP_BIT, Fault.CUT, Fault.REPEAT, Fault.NOISE]
)
def test_a_device_under_any_fault_ends_with_the_reading_of_the_clean_run_once(
    start, line: Pty, fault: Fault, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("instruments.simulator.ANSWER_SECONDS", 0.5)  # a device gives up sooner than in fifteen seconds
    bench = start("astm-e1394", line.name)
    bench.wait_open()
    device = SimulatedDevice(get_driver("astm-e1394"), line, Misbehaviour((fault,), 0.25, random.Random(7)))
    eventually(device.send_astm_message, f"one message goes through under {fault}")
    assert set(bench.wait_for(1)) == {"40.13"}
    assert len(bench.values()) == 1
    assert set(bench.problems()) <= {"incomplete"}


@pytest.mark.parametrize("fault", [Fault.DROP_BYTE, Fault.INSERT_BYTES, Fault.FLIP_BIT, Fault.NOISE])
def test_a_device_that_sends_unasked_loses_at_most_what_was_damaged_and_invents_nothing(start, line: Pty, fault: Fault):
    bench = start("lz-4000t", line.name)
    bench.wait_open()
    device = SimulatedDevice(get_driver("lz-4000t"), line, Misbehaviour((fault,), 0.5, random.Random(3)))
    device.run(rounds=10, interval=0.0)
    time.sleep(0.7)  # the line falls silent
    line.write(b"".join(examples.LZ4000T))
    eventually(lambda: set(bench.values()) == {"12.34", "-0.56"}, "both readings")
    assert len(bench.values()) == 2


def test_a_message_sent_three_times_is_one_reading(start, line: Pty):
    bench = start("astm-e1394", line.name)
    bench.wait_open()
    for _ in range(3):
        send_message(line)
    eventually(lambda: bench.reader.status.counts.duplicates == 2, "two repetitions")
    assert bench.values() == ["40.13"]


def test_a_message_sent_again_with_a_new_header_time_is_known(start, line: Pty):
    bench = start("astm-e1394", line.name)
    bench.wait_open()
    send_message(line)
    later = tuple(record.replace("P|1|20261123093015", "P|1|20261123094500") for record in examples.ASTM_RECORDS)
    send_message(line, examples.astm_frames(later))
    eventually(lambda: bench.reader.status.counts.duplicates == 1, "the repetition")
    assert bench.values() == ["40.13"]


def test_a_lost_ack_brings_the_frame_again_and_it_counts_once(start, line: Pty):
    bench = start("astm-e1394", line.name)
    bench.wait_open()
    begin_session(line, 3)
    for _ in range(4):
        line.write(FRAMES[3])
        assert line.read_exactly(1) == ACK
    for frame in FRAMES[4:]:
        line.write(frame)
        assert line.read_exactly(1) == ACK
    line.write(EOT)
    assert bench.wait_for(1) == ["40.13"]


def test_six_refusals_and_the_end_leave_nothing_that_could_be_a_reading(start, line: Pty):
    bench = start("astm-e1394", line.name)
    bench.wait_open()
    begin_session(line, 2)
    for _ in range(6):
        line.write(FRAMES[3])  # a frame is missing before it
        assert line.read_exactly(1) == NAK
    line.write(EOT)
    eventually(lambda: bench.problems() == ["incomplete"], "what came is kept for a person")
    send_message(line)
    assert bench.wait_for(1) == ["40.13"]


@pytest.mark.parametrize("frames", [1, 3, 5])
def test_a_device_that_falls_silent_in_mid_transfer_is_given_up_and_may_come_again(start, line: Pty, frames: int):
    bench = start("astm-e1394", line.name)
    bench.wait_open()
    begin_session(line, frames)
    line.write(FRAMES[0][:7])
    eventually(lambda: "incomplete" in bench.problems(), "it is given up")
    send_message(line)
    assert bench.wait_for(1) == ["40.13"]
    assert set(bench.problems()) == {"incomplete"}


def test_the_end_of_a_session_without_its_last_frame_is_no_message(start, line: Pty):
    bench = start("astm-e1394", line.name)
    bench.wait_open()
    begin_session(line, 4)
    line.write(EOT)
    eventually(lambda: bench.problems() == ["incomplete"], "it is kept for a person")
    assert bench.values() == []


def test_the_last_frame_without_the_end_of_the_session_is_no_message(start, line: Pty):
    bench = start("astm-e1394", line.name)
    bench.wait_open()
    begin_session(line, len(FRAMES))
    eventually(lambda: bench.problems() == ["incomplete"], "silence ends it")
    assert bench.values() == []


def test_a_device_switched_off_and_on_in_mid_transfer_begins_again(start, line: Pty):
    bench = start("astm-e1394", line.name)
    bench.wait_open()
    begin_session(line, 3)
    line.write(FRAMES[3][:9])
    send_message(line)
    assert bench.wait_for(1) == ["40.13"]
    assert set(bench.problems()) == {"incomplete"}


@pytest.mark.parametrize("noise", ["66180618 98e0fe", "098aff", "f8" * 300, "00" * 300])
def test_bytes_as_at_a_wrong_rate_are_answered_by_nothing_and_turn_the_port_red(start, line: Pty, noise: str):
    bench = start("astm-e1394", line.name)
    bench.wait_open()
    sent = bytes.fromhex(noise) * (1 if len(noise) > 100 else 120)
    line.write(sent)
    eventually(lambda: len(bench.journalled()) == len(sent), "everything is journalled")
    eventually(lambda: not bench.reader.status.healthy, "somebody should look")
    assert ACK not in said(bench)
    assert bench.values() == []
    send_message(line)
    assert bench.wait_for(1) == ["40.13"]
    assert bench.reader.status.healthy, "the right rate turns it green"


def test_two_processes_on_one_port_do_not_share_its_bytes(start, line: Pty):
    first = start("mt-sics", line.name)
    first.wait_open()
    second = start("mt-sics", line.name, "two")
    eventually(lambda: "cannot be opened" in second.reader.status.last_error, "the second one is refused")
    assert second.reader.status.state is PortState.RECONNECTING
    line.write(b"S S    1.00 g\r\n")
    assert first.wait_for(1) == ["1.00"]
    first.reader.stop()
    first.reader.join()
    eventually(lambda: second.reader.status.state is PortState.OPEN, "the port is free")


def test_a_store_of_readings_that_is_locked_loses_none(start, line: Pty, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("instruments.reader.LONGEST_RETRY_SECONDS", 0.1)
    monkeypatch.setattr("instruments.reader.CATCH_UP_RETRY_SECONDS", 0.05)
    bench = start("mt-sics", line.name)
    bench.wait_open()

    blocker = sqlite3.connect(bench.folder / "spool.sqlite3", isolation_level=None)
    bench.spool._connection.execute("PRAGMA busy_timeout = 10")
    blocker.execute("BEGIN IMMEDIATE")
    line.write(b"S S    1.00 g\r\n")
    eventually(lambda: "locked" in bench.reader.status.last_error, "it is seen")
    assert not bench.reader.status.healthy
    assert bench.journalled() == b"S S    1.00 g\r\n"
    blocker.execute("ROLLBACK")
    blocker.close()
    bench.wait_open()
    line.write(b"S S    2.00 g\r\n")
    eventually(lambda: set(bench.values()) == {"1.00", "2.00"}, "both")


def test_a_plausible_length_and_then_silence_blocks_only_until_the_silence_is_noticed(start, line: Pty):
    bench = start("dy-3000-bx1", line.name)
    bench.wait_open()
    line.write(b"\x7e\x16\x20\x00" + examples.STRIP[1])
    assert len(bench.wait_for(1)) == 1


def test_a_length_that_cannot_be_is_refused_at_once(start, line: Pty):
    bench = start("dy-3000-bx1", line.name)
    bench.wait_open()
    line.write(b"\x7e\x16\xff\xff" + examples.STRIP[1])
    assert len(bench.wait_for(1)) == 1


def test_end_marks_inside_the_data_end_nothing(start, line: Pty):
    curve = examples.strip_curve([0x7E7E, 0xAA7E, 0x1BFE, 0x7E16])
    bench = start("dy-3000-bx1", line.name)
    bench.wait_open()
    line.write(curve * 2)
    eventually(lambda: bench.reader.status.counts.frames == 2, "two frames")
    assert bench.reader.status.counts.garbage_bytes == 0


class Broken:
    """An opener that fails at once, as a driver that reports 32 overruns a second."""

    attempts = 0

    def open(self):
        self.attempts += 1
        raise OSError(5, "Input/output error")

    def close(self) -> None:
        """Nothing is held."""


def test_thirty_two_errors_a_second_are_counted_and_logged_once(start, tmp_path: Path, monkeypatch, caplog):
    monkeypatch.setattr("instruments.reader.FIRST_RETRY_SECONDS", 0.001)
    monkeypatch.setattr("instruments.reader.LONGEST_RETRY_SECONDS", 0.03)
    caplog.set_level(logging.WARNING, "instruments.reader")
    monkeypatch.setattr("tests.instruments.test_reader.opener_for", lambda *_arguments: Broken())
    bench = start("mt-sics", str(tmp_path / "nowhere"))
    eventually(lambda: bench.reader.status.errors >= 32, "32 errors")
    assert sum("device" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize("driver", BUILTIN_DRIVERS, ids=lambda driver: driver.name)
def test_a_flood_without_a_terminator_stays_in_bounded_memory(driver: Driver):
    flood(driver, 256 * 1024)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("driver", BUILTIN_DRIVERS, ids=lambda driver: driver.name)
def test_sixteen_megabytes_without_a_terminator_stay_in_bounded_memory(driver: Driver):
    flood(driver, 16 * 1024 * 1024)


FLOODED = ("dy-3000-bx1", "mt-sics", "dy-6260", "astm-e1394", "ttnj")  # one of each way to find an end


@pytest.mark.parametrize("driver", FLOODED)
def test_a_line_that_never_ends_turns_the_port_red_and_the_next_unit_is_read(start, line: Pty, driver: str):
    flood_a_line(start, line, driver, 128 * 1024)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("driver", FLOODED)
def test_sixteen_megabytes_on_a_line_turn_the_port_red_and_the_next_unit_is_read(start, line: Pty, driver: str):
    flood_a_line(start, line, driver, 16 * 1024 * 1024)


def flood_a_line(start: Callable[..., Bench], line: Pty, name: str, size: int) -> None:
    """So many bytes without an end through a real line, journal and framer; then silence, then a unit as ever."""
    driver = get_driver(name)
    bench = start(name, line.name)
    bench.wait_open()
    tracemalloc.start()
    try:
        line.write(driver.examples[0][:1])  # one byte more than whole blocks of noise
        for _block in range(size // 4096):
            line.write(b"A" * 4096)
        eventually(lambda: is_silent(bench), "the silence behind the flood is noticed")
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 1024 * 1024, "the largest frame of any protocol, several times over"
    status = bench.reader.status
    eventually(lambda: not status.healthy, "the port is red")
    assert (status.state, bench.values()) == (PortState.OPEN, [])
    line.write(b"".join(driver.examples))
    eventually(lambda: status.counts.frames > 0, "the next unit is read")


def is_silent(bench: Bench) -> bool:
    return any(entry.kind is EntryKind.SILENT for entry in read_journal(bench.folder / "journal"))


def flood(driver: Driver, size: int) -> None:
    framer = driver.new_framer()
    first, block = driver.examples[0][:1] + b"A" * 4095, b"A" * 4096  # the flood itself must not count
    tracemalloc.start()
    try:
        framer.feed(first)
        for _block in range(size // 4096 - 1):
            framer.feed(block)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 1024 * 1024, "the largest frame of any protocol, several times over"
    framer.expire()
    assert not framer.pending


def test_a_name_whose_bytes_look_like_delimiters_stays_a_name():
    name = "東魚-1"  # 96 7C and F4 7E: a vertical bar and a tilde among the bytes of its Hanzi
    text = "\r".join(record.replace("B7K2-M4", name) for record in examples.ASTM_RECORDS).encode("gb18030")
    assert text.count(b"|") == sum(record.count("|") for record in examples.ASTM_RECORDS) + 1
    body = b"1" + text + b"\r\x03"
    frame = b"\x02" + body + b"%02X" % sum8(body) + b"\r\n"
    [reading] = readings_of(get_driver("astm-e1394"), run(AstmLinkFramer(), [ENQ, frame, EOT]))
    assert (reading.sample_text, reading.value_text, reading.encoding) == (name, "40.13", "gb18030")


def test_a_record_counter_that_begins_again_makes_new_readings(start, line: Pty):
    bench = start("lz-4000t", line.name)
    bench.wait_open()
    first = examples.lz4000t_record(1, "白菜", examples.EXAMPLE_TIME, 1234)
    again = examples.lz4000t_record(1, "白菜", examples.EXAMPLE_TIME.replace(day=24), 1234)
    line.write(first + again + first)
    assert bench.wait_for(2) == ["12.34", "12.34"]
    eventually(lambda: bench.reader.status.counts.duplicates == 1, "the first one again")


@pytest.mark.parametrize("year", [2000, 2011])
def test_a_clock_that_was_never_set_gives_no_instant_and_keeps_its_text(year: int):
    driver = get_driver("lz-4000t")
    record = examples.lz4000t_record(1, "白菜", examples.EXAMPLE_TIME.replace(year=year), 1234)
    [reading] = driver.parse(record, {})
    assert reading.measured_at is None
    assert reading.measured_text.startswith(str(year))
    assert reading.value_text == "12.34"
