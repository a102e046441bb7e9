"""One port, one thread, real pseudo-terminals: nothing is acknowledged that is not in the journal."""

import errno
import logging
import random
import socket
import struct
import termios
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from instruments.drivers import examples
from instruments.drivers.builtin import BUILTIN_DRIVERS
from instruments.drivers.registry import get_driver
from instruments.framing.astm import ACK, ENQ, EOT, NAK
from instruments.framing.base import unfold
from instruments.intake import PROBLEM_UNITS_OF_A_CONNECTION, Intake, replay
from instruments.journal import EntryKind, Journal, read_journal
from instruments.reader import Connection, PortState, Reader
from instruments.simulator import Fault, Misbehaviour, SimulatedDevice
from instruments.spool import Spool
from instruments.transports import SocketLine, TcpServerOpener, opener_for
from instruments.types import Driver
from tests.instruments.driving import readings_of
from tests.instruments.ptys import Pty, eventually, pty_at

FRAMES = examples.astm_frames(examples.ASTM_RECORDS)


class Bench:
    """A store with one running reader."""

    def __init__(self, folder: Path, driver: str, port: str, poll_seconds: float | None = None) -> None:
        self.folder = folder
        self._driver, self._port, self._poll_seconds = get_driver(driver), port, poll_seconds
        self._stack = ExitStack()
        self.spool = Spool(folder / "spool.sqlite3")
        self._stack.callback(self.spool.close)
        self.journal = Journal(folder / "journal")
        self._stack.callback(self.journal.close)
        # A pseudo-terminal refuses parity and seven bits.
        self.opener = opener_for(port, replace(self._driver.serial, parity="N", data_bits=8))
        connection = Connection(
            instrument="device",
            driver=self._driver,
            port=port,
            opener=self.opener,
            settings={},
            poll_seconds=poll_seconds,
        )
        self.reader = Reader(
            connection,
            self.journal,
            self.spool.add,
            processed_epoch=self.spool.processed_epoch("device"),
            note_epoch=lambda epoch: self.spool.set_processed_epoch("device", epoch),
        )
        self.reader.start()

    def wait_open(self) -> None:
        eventually(lambda: self.reader.status.state is PortState.OPEN, "the port is open")

    def values(self) -> list[str]:
        return [item.body["value_text"] for item in self.spool.waiting(1000) if item.body["problem"] is None]

    def problems(self) -> list[str]:
        return [item.body["problem"] for item in self.spool.waiting(1000) if item.body["problem"] is not None]

    def wait_for(self, count: int) -> list[str]:
        eventually(lambda: len(self.values()) >= count, f"{count} readings, have {self.values()}")
        return self.values()

    def journalled(self, kind: EntryKind = EntryKind.RECEIVED) -> bytes:
        return b"".join(entry.payload for entry in read_journal(self.folder / "journal") if entry.kind is kind)

    def stop(self) -> None:
        self.reader.stop()
        self.reader.join()
        assert not self.reader.alive
        self._stack.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    with ExitStack() as stack:

        def begin(driver: str, port: str, **options: float) -> Bench:
            bench = Bench(tmp_path, driver, port, **options)
            stack.callback(bench.stop)
            return bench

        yield begin


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Pty]:
    with pty_at(tmp_path / "port") as opened:
        yield opened


def send_message(line: Pty, frames: tuple[bytes, ...] = FRAMES) -> None:
    line.write(ENQ)
    assert line.read_exactly(1) == ACK
    for frame in frames:
        line.write(frame)
        assert line.read_exactly(1) == ACK
    line.write(EOT)


def test_a_message_is_acknowledged_journalled_and_spooled(start, line: Pty):
    bench = start("astm-e1394", line.name)
    bench.wait_open()
    send_message(line)
    assert bench.wait_for(1) == ["40.13"]
    assert bench.journalled() == examples.ASTM_SESSION
    assert bench.journalled(EntryKind.SENT) == ACK * 6


def test_bytes_are_in_the_journal_before_the_ack_is_on_the_line(start, line: Pty):
    bench = start("astm-e1394", line.name)
    bench.wait_open()
    line.write(ENQ)
    sent = ENQ
    for frame in FRAMES:
        assert line.read_exactly(1) == ACK
        assert bench.journalled() == sent
        line.write(frame)
        sent += frame


def test_a_damaged_frame_is_refused_and_read_when_it_comes_again(start, line: Pty):
    bench = start("astm-e1394", line.name)
    bench.wait_open()
    line.write(ENQ)
    assert line.read_exactly(1) == ACK
    for frame in FRAMES:
        line.write(frame.replace(b"40.13", b"90.13"))
        answer = line.read_exactly(1)
        if answer == NAK:
            line.write(frame)
            answer = line.read_exactly(1)
        assert answer == ACK
    line.write(EOT)
    assert bench.wait_for(1) == ["40.13"]


def test_a_disk_that_refuses_gets_no_ack_until_it_takes_the_bytes(start, line: Pty, monkeypatch: pytest.MonkeyPatch):
    bench = start("astm-e1394", line.name)
    bench.wait_open()

    def refuse(_descriptor: int, _record: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space left on device")

    append = Journal._write

    def full(self: Journal, record: bytes) -> None:
        refuse(0, record)

    monkeypatch.setattr(Journal, "_write", full)
    line.write(ENQ)
    assert line.read(1.0) == b""
    eventually(lambda: bench.reader.status.state is PortState.DISK_REFUSES, "the disk is reported")
    assert not bench.reader.status.healthy
    monkeypatch.setattr(Journal, "_write", append)
    assert line.read_exactly(1) == ACK
    assert bench.journalled() == ENQ
    eventually(lambda: bench.reader.status.healthy, "health comes back")


@pytest.mark.parametrize("step", range(len(FRAMES) + 1))
def test_unplugged_in_any_state_the_port_is_opened_again_under_its_stable_name(start, tmp_path: Path, step: int):
    link = tmp_path / "by-id"
    with pty_at(link) as first:
        bench = start("astm-e1394", str(link))
        bench.wait_open()
        first.write(ENQ)
        assert first.read_exactly(1) == ACK
        for frame in FRAMES[:step]:
            first.write(frame)
            assert first.read_exactly(1) == ACK
    eventually(lambda: bench.reader.status.state is PortState.RECONNECTING, "the loss is noticed")
    with pty_at(link) as second:
        eventually(lambda: bench.reader.status.epoch == 2, "a second connection")
        bench.wait_open()
        send_message(second)
        assert bench.wait_for(1) == ["40.13"]


@pytest.mark.parametrize("driver", BUILTIN_DRIVERS, ids=lambda driver: driver.name)
def test_unplugged_in_mid_unit_every_device_is_read_on_and_half_a_unit_is_no_reading(
    start, tmp_path: Path, driver: Driver
):
    link, unit, stream = tmp_path / "by-id", driver.examples[0], b"".join(driver.examples)
    framer = driver.new_framer()
    clean = readings_of(driver, unfold([*framer.feed(stream), *framer.expire()]))
    with pty_at(link) as first:
        bench = start(driver.name, str(link))
        bench.wait_open()
        first.write(unit[: len(unit) // 2])
        eventually(lambda: bench.reader.status.received_bytes == len(unit) // 2, "half a unit")
    with pty_at(link) as second:
        eventually(lambda: bench.reader.status.epoch == 2, "a second connection")
        bench.wait_open()
        second.write(stream)
        bench.wait_for(len(clean))
    assert bench.values() == [one.value_text for one in clean]
    assert set(bench.problems()) <= {"incomplete"}


def test_a_port_that_is_missing_at_the_start_is_waited_for(start, tmp_path: Path):
    link = tmp_path / "later"
    bench = start("mt-sics", str(link))
    eventually(lambda: bench.reader.status.state is PortState.RECONNECTING, "it is missing")
    assert "cannot be opened" in bench.reader.status.last_error
    with pty_at(link) as line:
        bench.wait_open()
        line.write(b"S S    100.00 g\r\n")
        assert bench.wait_for(1) == ["100.00"]
        facts = bench.reader.status.to_json()
    assert facts["healthy"]
    assert facts["last_error_at"] <= facts["opened_at"]


def test_two_equal_weighings_are_two_readings(start, line: Pty):
    bench = start("mt-sics", line.name)
    bench.wait_open()
    line.write(b"S S    100.00 g\r\nS S    100.00 g\r\n")
    assert bench.wait_for(2) == ["100.00", "100.00"]


def test_a_memory_dump_sent_again_adds_nothing(start, line: Pty):
    bench = start("lz-4000t", line.name)
    bench.wait_open()
    for _ in range(3):
        line.write(b"".join(examples.LZ4000T))
    eventually(lambda: bench.reader.status.counts.frames == 6, "all frames")
    assert bench.values() == ["12.34", "-0.56"]
    assert bench.reader.status.counts.duplicates == 4


def test_a_device_is_asked_when_it_must_be(start, line: Pty):
    bench = start("lz-4000t", line.name, poll_seconds=1)
    bench.wait_open()
    request = line.read_exactly(9)
    assert request[:4] == b"\x7e\x10\x03\x00"
    line.write(b"".join(examples.LZ4000T))
    assert bench.wait_for(2) == ["12.34", "-0.56"]


def test_a_ttnj_memory_is_read_record_by_record(start, line: Pty):
    bench = start("ttnj", line.name, poll_seconds=60)
    bench.wait_open()
    device = SimulatedDevice(get_driver("ttnj"), line)
    device._answer_ttnj(15)  # the reader asks once a minute: a busy machine may take its time over the first question
    assert bench.wait_for(2) == ["12.5", "37.25"]


@pytest.mark.parametrize("seed", range(4))
def test_a_misbehaving_analyser_ends_with_the_readings_of_the_clean_run(start, line: Pty, seed: int):
    bench = start("astm-e1394", line.name)
    bench.wait_open()
    faults = (Fault.FLIP_BIT, Fault.REPEAT, Fault.SLOW)
    device = SimulatedDevice(get_driver("astm-e1394"), line, Misbehaviour(faults, 0.4, random.Random(seed)))
    eventually(device.send_astm_message, "one message goes through")
    assert bench.wait_for(1) == ["40.13"]


def test_a_flood_of_noise_leaves_the_port_alive(start, line: Pty):
    bench = start("dy-3000-bx1", line.name)
    bench.wait_open()
    noise = bytes(range(256)) * 40
    line.write(noise)
    line.write(examples.STRIP[1])
    bench.wait_for(1)
    assert bench.reader.status.counts.garbage_bytes == len(noise)
    assert bench.reader.status.healthy


def test_what_was_journalled_and_not_spooled_is_spooled_at_the_next_start(start, tmp_path: Path, line: Pty):
    with Journal(tmp_path / "journal") as journal:
        journal.begin_epoch(b"{}")
        for piece in (examples.ASTM_SESSION[:70], examples.ASTM_SESSION[70:]):
            journal.append(EntryKind.RECEIVED, piece)
        journal.sync()
    bench = start("astm-e1394", line.name)
    assert bench.wait_for(1) == ["40.13"]


def test_replaying_the_journal_gives_the_same_keys_as_live(start, tmp_path: Path, line: Pty):
    bench = start("mt-sics", line.name)
    bench.wait_open()
    line.write(b"S S    100.00 g\r\nS S    100.00 g\r\nS D 1.0 g\r\n")
    bench.wait_for(3)
    keys: list[str] = []

    def take(_instrument: str, captured: list) -> int:
        keys.extend(item.key for item in captured)
        return len(captured)

    replay(read_journal(tmp_path / "journal"), Intake("device", get_driver("mt-sics"), {}, take))
    assert keys == [item.key for item in bench.spool.waiting(10)]


def test_a_parser_that_fails_does_not_stop_the_port(start, line: Pty, monkeypatch: pytest.MonkeyPatch, caplog):
    bench = start("mt-sics", line.name)
    bench.wait_open()
    monkeypatch.setattr("instruments.parsing.lines.decode_text", lambda _raw: None)
    line.write(b"S S    1.00 g\r\n")
    eventually(lambda: bench.reader.status.counts.undecodable == 1, "the failure is counted")
    assert bench.problems() == ["undecodable"]
    monkeypatch.undo()
    line.write(b"S S    2.00 g\r\n")
    assert bench.wait_for(1) == ["2.00"]


def test_a_line_that_cannot_be_read_waits_for_a_person_and_turns_the_port_red_when_nothing_else_comes(start, line: Pty):
    bench = start("mt-sics", line.name)
    bench.wait_open()
    line.write(b"S S    1.00\r\n")
    eventually(lambda: bench.problems() == ["undecodable"], "it is told")
    [told] = [item.body for item in bench.spool.waiting(10)]
    assert (told["verdict_text"], bytes.fromhex(told["raw_hex"])) == ("no unit behind the value", b"S S    1.00")
    assert bench.reader.status.healthy
    line.write(b"S S    1.00\r\n" * 30)
    eventually(lambda: not bench.reader.status.healthy, "only what cannot be read comes")
    line.write(b"S S    2.00 g\r\n")
    assert bench.wait_for(1) == ["2.00"]
    assert bench.reader.status.healthy


def test_what_cannot_be_read_fills_neither_the_quarantine_nor_the_log(start, line: Pty, caplog):
    caplog.set_level(logging.WARNING, "instruments.intake")
    bench = start("mt-sics", line.name)
    bench.wait_open()
    line.write(b"S S    1.00\r\n" * (PROBLEM_UNITS_OF_A_CONNECTION + 50))
    eventually(lambda: bench.reader.status.counts.undecodable == PROBLEM_UNITS_OF_A_CONNECTION + 50, "all are counted")
    assert len(bench.problems()) == PROBLEM_UNITS_OF_A_CONNECTION
    assert len(caplog.records) == PROBLEM_UNITS_OF_A_CONNECTION


def test_a_device_that_connects_by_tcp_is_read_and_may_come_again(start):
    bench = start("astm-e1394", "listen://127.0.0.1:0")
    assert isinstance(bench.opener, TcpServerOpener)
    eventually(lambda: bench.opener.port != 0, "it listens")
    for expected in (1, 2):
        port = SocketLine(socket.create_connection(("127.0.0.1", bench.opener.port)))
        sent = SimulatedDevice(get_driver("astm-e1394"), port).send_astm_message()
        assert sent
        eventually(lambda: bench.reader.status.counts.frames == 5 * expected, "its frames")  # noqa: B023
        port.close()
    assert bench.values() == ["40.13"]
    eventually(lambda: bench.reader.status.state is PortState.STARTING, "it waits for the next call")
    assert bench.reader.status.healthy


def test_a_silent_tcp_line_is_probed():
    one, other = socket.socket(), socket.socket()
    with one, other:
        SocketLine(one)
        assert one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 10
        assert not other.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


@pytest.mark.parametrize("fault", [TimeoutError("timed out"), ValueError("timed out")])
def test_whatever_keeps_a_port_shut_is_told_and_it_is_tried_again(start, fault, monkeypatch: pytest.MonkeyPatch):
    def nobody(*_arguments: object, **_options: object) -> None:
        raise fault

    monkeypatch.setattr(socket, "create_connection", nobody)
    bench = start("mt-sics", "tcp://10.255.255.1:4001")
    eventually(lambda: bench.reader.status.state is PortState.RECONNECTING, "the fault is told")
    assert bench.reader.status.last_error == "cannot be opened: timed out"
    assert not bench.reader.status.healthy
    eventually(lambda: bench.reader.status.errors > 1, "it is tried again")


def test_a_port_name_without_a_number_is_refused():
    with pytest.raises(ValueError, match="expected tcp://host:port"):
        opener_for("tcp://moxa", get_driver("mt-sics").serial)


def test_a_fault_that_pyserial_lets_by_is_an_os_error(line: Pty, monkeypatch: pytest.MonkeyPatch):
    port = opener_for(line.name, get_driver("mt-sics").serial).open()

    def unplugged(*_arguments: object) -> None:
        raise termios.error(5, "Input/output error")

    monkeypatch.setattr(termios, "tcdrain", unplugged)
    with pytest.raises(OSError, match="Input/output error"):
        port.write(b"S\r\n")
    monkeypatch.undo()
    port.close()


def test_a_failure_of_ours_does_not_end_the_port(start, line: Pty, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("instruments.reader.LONGEST_RETRY_SECONDS", 0.1)
    bench = start("mt-sics", line.name)
    bench.wait_open()
    with monkeypatch.context() as broken:
        broken.setattr("instruments.framing.delimited.LineFramer.take_run", None)
        broken.setattr("instruments.framing.delimited.LineFramer.find_start", None)
        line.write(b"S S    1.00 g\r\n")
        eventually(lambda: "the reader failed" in bench.reader.status.last_error, "the failure is shown")
    eventually(lambda: bench.reader.status.state is PortState.OPEN, "the port is open again")
    line.write(b"S S    2.00 g\r\n")
    assert bench.wait_for(2) == ["1.00", "2.00"], "what our failure left in the journal is read before the port opens"


def test_a_failure_that_comes_again_and_again_is_logged_once_with_where_it_came_from(
    start, line: Pty, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("instruments.reader.CATCH_UP_RETRY_SECONDS", 0.01)
    monkeypatch.setattr("instruments.reader.LONGEST_RETRY_SECONDS", 0.01)
    bench = start("mt-sics", line.name)
    bench.wait_open()
    with monkeypatch.context() as broken:
        broken.setattr("instruments.framing.delimited.LineFramer.take_run", None)
        broken.setattr("instruments.framing.delimited.LineFramer.find_start", None)
        line.write(b"S S    1.00 g\r\n")
        eventually(lambda: bench.reader.status.errors > 5, "it fails again and again")
    told = [record for record in caplog.records if record.name == "instruments.reader" and record.exc_info]
    assert len(told) == len({record.getMessage().partition(": ")[0] for record in told}) == 2
    assert bench.wait_for(1) == ["1.00"]


@pytest.mark.parametrize("goodbye", ["hangs up", "resets the line"])
def test_a_device_that_calls_sends_and_goes_is_no_fault(start, goodbye: str):
    bench = start("mt-sics", "listen://127.0.0.1:0")
    eventually(lambda: bench.opener.port != 0, "it listens")
    for call in (1, 2):
        with socket.create_connection(("127.0.0.1", bench.opener.port), timeout=5) as line:
            line.sendall(f"S S    {call}.00 g\r\n".encode())
            assert len(bench.wait_for(call)) == call
            if goodbye == "resets the line":
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        eventually(lambda: bench.reader.status.state is PortState.STARTING, "it waits for the next call")
    assert (bench.reader.status.errors, bench.reader.status.last_error, bench.values()) == (0, "", ["1.00", "2.00"])
