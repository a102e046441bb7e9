"""An approved table comes into force: limits are opened and closed by day, nothing is written over.

A limit that fell on the category of a row ends the day before; its last version stays for what was produced until then,
and whatever was judged by it keeps it. Where it falls on other categories too, it goes on for those. Methods and check
items have no days of validity: their next version holds from the approval on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import sqlalchemy as sa

from lims.catalog.events import CheckItemSuperseded, LimitAdded, LimitSuperseded, MethodSuperseded
from lims.catalog.models import CheckItem, FoodLimit, FoodLimitScope, Method, TestItem
from lims.catalog.names import match_key
from lims.catalog.services import OWN_TO_A_VERSION
from lims.catalog.types import AbsenceBound, Comparison, ItemKind, Trust
from lims.errors import ConflictError
from lims.i18n import lazy_gettext as _l
from lims.limit_tables.comparing import PreviewRow, joined, method_names
from lims.limit_tables.events import CheckItemAdded, MethodAdded
from lims.limit_tables.known import Known
from lims.limit_tables.models import LimitTable
from lims.limit_tables.rules import limit_text
from lims.limit_tables.types import Column, Part, ReadRow, StandardName
from lims.quantities import NO_UNIT, convert, parse_unit
from lims.uow import UnitOfWork

RowT = TypeVar("RowT", FoodLimit, CheckItem, Method)

LIMIT_PARTS = (Part.LIMIT, Part.BASIS)
METHOD_PARTS = (Part.LOD, Part.RESULT_FORMAT)
CHECK_PARTS = (
    Part.KIND,
    Part.JUDGED_BY,
    Part.TESTED_BY,
    Part.RISK_GRADE,
    Part.PROBLEM_CONCLUSION,
    Part.CONDITION,
)


@dataclass(frozen=True, slots=True)
class Applied:
    """How much of the catalogue a table changed."""

    limits: int
    check_items: int
    methods: int


@dataclass(frozen=True, slots=True)
class _Work:
    """What every step of it needs; `reason` stands beside every row that is written or closed.

    Limits and their scopes are gathered and written together, each row after the one that it follows.
    """

    uow: UnitOfWork
    table: LimitTable
    known: Known
    reason: str
    limits: list[FoodLimit] = field(default_factory=list)
    scopes: list[FoodLimitScope] = field(default_factory=list)

    @property
    def recorded(self) -> dict[str, Any]:
        """Who writes a row, when and why."""
        return {"recorded_at": self.uow.now, "recorded_by_id": self.uow.actor.person_id, "reason": self.reason}


def apply_rows(uow: UnitOfWork, table: LimitTable, rows: Sequence[PreviewRow], known: Known, reason: str) -> Applied:
    """Put the rows in force.

    Args:
        uow: of the person who approves.
        table: what was approved.
        rows: to be taken, as they were just looked at.
        known: what they were looked at against.
        reason: stands beside every row that is written or closed.
    """
    work = _Work(uow, table, known, reason)
    return Applied(
        limits=_apply_limits(work, [row for row in rows if row.changes_part(*LIMIT_PARTS)]),
        check_items=_apply_checks(work, [row for row in rows if row.changes_part(*CHECK_PARTS)]),
        methods=_apply_methods(work, [row for row in rows if row.changes_part(*METHOD_PARTS)]),
    )


# ---------------------------------------------------------------- limits


def _apply_limits(work: _Work, rows: Sequence[PreviewRow]) -> int:
    # Several rows may tell the methods of one limit, one each.
    once = {(_category_of(row), row.item_id, match_key(row.condition)): row for row in reversed(rows)}
    replacing: dict[UUID, list[PreviewRow]] = defaultdict(list)
    opening: list[PreviewRow] = []
    for row in reversed(once.values()):
        if row.old_limit is not None and row.is_direct:
            replacing[row.old_limit.limit.id].append(row)
        else:
            opening.append(row)
    closed = _close(work, FoodLimit, replacing)
    codes = _item_codes(work, {row.item_id for row in rows if row.item_id is not None})
    events: list[LimitAdded | LimitSuperseded] = []
    for limit_id, changing in replacing.items():
        events += _replace(work, closed[limit_id], changing, codes)
    for row in opening:
        new = _new_limit(work, row)
        _open(work, new, {_category_of(row): False})
        events.append(_added(work, new, codes))
    for rows_written in (work.limits, work.scopes):
        work.uow.session.add_all(rows_written)
        work.uow.session.flush()
    for event in events:
        work.uow.emit(event)
    return len(once)


def _close(work: _Work, model: type[RowT], ids: Iterable[UUID]) -> dict[UUID, RowT]:
    """Lock rows and close them, before their successors are written, which share their key.

    Raises:
        ConflictError: somebody else has just closed one of them.
    """
    found = work.uow.session.scalars(
        sa.select(model).where(model.id.in_(ids)).order_by(model.id).with_for_update()
    ).all()
    for row in found:
        if row.superseded_at is not None:
            raise ConflictError(_l("Somebody has replaced this row already: look at the current one."))
        row.superseded_at = work.uow.now
        row.superseded_by_id = work.uow.actor.person_id
        row.superseded_reason = work.reason
    work.uow.session.flush()
    return {row.id: row for row in found}


def _next_version(work: _Work, old: RowT, changes: Mapping[str, Any], *, replaces: UUID | None = None) -> RowT:
    """The version that follows a closed row, or one of its versions; not written yet."""
    columns = sa.inspect(type(old)).column_attrs
    kept = {column.key: getattr(old, column.key) for column in columns if column.key not in OWN_TO_A_VERSION}
    return type(old)(**kept | dict(changes), id=uuid4(), replaces_id=replaces or old.id, **work.recorded)


def _replace(
    work: _Work, old: FoodLimit, rows: Sequence[PreviewRow], codes: Mapping[UUID, str]
) -> list[LimitAdded | LimitSuperseded]:
    """The successors of a closed limit: its last days, itself where no row changes it, and what the rows say."""
    scopes = {
        scope.category_id: scope.named_only
        for scope in work.uow.session.scalars(sa.select(FoodLimitScope).where(FoodLimitScope.limit_id == old.id))
    }
    before_id = old.id
    if old.valid_from < work.table.valid_from:
        ended = _next_version(work, old, {"valid_to": work.table.valid_from - timedelta(days=1)}, replaces=old.id)
        _open(work, ended, scopes)
        before_id = ended.id
    elsewhere = {
        one: named_only for one, named_only in scopes.items() if one not in {_category_of(row) for row in rows}
    }
    if not elsewhere and len(rows) == 1:
        new = _next_version(work, old, _says(work, rows[0]), replaces=before_id)
        _open(work, new, scopes)
        return [_superseded(work, old, new)]
    going_on = None
    if elsewhere:
        since = max(old.valid_from, work.table.valid_from)
        going_on = _next_version(work, old, {"valid_from": since}, replaces=before_id)
        _open(work, going_on, elsewhere)
    added = []
    for row in rows:
        new = _new_limit(work, row)
        _open(work, new, {_category_of(row): False})
        added.append(_added(work, new, codes))
    return [_superseded(work, old, going_on), *added]


def _says(work: _Work, row: PreviewRow) -> dict[str, Any]:
    """The columns of a limit that a row decides."""
    limit, edition = row.read.limit, row.edition
    assert limit is not None and edition is not None  # noqa: S101, PT018 - asked of rows that change a limit
    old = row.old_limit.limit if row.old_limit else None
    return {
        "edition_id": edition.id,
        "limit_text": limit_text(limit),
        "unit": str(limit.unit),
        "expressed_as": limit.qualifier or (old.expressed_as if old else ""),
        "applicability": row.condition or (old.applicability if old else ""),
        "valid_from": work.table.valid_from,
        "source": work.table.source,
        "trust": Trust.READ,
    }


def _new_limit(work: _Work, row: PreviewRow) -> FoodLimit:
    """A limit on the very category of a row."""
    assert row.category is not None  # noqa: S101 - rows that are taken have one
    old = row.old_limit.limit if row.old_limit else None
    return FoodLimit(
        id=uuid4(),
        item_id=row.item_id,
        table_no="",
        food_path=" > ".join(work.known.categories.names(row.category)),
        food_name=row.category.name_zh,
        food_words=[row.category.name_zh],
        except_words=list(old.except_words) if old else [],
        comparison=old.comparison if old else Comparison.FULL_VALUE,
        valid_to=old.valid_to if old and row.is_direct else None,
        from_label=False,
        **_says(work, row),
        **work.recorded,
    )


def _open(work: _Work, limit: FoodLimit, scopes: Mapping[UUID, bool]) -> None:
    work.limits.append(limit)
    work.scopes.extend(
        FoodLimitScope(limit_id=limit.id, category_id=category_id, named_only=named_only)
        for category_id, named_only in scopes.items()
    )


def _superseded(work: _Work, old: FoodLimit, new: FoodLimit | None) -> LimitSuperseded:
    return LimitSuperseded(
        old_limit_id=old.id,
        new_limit_id=new.id if new else None,
        old_text=f"{old.limit_text} {old.unit}".strip(),
        new_text=f"{new.limit_text} {new.unit}".strip() if new else None,
        reason=work.reason,
    )


def _added(work: _Work, limit: FoodLimit, codes: Mapping[UUID, str]) -> LimitAdded:
    return LimitAdded(
        limit_id=limit.id,
        item_code=codes[limit.item_id],
        food_name=limit.food_name,
        text=limit.limit_text,
        reason=work.reason,
    )


def _item_codes(work: _Work, item_ids: Iterable[UUID]) -> dict[UUID, str]:
    rows = work.uow.session.execute(sa.select(TestItem.id, TestItem.code).where(TestItem.id.in_(item_ids)))
    return {row.id: row.code for row in rows}


def _category_of(row: PreviewRow) -> UUID:
    assert row.category is not None  # noqa: S101 - rows that are taken have one
    return row.category.id


# ---------------------------------------------------------------- check items


def _apply_checks(work: _Work, rows: Sequence[PreviewRow]) -> int:
    """Several rows may tell the methods of one check item, one each."""
    by_check: dict[object, list[PreviewRow]] = defaultdict(list)
    for row in rows:
        key = row.check.id if row.check else (_category_of(row), row.item_id, match_key(row.condition))
        by_check[key].append(row)
    known = {together[0].check.id: together for together in by_check.values() if together[0].check is not None}
    closed = _close(work, CheckItem, known)
    changed = [_next_version(work, closed[one], _check_changes(work, closed[one], known[one])) for one in sorted(known)]
    added = [_new_check(work, together) for together in by_check.values() if together[0].check is None]
    work.uow.session.add_all([*changed, *added])
    for new in changed:
        assert new.replaces_id is not None  # noqa: S101 - it follows one
        event = CheckItemSuperseded(old_check_item_id=new.replaces_id, new_check_item_id=new.id, reason=work.reason)
        work.uow.emit(event)
    for new in added:
        work.uow.emit(CheckItemAdded(check_item_id=new.id, reason=work.reason))
    return len(by_check)


def _new_check(work: _Work, rows: Sequence[PreviewRow]) -> CheckItem:
    """That the rule book tests one more item in a category."""
    return CheckItem(
        id=uuid4(),
        category_id=_category_of(rows[0]),
        item_id=rows[0].item_id,
        kind=next((row.read.kind for row in rows if row.read.kind), ItemKind.INSPECTION),
        basis_standards=_all_named(work, [], rows),
        method_standards=_all_methods([], rows),
        applicability=rows[0].condition,
        risk_grade=_first(rows, Column.RISK_GRADE),
        problem_conclusion=_first(rows, Column.PROBLEM_CONCLUSION),
        source=work.table.source,
        trust=Trust.READ,
        **work.recorded,
    )


def _check_changes(work: _Work, check: CheckItem, rows: Sequence[PreviewRow]) -> dict[str, Any]:
    return {
        "kind": next((row.read.kind for row in rows if row.read.kind), check.kind),
        "basis_standards": _all_named(work, check.basis_standards, rows),
        "method_standards": _all_methods(check.method_standards, rows),
        "applicability": _first(rows, Column.REMARK) or check.applicability,
        "risk_grade": _first(rows, Column.RISK_GRADE) or check.risk_grade,
        "problem_conclusion": _first(rows, Column.PROBLEM_CONCLUSION) or check.problem_conclusion,
        "source": work.table.source,
        "trust": Trust.READ,
    }


def _all_named(work: _Work, before: Sequence[str], rows: Sequence[PreviewRow]) -> list[str]:
    kept = list(before)
    for row in rows:
        kept = joined(kept, [work.known.editions.number(one) for one in row.read.bases])
    return kept


def _all_methods(before: Sequence[str], rows: Sequence[PreviewRow]) -> list[str]:
    kept = list(before)
    for row in rows:
        kept = joined(kept, method_names(row.read))
    return kept


def _first(rows: Sequence[PreviewRow], column: Column) -> str | None:
    return next((row.read.row[column] for row in rows if row.read.row[column]), None)


# ---------------------------------------------------------------- methods


def _apply_methods(work: _Work, rows: Sequence[PreviewRow]) -> int:
    by_method: dict[object, list[PreviewRow]] = defaultdict(list)
    for row in rows:
        name = row.read.methods[0]
        by_method[row.item_id, match_key(name.number), match_key(name.part)].append(row)
    known = {together[0].method.id: together for together in by_method.values() if together[0].method is not None}
    closed = _close(work, Method, known)
    changed = [
        _next_version(work, closed[one], _method_changes(work, closed[one], known[one])) for one in sorted(known)
    ]
    added = [_new_method(work, together) for together in by_method.values() if together[0].method is None]
    work.uow.session.add_all([*changed, *added])
    for new in changed:
        assert new.replaces_id is not None  # noqa: S101 - it follows one
        work.uow.emit(MethodSuperseded(old_method_id=new.replaces_id, new_method_id=new.id, reason=work.reason))
    for new in added:
        work.uow.emit(MethodAdded(method_id=new.id, reason=work.reason))
    return len(by_method)


def _method_changes(work: _Work, method: Method, rows: Sequence[PreviewRow]) -> dict[str, Any]:
    """The figures of a method, in its own unit where it has any yet."""
    figure, digits = _figures(rows)
    changes: dict[str, Any] = {"source": work.table.source, "trust": Trust.READ}
    if digits:
        changes["reported_digits"] = digits
    if figure.lod is None:
        return changes
    if method.lod is None and method.loq is None:
        return changes | {"lod": figure.lod, "unit": str(figure.lod_unit), "bound_trust": Trust.READ}
    lod = convert(figure.lod, figure.lod_unit, parse_unit(method.unit))
    return changes | {"lod": lod, "bound_trust": Trust.READ}


def _figures(rows: Sequence[PreviewRow]) -> tuple[ReadRow, str | None]:
    """The row that gives the LOD of a method, and its format rule; rows that contradict each other are not taken."""
    figure = next((row for row in rows if row.read.lod is not None), rows[0]).read
    return figure, next((row.read.result_format for row in rows if row.read.result_format), None)


def _new_method(work: _Work, rows: Sequence[PreviewRow]) -> Method:
    """That an item can be measured by one more method."""
    figure, digits = _figures(rows)
    name: StandardName = figure.methods[0]
    unit = figure.lod_unit if figure.lod_unit != NO_UNIT else figure.unit
    return Method(
        id=uuid4(),
        item_id=rows[0].item_id,
        standard=name.number,
        part=name.part,
        lod=figure.lod,
        unit=str(unit),
        absence_judged_at=AbsenceBound.LOD,
        reported_digits=digits,
        bound_trust=Trust.READ if figure.lod is not None else None,
        source=work.table.source,
        trust=Trust.READ,
        **work.recorded,
    )
