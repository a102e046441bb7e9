"""The bench without a mouse: scan, type down the column, paste a block, save."""

import pytest
from playwright.sync_api import Page, expect

from lims.db import db
from results.models import TestSet
from results.queries import standing_results
from tests.browser import LiveServer, log_in
from tests.factories.people import PASSWORD
from tests.factories.results import make_test_set
from tests.factories.sampling import make_team

pytestmark = pytest.mark.browser

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
