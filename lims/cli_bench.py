"""`lims bench`: the figures of this machine, from a checkout."""

import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from lims.config import PACKAGE
from lims.i18n import gettext as _

HELPERS = {"__init__", "harness"}


def _folder() -> Path:
    return PACKAGE.parent / "benchmarks"


def _known() -> list[str]:
    return sorted(path.stem for path in _folder().glob("*.py") if path.stem not in HELPERS)


@click.command("bench")
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def bench(names: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001 - click passes flags by position
    """Measure this machine: each figure beside the goal, and beside a bare operation of the same run."""
    known = _known()
    if not known:
        raise click.UsageError(_("The benchmarks stand in a checkout of the program, not in an installed one."))
    strange = sorted(set(names) - set(known))
    if strange:
        raise click.UsageError(
            _("There is no benchmark %(name)s; expected one of %(known)s.", name=strange[0], known=", ".join(known))
        )
    sys.path.insert(0, str(PACKAGE.parent))
    for name in names or known:
        for measured in importlib.import_module(f"benchmarks.{name}").measure():
            click.echo(json.dumps(asdict(measured), ensure_ascii=False) if as_json else measured.line())
