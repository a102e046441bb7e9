"""Bulletins of other provinces: each writes units, lists, headings and rechecks in its own way."""

import csv

import pytest
from openpyxl import Workbook

from results.judge_file import cell_text, judge_file
from results.rules.findings import with_unit
from results.rules.published import aligned, split_recheck
from results.rules.segment import unit_in_brackets

HEADINGS = ["编号", "检验项目", "检验结果", "标准值", "单位"]


def judge_rows(folder, *rows):
    path = folder / "bulletin.csv"
    with path.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows(rows)
    return list(judge_file(path))


def judge_workbook(folder, *rows, formats=()):
    workbook = Workbook()
    sheet = workbook.active
    for row in rows:
        sheet.append(row)
    for place, number_format in formats:
        sheet[place].number_format = number_format
    path = folder / "bulletin.xlsx"
    workbook.save(path)
    return list(judge_file(path))


def verdicts(segments):
    return [segment.judgement.verdict.value for segment in segments]


def codes(segments):
    return [reason.code for segment in segments for reason in segment.judgement.reasons]


# ---------------------------------------------------------------- units


@pytest.mark.parametrize(
    ("result", "limit", "unit"),
    [
        ("检出", "不得检出", "/50cm²"),
        ("检出、未检出、未检出、未检出、未检出", "n=5,c=0,m=0/25g", "/25g"),
        ("2.5", "≤2.0", "mg/L(以O2计)"),
        ("0.12mg·kg-1", "≤0.05mg·kg⁻¹", ""),
        ("0.5", "≤0.05mg·kg-1", ""),
        ("检出（/50cm²）", "不得检出（/50cm²）", ""),
        ("1.2E-1mg/kg", "≤0.05mg/kg", ""),
    ],
)
def test_a_unit_in_the_writing_of_another_province_is_read(tmp_path, result, limit, unit):
    assert verdicts(judge_rows(tmp_path, HEADINGS, ["1", "甲", result, limit, unit])) == ["fail"]


def test_a_unit_for_dry_matter_in_the_column_of_units_is_not_taken_for_one_as_sampled(tmp_path):
    assert verdicts(judge_rows(tmp_path, HEADINGS, ["1", "铅", "0.21", "≤0.2", "mg/kg(以干基计)"])) == ["unreadable"]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("镉（mg/kg）", "mg/kg"),
        ("联苯菊酯,mg/kg", "mg/kg"),
        ("水分(%)", "%"),
        ("菌落总数（CFU/g）", "CFU/g"),
        ("酸价(KOH)", ""),
        ("维生素(A)", ""),
        ("铝的残留量(干样品,以Al计)", ""),
        ("2,4-滴", ""),
        ("苯并[a]芘", ""),
    ],
)
def test_a_name_states_a_unit_only_where_it_is_one(name, unit):
    assert unit_in_brackets(name) == unit


def test_a_unit_beside_the_item_keeps_its_result_from_passing_in_the_unit_of_the_limit(tmp_path):
    assert verdicts(judge_rows(tmp_path, HEADINGS, ["1", "镉（mg/kg）", "0.06", "50μg/kg", ""])) == ["fail"]


def test_headings_with_two_units_give_each_column_its_own(tmp_path):
    headings = ["编号", "不合格项目名称", "检验结果（mg/kg）", "标准限值（μg/kg）"]
    rows = judge_rows(tmp_path, headings, ["1", "镉", "0.06", "50"], ["2", "镉", "60μg/kg", "0.05mg/kg"])
    assert verdicts(rows) == ["fail", "fail"]


# ---------------------------------------------------------------- results and limits


@pytest.mark.parametrize(
    "result",
    ["①12000②34000③56000④7800⑤11000", "样品1:12000 样品2:34000 样品3:56000 样品4:7800 样品5：11000"],
)
def test_five_results_with_numbers_before_them_are_five_results(tmp_path, result):
    (segment,) = judge_rows(tmp_path, HEADINGS, ["1", "菌落总数", result, "n=5,c=2,m=10⁴,M=10⁵", "CFU/g"])
    assert segment.judgement.verdict.value == "fail"
    assert segment.judgement.reasons[0].params["above_m"] == "4"


def test_a_content_below_nothing_is_named_and_never_passes(tmp_path):
    segments = judge_rows(tmp_path, HEADINGS, ["1", "镉", "-0.06", "≤0.05", "mg/kg"])
    assert (verdicts(segments), codes(segments)) == (["unreadable"], ["negative_result"])


def test_a_temperature_below_nothing_is_one(tmp_path):
    assert verdicts(judge_rows(tmp_path, HEADINGS, ["1", "中心温度", "-19.5", "≤-18", "°C"])) == ["pass"]


@pytest.mark.parametrize(
    ("result", "limit", "verdict"),
    [
        ("实测值：0.12mg/kg", "标准指标：≤0.05mg/kg", "fail"),
        ("检验结果为0.12mg/kg", "GB 2763-2021 ≤0.05mg/kg", "fail"),
        ("0.9g/100g", "0.80以下", "fail"),
        ("0.7g/100g", "0.80以上", "fail"),
        ("0.9g/100g", "最大0.80", "fail"),
        ("0.9g/100g", "不应大于0.80", "fail"),
        ("0.7g/100g", "不应小于0.80", "fail"),
        ("0.7g/100g", "不得小于0.80", "fail"),
        ("40.1%vol", "产品明示值（42±1.0%vol）", "fail"),
        ("41.1%vol", "产品明示值（42±1.0%vol）", "pass"),
    ],
)
def test_words_around_a_figure_do_not_hide_it(tmp_path, result, limit, verdict):
    assert verdicts(judge_rows(tmp_path, HEADINGS, ["1", "甲", result, limit, ""])) == [verdict]


def test_a_claim_with_its_heading_is_the_claim_and_a_missing_one_is_named(tmp_path):
    headings = ["编号", "检验项目", "检验结果", "标准值", "标签标注要求"]
    segments = judge_rows(
        tmp_path,
        headings,
        ["1", "钠", "600mg/100g", "≤120%标示值", "标示值：400mg/100g"],
        ["2", "钠", "600mg/100g", "≤120%标示值", "/"],
    )
    assert verdicts(segments) == ["fail", "cannot_judge"]
    assert "the claim is not given" in segments[1].judgement.reasons[0].message


def test_a_find_without_a_figure_is_not_said_twice(tmp_path):
    (segment,) = judge_rows(tmp_path, HEADINGS, ["1", "孔雀石绿", "阳性", "不得检出", ""])
    assert segment.judgement.reasons[0].message == "It was found, but nothing may be found."


# ---------------------------------------------------------------- initial test and recheck


@pytest.mark.parametrize(
    "text",
    [
        "复检结果：0.03mg/kg 初检结果：0.06mg/kg",
        "复检：0.03mg/kg；初检：0.06mg/kg；",
        "0.06mg/kg（初检），0.03mg/kg（复检）",
        "0.06mg/kg(初检结果)；0.03mg/kg(复检结果)",
        "初检值0.06mg/kg,复检值0.03mg/kg",
    ],
)
def test_the_recheck_counts_in_whatever_order_the_two_are_written(text):
    assert split_recheck(text) == ("0.03mg/kg", "0.06mg/kg")


def test_one_stage_alone_is_its_result():
    assert split_recheck("初检结果：0.06mg/kg") == ("0.06mg/kg", "")


def test_a_recheck_in_a_column_of_its_own_counts(tmp_path):
    headings = ["序号", "不合格项目", "标准值", "初检", "复检"]
    rows = (["1", "镉", "≤0.05mg/kg", "0.04mg/kg", "0.07mg/kg"], ["2", "镉", "≤0.05mg/kg", "0.06mg/kg", "/"])
    segments = judge_rows(tmp_path, headings, *rows)
    assert verdicts(segments) == ["fail", "fail"]
    assert [segment.result for segment in segments] == ["0.07mg/kg", "0.06mg/kg"]


def test_a_heading_merged_over_the_two_stages_is_understood(tmp_path):
    segments = judge_workbook(
        tmp_path,
        ["序号", "不合格项目", "检验结果", None, "标准值"],
        [None, None, "初检结果", "复检结果", None],
        [1, "镉", "0.04mg/kg", "0.07mg/kg", "≤0.05mg/kg"],
    )
    assert [(segment.record_id, segment.result) for segment in segments] == [("1", "0.07mg/kg")]
    assert verdicts(segments) == ["fail"]


# ---------------------------------------------------------------- the table


def test_a_number_column_named_in_the_row_above_gives_the_records_their_numbers(tmp_path):
    segments = judge_workbook(
        tmp_path,
        ["××省市场监督管理局不合格食品信息"],
        ["序号", "样品信息", "检验信息", None, None],
        [None, "食品名称", "不合格项目", "检验结果", "标准值"],
        [7, "芹菜", "毒死蜱", "0.3mg/kg", "≤0.02mg/kg"],
        [None, None, "噻虫胺", "0.3mg/kg", "≤0.04mg/kg"],
    )
    assert [segment.record_id for segment in segments] == ["7", "7"]


def test_a_cell_shown_in_per_cent_is_read_as_it_is_shown(tmp_path):
    segments = judge_workbook(
        tmp_path,
        ["序号", "检验项目", "检验结果", "标准值"],
        [1, "水分", 0.151, "≤13.5%"],
        formats=[("C2", "0.0%")],
    )
    assert (segments[0].result, verdicts(segments)) == ("15.1%", ["fail"])
    assert [cell_text(1, "0%"), cell_text(0.1505, "0.0%"), cell_text("8%", "0%")] == ["100%", "15.05%", "8%"]


@pytest.mark.parametrize("separator", ["、", "；", "\n"])
def test_a_row_that_lists_as_many_items_results_and_limits_is_taken_apart(separator):
    cells = (separator.join(parts) for parts in (("甲", "乙"), ("1mg/kg", "2mg/kg"), ("≤1mg/kg", "≤1mg/kg")))
    assert list(aligned(*cells)) == [("甲", "1mg/kg", "≤1mg/kg"), ("乙", "2mg/kg", "≤1mg/kg")]


def test_a_name_with_separators_of_its_own_stays_one_item():
    row = ("土霉素、金霉素、四环素", "300μg/kg", "≤200μg/kg")
    assert list(aligned(*row)) == [row]


def test_a_row_with_more_cells_than_headings_is_named_instead_of_losing_an_item(tmp_path):
    segments = judge_rows(tmp_path, ["编号", "fail_raw"], ["1", "甲║1mg/kg║≤2mg/kg", "乙║3mg/kg║≤2mg/kg"])
    assert (verdicts(segments), codes(segments)) == (["unreadable"], ["row_too_long"])
    assert segments[0].judgement.reasons[0].params["text"] == "乙║3mg/kg║≤2mg/kg"


@pytest.mark.parametrize(
    ("entered", "shown"),
    [
        ("0.12", "0.12 mg/kg"),
        ("<0.5", "<0.5 mg/kg"),
        ("120μg/kg", "120μg/kg"),
        ("0.12 mg/kg", "0.12 mg/kg"),
        ("0.1、0.2、0.3、0.4、0.5", "0.1、0.2、0.3、0.4、0.5 mg/kg"),
        ("未检出", "未检出"),
        ("未检出（检出限：0.01mg/kg）", "未检出（检出限：0.01mg/kg）"),
        ("检出", "检出"),
        ("/", "/"),
        ("见附件", "见附件"),
    ],
)
def test_a_result_is_shown_with_one_unit_and_that_is_its_own(entered, shown):
    assert with_unit(entered, "mg/kg") == shown
