"""What the API of preparations takes and gives."""

import marshmallow as ma

from lims.web.api import MeasuredField
from lims.web.paging import PageOut
from lims.web.schemas import StrictSchema, Text
from results.preparations.forms import LONG, SHORT
from results.preparations.services import MOST_PARENTS
from results.preparations.types import ParentKind, PreparationKind


class TakenIn(StrictSchema):
    """One thing that it is made from, and how much of it was taken."""

    number = Text(required=True, min_length=1, max_length=SHORT)
    amount = Text(max_length=SHORT, load_default="")


class PreparationIn(StrictSchema):
    """What is prepared."""

    kind = ma.fields.Enum(PreparationKind, by_value=True, required=True)
    name = Text(required=True, min_length=1, max_length=SHORT)
    expires_on = ma.fields.Date(required=True)
    blind_code = Text(max_length=SHORT, load_default="")
    parents = ma.fields.List(ma.fields.Nested(TakenIn), load_default=[], validate=ma.validate.Length(max=MOST_PARENTS))
    final_amount = Text(max_length=SHORT, load_default="")
    concentration = Text(max_length=SHORT, load_default="")
    storage = Text(max_length=SHORT, load_default="")


class DiscardIn(StrictSchema):
    """Why it is thrown away."""

    reason = Text(required=True, min_length=1, max_length=LONG)


class MaterialIn(StrictSchema):
    """What a batch was measured with."""

    number = Text(required=True, min_length=1, max_length=SHORT)


class MaterialOut(ma.Schema):
    """A preparation or a lot."""

    kind = ma.fields.Enum(ParentKind, by_value=True, required=True)
    name = ma.fields.String(required=True)
    number = ma.fields.String(required=True)
    last_day = ma.fields.Date(required=True)


class MaterialsOut(ma.Schema):
    """What a batch was measured with."""

    items = ma.fields.List(ma.fields.Nested(MaterialOut), required=True)


class PreparationOut(ma.Schema):
    """A preparation."""

    number = ma.fields.String(required=True, attribute="preparation.preparation_no")
    kind = ma.fields.Enum(PreparationKind, by_value=True, required=True, attribute="preparation.kind")
    name = ma.fields.String(required=True, attribute="preparation.name")
    blind_code = ma.fields.String(required=True, allow_none=True)
    final_amount = MeasuredField(required=True, allow_none=True, attribute="preparation.final_amount")
    final_unit = ma.fields.String(required=True, attribute="preparation.final_unit")
    dilution_factor = MeasuredField(required=True, allow_none=True, attribute="preparation.dilution_factor")
    concentration = MeasuredField(required=True, allow_none=True, attribute="preparation.concentration")
    unit = ma.fields.String(required=True, attribute="preparation.unit")
    storage = ma.fields.String(required=True, attribute="preparation.storage")
    expires_on = ma.fields.Date(required=True, attribute="preparation.expires_on")
    prepared_at = ma.fields.AwareDateTime(required=True, attribute="preparation.prepared_at")
    discarded_at = ma.fields.AwareDateTime(required=True, allow_none=True, attribute="preparation.discarded_at")


class PreparationsOut(PageOut):
    """Preparations, the newest first."""

    items = ma.fields.List(ma.fields.Nested(PreparationOut), required=True)


class AncestorOut(ma.Schema):
    """What a preparation was made from, so many steps back."""

    depth = ma.fields.Integer(required=True)
    material = ma.fields.Nested(MaterialOut, required=True)
    taken = MeasuredField(required=True, allow_none=True, attribute="parent.taken")
    taken_unit = ma.fields.String(required=True, attribute="parent.taken_unit")


class OnePreparationOut(PreparationOut):
    """A preparation with all that it comes from, and the batches it was used in."""

    ancestry = ma.fields.List(ma.fields.Nested(AncestorOut), required=True)
    batches = ma.fields.List(ma.fields.String(), required=True)
