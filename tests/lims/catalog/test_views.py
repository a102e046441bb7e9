"""The catalogue's pages: everybody reads, an administrator adds versions, nothing changes in place."""

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from lims.auth.permissions import Role
from lims.catalog import models, queries
from lims.catalog.labels import label
from lims.catalog.load import category_id, item_id
from lims.catalog.lookup import LimitFound, find_limit
from lims.catalog.types import Comparison, Coverage, DayKind, Hazard, ItemClass, ItemKind, ParameterUnit, Trust
from tests.factories.people import make_organisation, make_person
from tests.factories.web import csrf_token, log_in

LANGUAGES = pytest.mark.parametrize(
    ("language", "word"), [("en", "The limit that applies"), ("zh", "适用的限量")], ids=["en", "zh"]
)
DAY = date(2026, 9, 10)


def the_limit(session) -> models.FoodLimit:
    session.expire_all()
    found = find_limit(session, category_id("34-4"), item_id("procymidone"), DAY, "韭菜")
    assert isinstance(found, LimitFound)
    return found.limit


@pytest.fixture
def reader(client, session):
    return log_in(client, make_person(make_organisation(), Role.TESTER))


@pytest.fixture
def administrator(client, session):
    return log_in(client, make_person(make_organisation(), Role.ADMINISTRATOR))


def post(client, page: str, **values):
    return client.post(page, data={"csrf_token": csrf_token(client, page)} | values)


@LANGUAGES
def test_the_limit_of_a_food_and_an_item_is_told_with_its_basis_and_reason(reader, language, word):
    page = reader.get(f"/catalog/?food=韭菜&item=腐霉利&on={DAY}", headers={"Accept-Language": language}).text
    assert word in page
    assert "≤5" in page
    assert "GB 2763" in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("food=大米&item=镉&on=2024-01-05", "is not loaded"),
        ("food=韭菜&item=苯甲酸&on=2026-09-10", "No standard of this catalogue"),
    ],
)
def test_an_answer_that_cannot_be_given_says_which_edition_is_missing(reader, query, words):
    assert words in reader.get(f"/catalog/?{query}", headers={"Accept-Language": "en"}).text


def test_an_item_nobody_knows_is_an_error_at_its_field_and_the_food_stays(reader):
    answer = reader.get("/catalog/?food=韭菜&item=香蕉", headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert "There is no test item called 香蕉." in answer.text
    assert 'value="韭菜"' in answer.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_of_the_catalogue_opens_for_every_member_of_staff(reader, session, language):
    limit = the_limit(session)
    method = queries.list_methods(session, item_id("procymidone"))[0]
    for page in [
        "/catalog/",
        "/catalog/foods",
        "/catalog/foods?q=韭",
        f"/catalog/foods/{category_id('34-4')}",
        "/catalog/items",
        "/catalog/items?q=腐霉利",
        f"/catalog/items/{item_id('procymidone')}",
        f"/catalog/limits/{limit.id}",
        f"/catalog/methods/{method.id}",
        "/catalog/standards?q=2762&loaded=y",
        "/catalog/regions",
        "/catalog/regions/371402",
        "/catalog/parameters",
        "/catalog/parameters/report_issue",
        "/catalog/calendar?year=2026",
        "/catalog/calendar?year=2031",
        "/catalog/calendar?year=99999",
    ]:
        assert reader.get(page, headers={"Accept-Language": language}).status_code == 200, page


@pytest.mark.parametrize(
    "page",
    [
        "/catalog/regions/999999",
        "/catalog/regions/%00",
        "/catalog/parameters/none",
        f"/catalog/limits/{item_id('pb')}",
        f"/catalog/methods/{item_id('pb')}",
        f"/catalog/items/{category_id('34-4')}",
    ],
)
def test_what_is_not_in_the_catalogue_is_not_found(reader, page):
    assert reader.get(page).status_code == 404


def test_a_limit_gets_a_new_version_with_its_reason_and_both_stand_in_the_history(administrator, session):
    old = the_limit(session)
    page = f"/catalog/limits/{old.id}/supersede"
    values = {
        "limit_text": "≤3",
        "unit": "mg/kg",
        "comparison": "full_value",
        "valid_from": "2026-01-01",
        "source": "GB 2763-2021 amendment",
        "trust": "R",
        "reason": "amendment of August",
    }
    answer = post(administrator, page, **values)
    new = the_limit(session)
    assert answer.headers["Location"] == f"/catalog/limits/{new.id}"
    assert (new.limit_text, new.replaces_id) == ("≤3", old.id)
    history = administrator.get(f"/catalog/limits/{old.id}").text
    assert "≤3" in history
    assert "amendment of August" in history
    again = post(administrator, page, **values)
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"limit_text": "banana"}, "cannot be read as a limit"),
        ({"reason": ""}, "Fill this in."),
        ({"valid_from": "2030-02-31"}, "Not a valid date value."),
        ({"source": "a\0b"}, "NUL"),
    ],
)
def test_a_refused_version_keeps_what_was_typed_and_says_what_was_expected(administrator, session, changed, words):
    page = f"/catalog/limits/{the_limit(session).id}/supersede"
    values = {"limit_text": "≤3", "comparison": "full_value", "valid_from": "2026-01-01", "source": "kept words"}
    values |= {"trust": "R", "reason": "why"}
    answer = administrator.post(
        page,
        data={"csrf_token": csrf_token(administrator, page)} | values | changed,
        headers={"Accept-Language": "en"},
    )
    assert answer.status_code == 422
    assert words in answer.text
    assert (changed.get("limit_text") or "≤3") in answer.text


def test_a_withdrawn_limit_stays_readable(administrator, session):
    old = the_limit(session)
    assert post(administrator, f"/catalog/limits/{old.id}/withdraw", reason="printed twice").status_code == 303
    assert "printed twice" in administrator.get(f"/catalog/limits/{old.id}").text
    session.expire_all()
    assert not isinstance(find_limit(session, category_id("34-4"), item_id("procymidone"), DAY, "韭菜"), LimitFound)


def test_a_limit_is_added_on_categories_by_code(administrator, session):
    edition = session.scalars(
        sa.select(models.StandardEdition.id).join(models.Standard).where(models.Standard.number == "GB 2763")
    ).first()
    page = f"/catalog/items/{item_id('procymidone')}/limits/new"
    values = {
        "edition": str(edition),
        "food_name": "火龙果",
        "categories": "34-4, 34-5*",
        "limit_text": "≤2",
        "unit": "mg/kg",
        "comparison": "full_value",
        "valid_from": "2026-01-01",
        "source": "a notice",
        "trust": "R",
        "reason": "newly set",
    }
    refused = post(administrator, page, **(values | {"categories": "banana"}))
    assert (refused.status_code, "banana" in refused.text) == (422, True)
    made = post(administrator, page, **values)
    shown = administrator.get(made.headers["Location"]).text
    assert "火龙果" in shown
    assert "34-4" in shown


def test_a_method_gets_new_figures_whose_trailing_zeros_stay(administrator, session):
    old = queries.list_methods(session, item_id("pb"))[0]
    page = f"/catalog/methods/{old.id}/supersede"
    values = {"lod": "0.010", "loq": "0.030", "unit": "mg/kg", "source": "our validation", "reason": "validated"}
    answer = post(administrator, page, **values)
    session.expire_all()
    new = session.get_one(models.Method, answer.headers["Location"].rpartition("/")[2])
    assert (str(new.lod), str(new.loq)) == ("0.010", "0.030")
    assert post(administrator, page, **(values | {"lod": "1e400"})).status_code == 422
    higher = f"/catalog/methods/{new.id}/supersede"
    assert post(administrator, higher, **(values | {"lod": "9"})).status_code in {409, 422}


def test_a_parameter_changes_from_a_day_on_and_keeps_its_earlier_value(administrator, session):
    page = "/catalog/parameters/report_issue/set"
    values = {"value": "15", "valid_from": "2027-01-01", "source": "new Measures", "trust": "R", "reason": "amended"}
    assert post(administrator, page, **values).status_code == 303
    session.expire_all()
    found = [queries.get_parameter(session, "report_issue", day).value for day in (DAY, date(2027, 3, 1))]
    assert found == [Decimal(20), Decimal(15)]
    assert "amended" in administrator.get("/catalog/parameters/report_issue").text
    assert post(administrator, page, **(values | {"value": "0"})).status_code == 422
    assert post(administrator, page, **(values | {"value": "-3"})).status_code == 422


def test_a_settled_day_moves_the_picture_and_says_who_and_why(administrator, session):
    page = "/catalog/calendar/settle"
    values = {"day": "2026-09-15", "is_workday": "no", "reason": "flood"}
    assert post(administrator, page, **values).headers["Location"] == "/catalog/calendar?year=2026"
    session.expire_all()
    assert not queries.load_calendar(session).is_workday(date(2026, 9, 15))
    assert "flood" in administrator.get("/catalog/calendar?year=2026").text
    assert post(administrator, page, day="", is_workday="perhaps", reason="").status_code == 422


def test_a_wording_is_corrected_and_the_earlier_one_kept(administrator, session):
    for kind, key in [("foods", category_id("34-4")), ("items", item_id("procymidone")), ("regions", "371402")]:
        page = f"/catalog/{kind}/{key}/wording"
        answer = post(administrator, page, name_zh="新名", name_en="New name", reason="misspelt")
        assert answer.status_code == 303
        assert "新名" in administrator.get(answer.headers["Location"], headers={"Accept-Language": "zh"}).text
    assert administrator.get("/catalog/items/nonsense/wording").status_code == 404


def test_an_item_is_found_by_a_name_that_was_added_and_a_taken_one_is_refused(administrator, session):
    page = f"/catalog/items/{item_id('procymidone')}"
    token = {"csrf_token": csrf_token(administrator, page)}
    added = administrator.post(f"{page}/aliases", data=token | {"name": "灭菌星", "reason": "trade name"})
    assert added.status_code == 303
    assert "灭菌星" in administrator.get(page).text
    taken = administrator.post(f"{page}/aliases", data=token | {"name": "铅", "reason": "trade name"})
    assert (taken.status_code, 'value="铅"' in taken.text) == (409, True)


def test_only_administrators_change_the_catalogue(reader, session):
    for page in [
        f"/catalog/limits/{the_limit(session).id}/supersede",
        f"/catalog/limits/{the_limit(session).id}/withdraw",
        "/catalog/parameters/report_issue/set",
        "/catalog/calendar/settle",
        f"/catalog/items/{item_id('pb')}/limits/new",
        "/catalog/regions/371402/wording",
    ]:
        assert reader.get(page).status_code == 403, page
    assert "/supersede" not in reader.get(f"/catalog/limits/{the_limit(session).id}").text


@pytest.mark.parametrize("kind", [ParameterUnit, ItemClass, Hazard, Coverage, Trust, DayKind, Comparison, ItemKind])
def test_every_value_of_a_closed_list_has_its_words(kind):
    assert all(label(value) for value in kind)


def test_two_closed_lists_that_share_a_value_keep_their_own_words():
    assert len({label(Hazard.NONE), label(Coverage.NONE)}) == 2
