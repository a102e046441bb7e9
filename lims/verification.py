"""`lims verify`: every invariant proved over the whole database, each package bringing its own checks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from lims.i18n import gettext
from lims.reading import read_once

MAX_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Example:
    """Where a violation stands."""

    table: str
    key: str
    column: str


@dataclass(slots=True)
class Finding:
    """The outcome of one check."""

    invariant: str
    checked: int = 0
    violations: int = 0
    examples: list[Example] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As the command prints it and the night keeps it."""
        return {
            "invariant": self.invariant,
            "checked": self.checked,
            "violations": self.violations,
            "examples": [{"table": one.table, "key": one.key, "column": one.column} for one in self.examples],
        }

    def violate(self, table: str, key: str, column: str) -> None:
        """Count a violation and keep the first few as examples."""
        self.violations += 1
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(Example(table, key, column))


Check = Callable[[Session], Finding]


@dataclass(frozen=True, slots=True)
class Occasion:
    """When and where a report is written: the instant and the name under which the ledger's heads are signed."""

    made_at: datetime
    installation: str


# What writes a report: its files by their ending, `html`, `pdf` and `json`, in the language of who asks.
ReportWriter = Callable[[Session, Occasion], "Report"]


@dataclass(frozen=True, slots=True)
class Report:
    """A proof to be filed, and whether it found anything wrong."""

    findings: Sequence[Finding]
    make: Mapping[str, Callable[[], bytes]]  # by ending; made when asked for, a PDF takes a while


@read_once
def count_rows(session: Session, count: str) -> int:
    """How many rows there are to prove; a snapshot answers from memory what several checks ask of it.

    Args:
        session: that the proof reads with.
        count: the statement that counts them, as `SELECT count(*) FROM sample`.
    """
    return session.scalar(text(count)) or 0


def check_by_query(invariant: str, count: str, query: str) -> Check:
    """A check that one statement makes.

    Args:
        invariant: as `lims verify` prints it.
        count: the statement that counts what it is about.
        query: answers what violates it, row by row: table, key and column.
    """

    def run(session: Session) -> Finding:
        finding = Finding(invariant, checked=count_rows(session, count))
        for table, key, column in session.execute(text(query)):
            finding.violate(table, key, column)
        return finding

    return run


_checks: dict[str, list[Check]] = {}
_writers: dict[str, ReportWriter] = {}


def register_check(topic: str, check: Check) -> None:
    """Add a check under the topic that `lims verify TOPIC` names; saying it twice changes nothing."""
    known = _checks.setdefault(topic, [])
    if check not in known:
        known.append(check)


def register_report(topic: str, writer: ReportWriter) -> None:
    """Let `lims verify TOPIC --report` write a report that can be filed."""
    _writers[topic] = writer


def report_topics() -> tuple[str, ...]:
    """The topics of which a report can be written."""
    return tuple(sorted(_writers))


def write_report(session: Session, topic: str, occasion: Occasion) -> Report:
    """Prove one topic and prepare its report."""
    return _writers[topic](session, occasion)


def mark_of(*, is_right: bool) -> str:
    """What a line about one thing begins with, as wide either way."""
    return gettext("ok   ") if is_right else gettext("WRONG")


def topics() -> tuple[str, ...]:
    """What can be verified, by name."""
    return tuple(sorted(_checks))


def run_checks(session: Session, topic: str | None = None) -> list[Finding]:
    """Run the checks of one topic, or all of them."""
    chosen = topics() if topic is None else (topic,)
    return [check(session) for name in chosen for check in _checks[name]]
