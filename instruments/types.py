"""Words of the instruments: a reading, its status, and what a driver is.

A reading keeps what the device sent (`*_text`, verbatim) beside what we made of it. What the device did not say stays
empty: nothing is invented, and a sentinel such as `7FFE` or `NA` is a status, never a number.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from instruments.framing.base import Framer

KEY_CHARACTERS = 40  # 160 bits: no collision in the lifetime of a laboratory


class ReadingStatus(StrEnum):
    """Whether the device stood behind its value."""

    OK = "ok"
    INVALID = "invalid"  # the device says so, or the value contradicts itself
    NOT_AVAILABLE = "na"  # the device measured nothing here
    OVER = "over"  # above what it can measure
    UNDER = "under"  # below what it can measure
    UNSTABLE = "unstable"
    UNCALIBRATED = "uncalibrated"


class Comparator(StrEnum):
    """What stands before a censored value."""

    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


class ProvenOn(StrEnum):
    """What a driver was checked against."""

    REAL_BYTES = "real bytes"
    DOCUMENTS = "documents"


class TransportKind(StrEnum):
    """How the device is reached."""

    SERIAL = "serial"
    TCP = "tcp"
    FILE = "file"


class ReadingState(StrEnum):
    """What became of a reading that the server has; none is ever dropped (I9)."""

    MATCHED = "matched"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"


class MatchedBy(StrEnum):
    """What tied a reading to a sample; a name never does."""

    BARCODE = "barcode"
    RUN_SLOT = "run_slot"
    PERSON = "person"


class QuarantineReason(StrEnum):
    """Why a reading waits for a person."""

    UNKNOWN_BARCODE = "unknown_barcode"  # it looks like a blind code, and this laboratory gave no such code
    NOTHING_TO_MATCH = "nothing_to_match"  # no barcode, and its slot stands in no open run
    WRONG_TEST = "wrong_test"  # the sample is not tested for this item
    WRONG_UNIT = "wrong_unit"  # the unit cannot be that of the item's method
    QUALITY_CONTROL = "quality_control"  # a blank, a control or a calibration belongs to no sample
    CONFLICT = "conflict"  # the same reading was delivered before with another value
    OUT_OF_CALIBRATION = "out_of_calibration"  # the instrument's calibration was not valid at that moment
    NOT_CHECKED = "not_checked"  # its last intermediate check failed, or the next one was due
    REAGENT_EXPIRED = "reagent_expired"  # a reagent in use at that moment had expired
    OUT_OF_SERVICE = "out_of_service"  # taken while the instrument was said to be down
    UNDECODABLE = "undecodable"  # a whole unit that the parser could not read
    INCOMPLETE = "incomplete"  # the end of a unit never came; never made into a reading


@dataclass(frozen=True, slots=True)
class Found:
    """What an intermediate check measured, and what it should be; figures in `unit`."""

    standard: str
    target: Decimal
    tolerance: Decimal
    value: Decimal
    unit: str


class Unread(StrEnum):
    """Why a parser could make nothing of a whole unit: what a person reads beside its bytes."""

    NOT_ITS_FORM = "not in the form of this device"
    NO_FIGURE = "no figure where the value stands"
    NO_UNIT = "no unit behind the value"
    FIELDS_MISSING = "fields are missing"
    OTHER_LENGTH = "not as long as its records are"
    NO_RESULT = "a message without a result"
    UNKNOWN_RECORD = "a record of an unknown kind"


class PortState(StrEnum):
    """What a connection is doing, as the pages show it."""

    STARTING = "starting"
    OPEN = "open"
    RECONNECTING = "reconnecting"
    DISK_REFUSES = "disk_refuses"
    STOPPED = "stopped"


class FileState(StrEnum):
    """What became of a file of readings."""

    WAITING = "waiting"  # its rows can be looked at and taken
    UNREADABLE = "unreadable"  # no profile reads it yet; never counted as taken in
    DONE = "done"  # every row was taken, known before, or left out with a reason


class RowVerdict(StrEnum):
    """What would become of one row of a file."""

    NEW = "new"  # its sample is known
    DUPLICATE = "duplicate"  # delivered before, nothing changes
    CONFLICT = "conflict"  # delivered before with another value
    UNMATCHED = "unmatched"  # would wait in quarantine
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Asked:
    """One item that a sample is tested for.

    Attributes:
        item_id: of the catalogue.
        name: of the item, as its laboratory writes it.
        unit: of the method row; empty where none is known.
    """

    item_id: UUID
    name: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A reading as a reader delivers it: verbatim beside parsed, with the bytes it came from.

    Attributes:
        key: idempotency key, unique for its instrument.
        captured_at: our clock, when the last byte arrived.
        measured_text, measured_at: the device's clock, verbatim and as an instant where it was plausible.
        identity: the same for the same reading whatever its value; empty where the device tells none apart.
        problem: of a unit that could not be read; such a one has no value and waits for a person.
        file_row: where it stands in its file, from 1.
    """

    key: str
    captured_at: datetime
    driver: str
    parser_version: int
    raw: bytes
    item_text: str = ""
    sample_text: str = ""
    slot: str = ""
    value_text: str = ""
    value: Decimal | None = None
    comparator: Comparator | None = None
    unit_text: str = ""
    status: ReadingStatus = ReadingStatus.OK
    verdict_text: str = ""
    measured_text: str = ""
    measured_at: datetime | None = None
    record_no: str = ""
    quality_control: bool = False
    identity: str = ""
    problem: QuarantineReason | None = None
    file_row: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value of one item in one position, as an instrument gave it.

    Attributes:
        driver: name of the driver that parsed it.
        parser_version: of that driver; a reading can be parsed again after a fix.
        item_text: test item as sent.
        sample_text: sample code as sent; the barcode when the device knows it.
        name_text: name of the sample as sent. Never used for matching.
        slot: channel, well or hole, as a text.
        value_text: the value verbatim (scaled integers: written out with their decimals).
        value: the same as a number; None when there is none.
        comparator: of a censored value.
        unit_text: unit as sent, or fixed by the protocol.
        verdict_text: the device's own verdict: a recorded claim, never a conclusion.
        measured_text: the device's clock verbatim.
        measured_at: the same in UTC (the devices keep the wall clock of Asia/Shanghai); None when implausible.
        record_no: the device's own running number.
        quality_control: a blank, control or calibration rather than a sample.
        natural_identity: whether the device's own facts (record number, clock) tell this reading from the next one.
            A memory dump repeats such readings, a balance never does.
        replicate: how many readings with the same facts stood before it in the same file.
        attributes: what else the device said (absorbance, standard, temperature, curve), in the order sent.
        encoding: of the text fields; empty for binary records.
        raw: the bytes this reading came from.
        problem: of bytes that are no reading: they could not be read, or their end never came; `verdict_text` says why.
    """

    driver: str
    parser_version: int
    raw: bytes
    item_text: str = ""
    sample_text: str = ""
    name_text: str = ""
    slot: str = ""
    value_text: str = ""
    value: Decimal | None = None
    comparator: Comparator | None = None
    unit_text: str = ""
    status: ReadingStatus = ReadingStatus.OK
    verdict_text: str = ""
    measured_text: str = ""
    measured_at: datetime | None = None
    record_no: str = ""
    quality_control: bool = False
    natural_identity: bool = False
    replicate: int = 0
    attributes: tuple[tuple[str, str], ...] = ()
    encoding: str = ""
    problem: QuarantineReason | None = None

    def identity(self, instrument: str) -> str:
        """The same for the same measurement, whatever its value; empty where nothing tells it from the next one.

        Two readings with one identity and different values contradict each other, and a person has to look.
        """
        if not self.natural_identity:
            return ""
        return _digest(
            instrument,
            self.driver,
            self.record_no,
            self.measured_text,
            self.slot,
            self.item_text,
            self.sample_text,
            str(self.replicate),
        )

    def key(self, instrument: str, position: str) -> str:
        """The idempotency key of this reading.

        The same reading sent twice (a repeated memory dump, a lost ACK) has the same key; a device that tells its
        readings apart by nothing gets the position in its stream instead, so that two equal weighings stay two.
        Parsing the journal again gives the same key as long as the parser gives the same reading.

        Args:
            instrument: name of the connection.
            position: epoch and offset in the journal where the bytes ended.
        """
        return _digest(
            instrument,
            self.driver,
            "" if self.natural_identity else position,
            self.record_no,
            self.measured_text,
            self.slot,
            self.item_text,
            self.sample_text,
            str(self.replicate),
            self.value_text,
            self.unit_text,
            self.status,
            *(f"{name}={value}" for name, value in self.attributes),
        )

    def to_json(self) -> dict[str, Any]:
        """Everything, in the order of the declaration; numbers as strings, bytes as hex."""
        return {
            "driver": self.driver,
            "parser_version": self.parser_version,
            "item_text": self.item_text,
            "sample_text": self.sample_text,
            "name_text": self.name_text,
            "slot": self.slot,
            "value_text": self.value_text,
            "value": None if self.value is None else f"{self.value:f}",
            "comparator": self.comparator,
            "unit_text": self.unit_text,
            "status": self.status,
            "verdict_text": self.verdict_text,
            "measured_text": self.measured_text,
            "measured_at": self.measured_at.isoformat() if self.measured_at else None,
            "record_no": self.record_no,
            "quality_control": self.quality_control,
            "attributes": dict(self.attributes),
            "encoding": self.encoding,
            "raw_hex": self.raw.hex(),
        }


def _digest(*facts: str) -> str:
    return sha256("\x1f".join(facts).encode()).hexdigest()[:KEY_CHARACTERS]


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """Line settings of a port, as pyserial takes them."""

    baud: int = 9600
    data_bits: int = 8
    parity: str = "N"
    stop_bits: int = 1


Settings = Mapping[str, str]
"""Free settings of one connection (`bit_order`, `unit_address`), pinned in its configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """How one kind of instrument is framed, parsed and asked.

    Attributes:
        name: stable, what configuration files and stored readings say.
        title_zh, title_en: make and model, as people say it; the Chinese stands in for an English that is not given.
        family: of the frame, for the lists.
        transport: how it is usually reached.
        proven_on: real bytes, or only documents.
        parser_version: raised by every change of what `parse` gives.
        new_framer: a fresh framer for one connection.
        parse: the readings of one unit (frame or message); pure.
        new_capture_framer: a more lenient framer for files of captured bytes, where it differs.
        requests: what to send when polling at an instant; empty for devices that send by themselves.
        examples: valid units in wire form, for the simulator and the tests; made by us from the documents.
        serial: line settings the device ships with.
        source: where the protocol is described.
    """

    name: str
    title_zh: str
    family: str
    proven_on: ProvenOn
    new_framer: Callable[[], "Framer"]
    parse: Callable[[bytes, Settings], tuple[Reading, ...]]
    source: str
    title_en: str = ""
    transport: TransportKind = TransportKind.SERIAL
    parser_version: int = 1
    new_capture_framer: Callable[[], "Framer"] | None = None
    requests: Callable[[datetime], tuple[bytes, ...]] | None = None
    examples: tuple[bytes, ...] = ()
    serial: SerialSettings = field(default_factory=SerialSettings)
