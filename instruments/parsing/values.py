"""From what a device sends to texts, numbers and instants, without adding anything."""

import re
import struct
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from instruments.types import Comparator, QuarantineReason, Reading, ReadingStatus, Unread
from lims.clock import LOCAL_ZONE

EARLIEST_YEAR, LATEST_YEAR = 2012, 2079  # a clock outside was never set

_NUMBER = re.compile(
    r"""\s*(?P<comparator><=|>=|≤|≥|<|>|＜|＞)?\s*
        (?P<number>[+-]?[ ]*(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]{1,3})?)\s*""",
    re.VERBOSE,
)
_COMPARATORS = {
    "<": Comparator.LESS,
    "＜": Comparator.LESS,
    "<=": Comparator.LESS_OR_EQUAL,
    "≤": Comparator.LESS_OR_EQUAL,
    ">": Comparator.GREATER,
    "＞": Comparator.GREATER,
    ">=": Comparator.GREATER_OR_EQUAL,
    "≥": Comparator.GREATER_OR_EQUAL,
}
_SENTINELS = {
    "": ReadingStatus.NOT_AVAILABLE,
    "-": ReadingStatus.NOT_AVAILABLE,
    "--": ReadingStatus.NOT_AVAILABLE,
    "---": ReadingStatus.NOT_AVAILABLE,
    "---.-": ReadingStatus.NOT_AVAILABLE,
    "-.---": ReadingStatus.NOT_AVAILABLE,
    "na": ReadingStatus.NOT_AVAILABLE,
    "n/a": ReadingStatus.NOT_AVAILABLE,
    "nan": ReadingStatus.NOT_AVAILABLE,
    "null": ReadingStatus.NOT_AVAILABLE,
    "over": ReadingStatus.OVER,
    "+over": ReadingStatus.OVER,
    "+ovr": ReadingStatus.OVER,
    "ovr": ReadingStatus.OVER,
    "or": ReadingStatus.OVER,
    "high": ReadingStatus.OVER,
    "under": ReadingStatus.UNDER,
    "-ovr": ReadingStatus.UNDER,
    "low": ReadingStatus.UNDER,
    "无效": ReadingStatus.INVALID,
    "invalid": ReadingStatus.INVALID,
    "error": ReadingStatus.INVALID,
}


class ParsedValue(NamedTuple):
    """A value text taken apart; texts that are no number (阴性) keep status OK and have no value."""

    value: Decimal | None
    comparator: Comparator | None
    status: ReadingStatus

    @property
    def is_figure(self) -> bool:
        """Whether it is a number or a sentinel: of a device that sends nothing else, other texts cannot be read."""
        return self.value is not None or self.status is not ReadingStatus.OK


_FIGURE = re.compile(rb"[0-9]")


def unreadable(driver: str, parser_version: int, raw: bytes, why: Unread) -> tuple[Reading, ...]:
    """What a parser says of a unit that should be a reading and is none it knows: a person sees it with the reason."""
    return (
        Reading(
            driver=driver,
            parser_version=parser_version,
            raw=raw,
            status=ReadingStatus.INVALID,
            verdict_text=why,
            problem=QuarantineReason.UNDECODABLE,
        ),
    )


def unreadable_text(driver: str, parser_version: int, raw: bytes, why: Unread) -> tuple[Reading, ...]:
    """The same of a text: one without any figure is an answer or noise, and comes to nothing."""
    return () if _FIGURE.search(raw) is None else unreadable(driver, parser_version, raw, why)


def parse_value(text: str, *, decimal_comma: bool = False) -> ParsedValue:
    """The number in a value text, if that is all there is.

    Args:
        text: as sent, padding allowed.
        decimal_comma: whether the file writes 0,035; then a point is not accepted.
    """
    stripped = text.strip()
    sentinel = _SENTINELS.get(stripped.lower())
    if sentinel is not None:
        return ParsedValue(None, None, sentinel)
    if decimal_comma:
        if "." in stripped:
            return ParsedValue(None, None, ReadingStatus.OK)
        stripped = stripped.replace(",", ".")
    found = _NUMBER.fullmatch(stripped)
    if found is None:
        return ParsedValue(None, None, ReadingStatus.OK)
    number = Decimal(found["number"].replace(" ", ""))
    return ParsedValue(number, _COMPARATORS.get(found["comparator"] or ""), ReadingStatus.OK)


def decode_fixed(raw: bytes, encoding: str = "gb18030") -> str:
    """A fixed-width field: NUL and blank padding off, a Hanzi cut in half at the end left out."""
    field = raw.split(b"\x00", 1)[0].strip(b" \xff")
    try:
        return field.decode(encoding).strip()
    except UnicodeDecodeError:
        pass
    try:
        return field[:-1].decode(encoding).strip()
    except UnicodeDecodeError:
        return field.decode("latin-1").strip()


class DeviceTime(NamedTuple):
    """What a device's clock said and, if it can be true, the instant."""

    text: str
    instant: datetime | None


def device_time(  # noqa: PLR0917 - the six figures of a clock, in their order
    year: int, month: int, day: int, hour: int, minute: int, second: int
) -> DeviceTime:
    """The instant of a device clock, which keeps the wall clock of Asia/Shanghai."""
    text = f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
    return DeviceTime(text, instant_of(year, month, day, hour, minute, second))


def instant_of(  # noqa: PLR0917 - the same six
    year: int, month: int, day: int, hour: int, minute: int, second: int = 0
) -> datetime | None:
    """The UTC instant, or None where a clock cannot have shown this or was evidently never set."""
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        return None
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=LOCAL_ZONE)
    except ValueError:
        return None
    return local.astimezone(UTC)


_TIME_SHAPES = (
    re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.]\d+)?)?"),
    re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?"),
)


def parse_time(text: str) -> datetime | None:
    """The UTC instant of a written local time, year first; None for any other form and for a day without a time."""
    for shape in _TIME_SHAPES:
        found = shape.fullmatch(text.strip())
        if found is not None:
            return instant_of(*(int(part) for part in found.groups() if part is not None))
    return None


def scaled(number: int, decimals: int) -> tuple[str, Decimal]:
    """A scaled integer written out: (2345, 2) is 23.45. Trailing zeros stay, the device measured them."""
    value = Decimal(number).scaleb(-decimals)
    return f"{value:f}", value


def float32_text(raw: bytes) -> str:
    """The shortest decimal that is this big-endian 32-bit float and no other."""
    number = struct.unpack(">f", raw)[0]
    for digits in range(1, 10):
        text = f"{number:.{digits}g}"
        if struct.pack(">f", float(text)) == raw:
            return f"{Decimal(text):f}"
    return f"{Decimal(repr(number)):f}"


def signed16(low: int, high: int) -> int:
    """Two bytes as a signed integer: inhibition rates can be negative."""
    number = low | high << 8
    return number - 0x10000 if number & 0x8000 else number
