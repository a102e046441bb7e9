"""Cursors of lists that grow: where the page before ended, as one word in an address."""

from datetime import datetime
from uuid import UUID

from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l

SEPARATOR = "~"


def write_cursor(at: datetime, row_id: UUID) -> str:
    """The place after a row of a list that is ordered by an instant and, within it, by id."""
    return f"{at.isoformat()}{SEPARATOR}{row_id}"


def read_cursor(text: str | None) -> tuple[datetime, UUID] | None:
    """What `write_cursor` wrote; None at the beginning.

    Raises:
        InvalidInputError: nothing it wrote.
    """
    if not text:
        return None
    at, _, row_id = text.partition(SEPARATOR)
    try:
        instant, last = datetime.fromisoformat(at), UUID(row_id)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise InvalidInputError(_l("The cursor %(given)s is none of this list.", given=text[:80]), field="after")
    return instant, last
