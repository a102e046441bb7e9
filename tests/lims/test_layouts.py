"""Tables of other systems: columns recognised by name or code in any order, days in every spelling."""

import csv
from datetime import date
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from lims import layouts
from lims.errors import ConfigurationError, InvalidInputError
from lims.tables import UnreadableFileError, to_csv

DAY = date(2026, 9, 14)
BLOCKS = layouts.columns_of("number_blocks", DAY)
CELLS = {one.field: f"{one.field} cell" for one in BLOCKS}


def own_file(tmp_path, text):
    (tmp_path / layouts.OWN_NAME).write_text(text, encoding="utf-8")
    layouts._own[:] = [tmp_path / layouts.OWN_NAME]
    layouts._columns.cache_clear()


@pytest.fixture
def _shipped_afterwards():
    before = list(layouts._own)
    yield
    layouts._own[:] = before
    layouts._columns.cache_clear()


@given(order=st.permutations(BLOCKS), how=st.data())
def test_columns_are_found_by_any_of_their_names_in_any_order(order, how):
    heads = [
        how.draw(st.sampled_from([one.heading, one.title, f" {one.heading} ：", *one.also, *filter(None, [one.code])]))
        for one in order
    ]
    content = to_csv(heads, [[CELLS[one.field] for one in order]])
    [record] = layouts.read_records(content, BLOCKS)
    assert record.cells == CELLS
    assert record.number == 2


def test_a_title_above_the_header_and_empty_rows_keep_the_numbers_of_the_rows():
    book = Workbook()
    for row in (["2026年抽样编号号段表"], [], ["起始编号", "抽样单位", "数量"], [], ["1", "甲", "2"]):
        book.active.append(row)
    written = BytesIO()
    book.save(written)
    [record] = layouts.read_records(written.getvalue(), BLOCKS)
    assert (record.number, record.get("organisation"), record.get("last")) == (5, "甲", "")


def test_a_file_without_the_needed_columns_is_told_which_are_missing():
    with pytest.raises(UnreadableFileError) as refusal:
        layouts.read_records(to_csv(["抽样单位", "备注"], [["甲", ""]]), BLOCKS)
    assert "起始编号" in str(refusal.value.message)
    assert "抽样单位" not in str(refusal.value.message)


@pytest.mark.parametrize(
    "text", ["2026-09-14", "2026/9/14", "2026.09.14", "2026年9月14日", "20260914", "2026-09-14 00:00:00", " 2026-9-14 "]
)
def test_a_day_is_read_in_every_spelling(text):
    assert layouts.read_day(text) == DAY


def test_an_empty_day_is_none():
    assert layouts.read_day(" ") is None


@pytest.mark.parametrize("text", ["14.9.2026", "2026-02-30", "soon", "2026-9", "46279"])
def test_what_is_no_day_is_shown_with_an_example(text):
    with pytest.raises(InvalidInputError) as refusal:
        layouts.read_day(text)
    assert text in str(refusal.value)


@pytest.mark.usefixtures("_shipped_afterwards")
def test_an_installation_has_layouts_of_its_own_from_a_day_on(tmp_path):
    rows = StringIO()
    writer = csv.DictWriter(
        rows,
        ["layout", "field", "code", "heading", "also", "needed", "valid_from", "valid_to", "trust", "source"],
    )
    writer.writeheader()
    one = {"layout": "sampling_no", "code": "", "also": "", "needed": "1", "trust": "R", "source": "letter 3"}
    until = {"valid_from": "2020-01-01", "valid_to": "2026-09-13", "heading": "XBJ"}
    writer.writerow(one | {"field": "own_prefix"} | until)
    writer.writerow(one | {"field": "own_prefix", "valid_from": "2026-09-14", "valid_to": "", "heading": "DBJ"})
    own_file(tmp_path, rows.getvalue())
    assert [one.heading for one in layouts.columns_of("sampling_no", DAY)] == ["DBJ"]
    assert [one.heading for one in layouts.columns_of("sampling_no", date(2026, 9, 13))] == ["XBJ"]
    assert layouts.columns_of("number_blocks", DAY) == BLOCKS


@pytest.mark.usefixtures("_shipped_afterwards")
def test_a_file_of_layouts_that_cannot_be_read_is_told_with_its_line(tmp_path):
    own_file(tmp_path, "layout,field,code,heading,also,needed,valid_from,valid_to,trust,source\nx,y,,z,,1,soon,,R,s\n")
    with pytest.raises(ConfigurationError, match=r"line 2.*soon"):
        layouts.columns_of("x", DAY)
