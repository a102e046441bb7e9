"""The parts of a long form, and what each still wants, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import LiveServer, log_in
from tests.factories.people import PASSWORD
from tests.factories.sampling import make_task, make_team

pytestmark = pytest.mark.browser

UPRIGHT_TABLET = {"width": 820, "height": 1180}


@pytest.fixture
def form(page: Page, live_server: LiveServer) -> Page:
    team = make_team()
    task_id = make_task(team)
    page.set_viewport_size(UPRIGHT_TABLET)
    log_in(page, live_server, team.samplers[0].username, PASSWORD)
    page.goto(f"{live_server.url}/field/tasks/{task_id}/form")
    return page


def wanted(page: Page, name: str) -> str:
    return page.locator(f"nav.sections a[data-name='{name}'] [data-section-count]").inner_text()


def test_each_part_tells_what_it_still_wants_and_says_when_nothing_is_missing(form: Page) -> None:
    before = int(wanted(form, "The food"))
    form.locator("[name=product_name]").fill("韭菜")
    assert int(wanted(form, "The food")) == before - 1
    form.locator("[name=product_date]").fill("2026-09-01")
    assert wanted(form, "The food") == "✓"
    assert wanted(form, "Photos") == "1"
    form.locator("[name=sampled_qty]").fill("2")
    form.locator("[name=no_backup_reason]").fill("无法均分")  # one of two answers is enough
    form.locator("[name=paid_amount]").fill("12.50")
    assert wanted(form, "Quantity and price") == "✓"


def test_a_part_that_does_not_belong_is_no_link_and_wants_nothing(form: Page) -> None:
    producer = form.locator("nav.sections a[data-name='Producer on the label']")
    form.get_by_label("Prepackaged").check(force=True)
    expect(producer).to_be_visible()
    form.get_by_label("Loose").check(force=True)
    expect(producer).to_be_hidden()


def test_refusing_to_sign_asks_for_a_witness_in_the_place_of_the_signature(form: Page) -> None:
    signatures, check = int(wanted(form, "Signatures")), int(wanted(form, "Site check and opinions"))
    form.get_by_label("The party refuses to sign").check()
    assert int(wanted(form, "Signatures")) == signatures - 1
    assert int(wanted(form, "Site check and opinions")) == check + 1


def test_the_keyboard_jumps_to_a_part_and_to_the_first_missing_answer(form: Page) -> None:
    form.locator("nav.sections a[data-name='Signatures']").focus()
    form.keyboard.press("Enter")
    expect(form.locator("#part-signatures h2")).to_be_in_viewport()
    form.locator("[data-next-missing]").focus()
    form.keyboard.press("Enter")
    expect(form.locator("[name=product_name]")).to_be_focused()


def test_what_was_typed_before_a_reload_counts_again(form: Page) -> None:
    form.locator("[name=product_name]").fill("韭菜")
    left = wanted(form, "The food")
    form.reload()
    expect(form.locator("[name=product_name]")).to_have_value("韭菜")
    assert wanted(form, "The food") == left
