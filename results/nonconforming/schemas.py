"""What the API of nonconforming work takes and gives."""

import marshmallow as ma

from lims.web.paging import PageOut
from lims.web.schemas import StrictSchema, Text
from results.nonconforming.forms import LONG, SHORT
from results.nonconforming.types import Impact, NonconformityState, Source, Step


class RaiseIn(StrictSchema):
    """What was not done as it has to be."""

    source = ma.fields.Enum(Source, by_value=True, required=True)
    what = Text(required=True, min_length=1, max_length=LONG)
    found_on = ma.fields.Date(required=True)
    batch_no = Text(max_length=SHORT, load_default="")
    blind_code = Text(max_length=SHORT, load_default="")


class CorrectiveActionIn(StrictSchema):
    """Cause and corrective action."""

    cause = Text(required=True, min_length=1, max_length=LONG)
    action = Text(required=True, min_length=1, max_length=LONG)
    responsible_id = ma.fields.UUID(required=True)
    due_on = ma.fields.Date(required=True)


class NonconformityTextIn(StrictSchema):
    """What was done or seen."""

    text = Text(required=True, min_length=1, max_length=LONG)


class EffectIn(NonconformityTextIn):
    """Whether the action helped."""

    is_effective = ma.fields.Boolean(required=True, truthy={True}, falsy={False})


class ImpactIn(StrictSchema):
    """What it means for a report."""

    impact = ma.fields.Enum(Impact, by_value=True, required=True)
    reason = Text(required=True, min_length=1, max_length=LONG)


class NonconformityOut(ma.Schema):
    """One of the register."""

    number = ma.fields.String(required=True, attribute="nonconformity_no")
    source = ma.fields.Enum(Source, by_value=True, required=True)
    what = ma.fields.String(required=True)
    found_on = ma.fields.Date(required=True)
    state = ma.fields.Enum(NonconformityState, by_value=True, required=True)
    due_on = ma.fields.Date(required=True, allow_none=True)
    responsible_id = ma.fields.UUID(required=True, allow_none=True)
    raised_at = ma.fields.AwareDateTime(required=True)


class NonconformitiesOut(PageOut):
    """The register, the newest first."""

    items = ma.fields.List(ma.fields.Nested(NonconformityOut), required=True)


class NonconformityStepOut(ma.Schema):
    """One step."""

    step = ma.fields.Enum(Step, by_value=True, required=True, attribute="step.step")
    text = ma.fields.String(required=True, attribute="step.text")
    cause = ma.fields.String(required=True, allow_none=True, attribute="step.cause")
    due_on = ma.fields.Date(required=True, allow_none=True, attribute="step.due_on")
    acted_at = ma.fields.AwareDateTime(required=True, attribute="step.acted_at")


class AffectedReportOut(ma.Schema):
    """A signed report that it affects."""

    report_id = ma.fields.UUID(required=True, attribute="report.id")
    report_no = ma.fields.String(required=True, attribute="report.report_no")
    impact = ma.fields.Enum(Impact, by_value=True, attribute="decision.impact", allow_none=True, dump_default=None)
    reason = ma.fields.String(attribute="decision.reason", allow_none=True, dump_default=None)


class OneNonconformityOut(NonconformityOut):
    """One of the register with its steps and what it touches."""

    steps = ma.fields.List(ma.fields.Nested(NonconformityStepOut), required=True)
    batches = ma.fields.List(ma.fields.String(), required=True)
    blind_codes = ma.fields.List(ma.fields.String(), required=True)
    reports = ma.fields.List(ma.fields.Nested(AffectedReportOut), required=True)
