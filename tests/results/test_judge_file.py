import csv
import json
from collections import Counter

import pytest
from click.testing import CliRunner
from openpyxl import Workbook

from results.cli_judge import judge
from results.judge_file import ResultsFileError, cell_text, judge_file
from results.rules.published import split_cell, split_limit_and_item


def judged(path):
    return list(judge_file(path))


def verdicts(path):
    return [segment.judgement.verdict.value for segment in judged(path)]


def write_csv(folder, rows, encoding="utf-8"):
    path = folder / "results.csv"
    with path.open("w", encoding=encoding, newline="") as text:
        csv.writer(text).writerows(rows)
    return path


def write_xlsx(folder, rows):
    path = folder / "results.xlsx"
    workbook = Workbook()
    sheet = workbook.active
    for row in rows:
        sheet.append(row)
    workbook.save(path)
    return path


# ---------------------------------------------------------------- the one-cell form


@pytest.mark.parametrize(
    ("cell", "items"),
    [
        ("铅║1mg/kg║≤0.2mg/kg；镉║2mg/kg║≤0.1mg/kg", ["铅", "镉"]),
        ("铅║1mg/kg║≤0.2mg/kg\n镉║2mg/kg║≤0.1mg/kg", ["铅", "镉"]),
        ("柠檬黄║1g/kg║不得使用,亮蓝║2g/kg║不得使用", ["柠檬黄", "亮蓝"]),
        ("柠檬黄║1g/kg║不得使用亮蓝║2g/kg║不得使用", ["柠檬黄", "亮蓝"]),
        ("铅║1mg/kg║≤0.2mg/kg 镉║2mg/kg║≤0.1mg/kg", ["铅", "镉"]),
        ("①铅║1mg/kg║≤0.2mg/kg②镉║2mg/kg║≤0.1mg/kg", ["铅", "镉"]),
        ("铅║1mg/kg║≤0.1mg/kg,2,4-滴║2mg/kg║≤0.1mg/kg", ["铅", "2,4-滴"]),
        ("铅║1mg/kg║≤0.1mg/kg；铝(干样品,以Al计)║2mg/kg║≤1mg/kg", ["铅", "铝(干样品,以Al计)"]),
        (
            "大肠菌群║1,2,3,4,5CFU/g║n=5,c=2,m=10,M=10²CFU/g,菌落总数║1,2,3,4,5CFU/g║n=5,c=2,m=10,M=10²CFU/g",
            ["大肠菌群", "菌落总数"],
        ),
        ("氨基酸态氮║0.5g/100mL║≤/g/100mL,全氮(以氮计)║0.8g/100mL║≤/g/100mL", ["氨基酸态氮", "全氮(以氮计)"]),
        ("铅|1mg/kg|≤0.2mg/kg", ["铅"]),
    ],
)
def test_a_cell_is_split_into_its_items(cell, items):
    assert [segment.item for segment in split_cell(cell)] == items


@pytest.mark.parametrize(
    "cell",
    [
        "初检结果：铅║0.3mg/kg║≤0.2mg/kg复检结果：铅║0.4mg/kg║≤0.2mg/kg",
        "初检结果：铅║0.3mg/kg║≤0.2mg/kg\n复检结果：：铅║0.4mg/kg║≤0.2mg/kg",
        "初检结果:铅║0.3mg/kg║≤0.2mg/kg；复检结果：0.4mg/kg║≤0.2mg/kg",
        "初检结果：铅(以Pb计)║0.3mg/kg║≤0.2mg/kg；复检结果：铅║0.4mg/kg║≤0.2mg/kg",
        "复检结果：铅║0.4mg/kg║≤0.2mg/kg；初检结果：铅║0.3mg/kg║≤0.2mg/kg",
        "初检结果：铅║0.3mg/kg║≤0.2mg/kg\n初检结果：铅║0.4mg/kg║≤0.2mg/kg",
        "铅║初检结果：0.3mg/kg；复检结果：0.4mg/kg║≤0.2mg/kg",
    ],
)
def test_the_recheck_counts_and_the_initial_result_is_kept(cell):
    (segment,) = split_cell(cell)
    assert segment.item.startswith("铅")
    assert (segment.result, segment.initial_result) == ("0.4mg/kg", "0.3mg/kg")
    assert segment.limit == "≤0.2mg/kg"


def test_a_recheck_of_one_of_two_items_leaves_the_other():
    cell = "初检结果：铅║3mg/kg║≤1mg/kg；镉║4mg/kg║≤1mg/kg复检结果：镉║5mg/kg║≤1mg/kg"
    assert [(segment.item, segment.result) for segment in split_cell(cell)] == [("铅", "3mg/kg"), ("镉", "5mg/kg")]


@pytest.mark.parametrize("cell", ["铅║1mg/kg", "铅 1mg/kg", "铅║1mg/kg║≤1mg/kg；镉║2mg/kg"])
def test_a_cell_that_lacks_a_part_is_named_and_not_guessed(cell):
    assert split_cell(cell)[-1].defect is not None


def test_the_longest_beginning_that_is_a_limit_is_the_limit():
    assert split_limit_and_item("n=5,c=2,m=10,M=10²CFU/g,霉菌") == ("n=5,c=2,m=10,M=10²CFU/g", "霉菌")


# ---------------------------------------------------------------- columns


def test_english_columns_are_judged(tmp_path):
    path = write_csv(
        tmp_path,
        [
            ["item", "result", "limit", "unit"],
            ["lead", "0.3", "≤0.2", "mg/kg"],
            ["lead", "0.20", "≤0.2", "mg/kg"],
            ["lead", "<5", "≤3", "mg/kg"],
            ["lead", "banana", "≤3", "mg/kg"],
            ["lead", "1,300", "≤500", "mg/kg"],
            ["lead", "0.5mg/L", "≤1mg/kg", ""],
            ["lead", "", "≤1", "mg/kg"],
            ["lead", "1", "", "mg/kg"],
            ["lead", "1", "/", "mg/kg"],
            ["alcohol", "16.9%", "13.0~15.0%vol", ""],
        ],
    )
    assert verdicts(path) == [
        "fail",
        "pass",
        "cannot_judge",
        "unreadable",
        "unreadable",
        "cannot_judge",
        "untested",
        "unreadable",
        "not_judged",
        "fail",
    ]
    assert [segment.record_id for segment in judged(path)][:2] == ["2", "3"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_columns_are_judged_in_every_usual_encoding(tmp_path, encoding):
    rows = [["抽样编号", "检验项目", "检验结果", "标准值", "结果单位"], ["XBJ1", "铅", "0.3", "≤0.2", "mg/kg"]]
    (segment,) = judged(write_csv(tmp_path, rows, encoding))
    assert (segment.record_id, segment.judgement.verdict, segment.judgement.unit) == ("XBJ1", "fail", "mg/kg")


def test_the_national_table_of_failures_is_judged_with_its_titles_and_continuation_rows(tmp_path):
    header = ["序号", "样品名称", "不合格项目", "检验值", "标准值", "标签标注要求", "抽样编号"]
    path = write_xlsx(
        tmp_path,
        [
            ["附件2"],
            ["监督抽检不合格产品信息"],
            header,
            [1, "韭菜", "腐霉利", "6.71 mg/kg", "≤0.2 mg/kg", "/", "XBJ1"],
            [None, None, "毒死蜱", "0.5mg/kg", "≤0.02 mg/kg", None, None],
            [2, "酱油", "氨基酸态氮", "0.50 g/100mL", "/", "≥0.80g/100mL", "XBJ2"],
            [3, "酒", "酒精度", "50.1 %vol", "产品明示值±1.0%vol", "52%vol", "XBJ3"],
            [4, "饼", "菌落总数\n霉菌", "9;9;9;9;9CFU/g\n360CFU/g", "n=5,c=2,m=1,M=5CFU/g\n≤150CFU/g", "", "XBJ4"],
        ],
    )
    assert [(segment.record_id, segment.judgement.verdict.value) for segment in judged(path)] == [
        ("XBJ1", "fail"),
        ("XBJ1", "fail"),
        ("XBJ2", "fail"),
        ("XBJ3", "fail"),
        ("XBJ4", "fail"),
        ("XBJ4", "fail"),
    ]


def test_the_base_table_brings_ends_detection_limit_and_kind(tmp_path):
    header = ["检验项目", "检验结果", "结果单位", "最小允许限", "最大允许限", "检出限", "检验类型"]
    path = write_xlsx(
        tmp_path,
        [
            header,
            ["镉", "未检出", "mg/kg", "/", 0.05, 0.1, "抽检项目"],
            ["镉", "未检出", "mg/kg", "/", 0.05, 0.001, "抽检项目"],
            ["镉", "0.06", "mg/kg", "", "0.05", "", "监测项目"],
            ["镉", "0.06", "mg/kg", "", "", "", "监测项目"],
            ["碘", "20", "mg/kg", "18", "33", "", "抽检项目"],
        ],
    )
    assert verdicts(path) == ["cannot_judge", "pass", "problem", "not_judged", "pass"]


def test_a_column_in_the_one_cell_form_is_found_without_its_name(tmp_path):
    rows = [["编号", "情况"], ["a1", "铅║0.3mg/kg║≤0.2mg/kg"], ["a2", "大肠菌群║未检出║不得检出"]]
    assert [(one.record_id, one.judgement.verdict.value) for one in judged(write_csv(tmp_path, rows))] == [
        ("a1", "fail"),
        ("a2", "pass"),
    ]


def test_a_column_of_the_form_without_any_header_is_judged_from_its_first_row(tmp_path):
    path = write_csv(tmp_path, [["大肠菌群║检出║不得检出"], ["铅║0.3mg/kg║≤0.2mg/kg"]])
    assert verdicts(path) == ["fail", "fail"]


@pytest.mark.parametrize("header", ["不合格项目║检验结果║标准值", "不合格项目‖检验值‖标准值"])
def test_the_published_header_says_that_its_rows_are_failures(tmp_path, header):
    assert one(tmp_path, "铅║0.1mg/kg║≤0.2mg/kg", header).source_is_wrong


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (0.3, "0.00", "0.30"),
        (0.3, "General", "0.3"),
        (0.123, "0.00", "0.123"),
        (1e-05, "General", "0.00001"),
        (3.0, "General", "3"),
        (300000.0, "0.0", "300000.0"),
        (5, "General", "5"),
        (" x ", "General", "x"),
        (None, None, ""),
    ],
)
def test_a_spreadsheet_number_keeps_the_decimals_it_is_shown_with(value, number_format, text):
    assert cell_text(value, number_format) == text


# ---------------------------------------------------------------- what the source gets wrong


def one(tmp_path, cell, header="fail_raw"):
    (segment,) = judged(write_csv(tmp_path, [["record_id", header], ["r1", cell]]))
    return segment.judgement


def test_a_maximum_where_standards_set_a_minimum_is_named_and_never_a_pass(tmp_path):
    judgement = one(tmp_path, "二氧化碳气容量(20℃)║1.22倍║≤1.5倍")
    assert (judgement.verdict, judgement.rule) == ("cannot_judge", "limit_direction")
    assert judgement.source_is_wrong


def test_a_published_failure_that_meets_its_limit_is_called_out(tmp_path):
    judgement = one(tmp_path, "铅║0.1mg/kg║≤0.2mg/kg")
    assert judgement.verdict == "pass"
    assert judgement.source_is_wrong
    assert judgement.reasons[-1].code == "published_as_failure"


def test_a_recheck_that_passed_is_no_contradiction(tmp_path):
    judgement = one(tmp_path, "初检结果：铅║0.3mg/kg║≤0.2mg/kg复检结果：铅║0.1mg/kg║≤0.2mg/kg")
    assert (judgement.verdict, judgement.source_is_wrong) == ("pass", False)


def test_a_limit_without_its_figure_is_unreadable(tmp_path):
    judgement = one(tmp_path, "总氮║2.81g/100g║≤/g/100g")
    assert (judgement.verdict, judgement.reasons[0].code) == ("unreadable", "limit_value_missing")


def test_a_mended_limit_is_shown_as_it_was_read(tmp_path):
    judgement = one(tmp_path, "铝║165mg/kg║≤≤100mg/kg")
    assert judgement.verdict == "fail"
    assert judgement.reasons[-1].params["limit"] == "≤100mg/kg"


# ---------------------------------------------------------------- the command


def run(monkeypatch, *arguments, locale="en"):
    monkeypatch.setenv("LIMS_LOCALE", locale)
    return CliRunner().invoke(judge, [str(argument) for argument in arguments])


def test_json_has_one_object_per_item_with_the_agreed_keys(tmp_path, monkeypatch):
    rows = [["record_id", "item", "result", "limit", "unit"], ["r1", "铅", "0.3", "≤0.2", "mg/kg"]]
    outcome = run(monkeypatch, write_csv(tmp_path, rows), "--json")
    assert outcome.exit_code == 0
    (line,) = outcome.stdout.splitlines()
    assert json.loads(line) == {
        "record_id": "r1",
        "item": "铅",
        "result": "0.3",
        "limit": "≤0.2",
        "unit": "mg/kg",
        "verdict": "fail",
        "rule": "maximum",
        "reason": "0.3mg/kg is above the limit (≤0.2mg/kg).",
    }


def test_the_reason_is_in_the_language_asked_for(tmp_path, monkeypatch):
    rows = [["item", "result", "limit", "unit"], ["铅", "0.3", "≤0.2", "mg/kg"]]
    outcome = run(monkeypatch, write_csv(tmp_path, rows), locale="zh_CN")
    assert "高于限量" in outcome.stdout
    assert "不合格" in outcome.stdout


def test_the_exit_status_tells_a_wrong_source_from_wrong_use(tmp_path, monkeypatch):
    unreadable = write_csv(tmp_path, [["item", "result", "limit"], ["铅", "banana", "≤0.2"]])
    assert run(monkeypatch, unreadable).exit_code == 1
    foreign = write_csv(tmp_path, [["name", "price"], ["x", "1"]])
    assert run(monkeypatch, foreign).exit_code == 2
    assert run(monkeypatch, tmp_path / "absent.csv").exit_code == 2


def test_what_is_no_table_is_refused_with_advice(tmp_path):
    old = tmp_path / "results.xls"
    old.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(64))
    broken = tmp_path / "results.xlsx"
    broken.write_bytes(b"PK\x03\x04" + bytes(64))
    for path in (old, broken):
        with pytest.raises(ResultsFileError, match=path.name):
            judged(path)


def test_every_published_failure_of_2026_is_found_but_those_whose_source_is_wrong(reference_dir):
    segments = judged(reference_dir / "data" / "nonconforming_results_2026.csv")
    counts = Counter(segment.judgement.verdict.value for segment in segments)
    others = [segment for segment in segments if segment.judgement.verdict != "fail"]
    assert counts["pass"] == 0
    assert counts["fail"] / len(segments) >= 0.99
    assert all(segment.judgement.source_is_wrong for segment in others)
    assert {segment.record_id for segment in others} == {
        *("r0203", "r0213", "r0258", "r0275"),  # gas volume printed with ≤
        "r0855",  # vitamin printed with ≤
        *("r0925", "r0937"),  # the figure of the label was lost
    }
