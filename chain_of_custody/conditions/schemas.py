"""What the API of conditions takes and gives."""

import marshmallow as ma

from lims.web.api import MeasuredField
from lims.web.schemas import StrictSchema, Text
from sampling.schemas.fields import Base64Field
from sampling.types import StorageCondition


class TemperatureLogIn(StrictSchema):
    """The file of a data logger."""

    file_name = Text(required=True, min_length=1, max_length=200)
    content = Base64Field(required=True)


class PlaceLogIn(TemperatureLogIn):
    """The file of a logger in the store, and what is kept there."""

    condition = ma.fields.Enum(StorageCondition, by_value=True, required=True)


class ExcursionOut(ma.Schema):
    """A stretch in which it was warmer than allowed, with its highest, or colder, with its lowest."""

    begins_at = ma.fields.AwareDateTime(required=True)
    ends_at = ma.fields.AwareDateTime(required=True)
    highest = MeasuredField(required=True, allow_none=True)
    lowest = MeasuredField(required=True, allow_none=True)


class TemperatureLogOut(ma.Schema):
    """A file of a data logger and what it says."""

    id = ma.fields.UUID(required=True)
    hand_over_id = ma.fields.UUID(required=True, allow_none=True)
    place_id = ma.fields.UUID(required=True, allow_none=True)
    file_name = ma.fields.String(required=True)
    sha256 = ma.fields.String(required=True)
    bound = MeasuredField(required=True, allow_none=True)
    lower_bound = MeasuredField(required=True, allow_none=True)
    readings = ma.fields.Integer(required=True)
    first_at = ma.fields.AwareDateTime(required=True)
    last_at = ma.fields.AwareDateTime(required=True)
    lowest = MeasuredField(required=True)
    highest = MeasuredField(required=True)
    excursions = ma.fields.List(ma.fields.Nested(ExcursionOut), required=True)


class TemperatureLogsOut(ma.Schema):
    """The files of one hand-over or place."""

    items = ma.fields.List(ma.fields.Nested(TemperatureLogOut), required=True)
