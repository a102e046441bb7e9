"""The business register and signals."""

import marshmallow as ma

from lims.web.paging import CursorIn, PageOut
from lims.web.schemas import Count, StrictSchema, Text
from sampling.schemas.fields import MAX_ROWS, maybe, name_field
from sampling.types import AreaType, PlaceKind, SignalKind


class BusinessIn(StrictSchema):
    """A business as its licence names it."""

    name = name_field(required=True, min_length=1)
    address = name_field(required=True, min_length=1)
    region_code = Text(required=True, max_length=6)
    area_type = ma.fields.Enum(AreaType, by_value=True, required=True)
    place_kind = ma.fields.Enum(PlaceKind, by_value=True, required=True)
    regulator_id = ma.fields.UUID(required=True)
    food_category_codes = ma.fields.List(name_field(), required=True, validate=ma.validate.Length(1, MAX_ROWS))
    stall_no = maybe(name_field)
    uscc = maybe(name_field)
    uscc_note = maybe(name_field)
    licence_kind = maybe(name_field)
    licence_no = maybe(name_field)
    legal_person = maybe(name_field)
    contact = maybe(name_field)
    phone = maybe(name_field)
    market_organiser = maybe(name_field)
    platform = maybe(name_field)
    shop_url = maybe(Text)


class BusinessOut(ma.Schema):
    """A business of the register."""

    id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True)
    address = ma.fields.String(required=True)
    stall_no = ma.fields.String(required=True, allow_none=True)
    region_code = ma.fields.String(required=True)
    place_kind = ma.fields.Enum(PlaceKind, by_value=True, required=True)
    uscc = ma.fields.String(required=True, allow_none=True)
    licence_no = ma.fields.String(required=True, allow_none=True)
    regulator_id = ma.fields.UUID(required=True)
    registered_at = ma.fields.AwareDateTime(required=True)
    closed_on = ma.fields.Date(required=True, allow_none=True)


class BusinessesIn(CursorIn):
    """Which businesses: by a part of the name, a code or a licence."""

    q = Text(max_length=60, load_default=None)


class BusinessesOut(PageOut):
    """A page of businesses by name."""

    items = ma.fields.List(ma.fields.Nested(BusinessOut), required=True)


class SignalIn(StrictSchema):
    """Something that may steer samples."""

    kind = ma.fields.Enum(SignalKind, by_value=True, required=True)
    text = Text(required=True, min_length=1)
    weight = Count(required=True, minimum=1, maximum=100)
    expires_on = ma.fields.Date(required=True)
    food_category_code = maybe(name_field)
    business_id = maybe(ma.fields.UUID)
    place_kind = maybe(ma.fields.Enum, PlaceKind, by_value=True)
    source_reference = maybe(name_field)


class SignalOut(ma.Schema):
    """A signal; it counts once somebody has confirmed it."""

    id = ma.fields.UUID(required=True)
    kind = ma.fields.Enum(SignalKind, by_value=True, required=True)
    received_at = ma.fields.AwareDateTime(required=True)
    text = ma.fields.String(required=True)
    weight = ma.fields.Integer(required=True)
    expires_on = ma.fields.Date(required=True)
    confirmed_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    dismissed_reason = ma.fields.String(required=True, allow_none=True)


class SignalsOut(ma.Schema):
    """The signals of an organisation."""

    items = ma.fields.List(ma.fields.Nested(SignalOut), required=True)


class DismissalIn(StrictSchema):
    """Why."""

    reason = Text(required=True, min_length=1)
