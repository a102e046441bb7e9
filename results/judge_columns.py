"""Which column of a sheet holds what: by the names of its header, which may stand in two rows.

Bulletins merge a heading over several columns (`检验结果` over `初检结果` and `复检结果`) and write
units beside the names of columns (`检验结果（mg/kg）`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lims.quantities import fold
from results.rules.published import BAR, unify_bars
from results.rules.segment import unit_in_brackets

MAX_TITLE_ROWS = 15  # bulletins put a title, a date and a note above the header

# The first name that a sheet has wins: a sampling number before a row number.
_NAMES = {
    "record_id": (
        "record_id sampling_no sample_id sample_no id 抽样编号 抽检编号 抽样单编号 样品编号 抽样单号 报告编号 编号 序号"
    ),
    "item": (
        "item test_item analyte 检验项目 不合格项目 检测项目 项目名称 检验项目名称 不合格检验项目 不合格项目名称"
        " 不合格项 不合格指标 检测指标 检验指标 问题项目 项目"
    ),
    "result": (
        "result value measured 检验结果 检验值 检测值 检测结果 实测值 实测结果 检验数据 检出值 检验结果值"
        " 不合格检验结果 结果 测定值"
    ),
    "initial_result": "initial_result 初检结果 初检值 初检 首检结果 首检 初次检验结果 初检检验结果",
    "recheck_result": "recheck_result 复检结果 复检值 复检 复验结果 复验 复检检验结果",
    "limit": (
        "limit limit_text standard_value 标准值 限量 限量值 标准限量 标准限值 标准限量值 标准要求 标准规定 标准规定值"
        " 标准指标 标准指标值 判定值 判定标准值 技术要求 限值 最大残留限量"
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
_FIELD_OF = {name: field for field, names in _COLUMNS.items() for name in names}
RESULTS = frozenset({"result", "initial_result", "recheck_result"})  # the columns that hold one


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns of a sheet are.

    Attributes:
        places: position of each known column.
        units: the unit that the heading of a column states, by column.
        first_row: position of the first row below the header.
        lists_failures: a heading says that the sheet lists failures.
        width: number of columns that the header names.
    """

    places: Mapping[str, int]
    first_row: int
    width: int
    units: Mapping[str, str] = field(default_factory=dict)
    lists_failures: bool = False


def find_header(rows: Sequence[Sequence[str]]) -> Header | None:
    """The first row, or pair of rows, that names all that judging needs; None where there is none."""
    for number in range(min(len(rows), MAX_TITLE_ROWS)):
        upper = rows[number - 1] if number else []
        row = rows[number]
        lower = rows[number + 1] if number + 1 < len(rows) else []
        if _is_second_line(lower) and _is_header(joined := _over(row, lower)):
            return _header(joined, number + 2)
        if _is_header(row):
            return _header(_over(upper, row), number + 1)
    return None


def known_columns(row: Sequence[str]) -> dict[str, int]:
    """The columns that a row names, by their position; of two names for one column the better one."""
    places: dict[str, int] = {}
    ranks: dict[str, int] = {}
    for position, text in enumerate(row):
        key = _key(text)
        name = _FIELD_OF.get(key) or ("cell" if _names_its_parts(key) else None)
        if name is None:
            continue
        rank = _COLUMNS[name].index(key) if key in _COLUMNS[name] else 0
        if name not in places or rank < ranks[name]:
            places[name], ranks[name] = position, rank
    return places


def _header(row: Sequence[str], first_row: int) -> Header:
    places = known_columns(row)
    units = {name: unit for name, position in places.items() if (unit := unit_in_brackets(row[position]))}
    lists_failures = any("不合格" in name or "fail" in name.lower() for name in row)
    return Header(places, first_row, len(row), units, lists_failures)


def _over(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """One heading a column of two rows of them: the lower one, where there is one."""
    width = max(len(upper), len(lower))
    above, below = ([*row, *[""] * (width - len(row))] for row in (upper, lower))
    return [low.strip() or high for high, low in zip(above, below, strict=True)]


def _is_header(row: Sequence[str]) -> bool:
    places = known_columns(row)
    has_limit = bool({"limit", "limit_min", "limit_max"} & places.keys())
    return "cell" in places or ("item" in places and has_limit and bool(RESULTS & places.keys()))


def _is_second_line(row: Sequence[str]) -> bool:
    """Whether a row below a heading goes on with it: every cell of it is the name of a column."""
    names = [_key(text) for text in row if text.strip()]
    return bool(names) and all(name in _FIELD_OF for name in names)


def _key(text: str) -> str:
    folded = fold(text).lower().replace("\n", "").replace(" ", "")
    return unify_bars(re.sub(r"\([^()]*\)", "", folded)).strip("*:")


def _names_its_parts(key: str) -> bool:
    """Whether a header is `项目║结果║标准值` in any of their names; a cell of data is not."""
    return [_FIELD_OF.get(part) for part in key.split(BAR)] == ["item", "result", "limit"]
