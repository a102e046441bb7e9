"""The papers of keeping: the record of a disposal, and the difference list of a count.

Everything is as it is to be printed; None prints as `/`.
"""

from dataclasses import dataclass
from datetime import datetime

from lims import symbols
from lims.papers import render_pdf
from sampling.papers import Signature

DISPOSAL_RECORD = "chain_of_custody/papers/disposal_record.typ"
STOCK_COUNT = "chain_of_custody/papers/stock_count.typ"


@dataclass(frozen=True, slots=True)
class DisposalPaperLine:
    """One portion of a disposal."""

    portion_no: str
    sample_name: str
    portion: str
    quantity: str
    seal_no: str


@dataclass(frozen=True, slots=True)
class DisposalPaper:
    """留样处置记录: which portions ended how, by which two persons, before whom."""

    record_no: str
    organisation: str
    state: str
    way: str
    reason: str
    lines: tuple[DisposalPaperLine, ...]
    proposed_at: datetime
    ended_at: datetime | None
    weight_kg: str | None
    witness: str | None
    proposer: Signature
    second: Signature


@dataclass(frozen=True, slots=True)
class CountPaperLine:
    """One difference."""

    number: str
    kind: str
    known_place: str | None
    resolution: str | None
    resolved_by: str | None


@dataclass(frozen=True, slots=True)
class CountPaper:
    """盘点差异表: what was counted where, and what was not as it was known."""

    count_no: str
    organisation: str
    place: str
    started_at: datetime
    started_by: str
    closed_at: datetime | None
    closed_by: str | None
    scanned: int
    expected: int | None
    lines: tuple[CountPaperLine, ...]


@dataclass(frozen=True, slots=True)
class _Printed:
    """A paper with what only its layout needs."""

    paper: DisposalPaper | CountPaper
    code: str


def render_disposal_record(paper: DisposalPaper) -> bytes:
    """Lay out the record of a disposal; its head is repeated on every page."""
    printed = _Printed(paper, symbols.code128_svg(paper.record_no))
    return render_pdf(DISPOSAL_RECORD, printed, dated=(paper.ended_at or paper.proposed_at).date())


def render_stock_count(paper: CountPaper) -> bytes:
    """Lay out the difference list of a count."""
    printed = _Printed(paper, symbols.code128_svg(paper.count_no))
    return render_pdf(STOCK_COUNT, printed, dated=(paper.closed_at or paper.started_at).date())
