"""A table of results as instrument software or a spreadsheet writes it: one row a result, columns found by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lims.quantities import N_, fold
from results.types import Reason

MAX_TITLE_ROWS = 10  # what people write above the header
_NAMES: Mapping[str, frozenset[str]] = {
    "code": frozenset({"code", "blind_code", "blindcode", "盲样编号", "盲样号", "盲码", "样品代码", "样品编号"}),
    "item": frozenset({"item", "test_item", "analyte", "检验项目", "检测项目", "项目", "项目名称"}),
    "result": frozenset({"result", "value", "检验结果", "检测结果", "结果", "检验值", "测定值"}),
    "untested_reason": frozenset({"untested_reason", "未检原因", "未检验原因"}),
    "retest": frozenset({"retest", "retest_result", "复测", "复测结果", "复测值"}),
}
_REQUIRED = ("code", "item")
_FOUND = ("result", "retest")  # one of them at least
_NO_RETEST = frozenset({"/", "-", "–", "—"})  # what people write where nothing was tested again


class TableShapeError(ValueError):
    """The table has no columns that results can be read from."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TableRow:
    """One result of a file, its retest, or both; `row` is its number in the file, from 1."""

    row: int
    code: str
    item: str
    result: str = ""
    untested_reason: str = ""
    retest: str = ""


def read_rows(cells: Sequence[Sequence[str]]) -> list[TableRow]:
    """Read a table below its header; blank rows are passed over.

    Raises:
        TableShapeError: no row names the columns for code, item and result or retest, or nothing stands below it.
    """
    for number, header in enumerate(cells[:MAX_TITLE_ROWS], start=1):
        columns = _columns(header)
        if all(name in columns for name in _REQUIRED) and any(name in columns for name in _FOUND):
            rows = [_row(index, row, columns) for index, row in enumerate(cells[number:], start=number + 1) if any(row)]
            if not rows:
                raise TableShapeError(Reason("no_rows", N_("There are no rows below the header.")))
            return rows
    seen = "、".join(cell for row in cells[:1] for cell in row if cell)[:120]
    message = N_("The file has no columns for blind code, item, and result or retest; its first row is: %(seen)s.")
    raise TableShapeError(Reason("no_columns", message, {"seen": seen or "/"}))


def _columns(header: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, cell in enumerate(header):
        name = fold(cell).strip().lower()
        for column, names in _NAMES.items():
            if name in names:
                found.setdefault(column, place)
    return found


def _row(number: int, row: Sequence[str], columns: Mapping[str, int]) -> TableRow:
    values = {name: row[place].strip() if place < len(row) else "" for name, place in columns.items()}
    if values.get("retest") in _NO_RETEST:
        values["retest"] = ""
    return TableRow(number, **values)
