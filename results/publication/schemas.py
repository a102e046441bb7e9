"""What the API of public results gives; every field is listed because being public is a decision."""

import marshmallow as ma
from marshmallow import validate

from lims.web.paging import CursorIn, PageOut
from lims.web.schemas import Base64, Text
from results.publication.tables import FIRST_YEAR, LAST_YEAR, Form
from sampling.types import SampleVerdict

MAX_SEARCH = 60


class SearchIn(CursorIn):
    """What is looked for."""

    q = Text(load_default="", max_length=MAX_SEARCH)
    verdict = ma.fields.Enum(SampleVerdict, by_value=True, load_default=None)


class PublicItemOut(ma.Schema):
    """One item that failed."""

    name_zh = ma.fields.String(required=True)
    name_en = ma.fields.String(required=True, allow_none=True)
    result = ma.fields.String(required=True)
    limit = ma.fields.String(required=True)
    unit = ma.fields.String(required=True)
    basis = ma.fields.String(required=True)


class PublicResultOut(ma.Schema):
    """A published result."""

    sampling_no = ma.fields.String(required=True)
    verdict = ma.fields.Enum(SampleVerdict, by_value=True, required=True)
    product_name = ma.fields.String(required=True)
    specification = ma.fields.String(required=True, allow_none=True)
    brand = ma.fields.String(required=True, allow_none=True)
    product_date = ma.fields.Date(required=True)
    batch_no = ma.fields.String(required=True, allow_none=True)
    category_zh = ma.fields.String(required=True)
    party_name = ma.fields.String(required=True)
    party_address = ma.fields.String(required=True)
    producer_name = ma.fields.String(required=True, allow_none=True)
    producer_address = ma.fields.String(required=True, allow_none=True)
    lab_zh = ma.fields.String(required=True)
    regulator_zh = ma.fields.String(required=True)
    task_zh = ma.fields.String(required=True)
    notice_no = ma.fields.String(required=True)
    issued_at = ma.fields.AwareDateTime(required=True)
    failed_items = ma.fields.List(ma.fields.Nested(PublicItemOut), required=True)
    recheck_verdict = ma.fields.Enum(SampleVerdict, by_value=True, required=True, allow_none=True)
    is_rechecked_now = ma.fields.Boolean(required=True)
    is_handled = ma.fields.Boolean(required=True)
    handled = ma.fields.String(required=True, allow_none=True)


class PublicResultsOut(PageOut):
    """A page of published results."""

    items = ma.fields.List(ma.fields.Nested(PublicResultOut), required=True)


class PublicationTableIn(ma.Schema):
    """A publication table as CSV or XLSX, and the year whose notices it is held against; all years if left out."""

    content_base64 = Base64(required=True)
    year = ma.fields.Integer(validate=validate.Range(FIRST_YEAR, LAST_YEAR), load_default=None, allow_none=True)


class ToldDifferentlyOut(ma.Schema):
    """A column of one sample that the table and the publication tell differently."""

    sampling_no = ma.fields.String(required=True)
    row = ma.fields.Integer(required=True)
    column = ma.fields.String(required=True)
    in_table = ma.fields.String(required=True)
    published = ma.fields.String(required=True)


class PublishedOnlyOut(ma.Schema):
    """A sample that is published and stands nowhere in the table."""

    sampling_no = ma.fields.String(required=True)
    product_name = ma.fields.String(required=True)


class TableRowOut(ma.Schema):
    """A row of the table by its number in the file."""

    row = ma.fields.Integer(required=True)
    sampling_no = ma.fields.String(required=True)


class ComparisonOut(ma.Schema):
    """A table held against what is published; `same` counts the samples that agree in every column."""

    form = ma.fields.Enum(Form, by_value=True, required=True)
    rows = ma.fields.Integer(required=True)
    agrees = ma.fields.Boolean(required=True)
    same = ma.fields.Integer(required=True)
    different = ma.fields.List(ma.fields.Nested(ToldDifferentlyOut), required=True)
    missing = ma.fields.List(ma.fields.Nested(PublishedOnlyOut), required=True)
    extra = ma.fields.List(ma.fields.Nested(TableRowOut), required=True)
    unnumbered = ma.fields.List(ma.fields.Integer(), required=True)
    repeated = ma.fields.List(ma.fields.Nested(TableRowOut), required=True)
