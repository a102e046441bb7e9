"""What the API of public results gives; every field is listed because being public is a decision."""

import marshmallow as ma

from lims.web.paging import CursorIn, PageOut
from lims.web.schemas import Text
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
