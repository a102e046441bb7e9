"""What a sampling form must say before it can be submitted (domain.md §4.1)."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType, NoneType
from typing import Any, get_args, get_type_hints

from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from sampling.types import (
    STAGE_OF,
    AreaType,
    Container,
    DateKind,
    Packaging,
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

REGION_DIGITS = 6
# Three persons sign each form; the party's signature may be replaced by a witness (Measures Art. 17).
TEAM_SIGNERS = (SignerKind.FIRST_SAMPLER, SignerKind.SECOND_SAMPLER, SignerKind.ACCOMPANYING_OFFICER)
DATE_KINDS_OF = MappingProxyType(
    {
        ProductType.PRODUCE: frozenset({DateKind.PURCHASED, DateKind.PRODUCED, DateKind.PROCESSED}),
        ProductType.CATERING: frozenset({DateKind.PROCESSED, DateKind.PURCHASED}),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingFormInput:
    """The sampling form as it is filled in; the names are those of `sampling_form`. None prints as `/`."""

    place_kind: PlaceKind
    area_type: AreaType
    region_code: str
    party_name: str
    party_address: str
    product_name: str
    product_type: ProductType
    source: SampleSource
    packaging: Packaging
    product_date: date
    date_kind: DateKind
    physical_form: PhysicalForm
    container: Container
    storage_condition: StorageCondition
    sampled_qty: Decimal
    quantity_unit: str
    site_check: str
    attribute: SampleAttribute = SampleAttribute.ORDINARY
    sampling_method: SamplingMethod = SamplingMethod.NON_ASEPTIC
    is_imported: bool = False
    is_export: bool = False
    party_refused_to_sign: bool = False
    party_uscc: str | None = None
    party_uscc_note: str | None = None
    party_licence_kind: str | None = None
    party_licence_no: str | None = None
    party_legal_person: str | None = None
    party_contact: str | None = None
    party_phone: str | None = None
    party_annual_sales: str | None = None
    market_organiser: str | None = None
    platform: str | None = None
    online_shop: str | None = None
    online_url: str | None = None
    online_buyer: str | None = None
    online_account: str | None = None
    online_order_no: str | None = None
    producer_name: str | None = None
    producer_address: str | None = None
    producer_region_code: str | None = None
    producer_licence_no: str | None = None
    producer_contact: str | None = None
    producer_phone: str | None = None
    entrusted_producer_name: str | None = None
    entrusted_producer_address: str | None = None
    entrusted_producer_kind: str | None = None
    barcode: str | None = None
    brand: str | None = None
    shelf_life: str | None = None
    batch_no: str | None = None
    specification: str | None = None
    quality_grade: str | None = None
    unit_price: Decimal | None = None
    price_unit: str | None = None
    paid_amount: Decimal | None = None
    payment_waived_reason: str | None = None
    origin: str | None = None
    storage_celsius: str | None = None
    lot_size: Decimal | None = None
    backup_qty: Decimal | None = None
    no_backup_reason: str | None = None
    executed_standard: str | None = None
    label_claims: str | None = None
    supplier_name: str | None = None
    supplier_licence_no: str | None = None
    supplied_on: date | None = None
    supply_note_no: str | None = None
    has_commitment_certificate: bool | None = None
    commitment_certificate_issuer: str | None = None
    place_of_origin: str | None = None
    party_opinion: str | None = None
    witness: str | None = None
    remark: str | None = None

    @property
    def stage(self) -> Stage:
        """抽样环节, which follows from the place."""
        return STAGE_OF[self.place_kind]

    @property
    def is_traced(self) -> bool:
        """Whether the traceability block belongs on this form: produce and bulk food sold by somebody else."""
        is_loose = self.product_type is ProductType.PRODUCE or self.packaging is Packaging.BULK
        return is_loose and self.source is SampleSource.PURCHASED


def _kind_of(hint: Any) -> type:
    """The type of a field, whether or not it may be empty."""
    found: type = next((one for one in get_args(hint) if one is not NoneType), hint)
    return found


# What portions, labels and signatures stand on: a sample on which one of these is wrong is void, not corrected.
FIXED = frozenset(
    {"sampled_qty", "backup_qty", "quantity_unit", "no_backup_reason", "party_refused_to_sign", "witness", "site_check"}
)
# About natural persons of the business; they enter the ledger as salted digests and can be erased.
PERSONAL = (
    "party_legal_person",
    "party_contact",
    "party_phone",
    "online_buyer",
    "online_account",
    "producer_contact",
    "producer_phone",
)
CORRECTABLE = tuple(one.name for one in fields(SamplingFormInput) if one.name not in FIXED)


def written(value: object) -> str | None:
    """A value of the form as a correction keeps it, beside the one that replaces it.

    Words of a list stand by their code, days as ISO 8601, figures with all their digits.
    """
    match value:
        case None:
            return None
        case bool():
            return "yes" if value else "no"
        case StrEnum():
            return value.value
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
    return str(value)


_KINDS = {name: _kind_of(hint) for name, hint in get_type_hints(SamplingFormInput).items()}


def read_written(field: str, text: str | None) -> object:
    """What `written` wrote of a field.

    Raises:
        ValueError: nothing that `written` writes of this field.
        KeyError: the form has no such field.
    """
    kind = _KINDS[field]
    if text is None:
        return None
    if kind is bool:
        return {"yes": True, "no": False}[text]
    if kind is date:
        return date.fromisoformat(text)
    return kind(text)


def check_form(form: SamplingFormInput, today: date, signers: Collection[SignerKind], photos: int) -> None:
    """Refuse a form on which something is missing or contradicts itself.

    Args:
        form: as filled in.
        today: the local day on which it is submitted.
        signers: who signed.
        photos: how many photos were taken.

    Raises:
        InvalidInputError: names the field and what was expected.

    **Source**: Measures Art. 15-18 (two samplers, site check, photos, online purchase); domain.md §4.1, date rule.
    """
    check_fields(form, today)
    for signer in TEAM_SIGNERS:
        if signer not in signers:
            raise InvalidInputError(_l("A signature of the team is missing: both samplers and the officer sign."))
    if form.party_refused_to_sign:
        _need(form, "witness")
    elif SignerKind.SAMPLED_PARTY not in signers:
        raise InvalidInputError(
            _l("The sampled party has not signed; if it refuses to, say so and name a witness."),
            field="party_refused_to_sign",
        )
    if photos < 1:
        raise InvalidInputError(_l("There is no photo, expected at least one of the place or the sample."))


def check_fields(form: SamplingFormInput, today: date) -> None:
    """Refuse what is missing or contradicts itself among the fields alone; as `check_form`, without who signed.

    Raises:
        InvalidInputError: names the field and what was expected.
    """
    _check_texts(form)
    _check_quantities(form)
    _check_dates(form, today)
    if form.place_kind is PlaceKind.ONLINE:
        _need(form, "platform", "online_shop", "online_buyer", "online_order_no")
    if form.is_traced:
        _need(form, "supplier_name", "place_of_origin")
    if form.packaging is Packaging.PREPACKAGED and form.product_type is not ProductType.PRODUCE:
        _need(form, "producer_name")
    if form.is_imported:
        _need(form, "origin")


def _need(form: SamplingFormInput, *names: str) -> None:
    for name in names:
        if not getattr(form, name):
            raise InvalidInputError(_l("Fill this in."), field=name)


def _check_texts(form: SamplingFormInput) -> None:
    _need(form, "party_name", "party_address", "product_name", "quantity_unit", "site_check", "region_code")
    if len(form.region_code) != REGION_DIGITS or not (form.region_code.isascii() and form.region_code.isdigit()):
        raise InvalidInputError(
            _l("The region is %(code)s, expected six digits.", code=form.region_code), field="region_code"
        )


def _check_quantities(form: SamplingFormInput) -> None:
    for name in ("sampled_qty", "backup_qty", "lot_size"):
        amount = getattr(form, name)
        if amount is not None and not (amount.is_finite() and amount > 0):
            raise InvalidInputError(_l("The quantity is %(given)s, expected more than 0.", given=amount), field=name)
    for name in ("unit_price", "paid_amount"):
        amount = getattr(form, name)
        if amount is not None and not (amount.is_finite() and amount >= 0):
            raise InvalidInputError(_l("The amount is %(given)s, expected 0 or more.", given=amount), field=name)
    if (form.backup_qty is None) == (form.no_backup_reason is None):
        raise InvalidInputError(
            _l("Give either the backup quantity or the reason why none is kept."), field="backup_qty"
        )
    if (form.paid_amount is None) == (form.payment_waived_reason is None):
        raise InvalidInputError(_l("Give either the price paid or the reason why none was."), field="paid_amount")
    # 抽样数量 holds both portions; 备样数量 says how much of it is kept.
    if form.backup_qty is not None and form.backup_qty >= form.sampled_qty:
        raise InvalidInputError(
            _l(
                "The backup portion is %(backup)s of %(taken)s taken; something must be left to test.",
                backup=form.backup_qty,
                taken=form.sampled_qty,
            ),
            field="backup_qty",
        )
    if form.lot_size is not None and form.sampled_qty > form.lot_size:
        raise InvalidInputError(
            _l("Taken are %(taken)s of a lot of %(lot)s.", taken=form.sampled_qty, lot=form.lot_size), field="lot_size"
        )


def _check_dates(form: SamplingFormInput, today: date) -> None:
    for name in ("product_date", "supplied_on"):
        day = getattr(form, name)
        if day is not None and day > today:
            raise InvalidInputError(
                _l(
                    "The date is %(day)s, expected %(today)s at the latest.",
                    day=day.isoformat(),
                    today=today.isoformat(),
                ),
                field=name,
            )
    allowed = DATE_KINDS_OF.get(form.product_type)
    if allowed is not None and form.packaging is Packaging.BULK and form.date_kind not in allowed:
        raise InvalidInputError(_l("This kind of date does not fit the product."), field="date_kind")
