"""`lims plan allocate`: divide a budget among strata from a CSV file, without a database."""

import csv
import json
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import click

from lims.errors import InvalidInputError
from lims.i18n import gettext as _
from sampling.rules.allocation import (
    DEFAULT_VOTE_CAP_PPM,
    PPM,
    InfeasiblePlanError,
    Part,
    PlanLine,
    Shares,
    Stratum,
    allocate,
    compare_policies,
)

COLUMNS = ("stratum", "population", "floor", "ceiling", "statutory", "votes", "tests", "fails")
PARENT_COLUMN = "parent"  # optional: the category whose other strata tell what to expect here


@click.command("allocate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--budget", type=click.IntRange(min=0), required=True, help="Samples in all.")
@click.option("--shares", default="neyman=.4,risk=.4,votes=.2", show_default=True, help="How the free part is split.")
@click.option("--seed", help="Draws the risk of each stratum from what is known of it; without it the mean counts.")
@click.option(
    "--vote-cap",
    type=click.FloatRange(0, 1, min_open=True),
    default=DEFAULT_VOTE_CAP_PPM / PPM,
    show_default=True,
    help="Largest part of the vote mass one stratum may stand for.",
)
@click.option("--explain", is_flag=True, help="Add the sentence and the numbers under other shares to each line.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def allocate_command(
    file: Path, budget: int, shares: str, seed: str | None, vote_cap: float, *, explain: bool, as_json: bool
) -> None:
    """Divide a budget of samples among the strata of FILE.

    FILE is CSV with the header stratum,population,floor,ceiling,statutory,votes,tests,fails and, if wanted, parent.
    An empty ceiling means none. Exit status: 0 divided, 1 no plan can keep the bounds, 2 used wrongly.
    """
    try:
        strata = read_strata(file.read_bytes())
        lines = allocate(strata, budget, Shares.parse(shares), seed=seed, vote_cap_ppm=round(vote_cap * PPM))
    except InvalidInputError as refusal:
        raise click.UsageError(str(refusal)) from refusal
    except InfeasiblePlanError as refusal:
        if as_json:
            click.echo(
                json.dumps({"error": refusal.code, "message": str(refusal), **refusal.facts}, ensure_ascii=False)
            )
        click.echo(str(refusal), err=True)
        for obstacle in refusal.obstacles:
            if obstacle.stratum is not None:
                click.echo(f"  {obstacle.stratum}\t{obstacle.needed}", err=True)
        raise SystemExit(1) from refusal
    others = compare_policies(strata, budget, seed=seed) if explain else {}
    if as_json:
        click.echo(json.dumps({"lines": _as_json(lines, others)}, ensure_ascii=False))
        return
    for index, line in enumerate(lines):
        beside = [f"{part} {samples[index]}" for part, samples in others.items()]
        click.echo("\t".join([line.stratum, line.explain(), *beside]))


def read_strata(content: bytes) -> list[Stratum]:
    """The lines of a CSV file in UTF-8, with or without a byte order mark.

    Raises:
        InvalidInputError: a column is missing, or a cell is no whole number; the line is named.
    """
    try:
        rows = csv.DictReader(StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise InvalidInputError(
                _("The file lacks the columns %(missing)s.", missing=", ".join(missing)), field="file"
            )
        return [_read_stratum(row, number) for number, row in enumerate(rows, start=2)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(
            _("This is not a CSV file in UTF-8: %(reason)s.", reason=error), field="file"
        ) from error


def _read_stratum(row: dict[str, str | None], number: int) -> Stratum:
    figures: dict[str, int | None] = {}
    for name in COLUMNS[1:]:
        text = (row[name] or "").strip()
        if text and not (text.removeprefix("-").isascii() and text.removeprefix("-").isdecimal()):
            raise InvalidInputError(
                _(
                    "Line %(number)s: %(name)s is %(text)r, expected a whole number.",
                    number=number,
                    name=name,
                    text=text,
                ),
                field=name,
            )
        figures[name] = int(text) if text else None
    return Stratum(
        code=(row["stratum"] or "").strip(),
        ceiling=figures.pop("ceiling"),
        parent=(row.get(PARENT_COLUMN) or "").strip(),
        **{name: value or 0 for name, value in figures.items()},
    )


def _as_json(lines: Sequence[PlanLine], others: dict[Part, list[int]]) -> list[dict[str, Any]]:
    return [
        {
            "stratum": line.stratum,
            "samples": line.samples,
            "parts": dict(line.parts),
            **(
                {
                    "sentence": line.explain(),
                    "alternatives": {part: samples[index] for part, samples in others.items()},
                }
                if others
                else {}
            ),
        }
        for index, line in enumerate(lines)
    ]
