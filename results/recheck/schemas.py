"""What the API of rechecks takes and gives."""

import marshmallow as ma

from lims.web.schemas import StrictSchema, Text
from results.recheck.types import RecheckState, RefusalReason
from results.referral.types import Addressee
from results.services.entry import MAX_RESULT_TEXT
from sampling.types import SampleVerdict

MAX_ITEMS = 200


class ApplicationIn(StrictSchema):
    """An application as it came in."""

    applicant = ma.fields.Enum(Addressee, by_value=True, required=True)
    set_item_ids = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(1, MAX_ITEMS))
    applied_on = ma.fields.Date(required=True)
    grounds = Text(required=True, min_length=1, max_length=1_000)


class RefusalIn(StrictSchema):
    """Why an application is refused."""

    reason = ma.fields.Enum(RefusalReason, by_value=True, required=True)
    note = Text(required=True, min_length=1, max_length=1_000)


class ResultIn(StrictSchema):
    """What was found for one item."""

    set_item_id = ma.fields.UUID(required=True)
    text = Text(required=True, min_length=1, max_length=MAX_RESULT_TEXT)


class ResultsIn(StrictSchema):
    """What the recheck laboratory found."""

    results = ma.fields.List(ma.fields.Nested(ResultIn), required=True, validate=ma.validate.Length(1, MAX_ITEMS))


class ConclusionIn(StrictSchema):
    """The report that is signed."""

    report_no = Text(required=True, min_length=1, max_length=60)


class RecheckOut(ma.Schema):
    """A recheck."""

    id = ma.fields.UUID(required=True)
    recheck_no = ma.fields.String(required=True)
    sample_id = ma.fields.UUID(required=True)
    referral_id = ma.fields.UUID(required=True)
    applicant = ma.fields.Enum(Addressee, by_value=True, required=True)
    applied_on = ma.fields.Date(required=True)
    set_item_ids = ma.fields.List(ma.fields.UUID(), required=True)
    state = ma.fields.Enum(RecheckState, by_value=True, required=True)
    decide_due_at = ma.fields.AwareDateTime(required=True)
    refusal = ma.fields.Enum(RefusalReason, by_value=True, required=True, allow_none=True)
    lab_id = ma.fields.UUID(required=True, allow_none=True)
    draw = ma.fields.Dict(required=True, allow_none=True)
    report_due_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    concluded_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class RecheckConclusionOut(ma.Schema):
    """The conclusion of a recheck."""

    recheck_id = ma.fields.UUID(required=True)
    verdict = ma.fields.Enum(SampleVerdict, by_value=True, required=True)
    report_no = ma.fields.String(required=True)
    signed_at = ma.fields.AwareDateTime(required=True)
