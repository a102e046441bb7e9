"""24小时限时报告, the report of a serious danger, due within the time the rules give.

**Source:** domain.md §4.2 (24小时限时报告) and §2.1 `send_urgent`; Measures Art. 29.
"""

from dataclasses import dataclass
from datetime import date, datetime

from lims.papers import render_pdf
from sampling.papers import UNSIGNED, PaperOrganisation, Signature

URGENT_REPORT = "results/papers/urgent_report.typ"


@dataclass(frozen=True, slots=True)
class UrgentLine:
    """One finding; all texts as they are to be printed."""

    sampling_no: str
    sample_name: str
    dated: str | None
    specification: str | None
    brand: str | None
    producer: str | None
    producer_address: str | None
    region: str
    place: str
    item: str
    method: str
    result: str
    limit: str
    judgement_basis: str
    explanation: str


@dataclass(frozen=True, slots=True)
class UrgentReportPaper:
    """24小时限时报告 of one laboratory; `hours` is the dated rule parameter `send_urgent`."""

    report_no: str
    hours: int
    addressee: str
    copies_to: tuple[str, ...]
    lab: PaperOrganisation
    lines: tuple[UrgentLine, ...]
    found_at: datetime
    issued_at: datetime
    issued_on: date
    reporter: Signature = UNSIGNED
    approver: Signature = UNSIGNED


@dataclass(frozen=True, slots=True)
class _Printed:
    paper: UrgentReportPaper


def render_urgent_report(paper: UrgentReportPaper) -> bytes:
    """Lay out the report, one row a finding, across the page."""
    return render_pdf(URGENT_REPORT, _Printed(paper), dated=paper.issued_on)
