"""Labels: what leaves for a printer is read back by a decoder, in every language a printer speaks."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import partial
from io import BytesIO
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from chain_of_custody.labels.contents import (
    BlankLabel,
    FieldLabel,
    LabelContent,
    LabelSize,
    PortionLabel,
    Receipt,
    SealLabel,
)
from chain_of_custody.labels.drawing import Picture, draw_label, draw_receipt, linear_bar_dots
from chain_of_custody.labels.printers import REPEAT_DIGITS, REPEAT_TWENTIES, to_escpos, to_tspl, to_zpl
from chain_of_custody.labels.sheets import COLUMNS, LABELS, ROWS, Stock, _lay_out, render_labels
from lims.papers import render_png
from lims.symbols import read_symbols

DAY = date(2026, 11, 18)
PORTION = PortionLabel("26F0118427", "检验样品", "待检", "冷藏 2–8 ℃", DAY)
FIELD = FieldLabel("XBJ26510502463233772", "手工红薯粉条（湿）", "复检备份样品", "1.0 kg", "常温", DAY)
SEAL = SealLabel("FT26110018-1", "XBJ26510502463233772", "检验样品", DAY)
CONTENTS = [PORTION.content(), FIELD.content(), SEAL.content()]
codes = st.text("ABCDEFGHJKLMNPQRTUWXY0123456789-", min_size=4, max_size=22)


def codes_in(picture: Picture) -> set[str]:
    return {reading.text for reading in read_symbols(picture.convert("L"))}


def zpl_picture(written: bytes) -> Picture:
    """Read a `^GFA` field back, by the rules of the manual and not by our writer."""
    match = re.fullmatch(
        r"\^XA\n\^PW(\d+)\n\^LL(\d+)\n\^LH0,0\n\^FO0,0\^GFA,(\d+),\3,(\d+),(.*)\^FS\n\^PQ\d+\n\^XZ\n",
        written.decode("ascii"),
    )
    assert match
    width, height, total, row_bytes = (int(number) for number in match.groups()[:4])
    rows: list[str] = []
    row, count = "", 0
    for letter in match[5]:
        if letter in REPEAT_TWENTIES:
            count += 20 * (REPEAT_TWENTIES.index(letter) + 1)
        elif letter in REPEAT_DIGITS:
            count += REPEAT_DIGITS.index(letter) + 1
        elif letter == ":":
            rows.append(rows[-1])
        elif letter in ",!":
            row = row.ljust(2 * row_bytes, "0" if letter == "," else "F")
        else:
            row, count = row + letter * max(count, 1), 0
        if len(row) == 2 * row_bytes:
            rows.append(row)
            row = ""
    bits = bytes.fromhex("".join(rows))
    assert len(bits) == total == row_bytes * height
    return unpacked(bytes(byte ^ 0xFF for byte in bits), row_bytes, height).crop((0, 0, width, height))


def unpacked(white_bits: bytes, row_bytes: int, height: int) -> Picture:
    return Image.frombytes("1", (row_bytes * 8, height), white_bits)


@pytest.mark.parametrize("size", LabelSize)
@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("content", CONTENTS, ids=["portion", "field", "seal"])
def test_every_label_of_every_size_is_read_back(content: LabelContent, size: LabelSize, dpi: int) -> None:
    label = draw_label(content, size, dpi)
    per_mm = {203: 8, 300: 12}[dpi]
    assert label.size == (size.value.width * per_mm, size.value.height * per_mm)
    assert codes_in(label) == {content.code}


@given(code=codes, size=st.sampled_from(LabelSize))
@settings(max_examples=60, deadline=None)
def test_a_label_shows_a_linear_code_exactly_where_its_bars_are_wide_enough(code: str, size: LabelSize) -> None:
    label = draw_label(LabelContent("样品标签", code, (("类别", "检验样品"),)), size)
    kinds = {reading.symbology for reading in read_symbols(label.convert("L")) if reading.text == code}
    assert kinds == ({"QRCode", "Code128"} if linear_bar_dots(code, size) else {"QRCode"})


def test_a_national_sampling_number_is_too_wide_for_the_smallest_label() -> None:
    assert linear_bar_dots(FIELD.portion_no, LabelSize.SMALL) == 0
    assert linear_bar_dots(FIELD.portion_no, LabelSize.MEDIUM) >= 2
    assert linear_bar_dots(PORTION.blind_code, LabelSize.SMALL) >= 2


def test_the_label_of_a_portion_leads_the_bench_to_nobody() -> None:
    shown = " ".join([PORTION.content().code, *(text for _, text in PORTION.content().lines)])
    assert shown == "26F0118427 检验样品 待检 冷藏 2–8 ℃ 2026-11-18"


@given(name=st.text("特产手工红薯粉条ABC（）0", max_size=200), code=codes, size=st.sampled_from(LabelSize))
@settings(max_examples=30, deadline=None)
def test_a_long_name_never_covers_the_codes(name: str, code: str, size: LabelSize) -> None:
    label = draw_label(LabelContent("抽检样品", code, (("样品", name), ("储存", name))), size)
    assert codes_in(label) == {code}


@pytest.mark.parametrize("size", LabelSize)
@pytest.mark.parametrize("content", CONTENTS, ids=["portion", "field", "seal"])
def test_zpl_carries_every_dot(content: LabelContent, size: LabelSize) -> None:
    label = draw_label(content, size)
    read = zpl_picture(to_zpl(label, copies=3))
    assert read.tobytes() == label.tobytes()
    assert codes_in(read) == {content.code}


@given(
    width=st.integers(1, 900),
    rows=st.lists(st.sampled_from(["black", "white", "mixed", "last"]), min_size=1, max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_zpl_survives_any_run_of_dots(width: int, rows: list[str]) -> None:
    patterns = {
        "black": [0] * width,
        "white": [1] * width,
        "mixed": [at // 7 % 2 for at in range(width)],
        "last": [1] * (width - 1) + [0],
    }
    picture = Image.new("1", (width, len(rows)))
    picture.putdata([dot for row in rows for dot in patterns[row]])
    assert zpl_picture(to_zpl(picture)).tobytes() == picture.tobytes()


@pytest.mark.parametrize("size", LabelSize)
def test_tspl_carries_every_dot(size: LabelSize) -> None:
    label = draw_label(FIELD.content(), size)
    written = to_tspl(label, size, copies=2)
    head = re.match(
        rb"SIZE (\d+) mm,(\d+) mm\r\nGAP 2 mm,0 mm\r\nDIRECTION 1\r\nCLS\r\nBITMAP 0,0,(\d+),(\d+),0,", written
    )
    assert head
    width_mm, height_mm, row_bytes, height = (int(number) for number in head.groups())
    assert (width_mm, height_mm) == (size.value.width, size.value.height)
    bits = written[head.end() : head.end() + row_bytes * height]
    assert written[head.end() + row_bytes * height :] == b"\r\nPRINT 2,1\r\n"
    assert unpacked(bits, row_bytes, height).tobytes() == label.tobytes()


@pytest.mark.parametrize("copies", [0, -1, 1000])
def test_an_odd_number_of_copies_is_refused(copies: int) -> None:
    label = draw_label(PORTION.content(), LabelSize.SMALL)
    for write in (partial(to_zpl, label, copies), partial(to_tspl, label, LabelSize.SMALL, copies)):
        with pytest.raises(ValueError, match=f"expected 1 to 999 copies, got {copies}"):
            write()


@pytest.mark.parametrize(("paper_mm", "dots"), [(58, 384), (80, 576)])
def test_a_receipt_reaches_a_belt_printer_whole(paper_mm: int, dots: int) -> None:
    url = "https://fenjian.example.org/n/7Q4XKD2M"
    lines = tuple((f"第{number}项", "江阳县城东农贸市场李翠花蔬菜摊" * 2) for number in range(8))
    strip = draw_receipt(Receipt("抽样告知", lines, url, "请妥善保管"), paper_mm)
    assert strip.width == dots
    assert codes_in(strip) == {url}
    written = to_escpos(strip)
    assert written.startswith(b"\x1b@")
    assert written.endswith(b"\x1bd\x04")
    at, bits, height = 2, b"", 0
    while written[at : at + 4] == b"\x1dv0\x00":
        row_bytes, rows = (int.from_bytes(written[at + skip : at + skip + 2], "little") for skip in (4, 6))
        assert rows <= 255
        bits += written[at + 8 : at + 8 + row_bytes * rows]
        at, height = at + 8 + row_bytes * rows, height + rows
    assert at == len(written) - 3
    assert unpacked(bytes(byte ^ 0xFF for byte in bits), dots // 8, height).tobytes() == strip.tobytes()


def test_a_receipt_without_a_page_to_open_has_no_code() -> None:
    assert codes_in(draw_receipt(Receipt("抽样告知", (("样品", "豇豆"),)), 58)) == set()


def test_other_paper_and_other_print_heads_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[58, 80\] mm, got 57"):
        draw_receipt(Receipt("抽样告知", ()), 57)
    with pytest.raises(ValueError, match=r"\[203, 300\] dpi, got 600"):
        draw_label(PORTION.content(), LabelSize.SMALL, 600)


@pytest.mark.parametrize("size", LabelSize)
def test_a_sheet_holds_its_places_and_the_next_label_starts_another(size: LabelSize) -> None:
    places = COLUMNS[size] * ROWS[size]
    contents = [PORTION.content()] * places
    assert len(PdfReader(BytesIO(render_labels(contents, size))).pages) == 1
    assert len(PdfReader(BytesIO(render_labels(contents, size, skip=1))).pages) == 2


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("stock", Stock)
@pytest.mark.parametrize("size", LabelSize)
def test_every_label_of_a_page_is_read_back_in_each_of_its_symbols(size: LabelSize, stock: Stock, dpi: int) -> None:
    kinds = [*CONTENTS, BlankLabel("L000000018").content()]
    places = COLUMNS[size] * ROWS[size]
    contents = [replace(kind, code=f"{kind.code[:-2]}{at:02d}") for at, kind in zip(range(places), cycle(kinds))]
    printed = contents if stock is Stock.SHEET else contents[: len(kinds)]
    pages = render_png(LABELS, _lay_out(printed, size, stock), dots_per_inch=dpi)
    pictures = [Image.open(BytesIO(page)).convert("L") for page in pages]
    found = Counter((one.text, one.symbology) for picture in pictures for one in read_symbols(picture))
    linear = [(one.code, "Code128") for one in printed if linear_bar_dots(one.code, size)]
    assert found == Counter([(one.code, "QRCode") for one in printed] + linear)


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("size", LabelSize)
@pytest.mark.parametrize("content", CONTENTS, ids=["portion", "field", "seal"])
def test_what_a_label_printer_is_sent_is_read_back_in_each_of_its_symbols(
    content: LabelContent, size: LabelSize, dpi: int
) -> None:
    label = draw_label(content, size, dpi)
    written = to_tspl(label, size)
    head = re.match(rb".*?BITMAP 0,0,(\d+),(\d+),0,", written, re.DOTALL)
    assert head
    row_bytes, height = (int(number) for number in head.groups())
    tspl = unpacked(written[head.end() : head.end() + row_bytes * height], row_bytes, height)
    expected = {(content.code, "QRCode")}
    if linear_bar_dots(content.code, size, dpi):
        expected.add((content.code, "Code128"))
    for picture in (zpl_picture(to_zpl(label)), tspl):
        assert {(one.text, one.symbology) for one in read_symbols(picture.convert("L"))} == expected


@pytest.mark.parametrize("size", LabelSize)
def test_a_roll_has_one_label_a_page_of_its_size(size: LabelSize) -> None:
    pages = PdfReader(BytesIO(render_labels(CONTENTS, size, Stock.ROLL))).pages
    assert len(pages) == len(CONTENTS)
    millimetres = [round(float(edge) / 72 * 25.4) for edge in (pages[0].mediabox.width, pages[0].mediabox.height)]
    assert millimetres == [size.value.width, size.value.height]


def test_a_sheet_of_nothing_and_a_skipped_sheet_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one label"):
        render_labels([], LabelSize.SMALL)
    with pytest.raises(ValueError, match="a sheet has 45 places, expected to skip 0 to 44, got 45"):
        render_labels(CONTENTS, LabelSize.SMALL, skip=45)


def test_the_same_labels_give_the_same_bytes() -> None:
    assert render_labels(CONTENTS, LabelSize.MEDIUM) == render_labels(CONTENTS, LabelSize.MEDIUM)
    assert to_zpl(draw_label(CONTENTS[0], LabelSize.SMALL)) == to_zpl(draw_label(CONTENTS[0], LabelSize.SMALL))
