"""Which limit applies: the most specific one of the edition in force on the day of production.

A limit falls on a category through its scopes and reaches everything below it. Among those that reach a food, one that
names the food wins, then the one on the deeper category, then the one deeper in the table of the standard. An edition
that is not loaded is named in the answer and never replaced by another.

**Source**: domain.md §5; product.md §8.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from lims.catalog.models import (
    CheckItem,
    FoodCategory,
    FoodLimit,
    FoodLimitScope,
    Standard,
    StandardEdition,
    TestItemAlias,
)
from lims.catalog.names import match_key
from lims.catalog.types import Coverage
from lims.reading import read_once

_NODE = orm.aliased(FoodCategory)


@dataclass(frozen=True, slots=True)
class LimitFound:
    """The limit that applies.

    Attributes:
        limit: the row, whose id a verdict keeps.
        standard: number of the basis standard, without the year.
        edition: year of the edition in force on the production date; empty for a basis without editions.
        category_code: code of the category on which the limit falls; empty when only the food's name led to it.
    """

    limit: FoodLimit
    standard: str
    edition: str
    category_code: str = ""

    @property
    def basis(self) -> str:
        """The basis as reports print it."""
        return f"{self.standard}-{self.edition}" if self.edition else self.standard


@dataclass(frozen=True, slots=True)
class AmbiguousLimit:
    """Several limits are equally specific: their condition (`applicability`, food form) needs a person."""

    candidates: tuple[LimitFound, ...]


@dataclass(frozen=True, slots=True)
class MissingEdition:
    """The edition that governs the production date is not loaded, or not far enough to answer.

    Attributes:
        standard: number without the year.
        edition: its year, None when not even its name is known.
        produced_on: the day asked for.
        coverage: PARTIAL when the edition is loaded in part and the row asked for is not in that part.
    """

    standard: str
    edition: str | None
    produced_on: date
    coverage: Coverage = Coverage.NONE

    @property
    def basis(self) -> str:
        """The missing edition by name, or the standard and the date it would have to govern."""
        return f"{self.standard}-{self.edition}" if self.edition else f"{self.standard} ({self.produced_on})"


@dataclass(frozen=True, slots=True)
class NoLimit:
    """Every basis is loaded, and none of them limits this item in this food."""

    standards: tuple[str, ...] = ()


LimitAnswer = LimitFound | AmbiguousLimit | MissingEdition | NoLimit


@dataclass(frozen=True, slots=True)
class _Candidate:
    found: LimitFound
    named: int  # length of the longest word of the limit that the food's name carries
    depth: int  # level of the category; 0 when only the name led here

    @property
    def rank(self) -> tuple[int, int, int]:
        return (self.named, self.depth, self.found.limit.food_path.count(" > "))


def find_limit(
    session: Session,
    category_id: UUID,
    item_id: UUID,
    produced_on: date,
    food_name: str | None = None,
    *,
    include_label: bool = False,
) -> LimitAnswer:
    """The limit of an item in a food of a category.

    Args:
        session: reads only.
        category_id: any node of the tree; limits on it and above it are considered.
        item_id: the test item.
        produced_on: day of production, by which the edition is chosen.
        food_name: what the form calls the food; without it, limits for named foods are left out.
        include_label: also limits that hold only where a label or product standard says so.
    """
    found = find_limits(session, category_id, [item_id], produced_on, food_name, include_label=include_label)
    return found[item_id]


def find_limits(
    session: Session,
    category_id: UUID,
    item_ids: Collection[UUID],
    produced_on: date,
    food_name: str | None = None,
    *,
    include_label: bool = False,
) -> dict[UUID, LimitAnswer]:
    """The limits of many items in one food, in as many queries as one takes; otherwise as `find_limit`."""
    chain = {row.id: row for row in way_to(session, category_id)}
    rows = session.execute(
        sa.select(FoodLimit, StandardEdition, Standard.number, FoodLimitScope)
        .join(FoodLimitScope, FoodLimitScope.limit_id == FoodLimit.id)
        .join(StandardEdition, StandardEdition.id == FoodLimit.edition_id)
        .join(Standard, Standard.id == StandardEdition.standard_id)
        .where(
            FoodLimitScope.category_id.in_(chain),
            FoodLimit.item_id.in_(item_ids),
            FoodLimit.superseded_at.is_(None),
        )
        .order_by(Standard.number, StandardEdition.edition, FoodLimit.food_path, FoodLimit.id)
    ).all()
    key = match_key(food_name or "")
    candidates: dict[UUID, list[_Candidate]] = defaultdict(list)
    concerned: dict[UUID, set[str]] = defaultdict(set)
    for limit, edition, number, scope in rows:
        if limit.from_label and not include_label:
            continue
        named = _named(limit.food_words, key) if scope.named_only else 0
        if (scope.named_only and not named) or _excluded(limit, key, scope.named_only):
            continue
        concerned[limit.item_id].add(number)
        if _governs(limit, edition, produced_on):
            node = chain[scope.category_id]
            found = LimitFound(limit, number, edition.edition, node.code)
            candidates[limit.item_id].append(_Candidate(found, named, node.level))
    open_items = [item_id for item_id in item_ids if item_id not in candidates]
    for item_id, number in _basis_standards(session, chain, open_items):
        concerned[item_id].add(number)
    editions = _editions_of(session, {number for item_id in open_items for number in concerned[item_id]})
    return {
        item_id: _most_specific(candidates[item_id])
        if item_id in candidates
        else _nothing_found(editions, concerned[item_id], produced_on)
        for item_id in item_ids
    }


def limits_on_categories(
    session: Session,
    ways: Mapping[UUID, Sequence[FoodCategory]],
    wanted: Mapping[UUID, Collection[UUID]],
    produced_on: date,
) -> dict[tuple[UUID, UUID], LimitFound | AmbiguousLimit]:
    """The limits of many items in whole categories, in one query for all of them; what has none is left out.

    Args:
        session: reads only.
        ways: to each category from its major one down.
        wanted: the items asked for, by category.
        produced_on: day of production, by which the edition is chosen.
    """
    nodes = {node.id for category_id in wanted for node in ways[category_id]}
    rows = session.execute(
        sa.select(FoodLimit, StandardEdition, Standard.number, FoodLimitScope.category_id)
        .join(FoodLimitScope, FoodLimitScope.limit_id == FoodLimit.id)
        .join(StandardEdition, StandardEdition.id == FoodLimit.edition_id)
        .join(Standard, Standard.id == StandardEdition.standard_id)
        .where(
            FoodLimitScope.category_id.in_(nodes),
            FoodLimitScope.named_only.is_(False),
            FoodLimit.item_id.in_({item_id for item_ids in wanted.values() for item_id in item_ids}),
            FoodLimit.superseded_at.is_(None),
            FoodLimit.from_label.is_(False),
        )
        .order_by(Standard.number, StandardEdition.edition, FoodLimit.food_path, FoodLimit.id)
    )
    falling: dict[tuple[UUID, UUID], list[tuple[FoodLimit, str, str]]] = defaultdict(list)
    for limit, edition, number, category_id in rows:
        if _governs(limit, edition, produced_on):
            falling[category_id, limit.item_id].append((limit, number, edition.edition))
    answers: dict[tuple[UUID, UUID], LimitFound | AmbiguousLimit] = {}
    for category_id, item_ids in wanted.items():
        for item_id in item_ids:
            candidates = [
                _Candidate(LimitFound(limit, number, edition, node.code), 0, node.level)
                for node in ways[category_id]
                for limit, number, edition in falling.get((node.id, item_id), ())
            ]
            if candidates:
                answers[category_id, item_id] = _most_specific(candidates)
    return answers


def lookup_by_food(session: Session, food: str, item: str, on: date) -> LimitAnswer:
    """The limit of an item in a food, both as a person writes them: 韭菜, 腐霉利.

    A limit whose table names exactly this food decides; otherwise a category of that name is looked up on the tree.
    Limits that hold by label are included, since no product is at hand to say otherwise.
    """
    item_id = session.scalar(sa.select(TestItemAlias.item_id).where(TestItemAlias.match_key == match_key(item)))
    if item_id is None:
        return NoLimit()
    answer: LimitAnswer = NoLimit()
    for spelling in _spellings(food):
        answer = _by_food_name(session, spelling, item_id, on) or answer
        if isinstance(answer, LimitFound | AmbiguousLimit):
            return answer
        for category_id in _categories_called(session, spelling):
            answer = find_limit(session, category_id, item_id, on, food, include_label=True)
            if isinstance(answer, LimitFound | AmbiguousLimit):
                return answer
    return answer


def _spellings(food: str) -> list[str]:
    """The food as written, then its parts: 菠菜（叶菜蔬菜） is 菠菜, then 叶菜蔬菜; X及其制品 is also X."""
    outside, _, inside = food.replace("(", "（").replace(")", "）").partition("（")
    inside = inside.rstrip("）")
    parts = [food, outside, *([] if inside.endswith("除外") else [inside])]
    parts += [part.removesuffix("及其制品") for part in parts]
    return [part for part in dict.fromkeys(parts) if part]


def _by_food_name(session: Session, food: str, item_id: UUID, on: date) -> LimitAnswer | None:
    """The limit whose table names exactly this food, or None."""
    key = match_key(food)
    rows = session.execute(
        sa.select(FoodLimit, StandardEdition, Standard.number)
        .join(StandardEdition, StandardEdition.id == FoodLimit.edition_id)
        .join(Standard, Standard.id == StandardEdition.standard_id)
        .where(FoodLimit.item_id == item_id, FoodLimit.superseded_at.is_(None))
        .order_by(Standard.number, StandardEdition.edition, FoodLimit.food_path, FoodLimit.id)
    ).all()
    named = [row for row in rows if key in {match_key(word) for word in (row[0].food_name, *row[0].food_words)}]
    candidates = [
        _Candidate(LimitFound(limit, number, edition.edition), len(key), 0)
        for limit, edition, number in named
        if _governs(limit, edition, on)
    ]
    if candidates:
        return _most_specific(candidates)
    numbers = {number for _, _, number in named}
    return _nothing_found(_editions_of(session, numbers), numbers, on) if named else None


@read_once
def way_to(session: Session, category_id: UUID) -> Sequence[FoodCategory]:
    """The category and everything above it, the major category first; nothing where there is no such category."""
    return session.scalars(
        sa.select(FoodCategory)
        .join(
            _NODE,
            sa.and_(
                _NODE.id == category_id,
                FoodCategory.tree_version == _NODE.tree_version,
                FoodCategory.code == sa.any_(sa.func.string_to_array(_NODE.path, "/")),
            ),
        )
        .order_by(FoodCategory.level)
    ).all()


def _categories_called(session: Session, food: str) -> Sequence[UUID]:
    """Categories by name, the finest first; 柑 finds 柑、橘, and 普通白菜 finds 普通白菜（小白菜、…）."""
    key = match_key(food)
    rows = session.scalars(
        sa.select(FoodCategory)
        .where(FoodCategory.name_zh.contains(food[:1], autoescape=True))
        .order_by(FoodCategory.level.desc(), FoodCategory.position)
    )
    return [row.id for row in rows if key in _names_in(row.name_zh)]


def _names_in(name: str) -> set[str]:
    outside, _, inside = name.partition("（")
    parts = [name, outside, *outside.split("、"), *inside.rstrip("）").split("、")]
    return {match_key(part) for part in parts if part}


def _named(words: Iterable[str], key: str) -> int:
    return max((len(word) for word in map(match_key, words) if word in key), default=0)


def _excluded(limit: FoodLimit, key: str, named_only: bool) -> bool:  # noqa: FBT001 - a column of the row
    """Whether the food is one that the limit leaves out, and not one it names more closely."""
    left_out = _named(limit.except_words, key)
    return left_out > (_named(limit.food_words, key) if named_only else 0)


def _governs(limit: FoodLimit, edition: StandardEdition, on: date) -> bool:
    starts = max(limit.valid_from, edition.in_force_from)
    ends = min(limit.valid_to or date.max, edition.in_force_to or date.max)
    return starts <= on <= ends


def _most_specific(candidates: list[_Candidate]) -> LimitFound | AmbiguousLimit:
    best = max(candidate.rank for candidate in candidates)
    winners = {c.found.limit.id: c.found for c in candidates if c.rank == best}
    # Two standards may print the same limit; only a difference needs a person.
    if len({(found.limit.limit_text, found.limit.unit) for found in winners.values()}) == 1:
        return next(iter(winners.values()))
    return AmbiguousLimit(tuple(winners.values()))


def _basis_standards(session: Session, chain: Iterable[UUID], item_ids: Collection[UUID]) -> Iterable[tuple[UUID, str]]:
    """Standards by which the rule book judges the items in these categories."""
    if not item_ids:
        return []
    rows = session.execute(
        sa.select(CheckItem.item_id, CheckItem.basis_standards).where(
            CheckItem.category_id.in_(chain),
            CheckItem.item_id.in_(item_ids),
            CheckItem.superseded_at.is_(None),
        )
    )
    return [(item_id, number) for item_id, basis in rows for number in basis]


def _editions_of(session: Session, standards: Collection[str]) -> dict[str, list[StandardEdition]]:
    """The editions of these standards, the oldest first."""
    known: dict[str, list[StandardEdition]] = {}
    if not standards:
        return known
    editions = session.execute(
        sa.select(Standard.number, StandardEdition)
        .join(StandardEdition, StandardEdition.standard_id == Standard.id)
        .where(Standard.number.in_(standards))
        .order_by(Standard.number, StandardEdition.in_force_from)
    )
    for number, edition in editions:
        known.setdefault(number, []).append(edition)
    return known


def _nothing_found(
    known: Mapping[str, Sequence[StandardEdition]], standards: Iterable[str], on: date
) -> MissingEdition | NoLimit:
    """Say which edition would have to answer, or that none does."""
    for number in sorted(standards):
        in_force = [e for e in known.get(number, []) if e.in_force_from <= on <= (e.in_force_to or date.max)]
        if not in_force:
            return MissingEdition(number, None, on)
        if in_force[-1].coverage is not Coverage.COMPLETE:
            return MissingEdition(number, in_force[-1].edition or None, on, in_force[-1].coverage)
    return NoLimit(tuple(sorted(standards)))
