"""`lims backup` and `lims restore`."""

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from lims import clock, verification
from lims.backup import BackupReport, read_backup, write_backup
from lims.db import db
from lims.errors import LimsError
from lims.i18n import gettext as _
from lims.runtime import database_urls, disconnect, settings_of

FOUND_WRONG = 1  # exit status, product.md §13


@click.command("backup")
@click.argument("target", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def backup(target: Path) -> None:
    """Write database, stored files and keys to FILE; exit 1 when a stored file is damaged.

    FILE holds private keys: keep it as safe as the installation itself.
    """
    settings = settings_of(current_app)
    try:
        report = write_backup(settings, database_urls(settings).owner, target, clock.now())
    except LimsError as refusal:
        raise click.UsageError(str(refusal)) from refusal
    finally:
        disconnect()
    click.echo(_("%(rows)s rows and %(files)s files written to %(path)s", **_figures(report), path=str(target)))
    _tell_damage(report)


@click.command("restore")
@click.argument("source", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def restore(source: Path) -> None:
    """Put a backup back into an empty installation and verify the ledger; exit 1 when anything is violated."""
    settings = settings_of(current_app)
    try:
        urls = database_urls(settings)
        report = read_backup(settings, urls.owner, source)
        db.configure(urls.app)
        with db.snapshot() as session:
            findings = verification.run_checks(session, "ledger")
    except LimsError as refusal:
        raise click.UsageError(str(refusal)) from refusal
    finally:
        disconnect()
    click.echo(_("%(rows)s rows and %(files)s files restored", **_figures(report)))
    violated = sum(finding.violations for finding in findings)
    for finding in findings:
        mark, words = verification.mark_of(is_right=not finding.violations), _(finding.invariant)
        click.echo(_("%(mark)s  %(what)s: %(checked)s checked", mark=mark, what=words, checked=finding.checked))
    _tell_damage(report)
    if violated:
        sys.exit(FOUND_WRONG)


def _figures(report: BackupReport) -> dict[str, int]:
    return {"rows": sum(report.rows.values()), "files": report.files}


def _tell_damage(report: BackupReport) -> None:
    for sha256 in report.damaged:
        click.echo(_("The stored file %(name)s is missing or not what its name says.", name=sha256), err=True)
    if report.damaged:
        sys.exit(FOUND_WRONG)
