"""What the API of number blocks takes and gives."""

import marshmallow as ma

from lims.decisions import MAX_NOTE
from lims.web.paging import PageOut
from lims.web.schemas import StrictSchema, Text
from sampling.given_sheets.schemas import SheetOut
from sampling.number_blocks.types import BlockVerdict


class StagedBlockOut(ma.Schema):
    """One row of a sheet and what would become of it; `why` where it would not be taken."""

    row = ma.fields.Integer(required=True, attribute="number")
    written = ma.fields.List(ma.fields.String(), required=True)
    verdict = ma.fields.Enum(BlockVerdict, by_value=True, required=True)
    why = ma.fields.String(required=True, allow_none=True)


class NumberBlockFileOut(SheetOut):
    """A sheet of number blocks row by row."""

    rows = ma.fields.List(ma.fields.Nested(StagedBlockOut), required=True)


class NumberBlockOut(ma.Schema):
    """A block and what became of its numbers; `task_source` is empty where any plan may use it."""

    id = ma.fields.UUID(required=True, attribute="block.id")
    organisation_id = ma.fields.UUID(required=True, attribute="block.organisation_id")
    first_no = ma.fields.String(required=True, attribute="block.numbers.first_no")
    last_no = ma.fields.String(required=True, attribute="block.numbers.last_no")
    count = ma.fields.Integer(required=True)
    task_source = ma.fields.String(required=True, attribute="block.task_source")
    valid_from = ma.fields.Date(required=True, allow_none=True, attribute="block.valid_from")
    valid_to = ma.fields.Date(required=True, allow_none=True, attribute="block.valid_to")
    used = ma.fields.Integer(required=True)
    void = ma.fields.Integer(required=True)
    leased = ma.fields.Integer(required=True)
    left = ma.fields.Integer(required=True)
    is_low = ma.fields.Boolean(required=True)
    closed_at = ma.fields.AwareDateTime(required=True, allow_none=True, attribute="block.closed_at")
    closed_reason = ma.fields.String(required=True, allow_none=True, attribute="block.closed_reason")


class NumberBlocksOut(PageOut):
    """The blocks of one's organisation, the newest first."""

    items = ma.fields.List(ma.fields.Nested(NumberBlockOut), required=True)


class CloseBlockIn(StrictSchema):
    """Why no further number is leased from a block."""

    reason = Text(required=True, min_length=1, max_length=MAX_NOTE)
