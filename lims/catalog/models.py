"""Tables of the catalogue.

Two kinds of rows. *Names of things* (category, item, standard, region) have an identity that keys of other tables hang
on, so they keep their row and a correction of their wording is written down in `catalog_revision`. *Facts that decide*
(limit, method, check item, rule parameter, day) are never changed in effect: a change is a new row that says who, when
and why, and closes the old one; the application's login may update nothing but that closing.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from lims.catalog.limit_forms import LimitExpression
from lims.catalog.limits import parse_limit
from lims.catalog.types import (
    AbsenceBound,
    Comparison,
    Coverage,
    DayKind,
    Hazard,
    ItemClass,
    ItemKind,
    ParameterUnit,
    RegionLevel,
    Trust,
)
from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.reading import ReadOnce

APPEND_ONLY = {"privileges": "select, insert"}
CLOSING_ONLY = {
    "privileges": "select, insert, update (superseded_at, superseded_by_id, superseded_reason)",
}
CURRENT = text("superseded_at IS NULL")


class Sourced:
    """Where a row comes from and how far it may be believed."""

    source: Mapped[str]
    trust: Mapped[Trust]


class Superseded(Sourced):
    """A fact that decides: written once, closed once.

    `recorded_by_id` is NULL for rows that the program ships.
    """

    recorded_at: Mapped[datetime]
    reason: Mapped[str | None]
    superseded_at: Mapped[datetime | None]
    superseded_reason: Mapped[str | None]

    @declared_attr
    def recorded_by_id(self) -> Mapped[UUID | None]:
        return mapped_column(ForeignKey("person.id"))

    @declared_attr
    def superseded_by_id(self) -> Mapped[UUID | None]:
        return mapped_column(ForeignKey("person.id"))

    @declared_attr
    def replaces_id(self) -> Mapped[UUID | None]:
        return mapped_column(ForeignKey(f"{self.__tablename__}.id"))  # type: ignore[attr-defined]


def _closing_is_told(extra: tuple[Any, ...] = ()) -> tuple[Any, ...]:
    return (
        CheckConstraint(
            "(superseded_at IS NULL) = (superseded_reason IS NULL)",
            name="closing_has_reason",
        ),
        CheckConstraint(
            "recorded_by_id IS NULL OR reason IS NOT NULL",
            name="change_has_reason",
        ),
        *extra,
        {"info": CLOSING_ONLY},
    )


class FoodCategory(ReadOnce, Sourced, Entity):
    """A node of one version of the food tree: 大类, 亚类, 次亚类 or 细类 (levels 1 to 4)."""

    __tablename__ = "food_category"
    tree_version: Mapped[str]
    code: Mapped[str]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("food_category.id"), index=True)
    level: Mapped[int]
    major_code: Mapped[str]
    path: Mapped[str]  # codes from the major category down, joined by "/"
    position: Mapped[int]
    name_zh: Mapped[str]
    name_en: Mapped[str | None]
    national_major_no: Mapped[str | None]  # the national system keeps 食用农产品 as one major category
    national_major_zh: Mapped[str | None]
    note: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("tree_version", "code"),
        CheckConstraint("level BETWEEN 1 AND 4", name="level_known"),
        CheckConstraint("(level = 1) = (parent_id IS NULL)", name="only_majors_are_roots"),
        CheckConstraint("(level = 1) = (national_major_no IS NOT NULL)", name="majors_are_mapped"),
    )


class TestItem(Sourced, Entity):
    """A test item under its cleaned name."""

    __test__ = False  # pytest: this is a table
    __tablename__ = "test_item"
    code: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str | None]
    item_class: Mapped[ItemClass]
    hazard: Mapped[Hazard]

    @property
    def is_microbiological(self) -> bool:
        """Whether a failure cannot be rechecked (Measures Art. 31)."""
        return self.item_class is ItemClass.MICROORGANISM


class TestItemAlias(Entity):
    """A spelling under which an item is known; its own name is one of them."""

    __test__ = False  # pytest: this is a table
    __tablename__ = "test_item_alias"
    item_id: Mapped[UUID] = mapped_column(ForeignKey("test_item.id"), index=True)
    name: Mapped[str]
    match_key: Mapped[str] = mapped_column(unique=True)


class Standard(Sourced, Entity):
    """A standard, announcement or rule by its number without a year."""

    __tablename__ = "standard"
    number: Mapped[str] = mapped_column(unique=True)
    title_zh: Mapped[str | None]
    title_en: Mapped[str | None]


class StandardEdition(Sourced, Entity):
    """An edition of a standard and the production dates it governs."""

    __tablename__ = "standard_edition"
    standard_id: Mapped[UUID] = mapped_column(ForeignKey("standard.id"))
    edition: Mapped[str]  # the year; empty for what has none
    in_force_from: Mapped[date]
    in_force_to: Mapped[date | None]
    coverage: Mapped[Coverage]
    __table_args__ = (
        UniqueConstraint("standard_id", "edition"),
        CheckConstraint("in_force_from <= in_force_to", name="dates_in_order"),
    )


class Method(Superseded, Entity):
    """How an item is measured by a standard, and at which figure absence is judged."""

    __tablename__ = "method"
    item_id: Mapped[UUID] = mapped_column(ForeignKey("test_item.id"), index=True)
    standard: Mapped[str]
    part: Mapped[str]  # 第二法, 平板计数法, 附录A; empty for the whole standard
    lod: Mapped[Decimal | None]
    loq: Mapped[Decimal | None]
    unit: Mapped[str]
    absence_judged_at: Mapped[AbsenceBound]
    stated_bound: Mapped[Decimal | None]
    reported_digits: Mapped[str | None]
    bound_trust: Mapped[Trust | None]  # LOD and LOQ may come from another source than the row
    __table_args__ = _closing_is_told(
        (
            CheckConstraint("lod > 0 AND lod < 'Infinity'", name="lod_positive"),
            CheckConstraint("loq > 0 AND loq < 'Infinity'", name="loq_positive"),
            CheckConstraint("lod <= loq", name="lod_below_loq"),
            CheckConstraint("(lod IS NULL AND loq IS NULL) OR unit <> ''", name="bound_has_unit"),
            CheckConstraint("(absence_judged_at = 'stated') = (stated_bound IS NOT NULL)", name="bound_is_stated"),
            Index("uq_method_current", "item_id", "standard", "part", unique=True, postgresql_where=CURRENT),
        )
    )

    @property
    def name(self) -> str:
        """The method as reports print it."""
        return f"{self.standard} {self.part}".strip()


class FoodLimit(Superseded, Entity):
    """A limit as an edition prints it, with the foods it names and the categories it falls on."""

    __tablename__ = "food_limit"
    edition_id: Mapped[UUID] = mapped_column(ForeignKey("standard_edition.id"), index=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("test_item.id"), index=True)
    table_no: Mapped[str]
    food_path: Mapped[str]
    food_name: Mapped[str]
    food_words: Mapped[list[str]]
    except_words: Mapped[list[str]]
    limit_text: Mapped[str]
    unit: Mapped[str]
    expressed_as: Mapped[str]  # 干重计, 去除内脏, 以固态产品计
    applicability: Mapped[str]
    comparison: Mapped[Comparison]
    valid_from: Mapped[date]  # production dates; the edition's own dates bound them as well
    valid_to: Mapped[date | None]
    from_label: Mapped[bool]  # holds only where the product's own standard or label says so
    scopes: Mapped[list["FoodLimitScope"]] = relationship(lazy="raise", viewonly=True)
    __table_args__ = _closing_is_told(
        (
            CheckConstraint("valid_from <= valid_to", name="dates_in_order"),
            Index(
                "uq_food_limit_current",
                "edition_id",
                "item_id",
                "food_path",
                "applicability",
                "valid_from",
                unique=True,
                postgresql_where=CURRENT,
            ),
        )
    )

    @property
    def expression(self) -> LimitExpression:
        """The limit as a typed value."""
        return parse_limit(self.limit_text, self.unit)


class FoodLimitScope(Base):
    """A limit falls on a category; with `named_only` just on the foods it names there."""

    __tablename__ = "food_limit_scope"
    limit_id: Mapped[UUID] = mapped_column(ForeignKey("food_limit.id"), primary_key=True)
    category_id: Mapped[UUID] = mapped_column(ForeignKey("food_category.id"), primary_key=True, index=True)
    named_only: Mapped[bool]
    __table_args__ = ({"info": APPEND_ONLY},)


class CheckItem(Superseded, Entity):
    """That the rule book tests an item in a category, by which basis and methods."""

    __tablename__ = "check_item"
    category_id: Mapped[UUID] = mapped_column(ForeignKey("food_category.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("test_item.id"), index=True)
    kind: Mapped[ItemKind]
    basis_standards: Mapped[list[str]]
    method_standards: Mapped[list[str]]
    applicability: Mapped[str]
    risk_grade: Mapped[str | None]  # as a base table words it; what ships with the program has none
    problem_conclusion: Mapped[str | None]  # what a sample over its reference is called: 金属等元素污染物超标
    __table_args__ = _closing_is_told(
        (
            Index(
                "uq_check_item_current",
                "category_id",
                "item_id",
                "applicability",
                unique=True,
                postgresql_where=CURRENT,
            ),
        )
    )


class Region(Base):
    """A province, city or county by its six digits."""

    __tablename__ = "region"
    code: Mapped[str] = mapped_column(primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"), index=True)
    level: Mapped[RegionLevel]
    name_zh: Mapped[str]
    name_en: Mapped[str | None]
    is_statistical: Mapped[bool]  # 市辖区, development zones: counted by statisticians, governed by nobody
    __table_args__ = (CheckConstraint("code ~ '^[0-9]{6}$'", name="code_six_digits"),)


class RuleParameter(ReadOnce, Superseded, Entity):
    """A deadline, count or share of the law, the trade or the house, from a date on."""

    __tablename__ = "rule_parameter"
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    value: Mapped[Decimal]
    unit: Mapped[ParameterUnit]
    starts_at_zh: Mapped[str]
    starts_at_en: Mapped[str]
    note: Mapped[str | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    __table_args__ = _closing_is_told(
        (
            CheckConstraint("valid_from <= valid_to", name="dates_in_order"),
            CheckConstraint(
                "(value > 0 OR unit IN ('celsius', 'switch')) AND value > '-Infinity' AND value < 'Infinity'",
                name="value_positive",
            ),
            CheckConstraint("unit <> 'switch' OR value IN (0, 1)", name="switch_is_on_or_off"),
            # Equality of a text in an exclusion would need the btree_gist extension, which the embedded server does not
            # carry: the hash as a range of one point does the same with what every server has.
            ExcludeConstraint(
                (text("int8range(hashtextextended(code, 0), hashtextextended(code, 0), '[]')"), "&&"),
                (text("daterange(valid_from, valid_to, '[]')"), "&&"),
                name="ex_rule_parameter_one_value_a_day",
                using="gist",
                where=CURRENT,
            ),
        )
    )


class CalendarDay(ReadOnce, Superseded, Entity):
    """Whether one day is worked, and why."""

    __tablename__ = "calendar_day"
    day: Mapped[date]
    is_workday: Mapped[bool]
    kind: Mapped[DayKind]
    name_zh: Mapped[str | None]
    name_en: Mapped[str | None]
    __table_args__ = _closing_is_told(
        (
            CheckConstraint("is_workday = (kind IN ('workday', 'makeup_workday'))", name="kind_agrees"),
            Index("uq_calendar_day_current", "day", unique=True, postgresql_where=CURRENT),
        )
    )


class SamplingPrefix(Sourced, Base):
    """Letters a sampling number may begin with."""

    __tablename__ = "sampling_prefix"
    prefix: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    __table_args__ = (CheckConstraint("prefix ~ '^[A-Z]{2,4}$'", name="prefix_letters"),)


class CatalogRevision(Entity):
    """A wording that was corrected on a row whose identity others hang on."""

    __tablename__ = "catalog_revision"
    table_name: Mapped[str]
    row_key: Mapped[str]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    reason: Mapped[str]
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    __table_args__ = (
        Index("ix_catalog_revision_row", "table_name", "row_key"),
        {"info": APPEND_ONLY},
    )


explain_constraint(
    "ex_rule_parameter_one_value_a_day",
    _l("Another value of this parameter is already in force on some of these days."),
    field="valid_from",
)
explain_constraint(
    "uq_food_limit_current",
    _l("This edition already has a limit for this food, item and condition."),
    field="food_path",
)
explain_constraint(
    "uq_test_item_alias_match_key",
    _l("Another test item is already known by this name."),
    field="name",
)
explain_constraint("uq_calendar_day_current", _l("Somebody has just settled this day."), field="day")
explain_constraint("uq_method_current", _l("This method row already exists."), field="standard")
explain_constraint("uq_check_item_current", _l("This item is already tested in this category."), field="item")
