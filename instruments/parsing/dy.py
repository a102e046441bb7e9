"""The DY family of rapid testers."""

import re
from collections.abc import Iterator
from decimal import Decimal
from zlib import adler32

from instruments.framing.checksums import HEX8
from instruments.parsing.pesticide import rate_status
from instruments.parsing.values import (
    DeviceTime,
    decode_fixed,
    device_time,
    parse_time,
    parse_value,
    scaled,
    signed16,
    unreadable,
    unreadable_text,
)
from instruments.types import Reading, ReadingStatus, Settings, Unread
from lims.tables import decode_text

# --- DY-3000, DY-6600, TL-300: binary records ------------------------------------------------------------------------

WET_RECORD, GOLD_RECORD, DRY_RECORD = 0x45, 0x65, 0x75
_DY3000_DATA = 12
_FIRST_CHANNEL = 8
_CHANNEL_SIZE = 8
_SUSPECT = 0xC0  # "p >= 192: the value is doubtful"
RATE_SENTINELS = {0x7FFF: "---.-", 0x7FFE: "NA"}
LONG_SENTINELS = {
    0x7FFFFFFF: "-.---",
    0x7FFFFFFE: "-.---",
    0x00007FFF: "-.---",
    0x000F422C: "-.---",
    0x7FFFFFFD: "NA",
    0x00007FFE: "NA",
}
STRIP_RESULTS = {1: "阳性", 2: "阴性"}


def packed_time(number: int) -> DeviceTime:
    """A time packed like that of DOS, but with years from 2000 and seconds by two."""
    return device_time(
        2000 + (number >> 25),
        number >> 21 & 0x0F,
        number >> 16 & 0x1F,
        number >> 11 & 0x1F,
        number >> 5 & 0x3F,
        (number & 0x1F) * 2,
    )


def parse_dy3000(raw: bytes, settings: Settings) -> tuple[Reading, ...]:
    """The records of the DY-3000: channels of a wet-chemistry run, or one strip.

    A record names its item by number only; `items.<no>` of the connection's settings may give the text and
    `methods.<no>` the method (`0`: inhibition rate in tenths of a per cent, anything else: thousandths). Without the
    method the two cannot be told apart, so the value stays empty and invalid, and the raw word is kept.

    Source: driver code of the vendor's collection software, class clsDY3000DY.
    """
    data = raw[_DY3000_DATA:]
    if raw[2] not in (WET_RECORD, GOLD_RECORD, DRY_RECORD) or not data or data[0] == 0:
        return ()
    if len(data) <= _FIRST_CHANNEL:
        return unreadable("dy-3000", 1, raw, Unread.OTHER_LENGTH)
    return tuple(_wet_readings(raw, data, settings)) if raw[2] == WET_RECORD else (_strip_reading(raw, data, settings),)


def _wet_readings(raw: bytes, data: bytes, settings: Settings) -> Iterator[Reading]:
    item_no = data[1]
    when = packed_time(int.from_bytes(data[4:8], "little"))
    method = settings.get(f"methods.{item_no}", "")
    for at in range(_FIRST_CHANNEL, len(data) - _CHANNEL_SIZE + 1, _CHANNEL_SIZE):
        cell = data[at : at + _CHANNEL_SIZE]
        if cell[0] == 0:  # the control channel
            continue
        value_text, value, status = _wet_value(cell, method)
        if cell[1] >= _SUSPECT and status is ReadingStatus.OK:
            status = ReadingStatus.INVALID
        yield Reading(
            driver="dy-3000",
            parser_version=1,
            raw=raw,
            item_text=settings.get(f"items.{item_no}", ""),
            slot=str(cell[0]),
            value_text=value_text,
            value=value,
            unit_text="%" if method == "0" else "",
            status=status,
            measured_text=when.text,
            measured_at=when.instant,
            natural_identity=True,
            attributes=(
                ("item_no", str(item_no)),
                ("flags", f"{cell[1]:02X}"),
                ("value_raw", cell[4:8].hex()),
            ),
        )


def _wet_value(cell: bytes, method: str) -> tuple[str, Decimal | None, ReadingStatus]:
    short, long = int.from_bytes(cell[4:6], "little"), int.from_bytes(cell[4:8], "little")
    if method == "0" and short in RATE_SENTINELS:
        return RATE_SENTINELS[short], None, ReadingStatus.NOT_AVAILABLE
    if method != "0" and long in LONG_SENTINELS:
        return LONG_SENTINELS[long], None, ReadingStatus.NOT_AVAILABLE
    if not method:
        return "", None, ReadingStatus.INVALID
    if method == "0":
        text, value = scaled(signed16(cell[4], cell[5]), 1)
        return text, value, rate_status(value)
    # The top bit is a sign, not a complement.
    magnitude = long & 0x7FFFFFFF
    text, value = scaled(-magnitude if long & 0x80000000 else magnitude, 3)
    return text, value, ReadingStatus.OK


def _strip_reading(raw: bytes, data: bytes, settings: Settings) -> Reading:
    item_no = data[1]
    when = packed_time(int.from_bytes(data[2:6], "little"))
    qualitative = data[_FIRST_CHANNEL] >> 6 < 2  # noqa: PLR2004 - methods 0 and 1
    verdict = STRIP_RESULTS.get(data[_FIRST_CHANNEL] & 0x03, "") if qualitative else ""
    status = ReadingStatus.OK if verdict else ReadingStatus.NOT_AVAILABLE
    if not qualitative:
        # The vendor's code reads the number at an offset that overlaps the flags; not settled, so not guessed.
        status = ReadingStatus.INVALID
    return Reading(
        driver="dy-3000",
        parser_version=1,
        raw=raw,
        item_text=settings.get(f"items.{item_no}", ""),
        value_text=verdict,
        status=status,
        measured_text=when.text,
        measured_at=when.instant,
        record_no=str(data[6] | data[7] << 8),
        natural_identity=True,
        attributes=(("item_no", str(item_no)), ("flags", f"{data[_FIRST_CHANNEL]:02X}")),
    )


# --- DY-723PC: comma-separated records up to FINISH ------------------------------------------------------------------

_DY723_RECORD = re.compile(
    r"R[,，](?P<sample>[^,，]*)[,，](?P<well>[^,，]*)[,，](?P<item>[^,，]*)[,，](?P<absorbance>[^,，]*)"
    r"[,，](?P<value>[^,，]*)[,，](?P<unit>[^,，]*)[,，](?P<verdict>[^,，]*)[,，](?P<time>[^,，]*)"
    r"[,，](?P<check>[^,，R]*)"
)


_DY723_REQUEST = re.compile(r"(?:D\d{4}-\d\d-\d\d){2}")  # comes back as an echo on some lines


def parse_dy723pc(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """The records of one answer of the DY-723PC: sample, well, item, absorbance, value, unit, verdict, time, check.

    Source: driver code of the vendor's collection software, class clsDY723PC.
    """
    decoded = decode_text(raw.removesuffix(b"FINISH"), ("gb18030",))
    readings = []
    for found in _DY723_RECORD.finditer(decoded.text):
        parsed = parse_value(found["value"])
        readings.append(
            Reading(
                driver="dy-723pc",
                parser_version=1,
                raw=found[0].encode(decoded.encoding),
                item_text=found["item"].strip(),
                sample_text=found["sample"].strip(),
                slot=found["well"].strip(),
                value_text=found["value"].strip(),
                value=parsed.value,
                comparator=parsed.comparator,
                unit_text=found["unit"].strip(),
                status=parsed.status,
                verdict_text=found["verdict"].strip(),
                measured_text=found["time"].strip(),
                measured_at=parse_time(found["time"]),
                natural_identity=bool(found["time"].strip()),
                attributes=(("absorbance", found["absorbance"].strip()),),
                encoding=decoded.encoding,
            )
        )
    rest = _DY723_REQUEST.sub("", _DY723_RECORD.sub("", decoded.text)).strip()
    readings += unreadable_text("dy-723pc", 1, rest.encode(decoded.encoding), Unread.NOT_ITS_FORM)
    return tuple(readings)


# --- DY-5800: 82 bytes of fixed width --------------------------------------------------------------------------------

DY5800_SIZE = 82
_DY5800_CLOCKS = (51, 52)
"""Where yymmddhhmm begins: the field widths add up to 51, the vendor's code reads from 52. The digits decide."""


# Days that every month has, in years in which a device can have been set: true without asking the calendar.
_PLAIN_CLOCK = re.compile(rb"(?:1[2-9]|[2-7]\d)(?:0[1-9]|1[0-2])(?:0[1-9]|1\d|2[0-8])(?:[01]\d|2[0-3])[0-5]\d")


def dy5800_clock_at(raw: bytes) -> int | None:
    """Offset of the ten digits of the clock, or None when these bytes are no record."""
    if len(raw) != DY5800_SIZE or raw[:1] != b"P" or raw[-1:] != b"X":
        return None
    for at in _DY5800_CLOCKS:
        digits = raw[at : at + 10]
        if _PLAIN_CLOCK.fullmatch(digits) or (digits.isdigit() and _dy5800_instant(digits) is not None):
            return at
    return None


def _dy5800_instant(digits: bytes) -> DeviceTime | None:
    year, month, day, hour, minute = (int(digits[at : at + 2]) for at in range(0, 10, 2))
    when = device_time(2000 + year, month, day, hour, minute, 0)
    return when if when.instant is not None else None


def is_dy5800(raw: bytes) -> bool:
    """Whether these bytes are a record of the DY-5800."""
    return dy5800_clock_at(raw) is not None


def parse_dy5800(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """One record of the DY-5800: hole, sample code, item, unit, value, absorbance, clock, operator, name.

    The operator's name is left out: who tested is known from the session, and names do not travel with readings.

    Source: driver code of the vendor's collection software, class clsDY5800.
    """
    at = dy5800_clock_at(raw)
    if at is None:
        return ()
    when = _dy5800_instant(raw[at : at + 10])
    absorbance_at = at - 5
    value_text = decode_fixed(raw[41:absorbance_at])
    parsed = parse_value(value_text)
    return (
        Reading(
            driver="dy-5800",
            parser_version=1,
            raw=raw,
            item_text=decode_fixed(raw[11:31]),
            sample_text=decode_fixed(raw[4:11]),
            name_text=decode_fixed(raw[71:81]),
            slot=decode_fixed(raw[1:4]),
            value_text=value_text,
            value=parsed.value,
            comparator=parsed.comparator,
            unit_text=decode_fixed(raw[31:41]),
            status=parsed.status,
            measured_text=raw[at : at + 10].decode("ascii"),
            measured_at=when.instant if when else None,
            natural_identity=True,
            attributes=(("absorbance", decode_fixed(raw[absorbance_at:at])),),
            encoding="gb18030",
        ),
    )


# --- DY-7200: named lines --------------------------------------------------------------------------------------------

DY7200_HEADER = b"\x03\xfe"
_DY7200_NAMES = {
    "样品编号": "sample",
    "样品名称": "name",
    "检测项目": "item",
    "项目名称": "item",
    "检测结果": "result",
    "检测时间": "time",
    "检测日期": "time",
    "通道": "slot",
    "通道号": "slot",
}
_DY7200_RESULT = re.compile(r"(?P<value>\S+)(?:\s+(?P<unit>\S+))?(?:\s+(?P<verdict>\S+))?")


def parse_dy7200(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """One block of the DY-7200: `样品编号：…`, `检测结果：12.3 % 合格`; `无效` stands alone.

    Source: protocol notes of the vendor's collection software.
    """
    decoded = decode_text(raw.removeprefix(DY7200_HEADER), ("gb18030",))
    facts: dict[str, str] = {}
    others: list[tuple[str, str]] = []
    readings = []
    for line in re.split(r"[\r\n]+", decoded.text):
        label, colon, text = line.replace(":", "：", 1).partition("：")
        if not colon:
            continue
        kind = _DY7200_NAMES.get(label.strip())
        if kind is None:
            others.append((label.strip(), text.strip()))
        elif kind == "sample" and "result" in facts:
            readings.append(_dy7200_reading(raw, facts, others))
            facts, others = {kind: text.strip()}, []
        else:
            facts[kind] = text.strip()
    if "result" in facts:
        readings.append(_dy7200_reading(raw, facts, others))
    elif facts or not readings:
        readings += unreadable_text("dy-7200", 1, raw, Unread.NO_RESULT)
    return tuple(readings)


def _dy7200_reading(raw: bytes, facts: dict[str, str], others: list[tuple[str, str]]) -> Reading:
    found = _DY7200_RESULT.fullmatch(facts["result"])
    value_text = found["value"] if found else facts["result"]
    parsed = parse_value(value_text)
    time = facts.get("time", "")
    return Reading(
        driver="dy-7200",
        parser_version=1,
        raw=raw,
        item_text=facts.get("item", ""),
        sample_text=facts.get("sample", ""),
        name_text=facts.get("name", ""),
        slot=facts.get("slot", ""),
        value_text=value_text,
        value=parsed.value,
        comparator=parsed.comparator,
        unit_text=(found["unit"] or "") if found else "",
        status=parsed.status,
        verdict_text=(found["verdict"] or "") if found else "",
        measured_text=time,
        measured_at=parse_time(time),
        natural_identity=bool(time),
        attributes=tuple(others),
        encoding="gb18030",
    )


# --- DY-2620: frying oil ---------------------------------------------------------------------------------------------

DY2620_READ = 0x65
_DY2620_RECORD = 10
_HIGHEST_SHARE = Decimal(100)


def parse_dy2620(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """Records of the frying-oil tester: polar compounds (%) and oil temperature, both in tenths.

    A Modbus exception (02: no more records) holds no reading. The temperature unit byte is kept as sent.

    Source: protocol notes of the vendor's collection software.
    """
    if raw[1] != DY2620_READ:
        return ()
    body = raw[3:-2]
    readings = []
    for at in range(0, len(body) - _DY2620_RECORD + 1, _DY2620_RECORD):
        record = body[at : at + _DY2620_RECORD]
        when = device_time(2000 + record[0], record[1], record[2], record[3], record[4], 0)
        temperature, _ = scaled(int.from_bytes(record[6:8], "big", signed=True), 1)
        value_text, value = scaled(int.from_bytes(record[8:10], "big", signed=True), 1)
        believable = 0 <= value <= _HIGHEST_SHARE
        readings.append(
            Reading(
                driver="dy-2620",
                parser_version=1,
                raw=record,
                item_text="TPM",
                value_text=value_text,
                value=value,
                unit_text="%",
                status=ReadingStatus.OK if believable else ReadingStatus.INVALID,
                measured_text=when.text,
                measured_at=when.instant,
                natural_identity=True,
                attributes=(
                    ("temperature", temperature),
                    ("temperature_unit_raw", f"{record[5]:02X}"),
                ),
            )
        )
    rest = body[len(readings) * _DY2620_RECORD :]
    if rest:
        readings += unreadable("dy-2620", 1, rest, Unread.OTHER_LENGTH)
    return tuple(readings)


# --- DYRS2: meat moisture --------------------------------------------------------------------------------------------

_DYRS2_BODY = re.compile(rb"D(?P<id>[\x20-\x7e]{4})(?P<value>[0-9 ]{3})(?P<meat>[\x20-\x7e])(?P<day>\d{6})")


def is_dyrs2(raw: bytes) -> bool:
    """Whether `01 … 04` ends in its own check: two hex characters of the two's complement of the sum.

    It has at most `ADLER_SUMS` bytes, so that its Adler-32 holds the sum.
    """
    return len(raw) > 4 and raw[-3:-1].upper() == HEX8[1 - adler32(raw[1:-3]) & 0xFF]  # noqa: PLR2004


def parse_dyrs2(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """One reading of the meat moisture tester, in tenths of a per cent.

    It sends a day without a time, so two equal readings of one day cannot be told apart by its own facts.

    Source: protocol notes of the vendor's collection software.
    """
    found = _DYRS2_BODY.fullmatch(raw[1:-3])
    if found is None or not found["value"].strip().isdigit():
        return unreadable("dyrs2", 1, raw, Unread.NOT_ITS_FORM)
    value_text, value = scaled(int(found["value"]), 1)
    day = found["day"].decode("ascii")
    return (
        Reading(
            driver="dyrs2",
            parser_version=1,
            raw=raw,
            item_text="",
            value_text=value_text,
            value=value,
            unit_text="%",
            measured_text=day,
            record_no=found["id"].decode("ascii").strip(),
            attributes=(("meat_type", found["meat"].decode("ascii")),),
        ),
    )
