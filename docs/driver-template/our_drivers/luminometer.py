"""A bench luminometer: replace it by your device."""

from functools import partial

from instruments.framing.delimited import LineFramer
from instruments.parsing.values import parse_value, unreadable_text
from instruments.types import Driver, ProvenOn, Reading, Settings, Unread
from lims.tables import decode_text


def parse_luminometer(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """One line of the luminometer: `<number> <RLU>`."""
    words = decode_text(raw).text.split()
    if len(words) != 2:
        return unreadable_text("luminometer", 1, raw, Unread.FIELDS_MISSING)
    parsed = parse_value(words[1])
    return (
        Reading(
            driver="luminometer",
            parser_version=1,
            raw=raw,
            record_no=words[0],
            value_text=words[1],
            value=parsed.value,
            unit_text="RLU",
            status=parsed.status,
        ),
    )


LUMINOMETER = Driver(
    name="luminometer",
    title_zh="台式发光检测仪",
    title_en="Bench luminometer",
    family="lines",
    proven_on=ProvenOn.DOCUMENTS,
    new_framer=partial(LineFramer, 64),
    parse=parse_luminometer,
    examples=(b"1 1234\r\n", b"2 OVER\r\n"),
    source="operating manual, chapter 7",
)
