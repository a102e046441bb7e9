"""What the API of instruments takes and gives."""

from decimal import Decimal
from typing import Any

import marshmallow as ma

from instruments.types import (
    Comparator,
    FileState,
    MatchedBy,
    PortState,
    QuarantineReason,
    ReadingState,
    ReadingStatus,
    RowVerdict,
)
from lims.quantities import QuantityError, parse_measured
from lims.web.api import MeasuredField
from lims.web.paging import CursorIn, PageOut
from lims.web.schemas import Base64, Count, StrictSchema, Text

MAX_NAME = 200
MAX_BATCH = 500
MAX_FRAME_HEX = 2 * 1024 * 1024  # a whole message of an analyser, twice what any of them sends
MAX_REASON = 500
MAX_PORTS = 200  # of one reader
HEX = ma.validate.Regexp(r"(?:[0-9a-fA-F]{2})*\Z")


class DeviceValue(ma.fields.String):
    """What the reader made of a value; None where the server would not take it as a number: the text stands beside."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal | None:  # type: ignore[override]
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return parse_measured(text)
        except QuantityError:
            return None


class DeliveredIn(StrictSchema):
    """One reading as a reader sends it."""

    key = Text(required=True, min_length=1, max_length=100)
    captured_at = ma.fields.AwareDateTime(required=True)
    driver = Text(required=True, min_length=1, max_length=MAX_NAME)
    parser_version = Count(required=True)
    raw_hex = Text(required=True, max_length=MAX_FRAME_HEX, validate=HEX)
    item_text = Text(load_default="")
    sample_text = Text(load_default="")
    slot = Text(load_default="", max_length=MAX_NAME)
    value_text = Text(load_default="")
    value = DeviceValue(allow_none=True, load_default=None)
    comparator = ma.fields.Enum(Comparator, by_value=True, allow_none=True, load_default=None)
    unit_text = Text(load_default="")
    status = ma.fields.Enum(ReadingStatus, by_value=True, required=True)
    verdict_text = Text(load_default="")
    measured_text = Text(load_default="")
    measured_at = ma.fields.AwareDateTime(allow_none=True, load_default=None)
    record_no = Text(load_default="")
    quality_control = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})
    identity = Text(load_default="", max_length=100)
    problem = ma.fields.Enum(QuarantineReason, by_value=True, allow_none=True, load_default=None)


class ReadingsIn(StrictSchema):
    """A batch of readings of one instrument, in order."""

    instrument = Text(required=True, min_length=1, max_length=MAX_NAME)
    readings = ma.fields.List(ma.fields.Nested(DeliveredIn), required=True, validate=ma.validate.Length(1, MAX_BATCH))


class TakenOut(ma.Schema):
    """What became of a batch: `known` were delivered before."""

    instrument_id = ma.fields.UUID(required=True, allow_none=True)
    taken = ma.fields.Integer(required=True)
    known = ma.fields.Integer(required=True)
    quarantined = ma.fields.Integer(required=True)


class ReadingOut(ma.Schema):
    """One stored reading."""

    id = ma.fields.UUID(required=True)
    instrument_id = ma.fields.UUID(required=True)
    driver = ma.fields.String(required=True)
    item_text = ma.fields.String(required=True)
    sample_text = ma.fields.String(required=True)
    slot = ma.fields.String(required=True)
    value_text = ma.fields.String(required=True)
    value = MeasuredField(required=True, allow_none=True)
    comparator = ma.fields.Enum(Comparator, by_value=True, required=True, allow_none=True)
    unit_text = ma.fields.String(required=True)
    status = ma.fields.Enum(ReadingStatus, by_value=True, required=True)
    raw_sha256 = ma.fields.Function(lambda row: row.raw_sha256.hex(), required=True, metadata={"type": "string"})
    measured_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    captured_at = ma.fields.AwareDateTime(required=True)
    received_at = ma.fields.AwareDateTime(required=True)
    state = ma.fields.Enum(ReadingState, by_value=True, required=True)
    matched_by = ma.fields.Enum(MatchedBy, by_value=True, required=True, allow_none=True)
    blind_code = ma.fields.String(required=True, allow_none=True)
    quarantine_reason = ma.fields.Enum(QuarantineReason, by_value=True, required=True, allow_none=True)
    expected_text = ma.fields.String(required=True, allow_none=True)
    conflicts_with_id = ma.fields.UUID(required=True, allow_none=True)
    file_id = ma.fields.UUID(required=True, allow_none=True)
    file_row = ma.fields.Integer(required=True, allow_none=True)
    decision = ma.fields.String(required=True, allow_none=True)


class ReadingsPageIn(CursorIn):
    """Which readings, and which page of them."""

    state = ma.fields.Enum(ReadingState, by_value=True)


class ReadingsOut(PageOut):
    """A page of readings; `next_cursor` leads to the following one."""

    items = ma.fields.List(ma.fields.Nested(ReadingOut), required=True)


class AssignIn(StrictSchema):
    """The blind code a reading belongs to, and why."""

    blind_code = Text(required=True, min_length=1, max_length=60)
    reason = Text(required=True, min_length=1, max_length=MAX_REASON)


class RejectIn(StrictSchema):
    """Why a reading is not used."""

    reason = Text(required=True, min_length=1, max_length=MAX_REASON)


class LookedAgainOut(ma.Schema):
    """What came of looking again: readings that a unit held, and whether the reading found its sample."""

    readings = ma.fields.Integer(required=True)
    matched = ma.fields.Boolean(required=True)


class PortIn(StrictSchema):
    """One connection as its reader sees it."""

    instrument = Text(required=True, min_length=1, max_length=MAX_NAME)
    driver = Text(required=True, min_length=1, max_length=MAX_NAME)
    port = Text(required=True, max_length=MAX_REASON)
    state = ma.fields.Enum(PortState, by_value=True, required=True)
    healthy = ma.fields.Boolean(required=True, truthy={True}, falsy={False})
    last_byte_at = ma.fields.AwareDateTime(allow_none=True, load_default=None)
    last_reading_at = ma.fields.AwareDateTime(allow_none=True, load_default=None)
    last_error = Text(load_default="", max_length=2000)
    last_error_at = ma.fields.AwareDateTime(allow_none=True, load_default=None)
    counts = ma.fields.Dict(keys=Text(max_length=40), values=ma.fields.Integer(strict=True), load_default=dict)
    settings = ma.fields.Dict(keys=Text(max_length=MAX_NAME), values=Text(max_length=MAX_NAME), load_default=dict)


class ConnectionsIn(StrictSchema):
    """All connections of one reader, as they are now."""

    reader = Text(required=True, min_length=1, max_length=MAX_NAME)
    ports = ma.fields.List(ma.fields.Nested(PortIn), required=True, validate=ma.validate.Length(max=MAX_PORTS))


class ConnectionsOut(ma.Schema):
    """How many connections were noted."""

    ports = ma.fields.Integer(required=True)


class FileIn(StrictSchema):
    """A file of readings: kept first, then looked at."""

    instrument = Text(required=True, min_length=1, max_length=MAX_NAME)
    name = Text(required=True, min_length=1, max_length=MAX_NAME)
    content_base64 = Base64(required=True)
    profile = Text(allow_none=True, load_default=None, max_length=MAX_NAME)
    take = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})


class FileOut(ma.Schema):
    """A file and what would become of its rows; `known` when its bytes were here before, under whatever name."""

    id = ma.fields.UUID(required=True)
    state = ma.fields.Enum(FileState, by_value=True, required=True)
    known = ma.fields.Boolean(required=True)
    profile = ma.fields.String(required=True, allow_none=True)
    problem = ma.fields.String(required=True, allow_none=True)
    taken = ma.fields.Integer(required=True)
    rows = ma.fields.Dict(keys=ma.fields.Enum(RowVerdict, by_value=True), values=ma.fields.Integer(), required=True)
