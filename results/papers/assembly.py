"""From what the database holds to what the report prints, in the language of the report.

**Source:** domain.md §4.2 (fields), §5 (item verdicts).
"""

from collections.abc import Sequence
from datetime import date

from lims.catalog.limits import parse_limit
from lims.clock import local_date
from lims.i18n import load_translations
from lims.people.models import Organisation, Person
from lims.quantities import NO_UNIT, format_measured
from results.models import ItemResult, TestReport
from results.papers.report import (
    CmaMark,
    Language,
    ReportItem,
    ReportParty,
    ReportSample,
    TestReportPaper,
    conclusion_sentence,
)
from results.queries import BenchLine, ReportFacts
from results.rules.stored import from_json
from results.types import Finding, FindingKind, ItemVerdict
from sampling.models import SamplingForm
from sampling.papers import PaperOrganisation, Signature
from sampling.types import DateKind, Packaging, PhysicalForm, SeparationMode, TaskCategory

LOCALES = {Language.CHINESE: "zh_Hans_CN", Language.ENGLISH: "en"}
VERDICT_WORDS = {
    ItemVerdict.PASS: ("合格", "pass"),
    ItemVerdict.FAIL: ("不合格", "fail"),
    ItemVerdict.PROBLEM: ("问题项", "problem"),
    ItemVerdict.NOT_JUDGED: ("不判定", "not judged"),
    ItemVerdict.CANNOT_JUDGE: ("无法判定", "cannot be judged"),
    ItemVerdict.UNTESTED: ("未检验", "untested"),
}
TEST_KINDS = {
    TaskCategory.SUPERVISION: ("监督抽检", "supervision sampling"),
    TaskCategory.SPOT_MONITORING: ("监督抽检（抽查）", "supervision sampling (spot check)"),
    TaskCategory.RISK_MONITORING: ("风险监测", "risk monitoring"),
    TaskCategory.EVALUATIVE: ("评价性抽检", "evaluative sampling"),
}
MODE_WORDS = {
    SeparationMode.INTERNAL: ("内分离", "internal"),
    SeparationMode.EXTERNAL: ("外分离", "external"),
    SeparationMode.REGULATOR: ("质分离", "regulator"),
}
DATE_WORDS = {
    DateKind.PRODUCED: ("生产日期", "produced"),
    DateKind.PROCESSED: ("加工日期", "processed"),
    DateKind.PURCHASED: ("购进日期", "purchased"),
}
PACKAGING_WORDS = {Packaging.PREPACKAGED: ("预包装", "prepackaged"), Packaging.BULK: ("散装", "in bulk")}
FORM_WORDS = {
    PhysicalForm.SOLID: ("固体", "solid"),
    PhysicalForm.SEMI_SOLID: ("半固体", "semi-solid"),
    PhysicalForm.LIQUID: ("液体", "liquid"),
    PhysicalForm.GAS: ("气体", "gas"),
}
FINDING_WORDS = {
    FindingKind.NOT_DETECTED: ("未检出", "not detected"),
    FindingKind.BELOW_LOQ: ("<定量限", "<LOQ"),
    FindingKind.DETECTED: ("检出", "detected"),
}


class _Words:
    """Picks the word of one language."""

    def __init__(self, language: Language) -> None:
        self.is_english = language is Language.ENGLISH

    def __call__(self, pair: tuple[str, str]) -> str:
        return pair[self.is_english]

    def name(self, chinese: str, english: str | None) -> str:
        """A name of reference data; Chinese where English is absent."""
        return (english if self.is_english else None) or chinese


def assemble_report(
    facts: ReportFacts,
    *,
    report_no: str,
    check_url: str,
    approver: Person,
    issued_on: date,
    language: Language = Language.CHINESE,
) -> TestReportPaper:
    """Fill the report in; it is the first edition until a later one replaces it."""
    say = _Words(language)
    bases = [_standard(basis.number, say.name(basis.title_zh or "", basis.title_en)) for basis in facts.bases]
    tested = facts.tested
    names = {one.line.id: say.name(one.item.name_zh, one.item.name_en) for one in facts.lines}
    by_verdict = {
        verdict: [names[one.line.id] for one in tested if one.result and one.result.verdict is verdict]
        for verdict in (ItemVerdict.FAIL, ItemVerdict.PROBLEM)
    }
    form = facts.form
    return TestReportPaper(
        report_no=report_no,
        lab=_organisation(facts.lab, say),
        client=say.name(facts.regulator.name_zh, facts.regulator.name_en),
        test_kind=say(TEST_KINDS[facts.plan.task_category]),
        sample=_sample(facts, say),
        party=ReportParty(form.party_name, form.party_address, form.party_licence_no, form.party_phone),
        producer=ReportParty(form.producer_name, form.producer_address, form.producer_licence_no, form.producer_phone),
        items=tuple(_item(one, facts.superseded.get(one.line.id), say, names[one.line.id]) for one in tested),
        method_basis=tuple(dict.fromkeys(one.method.name for one in tested if one.method is not None)),
        judgement_basis=tuple(bases),
        conclusion=conclusion_sentence(bases, by_verdict[ItemVerdict.FAIL], by_verdict[ItemVerdict.PROBLEM], language),
        tested_from=local_date(facts.tested_from),
        tested_to=local_date(facts.tested_to),
        issued_on=issued_on,
        check_url=check_url,
        ledger_head=facts.ledger_head or say(("尚无签名", "none signed yet")),
        cma=CmaMark(facts.accreditation.certificate_no) if facts.accreditation else None,
        remark=_remark(facts, say),
        objection_working_days=facts.objection_working_days,
        tester=Signature(_joined([facts.people[each] for each in facts.tester_ids], say)),
        reviewer=Signature(_person(facts.people[facts.reviewer_id], say)),
        approver=Signature(_person(approver, say)),
    )


def reported_result(result: ItemResult, *, english: bool = False) -> str:
    """What was found, as a report prints it: without a unit, which has a column of its own."""
    return "、".join(_finding(finding, english=english) for finding in from_json(result.used).findings)


def as_translation(paper: TestReportPaper, original: TestReport) -> str:
    """The remark of an English report: which file was signed."""
    said = f"Translation. What is signed is the Chinese report, SHA-256 {original.pdf_sha256.hex()}."
    return f"{said} {paper.remark}" if paper.remark else said


def _finding(finding: Finding, *, english: bool) -> str:
    figure = finding.value if finding.value is not None else finding.bound
    match finding.kind:
        case FindingKind.MEASURED:
            return format_measured(figure) if figure is not None else ""
        case FindingKind.LESS_THAN:
            return f"<{format_measured(figure)}" if figure is not None else "<"
        case FindingKind.EXCEEDS:
            return f">{format_measured(figure)}" if figure is not None else ">"
        case _:
            return FINDING_WORDS[finding.kind][english]


def _item(one: BenchLine, amended_from: str | None, say: _Words, name: str) -> ReportItem:
    assert one.result is not None  # noqa: S101 - only tested lines are printed
    line = one.line
    finding = from_json(one.result.used).findings[0]
    own = finding.unit if finding.unit_stated and finding.unit != NO_UNIT else None
    bound = finding.bound if finding.bound is not None else line.lod
    remark = None
    if (
        line.limit_id is not None
        and line.limit_unit
        and own
        and own != parse_limit(line.limit_text, line.limit_unit).unit
    ):
        remark = say((f"标准值单位为{line.limit_unit}", f"the limit is in {line.limit_unit}"))
    return ReportItem(
        name=name,
        unit=(own.text if own else "") or line.unit or line.limit_unit or None,
        limit=line.limit_text or None,
        result=reported_result(one.result, english=say.is_english),
        verdict=say(VERDICT_WORDS[one.result.verdict]),
        method=one.method.name if one.method else "/",
        detection_limit=format_measured(bound) if bound is not None else None,
        remark=remark,
        amended_from=amended_from,
    )


def _sample(facts: ReportFacts, say: _Words) -> ReportSample:
    form, sample = facts.form, facts.sample
    arrow = say((" ＞ ", " > "))
    return ReportSample(
        sampling_no=sample.sampling_no,
        name=form.product_name,
        category=arrow.join(say.name(one.name_zh, one.name_en) for one in facts.path),
        brand=form.brand,
        specification=form.specification,
        grade=form.quality_grade,
        dated=f"{say(DATE_WORDS[form.date_kind])} {form.product_date.isoformat()}",
        batch_no=form.batch_no,
        shelf_life=form.shelf_life,
        quantity=f"{form.sampled_qty} {form.quantity_unit}",
        lot_size=f"{form.lot_size} {form.quantity_unit}" if form.lot_size is not None else None,
        state=_state(form, say),
        sampled_on=local_date(sample.sampled_at) if sample.sampled_at else None,
        sampling_place=form.market_organiser or form.platform or form.party_name,
        samplers=_joined([facts.people[each] for each in facts.sampler_ids], say),
        received_on=local_date(facts.received_at) if facts.received_at else None,
    )


def _state(form: SamplingForm, say: _Words) -> str:
    """How the sample was on receipt; what is not whole is refused, so a tested sample was."""
    return say(("，", ", ")).join(
        (say(PACKAGING_WORDS[form.packaging]), say(FORM_WORDS[form.physical_form]), say(("完好", "intact")))
    )


def _remark(facts: ReportFacts, say: _Words) -> str:
    mode = say(MODE_WORDS[facts.sample.mode])
    untested = len(facts.lines) - len(facts.tested)
    said = say((f"抽检分离方式：{mode}。", f"Separation of sampling and testing: {mode}."))
    if untested:
        said += say((f"另有{untested}项未检验，不在结论之内。", f" {untested} further items were not tested."))
    return said


def _organisation(body: Organisation, say: _Words) -> PaperOrganisation:
    return PaperOrganisation(
        say.name(body.name_zh, body.name_en), address=body.address, phone=body.phone, email=body.email
    )


def _person(person: Person, say: _Words) -> str:
    return say.name(person.name, person.name_latin)


def _joined(people: Sequence[Person], say: _Words) -> str:
    return say(("、", ", ")).join(_person(one, say) for one in people)


def _standard(number: str, title: str) -> str:
    return f"{number}《{title}》" if title and not title.isascii() else f"{number} {title}".strip()


def sentence_of(result: ItemResult, language: Language = Language.CHINESE) -> str:
    """Why an item was judged as it was, in a language."""
    return load_translations(LOCALES[language]).gettext(result.reason_message) % result.reason_params
