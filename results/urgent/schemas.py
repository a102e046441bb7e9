"""What the API of 24-hour reports takes and gives."""

import marshmallow as ma

from lims.web.schemas import StrictSchema, Text


class UrgentReportIn(StrictSchema):
    """What is composed."""

    blind_code = Text(required=True, min_length=1, max_length=40)
    copies_to = ma.fields.List(Text(required=True, min_length=1, max_length=100), required=True)
    explanation = Text(load_default="", max_length=500)


class UrgentReportOut(ma.Schema):
    """A 24-hour report."""

    id = ma.fields.UUID(required=True)
    report_no = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    sample_id = ma.fields.UUID(required=True)
    lab_id = ma.fields.UUID(required=True)
    regulator_id = ma.fields.UUID(required=True)
    pdf_sha256 = ma.fields.Function(lambda report: report.pdf_sha256.hex(), required=True)
    found_at = ma.fields.AwareDateTime(required=True)
    due_at = ma.fields.AwareDateTime(required=True)
    sent_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    acknowledged_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class UrgentReportsOut(ma.Schema):
    """Those that were sent."""

    reports = ma.fields.List(ma.fields.Nested(UrgentReportOut), required=True)
