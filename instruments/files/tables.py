"""From the bytes of a file to a table of texts. Nothing is guessed into a number or a date on the way."""

import csv
import io
import re
import zipfile
from dataclasses import dataclass
from enum import StrEnum

from instruments.parsing.values import DecodedText, decode_text
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_ROWS = 50_000  # 200 injections x 250 items
MAX_COLUMNS = 512
MAX_INFLATED_BYTES = 200 * 1024 * 1024  # a workbook is a zip: small bytes can be a large sheet
EXCEL_DIGITS = 15

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_LONG_NUMBER = re.compile(rf"\d{{{EXCEL_DIGITS + 1},}}")
REPLACEMENT = "\ufffd"


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


def decode_file(content: bytes, encodings: tuple[str, ...]) -> DecodedText:
    """Decode by byte order mark, else by the ladder of strict encodings."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            try:
                return DecodedText(content.decode(encoding), encoding)
            except UnicodeDecodeError as error:
                raise UnreadableFileError(
                    _l("the file begins like %(encoding)s but is not: %(error)s", encoding=encoding, error=error)
                ) from error
    return decode_text(content, encodings)


def read_text_table(
    content: bytes,
    *,
    delimiter: str,
    encodings: tuple[str, ...] = ("ascii", "utf-8", "gb18030"),
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
    import pandas as pd

    _check_size(content)
    decoded = decode_file(content, encodings)
    text = decoded.text.replace("\x00", "")
    warnings = []
    if REPLACEMENT in text:
        warnings.append(_l("the file was damaged before it came here: it holds replacement characters"))
    if wrapped_lines:
        text = "\n".join(line.strip().removeprefix('"').removesuffix('"') for line in text.splitlines())
    width, height = _shape(text, delimiter)
    if not width:
        return Table((), decoded.encoding, tuple(warnings))
    if height > MAX_ROWS:
        raise UnreadableFileError(
            _l("the file has %(rows)s rows; at most %(most)s are read", rows=height, most=MAX_ROWS)
        )
    if width > MAX_COLUMNS:
        raise UnreadableFileError(
            _l("the file has %(columns)s columns; at most %(most)s are read", columns=width, most=MAX_COLUMNS)
        )
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=delimiter,
            header=None,
            names=list(range(width)),
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
            quoting=csv.QUOTE_NONE if wrapped_lines else csv.QUOTE_MINIMAL,
            engine="c",
        )
    except pd.errors.ParserError as error:
        raise UnreadableFileError(_l("the file cannot be read as delimited text: %(error)s", error=error)) from error
    return Table(_texts(frame), decoded.encoding, tuple(warnings))


def read_workbook(content: bytes, *, sheet: str | None = None) -> Table:
    """Read one sheet of an `.xls` or `.xlsx` workbook: the named one, or the first that has cells.

    Raises:
        UnreadableFileError: too large, no workbook, or no such sheet.
    """
    import pandas as pd
    from python_calamine import CalamineError, load_workbook

    _check_size(content)
    _check_inflation(content)
    try:
        workbook = load_workbook(io.BytesIO(content))
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableFileError(_l("the file is no workbook: %(error)s", error=error)) from error
    names = workbook.sheet_names
    if sheet is not None and sheet not in names:
        raise UnreadableFileError(
            _l("the workbook has no sheet “%(sheet)s”; it has %(names)s", sheet=sheet, names=", ".join(names))
        )
    for name in [sheet] if sheet is not None else names:
        frame = pd.read_excel(
            io.BytesIO(content),
            sheet_name=name,
            header=None,
            dtype=str,
            keep_default_na=False,
            engine="calamine",
            nrows=MAX_ROWS + 1,
        )
        if frame.shape[0] > MAX_ROWS or frame.shape[1] > MAX_COLUMNS:
            raise UnreadableFileError(
                _l(
                    "sheet “%(sheet)s” has more than %(rows)s rows or %(columns)s columns",
                    sheet=name,
                    rows=MAX_ROWS,
                    columns=MAX_COLUMNS,
                )
            )
        if frame.size:
            rows = _texts(frame)
            return Table(rows, "", _workbook_warnings(rows))
    return Table((), "")


def _texts(frame: "object") -> tuple[tuple[str, ...], ...]:
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"expected a data frame, got {type(frame).__name__}")
    columns = [[str(cell).strip() for cell in frame[name].fillna("").tolist()] for name in frame.columns]
    return tuple(zip(*columns, strict=True))


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


def _shape(text: str, delimiter: str) -> tuple[int, int]:
    """An upper bound of the columns, and the lines."""
    lines = text.splitlines()
    return max((line.count(delimiter) + 1 for line in lines), default=0), len(lines)


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
