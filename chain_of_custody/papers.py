"""The papers of custody: the hand-over record.

Everything is as it is to be printed; None prints as `/`.

**Source:** domain.md §2.4 and the county form 样品移交确认单; Measures Art. 22.
"""

from dataclasses import dataclass
from datetime import datetime

from lims import symbols
from lims.papers import render_pdf
from sampling.papers import UNSIGNED, PaperOrganisation, Signature

HANDOVER_RECORD = "chain_of_custody/papers/handover_record.typ"
REFUSAL_NOTICE = "chain_of_custody/papers/refusal_notice.typ"
CUSTODY_REPORT = "chain_of_custody/papers/custody_report.typ"


@dataclass(frozen=True, slots=True)
class HandoverCheck:
    """What was looked at when one portion came in; None was not looked at yet."""

    seal_intact: bool | None = None
    packaging_intact: bool | None = None
    quantity_sufficient: bool | None = None
    condition_normal: bool | None = None
    papers_complete: bool | None = None
    papers_match: bool | None = None


@dataclass(frozen=True, slots=True)
class HandoverLine:
    """One portion that changes hands; `accepted` None means not decided yet."""

    sampling_no: str
    sample_name: str
    portion: str  # 检验样品, 复检备份样品
    quantity: str
    seal_no: str
    storage: str
    check: HandoverCheck = HandoverCheck()
    accepted: bool | None = None
    refusal_reason: str | None = None


@dataclass(frozen=True, slots=True)
class HandoverRecordPaper:
    """样品移交确认单: one hand-over of one or more portions, with a side each for who gives and who takes.

    Attributes:
        copies: who keeps each copy, where every copy is printed and named (备份样品移交: three, domain.md §2.5).
    """

    record_no: str
    handed_over_by: PaperOrganisation
    received_by: PaperOrganisation
    way: str  # 送样, 快递 …
    lines: tuple[HandoverLine, ...]
    consignment_no: str | None = None
    transport_temperature: str | None = None
    handed_over_at: datetime | None = None
    received_at: datetime | None = None
    remark: str | None = None
    giver: Signature = UNSIGNED
    taker: Signature = UNSIGNED
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Printed:
    """A record with what only its layout needs."""

    paper: HandoverRecordPaper
    code: str


def render_handover_record(paper: HandoverRecordPaper) -> bytes:
    """Lay out the hand-over record; its head is repeated on every page."""
    dated = paper.received_at or paper.handed_over_at
    printed = _Printed(paper, symbols.code128_svg(paper.record_no))
    return render_pdf(HANDOVER_RECORD, printed, dated=dated.date() if dated else None)


@dataclass(frozen=True, slots=True)
class CustodyStep:
    """One line of a portion's way; `leaf` is its place in the ledger, None while it waits for one."""

    at: datetime
    what: str  # 封样, 移交, 存放 …
    person: str
    organisation: str
    paper_no: str | None
    leaf: int | None


@dataclass(frozen=True, slots=True)
class CustodyReportPaper:
    """保管链报告: where one portion is, who had it when, and what the ledger says of that.

    Attributes:
        broken: what of the proof does not hold, as table, key and column; empty while it is intact.
        head: the newest signed head of the ledger, line by line; empty while nothing is signed.
    """

    portion_no: str
    sampling_no: str
    sample_name: str
    portion: str
    quantity: str
    seal_no: str
    storage: str
    place: str | None
    held_by: str
    held_since: datetime
    steps: tuple[CustodyStep, ...]
    events: int
    signed_events: int
    broken: tuple[str, ...]
    head: tuple[str, ...]
    printed_at: datetime
    printed_by: str


@dataclass(frozen=True, slots=True)
class _PrintedReport:
    paper: CustodyReportPaper
    code: str


def render_custody_report(paper: CustodyReportPaper) -> bytes:
    """Lay out the way of one portion with its proof."""
    printed = _PrintedReport(paper, symbols.code128_svg(paper.portion_no))
    return render_pdf(CUSTODY_REPORT, printed, dated=paper.printed_at.date())


@dataclass(frozen=True, slots=True)
class RefusalNoticePaper:
    """样品拒收通知书: which sample a laboratory refused, and why; to its samplers, and to the regulator."""

    sampling_no: str
    sample_name: str
    portions: tuple[str, ...]
    sampled_by: str
    refused_by: str
    reported_to: str
    check: HandoverCheck
    reason: str
    refused_at: datetime
    signed: Signature


@dataclass(frozen=True, slots=True)
class _PrintedRefusal:
    paper: RefusalNoticePaper
    code: str


def render_refusal_notice(paper: RefusalNoticePaper) -> bytes:
    """Lay out the written refusal of a sample."""
    printed = _PrintedRefusal(paper, symbols.code128_svg(paper.sampling_no))
    return render_pdf(REFUSAL_NOTICE, printed, dated=paper.refused_at.date())
