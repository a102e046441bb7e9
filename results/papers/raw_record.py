"""原始记录, the original record of a blind sample: what was weighed, read and computed, by whom, with what.

**Source:** RB/T 214-2017 §4.5.11 and ISO/IEC 17025:2017 §7.5: enough to repeat the test, made at the time it is done,
with who did and who checked it; what is amended stays readable with who, when and why.
"""

from dataclasses import dataclass
from datetime import date, datetime

from lims.papers import render_pdf

RAW_RECORD = "results/papers/raw_record.typ"


@dataclass(frozen=True, slots=True)
class StruckResult:
    """A result that was replaced; `why` is the reason of what replaced it."""

    text: str
    by: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One item: what instruments gave, how it was computed, and the result that stands; None: nothing was entered."""

    item: str
    method: str
    lod: str | None
    readings: tuple[str, ...]
    working: tuple[str, ...]
    result: str | None
    untested_reason: str | None
    tester: str | None
    entered_at: datetime | None
    struck: tuple[StruckResult, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordSheet:
    """The part of a record that is written on one template."""

    title: str
    template_no: str
    template_version: str
    lines: tuple[RecordLine, ...]


@dataclass(frozen=True, slots=True)
class RawRecordPaper:
    """The whole record of one code. Nothing of it says whose sample it is."""

    blind_code: str
    lab: str
    food: str
    began_at: datetime
    last_at: datetime
    testers: tuple[str, ...]
    checker: str | None
    checked_at: datetime | None
    instruments: tuple[str, ...]
    rooms: tuple[str, ...]
    materials: tuple[str, ...]
    controls: tuple[str, ...]
    files: tuple[str, ...]
    sheets: tuple[RecordSheet, ...]
    dated: date


@dataclass(frozen=True, slots=True)
class _Printed:
    paper: RawRecordPaper


def render_raw_record(paper: RawRecordPaper) -> bytes:
    """Lay out the record, each template on pages of its own."""
    return render_pdf(RAW_RECORD, _Printed(paper), dated=paper.dated)
