"""From the bytes of a file to its rows and back: delimited text in the encodings of instruments and offices, workbooks.

`Table` is what the parts read that know a file by its header: texts, nothing guessed into a number or a date.
`workbook_rows` gives cells as the workbook keeps them, for those that need its dates.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple

from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_ROWS = 50_000  # 200 injections x 250 items
MAX_COLUMNS = 512
MAX_INFLATED_BYTES = 200 * 1024 * 1024  # a workbook is a zip: small bytes can be a large sheet
EXCEL_DIGITS = 15

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
WORKBOOK_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .xls
LADDER = ("ascii", "utf-8", "gb18030")
DELIMITERS = ("\t", ";", ",")
MAX_CELL = 1_048_576  # characters: past it a quote was never closed
_LONG_NUMBER = re.compile(rf"\d{{{EXCEL_DIGITS + 1},}}")
REPLACEMENT = "\ufffd"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would carry out


class FileFormat(StrEnum):
    """How cells are kept in the file."""

    TEXT = "text"
    EXCEL = "excel"


class UnreadableFileError(ValueError):
    """The file cannot be read as what the profile says; the message tells why, in the language of who asks."""

    def __init__(self, message: LazyString) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of one file as texts, trimmed of padding; short rows are filled with empty cells.

    Attributes:
        rows: all rows, the blank ones too, so that row numbers are those of the file.
        encoding: it was decoded in; empty for workbooks.
        warnings: what somebody should know before trusting the content.
    """

    rows: tuple[tuple[str, ...], ...]
    encoding: str
    warnings: tuple[LazyString, ...] = ()


class DecodedText(NamedTuple):
    """A text and the encoding it was read in."""

    text: str
    encoding: str


def decode_text(raw: bytes, encodings: tuple[str, ...] = LADDER) -> DecodedText:
    """Decode by a ladder of strict encodings; never by statistics, never by replacement.

    Where nothing fits, the text is Latin-1, which keeps every byte: what was sent can be got back.
    """
    for encoding in encodings:
        try:
            return DecodedText(raw.decode(encoding), encoding)
        except UnicodeDecodeError:
            continue
    return DecodedText(raw.decode("latin-1"), "latin-1")


def decode_file(content: bytes, encodings: tuple[str, ...] = LADDER) -> DecodedText:
    """Decode by byte order mark, else by the ladder of strict encodings.

    Raises:
        UnreadableFileError: it begins like an encoding that it is not in.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            try:
                return DecodedText(content.decode(encoding), encoding)
            except UnicodeDecodeError as error:
                raise UnreadableFileError(
                    _l("the file begins like %(encoding)s but is not: %(error)s", encoding=encoding, error=error)
                ) from error
    return decode_text(content, encodings)


def is_workbook(content: bytes) -> bool:
    """Whether these bytes begin as an `.xls` or `.xlsx` does."""
    return content.startswith(WORKBOOK_MARKS)


def likely_delimiter(text: str) -> str:
    """Tab, semicolon or comma, whichever stands most often in the beginning of a text."""
    return max(DELIMITERS, key=lambda mark: (text.count(mark, 0, 20_000), -DELIMITERS.index(mark)))


def read_text_table(
    content: bytes,
    *,
    delimiter: str,
    encodings: tuple[str, ...] = LADDER,
    wrapped_lines: bool = False,
) -> Table:
    """Read delimited text.

    Args:
        content: the bytes of the file.
        delimiter: one character.
        encodings: ladder for files without a byte order mark.
        wrapped_lines: whether every whole line stands between quotes (Hach DR3900).

    Raises:
        UnreadableFileError: too large, or not decodable.
    """
    _check_size(content)
    decoded = decode_file(content, encodings)
    text = decoded.text.replace("\x00", "")
    warnings = []
    if REPLACEMENT in text:
        warnings.append(_l("the file was damaged before it came here: it holds replacement characters"))
    if wrapped_lines:
        text = "\n".join(line.strip().removeprefix('"').removesuffix('"') for line in text.splitlines())
    return Table(_texts(delimited_rows(text, delimiter, quoted=not wrapped_lines)), decoded.encoding, tuple(warnings))


def delimited_rows(text: str, delimiter: str, *, quoted: bool = True, most_rows: int = MAX_ROWS) -> list[list[str]]:
    """The rows of a delimited text, the blank ones too.

    Args:
        text: decoded.
        delimiter: one character.
        quoted: whether quotes keep a delimiter or a line end inside a cell.
        most_rows: that are read.

    Raises:
        UnreadableFileError: too many rows or columns, or a quote that is never closed.
    """
    try:
        try:
            rows = _cut(text, delimiter, most_rows, quoted=quoted, strict=True)
        except csv.Error as error:
            if "end of data" in str(error):
                raise
            rows = _cut(
                text, delimiter, most_rows, quoted=quoted, strict=False
            )  # `"a"b`: a quote inside a cell, not doubled
    except csv.Error as error:
        raise UnreadableFileError(_l("the file cannot be read as delimited text: %(error)s", error=error)) from error
    width = max(map(len, rows), default=0)
    if width > MAX_COLUMNS:
        raise UnreadableFileError(
            _l("the file has %(columns)s columns; at most %(most)s are read", columns=width, most=MAX_COLUMNS)
        )
    return rows


def _cut(text: str, delimiter: str, most_rows: int, *, quoted: bool, strict: bool) -> list[list[str]]:
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        strict=strict,
    )
    rows = list(islice(reader, most_rows + 1))
    if len(rows) > most_rows:
        raise UnreadableFileError(_l("the file has more than %(most)s rows", most=most_rows))
    return rows


def read_workbook(content: bytes, *, sheet: str | None = None) -> Table:
    """Read one sheet of an `.xls` or `.xlsx` workbook as texts: the named one, or the first that has cells.

    Raises:
        UnreadableFileError: too large, no workbook, or no such sheet.
    """
    import pandas as pd  # takes half a second, which only those wait who bring a workbook

    for name in _sheets(content, sheet):
        frame = pd.read_excel(
            io.BytesIO(content),
            sheet_name=name,
            header=None,
            dtype=str,
            keep_default_na=False,
            engine="calamine",
            nrows=MAX_ROWS + 1,
        )
        _check_extent(name, *frame.shape, MAX_ROWS)
        if frame.size:
            rows = _texts(frame.fillna("").astype(str).to_numpy().tolist())
            return Table(rows, "", _workbook_warnings(rows))
    return Table((), "")


def workbook_rows(content: bytes, *, sheet: str | None = None, most_rows: int = MAX_ROWS) -> Sequence[Sequence[object]]:
    """The cells of one sheet as the workbook keeps them: the named one, or the first that has cells.

    Raises:
        UnreadableFileError: too large, no workbook, or no such sheet.
    """
    from python_calamine import load_workbook

    for name in _sheets(content, sheet):
        rows: Sequence[Sequence[object]] = (
            load_workbook(io.BytesIO(content))
            .get_sheet_by_name(name)
            .to_python(skip_empty_area=False, nrows=most_rows + 1)
        )
        _check_extent(name, len(rows), len(rows[0]) if rows else 0, most_rows)
        if rows and rows[0]:
            return rows
    return []


def _sheets(content: bytes, sheet: str | None) -> list[str]:
    """The sheets to be looked at: the named one, or all of them.

    Raises:
        UnreadableFileError: too large, no workbook, or no such sheet.
    """
    from python_calamine import CalamineError, load_workbook

    _check_size(content)
    _check_inflation(content)
    try:
        names = load_workbook(io.BytesIO(content)).sheet_names
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableFileError(_l("the file is no workbook: %(error)s", error=error)) from error
    if sheet is None:
        return names
    if sheet not in names:
        raise UnreadableFileError(
            _l("the workbook has no sheet “%(sheet)s”; it has %(names)s", sheet=sheet, names=", ".join(names))
        )
    return [sheet]


def _check_extent(sheet: str, rows: int, columns: int, most_rows: int) -> None:
    if rows > most_rows or columns > MAX_COLUMNS:
        raise UnreadableFileError(
            _l(
                "sheet “%(sheet)s” has more than %(rows)s rows or %(columns)s columns",
                sheet=sheet,
                rows=most_rows,
                columns=MAX_COLUMNS,
            )
        )


def _texts(rows: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Trimmed of padding, all of one width."""
    trimmed = [tuple(map(str.strip, row)) for row in rows]
    width = max(map(len, trimmed), default=0)
    return tuple(row if len(row) == width else row + ("",) * (width - len(row)) for row in trimmed)


def _workbook_warnings(rows: tuple[tuple[str, ...], ...]) -> tuple[LazyString, ...]:
    """Excel keeps 15 digits of a number: a longer one was a text, or has lost its end."""
    for number, row in enumerate(rows, 1):
        for cell in row:
            if _LONG_NUMBER.fullmatch(cell):
                return (
                    _l(
                        "row %(row)s: %(cell)s is longer than the %(digits)s digits that a workbook keeps",
                        row=number,
                        cell=cell,
                        digits=EXCEL_DIGITS,
                    ),
                )
    return ()


def _check_size(content: bytes) -> None:
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFileError(
            _l("the file has %(size)s bytes; at most %(most)s are read", size=len(content), most=MAX_FILE_BYTES)
        )


def _check_inflation(content: bytes) -> None:
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inflated = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise UnreadableFileError(_l("the file is no workbook: %(error)s", error=error)) from error
    if inflated > MAX_INFLATED_BYTES:
        raise UnreadableFileError(
            _l(
                "the workbook grows to %(size)s bytes; at most %(most)s are read",
                size=inflated,
                most=MAX_INFLATED_BYTES,
            )
        )


def to_csv(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """CSV with a byte order mark, which spreadsheets need for Chinese; no cell is a formula.

    A cell that a spreadsheet would carry out begins with an apostrophe; `without_guard` takes it off again.
    """
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([f"'{cell}" if _is_guarded(cell) else cell for cell in row])
    return ("\ufeff" + written.getvalue()).encode()


def read_table_file(content: bytes) -> Table:
    """Read a workbook, or delimited text of whatever delimiter and encoding.

    Raises:
        UnreadableFileError: empty, too large, or neither.
    """
    if not content:
        raise UnreadableFileError(_l("the file is empty"))
    if is_workbook(content):
        return read_workbook(content)
    return read_text_table(content, delimiter=likely_delimiter(decode_file(content).text))


def without_guard(cell: str) -> str:
    """A cell as it was before `to_csv` kept it from being a formula."""
    return cell[1:] if cell.startswith("'") and _is_guarded(cell[1:]) else cell


def _is_guarded(cell: str) -> bool:
    """Whether a spreadsheet would carry it out; apostrophes of its own do not hide that, or they would be lost."""
    return cell.lstrip("'").startswith(_FORMULA)


def to_xlsx(sheets: Mapping[str, Sequence[Sequence[str]]], made_at: datetime) -> bytes:
    """A workbook of texts, its first row of each sheet the header; no cell is a formula, and no number loses a digit.

    Args:
        sheets: rows by the name of their sheet.
        made_at: the instant that the workbook names as its own.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = made_at.astimezone(UTC).replace(tzinfo=None)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "B2"
        for row in rows:
            sheet.append([_text_cell(sheet, text) for text in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _text_cell(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"  # `=1+1` stays these four characters
    cell.number_format = "@"
    return cell
