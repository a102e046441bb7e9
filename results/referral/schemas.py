"""What the API of cases takes and gives; every field is listed because being told is a decision."""

import marshmallow as ma

from lims.web.paging import PageOut
from lims.web.schemas import StrictSchema, Text
from results.referral.services.cases import MAX_NOTE
from results.referral.types import (
    Addressee,
    BranchKind,
    BranchState,
    HandlingPart,
    ServiceWay,
    Severity,
)


class FailedItemOut(ma.Schema):
    """One item that failed, as it was signed."""

    item_code = ma.fields.String(required=True)
    name_zh = ma.fields.String(required=True)
    name_en = ma.fields.String(required=True, allow_none=True)
    result = ma.fields.String(required=True)
    limit = ma.fields.String(required=True)
    unit = ma.fields.String(required=True)
    basis = ma.fields.String(required=True)


class BranchOut(ma.Schema):
    """One branch of a case with its clocks."""

    id = ma.fields.UUID(required=True)
    kind = ma.fields.Enum(BranchKind, by_value=True, required=True)
    party_name = ma.fields.String(required=True)
    party_address = ma.fields.String(required=True, allow_none=True)
    regulator_id = ma.fields.UUID(required=True)
    station_id = ma.fields.UUID(required=True, allow_none=True)
    is_outside = ma.fields.Boolean(required=True)
    state = ma.fields.Enum(BranchState, by_value=True, required=True)
    acknowledge_due_at = ma.fields.AwareDateTime(required=True)
    start_due_at = ma.fields.AwareDateTime(required=True)
    control_due_at = ma.fields.AwareDateTime(required=True)
    finish_due_at = ma.fields.AwareDateTime(required=True)
    acknowledged_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    closed_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    transferred_to = ma.fields.String(required=True, allow_none=True)


class ReferralOut(ma.Schema):
    """A case."""

    id = ma.fields.UUID(required=True)
    case_no = ma.fields.String(required=True)
    sample_id = ma.fields.UUID(required=True)
    severity = ma.fields.Enum(Severity, by_value=True, required=True)
    failed_items = ma.fields.List(ma.fields.Nested(FailedItemOut), required=True)
    opened_at = ma.fields.AwareDateTime(required=True)
    closed_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    withdrawn_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class ReferralsOut(PageOut):
    """A page of cases."""

    items = ma.fields.List(ma.fields.Nested(ReferralOut), required=True)


class CaseOut(ReferralOut):
    """A case with the branches one may see."""

    branches = ma.fields.List(ma.fields.Nested(BranchOut), required=True)


class DispatchIn(StrictSchema):
    """To which station a branch goes."""

    station_id = ma.fields.UUID(required=True)
    note = Text(load_default="", max_length=MAX_NOTE)


class ReasonIn(StrictSchema):
    """Why a step is taken."""

    reason = Text(required=True, min_length=1, max_length=MAX_NOTE)


class TransferIn(StrictSchema):
    """To whom a branch of another region was handed on."""

    to_regulator = Text(required=True, min_length=1, max_length=MAX_NOTE)
    letter_no = Text(required=True, min_length=1, max_length=MAX_NOTE)


class PartIn(StrictSchema):
    """What one part says; the names of the facts are those of the part's form, every answer is text."""

    facts = ma.fields.Dict(keys=Text(max_length=40), values=Text(), required=True)
    submit = ma.fields.Boolean(required=True)
    change_reason = Text(load_default="", max_length=MAX_NOTE)


class PartOut(ma.Schema):
    """A part as it was saved."""

    part = ma.fields.Enum(HandlingPart, by_value=True, required=True)
    version = ma.fields.Integer(required=True)
    facts = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)
    is_submitted = ma.fields.Boolean(required=True)
    saved_at = ma.fields.AwareDateTime(required=True)


class NoticeOut(ma.Schema):
    """A result notice."""

    id = ma.fields.UUID(required=True)
    notice_no = ma.fields.String(required=True)
    sample_id = ma.fields.UUID(required=True)
    addressee = ma.fields.Enum(Addressee, by_value=True, required=True)
    name = ma.fields.String(required=True)
    passed = ma.fields.Boolean(required=True)
    issued_at = ma.fields.AwareDateTime(required=True)
    due_at = ma.fields.AwareDateTime(required=True)


class NoticesOut(PageOut):
    """A page of notices that wait to be served."""

    items = ma.fields.List(ma.fields.Nested(NoticeOut), required=True)


class ServiceIn(StrictSchema):
    """How a notice reached its addressee."""

    way = ma.fields.Enum(ServiceWay, by_value=True, required=True)
    served_on = ma.fields.Date(required=True)
    receiver = Text(required=True, min_length=1, max_length=100)
    proof_text = Text(required=True, min_length=1, max_length=MAX_NOTE)
    objects = ma.fields.Boolean(load_default=None, allow_none=True)


class ServiceOut(ma.Schema):
    """The service of a notice."""

    notice_id = ma.fields.UUID(required=True)
    way = ma.fields.Enum(ServiceWay, by_value=True, required=True)
    served_on = ma.fields.Date(required=True)
    recheck_until = ma.fields.Date(required=True, allow_none=True)
    recorded_at = ma.fields.AwareDateTime(required=True)
