"""What a row of a limit table says, and what is told of what it cannot say."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.catalog.limit_forms import Absence, AbsenceKind, LabelClaim, Maximum, MicroPlan, Minimum, Range
from lims.catalog.types import Comparison, ItemKind
from lims.errors import InvalidInputError
from lims.limit_tables.columns import OFFICIAL, read_table
from lims.limit_tables.rules import is_same_limit, limit_text, read_row, standards_in
from lims.limit_tables.types import Column, StandardName, TableRow
from lims.quantities import parse_unit
from tests.factories.limit_tables import LEAD, row_of

D = Decimal
MG = parse_unit("mg/kg")


def read(**cells):
    return read_row(TableRow(2, row_of(**cells)))


def told(row) -> list[str]:
    return [problem.translated(lambda message, **params: message % params) for problem in row.problems]


def test_the_columns_are_the_26_of_the_national_base_table_in_their_order():
    assert len(OFFICIAL) == 26
    assert list(OFFICIAL) == list(Column)
    assert list(OFFICIAL.values())[:8] == [
        "大类",
        "亚类",
        "品种",
        "细类",
        "风险等级",
        "检验类型",
        "检验项目",
        "检验结果",
    ]


@given(order=st.permutations(list(Column)), title=st.booleans())
def test_the_order_of_the_columns_and_a_title_above_them_change_nothing(order, title):
    cells = row_of()
    rows = [[OFFICIAL[column] for column in order], [cells.get(column, "/") for column in order]]
    [row] = read_table([["报送基础表（2026年版）"], *rows] if title else rows)
    assert row.number == 2 + title
    assert dict(row.cells) == cells


def test_a_bare_unit_belongs_to_the_column_on_its_left():
    [row] = read_table(
        [
            ["大类", "细类", "检验项目", "检验结果", "单位", "方法检出限", "单位", "最大允许限", "单位"],
            ["粮食加工品", "小麦粉", "铅", "未检出", "mg/kg", "20", "μg/kg", "0.2", "mg/kg"],
        ]
    )
    assert row[Column.RESULT_UNIT] == "mg/kg"
    assert row[Column.LOD_UNIT] == "μg/kg"
    assert row[Column.LIMIT_MAX_UNIT] == "mg/kg"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "No header found"),
        ([["序号", "被抽样单位名称"], ["1", "某超市"]], "begin with “序号、被抽样单位名称”"),
        ([["大类", "细类"], ["粮食加工品", "小麦粉"]], "The header in row 1 has no column 检验项目."),
        ([["大类", "细类", "检验项目", "检测项目"]], "names the column 检验项目 twice"),
        ([["大类", "细类", "检验项目"], ["/", "", "—"]], "no row with text follows"),
    ],
)
def test_a_file_without_the_columns_is_told_what_is_missing(rows, words):
    with pytest.raises(InvalidInputError, match=words):
        read_table(rows)


def test_an_ordinary_row_is_read_whole():
    row = read()
    assert told(row) == []
    assert (row.kind, row.lod, str(row.lod_unit)) == (ItemKind.INSPECTION, D("0.02"), "mg/kg")
    assert row.limit is not None
    assert row.limit.form == Maximum(D("0.2"))
    assert row.bases == (StandardName("GB 2762", "2025"),)
    assert row.methods == (StandardName("GB 5009.12", "2023", "第一法"),)


@pytest.mark.parametrize(
    ("low", "high", "form"),
    [
        ("", "0.2", Maximum(D("0.2"))),
        ("", "<0.2", Maximum(D("0.2"), strict=True)),
        ("9", "", Minimum(D(9))),
        ("≥9.0", "", Minimum(D("9.0"))),
        ("9", "11", Range(D(9), D(11))),
        ("≥9", "＜11", Range(D(9), D(11), high_strict=True)),
        ("", "9~11", Range(D(9), D(11))),
        ("", "不得检出", Absence(AbsenceKind.MUST_BE_ABSENT)),
        ("不得使用", "不得使用", Absence(AbsenceKind.USE_PROHIBITED)),
        ("", "n=5,c=2,m=10,M=100", MicroPlan(5, 2, D(10), D(100))),
        ("", "产品明示值", LabelClaim()),
    ],
)
def test_the_two_ends_make_one_limit(low, high, form):
    row = read(standard_min=low, standard_max=high, limit_min="", limit_max="")
    assert told(row) == []
    assert row.limit is not None
    assert row.limit.form == form


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"kind": "监督"}, "“监督” is no kind of item; expected 抽检项目 or 监测项目."),
        ({"standard_max": "香蕉"}, "“香蕉” is not a limit"),
        ({"standard_max": "≤", "limit_max": ""}, "has lost its value"),
        ({"standard_max": "≥5", "limit_max": ""}, "“≥5” stands in the column of the other end"),
        ({"standard_min": "≤5", "standard_max": "", "limit_max": ""}, "“≤5” stands in the column of the other end"),
        ({"standard_min": "9", "standard_max": "5", "limit_max": ""}, "ends below its beginning"),
        ({"standard_min": "9", "standard_max": "不得检出", "limit_max": ""}, "do not make one limit"),
        ({"limit_max": "0.3"}, "≤0.3mg/kg is not the ≤0.2mg/kg of the standard."),
        ({"standard_max_unit": "mg/L", "limit_max": ""}, "which measure different things"),
        ({"lod": "0"}, "“0” is no limit of detection"),
        ({"lod": "<0.02"}, "“<0.02” is not a measured value"),
        ({"lod_unit": "", "result_unit": "", "standard_lod": ""}, "The LOD 0.02 has no unit."),
        ({"result_unit": "毫克每"}, "is not a unit"),
        ({"result_format": "数值保留几多位有效数字"}, "is no rule for digits"),
        ({"basis": ""}, "A limit needs the standard that sets it."),
        ({"methods": ""}, "needs the method it belongs to"),
        ({"methods": "GB 5009.12；GB 5009.268"}, "names 2 methods; expected one per row"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_value_and_what_was_expected(cells, words):
    assert any(words in one for one in told(read(**cells)))


def test_every_cell_that_cannot_be_read_is_named_not_only_the_first():
    row = read(kind="监督", lod="零", standard_max="香蕉")
    assert {problem.column for problem in row.problems} >= {Column.KIND, Column.LOD, Column.STANDARD_MAX}


def test_the_limit_in_the_unit_of_the_result_is_the_same_limit_as_that_of_the_standard():
    row = read(standard_max="0.0002", standard_max_unit="g/kg")
    assert told(row) == []
    assert row.limit is not None
    assert str(row.limit.unit) == "g/kg"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("GB 2762-2025", [("GB 2762", "2025", "")]),
        (
            "GB2762—2025《食品安全国家标准 食品中污染物限量》",
            [("GB 2762", "2025", "食品安全国家标准 食品中污染物限量")],
        ),
        ("《食品中污染物限量》（GB 2762-2025）", [("GB 2762", "2025", "")]),
        (
            "GB 23200.113 GB 23200.121 NY/T 761",
            [("GB 23200.113", "", ""), ("GB 23200.121", "", ""), ("NY/T 761", "", "")],
        ),
        ("GB 4789.3-2025 平板计数法", [("GB 4789.3", "2025", "平板计数法")]),
        ("农业农村部公告第250号", [("农业农村部公告第250号", "", "")]),
        ("BJS 201703；BJS 201708", [("BJS 201703", "", ""), ("BJS 201708", "", "")]),
    ],
)
def test_a_cell_names_standards_as_people_write_them(text, names):
    assert [(one.number, one.year, one.part) for one in standards_in(text)] == names


AMOUNTS = st.decimals("0.0001", "9999", places=4)


@given(value=AMOUNTS, power=st.sampled_from([("mg/kg", 0), ("μg/kg", 3), ("g/kg", -3)]))
def test_a_limit_is_the_same_in_every_unit_and_another_figure_is_not(value, power):
    unit, scale = power
    one = read(standard_max=str(value), limit_max="").limit
    other = read(standard_max=f"{value.scaleb(scale):f}", standard_max_unit=unit, limit_max="").limit
    more = read(standard_max=str(value + D("0.0001")), limit_max="").limit
    assert one is not None and other is not None and more is not None  # noqa: PT018 - three of a kind
    assert is_same_limit(one, other, Comparison.FULL_VALUE)
    assert not is_same_limit(one, more, Comparison.FULL_VALUE)


def test_by_rounded_values_the_printed_decimals_belong_to_the_limit():
    one, other = read(standard_max="5", limit_max="").limit, read(standard_max="5.0", limit_max="").limit
    assert one is not None and other is not None  # noqa: PT018 - two of a kind
    assert is_same_limit(one, other, Comparison.FULL_VALUE)
    assert not is_same_limit(one, other, Comparison.ROUNDED_VALUE)


@given(value=AMOUNTS)
def test_what_the_catalogue_keeps_of_a_limit_reads_back_to_it(value):
    limit = read(standard_max=str(value), limit_max="").limit
    assert limit is not None
    again = read(standard_max=limit_text(limit), limit_max="").limit
    assert again == limit


def test_the_file_of_the_tests_is_an_ordinary_one():
    assert set(LEAD) <= {column.value for column in Column}
