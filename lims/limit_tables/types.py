"""Words and values of limit tables in the shape of the national base table (报送基础表)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lims.catalog.limit_forms import LimitExpression
from lims.catalog.types import ItemKind
from lims.quantities import NO_UNIT, Unit


class Column(StrEnum):
    """The 26 columns in their official order, by what they hold.

    Source: national base table (domain.md §4.2).
    """

    CATEGORY_L1 = "category_l1"
    CATEGORY_L2 = "category_l2"
    CATEGORY_L3 = "category_l3"
    CATEGORY_L4 = "category_l4"
    RISK_GRADE = "risk_grade"
    KIND = "kind"
    ITEM = "item"
    RESULT_FORMAT = "result_format"
    RESULT_UNIT = "result_unit"
    LOD = "lod"
    LOD_UNIT = "lod_unit"
    BASIS = "basis"
    METHODS = "methods"
    METHODS_SHORT = "methods_short"
    STANDARD_LOD = "standard_lod"
    STANDARD_LOD_UNIT = "standard_lod_unit"
    STANDARD_MIN = "standard_min"
    STANDARD_MIN_UNIT = "standard_min_unit"
    STANDARD_MAX = "standard_max"
    STANDARD_MAX_UNIT = "standard_max_unit"
    LIMIT_MIN = "limit_min"
    LIMIT_MIN_UNIT = "limit_min_unit"
    LIMIT_MAX = "limit_max"
    LIMIT_MAX_UNIT = "limit_max_unit"
    PROBLEM_CONCLUSION = "problem_conclusion"
    REMARK = "remark"


class RowVerdict(StrEnum):
    """What would become of a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"
    CONFLICT = "conflict"

    @property
    def is_usable(self) -> bool:
        """Whether the row says something that the catalogue can hold."""
        return self in {RowVerdict.NEW, RowVerdict.CHANGED, RowVerdict.SAME}

    @property
    def is_taken(self) -> bool:
        """Whether an approval would change the catalogue by it."""
        return self in {RowVerdict.NEW, RowVerdict.CHANGED}


class Part(StrEnum):
    """A part of the catalogue that a row can change."""

    LIMIT = "limit"
    BASIS = "basis"
    KIND = "kind"
    RISK_GRADE = "risk_grade"
    TESTED_BY = "tested_by"
    JUDGED_BY = "judged_by"
    LOD = "lod"
    RESULT_FORMAT = "result_format"
    PROBLEM_CONCLUSION = "problem_conclusion"
    CONDITION = "condition"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be used.

    Attributes:
        message: English source string with `%(name)s` places.
        params: the offending text, and what was expected where the message does not say it.
        column: where it stands; None for the row as a whole.
    """

    message: str
    params: Mapping[str, str] = field(default_factory=dict)
    column: Column | None = None

    def translated(self, gettext: Callable[..., str]) -> str:
        """The sentence in the language of the person, without its column."""
        return gettext(self.message, **self.params)

    def to_json(self) -> dict[str, Any]:
        """As it is kept beside a row that was sent."""
        return {"message": self.message, "params": dict(self.params), "column": self.column}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Problem":
        """As it was kept."""
        return cls(kept["message"], kept["params"], Column(kept["column"]) if kept["column"] else None)


@dataclass(frozen=True, slots=True)
class Change:
    """One part of the catalogue before and after; empty where there is none."""

    part: Part
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class StandardName:
    """A standard as a cell names it.

    Attributes:
        number: without its year: `GB 2762`.
        year: of the edition; empty where none is named.
        part: what follows: `第一法` of a method.
    """

    number: str
    year: str = ""
    part: str = ""

    def __str__(self) -> str:
        return f"{self.number}-{self.year}" if self.year else self.number


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a file as it stands there.

    Attributes:
        number: of the row in the file, from 1.
        cells: by column, trimmed; what says nothing (`/`, `-`, `无`) is empty.
    """

    number: int
    cells: Mapping[Column, str]

    def __getitem__(self, column: Column) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class ReadRow:
    """What a row says, as typed values; an empty cell says nothing.

    Attributes:
        limit: as the standard prints it, in the unit of the standard.
        unit: in which results are reported.
        lod: of the laboratory's method, else the one the standard states, in `lod_unit`.
        problems: what cannot be read; the values it belongs to are then empty.
    """

    row: TableRow
    kind: ItemKind | None = None
    limit: LimitExpression | None = None
    unit: Unit = NO_UNIT
    lod: Decimal | None = None
    lod_unit: Unit = NO_UNIT
    result_format: str = ""
    bases: tuple[StandardName, ...] = ()
    methods: tuple[StandardName, ...] = ()
    problems: tuple[Problem, ...] = ()
