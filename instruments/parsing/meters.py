"""Meters that print a line for each measurement: pH, conductivity, Brix."""

import re
from zlib import adler32

from instruments.framing.checksums import HEX8
from instruments.parsing.values import device_time, parse_time, parse_value, unreadable_text
from instruments.types import Reading, ReadingStatus, Settings, Unread
from lims.tables import decode_text

_SPER = re.compile(
    r"P(?P<ph>[-+*.\d]+)pH:\s*T(?P<temperature>[-+.\d]+)C#(?P<number>\d+)@(?P<time>.+?)(?P<check>[0-9A-Fa-f]{2})?"
)
_REFRACTO_FIELDS = 4
_METER = re.compile(r"(?P<number>[-+]?\d*[.*]?\d+|[-+]?OVR|-+)\s*(?P<unit>[^\d\s,;]*)")
_STAR_FOR_POINT = re.compile(r"(?<=\d)\*(?=\d)")


def parse_line_meter(raw: bytes, settings: Settings) -> tuple[Reading, ...]:
    """One number and perhaps a unit; a star in the place of the decimal point says that the meter is not calibrated.

    What the meter measures is not in its line: `item` and `unit` of the connection say it, where they are set.

    Source: TPS 901-C handbook (RS232 output).
    """
    decoded = decode_text(raw)
    found = _METER.fullmatch(decoded.text.strip())
    if found is None:
        return unreadable_text("line-meter", 1, raw, Unread.NOT_ITS_FORM)
    starred = _STAR_FOR_POINT.search(found["number"]) is not None
    parsed = parse_value(found["number"].replace("*", "."))
    return (
        Reading(
            driver="line-meter",
            parser_version=1,
            raw=raw,
            item_text=settings.get("item", ""),
            value_text=found["number"],
            value=parsed.value,
            unit_text=found["unit"] or settings.get("unit", ""),
            status=ReadingStatus.UNCALIBRATED if starred else parsed.status,
            encoding=decoded.encoding,
        ),
    )


def parse_sper(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """`P07.01pH: T025.0C#01@date time LRC`: one stored pH with its temperature and number.

    Source: Sper Scientific 850055 manual (RS232 data format).
    """
    decoded = decode_text(raw)
    found = _SPER.fullmatch(decoded.text.strip())
    if found is None:
        return unreadable_text("sper-850055", 1, raw, Unread.NOT_ITS_FORM)
    parsed = parse_value(found["ph"])
    if not parsed.is_figure:
        return unreadable_text("sper-850055", 1, raw, Unread.NO_FIGURE)
    time = found["time"].strip()
    return (
        Reading(
            driver="sper-850055",
            parser_version=1,
            raw=raw,
            item_text="pH",
            value_text=found["ph"],
            value=parsed.value,
            unit_text="pH",
            status=parsed.status,
            measured_text=time,
            measured_at=parse_time(time),
            record_no=found["number"],
            natural_identity=bool(time),
            attributes=(("temperature_c", found["temperature"]), ("check", found["check"] or "")),
            encoding=decoded.encoding,
        ),
    )


def parse_refracto(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """`STX type,number,result*,unit,temperature… CR LF EOT`: one refraction; a star behind the result flags it.

    The text between STX and EOT is the unit. The device does not stand behind a flagged result, so it is invalid.

    Source: METTLER TOLEDO Refracto 30P operating instructions (data transfer).
    """
    decoded = decode_text(raw.strip(b"\x02\x04\r\n"))
    fields = [field.strip() for field in decoded.text.split(",")]
    if len(fields) < _REFRACTO_FIELDS:
        return unreadable_text("refracto-30p", 1, raw, Unread.FIELDS_MISSING)
    kind, number, result, unit, *others = fields
    flagged = result.endswith("*")
    parsed = parse_value(result.removesuffix("*"))
    if not parsed.is_figure:
        return unreadable_text("refracto-30p", 1, raw, Unread.NO_FIGURE)
    return (
        Reading(
            driver="refracto-30p",
            parser_version=1,
            raw=raw,
            item_text=kind,
            record_no=number,
            value_text=result,
            value=parsed.value,
            comparator=parsed.comparator,
            unit_text=unit,
            status=ReadingStatus.INVALID if flagged and parsed.status is ReadingStatus.OK else parsed.status,
            attributes=tuple((f"field_{at}", text) for at, text in enumerate(others, _REFRACTO_FIELDS + 1)),
            encoding=decoded.encoding,
        ),
    )


_HORIBA_FIELDS = 20
_HORIBA_MODES = {  # measurement mode → item and its unit by code; a name that the manual does not give stays empty
    "1": ("pH", {"0": "pH"}),
    "2": ("mV", {"0": "mV"}),
    "3": ("mV", {"0": "mV"}),
    "5": ("ion", {"0": "μg/L", "1": "mg/L", "2": "g/L", "3": "mmol/L", "4": "mol/L"}),
    "10": ("conductivity", {"0": "S/m", "1": "S/cm", "2": "mS/cm"}),
    "11": ("salinity", {"0": "PPT", "1": "%"}),
    "12": ("resistivity", {"0": "Ohm·m", "1": "Ohm·cm"}),
    "13": ("TDS", {"0": "g/L"}),
}
_HORIBA_PREFIXES = {"0": "", "1": "μ", "2": "m", "3": "k", "4": "M"}
_HORIBA_CALIBRATION = "1"
_HORIBA_ALARMS = {"1": "lower limit alarm", "2": "upper limit alarm"}


def parse_horiba(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """`RMD,id,mode,channel,type,state,ion,year,month,day,hour,minute,second,value,prefix,unit,…`: one measurement.

    `Or` and `Ur` stand for a value above or below what the meter can measure; a reading of a calibration is one of
    quality control; a value taken before it was held is as it was at that instant.

    Source: HORIBA F-7x BW low-spec command reference (2016), response to the request of the measurement value.
    """
    decoded = decode_text(raw)
    fields = [field.strip() for field in decoded.text.split(",")]
    if len(fields) != _HORIBA_FIELDS or fields[0] != "RMD" or not all(one.isdecimal() for one in fields[7:13]):
        return unreadable_text("horiba-f7x", 1, raw, Unread.NOT_ITS_FORM)
    _header, sample, mode, channel, kind, state, ion = fields[:7]
    value_text, prefix, unit, compensation, temperature, potential, alarm = fields[13:]
    item, units = _HORIBA_MODES.get(mode, ("", {}))
    when = device_time(*(int(part) for part in fields[7:13]))
    parsed = parse_value({"Ur": "under"}.get(value_text, value_text))
    if not parsed.is_figure:
        return unreadable_text("horiba-f7x", 1, raw, Unread.NO_FIGURE)
    told = (("state", state), ("ion", ion), ("compensation", compensation), ("temperature_c", temperature))
    return (
        Reading(
            driver="horiba-f7x",
            parser_version=1,
            raw=raw,
            item_text=item,
            sample_text=sample,
            slot=channel,
            value_text=value_text,
            value=parsed.value,
            unit_text=_HORIBA_PREFIXES.get(prefix, "") + units[unit] if unit in units else "",
            status=parsed.status,
            verdict_text=_HORIBA_ALARMS.get(alarm, ""),
            measured_text=when.text,
            measured_at=when.instant,
            quality_control=kind == _HORIBA_CALIBRATION,
            natural_identity=True,
            attributes=(*told, ("potential", potential)),
            encoding=decoded.encoding,
        ),
    )


_HANNA_RANGES = {b"O": ReadingStatus.OVER, b"U": ReadingStatus.UNDER, b"R": ReadingStatus.OK}
_HANNA_PH = re.compile(rb"\x02(0[12])(..)([ROU])(.)(.{7})(.{7})(.{8})..\x03", re.DOTALL)
_HANNA_MV = re.compile(rb"\x02(03)(..)(.)([ROU])(.{7})(.{8})..\x03", re.DOTALL)


def is_hanna(raw: bytes) -> bool:
    """Whether `STX answer checksum ETX` ends in its own check: two hex digits of the sum of the answer.

    It has at most `ADLER_SUMS` bytes, so that its Adler-32 holds the sum.
    """
    return raw[-3:-1].upper() == HEX8[adler32(raw[1:-3]) - 1 & 0xFF]


def parse_hanna(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """The answer to `RAS`: meter mode, status, range of each reading, then pH, mV and temperature in fixed widths.

    Source: Hanna Instruments HI 2222 owner's manual (RS232 communication); HI 2216 and HI 2550 answer alike.
    """
    found, item = _HANNA_PH.fullmatch(raw), "pH"
    if found is None:
        found, item = _HANNA_MV.fullmatch(raw), "mV"
    if found is None:
        return unreadable_text("hanna-ras", 1, raw, Unread.NOT_ITS_FORM)
    _mode, meter, in_range, mv_in_range, value, *others = (part for part in found.groups())
    status = _HANNA_RANGES[in_range if item == "pH" else mv_in_range]
    value_text = value.decode("latin-1").strip()
    parsed = parse_value(value_text)
    if status is ReadingStatus.OK and not parsed.is_figure:
        return unreadable_text("hanna-ras", 1, raw, Unread.NO_FIGURE)
    told = [part.decode("latin-1").strip() for part in others]
    return (
        Reading(
            driver="hanna-ras",
            parser_version=1,
            raw=raw,
            item_text=item,
            value_text=value_text,
            value=parsed.value if status is ReadingStatus.OK else None,
            unit_text=item,
            status=status if parsed.status is ReadingStatus.OK else parsed.status,
            attributes=(
                ("meter_status", meter.decode("latin-1")),
                *([("mv", told[0])] if item == "pH" else []),
                ("temperature_c", told[-1]),
            ),
            encoding="ascii",
        ),
    )


_LB9507 = re.compile(r"(?P<number>\d+)\s+(?P<value>\d+)")


def parse_lb9507(raw: bytes, settings: Settings) -> tuple[Reading, ...]:
    """`number RLU`: one luminescence. The number begins again with every list, so it does not tell readings apart.

    Source: Berthold LB 9507 operating manual (printer output).
    """
    decoded = decode_text(raw)
    found = _LB9507.fullmatch(decoded.text.strip())
    if found is None:
        return unreadable_text("lb-9507", 1, raw, Unread.NOT_ITS_FORM)
    return (
        Reading(
            driver="lb-9507",
            parser_version=1,
            raw=raw,
            item_text=settings.get("item", ""),
            value_text=found["value"],
            value=parse_value(found["value"]).value,
            unit_text="RLU",
            record_no=found["number"],
            encoding=decoded.encoding,
        ),
    )


_ATAGO = re.compile(r"\d\.\d{5}(?:,[^,]*)+")


def parse_atago(raw: bytes, settings: Settings) -> tuple[Reading, ...]:
    """`a.aaaaa,bb.bbb,…,g`: the first two fields are figures, the others are kept as they are.

    What the fields are called stands in the settings (`item.1`, `unit.1`, `item.2`, `unit.2`); without them the item
    stays empty, because the line does not say it.

    Source: Atago PRM line format as a public description gives it; the manual was not read.
    """
    decoded = decode_text(raw)
    text = decoded.text.strip()
    if _ATAGO.fullmatch(text) is None:
        return unreadable_text("atago-prm", 1, raw, Unread.NOT_ITS_FORM)
    first, second, *others = (field.strip() for field in text.split(","))
    if not parse_value(second).is_figure:
        return unreadable_text("atago-prm", 1, raw, Unread.NO_FIGURE)
    kept = tuple((f"field_{at}", other) for at, other in enumerate(others, 3))
    return tuple(
        Reading(
            driver="atago-prm",
            parser_version=1,
            raw=raw,
            item_text=settings.get(f"item.{at}", ""),
            slot=str(at),
            value_text=field,
            value=parse_value(field).value,
            unit_text=settings.get(f"unit.{at}", ""),
            status=parse_value(field).status,
            attributes=kept,
            encoding=decoded.encoding,
        )
        for at, field in enumerate((first, second), 1)
    )
