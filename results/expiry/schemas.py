"""What the API of the expiry board takes and gives."""

import marshmallow as ma

from lims.web.schemas import StrictSchema
from results.expiry.types import Blocks, ExpiryKind, ExpiryState


class BoardIn(StrictSchema):
    """Which part of the board."""

    kind = ma.fields.Enum(ExpiryKind, by_value=True, load_default=None, allow_none=True)


class EndingOut(ma.Schema):
    """One thing with its last day."""

    kind = ma.fields.Enum(ExpiryKind, by_value=True, required=True, attribute="ending.kind")
    what = ma.fields.String(required=True, attribute="ending.what")
    detail = ma.fields.String(required=True, attribute="ending.detail")
    last_day = ma.fields.Date(required=True, attribute="ending.last_day")
    days_left = ma.fields.Integer(required=True)
    state = ma.fields.Enum(ExpiryState, by_value=True, required=True)
    blocks = ma.fields.Enum(Blocks, by_value=True, required=True, attribute="ending.blocks")


class BoardOut(ma.Schema):
    """Everything that ends in a laboratory, the earliest first."""

    items = ma.fields.List(ma.fields.Nested(EndingOut), required=True)
