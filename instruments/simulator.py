"""A device that behaves, and one that does not: what a port is tested with before the instrument arrives."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from instruments.drivers.examples import ASTM_RECORDS, astm_frames
from instruments.framing import astm, ttnj
from instruments.transports import Port
from instruments.types import Driver

ANSWER_SECONDS = 15.0  # E1381: the sender waits so long for each answer
MAX_ATTEMPTS = 6
SLOW_BYTE_SECONDS = 0.005
_TTNJ_MODEL = b"\x1b\x08"


class Fault(StrEnum):
    """How a simulated device misbehaves."""

    DROP_BYTE = "drop-byte"
    FLIP_BIT = "flip-bit"
    INSERT_BYTES = "insert-bytes"
    CUT = "cut"  # falls silent in mid unit
    REPEAT = "repeat"  # sends the same unit twice
    SLOW = "slow"  # byte by byte
    NOISE = "noise"  # bytes as at a wrong line rate


# What 9600 baud looks like at 19200 and at 115200; the 06 in it could be taken for an ACK.
WRONG_RATE = bytes.fromhex("66180618 98e0fe00 0000f8f8")


@dataclass(slots=True)
class Misbehaviour:
    """Damages one unit in about every second one.

    Attributes:
        faults: which ways to choose from; none leaves every unit whole.
        chance: share of units that are damaged.
        source: seeded, so that a run can be repeated.
    """

    faults: tuple[Fault, ...] = ()
    chance: float = 0.5
    source: random.Random = field(default_factory=random.Random)

    def pieces(self, unit: bytes) -> Iterator[bytes]:
        """What is really sent for `unit`, piece by piece."""
        if not self.faults or self.source.random() >= self.chance:
            yield unit
            return
        fault = self.source.choice(self.faults)
        at = self.source.randrange(len(unit))
        match fault:
            case Fault.DROP_BYTE:
                yield unit[:at] + unit[at + 1 :]
            case Fault.FLIP_BIT:
                yield unit[:at] + bytes((unit[at] ^ 1 << self.source.randrange(8),)) + unit[at + 1 :]
            case Fault.INSERT_BYTES:
                yield unit[:at] + self.source.choice((b"\x00", b"\xff", b"\x7e\xaa")) + unit[at:]
            case Fault.CUT:
                yield unit[:at]
            case Fault.REPEAT:
                yield unit
                yield unit
            case Fault.SLOW:
                yield from (unit[index : index + 1] for index in range(len(unit)))
            case Fault.NOISE:
                yield WRONG_RATE
                yield unit


class SimulatedDevice:
    """Plays the device side of a driver on an open port.

    Args:
        driver: which device to play.
        port: its end of the line.
        misbehaviour: what goes wrong.
        sleep: waits; replaced in tests.
    """

    def __init__(
        self,
        driver: Driver,
        port: Port,
        misbehaviour: Misbehaviour | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._driver = driver
        self._port = port
        self._misbehaviour = misbehaviour or Misbehaviour()
        self._sleep = sleep
        self.sent_units = 0

    def run(self, *, rounds: int, interval: float) -> None:
        """Send the examples `rounds` times, unasked every `interval` seconds, or when asked."""
        for _ in range(rounds):
            if self._driver.name == "astm-e1394":
                self.send_astm_message()
            elif self._driver.family == "TTNJ":
                self._answer_ttnj(interval)
            else:
                if self._driver.requests is not None:
                    self._port.read(interval)
                for unit in self._driver.examples:
                    self._send(unit)
            self._sleep(interval)

    def _send(self, unit: bytes) -> None:
        self.sent_units += 1
        for piece in self._misbehaviour.pieces(unit):
            self._port.write(piece)
            if len(piece) == 1:
                self._sleep(SLOW_BYTE_SECONDS)

    def _answer_ttnj(self, seconds: float) -> None:
        """Answer requests until the memory was sent, or the host has been silent for `seconds`."""
        records = [unit.removeprefix(b"\x1b\xc1") for unit in self._driver.examples if len(unit) > ttnj.CONTROL_SIZE]
        waiting: list[bytes] = []
        while request := self._port.read(max(seconds, 0.5)):
            if ttnj.WHO_ARE_YOU in request:
                self._send(_TTNJ_MODEL)
            if ttnj.SEND_MEMORY in request:
                waiting = list(records)
                self._send(b"\x1b\xc1" + waiting.pop(0))
            elif ttnj.NEXT_RECORD in request:
                self._send(waiting.pop(0) if waiting else b"\x1b\xfe")
                if not waiting:
                    return

    def send_astm_message(self, records: tuple[str, ...] = ASTM_RECORDS) -> bool:
        """Send one message by the rules of E1381; whether every frame was acknowledged."""
        self._port.write(astm.ENQ)
        if self._answer() != astm.ACK:
            self._port.write(astm.EOT)
            return False
        for frame in astm_frames(records):
            for _attempt in range(MAX_ATTEMPTS):
                self._send(frame)
                if self._answer() in {astm.ACK, astm.EOT}:
                    break
            else:
                self._port.write(astm.EOT)
                return False
        self._port.write(astm.EOT)
        return True

    def _answer(self) -> bytes:
        """The last control byte of the answer, empty after a silence."""
        waited = 0.0
        while waited < ANSWER_SECONDS:
            answer = self._port.read(0.5)
            if answer:
                return answer[-1:]
            waited += 0.5
        return b""
