"""Fields that the schemas of sampling share."""

import base64
import binascii
from typing import Any

import marshmallow as ma

from lims.i18n import lazy_gettext as _l
from lims.web.schemas import Text

MAX_NAME, MAX_CURSOR, MAX_ROWS = 200, 120, 500
MAX_SAMPLES = 1_000_000
MAX_PICTURE = 12_000_000  # base64 characters: a raw photo of a current tablet is 4-9 MB
LEAST_YEAR, MOST_YEAR = 2000, 2100


def name_field(**more: Any) -> Text:
    return Text(max_length=MAX_NAME, **more)


def maybe(field: type[ma.fields.Field[Any]] | Any, *arguments: Any, **more: Any) -> Any:
    """A field that may be left out or null: it prints as `/`."""
    return field(*arguments, load_default=None, allow_none=True, **more)


class Base64Field(ma.fields.String):
    """A picture as base64."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        if not isinstance(value, str) or len(value) > MAX_PICTURE:
            raise ma.ValidationError(str(_l("Send the picture as base64 text, at most 9 MB.")))
        try:
            return base64.b64decode(value.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise ma.ValidationError(str(_l("Send the picture as base64 text, at most 9 MB."))) from None
