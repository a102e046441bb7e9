"""A limit table before it changes anything: each row held against what is in force and against its neighbours."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from lims.catalog.names import match_key
from lims.errors import InvalidInputError
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.limit_tables.columns import read_table
from lims.limit_tables.comparing import PreviewRow, limit_of, look_at
from lims.limit_tables.known import Known, load_known
from lims.limit_tables.rules import read_row
from lims.limit_tables.types import Column, Problem, RowVerdict
from lims.quantities import N_, format_measured
from lims.tables import Table, UnreadableFileError, read_table_file

MAX_TABLE_ROWS = 20_000  # ten times the rule book of a year


@dataclass(frozen=True, slots=True)
class Preview:
    """A whole table; `known` is what its rows were held against."""

    day: date
    rows: Sequence[PreviewRow]
    known: Known
    warnings: Sequence[LazyString] = ()

    @property
    def counts(self) -> Counter[RowVerdict]:
        """How many rows have which verdict."""
        return Counter(row.verdict for row in self.rows)

    @property
    def taken(self) -> list[PreviewRow]:
        """The rows by which an approval would change the catalogue."""
        return [row for row in self.rows if row.verdict.is_taken]

    @property
    def sha256(self) -> bytes:
        """Of everything the preview says: two that agree in it are the same."""
        return rows_digest(self.day, [(row.number, row.to_json()) for row in self.rows])


def rows_digest(day: date, rows: Iterable[tuple[int, dict[str, Any]]]) -> bytes:
    """SHA-256 of rows as they are kept, in their order."""
    body = json.dumps([day.isoformat(), list(rows)], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(body.encode()).digest()


def preview_table(session: Session, content: bytes, day: date) -> Preview:
    """Say of each row of a file what would become of it, for what is produced from a day on; nothing is written.

    Raises:
        InvalidInputError: no CSV or XLSX, without the columns of the base table, or too many rows.
    """
    table = _open(content)
    rows = read_table(table.rows)
    if len(rows) > MAX_TABLE_ROWS:
        raise InvalidInputError(
            _l("The table has %(rows)s rows; at most %(most)s are taken.", rows=len(rows), most=MAX_TABLE_ROWS),
            field="file",
        )
    known = load_known(session, rows, day)
    looked = [look_at(read_row(row), known) for row in rows]
    return Preview(day, _without_conflicts(looked), known, table.warnings)


def _open(content: bytes) -> Table:
    try:
        return read_table_file(content)
    except UnreadableFileError as error:
        raise InvalidInputError(
            _l("This file cannot be read as CSV or XLSX: %(why)s.", why=error.message), field="file"
        ) from error


# ---------------------------------------------------------------- neighbours


def _without_conflicts(rows: Sequence[PreviewRow]) -> list[PreviewRow]:
    """The rows, those named as such that contradict an earlier row of the file or only repeat it."""
    rivals = _rivals(rows)
    return [
        replace(row, verdict=RowVerdict.CONFLICT, problems=(*row.problems, *rivals[row.number]))
        if row.number in rivals
        else row
        for row in rows
    ]


def _rivals(rows: Sequence[PreviewRow]) -> dict[int, list[Problem]]:
    found: dict[int, list[Problem]] = defaultdict(list)
    foods: dict[tuple[object, ...], list[PreviewRow]] = defaultdict(list)
    figures: dict[tuple[object, ...], PreviewRow] = {}
    for row in rows:
        if row.category is None or row.item_id is None:
            continue
        food = (row.category.id, row.item_id, match_key(row.condition))
        for other in foods[food]:
            found[row.number].extend(_against(row, other))
        foods[food].append(row)
        found[row.number].extend(_against_figures(row, figures))
    return {number: problems for number, problems in found.items() if problems}


def _against(row: PreviewRow, other: PreviewRow) -> Iterable[Problem]:
    """What contradicts an earlier row of the same food, item and condition."""
    place = {"row": str(other.number)}
    one, two = row.read, other.read
    if one.limit is not None and two.limit is not None and limit_of(one) != limit_of(two):
        yield Problem(
            N_("Row %(row)s gives %(other)s for the same food, item and condition, this one %(given)s."),
            place | {"other": limit_of(two), "given": limit_of(one)},
            Column.STANDARD_MAX,
        )
    elif one.kind is not two.kind and one.kind is not None and two.kind is not None:
        yield Problem(
            N_("Row %(row)s calls the same item %(other)s, this one %(given)s."),
            place | {"other": two.row[Column.KIND], "given": one.row[Column.KIND]},
            Column.KIND,
        )
    elif one.methods == two.methods:
        yield Problem(N_("Row %(row)s is about the same food, item, method and condition."), place)


def _against_figures(row: PreviewRow, figures: dict[tuple[object, ...], PreviewRow]) -> Iterable[Problem]:
    """What contradicts an earlier row about the figures of one method, of which the catalogue keeps one row."""
    read = row.read
    if len(read.methods) != 1 or (read.lod is None and not read.result_format):
        return
    method = read.methods[0]
    key = (row.item_id, match_key(method.number), match_key(method.part))
    other = figures.setdefault(key, row)
    theirs = other.read
    told = {"row": str(other.number), "method": f"{method} {method.part}".strip()}
    if read.lod is not None and theirs.lod is not None and (read.lod, read.lod_unit) != (theirs.lod, theirs.lod_unit):
        yield Problem(
            N_(
                "Row %(row)s gives %(method)s the LOD %(other)s, this one %(given)s; a method has one, "
                "so name the part of the method that tells them apart."
            ),
            told
            | {
                "other": f"{format_measured(theirs.lod)} {theirs.lod_unit}",
                "given": f"{format_measured(read.lod)} {read.lod_unit}",
            },
            Column.LOD,
        )
    if read.result_format and theirs.result_format and read.result_format != theirs.result_format:
        yield Problem(
            N_(
                "Row %(row)s gives %(method)s another format rule: “%(other)s”; a method has one, "
                "so name the part of the method that tells them apart."
            ),
            told | {"other": theirs.result_format[:80]},
            Column.RESULT_FORMAT,
        )
