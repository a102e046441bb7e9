"""How tables of systems outside look: which columns, under which names and codes, since when.

The official layouts are not published in full, so what is known of them is data (`data/columns.csv`): one row for each
column with its dates, its trust mark and its source. An installation that knows better puts a file of the same shape at
`$LIMS_HOME/columns.csv`; its rows stand in for the shipped ones of the same layout.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from lims.config import Settings
from lims.errors import ConfigurationError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.tables import Table, UnreadableFileError, read_table_file, read_workbook, without_guard

SHIPPED = Path(__file__).parent / "data" / "columns.csv"
OWN_NAME = "columns.csv"
LOOKED_AT = 15  # rows in which a header may stand: titles and notes come first
_CODE = re.compile(r"\(([A-Za-z0-9_]+)\)$")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_own: list[Path] = []


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a layout.

    Attributes:
        field: what we call it.
        code: the code of the other system, such as `sp_s_16`; empty where it has none.
        heading: its name as it is printed.
        also: other names it is known by.
        is_needed: whether a table without it cannot be read.
        trust: R from real papers, G general practice, I inferred.
    """

    layout: str
    field: str
    code: str
    heading: str
    also: tuple[str, ...]
    is_needed: bool
    valid_from: date
    valid_to: date | None
    trust: str
    source: str

    @property
    def title(self) -> str:
        """What stands above the column when we write it: name and code."""
        return f"{self.heading}({self.code})" if self.code else self.heading

    @property
    def names(self) -> frozenset[str]:
        """Everything it is recognised by, as `plain` leaves it."""
        return frozenset(map(plain, (self.heading, *self.also, *([self.code] if self.code else []))))


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a table that was read by a layout.

    Attributes:
        number: of the row in the file, from 1.
        cells: field → text without the space around it; a field whose column the file lacks is left out.
    """

    number: int
    cells: Mapping[str, str]

    def get(self, field: str) -> str:
        """The text of a field, empty where there is none."""
        return self.cells.get(field, "")


def configure(settings: Settings) -> None:
    """Take the layouts of this installation, if it keeps a file of its own."""
    _own[:] = [settings.home / OWN_NAME]
    _columns.cache_clear()


def columns_of(layout: str, day: date) -> Sequence[Column]:
    """The columns of a layout on a day, in their order.

    Raises:
        KeyError: there is no such layout.
        ConfigurationError: the installation's own file cannot be read.
    """
    own = _own[0] if _own and _own[0].is_file() else None
    found = [
        one
        for one in _columns(own)
        if one.layout == layout and one.valid_from <= day and (one.valid_to is None or one.valid_to >= day)
    ]
    if not found:
        raise KeyError(layout)
    return found


def plain(text: str) -> str:
    """A heading as it is compared: one width, no spaces, no colon or star at its end, lower case."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).strip(":*").lower()


def read_records(content: bytes, columns: Sequence[Column], *, sheet: str | None = None) -> list[Record]:
    """The rows of a file under the headings of a layout, in whatever order its columns stand.

    Raises:
        UnreadableFileError: no table, or no row that names the columns which are needed.
    """
    table = _table(content, sheet)
    place, fields = _header(table, columns)
    return [
        Record(number, {field: without_guard(row[at]) for at, field in fields.items()})
        for number, row in enumerate(table.rows[place + 1 :], start=place + 2)
        if any(row)
    ]


def read_day(text: str) -> date | None:
    """A day as people and spreadsheets write it: 2026-09-14, 2026/9/14, 2026年9月14日, 20260914; None where empty.

    Raises:
        InvalidInputError: it is none of these.
    """
    given = unicodedata.normalize("NFKC", text).strip()
    if not given:
        return None
    match = _DAY.match(given) or _DIGITS.fullmatch(given)
    try:
        return date(*map(int, match.groups() if match else ()))
    except (TypeError, ValueError) as error:  # no parts at all, or a month of 13
        raise InvalidInputError(
            _l("“%(given)s” is no day; expected one such as %(example)s.", given=text, example="2026-09-14")
        ) from error


def _table(content: bytes, sheet: str | None) -> Table:
    return read_table_file(content) if sheet is None else read_workbook(content, sheet=sheet)


def _header(table: Table, columns: Sequence[Column]) -> tuple[int, Mapping[int, str]]:
    needed = {one.field for one in columns if one.is_needed}
    best: dict[int, str] = {}
    for place, row in enumerate(table.rows[:LOOKED_AT]):
        fields = _recognise(row, columns)
        if needed <= set(fields.values()):
            return place, fields
        best = max(best, fields, key=len)
    missing = [one.heading for one in columns if one.is_needed and one.field not in best.values()]
    raise UnreadableFileError(
        _l(
            "no row of the file names the columns; not found: %(missing)s",
            missing="、".join(missing),
        )
    )


def _recognise(row: Iterable[str], columns: Sequence[Column]) -> dict[int, str]:
    """Which cell of a row names which field; of two that name the same one the first counts."""
    known = {name: one.field for one in reversed(columns) for name in one.names}
    found: dict[int, str] = {}
    for at, cell in enumerate(row):
        name = plain(cell)
        code = _CODE.search(name)
        field = known.get(name) or (known.get(code[1]) or known.get(name[: code.start()]) if code else None)
        if field is not None and field not in found.values():
            found[at] = field
    return found


@cache
def _columns(own: Path | None) -> tuple[Column, ...]:
    shipped = _read(SHIPPED)
    if own is None:
        return shipped
    theirs = _read(own)
    replaced = {one.layout for one in theirs}
    return (*(one for one in shipped if one.layout not in replaced), *theirs)


def _read(path: Path) -> tuple[Column, ...]:
    rows: list[Column] = []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            try:
                rows.append(_column(row))
            except (KeyError, ValueError, AttributeError) as error:
                raise ConfigurationError(
                    _l("%(path)s, line %(line)s: %(error)s", path=str(path), line=number, error=str(error))
                ) from error
    return tuple(rows)


def _column(row: Mapping[str, str]) -> Column:
    return Column(
        layout=row["layout"],
        field=row["field"],
        code=row["code"],
        heading=row["heading"],
        also=tuple(name for name in row["also"].split("|") if name),
        is_needed=row["needed"] == "1",
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        trust=row["trust"],
        source=row["source"],
    )
