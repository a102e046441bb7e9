"""The reference data that ships with the program, written to the tables once.

Ids are derived from the natural key, so that two installations agree on them and a second load changes nothing: what
an administrator has corrected or closed since stays as it is. No model is imported here: migrations use it too.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from lims.catalog.names import match_key
from lims.catalog.types import DayKind

FOLDER = Path(__file__).parent / "data"
TREE_VERSION = "2026"  # 食品安全监督抽检实施细则（2026年版）
NAMESPACE = UUID("5b0f6d1e-9c0c-4f0b-9a53-6a7a4b7f2d10")  # ours, drawn once
SATURDAY = 5

Row = dict[str, Any]


def derived_id(table: str, *key: str) -> UUID:
    """The id of a shipped row, the same in every installation."""
    return uuid5(NAMESPACE, "\x1f".join((table, *key)))


def category_id(code: str, tree_version: str = TREE_VERSION) -> UUID:
    """The id of a shipped category, for tests and the demo."""
    return derived_id("food_category", tree_version, code)


def item_id(code: str) -> UUID:
    """The id of a shipped test item, for tests and the demo."""
    return derived_id("test_item", code)


def load_reference(session: Session, now: datetime) -> int:
    """Write every shipped row that is not there yet; safe to repeat.

    Args:
        session: an open transaction; the caller commits.
        now: the instant recorded on the rows.

    Returns:
        How many rows were new.
    """
    shipped: tuple[tuple[str, Iterator[Row]], ...] = (
        ("region", _regions()),
        ("food_category", _categories()),
        ("test_item", _items()),
        ("test_item_alias", _aliases()),
        ("standard", _standards()),
        ("standard_edition", _editions()),
        ("method", _methods(now)),
        ("check_item", _check_items(now)),
        ("food_limit", _limits(now)),
        ("food_limit_scope", _scopes()),
        ("rule_parameter", _parameters(now)),
        ("calendar_day", _days(now)),
        ("sampling_prefix", _prefixes()),
    )
    return sum(_write(session, table, list(rows)) for table, rows in shipped)


def _write(session: Session, table: str, rows: Sequence[Row]) -> int:
    """Send a whole table as one JSON parameter: thousands of rows in milliseconds, and PostgreSQL reads the types."""
    names = ", ".join(rows[0])
    statement = text(
        f"INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_recordset(NULL::{table}, :rows)"  # noqa: S608
        " ON CONFLICT DO NOTHING"
    ).bindparams(bindparam("rows", type_=JSONB()))
    plain = [{name: _json(value) for name, value in row.items()} for row in rows]
    result = session.connection().execute(statement, {"rows": plain})
    return result.rowcount


def _json(value: Any) -> Any:
    """A value as JSON that PostgreSQL reads back exactly."""
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


@cache
def _read(name: str) -> tuple[dict[str, str], ...]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _regions() -> Iterator[Row]:
    for row in _read("regions"):
        yield {
            "code": row["code"],
            "parent_code": row["parent_code"] or None,
            "level": row["level"],
            "name_zh": row["name_zh"],
            "name_en": row["name_en"],
            "is_statistical": row["is_statistical"] == "1",
        }


def _categories() -> Iterator[Row]:
    paths: dict[str, str] = {}
    for position, row in enumerate(_read("food_categories")):
        code, parent = row["code"], row["parent"]
        paths[code] = f"{paths[parent]}/{code}" if parent else code
        yield {
            "id": category_id(code),
            "tree_version": TREE_VERSION,
            "code": code,
            "parent_id": category_id(parent) if parent else None,
            "level": int(row["level"]),
            "major_code": paths[code].split("/", maxsplit=1)[0],
            "path": paths[code],
            "position": position,
            "name_zh": row["name_zh"],
            "name_en": row["name_en"],
            "national_major_no": row["national_major_no"] or None,
            "national_major_zh": row["national_major_zh"] or None,
            "note": row["note"] or None,
        } | _source(row)


def _items() -> Iterator[Row]:
    for row in _read("test_items"):
        yield {
            "id": item_id(row["code"]),
            "code": row["code"],
            "name_zh": row["name_zh"],
            "name_en": row["name_en"],
            "item_class": row["item_class"],
            "hazard": row["hazard"],
        } | _source(row)


def _aliases() -> Iterator[Row]:
    for row in _read("test_items"):
        spellings = [row["name_zh"], row["name_en"], *filter(None, row["aliases"].split(";"))]
        for key, name in {match_key(name): name for name in reversed(spellings)}.items():
            yield {
                "id": derived_id("test_item_alias", key),
                "item_id": item_id(row["code"]),
                "name": name,
                "match_key": key,
            }


def _standards() -> Iterator[Row]:
    for row in _read("standards"):
        yield {
            "id": derived_id("standard", row["number"]),
            "number": row["number"],
            "title_zh": row["title_zh"] or None,
            "title_en": row["title_en"] or None,
        } | _source(row)


def _edition_id(standard: str, edition: str) -> UUID:
    return derived_id("standard_edition", standard, edition)


def _editions() -> Iterator[Row]:
    for row in _read("standard_editions"):
        yield {
            "id": _edition_id(row["standard"], row["edition"]),
            "standard_id": derived_id("standard", row["standard"]),
            "edition": row["edition"],
            "in_force_from": date.fromisoformat(row["in_force_from"]),
            "in_force_to": _date(row["in_force_to"]),
            "coverage": row["coverage"],
        } | _source(row)


def _methods(now: datetime) -> Iterator[Row]:
    for row in _read("methods"):
        yield {
            "id": derived_id("method", row["item_code"], row["standard"], row["part"]),
            "item_id": item_id(row["item_code"]),
            "standard": row["standard"],
            "part": row["part"],
            "lod": row["lod"] or None,
            "loq": row["loq"] or None,
            "unit": row["unit"],
            "absence_judged_at": row["absence_judged_at"],
            "bound_trust": row["bound_trust"] or None,
        } | _recorded(row, now)


def _check_items(now: datetime) -> Iterator[Row]:
    for row in _read("check_items"):
        yield {
            "id": derived_id("check_item", row["category_code"], row["item_code"], row["applicability"]),
            "category_id": category_id(row["category_code"]),
            "item_id": item_id(row["item_code"]),
            "kind": row["kind"],
            "basis_standards": _list(row["basis"], ";"),
            "method_standards": _list(row["methods"], ";"),
            "applicability": row["applicability"],
        } | _recorded(row, now)


def _limit_id(row: Mapping[str, str]) -> UUID:
    return derived_id(
        "food_limit", row["standard"], row["edition"], row["item_code"], row["food_path"], row["applicability"]
    )


def _limits(now: datetime) -> Iterator[Row]:
    editions = {(row["standard"], row["edition"]): row for row in _read("standard_editions")}
    for row in _read("limits"):
        edition = editions[row["standard"], row["edition"]]
        yield {
            "id": _limit_id(row),
            "edition_id": _edition_id(row["standard"], row["edition"]),
            "item_id": item_id(row["item_code"]),
            "table_no": row["table_no"],
            "food_path": row["food_path"],
            "food_name": row["food_name"],
            "food_words": _list(row["words"], "、"),
            "except_words": _list(row["except_words"], "、"),
            "limit_text": row["limit_text"],
            "unit": row["unit"],
            "expressed_as": row["expressed_as"],
            "applicability": row["applicability"],
            "comparison": row["comparison"],
            "valid_from": date.fromisoformat(edition["in_force_from"]),
            "valid_to": None,
            "from_label": not row["edition"],
        } | _recorded(row, now)


def _scopes() -> Iterator[Row]:
    for row in _read("limits"):
        for code in _list(row["categories"], ";"):
            yield {
                "limit_id": _limit_id(row),
                "category_id": category_id(code.removesuffix("*")),
                "named_only": code.endswith("*"),
            }


def _parameters(now: datetime) -> Iterator[Row]:
    for row in _read("rule_parameters"):
        yield {
            "id": derived_id("rule_parameter", row["code"], row["valid_from"]),
            "code": row["code"],
            "name_zh": row["name_zh"],
            "name_en": row["name_en"],
            "value": row["value"],
            "unit": row["unit"],
            "starts_at_zh": row["starts_at_zh"],
            "starts_at_en": row["starts_at_en"],
            "note": row["note"] or None,
            "valid_from": date.fromisoformat(row["valid_from"]),
            "valid_to": None,
        } | _recorded(row, now)


def _days(now: datetime) -> Iterator[Row]:
    """Every day of the years that have a holiday notice."""
    notices = {date.fromisoformat(row["day"]): row for row in _read("calendar_exceptions")}
    day = date(min(notices).year, 1, 1)
    end = date(max(notices).year, 12, 31)
    source = next(iter(notices.values()))
    while day <= end:
        notice = notices.get(day)
        usual = DayKind.WEEKEND if day.weekday() >= SATURDAY else DayKind.WORKDAY
        yield {
            "id": derived_id("calendar_day", day.isoformat()),
            "day": day,
            "is_workday": notice["is_workday"] == "1" if notice else usual is DayKind.WORKDAY,
            "kind": notice["kind"] if notice else usual,
            "name_zh": notice["name_zh"] if notice else None,
            "name_en": notice["name_en"] if notice else None,
        } | _recorded(source, now)
        day += timedelta(days=1)


def _prefixes() -> Iterator[Row]:
    for row in _read("sampling_prefixes"):
        yield {"prefix": row["prefix"], "name_zh": row["name_zh"], "name_en": row["name_en"]} | _source(row)


def _source(row: Mapping[str, str]) -> dict[str, Any]:
    return {"source": row["source"], "trust": row["trust"]}


def _recorded(row: Mapping[str, str], now: datetime) -> dict[str, Any]:
    return _source(row) | {"recorded_at": now}


def _list(text: str, separator: str) -> list[str]:
    return [part for part in text.split(separator) if part]


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
