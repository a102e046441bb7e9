"""The catalogue as programs read it."""

import pytest

from lims.auth.permissions import Role
from tests.factories.people import make_organisation, make_person
from tests.factories.web import bearer

BASE = "/api/v1/catalog"


@pytest.fixture
def get(client, session):
    headers = bearer(make_person(make_organisation(), Role.TESTER))

    def ask(path: str, **query):
        return client.get(f"{BASE}{path}", query_string=query, headers=headers)

    return ask


def walk(get, path: str, **query) -> list:
    rows, cursor = [], None
    while True:
        page = get(path, **query, **({"cursor": cursor} if cursor else {})).json
        rows += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows


def test_nobody_reads_without_a_token(client, session):
    assert client.get(f"{BASE}/items").status_code == 401


@pytest.mark.parametrize(
    ("path", "key"), [("/categories", "code"), ("/items", "code"), ("/limits", "id")], ids=["foods", "items", "limits"]
)
def test_a_list_walked_by_cursor_gives_every_row_once(get, path, key):
    keys = [row[key] for row in walk(get, path, limit=100)]
    assert len(keys) > 200
    assert len(set(keys)) == len(keys)


def test_categories_are_those_below_one(get):
    rows = walk(get, "/categories", parent_code="34")
    assert {row["path"].rpartition("/")[0] for row in rows} == {"34"}
    assert get("/categories", parent_code="none").status_code == 404
    assert get("/categories/34-4").json["name_zh"]
    assert get("/categories/none").status_code == 404


def test_an_item_comes_with_its_methods_and_figures_as_text(get):
    found = get("/items", q="腐霉利").json["items"]
    assert found[0]["code"] == "procymidone"
    lead = get("/items/pb").json
    assert lead["methods"][0]["lod"] == "0.02"
    assert get("/items/none").status_code == 404


def test_limits_are_those_of_an_item_and_a_category(get):
    rows = walk(get, "/limits", item_code="procymidone", category_code="34-4")
    assert rows
    assert {row["item_code"] for row in rows} == {"procymidone"}


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ({"food": "韭菜", "item": "腐霉利", "on": "2026-09-10"}, "limit"),
        ({"food": "大米", "item": "镉", "on": "2024-01-05"}, "missing_edition"),
    ],
)
def test_a_look_up_answers_by_the_edition_of_the_day(get, query, answer):
    body = get("/limits/lookup", **query).json
    assert body["answer"] == answer
    assert bool(body["limits"]) == (answer == "limit")
    assert (body["missing"] is not None) == (answer == "missing_edition")


def test_a_look_up_of_an_item_nobody_knows_is_not_found(get):
    assert get("/limits/lookup", food="韭菜", item="香蕉", on="2026-09-10").status_code == 404


def test_parameters_are_those_of_a_day(get):
    rows = get("/parameters", on="2026-09-10").json["items"]
    assert {row["code"] for row in rows} >= {"report_issue"}
    one = get("/parameters/report_issue", on="2026-09-10").json
    assert (one["value"], one["unit"]) == ("20", "working_day")
    assert get("/parameters/report_issue", on="1999-01-01").status_code == 404


def test_a_deadline_runs_across_the_october_holiday(get):
    body = get("/deadlines", code="report_issue", started_at="2026-09-18T10:00:00+08:00").json
    assert (body["on"], body["provisional"]) == ("2026-10-22", False)


def test_a_deadline_beyond_the_notices_is_provisional(get):
    assert get("/deadlines", code="report_issue", started_at="2031-09-18T10:00:00+08:00").json["provisional"] is True


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/deadlines", {"code": "nothing", "started_at": "2026-09-18T10:00:00+08:00"}, 404),
        ("/deadlines", {"code": "report_issue", "started_at": "9999-12-31T23:59:59+00:00"}, 422),
        ("/deadlines", {"code": "report_issue", "started_at": "2026-09-18T10:00:00"}, 422),
        ("/items", {"limit": "0"}, 422),
        ("/items", {"limit": "100000"}, 422),
        ("/items", {"cursor": "nonsense"}, 422),
        ("/items", {"cursor": "WyJcdTAwMDAiXQ=="}, 422),
        ("/limits", {"cursor": "WzFd"}, 422),
        ("/parameters", {"on": "yesterday"}, 422),
    ],
)
def test_a_question_that_cannot_be_meant_is_a_problem(get, path, query, status):
    answer = get(path, **query)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
