"""Forms of the sampler: the sampling form with the fields of each stage, and a visit that brings nothing."""

from collections.abc import Iterator
from dataclasses import fields
from enum import StrEnum
from typing import Any
from uuid import UUID

from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from lims.forms import MeasuredText, PageForm, required
from lims.i18n import bilingual
from lims.i18n import lazy_gettext as _l
from sampling.queries import SampleSheet, TaskSheet
from sampling.rules.form import SamplingFormInput, written
from sampling.types import (
    STAGE_OF,
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
    SamplingMethod,
    SignerKind,
    Stage,
    StorageCondition,
)
from sampling.words import choices_of

SHORT, LONG = 200, 1000
PRODUCE_MAJORS = frozenset({"33", "34", "35", "36", "37", "38", "39"})  # 食用农产品 of the 2026 tree
CATERING_MAJOR = "31"
ENUMS: dict[str, type[StrEnum]] = {
    "place_kind": PlaceKind,
    "area_type": AreaType,
    "product_type": ProductType,
    "packaging": Packaging,
    "source": SampleSource,
    "attribute": SampleAttribute,
    "date_kind": DateKind,
    "storage_condition": StorageCondition,
    "physical_form": PhysicalForm,
    "container": Container,
    "sampling_method": SamplingMethod,
}
EVERYWHERE = (PhotoKind.PLACE, PhotoKind.SHELF, PhotoKind.SAMPLE, PhotoKind.LABEL, PhotoKind.PURCHASE_TICKET)
TRACED = (PhotoKind.SUPPLY_NOTE, PhotoKind.COMMITMENT_CERTIFICATE)
BOUGHT_ONLINE = (PhotoKind.ONLINE_SHOP, PhotoKind.ONLINE_ORDER, PhotoKind.UNPACKING)


def _stripped(value: Any) -> Any:
    """What stands in an empty field is nothing: it prints as `/`."""
    return (value.strip() or None) if isinstance(value, str) else value


def _line(label: Any, *, most: int = SHORT, must: bool = False) -> StringField:
    checks = [required()] if must else []
    return StringField(label, [*checks, Length(max=most)], filters=[_stripped])


def _words(label: Any) -> TextAreaField:
    return TextAreaField(label, [Length(max=LONG)], filters=[_stripped])


class SamplingPageForm(PageForm):
    """The sampling form on the screen; its fields carry the names of `SamplingFormInput`."""

    place_kind = SelectField(_l("Kind of place"))
    area_type = RadioField(_l("Area"))
    region_code = _line(_l("Region (six digits)"), must=True)
    party_name = _line(_l("Name as on the licence"), must=True)
    party_address = _line(_l("Address, in a market with the stall"), must=True)
    party_uscc = _line(_l("Unified social credit code"))
    party_uscc_note = _line(_l("Why the code stands so"))
    party_licence_kind = _line(_l("Kind of licence"))
    party_licence_no = _line(_l("Licence"))
    party_legal_person = _line(_l("Legal person"))
    party_contact = _line(_l("Contact"))
    party_phone = _line(_l("Phone"))
    party_annual_sales = _line(_l("Annual sales (10,000 yuan)"))
    market_organiser = _line(_l("Market organiser"))
    platform = _line(_l("Platform"))
    online_shop = _line(_l("Online shop"))
    online_url = _line(_l("Address of the shop"), most=LONG)
    online_buyer = _line(_l("Bought by"))
    online_account = _line(_l("Account and payment account"))
    online_order_no = _line(_l("Order"))

    food_category_id = SelectField(_l("Food category"))
    product_name = _line(_l("Product"), must=True)
    product_type = SelectField(_l("Kind of sample"))
    packaging = RadioField(_l("Packaging"))
    source = SelectField(_l("Where it comes from"))
    attribute = SelectField(_l("Attribute"))
    brand = _line(_l("Brand"))
    barcode = _line(_l("Barcode"))
    specification = _line(_l("Specification"))
    batch_no = _line(_l("Batch"))
    quality_grade = _line(_l("Grade"))
    shelf_life = _line(_l("Shelf life"))
    date_kind = RadioField(_l("Kind of date"))
    product_date = DateField(_l("Date"), [required()])
    executed_standard = _line(_l("Standard on the label"))
    label_claims = _words(_l("Claims on the label that are tested"))
    storage_condition = SelectField(_l("Storage"))
    storage_celsius = _line(_l("Storage temperature"))
    physical_form = RadioField(_l("Form"))
    container = SelectField(_l("Container of the sample"))
    sampling_method = RadioField(_l("Way of sampling"))
    is_imported = BooleanField(_l("Imported"))
    origin = _line(_l("Country of origin"))
    is_export = BooleanField(_l("Made for export"))

    supplier_name = _line(_l("Supplier"))
    supplier_licence_no = _line(_l("Supplier's licence"))
    supplied_on = DateField(_l("Supplied on"), [Optional()])
    supply_note_no = _line(_l("Supply note"))
    has_commitment_certificate = RadioField(_l("Commitment certificate"))
    commitment_certificate_issuer = _line(_l("Issued by"))
    place_of_origin = _line(_l("Place of origin, down to the county"))

    producer_name = _line(_l("Name of the producer"))
    producer_address = _line(_l("Address of the producer"))
    producer_region_code = _line(_l("Region of the producer (six digits)"))
    producer_licence_no = _line(_l("Production licence"))
    producer_contact = _line(_l("Contact of the producer"))
    producer_phone = _line(_l("Phone of the producer"))
    entrusted_producer_name = _line(_l("Third-party producer"))
    entrusted_producer_address = _line(_l("Address of the third party"))
    entrusted_producer_kind = _line(_l("Entrusting or entrusted"))

    lot_size = MeasuredText(_l("Lot size"))
    sampled_qty = MeasuredText(_l("Quantity taken"), [required()])
    backup_qty = MeasuredText(_l("Of it, backup portion"))
    no_backup_reason = _line(_l("Why no backup is kept"))
    quantity_unit = _line(_l("Unit"), must=True)
    unit_price = MeasuredText(_l("Price of one unit"))
    paid_amount = MeasuredText(_l("Price paid"))
    payment_waived_reason = _line(_l("Why nothing was paid"))

    site_check = _words(_l("Site check of the accompanying officer"))
    party_opinion = _words(_l("Objection of the party"))
    party_refused_to_sign = BooleanField(_l("The party refuses to sign"))
    witness = _line(_l("Witness"))
    remark = _words(_l("Remark"))

    @classmethod
    def for_stop(cls, sheet: TaskSheet, **defaults: Any) -> "SamplingPageForm":
        """The form of one stop: only the choices that fit its stage, filled from the register and the task."""
        form = cls(data=defaults_of(sheet) | defaults)
        form.offer_choices(sheet.task.stage)
        form.food_category_id.choices = [(str(food.id), f"{food.code} {bilingual(food)}") for food in sheet.foods]
        return form

    def offer_choices(self, stage: Stage) -> None:
        """Let the person choose among words of the form, and among the places of this stage."""
        for name, kind in ENUMS.items():
            self[name].choices = choices_of(kind)
        stage_places = tuple(place for place, its_stage in STAGE_OF.items() if its_stage is stage)
        self.place_kind.choices = choices_of(PlaceKind, only=stage_places)
        self.has_commitment_certificate.choices = [("", _l("Not asked")), ("yes", _l("Yes")), ("no", _l("No"))]

    def to_input(self) -> SamplingFormInput:
        """The form as the service takes it. Call it on a valid form only."""
        values = {item.name: self[item.name].data for item in fields(SamplingFormInput) if item.name in self}
        values |= {name: kind(values[name]) for name, kind in ENUMS.items()}
        certificate = self.has_commitment_certificate.data
        values["has_commitment_certificate"] = None if not certificate else certificate == "yes"
        values["site_check"] = values["site_check"] or ""
        values["price_unit"] = values["quantity_unit"] if values["unit_price"] is not None else None
        return SamplingFormInput(**values)

    @property
    def food(self) -> UUID:
        """The fine category that was chosen."""
        return UUID(str(self.food_category_id.data))


def photo_kinds(sheet: TaskSheet) -> tuple[PhotoKind, ...]:
    """What is photographed at this stop."""
    if sheet.business.place_kind is PlaceKind.ONLINE:
        return BOUGHT_ONLINE + EVERYWHERE[2:]
    return EVERYWHERE + TRACED


def signers_of(sheet: TaskSheet) -> Iterator[tuple[SignerKind, str]]:
    """Who signs this form, with the name where it is known."""
    yield SignerKind.FIRST_SAMPLER, sheet.team[0]
    yield SignerKind.SECOND_SAMPLER, sheet.team[1]
    yield SignerKind.ACCOMPANYING_OFFICER, sheet.team[2]
    yield SignerKind.SAMPLED_PARTY, sheet.business.contact or sheet.business.name
    if sheet.task.stage is Stage.PRODUCTION:
        yield SignerKind.PRODUCER, sheet.business.contact or sheet.business.name


def defaults_of(sheet: TaskSheet) -> dict[str, Any]:
    """What is known before anybody types: the party from the register, the kind of food from the task."""
    business, stage = sheet.business, sheet.task.stage
    major = sheet.food.major_code
    is_produce = major in PRODUCE_MAJORS
    is_made_here = stage is Stage.PRODUCTION or major == CATERING_MAJOR
    kind = ProductType.PRODUCE if is_produce else ProductType.INDUSTRIAL
    if major == CATERING_MAJOR:
        kind = ProductType.CATERING
    is_loose = is_produce or kind is ProductType.CATERING
    dated = DateKind.PURCHASED if is_produce else DateKind.PROCESSED if is_loose else DateKind.PRODUCED
    values: dict[str, Any] = {
        "place_kind": business.place_kind.value,
        "area_type": business.area_type,
        "region_code": business.region_code,
        "party_name": business.name,
        "party_address": f"{business.address} {business.stall_no or ''}".strip(),
        "party_uscc": business.uscc,
        "party_uscc_note": business.uscc_note,
        "party_licence_kind": business.licence_kind,
        "party_licence_no": business.licence_no,
        "party_legal_person": business.legal_person,
        "party_contact": business.contact,
        "party_phone": business.phone,
        "market_organiser": business.market_organiser,
        "platform": business.platform,
        "online_shop": business.name if business.platform else None,
        "online_url": business.shop_url,
        "food_category_id": str(sheet.foods[0].id),
        "product_type": kind.value,
        "packaging": (Packaging.BULK if is_loose else Packaging.PREPACKAGED).value,
        "source": (SampleSource.SELF_MADE if is_made_here else SampleSource.PURCHASED).value,
        "attribute": SampleAttribute.ORDINARY.value,
        "date_kind": dated.value,
        "storage_condition": StorageCondition.AMBIENT.value,
        "physical_form": PhysicalForm.SOLID.value,
        "container": Container.PLASTIC_BAG.value,
        "sampling_method": SamplingMethod.NON_ASEPTIC.value,
        "quantity_unit": "kg" if is_loose else None,
        "has_commitment_certificate": "",
    }
    if stage is Stage.PRODUCTION:
        values |= {
            "producer_name": business.name,
            "producer_address": business.address,
            "producer_region_code": business.region_code,
            "producer_licence_no": business.licence_no,
            "producer_contact": business.contact,
            "producer_phone": business.phone,
        }
    return values


class CorrectionForm(SamplingPageForm):
    """One field of the sampling form as it should stand, and why it stands wrong."""

    reason = TextAreaField(_l("Why it stands wrong"), [required(), Length(max=LONG)])

    @classmethod
    def of(cls, sheet: SampleSheet, field: str) -> "CorrectionForm":
        """With this one field of the form, filled with what stands there."""
        form = cls(data={field: _shown(getattr(sheet.form, field))})
        form.offer_choices(sheet.form.stage)
        for name in [item.short_name for item in form if item.short_name not in {field, "reason", "csrf_token"}]:
            del form[name]
        return form

    def value_of(self, field: str) -> Any:
        """The value as `SamplingFormInput` takes it. Call it on a valid form only."""
        data = self[field].data
        if field == "has_commitment_certificate":
            return None if not data else data == "yes"
        kind = ENUMS.get(field)
        return kind(data) if kind is not None and data else data


def _shown(value: Any) -> Any:
    """A value of the form as its field on the screen takes it."""
    return written(value) if isinstance(value, StrEnum | bool) else value


def labels_of_form() -> dict[str, str]:
    """What the fields of the sampling form are called on the screen."""
    return {item.short_name: str(item.label.text) for item in SamplingPageForm(formdata=None, meta={"csrf": False})}


class VoidForm(PageForm):
    """Why a sample is declared void."""

    reason = StringField(_l("Why it is void"), [required(), Length(max=LONG)])


class NoSampleForm(PageForm):
    """A visit that brings no sample: which way, and words where the party refused."""

    reason = RadioField(_l("What happened?"))
    note = _words(_l("How it came about"))

    @classmethod
    def fresh(cls) -> "NoSampleForm":
        """With the choices in the reader's language."""
        form = cls()
        form.reason.choices = choices_of(NoSampleReason)
        return form
