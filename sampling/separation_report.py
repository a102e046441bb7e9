"""The proof of separation as an auditor files it: figures of each mode, every invariant, the head of the ledger.

All figures are counts; nobody is named. What was found wrong stands with the keys of its rows, so that it can be found.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import text
from sqlalchemy.orm import Session

from lims import clock
from lims.clock import local_date
from lims.i18n import current_locale
from lims.i18n import gettext as _
from lims.ledger.queries import count_events, latest_checkpoint
from lims.papers import render_pdf
from lims.runtime import settings_of
from lims.verification import Finding, Occasion, Report
from lims.web.templating import format_instant
from sampling.types import SeparationMode
from sampling.verification import PROOFS, count_acts
from sampling.words import word_of

PAPER = "sampling/papers/separation_report.typ"
PAGE = "sampling/audit/separation_file.html"
# One row for each mode that anything happened in; a refusal before there was a sample counts by its plan's category.
FIGURES = """
SELECT mode, sum(categories), sum(samples), sum(acts), sum(persons), sum(parties), sum(refused) FROM (
  SELECT mode, count(*) AS categories, 0 AS samples, 0 AS acts, 0 AS persons, 0 AS parties, 0 AS refused
  FROM plan_category GROUP BY mode
  UNION ALL SELECT mode, 0, count(*), 0, 0, 0, 0 FROM sample GROUP BY mode
  UNION ALL SELECT mode, 0, 0, count(*), count(DISTINCT person_id), count(DISTINCT party_id), 0
  FROM duty_act GROUP BY mode
  UNION ALL SELECT planned.mode, 0, 0, 0, 0, 0, count(*) FROM separation_refusal refusal
  JOIN plan_category planned ON (planned.plan_id, planned.category_id) = (refusal.plan_id, refusal.category_id)
  GROUP BY planned.mode
) counted GROUP BY mode
"""


@dataclass(frozen=True, slots=True)
class ModeFigures:
    """What happened in one mode; `exceptions` is what must be zero."""

    mode: SeparationMode
    categories: int
    samples: int
    acts: int
    persons: int
    parties: int
    refused: int
    exceptions: int


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """How many events the ledger holds, and the newest signed head with how many of them it covers."""

    events: int
    signed: int
    note: str | None
    made_at: datetime | None


@dataclass(frozen=True, slots=True)
class SeparationReport:
    """Separation proved over the whole database at one instant."""

    occasion: Occasion
    head: LedgerHead
    modes: Sequence[ModeFigures]
    findings: Sequence[Finding]

    @property
    def exceptions(self) -> int:
        """How many rows violate an invariant."""
        return sum(finding.violations for finding in self.findings)


def prove_separation(session: Session, occasion: Occasion) -> SeparationReport:
    """Prove the whole database, each invariant in one set-based statement, and count by mode."""
    acts = count_acts(session)
    findings, wrong = [], Counter[str]()
    for proof in PROOFS:
        finding, modes = proof.run(session, acts)
        findings.append(finding)
        wrong += modes
    counted = {row[0]: [int(value) for value in row[1:]] for row in session.execute(text(FIGURES))}
    checkpoint = latest_checkpoint(session)
    return SeparationReport(
        occasion=occasion,
        head=LedgerHead(
            count_events(session),
            checkpoint.size if checkpoint else 0,
            checkpoint.note if checkpoint else None,
            checkpoint.made_at if checkpoint else None,
        ),
        modes=[_figures(mode, counted.get(mode, [0] * 6), wrong[mode]) for mode in SeparationMode],
        findings=findings,
    )


def prove_now(session: Session) -> SeparationReport:
    """The proof at this instant, in this installation."""
    return prove_separation(session, Occasion(clock.now(), settings_of(current_app).ledger_origin))


def _figures(mode: SeparationMode, counted: Sequence[int], exceptions: int) -> ModeFigures:
    categories, samples, acts, persons, parties, refused = counted
    return ModeFigures(mode, categories, samples, acts, persons, parties, refused, exceptions)


def write_report(session: Session, occasion: Occasion) -> Report:
    """The report as `lims verify separation --report` writes it."""
    report = prove_separation(session, occasion)
    return Report(
        report.findings,
        {"html": lambda: as_html(report), "json": lambda: as_json(report), "pdf": lambda: as_pdf(report)},
    )


def facts_of(report: SeparationReport) -> dict[str, Any]:
    """The report as values for programs."""
    return {
        "made_at": report.occasion.made_at.isoformat(),
        "installation": report.occasion.installation,
        "ledger": {
            "events": report.head.events,
            "signed": report.head.signed,
            "note": report.head.note,
            "made_at": report.head.made_at.isoformat() if report.head.made_at else None,
        },
        "modes": [asdict(figures) | {"mode": figures.mode.value} for figures in report.modes],
        "invariants": [asdict(finding) for finding in report.findings],
        "exceptions": report.exceptions,
    }


def as_json(report: SeparationReport) -> bytes:
    """The report as one JSON object."""
    return json.dumps(facts_of(report), ensure_ascii=False, indent=1).encode()


def as_html(report: SeparationReport) -> bytes:
    """The report as one page that needs no other file."""
    template = current_app.jinja_env.get_template(PAGE)
    return template.render(words=words_of(report)).encode()


def as_pdf(report: SeparationReport) -> bytes:
    """The report as a paper."""
    return render_pdf(PAPER, words_of(report), dated=local_date(report.occasion.made_at))


def words_of(report: SeparationReport) -> Mapping[str, Any]:
    """Everything that stands on the report, in the language of the reader."""
    head = report.head
    return {
        "language": "en" if current_locale() == "en" else "zh",
        "title": _("Proof of the separation of sampling and testing"),
        "lead": _("The whole database at one instant; every figure is a count."),
        "facts": [
            (_("Installation"), report.occasion.installation),
            (_("Proved at"), format_instant(report.occasion.made_at)),
            (_("Events in the ledger"), f"{head.events}"),
            (_("Covered by the signed head"), f"{head.signed}"),
            (_("Head signed at"), format_instant(head.made_at) if head.made_at else None),
        ],
        "result_title": _("Result"),
        "is_sound": not report.exceptions,
        "result": _("Exceptions: %(count)s", count=report.exceptions),
        "modes_title": _("By mode"),
        "mode_columns": [
            *(_("Mode"), _("Categories of plans"), _("Samples"), _("Acts"), _("Persons"), _("Company groups")),
            *(_("Refused attempts"), _("Exceptions")),
        ],
        "modes": [
            [
                word_of(one.mode),
                *(one.categories, one.samples, one.acts, one.persons, one.parties, one.refused, one.exceptions),
            ]
            for one in report.modes
        ],
        "invariants_title": _("What was proved"),
        "invariant_columns": [_("Invariant"), _("Rows checked"), _("Violations")],
        "invariants": [[_(one.invariant), one.checked, one.violations] for one in report.findings],
        "examples_title": _("Where it is violated"),
        "examples": [
            f"{example.table} {example.key} ({example.column})" for one in report.findings for example in one.examples
        ],
        "head_title": _("Signed head of the ledger"),
        "head": head.note,
        "signature": _("Auditor (name, signature, date)"),
    }
