"""The bench without a mouse: scan, type down the column, paste a block, save."""

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from instruments.services.readings import take_readings
from lims.db import db
from lims.uow import unit_of_work
from results.models import TestSet
from results.queries import list_lines, standing_results
from tests.browser import LiveServer, log_in
from tests.factories.instruments import make_delivered
from tests.factories.people import PASSWORD
from tests.factories.results import make_test_set
from tests.factories.sampling import make_team

pytestmark = pytest.mark.browser

A_SCANNER = 8
A_PERSON = 120  # milliseconds between keys: what comes much faster is a scanner


def standing(made: TestSet) -> list[str]:
    with db.new_session() as session:
        return sorted(row.entered_text for row in standing_results(session, made.id).values())


def test_results_are_entered_by_keyboard_alone(page: Page, live_server: LiveServer) -> None:
    team = make_team()
    made = make_test_set(team)
    log_in(page, live_server, team.tester.username, PASSWORD)
    page.goto(live_server.url + "/bench/")
    page.get_by_role("link", name=made.blind_code).focus()
    page.keyboard.press("Enter")
    first = page.locator("input[name^='result-']").first
    expect(first).to_be_focused()
    page.keyboard.type("0.011", delay=A_PERSON)
    page.wait_for_timeout(A_PERSON)
    page.keyboard.press("Enter")
    page.keyboard.type("0.02", delay=A_PERSON)
    page.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    page.keyboard.press("Control+Enter")
    page.get_by_text("2 results saved and judged").wait_for()
    assert standing(made) == ["0.011", "0.02"]


def typed_and_scanned(page: Page, live_server: LiveServer) -> tuple[TestSet, TestSet]:
    """A result typed into the grid of one set, and the label of another one scanned over it."""
    team = make_team()
    made, other = make_test_set(team), make_test_set(team)
    log_in(page, live_server, team.tester.username, PASSWORD)
    page.goto(f"{live_server.url}/bench/{made.blind_code}")
    page.locator("input[name^='result-']").first.fill("0.011")
    page.wait_for_timeout(4 * A_PERSON)
    page.keyboard.type(other.blind_code, delay=A_SCANNER)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Some results are not saved yet")).to_be_visible()
    expect(page.locator("[data-unsaved-code]")).to_have_text(other.blind_code)
    return made, other


def test_a_scan_over_unsaved_results_saves_them_first(page: Page, live_server: LiveServer) -> None:
    made, other = typed_and_scanned(page, live_server)
    page.keyboard.press("Enter")  # the button that saves has the focus
    page.wait_for_url(f"**/bench/{other.blind_code}")
    assert standing(made) == ["0.011"]


def test_a_scan_that_leaves_results_unsaved_finds_them_again_as_a_draft(page: Page, live_server: LiveServer) -> None:
    made, other = typed_and_scanned(page, live_server)
    page.get_by_role("link", name="Open it, keep a draft here").click()
    page.wait_for_url(f"**/bench/{other.blind_code}")
    assert standing(made) == []
    page.goto(f"{live_server.url}/bench/{made.blind_code}")
    expect(page.locator("input[name^='result-']").first).to_have_value("0.011")
    page.get_by_role("button", name="Save and judge").click()
    page.get_by_text("1 results saved and judged").wait_for()
    expect(page.get_by_text("What was typed here before has been put back.")).to_be_hidden()


def test_a_scan_with_nothing_unsaved_opens_the_set_at_once(page: Page, live_server: LiveServer) -> None:
    team = make_team()
    made, other = make_test_set(team), make_test_set(team)
    log_in(page, live_server, team.tester.username, PASSWORD)
    page.goto(f"{live_server.url}/bench/{made.blind_code}")
    page.keyboard.type(other.blind_code, delay=A_SCANNER)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/bench/{other.blind_code}")


def test_a_reading_is_taken_over_by_one_key_where_item_and_unit_are_its_own(
    page: Page, live_server: LiveServer
) -> None:
    team = make_team()
    made = make_test_set(team)
    with db.read_session() as session:
        line, other = list_lines(session, made.id)[:2]
    unit = line.line.unit or line.line.limit_unit
    mine = {"item_text": line.item.name_zh, "unit_text": unit, "value": Decimal("0.0731"), "value_text": "0.0731"}
    elsewhere = mine | {"item_text": other.item.name_zh, "unit_text": "banana", "value": Decimal(9), "value_text": "9"}
    with unit_of_work(team.tester.actor) as uow:
        delivered = [make_delivered(made.blind_code, **facts) for facts in (mine, elsewhere)]
        take_readings(uow, "reader", delivered)
    log_in(page, live_server, team.tester.username, PASSWORD)
    page.goto(f"{live_server.url}/bench/{made.blind_code}")
    cells = page.locator("input[name^='result-']")
    cells.first.press("F2")
    expect(cells.first).to_have_value("0.0731")
    cells.nth(1).press("F2")
    expect(cells.nth(1)).to_have_value("")
    cells.first.fill("")
    page.locator("[data-take='0.0731']").click()
    expect(cells.first).to_have_value("0.0731")
    page.keyboard.press("Control+Enter")
    page.get_by_text("saved and judged").wait_for()
    assert standing(made) == ["0.0731"]
