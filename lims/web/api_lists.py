"""Lists of the API by cursor: no page numbers, no count of a million rows, nothing missed while rows are added."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import marshmallow as ma

from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.web.schemas import Count, StrictSchema, Text

PAGE = 50
LARGEST_PAGE = 200

RowT = TypeVar("RowT")


class PageIn(StrictSchema):
    """Where a list goes on, and how much of it is wanted."""

    cursor = Text(max_length=500, load_default=None)
    limit = Count(minimum=1, maximum=LARGEST_PAGE, load_default=PAGE, strict=False)


class PageOut(ma.Schema):
    """Base of all lists: `next_cursor` is null on the last page."""

    next_cursor = ma.fields.String(required=True, allow_none=True)


def write_key(key: Sequence[str | int]) -> str:
    """The place of a row in its order, as text that means nothing to others."""
    return base64.urlsafe_b64encode(json.dumps(list(key)).encode()).decode()


def read_key(text: str | None, kinds: Sequence[type]) -> tuple[Any, ...] | None:
    """The key a cursor stands for; None for the first page.

    Raises:
        InvalidInputError: it is none of ours, or one of another list.
    """
    if text is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        found = tuple(kind(part) for kind, part in zip(kinds, key, strict=True))
        json.dumps(found, default=str, ensure_ascii=False).encode()  # half of a pair cannot be encoded
    except (ValueError, TypeError, AttributeError):
        found = ("\0",)
    if any("\0" in str(part) for part in found):
        raise InvalidInputError(
            _l("This cursor does not continue a list; leave it out to begin at the first page."), field="cursor"
        )
    return found


def page_of(rows: Sequence[RowT], limit: int, key: Callable[[RowT], Sequence[str | int]]) -> dict[str, Any]:
    """One page of `limit + 1` rows that were asked for: the rows, and the cursor when there are more."""
    shown = list(rows[:limit])
    more = len(rows) > limit
    return {"items": shown, "next_cursor": write_key(key(shown[-1])) if more else None}
