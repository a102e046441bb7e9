"""The papers of sampling: everything handed over is printed, on the pages the form has."""

from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from lims.papers import render_png
from lims.symbols import code128_svg, read_symbols
from sampling.papers import (
    FORM_WORDS,
    SAMPLING_FORM,
    Copy,
    NoticeCopy,
    PaperEntrustedProducer,
    PaperOnlineShop,
    PaperOrganisation,
    PaperParty,
    PaperProducer,
    PaperSample,
    PaperTraceability,
    PurchaseCostNoticePaper,
    PurchaseLine,
    SamplingFormPaper,
    SamplingNoticePaper,
    Signature,
    render_purchase_cost_notice,
    render_sampling_form,
    render_sampling_notice,
)

ORGANISATION = PaperOrganisation(
    name="江阳县食品药品检验检测中心",
    address="江阳县滨江路三段9号",
    contact="周明",
    phone="0830-2999001",
    fax="0830-2999002",
    postcode="646000",
)


def make_form(**changes: object) -> SamplingFormPaper:
    form = SamplingFormPaper(
        sampling_no="XBJ26510502463233772",
        task_source="江阳县市场监督管理局",
        task_kind="监督抽检",
        sampled_on=date(2026, 11, 18),
        stage="流通",
        place_kind="农贸市场",
        report_class_a="抽检监测（县级本级）",
        report_class_b="2026年江阳县食品安全监督抽检计划",
        sampling_kind="常规抽样",
        party=PaperParty(
            name="江阳县城东农贸市场李翠花蔬菜摊",
            address="江阳县桂花路88号城东农贸市场A区12号",
            area_type="城市",
            uscc="92510502MA6A00001J",
            licence_kind="营业执照",
            legal_person="李翠花",
            phone="13800000000",
        ),
        sample=PaperSample(
            name="豇豆",
            category_path=("食用农产品", "蔬菜", "豆类蔬菜", "豇豆"),
            kind="食用农产品",
            unit="kg",
            sampled_qty=Decimal("3.0"),
            backup_qty=Decimal("1.0"),
            lot_size=Decimal("25.50"),
            origin="外购",
            attribute="普通食品",
            date_kind="购进",
            dated=date(2026, 11, 17),
            specification="散装称重",
            price=Decimal("7.60"),
            price_unit="kg",
            packaging="散装",
            technique="非无菌抽样",
            form="固体",
            storage=("常温",),
            containers=("塑料袋",),
            seal_nos=("FT2611001801", "FT2611001802"),
        ),
        organisation=ORGANISATION,
        traceability=PaperTraceability(
            supplier="川南批发市场王强经营部", bought_on=date(2026, 11, 17), ticket="有", certificate="无"
        ),
        party_objects=False,
        party_signature=Signature("李翠花", signed_on=date(2026, 11, 18)),
        samplers=(Signature("周明"), Signature("陈静")),
        accompanying_officers=(Signature("赵国强"),),
    )
    return replace(form, **changes)  # type: ignore[arg-type]


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page without white space, as cells wrap where they must."""
    pages = PdfReader(BytesIO(pdf)).pages
    return ["".join(page.extract_text().split()).replace("\u200b", "") for page in pages]


def texts_in(value: object) -> list[str]:
    if is_dataclass(value) and not isinstance(value, type):
        return [text for field in fields(value) for text in texts_in(getattr(value, field.name))]
    if isinstance(value, tuple):
        return [text for item in value for text in texts_in(item)]
    if isinstance(value, date):
        return [f"{value.year}年{value.month}月{value.day}日"]
    return [str(value)] if isinstance(value, str | Decimal) else []


def squeezed(text: str) -> str:
    return "".join(text.split())


FULL = make_form(
    online=PaperOnlineShop("鲜到家平台", "李翠花蔬菜店", "https://shop.example.org/12345"),
    producer=PaperProducer("泸州绿源农业公司", "合江县白米镇1号", "SC10651050200001", "王绿", "0830-1234567"),
    entrusted_producer=PaperEntrustedProducer("受托", "合江县丰收合作社", "合江县先市镇", "SC10651050200018"),
    deliver_by=date(2026, 11, 25),
    deliver_to="江阳县滨江路三段9号样品室",
    remark="现场随机抽取",
    producer_objects=True,
    producer_signature=Signature("王绿", signed_on=date(2026, 11, 19)),
)


def test_every_copy_shows_everything_that_was_filled_in() -> None:
    for page in pages_of(render_sampling_form(FULL)):
        missing = [text for text in texts_in(FULL) if squeezed(text) not in page]
        assert missing == []


def test_there_are_five_copies_each_with_its_name_in_the_margin() -> None:
    pages = pages_of(render_sampling_form(make_form()))
    assert len(pages) == 5
    for page, copy in zip(pages, Copy, strict=True):
        assert squeezed(copy) in page


def test_one_copy_can_be_printed_alone() -> None:
    [page] = pages_of(render_sampling_form(make_form(), [Copy.PARTY]))
    assert squeezed(Copy.PARTY) in page


def test_what_does_not_apply_is_a_stroke_and_never_blank() -> None:
    [page] = pages_of(render_sampling_form(make_form(), [Copy.PARTY]))
    for empty in ("商标/", "样品批号/", "保质期/", "质量等级/", "生产者名称/", "年销售额/", "备注（需说明的问题）/"):
        assert empty in page


def test_the_chosen_words_are_ticked_and_the_others_are_not() -> None:
    [page] = pages_of(render_sampling_form(make_form(), [Copy.PARTY]))
    for ticked in ("流通", "农贸市场", "食用农产品", "外购", "购进", "散装", "塑料袋", "无异议"):
        assert f"☑{ticked}" in page
    for open_ in ("批发市场", "预包装", "玻璃瓶", "有异议", "冷藏"):
        assert f"☐{open_}" in page


def test_a_word_the_form_does_not_print_stands_behind_other() -> None:
    sample = replace(make_form().sample, containers=("纸箱", "塑料袋"), storage=("充氮",))
    [page] = pages_of(render_sampling_form(make_form(sample=sample), [Copy.PARTY]))
    assert "☑其他（纸箱）" in page
    assert "☑塑料袋" in page
    assert "☑其他（充氮）" in page


def test_a_place_is_ticked_only_in_its_own_stage() -> None:
    [page] = pages_of(render_sampling_form(make_form(stage="餐饮", place_kind="其他"), [Copy.PARTY]))
    assert "☑餐饮" in page
    places = page.partition("抽样地点")[2].partition("样品信息")[0].partition("样品名称")[0]
    assert places.count("☑") == 1


def test_zeros_that_were_measured_are_kept() -> None:
    [page] = pages_of(render_sampling_form(make_form(), [Copy.PARTY]))
    assert "25.50kg" in page
    assert "7.60元／kg" in page


def test_the_code_on_the_form_is_its_sampling_number() -> None:
    form = make_form()
    printed = {
        "paper": form,
        "copies": (Copy.PARTY,),
        "words": FORM_WORDS,
        "code": code128_svg(form.sampling_no),
        "extra": {},
    }
    [page] = render_png(SAMPLING_FORM, printed, dots_per_inch=200)
    assert form.sampling_no in [reading.text for reading in read_symbols(Image.open(BytesIO(page)).convert("L"))]


def test_a_drawn_signature_takes_the_place_of_the_name() -> None:
    picture = BytesIO()
    Image.new("1", (120, 40), 1).save(picture, "PNG")
    drawn = Signature("李翠花", picture.getvalue(), date(2026, 11, 18))
    pdf = render_sampling_form(make_form(party_signature=drawn), [Copy.PARTY])
    assert len(list(PdfReader(BytesIO(pdf)).pages[0].images)) == 1


def test_all_fonts_are_embedded() -> None:
    for page in PdfReader(BytesIO(render_sampling_form(make_form()))).pages:
        fonts = page["/Resources"]["/Font"]  # type: ignore[index]
        descriptors = [font.get_object()["/DescendantFonts"][0]["/FontDescriptor"] for font in fonts.values()]
        assert descriptors
        assert all(any(f"/FontFile{kind}" in each for kind in ("", "2", "3")) for each in descriptors)


def test_the_same_form_gives_the_same_bytes() -> None:
    assert render_sampling_form(make_form()) == render_sampling_form(make_form())


long_text = st.text("江阳县城东农贸市场有限责任公司（个体工商户）ABC120", min_size=1, max_size=150)


@given(name=long_text, address=long_text, food=long_text, remark=long_text, maker=long_text)
@settings(max_examples=12, deadline=None)
def test_long_names_never_spill_over_the_page(name: str, address: str, food: str, remark: str, maker: str) -> None:
    form = replace(
        FULL,
        party=replace(FULL.party, name=name, address=address),
        sample=replace(FULL.sample, name=food),
        producer=replace(FULL.producer, name=maker, address=address),
        remark=remark,
    )
    [page] = pages_of(render_sampling_form(form, [Copy.PARTY]))
    for text in (name, address, food, remark, maker):
        assert squeezed(text) in page


def make_notice(**changes: object) -> SamplingNoticePaper:
    notice = SamplingNoticePaper(
        notice_no="江市监抽告〔2026〕118号",
        party_name="江阳县城东农贸市场李翠花蔬菜摊",
        task_source="江阳县市场监督管理局",
        organisation=ORGANISATION,
        samplers=("周明", "陈静"),
        foods=("豇豆", "韭菜"),
        legal_basis="《食品安全抽样检验管理办法》",
        issued_on=date(2026, 11, 18),
        valid_until=date(2026, 12, 31),
        regulator="江阳县市场监督管理局",
        least_samplers=2,
        objection_working_days=7,
        complaint_phone="12315",
    )
    return replace(notice, **changes)  # type: ignore[arg-type]


def test_the_notice_has_three_copies_with_all_its_facts() -> None:
    pages = pages_of(render_sampling_notice(make_notice()))
    assert len(pages) == 3
    for page, copy in zip(pages, NoticeCopy, strict=True):
        assert squeezed(copy) in page
        facts = ("江市监抽告〔2026〕118号", "豇豆、韭菜", "周明、陈静", "2026年12月31日", "12315", "0830-2999001")
        assert [fact for fact in facts if fact not in page] == []


@pytest.mark.parametrize("days", [7, 10])
def test_counts_on_the_notice_come_from_the_rules_in_force(days: int) -> None:
    [first, *_] = pages_of(render_sampling_notice(make_notice(objection_working_days=days, least_samplers=3)))
    assert f"之日起{days}个工作日内" in first
    assert "不得少于3名" in first


def test_a_notice_for_many_foods_keeps_its_three_pages() -> None:
    foods = tuple(f"第{number}种抽检食品" for number in range(90))
    assert len(pages_of(render_sampling_notice(make_notice(foods=foods)))) == 3


def test_the_purchase_notice_adds_up_in_figures_and_in_words() -> None:
    notice = PurchaseCostNoticePaper(
        notice_no="江购〔2026〕77号",
        party_name="李翠花蔬菜摊",
        organisation=ORGANISATION,
        lines=(
            PurchaseLine("XBJ26510502463233772", "豇豆", "3.0 kg", Decimal("7.60"), Decimal("22.80")),
            PurchaseLine("XBJ26510502463233773", "韭菜", "3.0 kg", Decimal("5.00"), Decimal("15.00")),
        ),
        paid_by="扫码支付",
        invoice_title="江阳县食品药品检验检测中心",
        taxpayer_no="12510502MB0000000X",
        invoice_by=date(2026, 12, 18),
        issued_on=date(2026, 11, 18),
    )
    [page] = pages_of(render_purchase_cost_notice(notice))
    assert "￥37.80" in page
    assert "叁拾柒元捌角" in page
    assert "2026年12月18日前" in page
    unprinted = {"0830-2999002"}  # the fax
    assert {text for text in texts_in(notice) if squeezed(text) not in page} == unprinted
