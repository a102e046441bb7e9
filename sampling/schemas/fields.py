"""Fields that the schemas of sampling share."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

import marshmallow as ma

from lims.i18n import lazy_gettext as _l
from lims.web.schemas import Text

MAX_NAME, MAX_ROWS = 200, 500
MAX_SAMPLES = 1_000_000
MAX_PICTURE = 12_000_000  # base64 characters: a raw photo of a current tablet is 4-9 MB
LEAST_YEAR, MOST_YEAR = 2000, 2100
FIRST_INSTANT, LAST_INSTANT = (datetime(year, 1, 1, tzinfo=UTC) for year in (LEAST_YEAR, MOST_YEAR))


def name_field(**more: Any) -> Text:
    return Text(max_length=MAX_NAME, **more)


def maybe(field: type[ma.fields.Field[Any]] | Any, *arguments: Any, **more: Any) -> Any:
    """A field that may be left out or null: it prints as `/`."""
    return field(*arguments, load_default=None, allow_none=True, **more)


def instant_field(**more: Any) -> ma.fields.AwareDateTime:
    """An instant that a person could mean; far ones overflow where time zones are reckoned."""
    return ma.fields.AwareDateTime(validate=ma.validate.Range(min=FIRST_INSTANT, max=LAST_INSTANT), **more)


class Base64Field(ma.fields.String):
    """A picture as base64."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        if not isinstance(value, str) or len(value) > MAX_PICTURE:
            raise ma.ValidationError(str(_l("Send the picture as base64 text, at most 9 MB.")))
        try:
            return base64.b64decode(value.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise ma.ValidationError(str(_l("Send the picture as base64 text, at most 9 MB."))) from None
