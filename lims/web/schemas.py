"""Fields of the API that refuse what the database could not keep."""

import base64
import binascii
from typing import Any

import marshmallow as ma

from lims.decisions import MAX_NOTE
from lims.i18n import lazy_gettext as _l

MAX_TEXT = 2_000  # characters; longer texts are files
MAX_FILE_BASE64 = 28 * 1024 * 1024  # 20 MiB of file, a third more as text
MAX_INTEGER = 2**31 - 1  # what an INTEGER column holds


class StrictSchema(ma.Schema):
    """Base of all `…In` schemas: an unknown field is an error, not something silently dropped."""

    class Meta:
        """Refuse unknown fields."""

        unknown = ma.RAISE


class Text(ma.fields.String):
    """Text of bounded length without the NUL character, which PostgreSQL cannot store."""

    def __init__(self, *, max_length: int = MAX_TEXT, min_length: int = 0, **kwargs: Any) -> None:
        bounds = ma.validate.Length(min=min_length or None, max=max_length)
        given = kwargs.pop("validate", None)
        checks = given if isinstance(given, list) else [given] if given is not None else []
        super().__init__(validate=[bounds, *checks], **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if "\0" in text:
            raise ma.ValidationError(str(_l("Text cannot contain the NUL character.")))
        try:
            text.encode()
        except UnicodeEncodeError:  # half of a pair, as "\\ud800" in JSON; no encoding can carry it
            raise ma.ValidationError(str(_l("Text holds a character that does not exist."))) from None
        return text


class Base64(ma.fields.String):
    """Bytes as base64 text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bytes:  # type: ignore[override]
        text = super()._deserialize(value, attr, data, **kwargs)
        if len(text) > MAX_FILE_BASE64:
            raise ma.ValidationError(f"{len(text)} characters, expected at most {MAX_FILE_BASE64}")
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ma.ValidationError(f"expected base64: {error}") from error


class Count(ma.fields.Integer):
    """A whole number that fits its column."""

    def __init__(self, *, minimum: int = 0, maximum: int = MAX_INTEGER, strict: bool = True, **kwargs: Any) -> None:
        super().__init__(strict=strict, validate=ma.validate.Range(min=minimum, max=maximum), **kwargs)


class NoteIn(StrictSchema):
    """What the second person says of their decision; a request is declined with a sentence."""

    note = Text(max_length=MAX_NOTE, allow_none=True, load_default=None)


class DecisionIn(NoteIn):
    """What the second person decides on a request."""

    approves = ma.fields.Boolean(required=True, truthy={True}, falsy={False})


class TwoPersonRequestOut(ma.Schema):
    """A request that one person made and another decides; null where it is not decided."""

    id = ma.fields.UUID(required=True)
    reason = ma.fields.String(required=True)
    requested_by_id = ma.fields.UUID(required=True)
    requested_at = ma.fields.AwareDateTime(required=True)
    decided_by_id = ma.fields.UUID(required=True, allow_none=True)
    decided_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    note = ma.fields.String(required=True, allow_none=True)
