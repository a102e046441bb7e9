"""The component gallery in a real browser: scans, drafts, photos, signatures, grids, dialogs, and no shift."""

from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path

import pytest
from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined
from playwright.sync_api import Page, expect

from lims import i18n, views
from lims.web import templating
from lims.web.gallery import SURFACES, gallery_context
from lims.web.security import CSP
from tests.browser import served, watched_page

ROOT = Path(__file__).parents[2]
SIZES = {"phone": (390, 844), "tablet": (1180, 820), "desktop": (1440, 900)}
PICTURE = templating.STATIC / "img" / "icon-192.png"
NO_SHIFT = 0.01
SCANNER_MS = 9  # between two keys
PERSON_MS = 90
TARGET_PX = {"field": 48, "public": 40}

pytestmark = pytest.mark.browser


def make_app() -> Flask:
    """The gallery with the real languages, templates and content policy, and no database behind it."""
    app = Flask("lims", static_folder=str(templating.STATIC), template_folder=str(ROOT / "templates"))
    app.config["SECRET_KEY"] = "only-for-this-test"
    app.jinja_env.undefined = StrictUndefined
    i18n.init_app(app)
    templating.init_app(app)
    CSRFProtect(app)
    app.register_blueprint(views.bp)

    app.add_url_rule("/scan/frame", "symbols.read_camera")  # where the camera's dialog would send its pictures

    @app.get("/gallery")
    def shown() -> ResponseReturnValue:
        return render_template("components/gallery.html", **gallery_context())

    @app.after_request
    def strict(response):
        response.headers["Content-Security-Policy"] = CSP
        return response

    return app


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(make_app()) as server:
        yield f"{server.url}/gallery"


def press_keys(page: Page, text: str, gaps_ms: Iterable[int]) -> None:
    """Press the keys of `text` and Enter, each stamped so long after the one before, however busy the machine is."""
    devtools = page.context.new_cdp_session(page)
    at = page.evaluate("performance.timeOrigin + performance.now()") / 1000
    for key, gap in zip([*text, "\r"], gaps_ms, strict=False):
        at += gap / 1000
        name = "Enter" if key == "\r" else key
        event = {"key": name, "code": "Enter" if key == "\r" else "", "timestamp": at}
        devtools.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": key, **event})
        devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})
    devtools.detach()


def heard(page: Page) -> str | None:
    return page.evaluate("window.scanned ?? null")


def listen(page: Page) -> None:
    page.evaluate("document.addEventListener('scan', (e) => { window.scanned = e.detail.code; })")


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("size", SIZES)
def test_no_page_is_wider_than_its_screen(page, address, surface, size):
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{address}?surface={surface}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("size", SIZES)
def test_nothing_shifts_while_the_page_loads(page, address, size):
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    shift = page.evaluate(
        """() => new Promise((resolve) => {
          let sum = 0;
          new PerformanceObserver((list) => { for (const e of list.getEntries()) sum += e.value; })
            .observe({ type: "layout-shift", buffered: true });
          setTimeout(() => resolve(sum), 200);
        })"""
    )
    assert shift <= NO_SHIFT


@pytest.mark.parametrize(("surface", "least"), TARGET_PX.items())
def test_buttons_and_inputs_are_large_enough_for_fingers(page, address, surface, least):
    page.goto(f"{address}?surface={surface}")
    heights = page.evaluate(
        """[...document.querySelectorAll("main .button, main .input, main .segments label, .cards-choice label")]
             .filter((e) => e.checkVisibility() && !e.closest("td")).map((e) => e.getBoundingClientRect().height)"""
    )
    assert min(heights) >= least


def test_a_scan_reaches_the_scan_field_and_leaves_the_typed_one_as_it_was(page, address):
    page.goto(address)
    listen(page)
    page.fill("#name", "Zhang")
    page.focus("#name")
    press_keys(page, "26-0412-B7", repeat(SCANNER_MS))
    expect(page.locator("#code")).to_have_value("26-0412-B7")
    assert page.input_value("#name") == "Zhang"
    assert heard(page) == "26-0412-B7"


def test_a_scan_is_heard_when_nothing_has_the_focus(page, address):
    page.goto(address)
    page.evaluate("document.activeElement.blur()")
    press_keys(page, "SEAL000123", repeat(SCANNER_MS))
    expect(page.locator("#code")).to_have_value("SEAL000123")


def test_a_scanner_that_hesitates_within_a_code_is_still_heard_whole(page, address):
    page.goto(address)
    page.evaluate("document.activeElement.blur()")
    press_keys(page, "SEAL000123", [9, 9, 140, 9, 9, 9, 120, 9, 9, 9, 60])
    expect(page.locator("#code")).to_have_value("SEAL000123")


def test_two_codes_scanned_one_after_the_other_stay_two(page, address):
    page.goto(address)
    page.evaluate("document.activeElement.blur()")
    press_keys(page, "SEAL000123", repeat(SCANNER_MS))
    press_keys(page, "SEAL000124", repeat(SCANNER_MS))
    expect(page.locator("#code")).to_have_value("SEAL000124")


def test_typing_by_hand_is_not_taken_for_a_scan(page, address):
    page.goto(address)
    listen(page)
    page.focus("#remark")
    press_keys(page, "12345678", repeat(PERSON_MS))
    assert heard(page) is None
    assert page.input_value("#remark") == "12345678\n"


def test_what_was_typed_is_back_after_the_tab_was_closed_and_can_be_discarded(page, address):
    page.goto(address)
    page.fill("#name", "Zhang")
    page.check("#agree")
    page.goto("about:blank")
    page.goto(address)
    assert page.input_value("#name") == "Zhang"
    assert page.is_checked("#agree")
    page.click("form .alert--info button")
    assert page.input_value("#name") == ""
    page.reload()
    assert page.input_value("#name") == ""


def test_a_form_that_came_back_refused_shows_what_was_typed_and_has_the_focus_on_its_errors(page, address):
    page.goto(f"{address}?errors=1")
    assert page.input_value("#amount") == "2，5"
    assert page.get_attribute("#amount", "aria-invalid") == "true"
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    described = page.get_attribute("#amount", "aria-describedby").split()
    assert all(page.locator(f"#{part}").count() == 1 for part in described)


def test_chosen_files_are_shown_with_their_digest(page, address):
    page.goto(address)
    page.set_input_files("#photos", [PICTURE, ROOT / "pyproject.toml"])
    expect(page.locator(".shot")).to_have_count(2)
    digests = page.eval_on_selector_all("input[name=photos_sha256]", "all => all.map((e) => e.value)")
    assert [len(digest) for digest in digests] == [64, 64]


def test_a_signature_is_drawn_or_typed_and_says_which(page, address):
    page.goto(address)
    pad = page.locator("[data-signature] canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 90)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 40, steps=5)
    page.mouse.up()
    drawn = page.input_value("[data-signature-image]")
    assert drawn.startswith("data:image/png;base64,")
    assert page.input_value("[data-signature-kind]") == "drawn"
    page.fill("[data-signature-typed]", "Zhang Jianguo")
    assert page.input_value("[data-signature-kind]") == "typed"
    assert page.input_value("[data-signature-image]") not in {"", drawn}
    page.click("[data-signature-clear]")
    assert page.input_value("[data-signature-image]") == ""


def test_a_grid_is_walked_by_arrows_and_filled_from_a_spreadsheet(page, address):
    page.goto(f"{address}?surface=bench")
    page.focus("[name=v0]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "v2"
    page.evaluate(
        """() => {
          const clip = new DataTransfer();
          clip.setData("text/plain", "0.20\\r\\n0.010\\r\\n<0.01\\r\\n");
          document.activeElement.dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: clip, bubbles: true, cancelable: true }));
        }"""
    )
    assert [page.input_value(f"[name=v{row}]") for row in range(2, 6)] == ["0.20", "0.010", "<0.01", ""]


PASTE = """(text) => {
  const clip = new DataTransfer();
  clip.setData("text/plain", text);
  document.activeElement.dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: clip, bubbles: true, cancelable: true }));
}"""


def grid_values(page):
    return page.eval_on_selector_all("table[data-grid] input[name^=v]", "all => all.map((field) => field.value)")


def test_undo_takes_back_a_pasted_block_and_what_was_typed_before_and_redo_brings_them_again(page, address):
    page.goto(f"{address}?surface=bench")
    empty = grid_values(page)
    page.focus("[name=v0]")
    page.keyboard.press("Control+a")
    page.keyboard.type("0.50", delay=80)
    page.keyboard.press("ArrowDown")
    typed = grid_values(page)
    page.evaluate(PASTE, "0.20\n0.010")
    pasted = grid_values(page)
    assert pasted[:3] == ["0.50", "0.20", "0.010"]
    page.keyboard.press("Control+z")
    assert grid_values(page) == typed
    page.keyboard.press("Control+z")
    assert grid_values(page) == empty
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+Shift+Z")
    assert grid_values(page) == pasted


def test_undo_takes_back_what_is_still_being_typed(page, address):
    page.goto(f"{address}?surface=bench")
    before = grid_values(page)
    page.focus("[name=v1]")
    page.keyboard.type("0.7", delay=80)
    page.keyboard.press("Control+z")
    assert grid_values(page) == before


def test_pasted_values_that_find_no_cell_are_named(page, address):
    page.goto(f"{address}?surface=bench")
    rows = len(grid_values(page))
    page.focus(f"[name=v{rows - 1}]")
    page.evaluate(PASTE, "0.20\n0.333")
    said = page.locator("[data-grid-note]")
    expect(said).to_contain_text("0.333")
    expect(said).not_to_contain_text("0.20")


def test_a_draft_holds_only_what_was_changed_in_it(page, address):
    page.goto(address)
    untouched = page.input_value("#amount")
    page.fill("#name", "Zhang")
    kept = page.evaluate("Object.values(localStorage).map((text) => JSON.parse(text).values).flat()")
    assert kept == [["name", "Zhang"]]
    page.goto("about:blank")
    page.goto(address)
    assert (page.input_value("#name"), page.input_value("#amount")) == ("Zhang", untouched)


def test_a_dangerous_act_is_asked_about_first_and_sent_once(page, address):
    page.goto(address)
    sent: list[str] = []
    page.route(
        "**/*",
        lambda route: (
            (sent.append("POST"), route.fulfill(status=204)) if route.request.method == "POST" else route.continue_()
        ),
    )
    page.click("form[data-confirm] button")
    expect(page.locator("#confirm-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    assert sent == []
    page.click("form[data-confirm] button")
    with page.expect_request(lambda request: request.method == "POST"):
        page.dblclick("[data-confirm-yes]", force=True)
    page.wait_for_timeout(200)  # a second one would come at once
    assert sent == ["POST"]


def test_the_keyboard_shows_where_it_is(page, address):
    page.goto(address)
    page.keyboard.press("Tab")
    for _stop in range(12):
        look = page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]; })()"
        )
        assert look[0] != "none"
        assert look[1] != "0px"
        page.keyboard.press("Tab")


def test_the_skip_link_is_the_first_stop_and_leads_to_the_content(page, address):
    page.goto(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_everything_stands_in_the_language_that_was_chosen(browser, address):
    for locale, word, other in (("zh-CN", "检验任务表", "Worklist"), ("en-GB", "Worklist", "检验任务表")):
        with watched_page(browser, locale=locale) as page:
            page.goto(address)
            assert page.get_by_role("heading", name=word).count() == 1
            assert page.get_by_text(other, exact=True).count() == 0
