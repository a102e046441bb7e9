import csv
from datetime import date
from itertools import pairwise

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.catalog import load, models
from lims.catalog.limits import parse_limit
from lims.catalog.names import match_key

from .conftest import NOW


def test_a_second_load_changes_nothing(catalogue: Session):
    assert load.load_reference(catalogue, NOW) == 0


def test_a_load_leaves_alone_what_was_corrected_since(catalogue: Session):
    item = catalogue.get_one(models.TestItem, load.item_id("pb"))
    item.name_en = "Lead"
    catalogue.flush()
    load.load_reference(catalogue, NOW)
    catalogue.refresh(item)
    assert item.name_en == "Lead"


def test_the_tree_has_39_major_categories_and_all_that_is_produce_is_one_in_the_national_34(catalogue: Session):
    majors = catalogue.scalars(sa.select(models.FoodCategory).where(models.FoodCategory.level == 1)).all()
    assert {major.code for major in majors} == {str(number) for number in range(1, 40)}
    produce = {major.code for major in majors if major.national_major_zh == "食用农产品"}
    assert produce == {str(number) for number in range(33, 40)}
    assert all(major.name_en for major in majors)


def test_every_region_has_its_parent_and_none_is_its_own(catalogue: Session):
    regions = {row.code: row for row in catalogue.scalars(sa.select(models.Region))}
    # 3,351 lines of the 2023 codes, where three cities without counties stand as their own county as well
    assert len(regions) == 3351 - 3
    assert all(row.parent_code != row.code for row in regions.values())
    assert {row.code for row in regions.values() if row.parent_code is None} == {
        row.code for row in regions.values() if row.level == "province"
    }


def test_all_reference_rows_carry_a_source(catalogue: Session):
    for model in (models.FoodCategory, models.TestItem, models.Method, models.CheckItem, models.FoodLimit):
        assert catalogue.scalar(sa.select(sa.func.count()).select_from(model).where(model.source == "")) == 0


def test_every_shipped_limit_can_be_read():
    for row in load._read("limits"):
        assert parse_limit(row["limit_text"], row["unit"])


def test_no_item_name_carries_a_footnote_letter_a_lost_subscript_or_a_space_within():
    for row in load._read("test_items"):
        assert "计 " not in row["name_zh"]
        assert " " not in row["name_zh"]
        assert not row["name_zh"].endswith(tuple("abcdefg")), row["name_zh"]


def test_every_test_item_and_category_has_an_english_name():
    for name in ("test_items", "food_categories", "rule_parameters", "regions"):
        assert all(row["name_en"] for row in load._read(name))


def test_a_category_of_the_tree_lies_below_one_of_a_higher_level():
    levels = {row["code"]: int(row["level"]) for row in load._read("food_categories")}
    for row in load._read("food_categories"):
        assert not row["parent"] or levels[row["parent"]] < levels[row["code"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("铅(以Pb计)", "铅（以Pb计）"),
        ("黄曲霉毒素B1", "黄曲霉毒素B₁"),
        ("苯并[α]芘", "苯并[a]芘"),
        ("脱氢乙酸及其钠盐（以脱 氢乙酸计）", "脱氢乙酸及其钠盐（以脱氢乙酸计）"),
    ],
)
def test_spellings_of_one_name_have_one_key(one, other):
    assert match_key(one) == match_key(other)


def test_the_standards_in_force_are_those_of_the_handbook():
    in_force = {
        f"{row['standard']}-{row['edition']}"
        for row in load._read("standard_editions")
        if row["in_force_from"] <= "2026-11-23" <= (row["in_force_to"] or "9999")
    }
    assert {
        "GB 2762-2025",
        "GB 2760-2024",
        "GB 2761-2017",
        "GB 2763-2021",
        "GB 31650-2019",
        "GB 29921-2021",
    } <= in_force


def test_editions_of_one_standard_do_not_overlap():
    editions = sorted(load._read("standard_editions"), key=lambda row: (row["standard"], row["in_force_from"]))
    for one, other in pairwise(editions):
        assert one["standard"] != other["standard"] or date.fromisoformat(one["in_force_to"]) < date.fromisoformat(
            other["in_force_from"]
        )


def test_the_limits_of_gb_2762_are_those_of_the_reference(reference_dir):
    with (reference_dir / "data" / "gb2762_2025_limits.csv").open(encoding="utf-8") as file:
        expected = sorted(
            (match_key(row["analyte"]), f"≤{row['limit_value']}", row["unit"]) for row in csv.DictReader(file)
        )
    names = {row["code"]: match_key(row["name_zh"]) for row in load._read("test_items")}
    shipped = sorted(
        (names[row["item_code"]], row["limit_text"], row["unit"])
        for row in load._read("limits")
        if row["standard"] == "GB 2762"
    )
    assert shipped == expected
