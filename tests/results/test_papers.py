"""Test report, result notice and 24-hour report: complete, in their words, on their pages."""

from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from lims.papers import render_png
from lims.symbols import qr_svg, read_symbols
from results.papers.notice import ResultNoticePaper, render_result_notice
from results.papers.report import (
    TEST_REPORT,
    CmaMark,
    Language,
    ReportItem,
    ReportParty,
    ReportSample,
    TestReportPaper,
    conclusion_sentence,
    needs_measuring,
    render_test_report,
)
from results.papers.urgent import UrgentLine, UrgentReportPaper, render_urgent_report
from sampling.papers import PaperOrganisation, Signature

LAB = PaperOrganisation(
    name="泸州市食品检验检测院", address="滨江路三段9号", contact="黄丽", phone="0830-3111222", postcode="646000"
)
STANDARD = "GB 2763-2021《食品安全国家标准 食品中农药最大残留限量》"


def make_item(**changes: object) -> ReportItem:
    item = ReportItem("噻虫胺", "mg/kg", "≤0.01", "0.350", "不合格", "GB 23200.121-2021", "0.005")
    return replace(item, **changes)  # type: ignore[arg-type]


def make_report(**changes: object) -> TestReportPaper:
    report = TestReportPaper(
        report_no="LZ2026SP011872",
        lab=LAB,
        client="江阳县市场监督管理局",
        test_kind="监督抽检",
        sample=ReportSample(
            sampling_no="XBJ26510502463233772",
            name="豇豆",
            category="食用农产品 ＞ 蔬菜 ＞ 豆类蔬菜 ＞ 豇豆",
            specification="散装称重",
            dated="购进日期 2026-11-18",
            quantity="3.0 kg",
            state="样品完好",
            sampled_on=date(2026, 11, 18),
            received_on=date(2026, 11, 19),
        ),
        party=ReportParty("李翠花蔬菜摊", "江阳县桂花路88号"),
        producer=ReportParty(),
        items=(make_item(), make_item(name="铅（以Pb计）", result="未检出", verdict="合格", limit="≤0.2")),
        method_basis=("GB 23200.121-2021", "GB 5009.12-2023"),
        judgement_basis=(STANDARD,),
        conclusion=conclusion_sentence([STANDARD], ["噻虫胺"]),
        tested_from=date(2026, 11, 20),
        tested_to=date(2026, 11, 22),
        issued_on=date(2026, 11, 23),
        check_url="https://fenjian.example.org/check/7Q4XKD2M",
        ledger_head="fenjian.example.org 48211 3q2+7wAAaGVsbG8=",
        tester=Signature("王晓燕"),
        reviewer=Signature("刘志刚"),
        approver=Signature("何敏"),
    )
    return replace(report, **changes)  # type: ignore[arg-type]


def pages_of(pdf: bytes) -> list[str]:
    pages = PdfReader(BytesIO(pdf)).pages
    return ["".join(page.extract_text().split()) for page in pages]


def test_the_report_has_cover_notes_front_page_and_results() -> None:
    cover, notes, front, results = pages_of(render_test_report(make_report()))
    for fact in ("LZ2026SP011872", "豇豆", "李翠花蔬菜摊", "泸州市食品检验检测院", "2026年11月23日"):
        assert fact in cover
    assert "注意事项" in notes
    for fact in ("XBJ26510502463233772", "GB5009.12-2023", "批准：何敏", "审核：刘志刚", "主检：王晓燕", "散装称重"):
        assert fact in front
    assert "经抽样检验，噻虫胺项目不符合" in front
    for fact in ("噻虫胺", "≤0.01", "0.350", "不合格", "0.005", "未检出", "以下空白"):
        assert fact in results


def test_every_page_names_its_place_and_the_head_of_the_ledger() -> None:
    pages = pages_of(render_test_report(make_report()))
    for number, page in enumerate(pages, start=1):
        assert f"第{number}页共4页" in page
        assert "fenjian.example.org482113q2+7wAAaGVsbG8=" in page


def test_the_mark_of_qualification_stands_only_on_a_report_that_has_one() -> None:
    [without, *_] = pages_of(render_test_report(make_report()))
    [marked, *_] = pages_of(render_test_report(make_report(cma=CmaMark("242300110088"))))
    assert "CMA" not in without
    assert "资质认定" not in without
    assert "CMA" in marked
    assert "242300110088" in marked


def test_the_laboratorys_own_picture_of_the_mark_is_used() -> None:
    picture = BytesIO()
    Image.new("L", (60, 40), 128).save(picture, "PNG")
    pdf = render_test_report(make_report(cma=CmaMark("242300110088", picture.getvalue())))
    assert len(list(PdfReader(BytesIO(pdf)).pages[0].images)) == 1


def test_the_qr_code_opens_the_check_page() -> None:
    report = make_report()
    printed = {
        "paper": report,
        "language": Language.CHINESE,
        "code": qr_svg(report.check_url),
        "measured": needs_measuring(report),
    }
    cover = render_png(TEST_REPORT, printed, dots_per_inch=150)[0]
    assert [reading.text for reading in read_symbols(Image.open(BytesIO(cover)).convert("L"))] == [report.check_url]


def test_an_amended_result_shows_what_stood_there_before() -> None:
    *_, results = pages_of(render_test_report(make_report(items=(make_item(amended_from="0.340"),))))
    assert "0.350（更正前0.340）" in results


def test_a_later_edition_names_the_one_it_replaces() -> None:
    [cover, *_] = pages_of(render_test_report(make_report(version=2, replaces="LZ2026SP011800")))
    assert "第2版（代替LZ2026SP011800）" in cover


def test_the_time_for_objections_comes_from_the_rules_in_force() -> None:
    _, notes, *_ = pages_of(render_test_report(make_report(objection_working_days=9)))
    assert "之日起9个工作日内" in notes


def test_the_english_report_is_english_throughout() -> None:
    report = make_report(
        lab=PaperOrganisation("Luzhou Food Laboratory", "9 Binjiang Road"),
        client="Jiangyang Market Regulation",
        test_kind="supervision sampling",
        sample=ReportSample("XBJ26510502463233772", "Cowpea", "Produce > Vegetables", sampled_on=date(2026, 11, 18)),
        party=ReportParty("Li Cuihua"),
        items=(make_item(name="Clothianidin", verdict="fail", amended_from="0.34", remark="repeated"),),
        judgement_basis=("GB 2763-2021",),
        conclusion=conclusion_sentence(["GB 2763-2021"], ["Clothianidin"], language=Language.ENGLISH),
        cma=CmaMark("242300110088"),
        version=2,
        replaces="A1",
        objection_working_days=7,
        tester=Signature("Wang"),
        reviewer=Signature("Liu"),
        approver=Signature("He"),
    )
    pages = pages_of(render_test_report(report, Language.ENGLISH))
    assert len(pages) == 4
    assert [letter for page in pages for letter in page if "\u4e00" <= letter <= "\u9fff"] == []
    assert "TESTREPORT" in pages[0]
    assert "Clothianidindoesnotmeet" in pages[2]


def test_a_long_result_table_goes_on_over_pages_under_the_same_head() -> None:
    items = tuple(make_item(name=f"检验项目{number}") for number in range(90))
    pages = pages_of(render_test_report(make_report(items=items)))
    assert len(pages) > 5
    assert all("单项判定" in page for page in pages[3:])
    assert all(any(item.name in page for page in pages[3:]) for item in items)


letters = st.text("江阳县城东农贸市场有限责任公司（个体工商户）ABC120", min_size=1, max_size=200)


@given(name=letters, state=letters, address=letters, remark=letters, language=st.sampled_from(Language))
@settings(max_examples=12, deadline=None)
def test_long_names_never_move_the_results_to_a_fifth_page(
    name: str, state: str, address: str, remark: str, language: Language
) -> None:
    report = make_report()
    sample = replace(report.sample, name=name[:80], state=state)
    report = replace(report, sample=sample, producer=ReportParty(name, address, address), remark=remark)
    pages = pages_of(render_test_report(report, language))
    assert len(pages) == 4
    assert all(text in pages[2] for text in (name, state, address, remark))


@given(
    texts=st.dictionaries(
        st.sampled_from(["name", "brand", "grade", "state", "quantity", "sampling_place", "samplers", "shelf_life"]),
        st.integers(0, 180),
    ),
    conclusion=st.integers(0, 300),
    basis=st.integers(0, 300),
    letter=st.sampled_from(["豇", "GB ", "Hm"]),
    language=st.sampled_from(Language),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_what_is_not_measured_fits_wherever_its_letters_stand(
    texts: dict[str, int], conclusion: int, basis: int, letter: str, language: Language
) -> None:
    report = make_report()
    sample = replace(report.sample, **{name: (letter * size)[:size] for name, size in texts.items()})
    report = replace(
        report,
        sample=sample,
        party=ReportParty("豇", (letter * basis)[:basis]),
        conclusion=(letter * conclusion)[:conclusion],
        judgement_basis=((letter * basis)[:basis],),
    )
    assume(not needs_measuring(report))
    front = pages_of(render_test_report(report, language))[2]
    assert ("Approved" if language is Language.ENGLISH else "批准：何敏") in front


def test_an_ordinary_report_is_not_measured_and_a_long_one_is() -> None:
    report = make_report()
    assert not needs_measuring(report)
    assert needs_measuring(replace(report, remark="长" * 400))


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render_test_report(make_report()) == render_test_report(make_report())


@pytest.mark.parametrize(
    ("failed", "problems", "sentence"),
    [
        ([], [], "经抽样检验，所检项目符合A、B要求。"),
        (["铅"], [], "经抽样检验，铅项目不符合A、B要求，检验结论为不合格。"),
        (["铅", "镉"], [], "经抽样检验，铅、镉项目不符合A、B要求，检验结论为不合格。"),
        ([], ["铝"], "经抽样检验，铝项目超过监测参考值，检验结论为问题样品。"),
        (["铅"], ["铝"], "经抽样检验，铅项目不符合A、B要求，检验结论为不合格。铝项目超过监测参考值。"),
    ],
)
def test_the_conclusion_is_the_standard_sentence(failed: list[str], problems: list[str], sentence: str) -> None:
    assert conclusion_sentence(["A", "B"], failed, problems) == sentence


@pytest.mark.parametrize(
    ("failed", "problems", "word"), [([], [], "meet A"), (["Pb"], [], "FAIL"), ([], ["Al"], "PROBLEM SAMPLE")]
)
def test_the_english_conclusion_says_the_same(failed: list[str], problems: list[str], word: str) -> None:
    assert word in conclusion_sentence(["A"], failed, problems, Language.ENGLISH)


def make_notice(**changes: object) -> ResultNoticePaper:
    notice = ResultNoticePaper(
        notice_no="江市监检通〔2026〕203号",
        addressee="李翠花蔬菜摊",
        addressee_role="被抽样单位",
        regulator="江阳县市场监督管理局",
        plan_name="2026年江阳县食品安全监督抽检计划",
        sampled_on=date(2026, 11, 18),
        sampled_party="李翠花蔬菜摊",
        nominal_producer=None,
        sampling_no="XBJ26510502463233772",
        sample_name="豇豆",
        report_no="LZ2026SP011872",
        lab="泸州市食品检验检测院",
        passed=False,
        failed_items=("噻虫胺", "倍硫磷"),
        objection_working_days=7,
        issued_on=date(2026, 11, 25),
        objection_to="江阳县市场监督管理局",
        phone="0830-2990000",
    )
    return replace(notice, **changes)  # type: ignore[arg-type]


def test_the_result_notice_and_its_receipt_share_one_page() -> None:
    [page] = pages_of(render_result_notice(make_notice()))
    notice, line, receipt = page.partition("沿此线撕下")
    assert line
    assert "结果为不合格，不合格项目：噻虫胺、倍硫磷" in notice
    assert "之日起7个工作日内" in notice
    for fact in ("江市监检通〔2026〕203号", "LZ2026SP011872", "☐无异议", "☐将在规定期限内提出书面"):
        assert fact in receipt


def test_the_receipt_can_be_printed_as_it_was_returned() -> None:
    back = make_notice(objects=True, receiver=Signature("李翠花", signed_on=date(2026, 11, 26)))
    [page] = pages_of(render_result_notice(back))
    assert "☑将在规定期限内提出书面" in page
    assert "签收人（签名）：李翠花" in page


def test_a_notice_of_a_pass_asks_for_nothing() -> None:
    [page] = pages_of(render_result_notice(make_notice(passed=True, failed_items=())))
    assert "结果为合格" in page
    assert "复检申请，" not in page
    assert "召回" not in page


@given(name=letters, items=st.lists(letters, min_size=1, max_size=8))
@settings(max_examples=10, deadline=None)
def test_a_notice_with_long_names_stays_on_its_page(name: str, items: list[str]) -> None:
    assert len(pages_of(render_result_notice(make_notice(addressee=name, failed_items=tuple(items))))) == 1


def test_the_urgent_report_shows_every_finding_with_all_sixteen_columns() -> None:
    line = UrgentLine(
        sampling_no="XBJ26510502463233772",
        sample_name="凉拌卤猪耳",
        dated="2026-11-18",
        specification="散装",
        brand=None,
        producer=None,
        producer_address=None,
        region="城东街道",
        place="小型餐馆",
        item="沙门氏菌",
        method="GB 4789.4-2024",
        result="检出/25g",
        limit="n=5,c=0,m=0/25g",
        judgement_basis="GB 31607-2021",
        explanation="致病菌污染",
    )
    report = UrgentReportPaper(
        report_no="限时〔2026〕9号",
        hours=24,
        addressee="江阳县市场监督管理局",
        copies_to=("泸州市市场监督管理局", "江阳县综合执法大队"),
        lab=LAB,
        lines=(line, replace(line, sampling_no="XBJ26510502463233999")),
        found_at=datetime(2026, 11, 22, 3, 0, tzinfo=UTC),
        issued_at=datetime(2026, 11, 22, 17, 30, tzinfo=UTC),
        issued_on=date(2026, 11, 23),
        reporter=Signature("王晓燕"),
        approver=Signature("何敏"),
    )
    [page] = pages_of(render_urgent_report(report))
    assert "食品安全抽样检验24小时限时报告" in page
    columns = "序号 样品编号 产品名称 生产日期 规格型号 商标 生产企业名称 详细地址 采样区域 采样地点 检测项目 方法标准"
    for fact in [
        *columns.split(),
        "检测值",
        "标准值（参考值）",
        "判定依据",
        "结果说明",
        "2026-11-2211:00",
        "2026-11-2301:30",
    ]:
        assert fact in page
    for fact in ("XBJ26510502463233772", "XBJ26510502463233999", "n=5,c=0,m=0/25g", "检出/25g", "江阳县综合执法大队"):
        assert fact in page
