"""Parts of a form that show while its answers call for them, in a real browser."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from lims.web.templating import STATIC
from tests.browser import served, watched_page

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>Form</title><form>
<label><input type="radio" name="packaging" value="prepackaged" checked>Prepackaged</label>
<label><input type="radio" name="packaging" value="bulk">Loose</label>
<select name="source"><option value="purchased">Bought in<option value="self_made">Own make</select>
<section id="trace" data-when="packaging=bulk; source=purchased"><input name="supplier"></section>
<section id="producer" data-when="packaging=prepackaged"><input name="producer"></section>
<section id="refused" data-when="packaging=bulk"><input name="origin" aria-invalid="true"></section>
</form>{script}"""
SCRIPT = '<script type="module" src="/static/js/form-parts.js"></script>'


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = Flask("parts", static_folder=str(STATIC), static_url_path="/static")
    app.add_url_rule("/", "shown", lambda: PAGE.replace("{script}", SCRIPT))
    app.add_url_rule("/plain", "plain", lambda: PAGE.replace("{script}", ""))
    with served(app) as server:
        yield server.url


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with watched_page(browser) as opened:
        opened.goto(address)
        yield opened


def test_a_part_shows_while_every_answer_calls_for_it(page: Page) -> None:
    expect(page.locator("#trace")).to_be_hidden()
    expect(page.locator("#producer")).to_be_visible()
    page.get_by_label("Loose").check()
    expect(page.locator("#trace")).to_be_visible()
    expect(page.locator("#producer")).to_be_hidden()
    page.locator("[name=source]").select_option("self_made")
    expect(page.locator("#trace")).to_be_hidden()


def test_what_is_written_or_refused_is_never_hidden(page: Page) -> None:
    expect(page.locator("#refused")).to_be_visible()
    page.locator("[name=producer]").fill("Qinghe Rice Mill")
    page.get_by_label("Loose").check()
    expect(page.locator("#producer")).to_be_visible()


def test_without_the_script_every_part_is_in_sight(page: Page, address: str) -> None:
    page.goto(f"{address}/plain")
    for part in ("#trace", "#producer", "#refused"):
        expect(page.locator(part)).to_be_visible()
