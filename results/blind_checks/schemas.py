"""What the API of checks takes and gives."""

import marshmallow as ma

from chain_of_custody.types import Blindness
from lims.web.api import MeasuredField
from lims.web.paging import PageOut
from lims.web.schemas import StrictSchema, Text
from results.blind_checks.forms import LONG, SHORT
from results.blind_checks.types import Expected, Outcome
from results.types import TestSetState
from sampling.types import Packaging, PhysicalForm, ProductType, SamplePurpose, StorageCondition

MOST_VALUES = 500


class ContainerIn(StrictSchema):
    """The container that goes to the bench."""

    material = Text(required=True, min_length=1, max_length=LONG)
    quantity = MeasuredField(required=True)
    quantity_unit = Text(required=True, min_length=1, max_length=20)
    seal_no = Text(required=True, min_length=1, max_length=SHORT)
    blindness = ma.fields.Enum(Blindness, by_value=True, required=True)


class SplitIn(ContainerIn):
    """A part of a sample that is on the bench."""

    blind_code = Text(required=True, min_length=1, max_length=SHORT)
    most_percent = MeasuredField(required=True)


class KnownValueIn(StrictSchema):
    """What is known of one item."""

    item_code = Text(required=True, min_length=1, max_length=SHORT)
    expected = ma.fields.Enum(Expected, by_value=True, required=True)
    value = MeasuredField(allow_none=True, load_default=None)
    deviation = MeasuredField(allow_none=True, load_default=None)
    unit = Text(max_length=20, load_default="")


class KnownIn(ContainerIn):
    """A material whose content is known, given out as a food."""

    food_category_code = Text(required=True, min_length=1, max_length=SHORT)
    product_name = Text(required=True, min_length=1, max_length=SHORT)
    product_date = ma.fields.Date(required=True)
    product_type = ma.fields.Enum(ProductType, by_value=True, required=True)
    packaging = ma.fields.Enum(Packaging, by_value=True, required=True)
    physical_form = ma.fields.Enum(PhysicalForm, by_value=True, required=True)
    storage_condition = ma.fields.Enum(StorageCondition, by_value=True, required=True)
    storage_celsius = Text(max_length=SHORT, allow_none=True, load_default=None)
    executed_standard = Text(max_length=SHORT, allow_none=True, load_default=None)
    label_claims = Text(max_length=LONG, allow_none=True, load_default=None)
    values = ma.fields.List(ma.fields.Nested(KnownValueIn), required=True, validate=ma.validate.Length(1, MOST_VALUES))


class EvaluationIn(StrictSchema):
    """What follows from the scores."""

    conclusion = Text(required=True, min_length=1, max_length=LONG)


class CheckOut(ma.Schema):
    """One check with the code it has on the bench."""

    sample_id = ma.fields.UUID(required=True, attribute="check.sample_id")
    check_no = ma.fields.String(required=True)
    blind_code = ma.fields.String(required=True)
    purpose = ma.fields.Enum(SamplePurpose, by_value=True, required=True, attribute="check.purpose")
    food_category_code = ma.fields.String(required=True, attribute="category.code")
    material = ma.fields.String(required=True, attribute="check.material")
    most_percent = MeasuredField(required=True, allow_none=True, attribute="check.most_percent")
    state = ma.fields.Enum(TestSetState, by_value=True, required=True)
    prepared_at = ma.fields.AwareDateTime(required=True, attribute="check.prepared_at")
    evaluated_at = ma.fields.AwareDateTime(required=True, allow_none=True, attribute="check.evaluated_at")
    outcome = ma.fields.Enum(Outcome, by_value=True, required=True, allow_none=True, attribute="check.outcome")
    conclusion = ma.fields.String(required=True, allow_none=True, attribute="check.conclusion")


class ScoreOut(ma.Schema):
    """One item of a check; what was found stands there once the results are locked."""

    item_code = ma.fields.String(required=True, attribute="item.code")
    expected = ma.fields.Enum(Expected, by_value=True, allow_none=True, attribute="known.expected", dump_default=None)
    value = MeasuredField(allow_none=True, attribute="known.value", dump_default=None)
    found = ma.fields.String(allow_none=True, attribute="result.entered_text", dump_default=None)
    compared = ma.fields.String(allow_none=True, attribute="compared.entered_text", dump_default=None)
    figure = MeasuredField(allow_none=True, attribute="score.figure", dump_default=None)
    outcome = ma.fields.Enum(Outcome, by_value=True, allow_none=True, attribute="score.outcome", dump_default=None)


class OneCheckOut(CheckOut):
    """A check with its items."""

    lines = ma.fields.List(ma.fields.Nested(ScoreOut), required=True)


class ChecksOut(PageOut):
    """Checks, the newest first."""

    items = ma.fields.List(ma.fields.Nested(CheckOut), required=True)
