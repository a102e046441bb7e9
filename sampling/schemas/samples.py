"""Visits, sampling forms and samples."""

import marshmallow as ma

from lims.decisions import Outcome
from lims.web.api import MeasuredField
from lims.web.paging import CursorIn, PageOut
from lims.web.schemas import StrictSchema, Text, TwoPersonRequestOut
from sampling.schemas.fields import Base64Field, instant_field, maybe, name_field
from sampling.types import (
    AreaType,
    Container,
    DateKind,
    NoSampleReason,
    Packaging,
    PhotoKind,
    PhysicalForm,
    PlaceKind,
    ProductType,
    SampleAttribute,
    SampleSource,
    SampleState,
    SampleVerdict,
    SamplingMethod,
    SeparationMode,
    SignerKind,
    Stage,
    StorageCondition,
    TaskState,
)


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


class VisitIn(StrictSchema):
    """A team sent without a draw."""

    business_id = ma.fields.UUID(required=True)
    food_category_code = name_field(required=True, min_length=1)
    first_sampler_id = ma.fields.UUID(required=True)
    second_sampler_id = ma.fields.UUID(required=True)
    accompanying_officer_id = ma.fields.UUID(required=True)
    planned_on = ma.fields.Date(required=True)


class VisitsIn(CursorIn):
    """Which visits of a plan."""

    state = ma.fields.Enum(TaskState, by_value=True, load_default=None)


class VisitsOut(PageOut):
    """A page of the visits of a plan."""

    items = ma.fields.List(ma.fields.Nested(SamplingTaskOut), required=True)


class EndIn(StrictSchema):
    """Why a visit brings no sample."""

    reason = ma.fields.Enum(NoSampleReason, by_value=True, required=True)
    note = maybe(Text)


class EndOut(ma.Schema):
    """The visit that takes its place; null when the reserve is used up."""

    replacement = ma.fields.Nested(SamplingTaskOut, required=True, allow_none=True)


class WithdrawalIn(StrictSchema):
    """Why a visit is taken back."""

    reason = Text(required=True, min_length=1)


class VoidIn(StrictSchema):
    """Why a sample is declared void."""

    reason = Text(required=True, min_length=1)


class FormPhotoIn(StrictSchema):
    """A photo with what it shows."""

    kind = ma.fields.Enum(PhotoKind, by_value=True, required=True)
    content = Base64Field(required=True)
    taken_at = maybe(instant_field)


class FormSignatureIn(StrictSchema):
    """A drawn signature as a PNG; the name is needed for the party and the producer only."""

    signer = ma.fields.Enum(SignerKind, by_value=True, required=True)
    png = Base64Field(required=True)
    name = maybe(name_field)


class SamplingFormIn(StrictSchema):
    """The sampling form; the names are those of the paper (docs: domain of the form), null prints as `/`."""

    place_kind = ma.fields.Enum(PlaceKind, by_value=True, required=True)
    area_type = ma.fields.Enum(AreaType, by_value=True, required=True)
    region_code = Text(required=True, max_length=6)
    party_name = name_field(required=True)
    party_address = name_field(required=True)
    product_name = name_field(required=True)
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
    party_uscc = maybe(name_field)
    party_uscc_note = maybe(name_field)
    party_licence_kind = maybe(name_field)
    party_licence_no = maybe(name_field)
    party_legal_person = maybe(name_field)
    party_contact = maybe(name_field)
    party_phone = maybe(name_field)
    party_annual_sales = maybe(name_field)
    market_organiser = maybe(name_field)
    platform = maybe(name_field)
    online_shop = maybe(name_field)
    online_url = maybe(Text)
    online_buyer = maybe(name_field)
    online_account = maybe(name_field)
    online_order_no = maybe(name_field)
    producer_name = maybe(name_field)
    producer_address = maybe(name_field)
    producer_region_code = maybe(Text, max_length=6)
    producer_licence_no = maybe(name_field)
    producer_contact = maybe(name_field)
    producer_phone = maybe(name_field)
    entrusted_producer_name = maybe(name_field)
    entrusted_producer_address = maybe(name_field)
    entrusted_producer_kind = maybe(name_field)
    barcode = maybe(name_field)
    brand = maybe(name_field)
    shelf_life = maybe(name_field)
    batch_no = maybe(name_field)
    specification = maybe(name_field)
    quality_grade = maybe(name_field)
    unit_price = maybe(MeasuredField)
    price_unit = maybe(name_field)
    paid_amount = maybe(MeasuredField)
    payment_waived_reason = maybe(name_field)
    origin = maybe(name_field)
    storage_celsius = maybe(name_field)
    lot_size = maybe(MeasuredField)
    backup_qty = maybe(MeasuredField)
    no_backup_reason = maybe(name_field)
    executed_standard = maybe(name_field)
    label_claims = maybe(Text)
    supplier_name = maybe(name_field)
    supplier_licence_no = maybe(name_field)
    supplied_on = maybe(ma.fields.Date)
    supply_note_no = maybe(name_field)
    has_commitment_certificate = maybe(ma.fields.Boolean, truthy={True}, falsy={False})
    commitment_certificate_issuer = maybe(name_field)
    place_of_origin = maybe(name_field)
    party_opinion = maybe(Text)
    witness = maybe(name_field)
    remark = maybe(Text)


class SubmitIn(StrictSchema):
    """A sampling form with its photos and signatures."""

    form = ma.fields.Nested(SamplingFormIn, required=True)
    food_category_code = maybe(name_field)
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


class SamplesIn(CursorIn):
    """Which samples."""

    state = ma.fields.Enum(SampleState, by_value=True, load_default=None)
    number = Text(max_length=40, load_default=None)


class SamplesOut(PageOut):
    """A page of samples, the newest first."""

    items = ma.fields.List(ma.fields.Nested(SampleDetailOut), required=True)


class FormCorrectionIn(StrictSchema):
    """One field of a form as it should stand; `value` as in the form, null to empty it."""

    field = Text(required=True, min_length=1, max_length=60)
    value = ma.fields.Raw(required=True, allow_none=True)
    reason = Text(required=True, min_length=1, max_length=1_000)


class FormCorrectionOut(TwoPersonRequestOut):
    """A correction of a form; values as `written` keeps them."""

    sample_id = ma.fields.UUID(required=True)
    field = ma.fields.String(required=True)
    old_value = ma.fields.String(required=True, allow_none=True)
    new_value = ma.fields.String(required=True, allow_none=True)
    outcome = ma.fields.Enum(Outcome, by_value=True, required=True, allow_none=True)


class FormCorrectionsOut(ma.Schema):
    """The corrections of one form, the newest first."""

    items = ma.fields.List(ma.fields.Nested(FormCorrectionOut), required=True)
