"""Reading JSON that strangers hand in: each value knows its place, so that a refusal can name it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lims.errors import LimsError
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l


class UnreadableFileError(LimsError):
    """This file does not have the form it should have; `place` says where, such as `frame.entries[3]`."""

    code = "file_unreadable"

    def __init__(self, place: str, message: LazyString) -> None:
        super().__init__(message, facts={"place": place})
        self.place = place


@dataclass(frozen=True, slots=True)
class Node:
    """A value inside a JSON file that knows its place, so that a refusal can name it."""

    place: str
    value: Any

    def fail(self, expected: str | LazyString) -> UnreadableFileError:
        shown = json.dumps(self.value, ensure_ascii=False)[:60]
        return UnreadableFileError(
            self.place, _l("got %(shown)s, expected %(expected)s.", shown=shown, expected=expected)
        )

    def fields(self, *names: str, optional: Sequence[str] = ()) -> dict[str, "Node"]:
        """The members of an object that has exactly these, and the optional ones it has."""
        members = self.members()
        if not set(names) <= set(members) <= {*names, *optional}:
            raise self.fail(_l("exactly the fields %(names)s", names=", ".join(sorted(names))))
        return members

    def members(self) -> dict[str, "Node"]:
        """The members of an object with names of its own."""
        if not isinstance(self.value, dict):
            raise self.fail(_l("an object"))
        prefix = f"{self.place}." if self.place else ""
        return {name: Node(f"{prefix}{name}", value) for name, value in self.value.items()}

    def items(self) -> list["Node"]:
        if not isinstance(self.value, list):
            raise self.fail(_l("a list"))
        return [Node(f"{self.place}[{i}]", value) for i, value in enumerate(self.value)]

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value.isprintable():
            raise self.fail(_l("a text without control characters"))
        return self.value

    def texts(self) -> tuple[str, ...]:
        return tuple(node.text() for node in self.items())

    def count(self) -> int:
        if type(self.value) is not int or self.value < 0:
            raise self.fail(_l("a whole number from 0"))
        return self.value

    def instant(self) -> datetime:
        try:
            instant = datetime.fromisoformat(self.text())
        except ValueError:
            raise self.fail(_l("an instant such as 2026-11-23T09:00:00Z")) from None
        if instant.tzinfo is None:
            raise self.fail(_l("an instant with its zone"))
        return instant.astimezone(UTC)


def parse_json(content: bytes) -> Node:
    """Read a JSON file whose fields are all there once.

    Raises:
        UnreadableFileError: it is not UTF-8 JSON, or a field is there twice.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            raise ValueError("a field is there twice")
        return fields

    try:
        return Node("", json.loads(content.decode(), object_pairs_hook=unique))
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError("file", _l("This is not a JSON file: %(reason)s.", reason=str(error))) from None
