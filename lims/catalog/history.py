"""How a fact of the catalogue came to be what it is: every version of a row, and who made it."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.catalog.models import (
    CalendarDay,
    CheckItem,
    FoodCategory,
    FoodLimit,
    FoodLimitScope,
    Method,
    RuleParameter,
    Standard,
    StandardEdition,
    Superseded,
    TestItem,
    TestItemAlias,
)
from lims.errors import NotFoundError
from lims.people.queries import person_names

VersionT = TypeVar("VersionT", FoodLimit, Method, CheckItem, CalendarDay)


def get_limit(session: Session, limit_id: UUID) -> tuple[FoodLimit, StandardEdition, Standard, TestItem]:
    """One limit, in force or superseded, with its edition and item.

    Raises:
        NotFoundError: no such limit.
    """
    row = session.execute(
        sa.select(FoodLimit, StandardEdition, Standard, TestItem)
        .join(StandardEdition, StandardEdition.id == FoodLimit.edition_id)
        .join(Standard, Standard.id == StandardEdition.standard_id)
        .join(TestItem, TestItem.id == FoodLimit.item_id)
        .where(FoodLimit.id == limit_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError
    limit, edition, standard, item = row
    return limit, edition, standard, item


def limit_scope(session: Session, limit_id: UUID) -> Sequence[tuple[FoodCategory, bool]]:
    """The categories a limit falls on; True where it holds only for the foods it names there."""
    rows = session.execute(
        sa.select(FoodCategory, FoodLimitScope.named_only)
        .join(FoodLimitScope, FoodLimitScope.category_id == FoodCategory.id)
        .where(FoodLimitScope.limit_id == limit_id)
        .order_by(FoodCategory.position, FoodCategory.code)
    )
    return [(category, named_only) for category, named_only in rows]


def get_method(session: Session, method_id: UUID) -> Method:
    """One method row, in force or superseded.

    Raises:
        NotFoundError: no such method.
    """
    method = session.get(Method, method_id)
    if method is None:
        raise NotFoundError
    return method


def get_standard(session: Session, standard_id: UUID) -> Standard:
    """One standard.

    Raises:
        NotFoundError: no such standard.
    """
    standard = session.get(Standard, standard_id)
    if standard is None:
        raise NotFoundError
    return standard


def versions(session: Session, row: VersionT) -> list[VersionT]:
    """Every version of a row, the newest first."""
    model = type(row)
    found = [row]
    while (newer := session.scalar(sa.select(model).where(model.replaces_id == found[0].id))) is not None:
        found.insert(0, newer)
    while (before := found[-1].replaces_id) is not None:
        found.append(session.get_one(model, before))
    return found


def list_aliases(session: Session, item_id: UUID) -> Sequence[TestItemAlias]:
    """The spellings under which an item is known."""
    return session.scalars(
        sa.select(TestItemAlias).where(TestItemAlias.item_id == item_id).order_by(TestItemAlias.name, TestItemAlias.id)
    ).all()


def days_of_year(session: Session, year: int) -> dict[date, CalendarDay]:
    """What is settled about the days of a year."""
    rows = session.scalars(
        sa.select(CalendarDay)
        .where(
            CalendarDay.superseded_at.is_(None),
            CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)),
        )
        .order_by(CalendarDay.day)
    )
    return {row.day: row for row in rows}


def overridden_days(session: Session, year: int) -> Sequence[CalendarDay]:
    """Days of a year that a person settled, versions that were replaced included, the newest first."""
    return session.scalars(
        sa.select(CalendarDay)
        .where(
            CalendarDay.recorded_by_id.is_not(None),
            CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)),
        )
        .order_by(CalendarDay.recorded_at.desc(), CalendarDay.day, CalendarDay.id)
    ).all()


def editors(session: Session, rows: Iterable[Superseded | RuleParameter]) -> dict[UUID, str]:
    """The names of those who recorded or closed these rows."""
    wanted = {person for row in rows for person in (row.recorded_by_id, row.superseded_by_id) if person}
    return person_names(session, wanted)
