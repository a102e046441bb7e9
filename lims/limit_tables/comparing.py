"""A row of a limit table held against the catalogue: what it names there, and what it would change part by part.

An empty cell changes nothing. A row adds its methods and standards to those of the rule book, because a table tells one
method in each row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from lims.catalog.limit_forms import LimitExpression
from lims.catalog.limits import parse_limit
from lims.catalog.lookup import AmbiguousLimit, LimitFound
from lims.catalog.models import CheckItem, FoodCategory, Method
from lims.catalog.names import match_key
from lims.catalog.types import ItemKind
from lims.limit_tables.known import PATH, Edition, Known, found_in
from lims.limit_tables.rules import is_same_limit, is_same_quantity, limit_text
from lims.limit_tables.types import Change, Column, Part, Problem, ReadRow, RowVerdict, StandardName
from lims.quantities import N_, QuantityError, convert, format_measured, parse_unit


@dataclass(frozen=True, slots=True)
class Seen:
    """The rows in force that a row was held against; None where there is none."""

    limit_id: UUID | None = None
    method_id: UUID | None = None
    check_item_id: UUID | None = None

    def to_json(self) -> dict[str, str | None]:
        """As it is kept beside a row that was sent."""
        return {
            "limit": str(self.limit_id) if self.limit_id else None,
            "method": str(self.method_id) if self.method_id else None,
            "check_item": str(self.check_item_id) if self.check_item_id else None,
        }


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row and what would become of it.

    Attributes:
        category, item_id, edition: what it names; None where it names nothing known.
        old_limit: in force on the day; `is_direct` when it falls on this very category.
        seen: the rows in force it was held against.
        changes: part by part, before and after; empty for what is the same.
        problems: why it cannot be used.
    """

    read: ReadRow
    verdict: RowVerdict
    category: FoodCategory | None = None
    item_id: UUID | None = None
    edition: Edition | None = None
    old_limit: LimitFound | None = None
    is_direct: bool = False
    method: Method | None = None
    check: CheckItem | None = None
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def number(self) -> int:
        """Of the row in the file, from 1."""
        return self.read.row.number

    @property
    def food(self) -> str:
        """The way to the food as the row writes it."""
        said = [self.read.row[column] for column in PATH if self.read.row[column]]
        return " > ".join(dict.fromkeys(said))

    @property
    def item(self) -> str:
        """The item as the row writes it."""
        return self.read.row[Column.ITEM]

    @property
    def condition(self) -> str:
        """Under which the row holds."""
        return self.read.row[Column.REMARK]

    @property
    def seen(self) -> Seen:
        """What it was held against."""
        return Seen(
            self.old_limit.limit.id if self.old_limit else None,
            self.method.id if self.method else None,
            self.check.id if self.check else None,
        )

    def changes_part(self, *parts: Part) -> bool:
        """Whether it changes one of these parts."""
        return any(change.part in parts for change in self.changes)

    def to_json(self) -> dict[str, Any]:
        """As it is kept when the table is sent."""
        return {
            "verdict": self.verdict.value,
            "food": self.food,
            "item": self.item,
            "changes": [[change.part.value, change.old, change.new] for change in self.changes],
            "problems": [problem.to_json() for problem in self.problems],
            "seen": self.seen.to_json(),
        }


def look_at(read: ReadRow, known: Known) -> PreviewRow:
    """What one row would do, without its neighbours."""
    row = read.row
    unknown: list[Problem] = []
    category = known.categories.find(row) if any(row[column] for column in PATH) else _nothing(Column.CATEGORY_L4)
    if isinstance(category, Problem):
        unknown.append(category)
    item_id = known.items.get(row[Column.ITEM])
    if not row[Column.ITEM]:
        unknown.append(_nothing(Column.ITEM))
    elif item_id is None:
        unknown.append(
            Problem(N_("There is no test item called “%(given)s”."), {"given": row[Column.ITEM][:60]}, Column.ITEM)
        )
    edition = known.editions.find(read.bases, known.day) if read.limit is not None and read.bases else None
    if isinstance(edition, Problem):
        unknown.append(edition)
    if read.problems:
        return PreviewRow(read, RowVerdict.UNREADABLE, problems=(*read.problems, *unknown))
    if isinstance(category, Problem) or isinstance(edition, Problem) or item_id is None:
        return PreviewRow(read, RowVerdict.UNKNOWN, problems=tuple(unknown))
    return _compare(read, known, category, item_id, edition)


def _nothing(column: Column) -> Problem:
    return Problem(N_("The row names none."), column=column)


def _compare(read: ReadRow, known: Known, category: FoodCategory, item_id: UUID, edition: Edition | None) -> PreviewRow:
    key = (category.id, item_id)
    answer = known.limits.get(key)
    condition = match_key(read.row[Column.REMARK])
    old = _meant(read, answer, condition) if isinstance(answer, AmbiguousLimit) else answer
    method = _method(read.methods, known.methods.get(item_id, ()))
    check = _check(condition, known.checks.get(key, ()))
    changes = [
        *_limit_changes(read, edition, old),
        *_check_changes(read, known, check),
        *_method_changes(read, method),
    ]
    problems = list(_obstacles(read, known, key, method, changes))
    if isinstance(answer, AmbiguousLimit) and old is None and read.limit is not None:
        told = "、".join(
            f"{one.limit.limit_text} {one.limit.unit} ({one.limit.applicability or '/'})" for one in found_in(answer)
        )
        problems.append(
            Problem(
                N_("Several limits are in force for this food: %(given)s; expected a remark that says which is meant."),
                {"given": told},
                Column.REMARK,
            )
        )
    fresh = check is None or any(change.part is Part.LIMIT and not change.old for change in changes)
    verdict = RowVerdict.NEW if fresh and changes else RowVerdict.CHANGED if changes else RowVerdict.SAME
    return PreviewRow(
        read,
        RowVerdict.CONFLICT if problems else verdict,
        category,
        item_id,
        edition,
        old,
        old is not None and category.id in known.scopes.get(old.limit.id, frozenset()),
        method,
        check,
        tuple(changes),
        tuple(problems),
    )


def _meant(read: ReadRow, answer: AmbiguousLimit, condition: str) -> LimitFound | None:
    """Of several limits in force the one with the condition of the row, else the one that the row repeats."""
    named = [one for one in answer.candidates if condition and match_key(one.limit.applicability) == condition]
    repeated = [one for one in answer.candidates if read.limit is not None and _judges_alike(read, one)]
    return next((found[0] for found in (named, repeated) if len(found) == 1), None)


def _method(names: Sequence[StandardName], methods: Sequence[Method]) -> Method | None:
    """The method row of the one method a row names; a catalogue that keeps the year in the number counts as well."""
    if len(names) != 1:
        return None
    name = names[0]
    numbers = {match_key(name.number), match_key(str(name))}
    fitting = [one for one in methods if match_key(one.standard) in numbers]
    exact = [one for one in fitting if match_key(one.part) == match_key(name.part)]
    return exact[0] if exact else None


def _check(condition: str, checks: Sequence[CheckItem]) -> CheckItem | None:
    """The row of the rule book that a row means: by its condition, else the one without any, else the only one."""
    by_condition = {match_key(one.applicability): one for one in checks}
    found = by_condition.get(condition) or by_condition.get("")
    return found or (checks[0] if len(checks) == 1 else None)


def _limit_changes(read: ReadRow, edition: Edition | None, old: LimitFound | None) -> list[Change]:
    if read.limit is None or edition is None:
        return []
    new_words = limit_of(read)
    if old is None:
        return [Change(Part.LIMIT, "", new_words), Change(Part.BASIS, "", edition.basis)]
    changes = []
    if not _judges_alike(read, old):
        changes.append(Change(Part.LIMIT, words_of(old), new_words))
    if edition.id != old.limit.edition_id:
        changes.append(Change(Part.BASIS, old.basis, edition.basis))
    return changes


def _judges_alike(read: ReadRow, old: LimitFound) -> bool:
    assert read.limit is not None  # noqa: S101 - asked of rows with a limit
    try:
        expression = parse_limit(old.limit.limit_text, old.limit.unit)
    except QuantityError:
        return False
    stated = expression.qualifier or old.limit.expressed_as
    same_words = match_key(stated) == match_key(read.limit.qualifier) or not read.limit.qualifier
    bare = LimitExpression(expression.form, expression.unit)
    new = LimitExpression(read.limit.form, read.limit.unit)
    return same_words and is_same_limit(bare, new, old.limit.comparison)


def limit_of(read: ReadRow) -> str:
    """The limit a row gives, in words: `≤0.2 mg/kg`."""
    assert read.limit is not None  # noqa: S101 - asked of rows with a limit
    words = f"{limit_text(read.limit)} {read.limit.unit}".strip()
    return f"{words}（{read.limit.qualifier}）" if read.limit.qualifier else words


def words_of(found: LimitFound) -> str:
    """A limit in force, in the same words."""
    words = f"{found.limit.limit_text} {found.limit.unit}".strip()
    return f"{words}（{found.limit.expressed_as}）" if found.limit.expressed_as else words


def _check_changes(read: ReadRow, known: Known, check: CheckItem | None) -> list[Change]:
    row = read.row
    judged_by = [known.editions.number(one) for one in read.bases]
    tested_by = method_names(read)
    if check is None:
        kind = read.kind or ItemKind.INSPECTION
        pairs = [
            (Part.KIND, "", kind.value),
            (Part.JUDGED_BY, "", "、".join(judged_by)),
            (Part.TESTED_BY, "", "、".join(tested_by)),
            (Part.RISK_GRADE, "", row[Column.RISK_GRADE]),
            (Part.PROBLEM_CONCLUSION, "", row[Column.PROBLEM_CONCLUSION]),
            (Part.CONDITION, "", row[Column.REMARK]),
        ]
        return [Change(*pair) for pair in pairs if pair[2]]
    pairs = []
    if read.kind is not None:
        pairs.append((Part.KIND, check.kind.value, read.kind.value))
    for part, before, named in (
        (Part.JUDGED_BY, check.basis_standards, judged_by),
        (Part.TESTED_BY, check.method_standards, tested_by),
    ):
        pairs.append((part, "、".join(before), "、".join(joined(before, named))))
    for part, kept, column in (
        (Part.RISK_GRADE, check.risk_grade, Column.RISK_GRADE),
        (Part.PROBLEM_CONCLUSION, check.problem_conclusion, Column.PROBLEM_CONCLUSION),
        (Part.CONDITION, check.applicability, Column.REMARK),
    ):
        if row[column] and match_key(row[column]) != match_key(kept or ""):
            pairs.append((part, kept or "", row[column]))
    return [Change(*pair) for pair in pairs if pair[1] != pair[2]]


def method_names(read: ReadRow) -> list[str]:
    """The methods a row names, as check items name them: without the year, with the part."""
    return [f"{one.number} {one.part}".strip() for one in read.methods]


def joined(before: Sequence[str], named: Sequence[str]) -> list[str]:
    """What is kept, and what a row names beyond it: one row of the table tells one method of several."""
    known = {match_key(one) for one in before}
    return [*before, *(one for one in named if match_key(one) not in known)]


def _method_changes(read: ReadRow, method: Method | None) -> list[Change]:
    changes = []
    if read.lod is not None:
        new = f"{format_measured(read.lod)} {read.lod_unit}".strip()
        old = f"{format_measured(method.lod)} {method.unit}".strip() if method and method.lod is not None else ""
        same = (
            method is not None
            and method.lod is not None
            and is_same_quantity(read.lod, read.lod_unit, method.lod, parse_unit(method.unit))
        )
        if not same:
            changes.append(Change(Part.LOD, old, new))
    if read.result_format and (method is None or method.reported_digits != read.result_format):
        changes.append(Change(Part.RESULT_FORMAT, (method.reported_digits or "") if method else "", read.result_format))
    return changes


def _obstacles(
    read: ReadRow,
    known: Known,
    key: tuple[UUID, UUID],
    method: Method | None,
    changes: Sequence[Change],
) -> Iterable[Problem]:
    """Why the catalogue cannot take what the row says, although every cell can be read."""
    if any(change.part in {Part.LIMIT, Part.BASIS} for change in changes) and key in known.later:
        yield Problem(
            N_("Another limit of this food begins on %(day)s already; expected a table for that day or later."),
            {"day": known.later[key].isoformat()},
        )
    if read.lod is None or method is None or (method.lod is None and method.loq is None):
        return
    unit = parse_unit(method.unit)
    if unit.dimension != read.lod_unit.dimension:
        yield Problem(
            N_("The LOD is in %(given)s, the figures of the method are in %(expected)s."),
            {"given": str(read.lod_unit), "expected": method.unit},
            Column.LOD_UNIT,
        )
    elif method.loq is not None and convert(read.lod, read.lod_unit, unit) > method.loq:
        yield Problem(
            N_("The LOD %(given)s is above the limit of quantification %(loq)s of this method."),
            {
                "given": f"{format_measured(read.lod)} {read.lod_unit}",
                "loq": f"{format_measured(method.loq)} {method.unit}",
            },
            Column.LOD,
        )
