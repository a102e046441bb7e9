"""What happens between us and the national system, as facts."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lims.events import Event
from sampling.events import SampleFact


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsTakenOut(Event):
    """A file of results for the national system was taken out; its samples count as reported.

    `sha256` is the digest of the very file, in hexadecimal digits.
    """

    name: ClassVar[str] = "results.national_results_taken_out.v1"
    export_id: UUID
    samples: int
    sha256: str

    def chain(self) -> str:
        return f"national-export:{self.export_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportReturned(SampleFact):
    """The national system gave a sample back; it is due again."""

    name: ClassVar[str] = "results.national_report_returned.v1"
    export_id: UUID
    reason: str
