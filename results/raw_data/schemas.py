"""What the API of raw data takes and gives."""

import marshmallow as ma

from lims.web.schemas import Base64, StrictSchema, Text
from results.raw_data.services import MAX_FILE_NAME, MAX_NOTE


class RawDataIn(StrictSchema):
    """A file behind the results of a set."""

    name = Text(required=True, min_length=1, max_length=MAX_FILE_NAME)
    content_base64 = Base64(required=True)
    note = Text(load_default="", max_length=MAX_NOTE)


class RawDataOut(ma.Schema):
    """A file that is attached."""

    id = ma.fields.UUID(required=True)
    file_name = ma.fields.String(required=True)
    sha256 = ma.fields.Function(lambda one: one.sha256.hex(), metadata={"type": "string"}, required=True)
    note = ma.fields.String(required=True)
    attached_by_id = ma.fields.UUID(required=True)
    attached_at = ma.fields.AwareDateTime(required=True)


class RawDataListOut(ma.Schema):
    """The files of a set; there are at most a hundred, so they come on one page."""

    items = ma.fields.List(ma.fields.Nested(RawDataOut), required=True)
