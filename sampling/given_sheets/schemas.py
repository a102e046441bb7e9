"""What the API takes and gives of sheets."""

import marshmallow as ma

from lims.web.schemas import StrictSchema, Text
from sampling.schemas.fields import Base64Field


class SheetIn(StrictSchema):
    """A sheet to hand in."""

    file_name = Text(required=True, min_length=1, max_length=200)
    content = Base64Field(required=True)


class SheetOut(ma.Schema):
    """A sheet; `problem` where it is none of its kind."""

    id = ma.fields.UUID(required=True)
    file_name = ma.fields.String(required=True)
    sha256 = ma.fields.String(required=True)
    received_at = ma.fields.AwareDateTime(required=True)
    taken_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    problem = ma.fields.String(required=True, allow_none=True)
