"""What the API of the bridge takes and gives."""

import marshmallow as ma

from lims.decisions import MAX_NOTE
from lims.web.paging import PageIn, PageOut
from lims.web.schemas import StrictSchema, Text
from results.national.types import DifferenceKind, ReportingState
from sampling.schemas.fields import Base64Field
from sampling.types import SampleVerdict


class NationalBoardIn(PageIn):
    """Which samples are asked for; all of them where no state is named."""

    state = ma.fields.Enum(ReportingState, by_value=True, load_default=None)


class ReportedSampleOut(ma.Schema):
    """A signed sample and where it stands; `days_left` in working days, null where it is reported."""

    sample_id = ma.fields.UUID(required=True)
    sampling_no = ma.fields.String(required=True)
    product_name = ma.fields.String(required=True)
    verdict = ma.fields.Enum(SampleVerdict, by_value=True, required=True)
    report_no = ma.fields.String(required=True)
    signed_at = ma.fields.AwareDateTime(required=True)
    state = ma.fields.Enum(ReportingState, by_value=True, required=True)
    export_id = ma.fields.UUID(required=True, allow_none=True)
    taken_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    return_reason = ma.fields.String(required=True, allow_none=True)
    days_left = ma.fields.Integer(required=True, allow_none=True)


class NationalBoardOut(PageOut):
    """Signed samples, the earliest signature first."""

    items = ma.fields.List(ma.fields.Nested(ReportedSampleOut), required=True)


class NationalExportOut(ma.Schema):
    """A file that was taken out; the workbook itself is at `/national/exports/<id>.xlsx`."""

    id = ma.fields.UUID(required=True)
    samples = ma.fields.Integer(required=True)
    sha256 = ma.fields.String(required=True)
    taken_by_id = ma.fields.UUID(required=True)
    taken_at = ma.fields.AwareDateTime(required=True)


class NationalReturnIn(StrictSchema):
    """Why the national system gave a sample back."""

    reason = Text(required=True, min_length=1, max_length=MAX_NOTE)


class NationalReturnOut(ma.Schema):
    """A return as it was noted."""

    sample_id = ma.fields.UUID(required=True)
    export_id = ma.fields.UUID(required=True)
    reason = ma.fields.String(required=True)
    noted_at = ma.fields.AwareDateTime(required=True)


class CompareIn(StrictSchema):
    """An export of the national system."""

    content = Base64Field(required=True)


class NationalDifferenceOut(ma.Schema):
    """One disagreement; `row` is 0 for what is missing in the export."""

    kind = ma.fields.Enum(DifferenceKind, by_value=True, required=True)
    row = ma.fields.Integer(required=True)
    sampling_no = ma.fields.String(required=True)
    item = ma.fields.String(required=True)
    column = ma.fields.String(required=True)
    theirs = ma.fields.String(required=True)
    ours = ma.fields.String(required=True)


class NationalDifferencesOut(ma.Schema):
    """What disagrees, in the order of the export."""

    items = ma.fields.List(ma.fields.Nested(NationalDifferenceOut), required=True)
