"""The columns of a limit table: their official names, other spellings of them, and the row that holds them."""

from collections.abc import Mapping, Sequence

from lims.catalog.names import match_key
from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.limit_tables.types import Column, TableRow

OFFICIAL: Mapping[Column, str] = {
    Column.CATEGORY_L1: "大类",
    Column.CATEGORY_L2: "亚类",
    Column.CATEGORY_L3: "品种",
    Column.CATEGORY_L4: "细类",
    Column.RISK_GRADE: "风险等级",
    Column.KIND: "检验类型",
    Column.ITEM: "检验项目",
    Column.RESULT_FORMAT: "检验结果",
    Column.RESULT_UNIT: "结果单位",
    Column.LOD: "方法检出限",
    Column.LOD_UNIT: "方法检出限单位",
    Column.BASIS: "判定依据",
    Column.METHODS: "检验依据",
    Column.METHODS_SHORT: "检验依据简化版",
    Column.STANDARD_LOD: "标准方法检出限",
    Column.STANDARD_LOD_UNIT: "标准方法检出限单位",
    Column.STANDARD_MIN: "标准最小允许限",
    Column.STANDARD_MIN_UNIT: "标准最小允许限单位",
    Column.STANDARD_MAX: "标准最大允许限",
    Column.STANDARD_MAX_UNIT: "标准最大允许限单位",
    Column.LIMIT_MIN: "最小允许限",
    Column.LIMIT_MIN_UNIT: "最小允许限单位",
    Column.LIMIT_MAX: "最大允许限",
    Column.LIMIT_MAX_UNIT: "最大允许限单位",
    Column.PROBLEM_CONCLUSION: "问题产品检验结论",
    Column.REMARK: "备注",
}
_OTHER_NAMES: Mapping[Column, tuple[str, ...]] = {
    Column.CATEGORY_L1: ("食品大类", "食品大类（一级）", "食品分类（一级）"),
    Column.CATEGORY_L2: ("食品亚类", "食品亚类（二级）", "食品分类（二级）"),
    Column.CATEGORY_L3: ("次亚类", "食品次亚类", "食品品种", "食品品种（三级）", "食品分类（三级）"),
    Column.CATEGORY_L4: ("食品细类", "食品细类（四级）", "食品分类（四级）"),
    Column.KIND: ("项目类型", "检验项目类型"),
    Column.ITEM: ("检测项目", "项目名称"),
    Column.RESULT_FORMAT: ("检验结果格式", "结果格式"),
    Column.RESULT_UNIT: ("检验结果单位",),
    Column.METHODS: ("检测依据", "检验方法", "检测方法"),
    Column.METHODS_SHORT: ("检验依据（简化版）", "简化检验依据"),
    Column.PROBLEM_CONCLUSION: ("问题产品结论", "问题样品检验结论"),
    Column.REMARK: ("说明",),
}
# A bare 单位 belongs to the column on its left.
_UNIT_OF: Mapping[Column, Column] = {
    Column.RESULT_FORMAT: Column.RESULT_UNIT,
    Column.LOD: Column.LOD_UNIT,
    Column.STANDARD_LOD: Column.STANDARD_LOD_UNIT,
    Column.STANDARD_MIN: Column.STANDARD_MIN_UNIT,
    Column.STANDARD_MAX: Column.STANDARD_MAX_UNIT,
    Column.LIMIT_MIN: Column.LIMIT_MIN_UNIT,
    Column.LIMIT_MAX: Column.LIMIT_MAX_UNIT,
}
_BARE_UNIT = "单位"
_NEEDED = (Column.CATEGORY_L1, Column.CATEGORY_L4, Column.ITEM)
_BY_NAME = {match_key(name): column for column, name in OFFICIAL.items()} | {
    match_key(name): column for column, names in _OTHER_NAMES.items() for name in names
}
_SAYS_NOTHING = frozenset({"", "/", "-", "--", "—", "——", "无"})
HEAD_ROWS = 10  # a title and a note or two may stand above the header


def read_table(rows: Sequence[Sequence[str]]) -> list[TableRow]:
    """The rows below the header, which is known by the names of its columns, in whatever order they stand.

    Raises:
        InvalidInputError: no header, a column twice, a needed one missing, or nothing below it.
    """
    place, columns = _find_header(rows)
    found = []
    for number, row in enumerate(rows[place + 1 :], start=place + 2):
        cells = {column: text for column, at in columns.items() if (text := _said(row[at] if at < len(row) else ""))}
        if cells:
            found.append(TableRow(number, cells))
    if not found:
        raise InvalidInputError(
            _l("Row %(row)s is the header, and no row with text follows it.", row=place + 1), field="file"
        )
    return found


def _said(cell: str) -> str:
    text = cell.strip()
    return "" if text in _SAYS_NOTHING else text


def _find_header(rows: Sequence[Sequence[str]]) -> tuple[int, dict[Column, int]]:
    """The row of the first ten that names the most columns."""
    best: tuple[int, dict[Column, int]] | None = None
    for place, row in enumerate(rows[:HEAD_ROWS]):
        columns = _columns_of(row, place)
        if columns and (best is None or len(columns) > len(best[1])):
            best = (place, columns)
    if best is None or not set(best[1]) & set(_NEEDED):
        first = "、".join(cell.strip() for cell in rows[0] if cell.strip())[:120] if rows else ""
        raise InvalidInputError(
            _l(
                "No header found in the first %(rows)s rows, which begin with “%(given)s”; "
                "expected the columns %(names)s.",
                rows=HEAD_ROWS,
                given=first,
                names="、".join(OFFICIAL.values()),
            ),
            field="file",
        )
    missing = [OFFICIAL[column] for column in _NEEDED if column not in best[1]]
    if missing:
        raise InvalidInputError(
            _l("The header in row %(row)s has no column %(names)s.", row=best[0] + 1, names="、".join(missing)),
            field="file",
        )
    return best


def _columns_of(row: Sequence[str], place: int) -> dict[Column, int]:
    columns: dict[Column, int] = {}
    left: Column | None = None
    for at, cell in enumerate(row):
        key = match_key(cell)
        column = _UNIT_OF.get(left) if key == _BARE_UNIT and left is not None else _BY_NAME.get(key)
        left = column
        if column is None:
            continue
        if column in columns:
            raise InvalidInputError(
                _l("Row %(row)s names the column %(name)s twice.", row=place + 1, name=OFFICIAL[column]), field="file"
            )
        columns[column] = at
    return columns
