"""Plans and their draws."""

import marshmallow as ma

from lims.web.paging import PageOut
from lims.web.schemas import Count, StrictSchema
from sampling.schemas.fields import (
    LEAST_YEAR,
    MAX_ROWS,
    MAX_SAMPLES,
    MOST_YEAR,
    instant_field,
    maybe,
    name_field,
)
from sampling.types import PlaceKind, PlanKind, PlanState, SeparationMode, TaskCategory


class PlanIn(StrictSchema):
    """What a plan begins with."""

    title_zh = name_field(required=True, min_length=1)
    title_en = name_field(required=True, min_length=1)
    year = Count(required=True, minimum=LEAST_YEAR, maximum=MOST_YEAR)
    kind = ma.fields.Enum(PlanKind, by_value=True, required=True)
    task_category = ma.fields.Enum(TaskCategory, by_value=True, required=True)
    report_class_a = name_field(required=True, min_length=1)
    report_class_b = name_field(required=True, min_length=1)
    budget = maybe(Count, minimum=1, maximum=MAX_SAMPLES)
    shares = name_field(load_default="neyman=.4,risk=.4,votes=.2")
    seed = maybe(name_field)
    pick_round_id = maybe(ma.fields.UUID)
    is_standing = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})


class PlanOut(ma.Schema):
    """A plan."""

    id = ma.fields.UUID(required=True)
    title_zh = ma.fields.String(required=True)
    title_en = ma.fields.String(required=True)
    year = ma.fields.Integer(required=True)
    kind = ma.fields.Enum(PlanKind, by_value=True, required=True)
    task_category = ma.fields.Enum(TaskCategory, by_value=True, required=True)
    state = ma.fields.Enum(PlanState, by_value=True, required=True)
    is_standing = ma.fields.Boolean(required=True)
    budget = ma.fields.Integer(required=True, allow_none=True)
    created_at = ma.fields.AwareDateTime(required=True)
    approved_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class PlansOut(PageOut):
    """A page of plans."""

    items = ma.fields.List(ma.fields.Nested(PlanOut), required=True)


class PlanCategoryIn(StrictSchema):
    """Who does what in one major category."""

    category_code = name_field(required=True, min_length=1)
    mode = ma.fields.Enum(SeparationMode, by_value=True, required=True)
    sampling_organisation_id = ma.fields.UUID(required=True)
    lab_id = ma.fields.UUID(required=True)


class PlanCategoryOut(ma.Schema):
    """Who does what in one major category."""

    plan_id = ma.fields.UUID(required=True)
    category_id = ma.fields.UUID(required=True)
    mode = ma.fields.Enum(SeparationMode, by_value=True, required=True)
    sampling_organisation_id = ma.fields.UUID(required=True)
    lab_id = ma.fields.UUID(required=True)


class PlanStratumIn(StrictSchema):
    """A food at a kind of place, with its bounds and figures."""

    food_category_code = name_field(required=True, min_length=1)
    place_kind = ma.fields.Enum(PlaceKind, by_value=True, required=True)
    population = Count(required=True, maximum=MAX_SAMPLES)
    floor = Count(load_default=0, maximum=MAX_SAMPLES)
    ceiling = maybe(Count, maximum=MAX_SAMPLES)
    statutory = Count(load_default=0, maximum=MAX_SAMPLES)
    tests = Count(load_default=0, maximum=MAX_SAMPLES)
    fails = Count(load_default=0, maximum=MAX_SAMPLES)


class PlanLinesIn(StrictSchema):
    """All strata of a plan."""

    strata = ma.fields.List(ma.fields.Nested(PlanStratumIn), required=True, validate=ma.validate.Length(1, MAX_ROWS))


class PlanLineOut(ma.Schema):
    """How many samples of one stratum, and why."""

    id = ma.fields.UUID(required=True)
    stratum = ma.fields.String(required=True)
    place_kind = ma.fields.Enum(PlaceKind, by_value=True, required=True)
    samples = ma.fields.Integer(required=True)
    parts = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer(), required=True)


class PlanLinesOut(ma.Schema):
    """The lines of a plan."""

    items = ma.fields.List(ma.fields.Nested(PlanLineOut), required=True)


class CeremonyIn(StrictSchema):
    """The public value that will complete the seed, named before anybody can know it."""

    beacon_source = name_field(required=True, min_length=1)


class CeremonyOut(ma.Schema):
    """The preparation of a draw."""

    plan_id = ma.fields.UUID(required=True)
    draw_name = ma.fields.String(required=True)
    beacon_source = ma.fields.String(required=True)
    opened_at = ma.fields.AwareDateTime(required=True)
    closed_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    frame_root = ma.fields.String(required=True, allow_none=True)


class CommitmentIn(StrictSchema):
    """What one party commits to: SHA-256 as 64 digits."""

    party = name_field(required=True, min_length=1)
    commitment = name_field(required=True, min_length=1)


class SecretIn(StrictSchema):
    """One party opens what it committed to."""

    party = name_field(required=True, min_length=1)
    secret = name_field(required=True, min_length=1)


class CommitmentOut(ma.Schema):
    """A commitment as it is logged."""

    party = ma.fields.String(required=True)
    commitment = ma.fields.String(required=True)
    committed_at = ma.fields.AwareDateTime(required=True)
    opened_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class HoldIn(StrictSchema):
    """The public value as it came out, and the days of the visits."""

    beacon_value = name_field(required=True, min_length=1)
    fixed_at = instant_field(required=True)
    days = ma.fields.List(ma.fields.Date(), required=True, validate=ma.validate.Length(1, 370))


class DrawOut(ma.Schema):
    """A draw that was held; its record is sealed until it is published."""

    id = ma.fields.UUID(required=True)
    plan_id = ma.fields.UUID(required=True)
    drawn_at = ma.fields.AwareDateTime(required=True)
    record_sha256 = ma.fields.Function(lambda draw: draw.record_sha256.hex(), required=True)
    published_at = ma.fields.AwareDateTime(required=True, allow_none=True)
