"""Reading a CSV or XLSX of results into printed items, and judging them one by one.

Two shapes are understood: named columns (Chinese or English), and the published one-cell form
`项目║结果║标准值`. Title rows above the header are skipped; continuation
rows of a sample with several items, which carry only item and figures, inherit its number.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from lims.quantities import N_
from results.judge_columns import RESULTS, Header, find_header, known_columns
from results.rules.published import Segment, aligned, has_bars, split_cell, split_recheck
from results.rules.segment import PrintedItem, PrintedJudgement, judge_printed, unreadable
from results.types import ItemKind, Reason

_MONITORING = frozenset({"monitoring", "监测项目", "监测", "风险监测"})


@dataclass(frozen=True, slots=True)
class JudgedSegment:
    """One line of output: what the source prints, and the verdict over it."""

    record_id: str
    item: str
    result: str
    limit: str
    judgement: PrintedJudgement


class ResultsFileError(ValueError):
    """A file that holds no results in a shape this judge knows; the message says what was found and expected."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


def judge_file(path: Path) -> Iterator[JudgedSegment]:
    """Judge every item of a file, in its order.

    Raises:
        ResultsFileError: neither CSV nor XLSX, or no column that this judge knows.
    """
    tables, are_padded = read_sheets(path)
    sheets = [_Sheet.of(rows, is_padded=are_padded) for rows in tables]
    known = [sheet for sheet in sheets if sheet is not None]
    if not known:
        message = N_(
            "“%(file)s” has no columns for item, result and limit, and no column of the form item║result║limit."
        )
        raise ResultsFileError(Reason("no_columns", message, {"file": path.name}))
    for sheet in known:
        yield from sheet.judge()


# ---------------------------------------------------------------- rows of text


def read_sheets(path: Path) -> tuple[list[list[list[str]]], bool]:
    """Rows of text of a CSV (UTF-8, UTF-16 or GB 18030) or of every sheet of an XLSX, and whether it is a workbook.

    Raises:
        ResultsFileError: neither, or damaged.
    """
    content = path.read_bytes()
    if content.startswith(b"PK\x03\x04"):
        return _read_workbook(content, path.name), True
    if content.startswith(b"\xd0\xcf\x11\xe0") or path.suffix.lower() in {".xls", ".pdf", ".doc"}:
        message = N_("“%(file)s” is neither CSV nor XLSX; save it as one of them.")
        raise ResultsFileError(Reason("not_a_table", message, {"file": path.name}))
    text = _decode(content, path.name)
    delimiter = max(",\t;", key=text.partition("\n")[0].count)
    return [list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))], False


def _decode(content: bytes, name: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    message = N_("“%(file)s” is not text in UTF-8, UTF-16 or GB 18030.")
    raise ResultsFileError(Reason("encoding", message, {"file": name}))


def _read_workbook(content: bytes, name: str) -> list[list[list[str]]]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        message = N_("“%(file)s” is a damaged workbook: %(detail)s.")
        params = {"file": name, "detail": str(error)}
        raise ResultsFileError(Reason("damaged_workbook", message, params)) from error
    try:
        return [
            [[cell_text(cell.value, cell.number_format) for cell in row] for row in sheet.iter_rows()]
            for sheet in workbook.worksheets
        ]
    finally:
        workbook.close()


def cell_text(value: object, number_format: str | None = "General") -> str:
    """Text of a spreadsheet cell; a number keeps the decimals it is shown with (0.30, not 0.3), never fewer."""
    if value is None:
        return ""
    form = (number_format or "").split(";")[0]
    if percent := re.fullmatch(r"0(?:\.(?P<places>0+))?%", form):
        return _as_percent(value, len(percent["places"] or ""))
    if not isinstance(value, float):
        return str(value).strip()
    exact = Decimal(repr(value))
    shown = re.fullmatch(r"#?,?#*0\.(0+)(?:_.*)?", form)
    written = -int(exact.normalize().as_tuple().exponent)
    places = max(len(shown[1]) if shown else 0, written, 0)
    return format(exact.quantize(Decimal(1).scaleb(-places)), "f")


def _as_percent(value: object, places: int) -> str:
    """A number in a cell of the form 0.0%: the sheet holds 0.151 and shows 15.1%."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).strip()
    exact = Decimal(repr(value)).scaleb(2)
    written = max(places, -int(exact.normalize().as_tuple().exponent), 0)
    return format(exact.quantize(Decimal(1).scaleb(-written)), "f") + "%"


# ---------------------------------------------------------------- rows of items


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A table whose columns are understood.

    Attributes:
        is_padded: every row has as many cells as the table is wide, so that one more says nothing (a workbook).
    """

    header: Header
    rows: Sequence[Sequence[str]]
    is_padded: bool

    @classmethod
    def of(cls, rows: Sequence[Sequence[str]], *, is_padded: bool) -> "_Sheet | None":
        header = find_header(rows) or _header_of_bars(rows)
        return cls(header, rows[header.first_row :], is_padded) if header else None

    def judge(self) -> Iterator[JudgedSegment]:
        record_id = ""
        columns = self.header.places
        for offset, row in enumerate(self.rows):
            fields = {name: row[place].strip() if place < len(row) else "" for name, place in columns.items()}
            own_id = fields.get("record_id", "")
            if not any(fields.get(name) for name in ("cell", "item", *RESULTS)):
                continue
            if own_id:
                record_id = own_id
            elif "record_id" not in columns:
                record_id = str(self.header.first_row + offset + 1)
            if (overflow := self._overflow(row)) is not None:
                yield JudgedSegment(record_id, fields.get("item", ""), "", "", unreadable(overflow))
            elif fields.get("cell"):
                yield from self._judge_cell(record_id, fields["cell"])
            elif "item" in columns:
                yield from self._judge_columns(record_id, fields)

    def _overflow(self, row: Sequence[str]) -> Reason | None:
        """Why a row of text cannot be trusted: a comma inside a cell without quotes has moved what follows it."""
        beyond = [text.strip() for text in row[self.header.width :] if text.strip()]
        if self.is_padded or not beyond:
            return None
        message = N_(
            "The row has %(count)s cells under %(width)s headings (“%(text)s” stands beyond the last): a separator"
            " inside a cell needs quotes."
        )
        params = {"count": str(len(row)), "width": str(self.header.width), "text": beyond[0][:60]}
        return Reason("row_too_long", message, params)

    def _judge_cell(self, record_id: str, cell: str) -> Iterator[JudgedSegment]:
        for segment in split_cell(cell):
            yield self._judge_segment(record_id, segment, PrintedItem("", "", ""))

    def _judge_columns(self, record_id: str, fields: Mapping[str, str]) -> Iterator[JudgedSegment]:
        is_monitoring = fields.get("kind", "").lower() in _MONITORING
        own_unit = _stated(fields.get("unit", ""))
        units = self.header.units
        common = PrintedItem(
            item="",
            result="",
            limit="",
            unit=own_unit or units.get("result", ""),
            limit_unit=own_unit or units.get("limit", "") or units.get("limit_max", ""),
            label_claim=fields.get("label_claim", ""),
            lod=fields.get("lod", ""),
            loq=fields.get("loq", ""),
            lod_unit=fields.get("lod_unit", "") or units.get("lod", "") or units.get("loq", ""),
            kind=ItemKind.MONITORING if is_monitoring else ItemKind.INSPECTION,
        )
        limit = fields.get("limit", "") or _limit_of_ends(fields)
        printed_result, initial = _results_of(fields)
        for item, result, printed_limit in aligned(fields["item"], printed_result, limit):
            counting, replaced = split_recheck(result)
            segment = Segment(item, counting, printed_limit, replaced or initial)
            yield self._judge_segment(record_id, segment, common)

    def _judge_segment(self, record_id: str, segment: Segment, common: PrintedItem) -> JudgedSegment:
        if segment.defect is not None:
            judgement = unreadable(segment.defect)
        else:
            judgement = judge_printed(
                replace(
                    common,
                    item=segment.item,
                    result=segment.result,
                    limit=segment.limit,
                    initial_result=segment.initial_result,
                    is_published_failure=self.header.lists_failures,
                )
            )
        return JudgedSegment(record_id, segment.item, segment.result, segment.limit, judgement)


def _header_of_bars(rows: Sequence[Sequence[str]]) -> Header | None:
    """The header of a table that does not name it, but one of whose columns is in the one-cell form."""
    cells = [
        (number, position) for number, row in enumerate(rows) for position, text in enumerate(row) if has_bars(text)
    ]
    if not cells:
        return None
    first, position = cells[0]
    for number, row in enumerate(rows[:first]):
        if columns := known_columns(row):
            return Header({**columns, "cell": position}, number + 1, max(len(row), position + 1))
    return Header({"cell": position}, first, len(rows[first]))


def _stated(text: str) -> str:
    """A cell that says something; `/` and dashes alone say that there is nothing."""
    return text if text.strip(" /-—－") else ""


def _results_of(fields: Mapping[str, str]) -> tuple[str, str]:
    """The result that counts and the initial one that it replaced: a recheck has its own column in some bulletins.

    Source: Food Safety Law Art. 88, the recheck conclusion is final.
    """
    first = fields.get("result", "") or fields.get("initial_result", "")
    recheck = _stated(fields.get("recheck_result", ""))
    return (recheck, first) if recheck else (first, "")


def _limit_of_ends(fields: Mapping[str, str]) -> str:
    """A limit from the columns for its smallest and its largest allowed value."""
    low, high = (fields.get(name, "").strip(" /-—") for name in ("limit_min", "limit_max"))
    if low and high:
        return f"{low}~{high}"
    if low or high:
        return f"≥{low}" if low else f"≤{high}"
    return "/" if {"limit_min", "limit_max"} & fields.keys() else ""
