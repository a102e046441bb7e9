"""检验报告, the test report, in Chinese and in English.

**Source:** domain.md §4.2 (what a report must show, the standard sentences); Food Safety Law Art. 86.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

from lims import symbols
from lims.papers import render_pdf
from sampling.papers import UNSIGNED, PaperOrganisation, Signature

TEST_REPORT = "results/papers/test_report.typ"
WIDE_LETTERS = 30  # Chinese letters that surely stand in one line of a cell across the front page
NARROW_LETTERS = 12  # and of a cell across half of it
LATIN_WIDTH = 0.6  # of a Chinese letter; the widest words of the face take less
SHARED_CELLS = ("category", "dated", "batch_no")  # fields of a sample that have no half cell of their own
SPARE_LINES = 9  # lines the front page has room for at its roomiest


class Language(StrEnum):
    """The language a report is written in; its data are handed over in the same."""

    CHINESE = "zh"
    ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class ReportItem:
    """One tested item as a row of the result table.

    Attributes:
        result: what is reported: `0.35`, `未检出`, `<LOQ`; for a microbial plan all n values.
        limit: the limit as it is printed, `≤0.3` or `n=5,c=2,m=10⁴,M=10⁵`.
        amended_from: the result before an amendment; both stand on the report.
    """

    name: str
    unit: str | None
    limit: str | None
    result: str
    verdict: str
    method: str
    detection_limit: str | None = None
    remark: str | None = None
    amended_from: str | None = None


@dataclass(frozen=True, slots=True)
class ReportSample:
    """The sample as the report describes it."""

    sampling_no: str
    name: str
    category: str
    brand: str | None = None
    specification: str | None = None
    grade: str | None = None
    dated: str | None = None  # with its kind: 生产日期 2026-11-01
    batch_no: str | None = None
    shelf_life: str | None = None
    quantity: str | None = None
    lot_size: str | None = None
    state: str | None = None  # how it looked on receipt: 袋装，完好
    sampled_on: date | None = None
    sampling_place: str | None = None
    samplers: str | None = None
    received_on: date | None = None


@dataclass(frozen=True, slots=True)
class ReportParty:
    """The sampled party or the nominal producer."""

    name: str | None = None
    address: str | None = None
    licence_no: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class CmaMark:
    """The qualification a laboratory may print: its number, and the mark as a picture where it gave one."""

    number: str
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class TestReportPaper:
    """检验报告 of one sample.

    Attributes:
        test_kind: 监督抽检, 风险监测, 评价性抽检.
        conclusion: the whole sentence, see `conclusion_sentence`.
        check_url: the public page that says whether this report is current; printed as a QR code.
        ledger_head: the signed head of the ledger at signing, as origin, size and root.
        version: 1 for the first edition; later ones name the number they replace.
    """

    __test__ = False  # pytest takes classes that begin with Test for its own

    report_no: str
    lab: PaperOrganisation
    client: str
    test_kind: str
    sample: ReportSample
    party: ReportParty
    producer: ReportParty
    items: tuple[ReportItem, ...]
    method_basis: tuple[str, ...]
    judgement_basis: tuple[str, ...]
    conclusion: str
    tested_from: date
    tested_to: date
    issued_on: date
    check_url: str
    ledger_head: str
    cma: CmaMark | None = None
    remark: str | None = None
    objection_working_days: int | None = None
    version: int = 1
    replaces: str | None = None
    tester: Signature = UNSIGNED
    reviewer: Signature = UNSIGNED
    approver: Signature = UNSIGNED


@dataclass(frozen=True, slots=True)
class _Printed:
    """A report with what only its layout needs."""

    paper: TestReportPaper
    language: Language
    code: str
    measured: bool


def render_test_report(paper: TestReportPaper, language: Language = Language.CHINESE) -> bytes:
    """Lay out cover, notes, front page and result table; the result table takes as many pages as it needs."""
    printed = _Printed(paper, language, symbols.qr_svg(paper.check_url), needs_measuring(paper))
    return render_pdf(TEST_REPORT, printed, dated=paper.issued_on)


def needs_measuring(paper: TestReportPaper) -> bool:
    """Whether the front page may need smaller type than its roomiest; measuring costs a third of a report's time.

    Counts the lines beyond the first that each cell takes at most.
    """
    sample, party, producer = paper.sample, paper.party, paper.producer
    wide = [sample.category, party.name, party.address, producer.name, producer.address, paper.remark]
    wide += ["、".join(paper.method_basis), "、".join(paper.judgement_basis), paper.conclusion]
    narrow = [getattr(sample, each.name) for each in fields(sample) if each.name not in SHARED_CELLS]
    narrow += ["／".join(filter(None, (sample.dated, sample.batch_no))), producer.licence_no, producer.phone]
    narrow += [paper.client, paper.test_kind]
    lines = sum(int(_width(text) / WIDE_LETTERS) for text in wide)
    lines += sum(int(_width(text) / NARROW_LETTERS) for text in narrow)
    return lines > SPARE_LINES


def _width(text: object) -> float:
    """How many Chinese letters wide a text is set."""
    letters = "" if text is None else str(text)
    return len(letters) - (1 - LATIN_WIDTH) * sum(letter.isascii() for letter in letters)


def conclusion_sentence(
    standards: Sequence[str],
    failed_items: Sequence[str] = (),
    problem_items: Sequence[str] = (),
    language: Language = Language.CHINESE,
) -> str:
    """Write the standard sentence of a conclusion.

    Args:
        standards: what was judged by, with its title, as `GB 2762-2025《食品安全国家标准 食品中污染物限量》`.
        failed_items: items over a limit; they make the sample fail.
        problem_items: monitoring items over their reference, which alone make it a problem sample, not a fail.
        language: of the sentence; names and standards are taken as they come.

    **Source:** domain.md §4.2; the sentence of a problem sample follows the report class 一般问题报告 of §4.2.
    """
    english = language is Language.ENGLISH
    by = (", " if english else "、").join(standards)
    failed, problems = ((", " if english else "、").join(names) for names in (failed_items, problem_items))
    if english:
        if failed:
            first = f"The sample was taken and tested: {failed} does not meet {by}. Conclusion: FAIL."
            return f"{first} {problems} exceeds the reference value of monitoring." if problems else first
        if problems:
            return (
                f"The sample was taken and tested: {problems} exceeds the reference value. Conclusion: PROBLEM SAMPLE."
            )
        return f"The sample was taken and tested: the items tested meet {by}."
    if failed:
        first = f"经抽样检验，{failed}项目不符合{by}要求，检验结论为不合格。"
        return f"{first}{problems}项目超过监测参考值。" if problems else first
    if problems:
        return f"经抽样检验，{problems}项目超过监测参考值，检验结论为问题样品。"
    return f"经抽样检验，所检项目符合{by}要求。"
