"""What the API of results takes and gives; every field is listed because what the bench is told is a decision."""

from typing import Any

import marshmallow as ma

from lims.web.api import MeasuredField
from lims.web.paging import PageIn, PageOut
from lims.web.schemas import Count, StrictSchema, Text
from results.forms import HEX_LENGTH, MAX_CODE, MAX_REASON
from results.rules.formulas import FORMULAS
from results.services.judging import MAX_RESULT_TEXT
from results.types import ItemKind, ItemVerdict, LimitState, ReportStanding, Rule, TestSetState
from sampling.types import Packaging, PhysicalForm, ProductType, SampleVerdict, StorageCondition

MAX_ENTRIES = 500  # items of one set; the longest rule book table names 60
HEX_SHA256 = ma.validate.Regexp(r"[0-9a-f]{64}\Z")


class TestSetsIn(PageIn):
    """Which sets are asked for."""

    state = ma.fields.Enum(TestSetState, by_value=True, load_default=None)
    search = Text(max_length=MAX_CODE, load_default=None)
    mine = ma.fields.Boolean(load_default=False)


class TestSetOut(ma.Schema):
    """A set of the worklist."""

    blind_code = ma.fields.String(required=True)
    category_zh = ma.fields.String(required=True)
    category_en = ma.fields.String(required=True, allow_none=True)
    product_date = ma.fields.Date(required=True)
    state = ma.fields.Enum(TestSetState, by_value=True, required=True)
    opened_at = ma.fields.AwareDateTime(required=True)
    report_due_on = ma.fields.Date(required=True, attribute="due.on")
    report_due_is_provisional = ma.fields.Boolean(required=True, attribute="due.is_provisional")
    items = ma.fields.Integer(required=True)
    entered = ma.fields.Integer(required=True)
    last_entry_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    is_returned = ma.fields.Boolean(required=True)
    testers = ma.fields.List(ma.fields.String(), required=True)


class TestSetsOut(PageOut):
    """One page of sets."""

    items = ma.fields.List(ma.fields.Nested(TestSetOut), required=True)


class ItemResultOut(ma.Schema):
    """The result that stands for an item, with its verdict."""

    version = ma.fields.Integer(required=True)
    entered_text = ma.fields.String(required=True)
    untested_reason = ma.fields.String(required=True, allow_none=True)
    calculation = ma.fields.Dict(required=True, allow_none=True)
    verdict = ma.fields.Enum(ItemVerdict, by_value=True, required=True)
    rule = ma.fields.Enum(Rule, by_value=True, required=True)
    compared_value = MeasuredField(required=True, allow_none=True)
    change_reason = ma.fields.String(required=True, allow_none=True)
    entered_by_id = ma.fields.UUID(required=True)
    entered_at = ma.fields.AwareDateTime(required=True)
    approved_by_id = ma.fields.UUID(required=True, allow_none=True)


class TestLineOut(ma.Schema):
    """One item to be tested, its method, and the limit it is judged by."""

    id = ma.fields.UUID(required=True, attribute="line.id")
    position = ma.fields.Integer(required=True, attribute="line.position")
    item_code = ma.fields.String(required=True, attribute="item.code")
    item_zh = ma.fields.String(required=True, attribute="item.name_zh")
    item_en = ma.fields.String(required=True, allow_none=True, attribute="item.name_en")
    kind = ma.fields.Enum(ItemKind, by_value=True, required=True, attribute="line.kind")
    method = ma.fields.Function(lambda one: one.method.name if one.method else None, required=True, allow_none=True)
    lod = MeasuredField(required=True, allow_none=True, attribute="line.lod")
    loq = MeasuredField(required=True, allow_none=True, attribute="line.loq")
    unit = ma.fields.String(required=True, attribute="line.unit")
    limit_state = ma.fields.Enum(LimitState, by_value=True, required=True, attribute="line.limit_state")
    limit_text = ma.fields.String(required=True, attribute="line.limit_text")
    limit_unit = ma.fields.String(required=True, attribute="line.limit_unit")
    basis = ma.fields.String(required=True, attribute="line.basis")
    result = ma.fields.Nested(ItemResultOut, required=True, allow_none=True)


class BlindFactsOut(ma.Schema):
    """What may be known of a sample at the bench."""

    category_zh = ma.fields.Function(lambda one: [step.name_zh for step in one.path], required=True)
    product_type = ma.fields.Enum(ProductType, by_value=True, required=True)
    packaging = ma.fields.Enum(Packaging, by_value=True, required=True)
    physical_form = ma.fields.Enum(PhysicalForm, by_value=True, required=True)
    storage_condition = ma.fields.Enum(StorageCondition, by_value=True, required=True)
    storage_celsius = ma.fields.String(required=True, allow_none=True)
    standard = ma.fields.String(required=True, allow_none=True)
    is_enterprise_standard = ma.fields.Boolean(required=True)


class SetReturnOut(ma.Schema):
    """Why a set came back to the bench."""

    reason = ma.fields.String(required=True)
    after_lock = ma.fields.Boolean(required=True)
    returned_at = ma.fields.AwareDateTime(required=True)


class CorrectionOut(ma.Schema):
    """A correction that waits for its second person."""

    id = ma.fields.UUID(required=True)
    line_id = ma.fields.UUID(required=True, attribute="set_item_id")
    entered_text = ma.fields.String(required=True)
    reason = ma.fields.String(required=True)
    proposed_by_id = ma.fields.UUID(required=True)
    proposed_at = ma.fields.AwareDateTime(required=True)


class RetestOut(ma.Schema):
    """The second measurement of an item that failed."""

    id = ma.fields.UUID(required=True)
    line_id = ma.fields.UUID(required=True, attribute="set_item_id")
    version = ma.fields.Integer(required=True, metadata={"description": "Of the result that it is held against."})
    entered_text = ma.fields.String(required=True)
    verdict = ma.fields.Enum(ItemVerdict, by_value=True, required=True)
    tested_by_id = ma.fields.UUID(required=True)
    tested_at = ma.fields.AwareDateTime(required=True)


class TestSetDetailOut(ma.Schema):
    """A set with its items."""

    blind_code = ma.fields.String(required=True)
    state = ma.fields.Enum(TestSetState, by_value=True, required=True)
    product_date = ma.fields.Date(required=True)
    label_claims = ma.fields.String(required=True)
    opened_at = ma.fields.AwareDateTime(required=True)
    sample = ma.fields.Nested(BlindFactsOut, required=True)
    lines = ma.fields.List(ma.fields.Nested(TestLineOut), required=True)
    returns = ma.fields.List(ma.fields.Nested(SetReturnOut), required=True)
    proposals = ma.fields.List(ma.fields.Nested(CorrectionOut), required=True)


class CalculationIn(StrictSchema):
    """How a result was computed; `text` beside it must be what the formula gives, rounded once."""

    formula = ma.fields.String(required=True, validate=ma.validate.OneOf(tuple(FORMULAS)))
    interims = ma.fields.Dict(keys=ma.fields.String(), values=Text(max_length=MAX_RESULT_TEXT), required=True)


class ResultEntryIn(StrictSchema):
    """A result of one item, as a tester writes it."""

    line_id = ma.fields.UUID(required=True)
    text = Text(required=True, min_length=1, max_length=MAX_RESULT_TEXT)
    reason = Text(max_length=MAX_REASON, load_default=None, allow_none=True)
    untested_reason = Text(max_length=MAX_REASON, load_default=None, allow_none=True)
    seen_version = Count(load_default=None, allow_none=True)
    calculation = ma.fields.Nested(CalculationIn, load_default=None, allow_none=True)


class ResultEntriesIn(StrictSchema):
    """Results of one set; all are entered or none."""

    entries = ma.fields.List(
        ma.fields.Nested(ResultEntryIn), required=True, validate=ma.validate.Length(min=1, max=MAX_ENTRIES)
    )


class RetestIn(StrictSchema):
    """What the second measurement of an item found."""

    line_id = ma.fields.UUID(required=True)
    text = Text(required=True, min_length=1, max_length=MAX_RESULT_TEXT)


class CorrectionIn(StrictSchema):
    """A result that shall replace one whose lock was lifted."""

    line_id = ma.fields.UUID(required=True)
    text = Text(required=True, min_length=1, max_length=MAX_RESULT_TEXT)
    reason = Text(required=True, min_length=1, max_length=MAX_REASON)


class ResultReasonIn(StrictSchema):
    """Why."""

    reason = Text(required=True, min_length=1, max_length=MAX_REASON)


class ResultLockOut(ma.Schema):
    """The lock of a set."""

    seq = ma.fields.Integer(required=True)
    locked_at = ma.fields.AwareDateTime(required=True)
    results_sha256 = ma.fields.Function(lambda lock: lock.results_sha256.hex(), required=True)


class TestReportIn(StrictSchema):
    """The locked set whose report shall be composed."""

    blind_code = Text(required=True, min_length=1, max_length=MAX_CODE)


class TestReportOut(ma.Schema):
    """A composed report."""

    id = ma.fields.UUID(required=True)
    report_no = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    sample_id = ma.fields.UUID(required=True)
    verdict = ma.fields.Enum(SampleVerdict, by_value=True, required=True)
    issued_on = ma.fields.Date(required=True)
    composed_at = ma.fields.AwareDateTime(required=True)
    check_code = ma.fields.String(required=True)
    pdf_sha256 = ma.fields.Function(lambda report: report.pdf_sha256.hex(), required=True)


class ReportSignatureIn(StrictSchema):
    """The signature: which file was looked at, and the password again."""

    pdf_sha256 = Text(required=True, max_length=HEX_LENGTH, validate=HEX_SHA256)
    password = Text(required=True, min_length=1, max_length=1000)


class ConclusionOut(ma.Schema):
    """The conclusion that a signature fixed."""

    id = ma.fields.UUID(required=True)
    sample_id = ma.fields.UUID(required=True)
    report_id = ma.fields.UUID(required=True)
    verdict = ma.fields.Enum(SampleVerdict, by_value=True, required=True)
    referral_id = ma.fields.UUID(required=True, allow_none=True)
    signed_at = ma.fields.AwareDateTime(required=True)


class LaterConclusionOut(ma.Schema):
    """The recheck that replaced the conclusion of a report."""

    number = ma.fields.String(required=True)
    report_no = ma.fields.String(required=True)
    lab_zh = ma.fields.String(required=True)
    lab_en = ma.fields.String(required=True)
    signed_at = ma.fields.AwareDateTime(required=True)


class ReportCheckOut(ma.Schema):
    """What the public is told about a report."""

    report_no = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    lab_zh = ma.fields.String(required=True)
    lab_en = ma.fields.String(required=True)
    issued_on = ma.fields.Date(required=True)
    standing = ma.fields.Enum(ReportStanding, by_value=True, required=True)
    signed_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    pdf_sha256 = ma.fields.Function(lambda found: found.pdf_sha256.hex(), required=True)
    later = ma.fields.Nested(LaterConclusionOut, required=True, allow_none=True)


def dumped(schema: ma.Schema, shown: Any) -> dict[str, Any]:
    """What a schema makes of a thing."""
    made: dict[str, Any] = schema.dump(shown)
    return made
