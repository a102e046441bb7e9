"""What the API of the environment log takes and gives."""

import marshmallow as ma

from lims.web.api import MeasuredField
from lims.web.schemas import StrictSchema


class EnvironmentReadingIn(StrictSchema):
    """What a room is, as a sensor or a person read it."""

    read_at = ma.fields.AwareDateTime(required=True)
    celsius = MeasuredField(required=True)
    humidity = MeasuredField(load_default=None, allow_none=True)


class EnvironmentReadingOut(ma.Schema):
    """A reading as it was judged."""

    id = ma.fields.UUID(required=True)
    room_id = ma.fields.UUID(required=True)
    read_at = ma.fields.AwareDateTime(required=True)
    celsius = ma.fields.Function(lambda one: f"{one.celsius:f}", required=True)
    is_outside = ma.fields.Boolean(required=True)
