"""Edits of the catalogue. Each leaves behind who changed what, when and why, and emits one fact."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID, uuid4

import sqlalchemy as sa

from lims.catalog.events import (
    CheckItemSuperseded,
    DayOverridden,
    LimitAdded,
    LimitSuperseded,
    MethodSuperseded,
    ParameterSet,
    WordingCorrected,
)
from lims.catalog.limits import LimitTextError, parse_limit
from lims.catalog.models import (
    CalendarDay,
    CatalogRevision,
    CheckItem,
    FoodCategory,
    FoodLimit,
    FoodLimitScope,
    Method,
    Region,
    RuleParameter,
    Standard,
    StandardEdition,
    Superseded,
    TestItem,
    TestItemAlias,
)
from lims.catalog.names import match_key
from lims.catalog.types import Comparison, DayKind, ParameterUnit, Trust
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork

RowT = TypeVar("RowT", FoodLimit, Method, CheckItem, RuleParameter, CalendarDay)

# What a version of a row does not inherit from the one it replaces.
OWN_TO_A_VERSION = frozenset(
    {
        "id",
        "recorded_at",
        "recorded_by_id",
        "reason",
        "replaces_id",
        "superseded_at",
        "superseded_by_id",
        "superseded_reason",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitDraft:
    """A limit as a person enters it.

    Attributes:
        categories: on which it falls; True where it holds only for the foods it names there.
    """

    edition_id: UUID
    item_id: UUID
    food_name: str
    limit_text: str
    unit: str
    source: str
    valid_from: date
    categories: Mapping[UUID, bool]
    food_path: str | None = None
    food_words: tuple[str, ...] = ()
    except_words: tuple[str, ...] = ()
    expressed_as: str = ""
    applicability: str = ""
    comparison: Comparison = Comparison.FULL_VALUE
    table_no: str = ""
    valid_to: date | None = None
    from_label: bool = False
    trust: Trust = Trust.READ


def add_limit(uow: UnitOfWork, draft: LimitDraft, *, reason: str) -> FoodLimit:
    """Add a limit that replaces nothing.

    Raises:
        InvalidInputError: the limit text says nothing, or the reason is empty.
        NotFoundError: no such edition or item.
    Emits: LimitAdded.
    """
    why = _require_reason(reason)
    _require_readable(draft.limit_text, draft.unit)
    item = uow.session.get(TestItem, draft.item_id)
    if item is None or uow.session.get(StandardEdition, draft.edition_id) is None:
        raise NotFoundError
    limit = FoodLimit(
        id=uuid4(),
        edition_id=draft.edition_id,
        item_id=draft.item_id,
        table_no=draft.table_no,
        food_path=draft.food_path or draft.food_name,
        food_name=draft.food_name,
        food_words=list(draft.food_words) or [draft.food_name],
        except_words=list(draft.except_words),
        limit_text=draft.limit_text,
        unit=draft.unit,
        expressed_as=draft.expressed_as,
        applicability=draft.applicability,
        comparison=draft.comparison,
        valid_from=draft.valid_from,
        valid_to=draft.valid_to,
        from_label=draft.from_label,
        source=draft.source,
        trust=draft.trust,
        **_recorded(uow, why),
    )
    uow.session.add(limit)
    uow.session.flush()
    _scope(uow, limit.id, draft.categories)
    uow.emit(
        LimitAdded(limit_id=limit.id, item_code=item.code, food_name=limit.food_name, text=limit.limit_text, reason=why)
    )
    return limit


def supersede_limit(
    uow: UnitOfWork,
    limit_id: UUID,
    changes: Mapping[str, Any] | None,
    *,
    reason: str,
) -> FoodLimit | None:
    """Replace a limit by a new version, or withdraw it; the old row stays as it decided.

    Args:
        uow: the transaction.
        limit_id: the row in force.
        changes: columns that differ in the new version; None withdraws the limit.
        reason: why, shown beside the row for ever.

    Locks the row, so that of two people who edit at once the second one is told.

    Raises:
        NotFoundError: no such limit.
        ConflictError: it has been superseded already.
        InvalidInputError: the new text says nothing, or the reason is empty.
    Emits: LimitSuperseded.
    """
    why = _require_reason(reason)
    old = _lock(uow, FoodLimit, limit_id)
    new = None
    if changes is not None:
        _require_readable(changes.get("limit_text", old.limit_text), changes.get("unit", old.unit))
        new = _replace(uow, old, changes, why)
        scopes = uow.session.scalars(sa.select(FoodLimitScope).where(FoodLimitScope.limit_id == old.id))
        _scope(uow, new.id, {scope.category_id: scope.named_only for scope in scopes})
    else:
        _close(uow, old, why)
    uow.emit(
        LimitSuperseded(
            old_limit_id=old.id,
            new_limit_id=new.id if new else None,
            old_text=f"{old.limit_text} {old.unit}".strip(),
            new_text=f"{new.limit_text} {new.unit}".strip() if new else None,
            reason=why,
        )
    )
    return new


def supersede_method(uow: UnitOfWork, method_id: UUID, changes: Mapping[str, Any], *, reason: str) -> Method:
    """Give a method other figures (LOD, LOQ, bound) from now on.

    Raises:
        NotFoundError, ConflictError, InvalidInputError: as `supersede_limit`.
    Emits: MethodSuperseded.
    """
    why = _require_reason(reason)
    old = _lock(uow, Method, method_id)
    new = _replace(uow, old, changes, why)
    uow.emit(MethodSuperseded(old_method_id=old.id, new_method_id=new.id, reason=why))
    return new


def supersede_check_item(
    uow: UnitOfWork,
    check_item_id: UUID,
    changes: Mapping[str, Any] | None,
    *,
    reason: str,
) -> CheckItem | None:
    """Change how an item is tested in a category, or stop testing it there (`changes` is None).

    Raises:
        NotFoundError, ConflictError, InvalidInputError: as `supersede_limit`.
    Emits: CheckItemSuperseded.
    """
    why = _require_reason(reason)
    old = _lock(uow, CheckItem, check_item_id)
    new = None
    if changes is None:
        _close(uow, old, why)
    else:
        new = _replace(uow, old, changes, why)
    uow.emit(CheckItemSuperseded(old_check_item_id=old.id, new_check_item_id=new.id if new else None, reason=why))
    return new


def set_parameter(
    uow: UnitOfWork,
    code: str,
    value: Decimal,
    *,
    valid_from: date,
    source: str,
    reason: str,
    trust: Trust = Trust.READ,
) -> RuleParameter:
    """Give a rule parameter another value from a day on; deadlines that began before keep theirs.

    The row in force on `valid_from` is replaced by a copy that ends the day before; a row that begins on that very day
    is closed. Rows that begin later stay and bound the new one.

    Raises:
        NotFoundError: no parameter of that code is in force on `valid_from`.
        InvalidInputError: the value is not positive (a temperature may be, a switch is 0 or 1), or the reason is empty.
    Emits: ParameterSet.
    """
    why = _require_reason(reason)
    rows = uow.session.scalars(
        sa.select(RuleParameter)
        .where(RuleParameter.code == code, RuleParameter.superseded_at.is_(None))
        .order_by(RuleParameter.valid_from)
        .with_for_update()
    ).all()
    old = next((r for r in rows if r.valid_from <= valid_from <= (r.valid_to or date.max)), None)
    if old is None:
        raise NotFoundError(
            _l("No rule parameter %(code)s is in force on %(day)s.", code=code, day=valid_from.isoformat())
        )
    if old.unit is ParameterUnit.SWITCH and value not in {0, 1}:
        raise InvalidInputError(
            _l("This parameter is 1 for yes or 0 for no, got %(value)s.", value=value), field="value"
        )
    if not value.is_finite() or (value <= 0 and old.unit not in {ParameterUnit.CELSIUS, ParameterUnit.SWITCH}):
        raise InvalidInputError(
            _l("A rule parameter is a number above 0, got %(value)s.", value=str(value)), field="value"
        )
    until = old.valid_to
    if old.valid_from < valid_from:
        _replace(uow, old, {"valid_to": valid_from - timedelta(days=1)}, why)
    else:
        _close(uow, old, why)
    new = RuleParameter(
        **_inherited(old)
        | {"value": value, "valid_from": valid_from, "valid_to": until, "source": source, "trust": trust},
        id=uuid4(),
        replaces_id=old.id,
        **_recorded(uow, why),
    )
    uow.session.add(new)
    uow.emit(
        ParameterSet(
            code=code,
            parameter_id=new.id,
            value=str(value),
            unit=new.unit.value,
            valid_from=valid_from,
            reason=why,
        )
    )
    return new


def override_day(
    uow: UnitOfWork,
    day: date,
    *,
    is_workday: bool,
    reason: str,
    name_zh: str | None = None,
    name_en: str | None = None,
) -> CalendarDay:
    """Settle whether a day is worked, against or beyond the table.

    Deadlines already written on cases keep the day they were given; new ones use this.

    Emits: DayOverridden.
    """
    why = _require_reason(reason)
    old = uow.session.scalar(
        sa.select(CalendarDay).where(CalendarDay.day == day, CalendarDay.superseded_at.is_(None)).with_for_update()
    )
    if old is not None:
        _close(uow, old, why)
        uow.session.flush()
    new = CalendarDay(
        id=uuid4(),
        day=day,
        is_workday=is_workday,
        kind=DayKind.MAKEUP_WORKDAY if is_workday else DayKind.PUBLIC_HOLIDAY,
        name_zh=name_zh,
        name_en=name_en,
        source=why,
        trust=Trust.READ,
        replaces_id=old.id if old else None,
        **_recorded(uow, why),
    )
    uow.session.add(new)
    uow.emit(DayOverridden(day=day, is_workday=is_workday, reason=why))
    return new


def add_alias(uow: UnitOfWork, item_id: UUID, name: str, *, reason: str) -> TestItemAlias:
    """Let an item be known under one more name.

    Raises:
        InvalidInputError: the name is empty.
        NotFoundError: no such item.
        ConflictError: the name belongs to another item already.
    Emits: WordingCorrected.
    """
    why = _require_reason(reason)
    key = match_key(name)
    if not key:
        raise InvalidInputError(_l("A name needs at least one character."), field="name")
    if uow.session.get(TestItem, item_id) is None:
        raise NotFoundError
    holder = uow.session.scalar(sa.select(TestItemAlias).where(TestItemAlias.match_key == key))
    if holder is not None:
        raise ConflictError(_l("Another test item is already known by this name."), field="name")
    alias = TestItemAlias(id=uuid4(), item_id=item_id, name=name.strip(), match_key=key)
    uow.session.add(alias)
    uow.session.flush()
    _revise(
        uow,
        "test_item_alias",
        str(alias.id),
        before={},
        after={"name": alias.name, "item_id": str(item_id)},
        why=why,
    )
    return alias


def correct_wording(
    uow: UnitOfWork,
    row: FoodCategory | TestItem | Standard | Region,
    changes: Mapping[str, str | None],
    *,
    reason: str,
) -> None:
    """Correct the names of a thing that keeps its identity; what it was called before is kept.

    Raises:
        InvalidInputError: a column that is not wording, or an empty reason.
    Emits: WordingCorrected.
    """
    why = _require_reason(reason)
    strange = sorted(set(changes) - {"name_zh", "name_en", "title_zh", "title_en", "note"})
    if strange:
        raise InvalidInputError(_l("Only wording can be corrected here, got %(columns)s.", columns=", ".join(strange)))
    before = {column: getattr(row, column) for column in changes}
    for column, text in changes.items():
        setattr(row, column, text)
    key = row.code if isinstance(row, Region) else str(row.id)
    _revise(uow, row.__tablename__, key, before=before, after=dict(changes), why=why)


def _revise(
    uow: UnitOfWork,
    table_name: str,
    row_key: str,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
    why: str,
) -> None:
    uow.session.add(
        CatalogRevision(
            id=uuid4(),
            table_name=table_name,
            row_key=row_key,
            before=before,
            after=after,
            reason=why,
            changed_at=uow.now,
            changed_by_id=uow.actor.person_id,
        )
    )
    uow.emit(WordingCorrected(table_name=table_name, row_key=row_key, reason=why))


def _lock(uow: UnitOfWork, model: type[RowT], row_id: UUID) -> RowT:
    row = uow.session.get(model, row_id, with_for_update=True)
    if row is None:
        raise NotFoundError
    if row.superseded_at is not None:
        raise ConflictError(_l("Somebody has replaced this row already: look at the current one."))
    return row


def _close(uow: UnitOfWork, row: Superseded, why: str) -> None:
    row.superseded_at = uow.now
    row.superseded_by_id = uow.actor.person_id
    row.superseded_reason = why
    uow.session.flush()


def _replace(uow: UnitOfWork, old: RowT, changes: Mapping[str, Any], why: str) -> RowT:
    inherited = _inherited(old)
    strange = sorted(set(changes) - set(inherited))
    if strange:
        raise InvalidInputError(_l("There is no column %(columns)s to change.", columns=", ".join(strange)))
    _close(uow, old, why)
    new = type(old)(**inherited | dict(changes), id=uuid4(), replaces_id=old.id, **_recorded(uow, why))
    uow.session.add(new)
    uow.session.flush()
    return new


def _inherited(row: RowT) -> dict[str, Any]:
    columns = sa.inspect(type(row)).column_attrs
    return {column.key: getattr(row, column.key) for column in columns if column.key not in OWN_TO_A_VERSION}


def _recorded(uow: UnitOfWork, why: str) -> dict[str, Any]:
    return {"recorded_at": uow.now, "recorded_by_id": uow.actor.person_id, "reason": why}


def _scope(uow: UnitOfWork, limit_id: UUID, categories: Mapping[UUID, bool]) -> None:
    uow.session.add_all(
        FoodLimitScope(limit_id=limit_id, category_id=category_id, named_only=named_only)
        for category_id, named_only in categories.items()
    )
    uow.session.flush()


def _require_reason(reason: str) -> str:
    why = reason.strip()
    if not why:
        raise InvalidInputError(_l("Say why: the reason stays beside the change."), field="reason")
    return why


def _require_readable(limit_text: str, unit: str) -> None:
    try:
        parse_limit(limit_text, unit)
    except LimitTextError as error:
        raise InvalidInputError(
            _l("%(text)s cannot be read as a limit: %(error)s", text=limit_text, error=str(error)),
            field="limit_text",
        ) from error
