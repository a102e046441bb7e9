"""Meters that print a line for each measurement: pH, conductivity, Brix."""

import re

from instruments.parsing.values import decode_text, parse_time, parse_value
from instruments.types import Reading, ReadingStatus, Settings

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
        return ()
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
        return ()
    parsed = parse_value(found["ph"])
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
        return ()
    kind, number, result, unit, *others = fields
    flagged = result.endswith("*")
    parsed = parse_value(result.removesuffix("*"))
    if parsed.value is None and parsed.status is ReadingStatus.OK:
        return ()
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
