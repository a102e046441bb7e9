"""What a transaction changed, row by row, as the ledger records it.

A table that must be provable derives its class from `Ledgered` and names its chain. Every flush of a unit of work then
notes the new and changed columns, so that no use case can forget to, and `lims.ledger.replay` can fold the notes back
into the row. Bulk statements pass the ORM by: their callers use `UnitOfWork.record`.
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

SALT_BYTES = 16


class Ledgered:
    """Mixin of the tables whose rows can be folded again from the ledger.

    A column marked `info={"personal": True}` enters as a salted digest; one marked `info={"ledger": False}` (a counter,
    a cache) does not enter at all.
    """

    __abstract__: ClassVar[bool] = True

    def ledger_chain(self) -> str:
        """The chain this row belongs to, such as `sample:<id>`."""
        raise AssertionError(f"{type(self).__name__} does not name its chain")


@dataclass(frozen=True, slots=True)
class Salted:
    """A personal value on its way into the ledger: the digest goes in, the salt is kept apart."""

    table: str
    row_key: str
    column: str
    digest: str
    salt: bytes


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row as one transaction left it: the columns that changed, or its deletion."""

    chain: str
    table: str
    key: Mapping[str, Any]
    columns: Mapping[str, Any] | None
    salts: tuple[Salted, ...] = ()

    def to_body(self) -> dict[str, Any]:
        """The form in which it stands in an event."""
        body: dict[str, Any] = {"t": self.table, "k": dict(self.key)}
        if self.columns is None:
            return body | {"d": True}
        return body | {"c": dict(self.columns)}


_AS_THEY_ARE = frozenset({str, int, bool})


def plain(value: Any) -> Any:
    """A database value as the ledger writes it: strings, integers, booleans, null, lists and objects.

    Raises:
        TypeError: a float, or a type that has no agreed form.
    """
    if value is None or type(value) in _AS_THEY_ARE:  # nearly always
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, int | str):
        return value
    return _text_of(value)


def _text_of(value: Any) -> str:
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case bytes() | memoryview():
            return bytes(value).hex()
    raise TypeError(f"the ledger has no form for {type(value).__name__}: {value!r}")


def personal_digest(value: Any, salt: bytes) -> str:
    """What stands in the ledger for a personal value."""
    return "sha256:" + hashlib.sha256(salt + str(plain(value)).encode()).hexdigest()


def row_key_text(key: Mapping[str, Any]) -> str:
    """One text for a primary key, the same however its columns were ordered."""
    return "|".join(f"{name}={plain(key[name])}" for name in sorted(key))


def ledgered_columns(mapper: Any) -> Iterator[tuple[str, Any]]:
    """Attribute name and column of everything of a table that enters the ledger."""
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if column.info.get("ledger", True) and column.computed is None:
            yield attribute.key, column


def _change(row: Ledgered, *, only_changed: bool) -> RowChange | None:
    mapper = inspect(type(row))
    assert mapper is not None  # noqa: S101 - every Ledgered class is mapped
    table = mapper.local_table.name
    key = {column.name: plain(getattr(row, mapper.get_property_by_column(column).key)) for column in mapper.primary_key}
    columns: dict[str, Any] = {}
    salts: list[Salted] = []
    for name, column in ledgered_columns(mapper):
        if only_changed and not get_history(row, name).has_changes():
            continue
        value = getattr(row, name)
        if value is not None and column.info.get("personal"):
            salt = secrets.token_bytes(SALT_BYTES)
            digest = personal_digest(value, salt)
            salts.append(Salted(table, row_key_text(key), column.name, digest, salt))
            columns[column.name] = digest
        elif column.name not in key:
            columns[column.name] = plain(value)
    if only_changed and not columns:
        return None
    return RowChange(row.ledger_chain(), table, key, columns, tuple(salts))


def changes_of(session: Session) -> list[RowChange]:
    """The changes of a flush that is about to be forgotten by the session; call it from `after_flush`."""
    found = [_change(row, only_changed=False) for row in session.new if isinstance(row, Ledgered)]
    found += [_change(row, only_changed=True) for row in session.dirty if isinstance(row, Ledgered)]
    for row in session.deleted:
        if isinstance(row, Ledgered):
            whole = _change(row, only_changed=False)
            assert whole is not None  # noqa: S101 - a whole row is never None
            found.append(RowChange(whole.chain, whole.table, whole.key, None))
    return [change for change in found if change is not None]
