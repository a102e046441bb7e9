"""What the API of objections takes and gives."""

import marshmallow as ma

from lims.web.schemas import StrictSchema, Text
from results.objections.forms import MAX_CONTACT, MAX_TEXT
from results.objections.types import CameBy, Consequence, ObjectionKind, ObjectionState, Outcome, RefusalGround
from results.referral.types import Addressee


class ObjectionIn(StrictSchema):
    """An objection as it came in on paper; its papers are added on the page."""

    kind = ma.fields.Enum(ObjectionKind, by_value=True, required=True)
    applicant = ma.fields.Enum(Addressee, by_value=True, required=True)
    filed_on = ma.fields.Date(required=True)
    contact = Text(required=True, min_length=1, max_length=MAX_CONTACT)
    grounds = Text(required=True, min_length=1, max_length=MAX_TEXT)


class ObjectionRefusalIn(StrictSchema):
    """Why an objection is refused."""

    ground = ma.fields.Enum(RefusalGround, by_value=True, required=True)
    note = Text(required=True, min_length=1, max_length=MAX_TEXT)


class ReviewIn(StrictSchema):
    """What the review found."""

    outcome = ma.fields.Enum(Outcome, by_value=True, required=True)
    note = Text(required=True, min_length=1, max_length=MAX_TEXT)


class ObjectionOut(ma.Schema):
    """One objection."""

    id = ma.fields.UUID(required=True)
    objection_no = ma.fields.String(required=True)
    sample_id = ma.fields.UUID(required=True)
    referral_id = ma.fields.UUID(required=True, allow_none=True)
    kind = ma.fields.Enum(ObjectionKind, by_value=True, required=True)
    applicant = ma.fields.Enum(Addressee, by_value=True, required=True)
    applicant_name = ma.fields.String(required=True)
    grounds = ma.fields.String(required=True)
    came_by = ma.fields.Enum(CameBy, by_value=True, required=True)
    filed_on = ma.fields.Date(required=True)
    filed_at = ma.fields.AwareDateTime(required=True)
    allowed_until = ma.fields.Date(required=True, allow_none=True)
    decide_due_at = ma.fields.AwareDateTime(required=True)
    state = ma.fields.Enum(ObjectionState, by_value=True, required=True)
    decided_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    refusal = ma.fields.Enum(RefusalGround, by_value=True, required=True, allow_none=True)
    refusal_note = ma.fields.String(required=True, allow_none=True)
    review_due_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    outcome = ma.fields.Enum(Outcome, by_value=True, required=True, allow_none=True)
    outcome_note = ma.fields.String(required=True, allow_none=True)
    consequence = ma.fields.Enum(Consequence, by_value=True, required=True, allow_none=True)
    reviewed_at = ma.fields.AwareDateTime(required=True, allow_none=True)
