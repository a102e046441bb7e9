"""Colloidal-gold strip readers: the T/C curve of the DY-3000(BX1) module, the JSON of the DY-6260."""

import json
from typing import Any

from instruments.parsing.values import parse_time, parse_value, unreadable_text
from instruments.types import Reading, ReadingStatus, Settings, Unread

CURVE = 0x16
_HEADER, _TAIL = 4, 2


def curve_values(raw: bytes) -> tuple[int, ...]:
    """Grey values of a curve frame: little-endian 16-bit words of its data.

    Source: the vendor's log of decoded curves, equal for all 66 curves it holds.
    """
    data = raw[_HEADER:-_TAIL]
    return tuple(data[at] | data[at + 1] << 8 for at in range(0, len(data) - 1, 2))


def parse_strip(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """The curve of one strip.

    The module sends the grey values along the strip and nothing else: no time, no item, no sample, no verdict. T and C
    peaks are sought later, by a method that has a version; the value text is the curve itself. An answer without grey
    values (no strip was found) is kept as not available.
    """
    if raw[1] != CURVE:
        return ()
    values = curve_values(raw)
    return (
        Reading(
            driver="dy-3000-bx1",
            parser_version=1,
            raw=raw,
            value_text="|".join(map(str, values)),
            status=ReadingStatus.OK if values else ReadingStatus.NOT_AVAILABLE,
            attributes=(("kind", "curve"), ("points", str(len(values)))),
        ),
    )


def parse_dy6260(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """The records of the DY-6260: qualitative results under Chinese names.

    Its sample number is a counter of its own, so it is a record number; the clock of the documented example was never
    set (2011) and gives no instant.

    Source: example in the vendor's collection software.
    """
    try:
        document = json.loads(raw)
    except ValueError:
        return unreadable_text("dy-6260", 1, raw, Unread.NOT_ITS_FORM)
    details = document.get("detail") if isinstance(document, dict) else None
    if not isinstance(details, list) or not all(isinstance(row, dict) for row in details):
        return unreadable_text("dy-6260", 1, raw, Unread.NOT_ITS_FORM)
    return tuple(_dy6260_reading(row, raw) for row in details)


def _dy6260_reading(row: dict[str, Any], raw: bytes) -> Reading:
    texts = {str(name): "" if value is None else str(value) for name, value in row.items()}
    result = texts.pop("检测结果", "")
    item = texts.pop("检测项目", "")
    number = texts.pop("样品编号", "")
    time = next((texts[name] for name in ("检测时间", "时间") if name in texts), "")
    parsed = parse_value(result)
    return Reading(
        driver="dy-6260",
        parser_version=1,
        raw=raw,
        item_text=item,
        value_text=result,
        value=parsed.value,
        comparator=parsed.comparator,
        status=ReadingStatus.NOT_AVAILABLE if not result else parsed.status,
        measured_text=time,
        measured_at=parse_time(time),
        record_no=number,
        natural_identity=bool(number and time),
        attributes=tuple(texts.items()),
        encoding="utf-8",
    )
