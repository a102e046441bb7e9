"""Limit tables of tests, as bytes of a file."""

import csv
import io

from lims.limit_tables.columns import OFFICIAL
from lims.limit_tables.types import Column

LEAD = {
    "category_l1": "粮食加工品",
    "category_l2": "小麦粉",
    "category_l4": "小麦粉",
    "risk_grade": "较高",
    "kind": "抽检项目",
    "item": "铅（以Pb计）",
    "result_format": "未检出,数值(大于等于0.02且小于等于1保留两位有效数字,大于1保留三位有效数字)",
    "result_unit": "mg/kg",
    "lod": "0.02",
    "lod_unit": "mg/kg",
    "basis": "GB 2762-2025",
    "methods": "GB 5009.12-2023 第一法",
    "methods_short": "GB 5009.12",
    "standard_lod": "0.02",
    "standard_lod_unit": "mg/kg",
    "standard_max": "0.2",
    "standard_max_unit": "mg/kg",
    "limit_max": "0.2",
    "limit_max_unit": "mg/kg",
    "problem_conclusion": "金属等元素污染物超标",
}


def row_of(**changes: str) -> dict[Column, str]:
    """The cells of a row about lead in wheat flour, as far as it has any."""
    return {Column(name): text for name, text in (LEAD | changes).items() if text}


def file_of(*rows: dict[Column, str]) -> bytes:
    """A CSV file of these rows under the official header."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(OFFICIAL.values())
    writer.writerows([row.get(column, "/") for column in Column] for row in rows)
    return text.getvalue().encode()
