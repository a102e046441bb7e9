"""What the API of settlements gives."""

import marshmallow as ma

from lims.web.schemas import StrictSchema


class SettlementOut(ma.Schema):
    """A settlement."""

    id = ma.fields.UUID(required=True)
    settlement_no = ma.fields.String(required=True)
    regulator_id = ma.fields.UUID(required=True)
    lab_id = ma.fields.UUID(required=True)
    first_day = ma.fields.Date(required=True)
    last_day = ma.fields.Date(required=True)
    samples = ma.fields.Integer(required=True)
    total = ma.fields.Function(lambda settlement: f"{settlement.total:.2f}", required=True)
    confirmed_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    withdrawn_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    paid_on = ma.fields.Date(required=True, allow_none=True)


class SettlementsOut(ma.Schema):
    """The settlements of an organisation."""

    settlements = ma.fields.List(ma.fields.Nested(SettlementOut), required=True)


class SettlementIn(StrictSchema):
    """A period to be settled."""

    lab_id = ma.fields.UUID(required=True)
    first_day = ma.fields.Date(required=True)
    last_day = ma.fields.Date(required=True)
