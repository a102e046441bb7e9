"""What the API of keeping takes and gives."""

import marshmallow as ma

from chain_of_custody.forms import MAX_NUMBER, MAX_SENTENCE
from chain_of_custody.keeping.services.disposals import MAX_LINES
from chain_of_custody.keeping.services.stock import LONGEST_LABEL
from chain_of_custody.keeping.types import DifferenceKind, DisposalState, DisposalWay, HoldKind, KeepingState
from chain_of_custody.types import PortionKind
from lims.web.api import MeasuredField
from lims.web.paging import CursorIn, PageOut
from lims.web.schemas import StrictSchema, Text


class ConcludedOut(ma.Schema):
    """What the clock runs from."""

    at = ma.fields.AwareDateTime(required=True)
    is_pass = ma.fields.Boolean(required=True)


class HoldOut(ma.Schema):
    """What holds a portion back from its disposal."""

    kind = ma.fields.Enum(HoldKind, by_value=True, required=True)
    reference = ma.fields.String(required=True)
    since = ma.fields.AwareDateTime(required=True)


class KeptOut(ma.Schema):
    """A backup portion that the laboratory keeps, with its clock."""

    portion_id = ma.fields.UUID(required=True)
    sample_id = ma.fields.UUID(required=True)
    sampling_no = ma.fields.String(required=True)
    portion_no = ma.fields.String(required=True)
    quantity = ma.fields.String(required=True)
    product_name = ma.fields.String(required=True)
    place_code = ma.fields.String(required=True, allow_none=True)
    concluded = ma.fields.Nested(ConcludedOut, required=True, allow_none=True)
    keep_until = ma.fields.Date(required=True, allow_none=True)
    shelf_life_until = ma.fields.Date(required=True, allow_none=True)
    is_cut_short = ma.fields.Boolean(required=True)
    dispose_by = ma.fields.Date(required=True, allow_none=True)
    holds = ma.fields.List(ma.fields.Nested(HoldOut), required=True)
    state = ma.fields.Enum(KeepingState, by_value=True, required=True)


class KeptIn(CursorIn):
    """Which page of the store, and of which state."""

    state = ma.fields.Enum(KeepingState, by_value=True)


class KeptsOut(PageOut):
    """A page of kept portions, what is most pressing first."""

    items = ma.fields.List(ma.fields.Nested(KeptOut), required=True)


class DisposalIn(StrictSchema):
    """Portions to be disposed of, how and why."""

    portion_nos = ma.fields.List(
        Text(min_length=1, max_length=MAX_NUMBER), required=True, validate=ma.validate.Length(1, MAX_LINES)
    )
    way = ma.fields.Enum(DisposalWay, by_value=True, required=True)
    reason = Text(required=True, min_length=1, max_length=MAX_SENTENCE)


class DisposalConfirmationIn(StrictSchema):
    """What the second person saw."""

    weight_kg = MeasuredField(required=True)
    witness = Text(required=True, min_length=1, max_length=MAX_NUMBER)


class DisposalOut(ma.Schema):
    """A disposal."""

    id = ma.fields.UUID(required=True)
    record_no = ma.fields.String(required=True)
    state = ma.fields.Enum(DisposalState, by_value=True, required=True)
    way = ma.fields.Enum(DisposalWay, by_value=True, required=True)
    reason = ma.fields.String(required=True)
    proposed_by_id = ma.fields.UUID(required=True)
    proposed_at = ma.fields.AwareDateTime(required=True)
    ended_by_id = ma.fields.UUID(required=True, allow_none=True)
    ended_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    weight_kg = MeasuredField(required=True, allow_none=True)
    witness = ma.fields.String(required=True, allow_none=True)


class DisposalsOut(PageOut):
    """Disposals, the newest first."""

    items = ma.fields.List(ma.fields.Nested(DisposalOut), required=True)


class DisposedOut(ma.Schema):
    """One portion of a disposal."""

    portion_id = ma.fields.UUID(required=True)
    sample_id = ma.fields.UUID(required=True)
    portion_no = ma.fields.String(required=True)
    kind = ma.fields.Enum(PortionKind, by_value=True, required=True)
    quantity = MeasuredField(required=True)
    quantity_unit = ma.fields.String(required=True)
    seal_no = ma.fields.String(required=True)


class OneDisposalOut(DisposalOut):
    """A disposal with its list."""

    lines = ma.fields.List(ma.fields.Nested(DisposedOut), required=True)


class StockCountIn(StrictSchema):
    """The place that is counted, with everything below it."""

    place_id = ma.fields.UUID(required=True)


class StockScansIn(StrictSchema):
    """What was read off the labels."""

    codes = ma.fields.List(
        Text(min_length=1, max_length=LONGEST_LABEL), required=True, validate=ma.validate.Length(1, MAX_LINES)
    )


class DifferenceOut(ma.Schema):
    """One line of a difference list."""

    scanned = ma.fields.String(required=True)
    kind = ma.fields.Enum(DifferenceKind, by_value=True, required=True)
    portion_id = ma.fields.UUID(required=True, allow_none=True)
    known_place_id = ma.fields.UUID(required=True, allow_none=True)
    resolved_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    resolved_by_id = ma.fields.UUID(required=True, allow_none=True)
    resolution = ma.fields.String(required=True, allow_none=True)


class StockCountOut(ma.Schema):
    """A count of a place."""

    id = ma.fields.UUID(required=True)
    count_no = ma.fields.String(required=True)
    place_id = ma.fields.UUID(required=True)
    started_by_id = ma.fields.UUID(required=True)
    started_at = ma.fields.AwareDateTime(required=True)
    closed_by_id = ma.fields.UUID(required=True, allow_none=True)
    closed_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    expected = ma.fields.Integer(required=True, allow_none=True)


class StockCountsOut(PageOut):
    """Counts, the newest first."""

    items = ma.fields.List(ma.fields.Nested(StockCountOut), required=True)


class OneStockCountOut(StockCountOut):
    """A count with what was scanned and what differs."""

    scanned = ma.fields.List(ma.fields.String(), required=True)
    differences = ma.fields.List(ma.fields.Nested(DifferenceOut), required=True)


class DifferenceResolutionIn(StrictSchema):
    """How a difference was cleared up."""

    scanned = Text(required=True, min_length=1, max_length=LONGEST_LABEL)
    resolution = Text(required=True, min_length=1, max_length=MAX_SENTENCE)
