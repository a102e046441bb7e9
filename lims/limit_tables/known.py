"""What the catalogue knows of the names in a limit table: categories, items, standards, methods, what is in force."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.catalog.lookup import AmbiguousLimit, LimitFound, limits_on_categories
from lims.catalog.models import CheckItem, FoodCategory, FoodLimit, FoodLimitScope, Method, Standard, StandardEdition
from lims.catalog.names import match_key
from lims.catalog.queries import current_tree_version, find_items, list_methods_of
from lims.limit_tables.types import Column, Problem, StandardName, TableRow
from lims.quantities import N_

PATH = (Column.CATEGORY_L1, Column.CATEGORY_L2, Column.CATEGORY_L3, Column.CATEGORY_L4)
MAX_NAMED = 5  # candidates that a message lists


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition of a standard, as a row refers to it."""

    id: UUID
    number: str
    year: str
    in_force_from: date
    in_force_to: date | None

    @property
    def basis(self) -> str:
        """As reports print it."""
        return f"{self.number}-{self.year}" if self.year else self.number

    def governs(self, day: date) -> bool:
        """Whether it is in force for what is produced on a day."""
        return self.in_force_from <= day <= (self.in_force_to or date.max)


class Categories:
    """The newest food tree by names, as a table writes them."""

    def __init__(self, session: Session) -> None:
        rows = session.scalars(
            sa.select(FoodCategory)
            .where(FoodCategory.tree_version == current_tree_version(session))
            .order_by(FoodCategory.position)
        ).all()
        self.by_id = {row.id: row for row in rows}
        self._by_key: dict[str, list[FoodCategory]] = defaultdict(list)
        for row in rows:
            self._by_key[match_key(row.name_zh)].append(row)

    def way(self, category: FoodCategory) -> list[FoodCategory]:
        """From the major category down to this one."""
        found = [category]
        while found[0].parent_id is not None:
            found.insert(0, self.by_id[found[0].parent_id])
        return found

    def names(self, category: FoodCategory) -> list[str]:
        """The names on the way to it, none twice in a row."""
        names = [one.name_zh for one in self.way(category)]
        return [name for at, name in enumerate(names) if at == 0 or name != names[at - 1]]

    def find(self, row: TableRow) -> FoodCategory | Problem:
        """The one category whose name and way fit the cells; the finest where a name stands on two levels of one way.

        The national system keeps 食用农产品 as one major category, whose parts are majors of their own here.
        """
        said = [(column, match_key(row[column])) for column in PATH if row[column]]
        column, name = said[-1]
        above = [key for _column, key in said[:-1] if key != name]
        named = self._by_key.get(name, [])
        fitting = [one for one in named if set(above) <= self._keys_on_way(one)]
        finest = _finest(fitting)
        if len(finest) == 1:
            return finest[0]
        given = " > ".join(row[one] for one, _key in said)
        if finest:
            return Problem(
                N_("“%(given)s” may be %(names)s; expected the whole way to one of them."),
                {"given": given, "names": "、".join(self._told(one) for one in finest[:MAX_NAMED])},
                column,
            )
        if named:
            return Problem(
                N_("There is no category “%(given)s”; of that name there is %(names)s."),
                {"given": given, "names": "、".join(self._told(one) for one in _finest(named)[:MAX_NAMED])},
                column,
            )
        return Problem(N_("There is no category “%(given)s” in the food tree."), {"given": given}, column)

    def _keys_on_way(self, category: FoodCategory) -> set[str]:
        way = self.way(category)
        national = way[0].national_major_zh
        return {match_key(one.name_zh) for one in way} | ({match_key(national)} if national else set())

    def _told(self, category: FoodCategory) -> str:
        return f"{category.code} {' > '.join(self.names(category))}"


def _finest(categories: Sequence[FoodCategory]) -> list[FoodCategory]:
    """Those that are not above another one of them."""
    return [one for one in categories if not any(one.id == other.parent_id for other in categories)]


class Editions:
    """The standards of the catalogue by number, and which edition of each a row means."""

    def __init__(self, session: Session) -> None:
        self._by_number: dict[str, list[Edition]] = defaultdict(list)
        rows = session.execute(
            sa.select(
                StandardEdition.id,
                Standard.number,
                StandardEdition.edition,
                StandardEdition.in_force_from,
                StandardEdition.in_force_to,
            )
            .join(Standard, Standard.id == StandardEdition.standard_id)
            .order_by(Standard.number, StandardEdition.in_force_from)
        )
        for row in rows:
            self._by_number[match_key(row.number)].append(Edition(*row))
        numbers = session.scalars(sa.select(Standard.number).order_by(Standard.number))
        self._numbers = {match_key(number): number for number in numbers}

    def number(self, name: StandardName) -> str:
        """The number as the catalogue writes it; as the row does where it is not there."""
        return self._numbers.get(match_key(name.number), name.number)

    def find(self, names: Sequence[StandardName], day: date) -> Edition | Problem:
        """The edition whose limit a row gives: the first standard it names that the catalogue has an edition of."""
        for name in names:
            known = self._by_number.get(match_key(name.number), [])
            if not known:
                continue
            meant = [one for one in known if one.year == name.year] if name.year else known
            governing = [one for one in meant if one.governs(day)]
            if governing:
                return governing[-1]
            if meant:
                return Problem(
                    N_("%(given)s governs what is produced from %(first)s to %(last)s, not what is on %(day)s."),
                    {
                        "given": meant[-1].basis,
                        "first": meant[-1].in_force_from.isoformat(),
                        "last": meant[-1].in_force_to.isoformat() if meant[-1].in_force_to else "…",
                        "day": day.isoformat(),
                    },
                    Column.BASIS,
                )
            return Problem(
                N_("The catalogue has no edition %(given)s; it has %(names)s."),
                {"given": str(name), "names": "、".join(one.basis for one in known[-MAX_NAMED:])},
                Column.BASIS,
            )
        return Problem(
            N_("The catalogue has no edition of “%(given)s”."),
            {"given": "、".join(map(str, names))[:60]},
            Column.BASIS,
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What all rows of a table are held against.

    Attributes:
        limits: in force on the day, by category and item.
        later: the first day of a limit that begins after the day, by category and item on which it falls itself.
        scopes: the categories that a limit falls on, of the limits in `limits`.
        checks: what the rule book tests, by category and item.
        methods: in force, by item.
    """

    day: date
    categories: Categories
    editions: Editions
    items: Mapping[str, UUID]
    limits: Mapping[tuple[UUID, UUID], LimitFound | AmbiguousLimit]
    later: Mapping[tuple[UUID, UUID], date]
    scopes: Mapping[UUID, frozenset[UUID]]
    checks: Mapping[tuple[UUID, UUID], Sequence[CheckItem]]
    methods: Mapping[UUID, Sequence[Method]]


def load_known(session: Session, rows: Sequence[TableRow], day: date) -> Known:
    """All that the rows name, in a few queries."""
    categories = Categories(session)
    items = find_items(session, {row[Column.ITEM] for row in rows if row[Column.ITEM]})
    wanted: dict[UUID, set[UUID]] = defaultdict(set)
    for row in rows:
        category = categories.find(row) if any(row[column] for column in PATH) else None
        item_id = items.get(row[Column.ITEM])
        if isinstance(category, FoodCategory) and item_id is not None:
            wanted[category.id].add(item_id)
    ways = {category_id: categories.way(categories.by_id[category_id]) for category_id in wanted}
    limits = limits_on_categories(session, ways, wanted, day)
    found_ids = {found.limit.id for answer in limits.values() for found in found_in(answer)}
    item_ids = {item_id for ids in wanted.values() for item_id in ids}
    return Known(
        day,
        categories,
        Editions(session),
        items,
        limits,
        _later(session, wanted, item_ids, day),
        _scopes(session, found_ids),
        _checks(session, wanted, item_ids),
        list_methods_of(session, item_ids),
    )


def found_in(answer: LimitFound | AmbiguousLimit) -> list[LimitFound]:
    """The limits of an answer: one, or several that are equally specific."""
    return [answer] if isinstance(answer, LimitFound) else list(answer.candidates)


def _later(
    session: Session, category_ids: Iterable[UUID], item_ids: Iterable[UUID], day: date
) -> dict[tuple[UUID, UUID], date]:
    rows = session.execute(
        sa.select(FoodLimitScope.category_id, FoodLimit.item_id, sa.func.min(FoodLimit.valid_from))
        .join(FoodLimit, FoodLimit.id == FoodLimitScope.limit_id)
        .join(StandardEdition, StandardEdition.id == FoodLimit.edition_id)
        .where(
            FoodLimitScope.category_id.in_(category_ids),
            FoodLimitScope.named_only.is_(False),
            FoodLimit.item_id.in_(item_ids),
            FoodLimit.superseded_at.is_(None),
            FoodLimit.from_label.is_(False),
            FoodLimit.valid_from > day,
        )
        .group_by(FoodLimitScope.category_id, FoodLimit.item_id)
    )
    return {(category_id, item_id): first for category_id, item_id, first in rows}


def _scopes(session: Session, limit_ids: Iterable[UUID]) -> dict[UUID, frozenset[UUID]]:
    scopes: dict[UUID, set[UUID]] = defaultdict(set)
    rows = session.execute(
        sa.select(FoodLimitScope.limit_id, FoodLimitScope.category_id).where(
            FoodLimitScope.limit_id.in_(limit_ids), FoodLimitScope.named_only.is_(False)
        )
    )
    for limit_id, category_id in rows:
        scopes[limit_id].add(category_id)
    return {limit_id: frozenset(ids) for limit_id, ids in scopes.items()}


def _checks(
    session: Session, category_ids: Iterable[UUID], item_ids: Iterable[UUID]
) -> dict[tuple[UUID, UUID], list[CheckItem]]:
    checks: dict[tuple[UUID, UUID], list[CheckItem]] = defaultdict(list)
    rows = session.scalars(
        sa.select(CheckItem)
        .where(
            CheckItem.category_id.in_(category_ids), CheckItem.item_id.in_(item_ids), CheckItem.superseded_at.is_(None)
        )
        .order_by(CheckItem.category_id, CheckItem.item_id, CheckItem.applicability)
    )
    for row in rows:
        checks[row.category_id, row.item_id].append(row)
    return checks
