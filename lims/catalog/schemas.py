"""What the API of the catalogue takes and gives."""

from datetime import UTC, date, datetime

import marshmallow as ma

from lims.catalog.types import (
    AbsenceBound,
    Comparison,
    Hazard,
    ItemClass,
    ParameterUnit,
    Trust,
)
from lims.web.api import MeasuredField
from lims.web.paging import PageIn, PageOut
from lims.web.schemas import StrictSchema, Text

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)  # what a deadline or a production date can mean
PLAUSIBLE_DAY = ma.validate.Range(min=FIRST_DAY, max=LAST_DAY)
PLAUSIBLE_INSTANT = ma.validate.Range(
    min=datetime(FIRST_DAY.year, 1, 1, tzinfo=UTC), max=datetime(LAST_DAY.year, 12, 31, tzinfo=UTC)
)


class CategoryOut(ma.Schema):
    """A node of the food tree."""

    id = ma.fields.UUID(required=True)
    code = ma.fields.String(required=True)
    parent_id = ma.fields.UUID(required=True, allow_none=True)
    level = ma.fields.Integer(required=True)
    path = ma.fields.String(required=True)
    name_zh = ma.fields.String(required=True)
    name_en = ma.fields.String(required=True, allow_none=True)
    tree_version = ma.fields.String(required=True)
    trust = ma.fields.Enum(Trust, by_value=True, required=True)
    source = ma.fields.String(required=True)


class CategoriesIn(PageIn):
    """Which categories are asked for."""

    q = Text(max_length=100, load_default="")
    parent_code = Text(max_length=40, load_default=None)


class CategoriesOut(PageOut):
    """Categories in the order of the rule book."""

    items = ma.fields.List(ma.fields.Nested(CategoryOut), required=True)


class ItemOut(ma.Schema):
    """A test item."""

    id = ma.fields.UUID(required=True)
    code = ma.fields.String(required=True)
    name_zh = ma.fields.String(required=True)
    name_en = ma.fields.String(required=True, allow_none=True)
    item_class = ma.fields.Enum(ItemClass, by_value=True, required=True)
    hazard = ma.fields.Enum(Hazard, by_value=True, required=True)


class ItemsIn(PageIn):
    """Which items are asked for."""

    q = Text(max_length=100, load_default="")


class ItemsOut(PageOut):
    """Test items by code."""

    items = ma.fields.List(ma.fields.Nested(ItemOut), required=True)


class MethodOut(ma.Schema):
    """How an item is measured by a standard."""

    id = ma.fields.UUID(required=True)
    standard = ma.fields.String(required=True)
    part = ma.fields.String(required=True)
    lod = MeasuredField(required=True, allow_none=True)
    loq = MeasuredField(required=True, allow_none=True)
    unit = ma.fields.String(required=True)
    absence_judged_at = ma.fields.Enum(AbsenceBound, by_value=True, required=True)


class ItemDetailOut(ItemOut):
    """A test item with the methods in force."""

    methods = ma.fields.List(ma.fields.Nested(MethodOut), required=True)


class LimitOut(ma.Schema):
    """A limit as an edition prints it."""

    id = ma.fields.UUID(required=True)
    standard = ma.fields.String(required=True)
    edition = ma.fields.String(required=True)
    item_code = ma.fields.String(required=True)
    food_path = ma.fields.String(required=True)
    limit_text = ma.fields.String(required=True)
    unit = ma.fields.String(required=True)
    expressed_as = ma.fields.String(required=True)
    applicability = ma.fields.String(required=True)
    comparison = ma.fields.Enum(Comparison, by_value=True, required=True)
    valid_from = ma.fields.Date(required=True)
    valid_to = ma.fields.Date(required=True, allow_none=True)
    source = ma.fields.String(required=True)
    trust = ma.fields.Enum(Trust, by_value=True, required=True)


class LimitsIn(PageIn):
    """Which limits are asked for."""

    item_code = Text(max_length=100, load_default=None)
    category_code = Text(max_length=40, load_default=None)


class LimitsOut(PageOut):
    """Limits in force, by item."""

    items = ma.fields.List(ma.fields.Nested(LimitOut), required=True)


class LookupIn(StrictSchema):
    """Food and item as a person writes them, and the day of production."""

    food = Text(required=True, min_length=1, max_length=200)
    item = Text(required=True, min_length=1, max_length=200)
    on = ma.fields.Date(required=True, validate=PLAUSIBLE_DAY)


class LookupOut(ma.Schema):
    """The answer: `limit`, `ambiguous` (each candidate is given), `missing_edition` or `no_limit`."""

    answer = ma.fields.String(
        required=True, validate=ma.validate.OneOf(["limit", "ambiguous", "missing_edition", "no_limit"])
    )
    limits = ma.fields.List(ma.fields.Nested(LimitOut), required=True)
    missing = ma.fields.String(required=True, allow_none=True)
    standards = ma.fields.List(ma.fields.String(), required=True)


class ParameterOut(ma.Schema):
    """A rule parameter."""

    code = ma.fields.String(required=True)
    name_zh = ma.fields.String(required=True)
    name_en = ma.fields.String(required=True)
    value = MeasuredField(required=True)
    unit = ma.fields.Enum(ParameterUnit, by_value=True, required=True)
    valid_from = ma.fields.Date(required=True)
    valid_to = ma.fields.Date(required=True, allow_none=True)
    source = ma.fields.String(required=True)
    trust = ma.fields.Enum(Trust, by_value=True, required=True)


class ParametersIn(StrictSchema):
    """The day on which the parameters are in force."""

    on = ma.fields.Date(required=True, validate=PLAUSIBLE_DAY)


class ParametersOut(ma.Schema):
    """All rule parameters in force on a day, by code."""

    items = ma.fields.List(ma.fields.Nested(ParameterOut), required=True)


class DeadlineIn(StrictSchema):
    """Which limit of time, and when it began."""

    code = Text(required=True, min_length=1, max_length=100)
    started_at = ma.fields.AwareDateTime(required=True, validate=PLAUSIBLE_INSTANT)


class DeadlineOut(ma.Schema):
    """The last day of a limit of time; provisional beyond the official calendar."""

    code = ma.fields.String(required=True)
    on = ma.fields.Date(required=True)
    due_at = ma.fields.AwareDateTime(required=True)
    provisional = ma.fields.Boolean(required=True)
