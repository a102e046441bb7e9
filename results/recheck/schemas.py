"""What the API of rechecks takes and gives."""

import marshmallow as ma

from lims.web.api import MeasuredField
from lims.web.schemas import StrictSchema, Text
from results.recheck.types import FeeBearer, RecheckClock, RecheckState, RefusalReason
from results.referral.types import Addressee
from results.services.judging import MAX_RESULT_TEXT
from sampling.schemas.fields import Base64Field
from sampling.types import SampleVerdict

MAX_ITEMS = 200


class ApplicationIn(StrictSchema):
    """An application as it came in."""

    applicant = ma.fields.Enum(Addressee, by_value=True, required=True)
    set_item_ids = ma.fields.List(ma.fields.UUID(), required=True, validate=ma.validate.Length(1, MAX_ITEMS))
    applied_on = ma.fields.Date(required=True)
    grounds = Text(required=True, min_length=1, max_length=1_000)


class RecheckAcceptanceIn(StrictSchema):
    """Why it is accepted although the program proposes to refuse it; needed only then."""

    note = Text(load_default="", max_length=1_000)


class RefusalIn(StrictSchema):
    """Why an application is refused."""

    reason = ma.fields.Enum(RefusalReason, by_value=True, required=True)
    note = Text(required=True, min_length=1, max_length=1_000)


class RecheckDeclineIn(StrictSchema):
    """Why a laboratory that was drawn cannot do the recheck."""

    reason = Text(required=True, min_length=1, max_length=1_000)


class RecheckJudgementIn(StrictSchema):
    """Whether a laboratory had a cause to decline."""

    had_cause = ma.fields.Boolean(required=True)
    judgement = Text(required=True, min_length=1, max_length=1_000)


class RecheckExtensionIn(StrictSchema):
    """Until when the running term goes on."""

    until = ma.fields.Date(required=True)
    reason = Text(required=True, min_length=1, max_length=1_000)


class RecheckLinkIn(StrictSchema):
    """An interest between a laboratory of the list and a business."""

    lab_id = ma.fields.UUID(required=True)
    party_name = Text(required=True, min_length=1, max_length=200)
    party_uscc = Text(load_default=None, allow_none=True, max_length=18)
    since = ma.fields.Date(required=True)
    until = ma.fields.Date(load_default=None, allow_none=True)
    reason = Text(required=True, min_length=1, max_length=1_000)


class RecheckReceiptIn(StrictSchema):
    """What the backup portion looked like when it came."""

    seal_no = Text(required=True, min_length=1, max_length=60)
    seal_intact = ma.fields.Boolean(required=True)
    package_intact = ma.fields.Boolean(required=True)
    package_photo = Base64Field(required=True)
    seal_photo = Base64Field(required=True)
    damage = Text(load_default="", max_length=1_000)


class ResultIn(StrictSchema):
    """What was found for one item."""

    set_item_id = ma.fields.UUID(required=True)
    text = Text(required=True, min_length=1, max_length=MAX_RESULT_TEXT)
    method = Text(load_default="", max_length=200)
    method_reason = Text(load_default="", max_length=1_000)


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
    granted_item_ids = ma.fields.List(ma.fields.UUID(), required=True, allow_none=True)
    assign_due_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    lab_id = ma.fields.UUID(required=True, allow_none=True)
    draw = ma.fields.Dict(required=True, allow_none=True)
    handover_due_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    report_due_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    ended_reason = ma.fields.String(required=True, allow_none=True)
    concluded_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class RecheckConclusionOut(ma.Schema):
    """The conclusion of a recheck."""

    recheck_id = ma.fields.UUID(required=True)
    verdict = ma.fields.Enum(SampleVerdict, by_value=True, required=True)
    report_no = ma.fields.String(required=True)
    signed_at = ma.fields.AwareDateTime(required=True)


class RecheckDeclineOut(ma.Schema):
    """A laboratory that declined."""

    recheck_id = ma.fields.UUID(required=True)
    number = ma.fields.Integer(required=True)
    lab_id = ma.fields.UUID(required=True)
    reason = ma.fields.String(required=True)
    declined_at = ma.fields.AwareDateTime(required=True)
    had_cause = ma.fields.Boolean(required=True, allow_none=True)


class RecheckExtensionOut(ma.Schema):
    """A term that was extended."""

    recheck_id = ma.fields.UUID(required=True)
    number = ma.fields.Integer(required=True)
    clock = ma.fields.Enum(RecheckClock, by_value=True, required=True)
    old_due_at = ma.fields.AwareDateTime(required=True)
    new_due_at = ma.fields.AwareDateTime(required=True)


class RecheckLinkOut(ma.Schema):
    """A recorded interest."""

    id = ma.fields.UUID(required=True)
    lab_id = ma.fields.UUID(required=True)
    party_name = ma.fields.String(required=True)
    valid_from = ma.fields.Date(required=True)
    valid_to = ma.fields.Date(required=True, allow_none=True)


class RecheckFeeIn(StrictSchema):
    """What a recheck costs, in yuan."""

    amount = MeasuredField(required=True)


class RecheckAdvanceIn(StrictSchema):
    """The receipt of the advance."""

    receipt_no = Text(required=True, min_length=1, max_length=60)
    advanced_on = ma.fields.Date(required=True)


class RecheckRepaymentIn(StrictSchema):
    """The voucher of the repayment."""

    voucher_no = Text(required=True, min_length=1, max_length=60)
    repaid_on = ma.fields.Date(required=True)


class RecheckFeeOut(ma.Schema):
    """The fee of a recheck."""

    recheck_id = ma.fields.UUID(required=True)
    amount = ma.fields.Function(lambda fee: f"{fee.amount:.2f}", required=True)
    pay_due_at = ma.fields.AwareDateTime(required=True)
    advanced_on = ma.fields.Date(required=True, allow_none=True)
    receipt_no = ma.fields.String(required=True, allow_none=True)
    borne_by = ma.fields.Enum(FeeBearer, by_value=True, required=True, allow_none=True)
    repaid_on = ma.fields.Date(required=True, allow_none=True)
    voucher_no = ma.fields.String(required=True, allow_none=True)


class RecheckWatchIn(StrictSchema):
    """When and where the first laboratory may watch."""

    begins_at = ma.fields.AwareDateTime(required=True)
    place = Text(required=True, min_length=1, max_length=200)


class RecheckWatchOut(ma.Schema):
    """What the first laboratory was told."""

    recheck_id = ma.fields.UUID(required=True)
    number = ma.fields.Integer(required=True)
    lab_id = ma.fields.UUID(required=True)
    begins_at = ma.fields.AwareDateTime(required=True)
    place = ma.fields.String(required=True)
