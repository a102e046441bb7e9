"""The ordinary sampling form as a program sends it."""

import base64
from typing import Any

from tests.factories.pictures import jpeg, png

SIGNERS = ("first_sampler", "second_sampler", "accompanying_officer", "sampled_party")


def leek_form() -> dict[str, Any]:
    """A leek bought in a supermarket on the day before FRIDAY."""
    return {
        "place_kind": "supermarket",
        "area_type": "urban",
        "region_code": "371402",
        "party_name": "清河县惠民超市",
        "party_address": "清河县人民路1号",
        "product_name": "韭菜",
        "product_type": "produce",
        "source": "purchased",
        "packaging": "bulk",
        "product_date": "2026-09-17",
        "date_kind": "purchased",
        "physical_form": "solid",
        "container": "plastic_bag",
        "storage_condition": "ambient",
        "lot_size": "20",
        "sampled_qty": "3.0",
        "backup_qty": "1.0",
        "quantity_unit": "kg",
        "paid_amount": "25.60",
        "supplier_name": "清河蔬菜批发行",
        "place_of_origin": "山东省德州市清河县",
        "site_check": "现场检查未见异常",
    }


def form_pictures(colour: int = 0) -> dict[str, Any]:
    """One photo and four signatures that differ, as hands do."""
    return {
        "photos": [{"kind": "place", "content": base64.b64encode(jpeg(colour)).decode()}],
        "signatures": [
            {"signer": signer, "png": base64.b64encode(png((60, 20 + number))).decode()}
            for number, signer in enumerate(SIGNERS)
        ],
    }
