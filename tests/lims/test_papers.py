"""The engine behind all papers: data in, the same readable bytes out."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from lims import papers
from lims.papers import PaperError, render_pdf, render_png

TEMPLATE = """
#import "/layout/papers/base.typ": *
#show: paper.with("Proof")
#for (name, value) in data [#name = #show-value(value) \\ ]
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """Every kind of value a paper may carry."""

    text: str = "豇豆 μg/kg ≤0.01 10⁴ ℃"
    amount: Decimal = Decimal("1.50")
    day: date = date(2026, 11, 18)
    instant: datetime = datetime(2026, 11, 18, 16, 30, tzinfo=UTC)
    absent: None = None


@pytest.fixture(autouse=True)
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of what papers share, with one template of our own beside it."""
    layout = tmp_path / "layout" / "papers"
    layout.mkdir(parents=True)
    shared = papers.data_folder("templates") / "layout/papers/base.typ"
    (layout / "base.typ").write_text(shared.read_text())
    (tmp_path / "proof.typ").write_text(TEMPLATE)
    monkeypatch.setattr(papers, "data_folder", lambda _name: tmp_path)
    papers._local.__dict__.clear()
    yield tmp_path
    papers._local.__dict__.clear()


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def metadata_of(pdf: bytes) -> str:
    found = PdfReader(BytesIO(pdf)).trailer["/Root"]["/Metadata"].get_data()  # type: ignore[index]
    return found.decode()


def test_every_kind_of_value_is_printed_as_people_write_it() -> None:
    text = text_of(render_pdf("proof.typ", Proof()))
    for expected in ("豇豆 μg/kg ≤0.01 10⁴ ℃", "amount = 1.50", "day = 2026-11-18", "2026-11-19 00:30", "absent = /"):
        assert expected in text


def test_the_same_data_give_the_same_bytes_and_other_data_do_not() -> None:
    first = render_pdf("proof.typ", Proof(), dated=date(2026, 11, 18))
    assert first == render_pdf("proof.typ", Proof(), dated=date(2026, 11, 18))
    assert first != render_pdf("proof.typ", Proof(text="韭菜"), dated=date(2026, 11, 18))
    assert first != render_pdf("proof.typ", Proof(), dated=date(2026, 11, 19))


def test_a_paper_is_archival_and_accessible() -> None:
    metadata = metadata_of(render_pdf("proof.typ", Proof()))
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata


@pytest.mark.parametrize("name", ["\ue000号摊", "摊\U0010fffd"])
def test_a_name_that_no_font_knows_is_printed_without_the_archival_mark(name: str) -> None:
    pdf = render_pdf("proof.typ", Proof(text=name))
    assert pdf.startswith(b"%PDF")


def test_what_a_person_typed_is_never_markup() -> None:
    typed = '#panic() $x$ *a* _b_ @c <d> \\ //e `f` = #read("/etc/passwd")'
    assert typed.replace(" ", "") in text_of(render_pdf("proof.typ", Proof(text=typed))).replace(" ", "").replace(
        "\n", ""
    )


def test_control_characters_are_dropped() -> None:
    assert "豇豆" in text_of(render_pdf("proof.typ", Proof(text="豇\x00\x1b豆\x7f")))


def test_a_float_is_refused_because_it_is_no_measured_value() -> None:
    with pytest.raises(PaperError, match=r"cannot show 0\.1 of type float"):
        render_pdf("proof.typ", {"amount": 0.1})


def test_a_missing_template_is_named() -> None:
    with pytest.raises(PaperError, match=r"no template 'absent\.typ'"):
        render_pdf("absent.typ", {})


def test_a_wrong_template_is_reported_with_its_line(templates: Path) -> None:
    (templates / "wrong.typ").write_text('#import "/layout/papers/base.typ": *\n#data.nothing')
    with pytest.raises(PaperError, match=r"wrong\.typ:2"):
        render_pdf("wrong.typ", {"a": 1})
    with pytest.raises(PaperError, match=r"wrong\.typ:2"):
        render_png("wrong.typ", {"a": 1}, dots_per_inch=72)


def test_threads_do_not_disturb_each_other() -> None:
    texts = [f"样品{number}" for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        pdfs = list(pool.map(lambda text: render_pdf("proof.typ", Proof(text=text)), texts))
    assert all(text in text_of(pdf).replace(" ", "") for text, pdf in zip(texts, pdfs, strict=True))


def test_a_picture_has_the_resolution_that_was_asked_for() -> None:
    [page] = render_png("proof.typ", Proof(), dots_per_inch=72)
    width, height = (int.from_bytes(page[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (595, 842)


def test_without_the_font_package_a_face_of_the_system_is_found_or_missed_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert papers.sans_font_file().is_file()
    monkeypatch.setattr(papers, "FONT_PACKAGE", "no_such_package")
    monkeypatch.setattr(papers, "SYSTEM_FONTS", tmp_path)
    with pytest.raises(PaperError, match="pylopdf-fonts-zh-cn"):
        papers.sans_font_file()
    (tmp_path / "NotoSansCJK-Regular.ttc").touch()
    assert papers.sans_font_file() == tmp_path / "NotoSansCJK-Regular.ttc"
