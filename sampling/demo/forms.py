"""What samplers write down in the demonstration: forms, photos and signatures of one visit."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sampling.demo.foods import FOODS, MAKERS, SUPPLIERS, Maker, Product, uscc_of
from sampling.demo.pictures import photo, signature
from sampling.models import Business
from sampling.rules.form import SamplingFormInput
from sampling.services.forms import DrawnSignature, Photo
from sampling.types import (
    STAGE_OF,
    AreaType,
    DateKind,
    Packaging,
    PhotoKind,
    PlaceKind,
    ProductType,
    SampleSource,
    SignerKind,
    Stage,
)

CHECKS = (
    "现场检查：证照齐全有效，贮存条件符合要求，未见过期食品。",
    "现场检查：进货台账完整，样品存放离地离墙，未见异常。",
    "现场检查：经营者能出示进货票据，场所整洁，未见异常。",
)
FREE = "学校食堂自制食品，无偿提供，已由食堂负责人签字确认"
CENT = Decimal("0.01")


def choose_food(rng: random.Random, line_food: str, sold: list[str]) -> str:
    """The fine category that is taken at a business for a line that may name a whole major category."""
    fitting = [code for code in sold if code == line_food or code.startswith(f"{line_food}-")]
    return rng.choice(sorted(fitting))


def fill_form(rng: random.Random, business: Business, code: str, today: date) -> SamplingFormInput:
    """The sampling form of one food at one business, filled in as a practised sampler would."""
    food = FOODS[code]
    values: dict[str, Any] = {
        "place_kind": business.place_kind,
        "area_type": AreaType(business.area_type),
        "region_code": business.region_code,
        "party_name": business.name,
        "party_address": business.address + (f" {business.stall_no}" if business.stall_no else ""),
        "party_uscc": business.uscc,
        "party_uscc_note": business.uscc_note,
        "party_licence_kind": business.licence_kind,
        "party_licence_no": business.licence_no,
        "party_legal_person": business.legal_person,
        "party_contact": business.contact,
        "party_phone": business.phone,
        "market_organiser": business.market_organiser,
        "product_name": rng.choice(food.names),
        "product_type": food.kind,
        "packaging": food.packaging,
        "product_date": today - timedelta(days=rng.randint(min(food.days, 1), food.days)),
        "date_kind": _date_kind(food),
        "physical_form": food.form,
        "container": food.container,
        "storage_condition": food.storage,
        "storage_celsius": {"chilled": "0～4", "frozen": "-18"}.get(food.storage.value),
        "sampled_qty": Decimal(food.take),
        "backup_qty": Decimal(food.keep),
        "lot_size": Decimal(rng.randrange(4, 16)) * (Decimal(food.take) + Decimal(food.keep)),
        "quantity_unit": food.unit,
        "executed_standard": food.standard,
        "shelf_life": food.shelf_life,
        "specification": food.specification,
        "label_claims": food.claims,
        "brand": rng.choice(food.brands) if food.brands else None,
        "site_check": rng.choice(CHECKS),
    }
    values |= _price(rng, food, business)
    values |= _origin(rng, code, business, values["product_date"])
    if business.place_kind is PlaceKind.ONLINE:
        values |= {
            "platform": business.platform,
            "online_shop": business.name,
            "online_url": business.shop_url,
            "online_buyer": "抽样专用账号",
            "online_account": f"qh_{rng.randrange(10**6):06d}",
            "online_order_no": f"{today:%Y%m%d}{rng.randrange(10**8):08d}",
        }
    return SamplingFormInput(**values)


def take_photos(rng: random.Random, form: SamplingFormInput, task_no: str) -> list[Photo]:
    """Three photos, each of something else."""
    kinds = [PhotoKind.PLACE, PhotoKind.SAMPLE]
    if form.place_kind is PlaceKind.ONLINE:
        kinds = [PhotoKind.ONLINE_SHOP, PhotoKind.ONLINE_ORDER, PhotoKind.UNPACKING]
    elif form.packaging is Packaging.PREPACKAGED:
        kinds.append(PhotoKind.LABEL)
    elif form.is_traced:
        kinds.append(PhotoKind.SUPPLY_NOTE)
    return [Photo(kind, photo(rng, f"{task_no} {kind.value}")) for kind in kinds]


def sign(rng: random.Random, form: SamplingFormInput, names: dict[SignerKind, str]) -> dict[SignerKind, DrawnSignature]:
    """Everybody draws their name; a producer signs where the food was made."""
    party = form.party_contact or form.party_name
    drawn = {signer: DrawnSignature(signature(rng, name)) for signer, name in names.items()}
    drawn[SignerKind.SAMPLED_PARTY] = DrawnSignature(signature(rng, party), party)
    if form.stage is Stage.PRODUCTION:
        drawn[SignerKind.PRODUCER] = DrawnSignature(signature(rng, party), party)
    return drawn


def _date_kind(food: Product) -> DateKind:
    kinds = {ProductType.PRODUCE: DateKind.PURCHASED, ProductType.CATERING: DateKind.PROCESSED}
    return kinds.get(food.kind, DateKind.PRODUCED)


def _price(rng: random.Random, food: Product, business: Business) -> dict[str, Any]:
    if business.place_kind is PlaceKind.SCHOOL_CANTEEN and food.kind is ProductType.CATERING:
        return {"payment_waived_reason": FREE}
    price = Decimal(rng.randrange(food.fen[0], food.fen[1], 10)) / 100
    return {
        "unit_price": price.quantize(CENT),
        "price_unit": food.unit,
        "paid_amount": (price * Decimal(food.take)).quantize(CENT),
    }


def _origin(rng: random.Random, code: str, business: Business, dated: date) -> dict[str, Any]:
    """Who made it, or where it came from."""
    food = FOODS[code]
    if food.kind is ProductType.CATERING:
        return {"source": SampleSource.SELF_MADE}
    if STAGE_OF[business.place_kind] is Stage.PRODUCTION:
        return {"source": SampleSource.SELF_MADE, "batch_no": _batch(dated), "party_annual_sales": "500"} | _own(
            business
        )
    if food.packaging is Packaging.PREPACKAGED:
        maker = rng.choice([one for one in MAKERS if code in one.makes])
        return {"source": SampleSource.PURCHASED, "batch_no": _batch(dated)} | _maker(maker)
    name, stem, place = rng.choice(SUPPLIERS)
    certified = rng.random() < 0.8  # noqa: PLR2004 - most stalls have the certificate by now
    return {
        "source": SampleSource.PURCHASED,
        "supplier_name": name,
        "supplier_licence_no": uscc_of(stem),
        "supplied_on": dated,
        "supply_note_no": f"{dated:%Y%m%d}{rng.randrange(1000):03d}",
        "has_commitment_certificate": certified,
        "commitment_certificate_issuer": name if certified else None,
        "place_of_origin": place,
    }


def _batch(dated: date) -> str:
    return f"{dated:%Y%m%d}A"


def _own(business: Business) -> dict[str, Any]:
    return {
        "producer_name": business.name,
        "producer_address": business.address,
        "producer_region_code": business.region_code,
        "producer_licence_no": business.licence_no,
        "producer_contact": business.contact,
        "producer_phone": business.phone,
    }


def _maker(maker: Maker) -> dict[str, Any]:
    return {
        "producer_name": maker.name,
        "producer_address": maker.address,
        "producer_region_code": maker.region_code,
        "producer_licence_no": maker.licence_no,
    }
