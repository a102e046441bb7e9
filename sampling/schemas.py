"""What the API of sampling takes and gives; every field is listed, because who may see it is a decision."""

import base64
import binascii
from typing import Any

import marshmallow as ma

from lims.i18n import lazy_gettext as _l
from lims.web.api import MeasuredField
from lims.web.schemas import Count, StrictSchema, Text
from sampling.types import (
    AreaType,
    Container,
    DateKind,
    NoSampleReason,
    Packaging,
    PhotoKind,
    PhysicalForm,
    PlaceKind,
    PlanKind,
    PlanState,
    ProductType,
    SampleAttribute,
    SampleSource,
    SampleState,
    SampleVerdict,
    SamplingMethod,
    SeparationMode,
    SignalKind,
    SignerKind,
    Stage,
    StorageCondition,
    TaskCategory,
    TaskState,
)

MAX_NAME, MAX_CURSOR, MAX_ROWS = 200, 120, 500
MAX_SAMPLES = 1_000_000
MAX_PICTURE = 12_000_000  # base64 characters: a raw photo of a current tablet is 4-9 MB
LEAST_YEAR, MOST_YEAR = 2000, 2100


def _name(**more: Any) -> Text:
    return Text(max_length=MAX_NAME, **more)


def _maybe(field: type[ma.fields.Field[Any]] | Any, *arguments: Any, **more: Any) -> Any:
    """A field that may be left out or null: it prints as `/`."""
    return field(*arguments, load_default=None, allow_none=True, **more)


class Base64Field(ma.fields.String):
    """A picture as base64."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        if not isinstance(value, str) or len(value) > MAX_PICTURE:
            raise ma.ValidationError(str(_l("Send the picture as base64 text, at most 9 MB.")))
        try:
            return base64.b64decode(value.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise ma.ValidationError(str(_l("Send the picture as base64 text, at most 9 MB."))) from None


class PlansIn(ma.Schema):
    """Where a list goes on."""

    cursor = Text(max_length=MAX_CURSOR, load_default=None)


class PlanIn(StrictSchema):
    """What a plan begins with."""

    title_zh = _name(required=True, min_length=1)
    title_en = _name(required=True, min_length=1)
    year = Count(required=True, minimum=LEAST_YEAR, maximum=MOST_YEAR)
    kind = ma.fields.Enum(PlanKind, by_value=True, required=True)
    task_category = ma.fields.Enum(TaskCategory, by_value=True, required=True)
    report_class_a = _name(required=True, min_length=1)
    report_class_b = _name(required=True, min_length=1)
    budget = _maybe(Count, minimum=1, maximum=MAX_SAMPLES)
    shares = _name(load_default="neyman=.4,risk=.4,votes=.2")
    seed = _maybe(_name)
    pick_round_id = _maybe(ma.fields.UUID)
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


class PlansOut(ma.Schema):
    """A page of plans."""

    items = ma.fields.List(ma.fields.Nested(PlanOut), required=True)
    next_cursor = ma.fields.String(required=True, allow_none=True)


class PlanCategoryIn(StrictSchema):
    """Who does what in one major category."""

    category_code = _name(required=True, min_length=1)
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

    food_category_code = _name(required=True, min_length=1)
    place_kind = ma.fields.Enum(PlaceKind, by_value=True, required=True)
    population = Count(required=True, maximum=MAX_SAMPLES)
    floor = Count(load_default=0, maximum=MAX_SAMPLES)
    ceiling = _maybe(Count, maximum=MAX_SAMPLES)
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

    beacon_source = _name(required=True, min_length=1)


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

    party = _name(required=True, min_length=1)
    commitment = _name(required=True, min_length=1)


class SecretIn(StrictSchema):
    """One party opens what it committed to."""

    party = _name(required=True, min_length=1)
    secret = _name(required=True, min_length=1)


class CommitmentOut(ma.Schema):
    """A commitment as it is logged."""

    party = ma.fields.String(required=True)
    commitment = ma.fields.String(required=True)
    committed_at = ma.fields.AwareDateTime(required=True)
    opened_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class HoldIn(StrictSchema):
    """The public value as it came out, and the days of the visits."""

    beacon_value = _name(required=True, min_length=1)
    fixed_at = ma.fields.AwareDateTime(required=True)
    days = ma.fields.List(ma.fields.Date(), required=True, validate=ma.validate.Length(1, 370))


class DrawOut(ma.Schema):
    """A draw that was held; its record is sealed until it is published."""

    id = ma.fields.UUID(required=True)
    plan_id = ma.fields.UUID(required=True)
    drawn_at = ma.fields.AwareDateTime(required=True)
    record_sha256 = ma.fields.Function(lambda draw: draw.record_sha256.hex(), required=True)
    published_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class SamplingTaskOut(ma.Schema):
    """A visit."""

    id = ma.fields.UUID(required=True)
    task_no = ma.fields.String(required=True)
    plan_id = ma.fields.UUID(required=True)
    mode = ma.fields.Enum(SeparationMode, by_value=True, required=True)
    business_id = ma.fields.UUID(required=True)
    food_category_id = ma.fields.UUID(required=True)
    stage = ma.fields.Enum(Stage, by_value=True, required=True)
    sampling_organisation_id = ma.fields.UUID(required=True)
    lab_id = ma.fields.UUID(required=True)
    first_sampler_id = ma.fields.UUID(required=True)
    second_sampler_id = ma.fields.UUID(required=True)
    accompanying_officer_id = ma.fields.UUID(required=True)
    planned_on = ma.fields.Date(required=True)
    state = ma.fields.Enum(TaskState, by_value=True, required=True)
    no_sample_reason = ma.fields.Enum(NoSampleReason, by_value=True, required=True, allow_none=True)


class StopOut(ma.Schema):
    """A visit with where it goes."""

    task = ma.fields.Nested(SamplingTaskOut, required=True)
    business_name = ma.fields.String(attribute="business.name", required=True)
    business_address = ma.fields.String(attribute="business.address", required=True)
    food_category_code = ma.fields.String(attribute="food.code", required=True)


class StopsIn(ma.Schema):
    """Up to which day."""

    until = ma.fields.Date(load_default=None)


class StopsOut(ma.Schema):
    """Open visits of one sampler."""

    items = ma.fields.List(ma.fields.Nested(StopOut), required=True)


class VisitsIn(PlansIn):
    """Which visits of a plan."""

    state = ma.fields.Enum(TaskState, by_value=True, load_default=None)


class VisitsOut(ma.Schema):
    """A page of the visits of a plan."""

    items = ma.fields.List(ma.fields.Nested(SamplingTaskOut), required=True)
    next_cursor = ma.fields.String(required=True, allow_none=True)


class EndIn(StrictSchema):
    """Why a visit brings no sample."""

    reason = ma.fields.Enum(NoSampleReason, by_value=True, required=True)
    note = _maybe(Text)


class EndOut(ma.Schema):
    """The visit that takes its place; null when the reserve is used up."""

    replacement = ma.fields.Nested(SamplingTaskOut, required=True, allow_none=True)


class FormPhotoIn(StrictSchema):
    """A photo with what it shows."""

    kind = ma.fields.Enum(PhotoKind, by_value=True, required=True)
    content = Base64Field(required=True)
    taken_at = _maybe(ma.fields.AwareDateTime)


class FormSignatureIn(StrictSchema):
    """A drawn signature as a PNG; the name is needed for the party and the producer only."""

    signer = ma.fields.Enum(SignerKind, by_value=True, required=True)
    png = Base64Field(required=True)
    name = _maybe(_name)


class SamplingFormIn(StrictSchema):
    """The sampling form; the names are those of the paper (docs: domain of the form), null prints as `/`."""

    place_kind = ma.fields.Enum(PlaceKind, by_value=True, required=True)
    area_type = ma.fields.Enum(AreaType, by_value=True, required=True)
    region_code = Text(required=True, max_length=6)
    party_name = _name(required=True)
    party_address = _name(required=True)
    product_name = _name(required=True)
    product_type = ma.fields.Enum(ProductType, by_value=True, required=True)
    source = ma.fields.Enum(SampleSource, by_value=True, required=True)
    packaging = ma.fields.Enum(Packaging, by_value=True, required=True)
    product_date = ma.fields.Date(required=True)
    date_kind = ma.fields.Enum(DateKind, by_value=True, required=True)
    physical_form = ma.fields.Enum(PhysicalForm, by_value=True, required=True)
    container = ma.fields.Enum(Container, by_value=True, required=True)
    storage_condition = ma.fields.Enum(StorageCondition, by_value=True, required=True)
    sampled_qty = MeasuredField(required=True)
    quantity_unit = Text(required=True, max_length=20)
    site_check = Text(required=True)
    attribute = ma.fields.Enum(SampleAttribute, by_value=True, load_default=SampleAttribute.ORDINARY)
    sampling_method = ma.fields.Enum(SamplingMethod, by_value=True, load_default=SamplingMethod.NON_ASEPTIC)
    is_imported = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})
    is_export = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})
    party_refused_to_sign = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})
    party_uscc = _maybe(_name)
    party_uscc_note = _maybe(_name)
    party_licence_kind = _maybe(_name)
    party_licence_no = _maybe(_name)
    party_legal_person = _maybe(_name)
    party_contact = _maybe(_name)
    party_phone = _maybe(_name)
    party_annual_sales = _maybe(_name)
    market_organiser = _maybe(_name)
    platform = _maybe(_name)
    online_shop = _maybe(_name)
    online_url = _maybe(Text)
    online_buyer = _maybe(_name)
    online_account = _maybe(_name)
    online_order_no = _maybe(_name)
    producer_name = _maybe(_name)
    producer_address = _maybe(_name)
    producer_region_code = _maybe(Text, max_length=6)
    producer_licence_no = _maybe(_name)
    producer_contact = _maybe(_name)
    producer_phone = _maybe(_name)
    entrusted_producer_name = _maybe(_name)
    entrusted_producer_address = _maybe(_name)
    entrusted_producer_kind = _maybe(_name)
    barcode = _maybe(_name)
    brand = _maybe(_name)
    shelf_life = _maybe(_name)
    batch_no = _maybe(_name)
    specification = _maybe(_name)
    quality_grade = _maybe(_name)
    unit_price = _maybe(MeasuredField)
    price_unit = _maybe(_name)
    paid_amount = _maybe(MeasuredField)
    payment_waived_reason = _maybe(_name)
    origin = _maybe(_name)
    storage_celsius = _maybe(_name)
    lot_size = _maybe(MeasuredField)
    backup_qty = _maybe(MeasuredField)
    no_backup_reason = _maybe(_name)
    executed_standard = _maybe(_name)
    label_claims = _maybe(Text)
    supplier_name = _maybe(_name)
    supplier_licence_no = _maybe(_name)
    supplied_on = _maybe(ma.fields.Date)
    supply_note_no = _maybe(_name)
    has_commitment_certificate = _maybe(ma.fields.Boolean, truthy={True}, falsy={False})
    commitment_certificate_issuer = _maybe(_name)
    place_of_origin = _maybe(_name)
    party_opinion = _maybe(Text)
    witness = _maybe(_name)
    remark = _maybe(Text)


class SubmitIn(StrictSchema):
    """A sampling form with its photos and signatures."""

    form = ma.fields.Nested(SamplingFormIn, required=True)
    food_category_code = _maybe(_name)
    photos = ma.fields.List(ma.fields.Nested(FormPhotoIn), required=True, validate=ma.validate.Length(max=60))
    signatures = ma.fields.List(ma.fields.Nested(FormSignatureIn), required=True, validate=ma.validate.Length(max=5))


class SampleOut(ma.Schema):
    """A sample."""

    id = ma.fields.UUID(required=True)
    sampling_no = ma.fields.String(required=True)
    plan_id = ma.fields.UUID(required=True)
    task_id = ma.fields.UUID(required=True)
    mode = ma.fields.Enum(SeparationMode, by_value=True, required=True)
    food_category_id = ma.fields.UUID(required=True)
    business_id = ma.fields.UUID(required=True)
    regulator_id = ma.fields.UUID(required=True)
    sampling_organisation_id = ma.fields.UUID(required=True)
    lab_id = ma.fields.UUID(required=True)
    state = ma.fields.Enum(SampleState, by_value=True, required=True)
    verdict = ma.fields.Enum(SampleVerdict, by_value=True, required=True, allow_none=True)
    issued_at = ma.fields.AwareDateTime(required=True)
    state_changed_at = ma.fields.AwareDateTime(required=True)


class SampleDetailOut(SampleOut):
    """A sample with what it is and where it was taken."""

    product_name = ma.fields.String(required=True, allow_none=True)
    party_name = ma.fields.String(required=True, allow_none=True)


class SamplesIn(PlansIn):
    """Which samples."""

    state = ma.fields.Enum(SampleState, by_value=True, load_default=None)
    number = Text(max_length=40, load_default=None)


class SamplesOut(ma.Schema):
    """A page of samples, the newest first."""

    items = ma.fields.List(ma.fields.Nested(SampleDetailOut), required=True)
    next_cursor = ma.fields.String(required=True, allow_none=True)


class BusinessIn(StrictSchema):
    """A business as its licence names it."""

    name = _name(required=True, min_length=1)
    address = _name(required=True, min_length=1)
    region_code = Text(required=True, max_length=6)
    area_type = ma.fields.Enum(AreaType, by_value=True, required=True)
    place_kind = ma.fields.Enum(PlaceKind, by_value=True, required=True)
    regulator_id = ma.fields.UUID(required=True)
    food_category_codes = ma.fields.List(_name(), required=True, validate=ma.validate.Length(1, MAX_ROWS))
    stall_no = _maybe(_name)
    uscc = _maybe(_name)
    uscc_note = _maybe(_name)
    licence_kind = _maybe(_name)
    licence_no = _maybe(_name)
    legal_person = _maybe(_name)
    contact = _maybe(_name)
    phone = _maybe(_name)
    market_organiser = _maybe(_name)
    platform = _maybe(_name)
    shop_url = _maybe(Text)


class BusinessOut(ma.Schema):
    """A business of the register."""

    id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True)
    address = ma.fields.String(required=True)
    stall_no = ma.fields.String(required=True, allow_none=True)
    region_code = ma.fields.String(required=True)
    place_kind = ma.fields.Enum(PlaceKind, by_value=True, required=True)
    uscc = ma.fields.String(required=True, allow_none=True)
    licence_no = ma.fields.String(required=True, allow_none=True)
    regulator_id = ma.fields.UUID(required=True)
    registered_at = ma.fields.AwareDateTime(required=True)
    closed_on = ma.fields.Date(required=True, allow_none=True)


class BusinessesIn(ma.Schema):
    """Which businesses: by a part of the name, a code or a licence."""

    q = Text(max_length=60, load_default=None)
    after = ma.fields.UUID(load_default=None)


class BusinessesOut(ma.Schema):
    """A page of businesses by name; `next_cursor` is the id to go on after."""

    items = ma.fields.List(ma.fields.Nested(BusinessOut), required=True)
    next_cursor = ma.fields.UUID(required=True, allow_none=True)


class SignalIn(StrictSchema):
    """Something that may steer samples."""

    kind = ma.fields.Enum(SignalKind, by_value=True, required=True)
    text = Text(required=True, min_length=1)
    weight = Count(required=True, minimum=1, maximum=100)
    expires_on = ma.fields.Date(required=True)
    food_category_code = _maybe(_name)
    business_id = _maybe(ma.fields.UUID)
    place_kind = _maybe(ma.fields.Enum, PlaceKind, by_value=True)
    source_reference = _maybe(_name)


class SignalOut(ma.Schema):
    """A signal; it counts once somebody has confirmed it."""

    id = ma.fields.UUID(required=True)
    kind = ma.fields.Enum(SignalKind, by_value=True, required=True)
    received_at = ma.fields.AwareDateTime(required=True)
    text = ma.fields.String(required=True)
    weight = ma.fields.Integer(required=True)
    expires_on = ma.fields.Date(required=True)
    confirmed_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    dismissed_reason = ma.fields.String(required=True, allow_none=True)


class SignalsOut(ma.Schema):
    """The signals of an organisation."""

    items = ma.fields.List(ma.fields.Nested(SignalOut), required=True)


class DismissalIn(StrictSchema):
    """Why."""

    reason = Text(required=True, min_length=1)
