"""The catalogue as lists that programs read page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.catalog.models import (
    FoodCategory,
    FoodLimit,
    FoodLimitScope,
    Standard,
    StandardEdition,
    TestItem,
    TestItemAlias,
)
from lims.catalog.names import match_key
from lims.catalog.queries import ancestors, current_tree_version, find_category
from lims.catalog.types import Comparison, Trust
from lims.errors import NotFoundError
from lims.i18n import lazy_gettext as _l


@dataclass(frozen=True, slots=True)
class LimitFacts:
    """A limit with what its keys point at."""

    id: UUID
    standard: str
    edition: str
    item_code: str
    food_path: str
    limit_text: str
    unit: str
    expressed_as: str
    applicability: str
    comparison: Comparison
    valid_from: date
    valid_to: date | None
    source: str
    trust: Trust


def list_categories(
    session: Session, *, words: str, parent_code: str | None, after: tuple[Any, ...] | None, limit: int
) -> Sequence[FoodCategory]:
    """Categories of the newest tree in its order.

    Raises:
        NotFoundError: no category has the code `parent_code`.
    """
    query = (
        sa.select(FoodCategory)
        .where(FoodCategory.tree_version == current_tree_version(session))
        .order_by(FoodCategory.position, FoodCategory.code)
        .limit(limit)
    )
    if words:
        query = query.where(
            sa.or_(
                FoodCategory.name_zh.contains(words, autoescape=True),
                FoodCategory.name_en.icontains(words, autoescape=True),
            )
        )
    if parent_code is not None:
        query = query.where(FoodCategory.parent_id == _category(session, parent_code).id)
    if after is not None:
        query = query.where(sa.tuple_(FoodCategory.position, FoodCategory.code) > sa.tuple_(*after))
    return session.scalars(query).all()


def _category(session: Session, code: str) -> FoodCategory:
    category = find_category(session, code)
    if category is None:
        raise NotFoundError(_l("There is no food category %(code)s.", code=code))
    return category


def list_items(session: Session, *, words: str, after: tuple[Any, ...] | None, limit: int) -> Sequence[TestItem]:
    """Test items by code."""
    query = sa.select(TestItem).order_by(TestItem.code).limit(limit)
    if words:
        named = sa.select(TestItemAlias.item_id).where(
            TestItemAlias.match_key.contains(match_key(words), autoescape=True)
        )
        query = query.where(TestItem.id.in_(named))
    if after is not None:
        query = query.where(TestItem.code > after[0])
    return session.scalars(query).all()


def item_by_code(session: Session, code: str) -> TestItem:
    """One test item.

    Raises:
        NotFoundError: no item has this code.
    """
    item = session.scalar(sa.select(TestItem).where(TestItem.code == code))
    if item is None:
        raise NotFoundError(_l("There is no test item %(code)s.", code=code))
    return item


def list_limits(
    session: Session,
    *,
    item_code: str | None,
    category_code: str | None,
    after: tuple[Any, ...] | None,
    limit: int,
) -> Sequence[LimitFacts]:
    """Limits not superseded, by item and food.

    Raises:
        NotFoundError: no item or category has this code.
    """
    query = _limits().where(FoodLimit.superseded_at.is_(None)).limit(limit)
    if item_code is not None:
        query = query.where(FoodLimit.item_id == item_by_code(session, item_code).id)
    if category_code is not None:
        way = [node.id for node in ancestors(session, _category(session, category_code).id)]
        query = query.where(
            FoodLimit.id.in_(sa.select(FoodLimitScope.limit_id).where(FoodLimitScope.category_id.in_(way)))
        )
    if after is not None:
        query = query.where(sa.tuple_(TestItem.code, FoodLimit.food_path, FoodLimit.id) > sa.tuple_(*after))
    return [LimitFacts(*row) for row in session.execute(query)]


def limit_facts(session: Session, limit_ids: Sequence[UUID]) -> Sequence[LimitFacts]:
    """Some limits with what their keys point at, superseded or not."""
    return [LimitFacts(*row) for row in session.execute(_limits().where(FoodLimit.id.in_(limit_ids)))]


def _limits() -> sa.Select[Any]:
    query = (
        sa.select(
            FoodLimit.id,
            Standard.number,
            StandardEdition.edition,
            TestItem.code,
            FoodLimit.food_path,
            FoodLimit.limit_text,
            FoodLimit.unit,
            FoodLimit.expressed_as,
            FoodLimit.applicability,
            FoodLimit.comparison,
            FoodLimit.valid_from,
            FoodLimit.valid_to,
            FoodLimit.source,
            FoodLimit.trust,
        )
        .join(StandardEdition, StandardEdition.id == FoodLimit.edition_id)
        .join(Standard, Standard.id == StandardEdition.standard_id)
        .join(TestItem, TestItem.id == FoodLimit.item_id)
        .order_by(TestItem.code, FoodLimit.food_path, FoodLimit.id)
    )
    return cast("sa.Select[Any]", query)
