"""From a file to readings by a profile, row by row: what was read, what could not be read and why."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from instruments.files.profiles import FileProfile, Layout
from instruments.parsing.values import instant_of, parse_time, parse_value
from instruments.types import Reading, ReadingStatus
from lims.clock import LOCAL_ZONE
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.tables import FileFormat, Table, UnreadableFileError, read_text_table, read_workbook

CELL_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """One row of a file: its readings, or the reason why there are none.

    Attributes:
        number: of the row in the file, from 1.
        readings: what it says.
        problem: why it says nothing; None where it does.
    """

    number: int
    readings: tuple[Reading, ...]
    problem: LazyString | None = None


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """What a profile made of a file.

    Attributes:
        sha256: of the bytes; the same bytes under another name are the same file.
        profile: that was used.
        encoding: the text was in.
        rows: in the order of the file.
        warnings: about the file as a whole.
    """

    sha256: str
    profile: FileProfile
    encoding: str
    rows: tuple[ImportedRow, ...]
    warnings: tuple[LazyString, ...]

    def readings(self) -> Iterator[tuple[str, Reading]]:
        """Readings with their position, from which their key is made."""
        for row in self.rows:
            for at, reading in enumerate(row.readings):
                yield f"{self.sha256}:{row.number}:{at}", reading

    @property
    def unreadable(self) -> tuple[ImportedRow, ...]:
        return tuple(row for row in self.rows if row.problem)


def read_table(content: bytes, profile: FileProfile) -> Table:
    """The table of a file as the profile reads it.

    Raises:
        UnreadableFileError: it cannot be read like that.
    """
    if profile.format is FileFormat.EXCEL:
        return read_workbook(content, sheet=profile.sheet)
    return read_text_table(
        content,
        delimiter=profile.delimiter,
        encodings=profile.encodings,
        wrapped_lines=profile.wrapped_lines,
    )


def import_file(content: bytes, profile: FileProfile) -> ImportedFile:
    """Read a file by a profile.

    Raises:
        UnreadableFileError: it cannot be read, or has no row with the texts of the profile's header.
    """
    return import_table(read_table(content, profile), profile, sha256(content).hexdigest())


def import_table(table: Table, profile: FileProfile, digest: str = "") -> ImportedFile:
    """Read a table that was cut into cells already.

    Raises:
        UnreadableFileError: it has no row with the texts of the profile's header.
    """
    rows = tuple(_Sheet(profile, table).rows())
    return ImportedFile(digest, profile, table.encoding, rows, table.warnings)


def propose_profiles(content: bytes, profiles: Iterable[FileProfile]) -> list[FileProfile]:
    """The profiles whose header stands in the file, the one with the longest header first."""
    fitting = []
    for profile in profiles:
        try:
            table = read_table(content, profile)
        except UnreadableFileError:
            continue
        if any(set(profile.header) <= set(row) for row in table.rows):
            fitting.append(profile)
    return sorted(fitting, key=lambda profile: (-len(profile.header), profile.name))


class _Sheet:
    """A table being read: it knows the header row that was seen last."""

    def __init__(self, profile: FileProfile, table: Table) -> None:
        self._profile = profile
        self._table = table
        self._header: tuple[str, ...] = ()
        self._preamble: dict[str, str] = {}
        self._skip = 0
        self._driver = f"file:{profile.name}"
        self._attributes = tuple(profile.attributes.items())
        self._seen: dict[tuple[str, ...], int] = {}  # how many rows with these facts stood before
        self._places: dict[str, tuple[int, ...]] = {}  # role, and name of a column → cells
        self._items: tuple[tuple[int, str, str], ...] = ()  # of a matrix: cell, item and unit of each item column

    def rows(self) -> Iterator[ImportedRow]:
        needed = set(self._profile.header)
        rarest = max(needed, key=len, default="")
        for number, row in enumerate(self._table.rows, 1):
            if rarest in row and needed.issubset(row):
                self._begin_under(row)
                self._skip = self._profile.skip_after_header
            elif not self._header:
                self._note_preamble(row)
            elif self._skip:
                self._skip -= 1
            elif any(row):
                yield self._read(number, row)
        if not self._header:
            wanted = ", ".join(self._profile.header)
            raise UnreadableFileError(
                _l(
                    "No row holds %(header)s; this is no file for profile %(profile)s.",
                    header=wanted,
                    profile=self._profile.name,
                )
            )

    def _begin_under(self, header: tuple[str, ...]) -> None:
        """Find the columns once for all rows under a header."""
        self._header = header
        profile = self._profile
        named = {name for columns in profile.columns.values() for name in columns}
        named |= {*profile.attributes.values(), profile.control_column}
        self._places = {f"={name}": _place(header, name) for name in named}
        for role, columns in profile.columns.items():
            self._places[role] = tuple(place for name in columns for place in _place(header, name))
        self._items = tuple(self._item_columns()) if profile.layout is Layout.MATRIX else ()

    def _note_preamble(self, row: Sequence[str]) -> None:
        for role, pattern in self._profile.preamble.items():
            for cell in row:
                found = pattern.fullmatch(cell)
                if found is not None:
                    self._preamble[role] = found[1].strip()

    def _read(self, number: int, row: Sequence[str]) -> ImportedRow:
        sample = self._cell(row, "sample") or self._preamble.get("sample", "")
        if not sample and ("sample" in self._profile.columns or "sample" in self._profile.preamble):
            return ImportedRow(number, (), _l("no sample"))
        matrix = self._profile.layout is Layout.MATRIX
        readings = tuple(self._matrix(row, sample) if matrix else self._single(row, sample))
        if not readings:
            return ImportedRow(number, (), _l("no value in any item column") if matrix else _l("no value"))
        return ImportedRow(number, readings)

    def _single(self, row: Sequence[str], sample: str) -> Iterator[Reading]:
        value_text = self._cell(row, "value")
        if not value_text:
            return
        item = self._cell(row, "item") or self._preamble.get("item", "")
        yield self._reading(row, sample, item, value_text, self._cell(row, "unit"))

    def _matrix(self, row: Sequence[str], sample: str) -> Iterator[Reading]:
        for place, item, unit in self._items:
            if row[place]:
                yield self._reading(row, sample, item, row[place], unit)

    def _item_columns(self) -> Iterator[tuple[int, str, str]]:
        profile = self._profile
        taken = {name for names in profile.columns.values() for name in names} | set(profile.attributes.values())
        for place, heading in enumerate(self._header):
            if not heading or heading in taken or heading in profile.skip_items or profile.item_pattern is None:
                continue
            found = profile.item_pattern.fullmatch(heading)
            if found is not None:
                groups = found.groupdict(default="")
                yield place, groups["item"].strip(), groups.get("unit", "").strip()

    def _reading(self, row: Sequence[str], sample: str, item: str, cell: str, unit: str) -> Reading:
        profile = self._profile
        value_text = cell
        if profile.value_pattern is not None and (found := profile.value_pattern.fullmatch(cell)):
            value_text = found["value"]
            unit = found.groupdict(default="").get("unit", "") or unit
        parsed = parse_value(value_text, decimal_comma=profile.decimal_comma)
        verdict = self._cell(row, "verdict")
        status = parsed.status
        if status is ReadingStatus.OK:
            status = profile.verdict_statuses.get(verdict, status)
        measured, record_no, slot = self._cell(row, "measured"), self._cell(row, "record_no"), self._cell(row, "slot")
        item = item or profile.constants.get("item", "")
        facts = (sample, item, measured, record_no, slot)
        replicate = self._seen.get(facts, 0)
        self._seen[facts] = replicate + 1
        return Reading(
            driver=self._driver,
            parser_version=profile.version,
            raw=CELL_SEPARATOR.join(row).encode(),
            item_text=item,
            sample_text=sample,
            name_text=self._cell(row, "name"),
            slot=slot,
            value_text=value_text,
            value=parsed.value,
            comparator=parsed.comparator,
            unit_text=unit or profile.constants.get("unit", ""),
            status=status,
            verdict_text=verdict,
            measured_text=measured,
            measured_at=self._instant(measured),
            record_no=record_no,
            quality_control=self._is_control(row),
            # An export is often yesterday's with more rows: what has a time or a number of its own is known again.
            natural_identity=bool(measured or record_no),
            replicate=replicate,
            attributes=tuple([(name, self._at(row, column)) for name, column in self._attributes]),
            encoding=self._table.encoding,
        )

    def _is_control(self, row: Sequence[str]) -> bool:
        column = self._profile.control_column
        return bool(column) and self._at(row, column) in self._profile.control_values

    def _instant(self, text: str) -> datetime | None:
        if not self._profile.measured_format:
            return parse_time(text)
        try:
            local = datetime.strptime(text, self._profile.measured_format).replace(tzinfo=LOCAL_ZONE)
        except ValueError:
            return None
        plausible = instant_of(*local.timetuple()[:6])
        return local.astimezone(UTC) if plausible is not None else None

    def _cell(self, row: Sequence[str], role: str) -> str:
        places = self._places.get(role)
        if not places:
            return ""
        if len(places) == 1:  # nearly always
            return row[places[0]]
        return " ".join([row[place] for place in places if row[place]])

    def _at(self, row: Sequence[str], column: str) -> str:
        """The cell under a heading, or `#3`, the third."""
        places = self._places.get(f"={column}")
        return row[places[0]] if places else ""


def _place(header: Sequence[str], column: str) -> tuple[int, ...]:
    """Where a column stands, by its heading or by `#3`, the third; nowhere when there is none.

    The rows of a table are all of one width, so what stands in the header stands in every row.
    """
    if column.startswith("#") and column[1:].isdigit():
        return (int(column[1:]) - 1,) if 0 < int(column[1:]) <= len(header) else ()
    return (header.index(column),) if column and column in header else ()
