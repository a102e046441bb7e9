"""The driver kit: one call that puts a driver through everything a line does to it.

    from instruments.kit import check_driver

    def test_our_driver_stands():
        check_driver(OUR_DRIVER, checked=True)

The driver's own `examples` are cut, glued, damaged, repeated and drowned in noise, at every byte; then they are played
over a real pseudo-terminal to the real reader. What breaks is named by the fault and the byte.
"""

import os
import random
import re
import tempfile
import time
import tty
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from instruments.framing.base import Event, Frame, Message, Send, unfold
from instruments.intake import TakeReadings
from instruments.journal import EntryKind, Journal, read_journal
from instruments.reader import Connection, Reader
from instruments.spool import Captured
from instruments.transports import opener_for
from instruments.types import Driver, PortState, Reading, SerialSettings, Settings

MAX_KEPT = 1_048_576  # bytes of one event: what a framer may hold back
FLOOD_BYTES = 200_000
LEADS = (b"\x7e", b"A", b"\x01", b"{", b"\x02", b"\x03\xfe", b"\x1b\xc1", b"\x00")
# What 9600 baud looks like at 19200 and at 115200, and 19200 at 9600; the 06 in it could be taken for an ACK.
WRONG_RATES = bytes.fromhex("661806 1898e0fe 098aff f8f8 0000")
HOLDS_FIGURES = re.compile(rb"[0-9]")
PATIENCE_SECONDS = 20.0


class DriverFault(AssertionError):  # noqa: N818 - it reads as what it is: a fault of a driver
    """What a driver does wrong, and under which fault of the line."""


def check_driver(
    driver: Driver, *, settings: Settings | None = None, checked: bool = False, seed: int = 20_261_127
) -> None:
    """Put a driver through cuts, damage, repetition, noise, floods and silence, then over a real line.

    Args:
        driver: with examples, each a valid unit.
        settings: with which its parser runs.
        checked: whether a check value protects every unit: then no damaged byte may pass as another reading.
        seed: of the random damage.

    Raises:
        DriverFault: names the fault, and the byte where there is one.
    """
    trial = _Trial(driver, settings or {}, random.Random(seed))  # noqa: S311 - damage that can be repeated
    trial.clean()
    trial.cuts()
    trial.damage(checked=checked)
    trial.losses()
    trial.noise()
    trial.floods()
    trial.silences()
    trial.ends()
    trial.repetitions()
    trial.line()


class _Trial:
    """One driver under trial."""

    def __init__(self, driver: Driver, settings: Settings, source: random.Random) -> None:
        self._driver = driver
        self._settings = settings
        self._source = source
        self._stream = b"".join(driver.examples)
        self._expected: list[Reading] = []

    def clean(self) -> None:
        """The examples as they are."""
        self._require(bool(self._driver.examples), "it has no examples, so nothing can be tried")
        self._expected = self._readings([self._stream], "clean")
        self._require(bool(self._expected), "its own examples give no reading")
        for reading in self._expected:
            self._require(reading.driver == self._driver.name, f"a reading says it is of {reading.driver!r}")
            self._require(reading.parser_version == self._driver.parser_version, "a reading has another parser version")
        self._require(self._readings([self._stream], "clean") == self._expected, "the parser is not pure")

    def cuts(self) -> None:
        """Every boundary, byte by byte, and at random."""
        whole = _run(self._driver, [self._stream])
        for at in range(len(self._stream) + 1):
            events = _run(self._driver, [self._stream[:at], self._stream[at:]])
            self._require(events == whole, f"cut at byte {at}: other events than in one piece")
        pieces = [self._stream[at : at + 1] for at in range(len(self._stream))]
        self._require(_run(self._driver, pieces) == whole, "byte by byte: other events than in one piece")
        for size in (3, 7, 64):
            pieces = [self._stream[at : at + size] for at in range(0, len(self._stream), size)]
            self._require(_run(self._driver, pieces) == whole, f"in pieces of {size}: other events than in one piece")

    def damage(self, *, checked: bool) -> None:
        """Each byte dropped, doubled with 00 and FF, and with one flipped bit; then silence, then clean units."""
        unit = self._driver.examples[0]
        known = [*self._expected, *self._readings([unit], "clean")]
        for at in range(len(unit)):
            bit = bytes((unit[at] ^ 1 << self._source.randrange(8),))
            for what, damaged in (
                ("dropped", unit[:at] + unit[at + 1 :]),
                ("00 inserted before", unit[:at] + b"\x00" + unit[at:]),
                ("FF inserted before", unit[:at] + b"\xff" + unit[at:]),
                ("one bit flipped in", unit[:at] + bit + unit[at + 1 :]),
            ):
                where = f"byte {at} {what}"
                readings = self._readings([damaged], where, then=self._stream, live=True)
                self._require(self._ends_clean(readings), f"{where}: what comes after a silence is not read")
                strange = [one for one in readings if one.problem is None and not _is_among(one, known)]
                self._require(not (checked and strange), f"{where}: passes as another reading: {strange[:1]}")

    def losses(self) -> None:
        """Each byte of a unit spoilt: what the framer still takes for a unit gives a reading or says why not."""
        has_messages = any(isinstance(event, Message) for event in _run(self._driver, [self._stream]))
        unit_kind = Message if has_messages else Frame  # the frames of a message say nothing alone
        for number, unit in enumerate(self._driver.examples):
            if not self._readings([unit], "clean"):
                continue
            for at in range(len(unit)):
                for spoilt in (unit[:at] + unit[at + 1 :], unit[:at] + b"?" + unit[at + 1 :]):
                    taken = [one.raw for one in _run(self._driver, [spoilt]) if isinstance(one, unit_kind)]
                    lost = any(HOLDS_FIGURES.search(raw) for raw in taken) and not self._readings([spoilt], "spoilt")
                    self._require(not lost, f"example {number}, byte {at} spoilt: it is taken and comes to nothing")

    def noise(self) -> None:
        """Bytes as at a wrong rate, and random ones, before and between units."""
        for noise in (WRONG_RATES, bytes(range(256)), self._source.randbytes(4096)):
            readings = self._readings([noise], "noise", then=self._stream)
            self._require(self._ends_clean(readings), f"after noise of {len(noise)} bytes: units are not read")

    def floods(self) -> None:
        """Bytes without an end stay in bounded memory, and the next unit is read."""
        for lead in LEADS:
            framer = self._driver.new_framer()
            flood = lead * (FLOOD_BYTES // len(lead))
            for at in range(0, len(flood), 4096):
                for event in unfold(framer.feed(flood[at : at + 4096])):
                    kept = len(getattr(event, "raw", b""))
                    self._require(kept <= MAX_KEPT, f"a flood of {lead!r}: {kept} bytes are kept")
            framer.expire()
            self._require(not framer.pending, f"a flood of {lead!r}: silence does not end it")

    def silences(self) -> None:
        """A unit that stops at any byte is given up, and the next one is read."""
        unit = self._driver.examples[0]
        for at in range(1, len(unit)):
            framer = self._driver.new_framer()
            framer.feed(unit[:at])
            framer.expire()
            self._require(not framer.pending, f"silence after byte {at}: it goes on waiting")
            events = [*unfold(framer.feed(self._stream)), *unfold(framer.expire())]
            readings = self._parse(events, f"silence after byte {at}")
            self._require(self._ends_clean(readings), f"silence after byte {at}: what comes next is not read")

    def ends(self) -> None:
        """A connection that ends at any byte of a unit leaves no reading that was never sent."""
        unit = self._driver.examples[0]
        known = [*self._expected, *self._readings([unit], "clean")]
        for at in range(1, len(unit)):
            readings = self._readings([unit[:at]], "cut", live=True)
            strange = [one for one in readings if one.problem is None and not _is_among(one, known)]
            self._require(not strange, f"unplugged after byte {at}: half a unit passes as a reading: {strange[:1]}")

    def repetitions(self) -> None:
        """What the device tells apart by itself has one key however often it comes; what it does not has many."""
        once = {one.key("kit", f"1:{at}") for at, one in enumerate(self._expected)}
        again = {one.key("kit", f"2:{at}") for at, one in enumerate(self._expected)}
        natural = sum(one.natural_identity for one in self._expected)
        self._require(len(once & again) == natural, "a repeated dump and a second weighing cannot be told apart")

    def line(self) -> None:
        """Over a real pseudo-terminal, in pieces: the journal holds every byte, and the readings are those."""
        taken: list[Captured] = []

        def take(_instrument: str, captured: Sequence[Captured]) -> int:
            taken.extend(captured)
            return len(captured)

        with (
            tempfile.TemporaryDirectory(prefix="driver-kit-") as folder,
            _reader(self._driver, Path(folder), take) as fd,
        ):
            sent = b""
            for piece in _at_random(self._stream, self._source):
                os.write(fd, piece)
                sent += piece
            self._await(lambda: len(_good(taken)) >= self._wanted_on_line(), "its readings over a line")
            stored = b"".join(
                entry.payload for entry in read_journal(Path(folder) / "journal") if entry.kind is EntryKind.RECEIVED
            )
            self._require(stored == sent, "over a line: the journal holds other bytes than were sent")

    def _wanted_on_line(self) -> int:
        """How many of the readings a live framer gives before the connection ends."""
        framer = self._driver.new_framer()
        events = [*unfold(framer.feed(self._stream)), *unfold(framer.expire())]
        return len(self._parse(events, "clean"))

    def _await(self, condition: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            self._require(time.monotonic() < until, f"not within {PATIENCE_SECONDS:g} s: {what}")
            time.sleep(0.01)

    def _readings(self, pieces: Iterable[bytes], what: str, then: bytes = b"", *, live: bool = False) -> list[Reading]:
        new_framer = None if live else self._driver.new_capture_framer
        framer = (new_framer or self._driver.new_framer)()
        events: list[Event] = []
        for piece in pieces:
            events += framer.feed(piece)
        if then:
            events += framer.expire()
            events += framer.feed(then)
        events += framer.close()
        return self._parse(unfold(events), what)

    def _parse(self, events: Iterable[Event], what: str) -> list[Reading]:
        readings: list[Reading] = []
        for event in events:
            if isinstance(event, Frame | Message):
                try:
                    readings += self._driver.parse(event.raw, self._settings)
                except Exception as error:
                    raise DriverFault(f"{self._driver.name}: {what}: the parser fails on {event.raw!r}") from error
        return readings

    def _ends_clean(self, readings: Sequence[Reading]) -> bool:
        expected = self._expected
        return len(readings) >= len(expected) and list(readings[-len(expected) :]) == expected

    def _require(self, holds: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
        if not holds:
            raise DriverFault(f"{self._driver.name}: {what}")


def _run(driver: Driver, pieces: Iterable[bytes]) -> list[Event]:
    framer = (driver.new_capture_framer or driver.new_framer)()
    events = [event for piece in pieces for event in framer.feed(piece)]
    return [event for event in unfold((*events, *framer.close())) if not isinstance(event, Send)]


def _is_among(reading: Reading, known: Iterable[Reading]) -> bool:
    """Whether a reading says what one of the known ones says."""
    return any(
        (reading.value_text, reading.sample_text, reading.measured_text, reading.slot, reading.status)
        == (one.value_text, one.sample_text, one.measured_text, one.slot, one.status)
        for one in known
    )


def _good(taken: Sequence[Captured]) -> list[Captured]:
    return [one for one in taken if one.reading.problem is None]


def _at_random(stream: bytes, source: random.Random) -> Iterator[bytes]:
    at = 0
    while at < len(stream):
        size = source.randint(1, 40)
        yield stream[at : at + size]
        at += size


@contextmanager
def _reader(driver: Driver, folder: Path, take: TakeReadings) -> Iterator[int]:
    """A reader at one end of a pseudo-terminal; yields the device's end."""
    device, other = os.openpty()
    tty.setraw(device)
    tty.setraw(other)
    port = os.ttyname(other)
    with Journal(folder / "journal") as journal:
        connection = Connection(
            instrument="kit", driver=driver, port=port, opener=opener_for(port, SerialSettings()), settings={}
        )
        reader = Reader(connection, journal, take)
        reader.start()
        try:
            until = time.monotonic() + PATIENCE_SECONDS
            while reader.status.state is not PortState.OPEN and time.monotonic() < until:
                time.sleep(0.01)
            yield device
        finally:
            reader.stop()
            reader.join()
            os.close(device)
            os.close(other)
