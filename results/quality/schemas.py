"""What the API of quality control takes and gives."""

import marshmallow as ma

from lims.web.api import MeasuredField
from lims.web.paging import PageOut
from lims.web.schemas import Count, StrictSchema, Text
from results.quality.forms import LONG, SHORT
from results.quality.services.batches import MAX_POSITIONS
from results.quality.services.history import MAX_RUNS
from results.quality.types import LotKind, QcOutcome, SlotKind
from results.services.judging import MAX_RESULT_TEXT

MOST_ENTRIES = 5_000


class LotIn(StrictSchema):
    """A lot of a control material."""

    kind = ma.fields.Enum(LotKind, by_value=True, required=True)
    name = Text(required=True, min_length=1, max_length=SHORT)
    lot_no = Text(required=True, min_length=1, max_length=SHORT)
    certificate_no = Text(max_length=SHORT, load_default="")
    expires_on = ma.fields.Date(required=True)


class ValueIn(StrictSchema):
    """What a lot should give for one item by one method."""

    item_code = Text(required=True, min_length=1, max_length=SHORT)
    method = Text(required=True, min_length=1, max_length=SHORT)
    target = MeasuredField(required=True)
    deviation = MeasuredField(allow_none=True, load_default=None)
    low = MeasuredField(allow_none=True, load_default=None)
    high = MeasuredField(allow_none=True, load_default=None)
    unit = Text(required=True, min_length=1, max_length=20)


class LotOut(ma.Schema):
    """A lot of a control material."""

    id = ma.fields.UUID(required=True)
    kind = ma.fields.Enum(LotKind, by_value=True, required=True)
    name = ma.fields.String(required=True)
    lot_no = ma.fields.String(required=True)
    certificate_no = ma.fields.String(required=True)
    expires_on = ma.fields.Date(required=True)
    withdrawn_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    withdrawn_reason = ma.fields.String(required=True, allow_none=True)


class LotsOut(ma.Schema):
    """The lots of a laboratory."""

    items = ma.fields.List(ma.fields.Nested(LotOut), required=True)


class ValueOut(ma.Schema):
    """A target that counts now."""

    item_code = ma.fields.String(required=True, attribute="item.code")
    method = ma.fields.String(required=True, attribute="value.method")
    version = ma.fields.Integer(required=True, attribute="value.version")
    target = MeasuredField(required=True, attribute="value.target")
    deviation = MeasuredField(required=True, allow_none=True, attribute="value.deviation")
    low = MeasuredField(required=True, allow_none=True, attribute="value.low")
    high = MeasuredField(required=True, allow_none=True, attribute="value.high")
    unit = ma.fields.String(required=True, attribute="value.unit")


class OneLotOut(LotOut):
    """A lot with its targets."""

    values = ma.fields.List(ma.fields.Nested(ValueOut), required=True)


class SlotIn(StrictSchema):
    """One position of a batch."""

    kind = ma.fields.Enum(SlotKind, by_value=True, required=True)
    blind_code = Text(max_length=SHORT, allow_none=True, load_default=None)
    lot_id = ma.fields.UUID(allow_none=True, load_default=None)
    added = Text(max_length=SHORT, load_default="")


class BatchIn(StrictSchema):
    """A batch that is opened, its positions in their order."""

    method = Text(required=True, min_length=1, max_length=SHORT)
    note = Text(max_length=LONG, load_default="")
    slots = ma.fields.List(
        ma.fields.Nested(SlotIn), required=True, validate=ma.validate.Length(min=1, max=MAX_POSITIONS)
    )


class QcEntryIn(StrictSchema):
    """One result of quality control."""

    position = Count(minimum=1, required=True)
    item_code = Text(required=True, min_length=1, max_length=SHORT)
    text = Text(required=True, min_length=1, max_length=MAX_RESULT_TEXT)
    reason = Text(max_length=LONG, allow_none=True, load_default=None)
    reading_id = ma.fields.UUID(allow_none=True, load_default=None)


class QcEntriesIn(StrictSchema):
    """Results of quality control, all or none."""

    entries = ma.fields.List(
        ma.fields.Nested(QcEntryIn), required=True, validate=ma.validate.Length(min=1, max=MOST_ENTRIES)
    )


class PastValueIn(StrictSchema):
    """What one control gave."""

    lot_id = ma.fields.UUID(required=True)
    text = Text(required=True, min_length=1, max_length=MAX_RESULT_TEXT)


class PastRunIn(StrictSchema):
    """One run of the time before this program."""

    at = ma.fields.AwareDateTime(required=True)
    values = ma.fields.List(ma.fields.Nested(PastValueIn), required=True, validate=ma.validate.Length(min=1, max=20))


class HistoryIn(StrictSchema):
    """Control values of one item by one method, the oldest run first."""

    item_code = Text(required=True, min_length=1, max_length=SHORT)
    method = Text(required=True, min_length=1, max_length=SHORT)
    note = Text(required=True, min_length=1, max_length=LONG)
    runs = ma.fields.List(ma.fields.Nested(PastRunIn), required=True, validate=ma.validate.Length(min=1, max=MAX_RUNS))


class HistoryOut(ma.Schema):
    """How many values were taken over, by how they were judged."""

    in_control = ma.fields.Integer(required=True)
    warning = ma.fields.Integer(required=True)
    rejected = ma.fields.Integer(required=True)


class LiftIn(StrictSchema):
    """Why the results may be used."""

    reason = Text(required=True, min_length=1, max_length=LONG)


class QcCellOut(ma.Schema):
    """One item in one position of quality control."""

    position = ma.fields.Integer(required=True, attribute="slot.position")
    kind = ma.fields.Enum(SlotKind, by_value=True, required=True, attribute="slot.kind")
    item_code = ma.fields.String(required=True, attribute="item.code")
    lot_no = ma.fields.String(attribute="lot.lot_no", allow_none=True, dump_default=None)
    blind_code = ma.fields.String(required=True, allow_none=True)
    unit = ma.fields.String(required=True, attribute="expected.unit")
    criteria = ma.fields.Dict(required=True, attribute="expected.criteria")
    text = ma.fields.String(attribute="result.entered_text", allow_none=True, dump_default=None)
    is_judged = ma.fields.Boolean(required=True, attribute="is_settled")
    outcome = ma.fields.Enum(QcOutcome, by_value=True, attribute="verdict.outcome", allow_none=True, dump_default=None)
    figure = MeasuredField(attribute="verdict.figure", allow_none=True, dump_default=None)
    rules = ma.fields.List(ma.fields.String(), attribute="verdict.rules", dump_default=[])


class QcHoldOut(ma.Schema):
    """A hold of one item of a batch."""

    id = ma.fields.UUID(required=True, attribute="hold.id")
    batch_no = ma.fields.String(required=True, attribute="batch.batch_no")
    item_code = ma.fields.String(required=True, attribute="item.code")
    rules = ma.fields.List(ma.fields.String(), required=True, attribute="verdict.rules")
    opened_at = ma.fields.AwareDateTime(required=True, attribute="hold.opened_at")
    lifted_at = ma.fields.AwareDateTime(required=True, allow_none=True, attribute="hold.lifted_at")
    lift_reason = ma.fields.String(required=True, allow_none=True, attribute="hold.lift_reason")


class QcHoldsOut(ma.Schema):
    """What is held in a laboratory."""

    items = ma.fields.List(ma.fields.Nested(QcHoldOut), required=True)


class BatchOut(ma.Schema):
    """A batch in the list."""

    batch_no = ma.fields.String(required=True, attribute="batch.batch_no")
    method = ma.fields.String(required=True, attribute="batch.method")
    opened_at = ma.fields.AwareDateTime(required=True, attribute="batch.opened_at")
    samples = ma.fields.Integer(required=True)
    controls = ma.fields.Integer(required=True)
    missing = ma.fields.Integer(required=True)
    open_holds = ma.fields.Integer(required=True)
    outcome = ma.fields.Enum(QcOutcome, by_value=True, required=True, allow_none=True)


class BatchesOut(PageOut):
    """Batches, the newest first."""

    items = ma.fields.List(ma.fields.Nested(BatchOut), required=True)


class OneBatchOut(ma.Schema):
    """A batch with its quality control and its holds."""

    batch_no = ma.fields.String(required=True, attribute="batch.batch_no")
    method = ma.fields.String(required=True, attribute="batch.method")
    note = ma.fields.String(required=True, attribute="batch.note")
    opened_at = ma.fields.AwareDateTime(required=True, attribute="batch.opened_at")
    blind_codes = ma.fields.List(ma.fields.String(), required=True)
    controls = ma.fields.List(ma.fields.Nested(QcCellOut), required=True)
    holds = ma.fields.List(ma.fields.Nested(QcHoldOut), required=True)
