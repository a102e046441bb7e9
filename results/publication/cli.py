"""`lims results published FILE`: a publication table read back, and held against what is published here."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lims.db import db
from lims.errors import InvalidInputError
from lims.i18n import gettext as _
from lims.runtime import with_database
from results.publication.comparing import compare_table, read_publication_file
from results.publication.tables import FIRST_YEAR, LAST_YEAR, Comparison, PublicationTable

DIFFERS = 1  # exit status, product.md §13: found something wrong


@click.command("published")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--year",
    type=click.IntRange(FIRST_YEAR, LAST_YEAR),
    help="Hold it against the notices of one year; all if left out.",
)
@click.option("--read", "only_read", is_flag=True, help="Only print what the table says, a sample a line.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@with_database
def published_command(file: Path, *, year: int | None, only_read: bool, as_json: bool) -> None:
    """Read FILE, an official table of passes or failures, and tell where it differs from what is published here.

    FILE is CSV or XLSX. The four forms are known by their columns: passes, failures with item names, failures with
    项目║结果║标准值 in one cell, and SAMR's with a row for each item.

    Exit status: 0 they agree, 1 they differ, 2 FILE is no such table.
    """
    try:
        table = read_publication_file(file.read_bytes())
    except InvalidInputError as refusal:
        raise click.UsageError(str(refusal)) from refusal
    if only_read:
        _print([asdict(row) | {"row": number} for number, row in table.rows], as_json=as_json)
        return
    with db.read_session() as session:
        found = compare_table(session, table, year=year)
    _print(_lines(found), as_json=as_json)
    click.echo(_summary(table, found), err=True)
    if not found.agrees:
        click.get_current_context().exit(DIFFERS)


def _print(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    for row in rows:
        if as_json:
            click.echo(json.dumps(row, ensure_ascii=False))
        else:
            click.echo("\t".join(str(value).replace("\n", " ") for value in row.values() if value not in {"", ()}))


def _lines(found: Comparison) -> list[dict[str, Any]]:
    return [
        *({"difference": "column"} | asdict(one) for one in found.different),
        *({"difference": "missing", "sampling_no": one.sampling_no, "food": one.product_name} for one in found.missing),
        *(
            {"difference": "extra", "row": number, "sampling_no": one.sampling_no, "food": one.product_name}
            for number, one in found.extra
        ),
        *({"difference": "unnumbered", "row": number} for number in found.unnumbered),
        *({"difference": "repeated", "row": number, "sampling_no": one} for number, one in found.repeated),
    ]


def _summary(table: PublicationTable, found: Comparison) -> str:
    return _(
        "%(rows)s samples in the table: %(same)s agree, %(different)s columns differ, %(missing)s are missing, "
        "%(extra)s are not published here.",
        rows=len(table.rows),
        same=found.same,
        different=len(found.different),
        missing=len(found.missing),
        extra=len(found.extra),
    )
