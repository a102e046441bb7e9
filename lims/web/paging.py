"""Lists by cursor, on pages and in the API: no page numbers, no count of all rows, nothing missed while rows come."""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import marshmallow as ma

from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.web.schemas import Count, StrictSchema, Text

PAGE = 50
LARGEST_PAGE = 200
MOST_CHARACTERS = 2_000  # of a cursor: the longest name that a list is ordered by, as JSON writes Chinese

RowT = TypeVar("RowT")
Key = Sequence[str | int | datetime | UUID]


class CursorIn(StrictSchema):
    """Where a list goes on."""

    cursor = Text(max_length=MOST_CHARACTERS, load_default=None)


class PageIn(CursorIn):
    """Where a list goes on, and how much of it is wanted."""

    limit = Count(minimum=1, maximum=LARGEST_PAGE, load_default=PAGE, strict=False)


class PageOut(ma.Schema):
    """Base of all lists: `next_cursor` is null on the last page."""

    next_cursor = ma.fields.String(required=True, allow_none=True)


class Page(NamedTuple, Generic[RowT]):
    """One page of a list, and the cursor of the next one when there are more rows."""

    rows: list[RowT]
    next_cursor: str | None


def instant(text: str) -> datetime:
    """An instant as `write_cursor` wrote it.

    Raises:
        ValueError: it is no instant, or one without its zone.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at


BY_INSTANT = (instant, UUID)  # the order of most lists: when, and within one instant by id
BY_NAME = (str, UUID)


def write_cursor(key: Key) -> str:
    """The place of a row in its order, as text that means nothing to others."""
    parts = [part.isoformat() if isinstance(part, datetime) else part for part in key]
    return base64.urlsafe_b64encode(json.dumps(parts, default=str).encode()).decode()


def read_cursor(
    text: str | None, kinds: Sequence[Callable[[Any], Any]] = BY_INSTANT, *, field: str = "cursor"
) -> tuple[Any, ...] | None:
    """The key a cursor stands for; None for the first page.

    Args:
        text: what `write_cursor` wrote.
        kinds: reads each part of the key.
        field: where the cursor was given.

    Raises:
        InvalidInputError: it is none of ours, or one of another list.
    """
    if not text:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        found = tuple(kind(part) for kind, part in zip(kinds, key, strict=True))
        json.dumps(found, default=str, ensure_ascii=False).encode()  # half of a pair cannot be encoded
    except (ValueError, TypeError, AttributeError):
        found = ("\0",)
    if any("\0" in str(part) for part in found):
        raise InvalidInputError(
            _l("This cursor does not continue a list; leave it out to begin at the first page."), field=field
        )
    return found


def page_of(rows: Sequence[RowT], limit: int, key: Callable[[RowT], Key]) -> Page[RowT]:
    """One page of `limit + 1` rows that were asked for."""
    shown = list(rows[:limit])
    return Page(shown, write_cursor(key(shown[-1])) if len(rows) > limit else None)


def list_answer(page: Page[Any], items: Sequence[Any] | None = None) -> dict[str, Any]:
    """A page as the API gives it, with `items` in the place of its rows where they are shown otherwise."""
    return {"items": page.rows if items is None else items, "next_cursor": page.next_cursor}
