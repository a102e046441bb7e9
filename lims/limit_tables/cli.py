"""`lims catalog limit-table`: what a table of limits would change, told in a terminal."""

import json
from datetime import datetime
from pathlib import Path

import click

from lims import clock
from lims.catalog.cli import DAY, JSON_OPTION
from lims.db import db
from lims.errors import InvalidInputError
from lims.limit_tables import words
from lims.limit_tables.api import row_facts
from lims.limit_tables.columns import OFFICIAL
from lims.limit_tables.comparing import PreviewRow
from lims.limit_tables.preview import preview_table
from lims.limit_tables.types import RowVerdict
from lims.runtime import with_database

NOT_ALL_USABLE = 1  # exit status, product.md §13: found something wrong


@click.command("limit-table")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "produced_from", type=DAY, help="First day of production it is to hold for; today if left out.")
@click.option("--only", type=click.Choice([one.value for one in RowVerdict]), help="Only rows of one verdict.")
@JSON_OPTION
@with_database
def limit_table_command(file: Path, *, produced_from: datetime | None, only: str | None, as_json: bool) -> None:
    """What each row of FILE, a limit table in the shape of the national base table, would change. Nothing is written.

    A table is sent to a second person on the page “Limit tables”, or through the API. The exit status is 1 when a row
    is unknown, unreadable or in conflict.
    """
    day = clock.local_date(clock.now()) if produced_from is None else produced_from.date()
    with db.read_session() as session:
        try:
            looked = preview_table(session, file.read_bytes(), day)
        except InvalidInputError as refusal:
            raise click.UsageError(str(refusal)) from refusal
        for row in looked.rows:
            if only is None or row.verdict == only:
                click.echo(json.dumps(row_facts(row), ensure_ascii=False) if as_json else _line(row))
        counts = looked.counts
    told = ", ".join(f"{words.verdict_words(one)} {counts[one]}" for one in RowVerdict if counts[one])
    click.echo(told, err=True)
    if any(counts[one] for one in RowVerdict if not one.is_usable):
        click.get_current_context().exit(NOT_ALL_USABLE)


@click.command("limit-table-columns")
@JSON_OPTION
def template_command(*, as_json: bool) -> None:
    """The official names of the 26 columns, as one line of CSV to begin a table with."""
    names = list(OFFICIAL.values())
    click.echo(json.dumps(names, ensure_ascii=False) if as_json else ",".join(names))


def _line(row: PreviewRow) -> str:
    said = [words.problem_words(one) for one in row.problems] or [
        f"{words.part_words(one.part)} {words.value_words(one.part, one.old) or '/'} → "
        f"{words.value_words(one.part, one.new)}"
        for one in row.changes
    ]
    return "\t".join([str(row.number), str(words.verdict_words(row.verdict)), row.food, row.item, "; ".join(said)])
