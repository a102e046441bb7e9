"""`lims catalog …`: ask the catalogue from a terminal."""

import json
from datetime import UTC, date, datetime
from typing import Any

import click

from lims import clock
from lims.catalog.lookup import AmbiguousLimit, LimitAnswer, LimitFound, MissingEdition, lookup_by_food
from lims.catalog.queries import find_item, get_parameter, list_parameters, load_calendar
from lims.db import db
from lims.errors import ConfigurationError
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.runtime import with_database

NOT_ANSWERED = 1  # exit status, product.md §13: found something wrong
DAY = click.DateTime(["%Y-%m-%d"])
JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")


@click.group("catalog")
def catalog_group() -> None:
    """Limits, rule parameters and deadlines of the catalogue."""


@catalog_group.command("limit")
@click.argument("food")
@click.argument("item")
@click.option("--on", "produced_at", type=DAY, help="Day of production; today when left out.")
@JSON_OPTION
@with_database
def limit_command(food: str, item: str, *, produced_at: datetime | None, as_json: bool) -> None:
    """The limit of ITEM in FOOD, as `lims catalog limit 韭菜 腐霉利`."""
    day = _day(produced_at)
    with db.read_session() as session:
        if find_item(session, item) is None:
            raise click.UsageError(_("There is no test item called %(name)s.", name=item))
        answer = lookup_by_food(session, food, item, day)
        rows = _answer_rows(answer, day)
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False) if as_json else _answer_line(row))
    if not isinstance(answer, LimitFound):
        click.get_current_context().exit(NOT_ANSWERED)


@catalog_group.command("parameters")
@click.option("--on", "at", type=DAY, help="The day they are in force; today when left out.")
@JSON_OPTION
@with_database
def parameters_command(*, at: datetime | None, as_json: bool) -> None:
    """Every deadline, count and share in force, with its source."""
    with db.read_session() as session:
        for row in list_parameters(session, _day(at)):
            if as_json:
                body = {"code": row.code, "value": str(row.value), "unit": row.unit.value, "source": row.source}
                click.echo(json.dumps(body | {"trust": row.trust.value}, ensure_ascii=False))
            else:
                figure = f"{row.value} {row.unit.value}"
                click.echo(f"{row.code}\t{figure}\t{bilingual(row)}\t{row.source} [{row.trust.value}]")


@catalog_group.command("deadline")
@click.argument("code")
@click.argument("start", type=DAY)
@JSON_OPTION
@with_database
def deadline_command(code: str, start: datetime, *, as_json: bool) -> None:
    """The last day of the limit CODE that begins on START, as `lims catalog deadline report_issue 2026-09-18`."""
    started_at = datetime.combine(start.date(), start.time(), clock.LOCAL_ZONE).astimezone(UTC)
    with db.read_session() as session:
        try:
            parameter = get_parameter(session, code, start.date())
        except ConfigurationError as refusal:
            raise click.UsageError(str(refusal)) from refusal
        if not parameter.unit.is_time:
            raise click.UsageError(_("%(code)s counts %(unit)s and makes no deadline.", code=code, unit=parameter.unit))
        due = load_calendar(session, start.date()).deadline(started_at, int(parameter.value), parameter.unit)
    if as_json:
        body = {"code": code, "on": due.on.isoformat(), "due_at": due.due_at.isoformat()}
        click.echo(json.dumps(body | {"provisional": due.provisional}))
    else:
        click.echo(f"{due.on}{' ' + _('(provisional)') if due.provisional else ''}")


def _day(given: datetime | None) -> date:
    return clock.local_date(clock.now()) if given is None else given.date()


def _answer_rows(answer: LimitAnswer, day: date) -> list[dict[str, Any]]:
    match answer:
        case LimitFound():
            return [_found_row(answer)]
        case AmbiguousLimit(candidates):
            return [_found_row(found) | {"answer": "ambiguous"} for found in candidates]
        case MissingEdition():
            return [{"answer": "missing_edition", "basis": answer.basis, "coverage": answer.coverage.value}]
        case _:
            return [{"answer": "no_limit", "basis": ", ".join(answer.standards), "on": day.isoformat()}]


def _found_row(found: LimitFound) -> dict[str, Any]:
    limit = found.limit
    return {
        "answer": "limit",
        "food": limit.food_path,
        "limit": limit.limit_text,
        "unit": limit.unit,
        "basis": found.basis,
        "expressed_as": limit.expressed_as,
        "applicability": limit.applicability,
        "source": limit.source,
        "trust": limit.trust.value,
    }


def _answer_line(row: dict[str, Any]) -> str:
    match row["answer"]:
        case "missing_edition":
            return _("%(basis)s governs this day and is not loaded far enough to answer.", basis=row["basis"])
        case "no_limit":
            return _("No limit is loaded for this food and item.")
        case _:
            conditions = " ".join(part for part in (row["expressed_as"], row["applicability"]) if part)
            figure = f"{row['limit']} {row['unit']}".strip()
            return "\t".join(part for part in (figure, row["basis"], row["food"], conditions) if part)
