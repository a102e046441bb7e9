"""What came after a signed conclusion: whoever replaces it (the recheck) or takes it back (the objection) says so here.

**Source:** domain.md §2.5: the conclusion of a recheck is final and replaces the first one everywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from sampling.types import SampleVerdict


@dataclass(frozen=True, slots=True)
class LaterConclusion:
    """A conclusion that stands in the place of the first one.

    Attributes:
        number: of the recheck.
        report_no: of its laboratory's report.
        verdict: of the whole sample.
    """

    number: str
    report_no: str
    lab_zh: str
    lab_en: str
    verdict: SampleVerdict
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class UpheldObjection:
    """An objection that took the conclusion back, with nothing in its place."""

    number: str
    upheld_at: datetime


UpheldReader = Callable[[Session, UUID], UpheldObjection | None]
LaterReader = Callable[[Session, UUID], LaterConclusion | None]
_readers: list[LaterReader] = []
_upheld_readers: list[UpheldReader] = []


def register_later_reader(reader: LaterReader) -> None:
    """Bring a source of later conclusions, once for the process."""
    if reader not in _readers:
        _readers.append(reader)


def later_conclusion(session: Session, sample_id: UUID) -> LaterConclusion | None:
    """The conclusion that replaced the first one of a sample, where one did."""
    found = (reader(session, sample_id) for reader in _readers)
    return next((one for one in found if one is not None), None)


def register_upheld_reader(reader: UpheldReader) -> None:
    """Bring a source of objections that took a conclusion back, once for the process."""
    if reader not in _upheld_readers:
        _upheld_readers.append(reader)


def upheld_objection(session: Session, sample_id: UUID) -> UpheldObjection | None:
    """The objection by which the conclusion of a sample does not stand, where there is one."""
    found = (reader(session, sample_id) for reader in _upheld_readers)
    return next((one for one in found if one is not None), None)
