"""核查处置案卷: what an evidence package holds, to be read from paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lims.clock import local_date
from lims.papers import render_pdf

TEMPLATE = "results/papers/case_file.typ"


@dataclass(frozen=True, slots=True)
class CaseItem:
    """One item that failed."""

    name: str
    result: str
    limit: str
    basis: str


@dataclass(frozen=True, slots=True)
class CasePart:
    """One part of the handling; `answers` in the order in which they are asked."""

    name: str
    is_handed_in: bool
    answers: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class CaseBranch:
    """One branch: whose it is, where it stands, what was done."""

    kind: str
    party: str
    address: str | None
    regulator: str
    station: str | None
    state: str
    finish_by: date
    parts: Sequence[CasePart]


@dataclass(frozen=True, slots=True)
class CaseNotice:
    """One notice and how it was served."""

    notice_no: str
    addressee: str
    role: str
    issued_on: date
    way: str | None
    served_on: date | None
    receiver: str | None


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One line of what happened, or of the way of a portion."""

    at: datetime
    what: str
    who: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class CasePortion:
    """The way of one portion."""

    portion_no: str
    steps: Sequence[CaseStep]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A file of the package with its hash."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class CasePaper:
    """The whole case."""

    case_no: str
    severity: str
    opened_at: datetime
    facts: Sequence[tuple[str, str | None]]
    items: Sequence[CaseItem]
    branches: Sequence[CaseBranch]
    notices: Sequence[CaseNotice]
    portions: Sequence[CasePortion]
    history: Sequence[CaseStep]
    earlier: Sequence[str]
    files: Sequence[CaseFile]


def render_case(paper: CasePaper) -> bytes:
    """Lay out the case; the same case gives the same bytes."""
    return render_pdf(TEMPLATE, {"paper": paper}, dated=local_date(paper.opened_at))
