"""Files of data loggers: a time and a temperature in each row, whatever else stands beside them.

Loggers write CSV, text or workbooks, in UTF-8 or GB18030, with a head of their own. What is read is the column that its
head calls a temperature, or else the first number after the time; nothing is guessed from the name of the file.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal

from chain_of_custody.conditions.types import Reading
from lims.clock import LOCAL_ZONE
from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.quantities import QuantityError, parse_measured
from lims.tables import UnreadableFileError, decode_file, delimited_rows, is_workbook, likely_delimiter, workbook_rows

MAX_READINGS = 50_000  # a year, every ten minutes
MAX_ROWS = MAX_READINGS + 1_000  # with a head and missed readings
ENCODINGS = ("utf-8", "gb18030")
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?")
HALF_OF_DAY = r"(?:[AP]\.?M\b\.?|上午|下午)"  # loggers that count to twelve
INSTANT = re.compile(rf"{DAY.pattern}[ T]+{HALF_OF_DAY}?\s*{TIME.pattern}(?:\s*{HALF_OF_DAY})?", re.IGNORECASE)
FORENOON, AFTERNOON = (re.compile(half, re.IGNORECASE) for half in (r"A\.?M\b|上午", r"P\.?M\b|下午"))
NOON = 12
TEMPERATURE = re.compile(r"温度|temp|[°º]\s*c|℃", re.IGNORECASE)
CELSIUS = re.compile(r"[°º]\s*c|℃", re.IGNORECASE)
FAHRENHEIT = re.compile(r"[°º]\s*f|℉|华氏", re.IGNORECASE)
UNIT = re.compile(r"\s*(?:[°º]\s*c|℃)$", re.IGNORECASE)
COLDEST, WARMEST = Decimal(-200), Decimal(200)


def read_readings(content: bytes) -> list[Reading]:
    """The readings of a file, in order of time.

    Times without a zone are those of the county's clocks.

    Raises:
        InvalidInputError: not decodable, no readings in it, °F, too many, an impossible time or value, or time goes
            back.
    """
    rows = _rows(content)
    readings: list[Reading] = []
    column: int | None = None
    for number, row in enumerate(rows, start=1):
        found = _instant(row, number)
        if found is None:
            _refuse_fahrenheit(row)
            column = _temperature_column(row) if column is None else column
            continue
        at, used = found
        celsius = _celsius(row, column, used, number)
        if celsius is None:
            continue
        if readings and at < readings[-1].at:
            raise InvalidInputError(
                _l("Row %(row)s goes back in time: %(given)s.", row=number, given=f"{at:%Y-%m-%d %H:%M}"), field="file"
            )
        readings.append(Reading(at, celsius))
        if len(readings) > MAX_READINGS:
            raise InvalidInputError(_l("At most %(most)s readings are taken.", most=MAX_READINGS), field="file")
    if not readings:
        raise InvalidInputError(
            _l("No readings found; expected rows such as “2026-11-27 08:10:00, 4.5”."), field="file"
        )
    return readings


def _rows(content: bytes) -> Sequence[Sequence[object]]:
    try:
        if is_workbook(content):
            return workbook_rows(content, most_rows=MAX_ROWS)
        text, encoding = decode_file(content, ENCODINGS)
        if encoding == "latin-1":
            raise InvalidInputError(_l("The file is neither UTF-8 nor GB18030."), field="file")
        text = text.replace("\0", "")
        return delimited_rows(text, likely_delimiter(text), most_rows=MAX_ROWS)
    except UnreadableFileError as error:
        raise InvalidInputError(
            _l("The file cannot be read: %(problem)s.", problem=error.message), field="file"
        ) from error


def _instant(row: Sequence[object], number: int) -> tuple[datetime, int] | None:
    """The first instant of a row, and how many cells of it lie before what was measured.

    A row whose time cannot be is refused: passed over as if it were a head, it would take its reading with it.
    """
    for place, cell in enumerate(row):
        if isinstance(cell, datetime):
            return cell.replace(tzinfo=LOCAL_ZONE), place + 1
        following = row[place + 1] if place + 1 < len(row) else None
        if isinstance(cell, date) and isinstance(following, time):
            return datetime.combine(cell, following, LOCAL_ZONE), place + 2
        text = str(cell).strip()
        together = INSTANT.search(text) or (DAY.fullmatch(text) and INSTANT.search(f"{text} {str(following).strip()}"))
        if together:
            year, month, day, hour, minute, second = (int(part or 0) for part in together.groups())
            if AFTERNOON.search(together[0]) and hour < NOON:
                hour += NOON
            elif FORENOON.search(together[0]) and hour == NOON:
                hour = 0
            try:
                at = datetime(year, month, day, hour, minute, second, tzinfo=LOCAL_ZONE)
            except ValueError as error:
                raise InvalidInputError(
                    _l("Row %(row)s: there is no time %(given)s.", row=number, given=together[0]), field="file"
                ) from error
            return at, place + (1 if INSTANT.search(text) else 2)
    return None


def _temperature_column(row: Sequence[object]) -> int | None:
    for place, cell in enumerate(row):
        if TEMPERATURE.search(str(cell)) and not FAHRENHEIT.search(str(cell)):
            return place if len(row) > 1 else None
    return None


def _refuse_fahrenheit(row: Sequence[object]) -> None:
    """In whatever row it stands: a setting above the head, the head, or behind a reading; beside °C it is harmless."""
    texts = [str(cell).strip() for cell in row]
    told = next((text for text in texts if FAHRENHEIT.search(text)), None)
    if told is not None and not any(CELSIUS.search(text) for text in texts):
        raise InvalidInputError(_l("“%(name)s” is in °F; set the logger to °C.", name=told[:40]), field="file")


def _celsius(row: Sequence[object], column: int | None, used: int, number: int) -> Decimal | None:
    """The temperature of a row; None where its cell is empty, as loggers write a missed reading."""
    cells = [row[column]] if column is not None and used <= column < len(row) else row[used:]
    _refuse_fahrenheit(cells)
    for cell in cells:
        text = UNIT.sub("", str(cell).strip())
        if "," in text and "." not in text:
            text = text.replace(",", ".")
        try:
            celsius = parse_measured(text)
        except QuantityError:
            continue
        if not COLDEST < celsius < WARMEST:
            raise InvalidInputError(
                _l("Row %(row)s: %(value)s °C is no temperature of food.", row=number, value=celsius), field="file"
            )
        return celsius
    return None
