"""`lims verify`: the invariants proved over the whole database, and a proof that can be filed."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from flask import current_app
from sqlalchemy.orm import Session

from lims import clock, verification
from lims.db import db
from lims.i18n import gettext as _
from lims.runtime import settings_of, with_database

FOUND_WRONG = 1  # exit status, product.md §13


@click.command("verify")
@click.argument("topic", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Write the proof to be filed: FILE.html, FILE.pdf, FILE.json, or a folder for all three.",
)
@with_database
def verify(topic: str | None, as_json: bool, report: Path | None) -> None:  # noqa: FBT001 - click passes by position
    """Prove the invariants over the whole database; exit 1 when one is violated."""
    if topic is not None and topic not in verification.topics():
        known = ", ".join(verification.topics())
        raise click.UsageError(_("There is no topic “%(topic)s”; expected one of %(known)s.", topic=topic, known=known))
    with db.snapshot() as session:
        if report is None:
            findings: Sequence[verification.Finding] = verification.run_checks(session, topic)
        else:
            findings = _write_report(session, topic, report)
    for finding in findings:
        click.echo(_finding_line(finding, as_json=as_json))
    violated = sum(finding.violations for finding in findings)
    checked = sum(finding.checked for finding in findings)
    if as_json:
        click.echo(json.dumps({"summary": {"invariants": len(findings), "checked": checked, "violations": violated}}))
    else:
        click.echo(
            _(
                "%(invariants)s invariants, %(checked)s rows checked, %(violated)s violations",
                invariants=len(findings),
                checked=checked,
                violated=violated,
            )
        )
    if violated:
        sys.exit(FOUND_WRONG)


def _write_report(session: Session, topic: str | None, path: Path) -> Sequence[verification.Finding]:
    """Write the proof of a topic to a file, or as all its files into a folder; answer what was found."""
    if topic not in verification.report_topics():
        known = ", ".join(verification.report_topics())
        raise click.UsageError(_("A report is written of one topic; expected one of %(known)s.", known=known))
    made_at = clock.now()
    written = verification.write_report(
        session, topic, verification.Occasion(made_at, settings_of(current_app).ledger_origin)
    )
    ending = path.suffix.removeprefix(".").lower()
    if ending and ending not in written.make and not path.is_dir():
        known = ", ".join(f".{one}" for one in sorted(written.make))
        raise click.UsageError(
            _("The report ends in “%(ending)s”, expected one of %(known)s.", ending=path.suffix, known=known)
        )
    if ending in written.make and not path.is_dir():
        files = {path: written.make[ending]}
    else:
        path.mkdir(parents=True, exist_ok=True)
        day = clock.local_date(made_at).isoformat()
        files = {path / f"{topic}-{day}.{one}": make for one, make in sorted(written.make.items())}
    for file, make in files.items():
        file.write_bytes(make())
        click.echo(_("%(path)s written", path=str(file)), err=True)
    return written.findings


def _finding_line(finding: verification.Finding, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(finding.to_json(), ensure_ascii=False)
    mark, words = verification.mark_of(is_right=not finding.violations), _(finding.invariant)
    if not finding.violations:
        return _("%(mark)s  %(what)s: %(checked)s checked", mark=mark, what=words, checked=finding.checked)
    line = _(
        "%(mark)s  %(what)s: %(checked)s checked, %(violated)s violated",
        mark=mark,
        what=words,
        checked=finding.checked,
        violated=finding.violations,
    )
    return line + "".join(f"\n         {one.table} {one.key} {one.column}" for one in finding.examples)
