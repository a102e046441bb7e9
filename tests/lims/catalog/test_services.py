from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.auth.permissions import Role
from lims.catalog import models, queries, services
from lims.catalog.load import category_id, derived_id, item_id
from lims.catalog.lookup import LimitFound, find_limit
from lims.catalog.types import RegionLevel
from lims.errors import ConfigurationError, ConflictError, InvalidInputError, NotFoundError
from lims.ledger.models import LedgerEvent
from lims.uow import unit_of_work
from tests.factories.people import make_organisation, make_person

TODAY = date(2026, 11, 23)
RECEIVED = datetime(2026, 9, 18, 2, 0, tzinfo=UTC)


@pytest.fixture
def administrator(catalogue: Session) -> Actor:
    return make_person(make_organisation(), Role.ADMINISTRATOR).actor


def current_limit(session: Session) -> models.FoodLimit:
    session.expire_all()
    answer = find_limit(session, category_id("34-4"), item_id("procymidone"), TODAY, "韭菜")
    assert isinstance(answer, LimitFound)
    return answer.limit


# Limits


def test_a_superseded_limit_stays_as_it_decided_and_says_who_and_why(catalogue: Session, administrator: Actor):
    old = current_limit(catalogue)
    with unit_of_work(administrator) as uow:
        new = services.supersede_limit(uow, old.id, {"limit_text": "≤3"}, reason="misprint")
        assert new is not None
        new_id = new.id
    replacing = current_limit(catalogue)
    assert (replacing.id, replacing.limit_text) == (new_id, "≤3")
    assert (replacing.replaces_id, replacing.reason) == (old.id, "misprint")
    closed = catalogue.get_one(models.FoodLimit, old.id)
    assert (closed.limit_text, closed.superseded_reason) == ("≤5", "misprint")
    assert closed.superseded_by_id == administrator.person_id


def test_a_withdrawn_limit_is_not_found_any_more(catalogue: Session, administrator: Actor):
    old = current_limit(catalogue)
    with unit_of_work(administrator) as uow:
        assert services.supersede_limit(uow, old.id, None, reason="belongs elsewhere") is None
    catalogue.expire_all()
    answer = find_limit(catalogue, category_id("34-4"), item_id("procymidone"), TODAY, "韭菜")
    assert not isinstance(answer, LimitFound)


def test_a_limit_is_superseded_once(catalogue: Session, administrator: Actor):
    old = current_limit(catalogue)
    with unit_of_work(administrator) as uow:
        services.supersede_limit(uow, old.id, {"limit_text": "≤3"}, reason="misprint")
    with pytest.raises(ConflictError), unit_of_work(administrator) as uow:
        services.supersede_limit(uow, old.id, {"limit_text": "≤4"}, reason="misprint")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"limit_text": "banana"}, "misprint"), ({"limit_text": "≤3"}, "  "), ({"id": item_id("pb")}, "misprint")],
)
def test_an_unreadable_limit_an_empty_reason_or_a_strange_column_is_refused(
    catalogue: Session, administrator: Actor, changes, reason
):
    old = current_limit(catalogue)
    with pytest.raises(InvalidInputError), unit_of_work(administrator) as uow:
        services.supersede_limit(uow, old.id, changes, reason=reason)
    assert current_limit(catalogue).id == old.id


def test_an_added_limit_is_looked_up_at_once(catalogue: Session, administrator: Actor):
    draft = services.LimitDraft(
        edition_id=derived_id("standard_edition", "GB 2763", "2021"),
        item_id=item_id("chlorpyrifos"),
        food_name="韭菜",
        limit_text="≤0.02",
        unit="mg/kg",
        source="GB 2763-2021",
        valid_from=date(2021, 9, 3),
        categories={category_id("34-4"): False},
    )
    with unit_of_work(administrator) as uow:
        added_id = services.add_limit(uow, draft, reason="row was not loaded").id
    catalogue.expire_all()
    answer = find_limit(catalogue, category_id("34-4"), item_id("chlorpyrifos"), TODAY)
    assert isinstance(answer, LimitFound)
    assert answer.limit.id == added_id
    with pytest.raises(ConflictError, match="already has a limit"), unit_of_work(administrator) as uow:
        services.add_limit(uow, draft, reason="twice")


@pytest.mark.parametrize("table", ["food_limit", "method", "check_item", "rule_parameter", "calendar_day"])
def test_the_application_can_update_nothing_that_decides(catalogue: Session, table):
    with pytest.raises(ProgrammingError, match="permission denied"):
        catalogue.execute(sa.update(sa.table(table, sa.column("source"))).values(source="elsewhere"))


@pytest.mark.parametrize("table", ["food_limit", "food_limit_scope", "catalog_revision"])
def test_the_application_can_delete_nothing(catalogue: Session, table):
    with pytest.raises(ProgrammingError, match="permission denied"):
        catalogue.execute(sa.delete(sa.table(table)))


def test_a_closed_row_without_a_reason_is_refused_by_the_database(catalogue: Session):
    with pytest.raises(IntegrityError, match="closing_has_reason"):
        catalogue.execute(sa.update(models.FoodLimit).values(superseded_at=RECEIVED))


def test_a_superseded_limit_stands_in_the_ledger(catalogue: Session, administrator: Actor):
    with unit_of_work(administrator) as uow:
        services.supersede_limit(uow, current_limit(catalogue).id, {"limit_text": "≤3"}, reason="misprint")
    catalogue.expire_all()
    chains = catalogue.scalars(sa.select(LedgerEvent.chain)).all()
    assert "config" in chains


# Rule parameters and deadlines


def test_a_report_is_due_after_20_working_days_across_the_october_holiday(catalogue: Session):
    deadline = queries.deadline(catalogue, "report_issue", RECEIVED)
    assert (deadline.on, deadline.provisional) == (date(2026, 10, 22), False)


def test_a_quick_test_may_be_contested_for_four_hours_of_any_night(catalogue: Session):
    started_at = datetime(2026, 10, 1, 15, 0, tzinfo=UTC)
    assert queries.deadline(catalogue, "quick_test_recheck", started_at).due_at == datetime(
        2026, 10, 1, 19, 0, tzinfo=UTC
    )


def test_a_deadline_beyond_the_calendar_is_provisional(catalogue: Session):
    assert queries.deadline(catalogue, "report_issue", datetime(2026, 12, 20, tzinfo=UTC)).provisional


def test_a_parameter_that_nobody_set_stops_rather_than_guesses(catalogue: Session):
    with pytest.raises(ConfigurationError, match="no_such_code"):
        queries.get_parameter(catalogue, "no_such_code", TODAY)
    with pytest.raises(ConfigurationError):
        queries.get_parameter(catalogue, "report_issue", date(1999, 1, 1))


def test_a_new_value_counts_from_its_day_and_not_before(catalogue: Session, administrator: Actor):
    with unit_of_work(administrator) as uow:
        services.set_parameter(
            uow, "report_issue", Decimal(15), valid_from=date(2026, 12, 1), source="Order 200", reason="new Measures"
        )
    catalogue.expire_all()
    assert queries.get_parameter(catalogue, "report_issue", date(2026, 11, 30)).value == 20
    assert queries.get_parameter(catalogue, "report_issue", date(2026, 12, 1)).value == 15
    history = queries.parameter_history(catalogue, "report_issue")
    assert len(history) == 3  # the shipped row, its copy that ends on 30 November, the new one
    assert queries.deadline(catalogue, "report_issue", RECEIVED).on == date(2026, 10, 22)


def test_a_value_set_for_the_same_day_replaces_the_first_one(catalogue: Session, administrator: Actor):
    for value in ("15", "10"):
        with unit_of_work(administrator) as uow:
            services.set_parameter(
                uow, "report_issue", Decimal(value), valid_from=date(2026, 12, 1), source="Order 200", reason="new"
            )
    catalogue.expire_all()
    assert queries.get_parameter(catalogue, "report_issue", date(2027, 1, 1)).value == 10
    assert queries.get_parameter(catalogue, "report_issue", date(2026, 11, 1)).value == 20


@pytest.mark.parametrize("value", ["0", "-5", "NaN", "Infinity"])
def test_a_value_that_is_no_positive_number_is_refused(catalogue: Session, administrator: Actor, value):
    with pytest.raises(InvalidInputError), unit_of_work(administrator) as uow:
        services.set_parameter(
            uow, "report_issue", Decimal(value), valid_from=TODAY, source="nowhere", reason="slip of the finger"
        )


def test_a_parameter_that_does_not_exist_cannot_be_set(catalogue: Session, administrator: Actor):
    with pytest.raises(NotFoundError), unit_of_work(administrator) as uow:
        services.set_parameter(uow, "no_such_code", Decimal(1), valid_from=TODAY, source="nowhere", reason="typo")


def test_two_values_of_one_parameter_on_one_day_are_refused_by_the_database(catalogue: Session):
    row = queries.get_parameter(catalogue, "report_issue", TODAY)
    columns = {column.key: getattr(row, column.key) for column in sa.inspect(models.RuleParameter).columns}
    with pytest.raises(IntegrityError, match="ex_rule_parameter_one_value_a_day"):
        catalogue.execute(sa.insert(models.RuleParameter).values(**columns | {"id": uuid4(), "valid_from": TODAY}))


# Days


def test_a_day_that_an_administrator_settles_moves_new_deadlines(catalogue: Session, administrator: Actor):
    with unit_of_work(administrator) as uow:
        services.override_day(uow, date(2026, 10, 22), is_workday=False, reason="typhoon", name_zh="台风停工")
    catalogue.expire_all()
    assert queries.deadline(catalogue, "report_issue", RECEIVED).on == date(2026, 10, 23)


def test_a_day_can_be_settled_beyond_the_calendar_without_moving_its_horizon(catalogue: Session, administrator: Actor):
    with unit_of_work(administrator) as uow:
        services.override_day(uow, date(2027, 2, 8), is_workday=False, reason="Spring Festival 2027")
    calendar = queries.load_calendar(catalogue, TODAY)
    assert calendar.horizon == date(2026, 12, 31)
    assert not calendar.is_workday(date(2027, 2, 8))
    assert not calendar.is_provisional(date(2027, 2, 8))


# Names


def test_a_corrected_name_keeps_the_row_and_remembers_the_old_name(catalogue: Session, administrator: Actor):
    with unit_of_work(administrator) as uow:
        category = queries.get_category(uow.session, category_id("34-4"))
        services.correct_wording(uow, category, {"name_en": "Garlic chives"}, reason="usual name")
    revisions = queries.list_revisions(catalogue, "food_category", str(category_id("34-4")))
    assert [(row.before, row.after) for row in revisions] == [
        ({"name_en": "Chinese chives"}, {"name_en": "Garlic chives"})
    ]


def test_only_wording_is_corrected_in_place(catalogue: Session, administrator: Actor):
    category = queries.get_category(catalogue, category_id("34-4"))
    with pytest.raises(InvalidInputError, match="code"), unit_of_work(administrator) as uow:
        services.correct_wording(uow, category, {"code": "99-1"}, reason="why not")


def test_an_alias_belongs_to_one_item(catalogue: Session, administrator: Actor):
    with unit_of_work(administrator) as uow:
        services.add_alias(uow, item_id("procymidone"), "速克灵", reason="trade name")
    found = queries.find_item(catalogue, "速克灵")
    assert found is not None
    assert found.code == "procymidone"
    with pytest.raises(ConflictError), unit_of_work(administrator) as uow:
        services.add_alias(uow, item_id("pb"), " 速克灵 ", reason="slip")


# Methods and check items


def test_other_figures_of_a_method_are_a_new_row(catalogue: Session, administrator: Actor):
    (old,) = queries.list_methods(catalogue, item_id("pb"), ["GB 5009.12"])
    with unit_of_work(administrator) as uow:
        services.supersede_method(uow, old.id, {"lod": Decimal("0.010")}, reason="new instrument")
    catalogue.expire_all()
    (new,) = queries.list_methods(catalogue, item_id("pb"), ["GB 5009.12"])
    assert str(new.lod) == "0.010"
    assert new.replaces_id == old.id


def test_an_item_can_be_taken_out_of_a_category(catalogue: Session, administrator: Actor):
    check, _ = queries.list_check_items(catalogue, category_id("34-4"))[0]
    with unit_of_work(administrator) as uow:
        services.supersede_check_item(uow, check.id, None, reason="rule book of 2027")
    catalogue.expire_all()
    assert check.id not in {row.id for row, _ in queries.list_check_items(catalogue, category_id("34-4"))}


# Reads


def test_the_way_up_and_the_way_down_the_tree_agree(catalogue: Session):
    way = queries.ancestors(catalogue, category_id("34-4"))
    assert [category.code for category in way] == ["34", "34.3", "34-4"]
    assert category_id("34-4") in queries.subtree_ids(catalogue, category_id("34"))
    assert category_id("3-4") not in queries.subtree_ids(catalogue, category_id("34"))
    assert [child.code for child in queries.children(catalogue, category_id("34.3"))] == ["34-4", "34-5"]


@pytest.mark.parametrize(
    ("typed", "code"),
    [("铅", "pb"), ("铅(以Pb计)", "pb"), ("黄曲霉毒素B1", "aflatoxin_b1"), ("procymidone", "procymidone")],
)
def test_an_item_is_found_in_any_spelling(catalogue: Session, typed, code):
    found = queries.find_item(catalogue, typed)
    assert found is not None
    assert found.code == code


def test_a_search_shows_first_what_begins_with_the_text(catalogue: Session):
    codes = [item.code for item in queries.search_items(catalogue, "噻虫")]
    assert codes == ["clothianidin", "thiamethoxam"]
    assert queries.search_items(catalogue, "100%") == []


@given(words=st.sampled_from(["", "素", "a", "噻虫"]), size=st.integers(1, 60))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_search_walked_page_by_page_gives_every_item_once_in_its_order(catalogue: Session, words, size):
    whole = [item.code for item in queries.search_items(catalogue, words, limit=1000)]
    walked, after = [], None
    while page := queries.search_items(catalogue, words, after=after, limit=size):
        walked += [item.code for item in page]
        after = walked[-1]
    assert walked == whole


def test_regions_are_read_by_parent_and_level(catalogue: Session):
    assert len(queries.list_regions(catalogue, level=RegionLevel.PROVINCE)) == 31
    counties = queries.list_regions(catalogue, parent_code="420500", include_statistical=False)
    assert "420502" in {county.code for county in counties}
    assert queries.get_region(catalogue, "999999") is None
