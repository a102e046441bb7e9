"""What the API of rounds takes and gives; every field is listed because being public is a decision."""

import marshmallow as ma

from citizen_votes.rules.ballots import MAX_APPROVALS
from citizen_votes.types import RoundState
from lims.web.schemas import StrictSchema, Text

HEX_NONCE = ma.validate.Regexp(r"[0-9a-f]{64}\Z")


class RoundOut(ma.Schema):
    """A round."""

    id = ma.fields.UUID(required=True)
    title_zh = ma.fields.String(required=True)
    title_en = ma.fields.String(required=True)
    opens_at = ma.fields.AwareDateTime(required=True)
    closes_at = ma.fields.AwareDateTime(required=True)
    state = ma.fields.Enum(RoundState, by_value=True, required=True)
    rules = ma.fields.Dict(required=True)


class StratumIn(StrictSchema):
    """A food category at a kind of place."""

    food_category_code = Text(required=True, max_length=40)
    place_kind = Text(required=True, max_length=40)


class RoundIn(StrictSchema):
    """A round to be drafted."""

    title_zh = Text(required=True, min_length=1, max_length=80)
    title_en = Text(required=True, min_length=1, max_length=80)
    opens_at = ma.fields.AwareDateTime(required=True)
    closes_at = ma.fields.AwareDateTime(required=True)
    options = ma.fields.List(ma.fields.Nested(StratumIn), required=True, validate=ma.validate.Length(1, 60))


class ChallengeOut(ma.Schema):
    """A proof of work to be solved before a ballot."""

    challenge = ma.fields.String(required=True)


class BallotIn(StrictSchema):
    """A ballot of a device."""

    choices = ma.fields.List(Text(max_length=100), required=True, validate=ma.validate.Length(max=MAX_APPROVALS + 1))
    no_opinion = ma.fields.Boolean(load_default=False)
    nonce = Text(required=True, max_length=64, validate=HEX_NONCE)
    device_token = Text(required=True, max_length=64, validate=HEX_NONCE)
    challenge = Text(required=True, max_length=500)
    proof = Text(required=True, max_length=300)


class ReceiptOut(ma.Schema):
    """The receipt of a ballot."""

    receipt = ma.fields.String(required=True)


class TallyLineOut(ma.Schema):
    """What one stratum received."""

    stratum = ma.fields.String(required=True)
    approvals = ma.fields.Integer(required=True)
    device_approvals = ma.fields.Integer(required=True)


class TallyOut(ma.Schema):
    """The count of a round."""

    lines = ma.fields.List(ma.fields.Nested(TallyLineOut), required=True)
    device_weight_ppm = ma.fields.Integer(required=True)


class FateOut(ma.Schema):
    """What became of one stratum that was picked."""

    stratum = ma.fields.String(required=True)
    planned = ma.fields.Integer(required=True)
    sampled = ma.fields.Integer(required=True)
    published = ma.fields.Integer(required=True)
    failed = ma.fields.Integer(required=True)
    handled = ma.fields.Integer(required=True)


class FoundChoiceOut(ma.Schema):
    """One pick."""

    stratum = ma.fields.String(required=True)


class FoundBallotOut(ma.Schema):
    """A ballot by its receipt; its choices and their fates are told once the round is over."""

    round_id = ma.fields.UUID(required=True, attribute="round.id")
    receipt = ma.fields.String(required=True)
    cast_on = ma.fields.Date(required=True)
    is_mixed = ma.fields.Boolean(required=True)
    choices = ma.fields.List(ma.fields.Pluck(FoundChoiceOut, "stratum"), required=True, allow_none=True)
    outcomes = ma.fields.List(ma.fields.Nested(FateOut), required=True)
