"""A table of results is read by the names of its columns, wherever they stand and whatever stands above them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.rules.result_table import MAX_TITLE_ROWS, TableShapeError, read_rows

HEADERS = (
    ("盲样编号", "检验项目", "检验结果"),
    ("code", "item", "result"),
    ("Blind_Code", "Analyte", "Value"),
    ("样品编号", "项目", "结果"),
)
cells = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12).map(str.strip)
results = st.tuples(cells.filter(bool), cells.filter(bool), cells.filter(bool))


@given(
    header=st.sampled_from(HEADERS),
    rows=st.lists(results, min_size=1, max_size=6),
    order=st.permutations(range(4)),
    titles=st.integers(0, MAX_TITLE_ROWS - 1),
)
def test_columns_may_stand_in_any_order_below_any_title(header, rows, order, titles):
    wide = [(*header, "备注"), *((*row, "note") for row in rows)]
    table = [["报表"]] * titles + [[row[place] for place in order] for row in wide]
    read = read_rows(table)
    assert [(one.code, one.item, one.result) for one in read] == rows
    assert [one.row for one in read] == list(range(titles + 2, titles + 2 + len(rows)))


def test_blank_rows_keep_the_numbers_of_the_file():
    read = read_rows([["code", "item", "result"], ["", "", ""], ["A", "铅", "0.1"], [], ["B", "镉", "/"]])
    assert [(one.row, one.code) for one in read] == [(3, "A"), (5, "B")]


def test_a_short_row_has_empty_cells():
    [row] = read_rows([["code", "item", "result", "未检原因"], ["A", "铅"]])
    assert (row.result, row.untested_reason) == ("", "")


@pytest.mark.parametrize(
    "table",
    [[], [["code", "item"]], [["code", "item", "result"]], [["x"]] * MAX_TITLE_ROWS + [["code", "item", "result"]]],
)
def test_a_table_without_columns_or_rows_says_what_it_found(table):
    with pytest.raises(TableShapeError, match=r"header|columns"):
        read_rows(table)
