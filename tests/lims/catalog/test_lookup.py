import csv
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.catalog.limits import parse_limit
from lims.catalog.load import category_id, item_id
from lims.catalog.lookup import (
    AmbiguousLimit,
    LimitFound,
    MissingEdition,
    NoLimit,
    find_limit,
    find_limits,
    lookup_by_food,
)
from lims.catalog.models import StandardEdition, TestItem
from lims.catalog.types import Coverage

TODAY = date(2026, 11, 23)
BEFORE_2025_EDITION = date(2026, 9, 1)


def limit_text(answer):
    assert isinstance(answer, LimitFound), answer
    return f"{answer.limit.limit_text} {answer.limit.unit}"


@pytest.mark.parametrize(
    ("category", "item", "food", "expected"),
    [
        ("34-4", "procymidone", "韭菜", "≤5 mg/kg"),
        ("34-6", "pb", "菠菜", "≤0.3 mg/kg"),  # leaf vegetables, below fresh vegetables
        ("34-12", "pb", "辣椒", "≤0.1 mg/kg"),  # fresh vegetables
        ("34-23", "pb", "姜", "≤0.2 mg/kg"),
        ("34-9", "cd", "芹菜", "≤0.2 mg/kg"),
        ("34-12", "cd", "小米辣椒", "≤0.05 mg/kg"),
        ("3-6", "pb", "花椒", "≤3.0 mg/kg"),
        ("3-6", "pb", "辣椒粉", "≤1.5 mg/kg"),
        ("16-4", "pb", "木耳", "≤1.0 mg/kg"),
        ("16-4", "pb", "竹荪", "≤0.5 mg/kg"),
        ("34-3", "cd", "香菇", "≤0.5 mg/kg"),
        ("35-4", "hg_methyl", "金枪鱼", "≤1.2 mg/kg"),
        ("35-4", "hg_methyl", "带鱼", "≤1.0 mg/kg"),
        ("35-4", "hg_methyl", "小黄鱼", "≤0.5 mg/kg"),
        ("35-5", "cd", "虾蛄", "≤3.0 mg/kg"),
        ("35-5", "cd", "对虾", "≤0.5 mg/kg"),
        ("6-1", "cd", "饮用天然矿泉水", "≤0.003 mg/L"),
        ("6-3", "cd", "饮用纯净水", "≤0.005 mg/L"),
        ("1-2", "as_inorganic", "大米", "≤0.2 mg/kg"),
        ("14-3", "pb", "苦丁茶", "≤2.0 mg/kg"),
        ("33-8", "cd", "猪肝", "≤0.5 mg/kg"),
        ("33-1", "cd", "猪肉", "≤0.1 mg/kg"),
    ],
)
def test_the_most_specific_limit_of_the_tree_applies(catalogue: Session, category, item, food, expected):
    assert limit_text(find_limit(catalogue, category_id(category), item_id(item), TODAY, food)) == expected


def test_a_limit_for_named_foods_needs_the_name(catalogue: Session):
    answer = find_limit(catalogue, category_id("16-4"), item_id("pb"), TODAY)
    assert limit_text(answer) == "≤0.5 mg/kg"


def test_a_mushroom_does_not_fall_under_fresh_vegetables(catalogue: Session):
    answer = find_limit(catalogue, category_id("34-3"), item_id("hg_total"), TODAY, "香菇")
    assert answer == NoLimit()


def test_an_edition_that_is_not_loaded_is_named_and_not_replaced_by_the_newer_one(catalogue: Session):
    answer = find_limit(catalogue, category_id("34-6"), item_id("pb"), BEFORE_2025_EDITION, "菠菜")
    assert answer == MissingEdition("GB 2762", "2022", BEFORE_2025_EDITION)


def test_the_day_an_edition_comes_into_force_decides(catalogue: Session):
    answer = find_limit(catalogue, category_id("34-6"), item_id("pb"), date(2026, 9, 2), "菠菜")
    assert isinstance(answer, LimitFound)
    assert answer.basis == "GB 2762-2025"


def test_a_date_before_all_known_editions_names_the_standard_and_the_date(catalogue: Session):
    answer = find_limit(catalogue, category_id("34-6"), item_id("pb"), date(2001, 1, 1), "菠菜")
    assert answer == MissingEdition("GB 2762", None, date(2001, 1, 1))
    assert answer.basis == "GB 2762 (2001-01-01)"


def test_an_edition_loaded_in_part_does_not_say_that_there_is_no_limit(catalogue: Session):
    answer = find_limit(catalogue, category_id("34-4"), item_id("chlorpyrifos"), TODAY, "韭菜")
    assert answer == MissingEdition("GB 2763", "2021", TODAY, Coverage.PARTIAL)


def test_where_everything_is_loaded_no_limit_means_no_limit(catalogue: Session):
    catalogue.execute(sa.update(StandardEdition).values(coverage=Coverage.COMPLETE))
    answer = find_limit(catalogue, category_id("34-4"), item_id("chlorpyrifos"), TODAY, "韭菜")
    assert answer == NoLimit(("GB 2763",))


def test_forms_of_one_food_with_different_limits_ask_a_person(catalogue: Session):
    answer = find_limit(catalogue, category_id("28-5"), item_id("pb"), TODAY, "液态粉")
    assert isinstance(answer, AmbiguousLimit) or limit_text(answer) == "≤0.05 mg/kg"
    assert limit_text(find_limit(catalogue, category_id("28-5"), item_id("pb"), TODAY, "蛋白粉")) == "≤0.5 mg/kg"


def test_a_limit_that_holds_by_label_is_left_out_unless_asked_for(catalogue: Session):
    category, item = category_id("15-4"), item_id("alcohol")
    assert not isinstance(find_limit(catalogue, category, item, TODAY, "干红葡萄酒"), LimitFound)
    labelled = find_limit(catalogue, category, item, TODAY, "干红葡萄酒", include_label=True)
    assert limit_text(labelled) == "13.5~15.5 %vol"


def test_an_unknown_category_or_item_has_no_limit(catalogue: Session):
    assert find_limit(catalogue, item_id("pb"), item_id("pb"), TODAY) == NoLimit()
    assert lookup_by_food(catalogue, "韭菜", "没有这个项目", TODAY) == NoLimit()


def test_every_example_limit_is_found_by_food_and_item(catalogue: Session, reference_dir):
    with (reference_dir / "data" / "example_limits.csv").open(encoding="utf-8") as file:
        examples = list(csv.DictReader(file))
    wrong = []
    for example in examples:
        unit = "" if example["unit"] == "(none)" else example["unit"]
        answer = lookup_by_food(catalogue, example["food"], example["item"], TODAY)
        expected = parse_limit(example["limit_text"], unit)
        if not isinstance(answer, LimitFound) or (answer.limit.expression.form, answer.limit.unit) != (
            expected.form,
            unit,
        ):
            wrong.append((example["food"], example["item"], answer))
    assert len(examples) == 76
    assert wrong == []


@pytest.mark.parametrize(("category", "food"), [("34-4", "韭菜"), ("16-4", "木耳"), ("35-4", "金枪鱼"), ("24-4", None)])
def test_many_items_at_once_find_what_each_finds_alone(catalogue: Session, category: str, food: str | None):
    items = list(catalogue.scalars(sa.select(TestItem.id).order_by(TestItem.code)))
    together = find_limits(catalogue, category_id(category), items, TODAY, food)
    alone = {item: find_limit(catalogue, category_id(category), item, TODAY, food) for item in items}
    assert together == alone
    assert {type(answer) for answer in together.values()} >= {LimitFound, MissingEdition, NoLimit}
