"""What the API of limit tables takes and gives."""

import marshmallow as ma

from lims.catalog.schemas import PLAUSIBLE_DAY
from lims.decisions import Outcome
from lims.limit_tables.services import MAX_FILE_NAME
from lims.limit_tables.types import Column, Part, RowVerdict
from lims.web.paging import CursorIn, PageOut
from lims.web.schemas import Base64, StrictSchema, Text, TwoPersonRequestOut


class LimitTableIn(StrictSchema):
    """A limit table as CSV or XLSX."""

    name = Text(required=True, min_length=1, max_length=MAX_FILE_NAME)
    content_base64 = Base64(required=True)
    valid_from = ma.fields.Date(required=True, validate=PLAUSIBLE_DAY)


class SentLimitTableIn(LimitTableIn):
    """A limit table that is sent to a second person."""

    source = Text(required=True, min_length=1, max_length=1000)
    reason = Text(required=True, min_length=1, max_length=1000)


class ChangeOut(ma.Schema):
    """A part of the catalogue before and after."""

    part = ma.fields.Enum(Part, by_value=True, required=True)
    old = ma.fields.String(required=True)
    new = ma.fields.String(required=True)


class ProblemOut(ma.Schema):
    """Why a row cannot be used."""

    column = ma.fields.Enum(Column, by_value=True, required=True, allow_none=True)
    message = ma.fields.String(required=True)


class LimitTableRowOut(ma.Schema):
    """A row of the file and what becomes of it."""

    row = ma.fields.Integer(required=True)
    verdict = ma.fields.Enum(RowVerdict, by_value=True, required=True)
    food = ma.fields.String(required=True)
    item = ma.fields.String(required=True)
    changes = ma.fields.List(ma.fields.Nested(ChangeOut), required=True)
    problems = ma.fields.List(ma.fields.Nested(ProblemOut), required=True)


class LimitPreviewOut(ma.Schema):
    """A table that was only looked at."""

    valid_from = ma.fields.Date(required=True)
    counts = ma.fields.Dict(keys=ma.fields.Enum(RowVerdict, by_value=True), values=ma.fields.Integer(), required=True)
    rows = ma.fields.List(ma.fields.Nested(LimitTableRowOut), required=True)


class LimitTableOut(TwoPersonRequestOut):
    """A table that was sent."""

    file_name = ma.fields.String(required=True)
    valid_from = ma.fields.Date(required=True)
    source = ma.fields.String(required=True)
    outcome = ma.fields.Enum(Outcome, by_value=True, required=True, allow_none=True)


class LimitTablesOut(PageOut):
    """Tables that were sent, the newest first."""

    items = ma.fields.List(ma.fields.Nested(LimitTableOut), required=True)


class LimitTableRowsIn(CursorIn):
    """Which rows of a table are wanted."""

    verdict = ma.fields.Enum(RowVerdict, by_value=True, load_default=None)


class LimitTableRowsOut(PageOut):
    """Rows of a table in the order of its file."""

    items = ma.fields.List(ma.fields.Nested(LimitTableRowOut), required=True)
