"""Facts about limit tables; they stand on the chain `config`, beside those of the limits they change."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from lims.catalog.events import CatalogEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTableSent(CatalogEvent):
    """A table of limits was sent to a second person; `rows_sha256` is of its rows and what each would change."""

    name: ClassVar[str] = "lims.limit_table_sent.v1"
    table_id: UUID
    file_sha256: bytes
    rows_sha256: bytes
    valid_from: date
    new: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTableApplied(CatalogEvent):
    """A table of limits was approved by a second person, and every row that was to be taken is in the catalogue."""

    name: ClassVar[str] = "lims.limit_table_applied.v1"
    table_id: UUID
    rows_sha256: bytes
    valid_from: date
    limits: int
    check_items: int
    methods: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTableDeclined(CatalogEvent):
    """A table of limits was declined; it changes nothing."""

    name: ClassVar[str] = "lims.limit_table_declined.v1"
    table_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckItemAdded(CatalogEvent):
    """The rule book tests one more item in a category."""

    name: ClassVar[str] = "lims.check_item_added.v1"
    check_item_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodAdded(CatalogEvent):
    """An item can be measured by one more method."""

    name: ClassVar[str] = "lims.method_added.v1"
    method_id: UUID
