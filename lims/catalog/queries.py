"""Reads of the catalogue, always totally ordered."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.catalog.lookup import (
    AmbiguousLimit,
    LimitAnswer,
    LimitFound,
    MissingEdition,
    NoLimit,
    find_limit,
    find_limits,
    lookup_by_food,
    way_to,
)
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
    SamplingPrefix,
    Standard,
    StandardEdition,
    TestItem,
    TestItemAlias,
)
from lims.catalog.names import match_key
from lims.catalog.types import RegionLevel
from lims.catalog.workdays import Calendar, Deadline
from lims.clock import local_date
from lims.errors import ConfigurationError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.reading import read_once

__all__ = [
    "AmbiguousLimit",
    "LimitAnswer",
    "LimitFound",
    "MissingEdition",
    "NoLimit",
    "ancestors",
    "category_ids",
    "children",
    "current_tree_version",
    "deadline",
    "deadlines",
    "find_category",
    "find_item",
    "find_items",
    "find_limit",
    "find_limits",
    "get_category",
    "get_item",
    "get_parameter",
    "get_region",
    "list_check_items",
    "list_editions",
    "list_limits",
    "list_majors",
    "list_methods",
    "list_methods_of",
    "list_parameters",
    "list_prefixes",
    "list_regions",
    "list_revisions",
    "load_calendar",
    "lookup_by_food",
    "parameter_history",
    "search_categories",
    "search_items",
    "subtree_ids",
]

MAX_SUGGESTIONS = 50  # more than a person reads in a drop-down


# Categories


def current_tree_version(session: Session) -> str:
    """The newest version of the food tree."""
    newest = sa.select(FoodCategory.tree_version).order_by(FoodCategory.tree_version.desc()).limit(1)
    version = session.scalar(newest)
    if version is None:
        raise ConfigurationError(_l("The food categories are not loaded: run lims db upgrade."))
    return version


@read_once
def get_category(session: Session, category_id: UUID) -> FoodCategory:
    """One category.

    Raises:
        NotFoundError: no such category.
    """
    category = session.get(FoodCategory, category_id)
    if category is None:
        raise NotFoundError
    return category


def find_category(session: Session, code: str, tree_version: str | None = None) -> FoodCategory | None:
    """The category with this code, in the newest tree unless another version is asked for."""
    version = tree_version or current_tree_version(session)
    return session.scalar(
        sa.select(FoodCategory).where(FoodCategory.tree_version == version, FoodCategory.code == code)
    )


def category_ids(session: Session) -> dict[str, UUID]:
    """The ids of the newest tree by code."""
    version = current_tree_version(session)
    rows = session.execute(
        sa.select(FoodCategory.code, FoodCategory.id)
        .where(FoodCategory.tree_version == version)
        .order_by(FoodCategory.position)
    )
    return {code: category_id for code, category_id in rows}  # noqa: C416 - a Row is no pair to mypy


def list_majors(session: Session, tree_version: str | None = None) -> Sequence[FoodCategory]:
    """The major categories (大类) in the order of the rule book."""
    version = tree_version or current_tree_version(session)
    return session.scalars(
        sa.select(FoodCategory)
        .where(FoodCategory.tree_version == version, FoodCategory.level == 1)
        .order_by(FoodCategory.position)
    ).all()


def children(session: Session, category_id: UUID) -> Sequence[FoodCategory]:
    """The categories directly below one."""
    return session.scalars(
        sa.select(FoodCategory).where(FoodCategory.parent_id == category_id).order_by(FoodCategory.position)
    ).all()


@read_once
def ancestors(session: Session, category_id: UUID) -> Sequence[FoodCategory]:
    """The way from the major category down to this one, both included.

    Raises:
        NotFoundError: no such category.
    """
    way = way_to(session, category_id)
    if not way:
        raise NotFoundError
    return way


def subtree_ids(session: Session, category_id: UUID) -> Sequence[UUID]:
    """The category and everything below it.

    Raises:
        NotFoundError: no such category.
    """
    category = get_category(session, category_id)
    return session.scalars(
        sa.select(FoodCategory.id)
        .where(
            FoodCategory.tree_version == category.tree_version,
            sa.or_(
                FoodCategory.path == category.path,
                FoodCategory.path.startswith(f"{category.path}/", autoescape=True),
            ),
        )
        .order_by(FoodCategory.position)
    ).all()


def search_categories(session: Session, text: str, *, limit: int = MAX_SUGGESTIONS) -> Sequence[FoodCategory]:
    """Categories of the newest tree whose name or code contains the text, the finest first."""
    return session.scalars(
        sa.select(FoodCategory)
        .where(
            FoodCategory.tree_version == current_tree_version(session),
            sa.or_(
                FoodCategory.name_zh.contains(text, autoescape=True),
                FoodCategory.name_en.icontains(text, autoescape=True),
                FoodCategory.code == text,
            ),
        )
        .order_by(FoodCategory.level.desc(), FoodCategory.position)
        .limit(limit)
    ).all()


# Items, methods, limits


def get_item(session: Session, item_id: UUID) -> TestItem:
    """One test item.

    Raises:
        NotFoundError: no such item.
    """
    item = session.get(TestItem, item_id)
    if item is None:
        raise NotFoundError
    return item


def find_item(session: Session, name: str) -> TestItem | None:
    """The item known under this name, in any spelling of width, bracket, subscript and case."""
    return session.scalar(
        sa.select(TestItem)
        .join(TestItemAlias, TestItemAlias.item_id == TestItem.id)
        .where(TestItemAlias.match_key == match_key(name))
    )


def find_items(session: Session, names: Collection[str]) -> dict[str, UUID]:
    """The ids of many items by the names they are known under; what is known under none is left out."""
    keys = {name: match_key(name) for name in names}
    rows = session.execute(
        sa.select(TestItemAlias.match_key, TestItemAlias.item_id).where(TestItemAlias.match_key.in_(set(keys.values())))
    )
    found = {row.match_key: row.item_id for row in rows}
    return {name: found[key] for name, key in keys.items() if key in found}


def search_items(
    session: Session, text: str, *, after: str | None = None, limit: int = MAX_SUGGESTIONS
) -> Sequence[TestItem]:
    """Items one of whose names contains the text; those that begin with it come first, short names before long ones.

    Args:
        session: to read with.
        text: a part of a name.
        after: the code of the last item of the page before.
        limit: how many.
    """
    key = match_key(text)
    found = (
        sa.select(
            TestItem.id.label("id"),
            (~sa.func.bool_or(TestItemAlias.match_key.startswith(key, autoescape=True))).label("later"),
            sa.func.length(TestItem.name_zh).label("length"),
            TestItem.code.label("code"),
        )
        .join(TestItemAlias, TestItemAlias.item_id == TestItem.id)
        .where(TestItemAlias.match_key.contains(key, autoescape=True))
        .group_by(TestItem.id)
        .cte("found")
    )
    place = sa.tuple_(found.c.later, found.c.length, found.c.code)
    query = sa.select(TestItem).join(found, found.c.id == TestItem.id).order_by(*place.clauses).limit(limit)
    if after is not None:
        last = found.alias("last")
        query = query.join(last, last.c.code == after).where(
            place > sa.tuple_(last.c.later, last.c.length, last.c.code)
        )
    return session.scalars(query).all()


def list_check_items(session: Session, category_id: UUID) -> Sequence[tuple[CheckItem, TestItem]]:
    """What the rule book tests in a category, its upper categories included."""
    way = [category.id for category in ancestors(session, category_id)]
    rows = session.execute(
        sa.select(CheckItem, TestItem)
        .join(TestItem, TestItem.id == CheckItem.item_id)
        .where(CheckItem.category_id.in_(way), CheckItem.superseded_at.is_(None))
        .order_by(TestItem.item_class, TestItem.code, CheckItem.applicability)
    )
    return [(check, item) for check, item in rows]


def list_tested_categories(session: Session) -> Sequence[FoodCategory]:
    """The categories the rule book names test items for, by code."""
    named = sa.select(CheckItem.category_id).where(CheckItem.superseded_at.is_(None))
    return session.scalars(
        sa.select(FoodCategory)
        .where(FoodCategory.tree_version == current_tree_version(session), FoodCategory.id.in_(named))
        .order_by(FoodCategory.code)
    ).all()


def items_by_code(session: Session, codes: Collection[str]) -> dict[str, TestItem]:
    """Test items by their codes; unknown ones are left out."""
    return {one.code: one for one in session.scalars(sa.select(TestItem).where(TestItem.code.in_(codes)))}


def list_methods(session: Session, item_id: UUID, standards: Sequence[str] = ()) -> Sequence[Method]:
    """Methods in force for an item; only those of `standards` (as check items name them) when given."""
    name = sa.func.trim(Method.standard + " " + Method.part)
    query = sa.select(Method).where(Method.item_id == item_id, Method.superseded_at.is_(None))
    if standards:
        query = query.where(name.in_(standards))
    return session.scalars(query.order_by(Method.standard, Method.part)).all()


def method_names(session: Session, method_ids: Collection[UUID]) -> frozenset[str]:
    """The names of methods, as people write them: the standard and its part."""
    name = sa.func.trim(Method.standard + " " + Method.part)
    return frozenset(session.scalars(sa.select(name).where(Method.id.in_(method_ids))))


def list_methods_of(session: Session, item_ids: Collection[UUID]) -> dict[UUID, list[Method]]:
    """Methods in force of many items, each in the order of `list_methods`."""
    found: dict[UUID, list[Method]] = {item_id: [] for item_id in item_ids}
    rows = session.scalars(
        sa.select(Method)
        .where(Method.item_id.in_(item_ids), Method.superseded_at.is_(None))
        .order_by(Method.standard, Method.part)
    )
    for method in rows:
        found[method.item_id].append(method)
    return found


def list_limits(
    session: Session,
    *,
    category_id: UUID | None = None,
    item_id: UUID | None = None,
) -> Sequence[tuple[FoodLimit, StandardEdition, Standard, TestItem]]:
    """Limits not superseded, of one category or item or both."""
    query = (
        sa.select(FoodLimit, StandardEdition, Standard, TestItem)
        .join(StandardEdition, StandardEdition.id == FoodLimit.edition_id)
        .join(Standard, Standard.id == StandardEdition.standard_id)
        .join(TestItem, TestItem.id == FoodLimit.item_id)
        .where(FoodLimit.superseded_at.is_(None))
    )
    if item_id is not None:
        query = query.where(FoodLimit.item_id == item_id)
    if category_id is not None:
        way = [category.id for category in ancestors(session, category_id)]
        scoped = sa.select(FoodLimitScope.limit_id).where(FoodLimitScope.category_id.in_(way))
        query = query.where(FoodLimit.id.in_(scoped))
    ordered = query.order_by(TestItem.code, Standard.number, FoodLimit.food_path, FoodLimit.id)
    return [(limit, edition, standard, item) for limit, edition, standard, item in session.execute(ordered)]


def list_editions(session: Session) -> Sequence[tuple[Standard, StandardEdition]]:
    """Editions of all standards, the newest of each first."""
    rows = session.execute(
        sa.select(Standard, StandardEdition)
        .join(StandardEdition, StandardEdition.standard_id == Standard.id)
        .order_by(Standard.number, StandardEdition.in_force_from.desc())
    )
    return [(standard, edition) for standard, edition in rows]


# Regions and prefixes


def get_region(session: Session, code: str) -> Region | None:
    """The region with this six-digit code, or None: real numbers carry codes that no longer exist."""
    return session.get(Region, code)


def list_regions(
    session: Session,
    *,
    parent_code: str | None = None,
    level: RegionLevel | None = None,
    include_statistical: bool = True,
) -> Sequence[Region]:
    """Regions below one, or of one level, by code."""
    query = sa.select(Region)
    if parent_code is not None:
        query = query.where(Region.parent_code == parent_code)
    if level is not None:
        query = query.where(Region.level == level)
    if not include_statistical:
        query = query.where(Region.is_statistical.is_(False))
    return session.scalars(query.order_by(Region.code)).all()


def list_prefixes(session: Session) -> Sequence[SamplingPrefix]:
    """Prefixes of sampling numbers."""
    return session.scalars(sa.select(SamplingPrefix).order_by(SamplingPrefix.prefix)).all()


# Parameters, calendar, history


@read_once
def get_parameter(session: Session, code: str, on_date: date) -> RuleParameter:
    """The value of a rule parameter in force on a day.

    Raises:
        ConfigurationError: nothing of that code is in force; a deadline must never be guessed.
    """
    parameter = session.scalar(
        sa.select(RuleParameter).where(
            RuleParameter.code == code,
            RuleParameter.superseded_at.is_(None),
            RuleParameter.valid_from <= on_date,
            sa.or_(RuleParameter.valid_to.is_(None), RuleParameter.valid_to >= on_date),
        )
    )
    if parameter is None:
        raise ConfigurationError(
            _l("No rule parameter %(code)s is in force on %(day)s.", code=code, day=on_date.isoformat()),
            facts={"code": code},
        )
    return parameter


def list_parameters(session: Session, on_date: date) -> Sequence[RuleParameter]:
    """All rule parameters in force on a day, by code."""
    return session.scalars(
        sa.select(RuleParameter)
        .where(
            RuleParameter.superseded_at.is_(None),
            RuleParameter.valid_from <= on_date,
            sa.or_(RuleParameter.valid_to.is_(None), RuleParameter.valid_to >= on_date),
        )
        .order_by(RuleParameter.code)
    ).all()


def parameter_history(session: Session, code: str) -> Sequence[RuleParameter]:
    """Every row a parameter ever had, the newest first, superseded ones included."""
    return session.scalars(
        sa.select(RuleParameter)
        .where(RuleParameter.code == code)
        .order_by(RuleParameter.recorded_at.desc(), RuleParameter.valid_from.desc(), RuleParameter.id)
    ).all()


@read_once
def load_calendar(session: Session, since: date | None = None) -> Calendar:
    """The working days known from `since` on.

    The horizon is the last day shipped or settled without a gap; a single day that an administrator settled far beyond
    it counts as known and moves no horizon.
    """
    rows = session.execute(
        sa.select(CalendarDay.day, CalendarDay.is_workday)
        .where(CalendarDay.superseded_at.is_(None), CalendarDay.day >= (since or date.min))
        .order_by(CalendarDay.day)
    ).all()
    days = {row.day: row.is_workday for row in rows}
    horizon = since or min(days, default=date.min)
    for day in days:
        if (day - horizon).days > 1:
            break
        horizon = day
    return Calendar(days, horizon)


def deadline(session: Session, code: str, started_at: datetime) -> Deadline:
    """The end of the limit `code` that began at an instant, by the value in force on that local day.

    Raises:
        ConfigurationError: nothing of that code is in force.
        ValueError: the parameter does not measure time, or the instant is naive.
    """
    start = local_date(started_at)
    parameter = get_parameter(session, code, start)
    return load_calendar(session, start).deadline(started_at, int(parameter.value), parameter.unit)


def deadlines(
    session: Session, code: str, started_at: Collection[datetime]
) -> tuple[Calendar, dict[datetime, Deadline]]:
    """As `deadline` for a whole page: the calendar, loaded once, and the end of the limit for each beginning."""
    values: dict[date, RuleParameter] = {}
    for day in sorted({local_date(one) for one in started_at}):
        values[day] = get_parameter(session, code, day)
    calendar = load_calendar(session, min(values, default=None))
    ends = {}
    for one in started_at:
        parameter = values[local_date(one)]
        ends[one] = calendar.deadline(one, int(parameter.value), parameter.unit)
    return calendar, ends


def list_revisions(session: Session, table_name: str, row_key: str) -> Sequence[CatalogRevision]:
    """Corrections of the wording of one row, the newest first."""
    return session.scalars(
        sa.select(CatalogRevision)
        .where(CatalogRevision.table_name == table_name, CatalogRevision.row_key == row_key)
        .order_by(CatalogRevision.changed_at.desc(), CatalogRevision.id)
    ).all()
