"""Facts about the catalogue; all of them stand on the chain `config`."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from lims.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogEvent(Event):
    """Base of the facts about the catalogue, each with the reason it was given."""

    reason: str

    def chain(self) -> str:
        return "config"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSuperseded(CatalogEvent):
    """A limit was closed; `new_limit_id` is None when nothing took its place."""

    name: ClassVar[str] = "lims.limit_superseded.v1"
    old_limit_id: UUID
    new_limit_id: UUID | None
    old_text: str
    new_text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitAdded(CatalogEvent):
    """A limit was added that replaces nothing."""

    name: ClassVar[str] = "lims.limit_added.v1"
    limit_id: UUID
    item_code: str
    food_name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionAdded(CatalogEvent):
    """The catalogue knows one more edition by name and dates; `edition` is empty for what has no year."""

    name: ClassVar[str] = "lims.edition_added.v1"
    edition_id: UUID
    standard: str
    edition: str
    in_force_from: date
    in_force_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSet(CatalogEvent):
    """A rule parameter has another value from a day on."""

    name: ClassVar[str] = "lims.parameter_set.v1"
    code: str
    parameter_id: UUID
    value: str
    unit: str
    valid_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOverridden(CatalogEvent):
    """A person settled whether a day is worked."""

    name: ClassVar[str] = "lims.day_overridden.v1"
    day: date
    is_workday: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSuperseded(CatalogEvent):
    """The figures of a method row were replaced."""

    name: ClassVar[str] = "lims.method_superseded.v1"
    old_method_id: UUID
    new_method_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckItemSuperseded(CatalogEvent):
    """What the rule book tests in a category was changed; no new row when it is no longer tested."""

    name: ClassVar[str] = "lims.check_item_superseded.v1"
    old_check_item_id: UUID
    new_check_item_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingCorrected(CatalogEvent):
    """The wording of a category, item, standard or region was corrected."""

    name: ClassVar[str] = "lims.wording_corrected.v1"
    table_name: str
    row_key: str
