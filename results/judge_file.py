"""Reading a CSV or XLSX of results into printed items, and judging them one by one.

Two shapes are understood: named columns (Chinese or English), and the published one-cell form
`项目║结果║标准值`. Title rows above the header are skipped; continuation rows of a sample with several items, which
carry only item and figures, inherit its number.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from lims.quantities import N_, fold
from results.rules.published import BAR, Segment, has_bars, split_cell, split_recheck, unify_bars
from results.rules.segment import PrintedItem, PrintedJudgement, judge_printed, unreadable
from results.types import ItemKind, Reason

MAX_TITLE_ROWS = 15  # bulletins put a title, a date and a note above the header

# The first name that a sheet has wins: a sampling number before a row number.
_NAMES = {
    "record_id": (
        "record_id sampling_no sample_id sample_no id 抽样编号 抽检编号 抽样单编号 样品编号 抽样单号 报告编号 编号 序号"
    ),
    "item": (
        "item test_item analyte 检验项目 不合格项目 检测项目 项目名称 检验项目名称 不合格检验项目 不合格项"
        " 问题项目 项目"
    ),
    "result": "result value measured 检验结果 检验值 检测值 检测结果 实测值 检验数据 不合格检验结果 结果 测定值",
    "limit": (
        "limit limit_text standard_value 标准值 限量 限量值 标准限量 标准限值 标准要求 标准规定 标准指标"
        " 判定值 技术要求 限值"
    ),
    "limit_min": "limit_min 最小允许限 标准最小允许限",
    "limit_max": "limit_max 最大允许限 标准最大允许限",
    "unit": "unit 结果单位 单位 计量单位 检验单位",
    "label_claim": "label_claim 标签标注要求 标签明示值 标签标示值 产品明示值 明示值",
    "lod": "lod 检出限 方法检出限 标准方法检出限",
    "loq": "loq 定量限 方法定量限",
    "lod_unit": "lod_unit 检出限单位 方法检出限单位",
    "kind": "kind item_kind 检验类型 项目类型",
    "cell": "fail_raw",
}
_COLUMNS = {field: tuple(names.split()) for field, names in _NAMES.items()}
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
    sheets = [_Sheet.of(rows) for rows in read_sheets(path)]
    known = [sheet for sheet in sheets if sheet is not None]
    if not known:
        message = N_(
            "“%(file)s” has no columns for item, result and limit, and no column of the form item║result║limit."
        )
        raise ResultsFileError(Reason("no_columns", message, {"file": path.name}))
    for sheet in known:
        yield from sheet.judge()


# ---------------------------------------------------------------- rows of text


def read_sheets(path: Path) -> list[list[list[str]]]:
    """Rows of text of a CSV (UTF-8, UTF-16 or GB 18030) or of every sheet of an XLSX.

    Raises:
        ResultsFileError: neither, or damaged.
    """
    content = path.read_bytes()
    if content.startswith(b"PK\x03\x04"):
        return _read_workbook(content, path.name)
    if content.startswith(b"\xd0\xcf\x11\xe0") or path.suffix.lower() in {".xls", ".pdf", ".doc"}:
        message = N_("“%(file)s” is neither CSV nor XLSX; save it as one of them.")
        raise ResultsFileError(Reason("not_a_table", message, {"file": path.name}))
    text = _decode(content, path.name)
    delimiter = max(",\t;", key=text.partition("\n")[0].count)
    return [list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))]


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
    if not isinstance(value, float):
        return str(value).strip()
    exact = Decimal(repr(value))
    shown = re.fullmatch(r"#?,?#*0\.(0+)(?:_.*)?", (number_format or "").split(";")[0])
    written = -int(exact.normalize().as_tuple().exponent)
    places = max(len(shown[1]) if shown else 0, written, 0)
    return format(exact.quantize(Decimal(1).scaleb(-places)), "f")


# ---------------------------------------------------------------- columns


def _header_key(text: str) -> str:
    folded = fold(text).lower().replace("\n", "").replace(" ", "")
    return unify_bars(re.sub(r"\([^()]*\)", "", folded)).strip("*:")


_FIELD_OF = {name: field for field, names in _COLUMNS.items() for name in names}


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A table whose columns are understood."""

    columns: Mapping[str, int]
    rows: Sequence[Sequence[str]]
    lists_failures: bool
    first_row: int

    @classmethod
    def of(cls, rows: Sequence[Sequence[str]]) -> "_Sheet | None":
        for number, row in enumerate(rows[:MAX_TITLE_ROWS]):
            columns = _find_columns(row)
            if "cell" in columns or _is_complete(columns):
                lists_failures = any("不合格" in name or "fail" in name.lower() for name in row)
                return cls(columns, rows[number + 1 :], lists_failures, number + 2)
        return cls._by_bars(rows)

    @classmethod
    def _by_bars(cls, rows: Sequence[Sequence[str]]) -> "_Sheet | None":
        """A table whose header does not name it, but one of whose columns is in the one-cell form."""
        cells = [
            (number, position) for number, row in enumerate(rows) for position, text in enumerate(row) if has_bars(text)
        ]
        if not cells:
            return None
        first, position = cells[0]
        for number, row in enumerate(rows[:first]):
            if columns := _find_columns(row):
                named = {**columns, "cell": position}
                return cls(named, rows[number + 1 :], lists_failures=False, first_row=number + 2)
        return cls({"cell": position}, rows[first:], lists_failures=False, first_row=first + 1)

    def judge(self) -> Iterator[JudgedSegment]:
        record_id = ""
        for offset, row in enumerate(self.rows):
            fields = {
                field: row[position].strip() if position < len(row) else "" for field, position in self.columns.items()
            }
            own_id = fields.get("record_id", "")
            if not any(fields.get(field) for field in ("cell", "item", "result")):
                continue
            if own_id:
                record_id = own_id
            elif "record_id" not in self.columns:
                record_id = str(self.first_row + offset)
            if fields.get("cell"):
                yield from self._judge_cell(record_id, fields["cell"])
            elif "item" in self.columns:
                yield from self._judge_columns(record_id, fields)

    def _judge_cell(self, record_id: str, cell: str) -> Iterator[JudgedSegment]:
        for segment in split_cell(cell):
            yield self._judge_segment(record_id, segment, PrintedItem("", "", ""))

    def _judge_columns(self, record_id: str, fields: Mapping[str, str]) -> Iterator[JudgedSegment]:
        is_monitoring = fields.get("kind", "").lower() in _MONITORING
        common = PrintedItem(
            item="",
            result="",
            limit="",
            unit=fields.get("unit", "").strip("/-— "),
            label_claim=fields.get("label_claim", ""),
            lod=fields.get("lod", ""),
            loq=fields.get("loq", ""),
            lod_unit=fields.get("lod_unit", ""),
            kind=ItemKind.MONITORING if is_monitoring else ItemKind.INSPECTION,
        )
        limit = fields.get("limit", "") or _limit_of_ends(fields)
        for item, printed_result, printed_limit in _aligned(fields["item"], fields["result"], limit):
            result, initial = split_recheck(printed_result)
            segment = Segment(item, result, printed_limit, initial)
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
                    is_published_failure=self.lists_failures,
                )
            )
        return JudgedSegment(record_id, segment.item, segment.result, segment.limit, judgement)


def _find_columns(row: Sequence[str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    ranks: dict[str, int] = {}
    for position, text in enumerate(row):
        key = _header_key(text)
        field = _FIELD_OF.get(key) or ("cell" if _names_its_parts(key) else None)
        if field is None:
            continue
        rank = _COLUMNS[field].index(key) if key in _COLUMNS[field] else 0
        if field not in columns or rank < ranks[field]:
            columns[field], ranks[field] = position, rank
    return columns


def _names_its_parts(key: str) -> bool:
    """Whether a header is `项目║结果║标准值` in any of their names; a cell of data is not."""
    return [_FIELD_OF.get(part) for part in key.split(BAR)] == ["item", "result", "limit"]


def _is_complete(columns: Mapping[str, int]) -> bool:
    has_limit = bool({"limit", "limit_min", "limit_max"} & columns.keys())
    return {"item", "result"} <= columns.keys() and has_limit


def _limit_of_ends(fields: Mapping[str, str]) -> str:
    """A limit from the columns for its smallest and its largest allowed value."""
    low, high = (fields.get(name, "").strip(" /-—") for name in ("limit_min", "limit_max"))
    if low and high:
        return f"{low}~{high}"
    if low or high:
        return f"≥{low}" if low else f"≤{high}"
    return "/" if {"limit_min", "limit_max"} & fields.keys() else ""


def _aligned(item: str, result: str, limit: str) -> Iterator[tuple[str, str, str]]:
    """Items of one row: cells that list several, line by line in all three columns, are taken apart."""
    items, results, limits = (
        [line.strip() for line in text.splitlines() if line.strip()] for text in (item, result, limit)
    )
    if len(items) > 1 and len(items) == len(results) == len(limits):
        yield from zip(items, results, limits, strict=True)
    else:
        yield item, result, limit
