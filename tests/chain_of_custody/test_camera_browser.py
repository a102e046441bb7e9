"""The camera of a real browser films a label of ours: our own reader reads it, and the server what ours cannot."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, Page, Request

from chain_of_custody.labels.contents import LabelContent, LabelSize
from chain_of_custody.labels.drawing import draw_label
from lims.symbols import QR_QUIET_MODULES, qr
from tests.browser import ARGUMENTS, LiveServer, log_in, watched_page
from tests.factories.people import PASSWORD
from tests.factories.sampling import make_sample, make_team

pytestmark = pytest.mark.browser

FRAME = (1280, 720)
FILMED = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
BUTTON = "Scan with the camera"


def label(code: str) -> Image.Image:
    return draw_label(LabelContent("封　条", code, (("抽样单", "XBJ26"),)), LabelSize.LARGE).convert("L")


def square(code: str) -> Image.Image:
    modules = qr(code)
    side = len(modules) + 2 * QR_QUIET_MODULES
    picture = Image.new("L", (side, side), 255)
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            picture.putpixel((x + QR_QUIET_MODULES, y + QR_QUIET_MODULES), 0 if dark else 255)
    return picture.resize((side * 8, side * 8), Image.Resampling.NEAREST)


def film(path: Path, *pictures: Image.Image, degrees: float = 0) -> Path:
    """A film of one frame for each picture, held askew, not quite sharp, before a grey table."""
    frames = []
    for picture in pictures:
        frame = Image.new("L", FRAME, 120)
        frame.paste(picture, ((FRAME[0] - picture.width) // 2, (FRAME[1] - picture.height) // 2))
        held = frame.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=120).filter(ImageFilter.GaussianBlur(0.8))
        written = BytesIO()
        held.convert("RGB").save(written, "JPEG", quality=85)
        frames.append(written.getvalue())
    path.write_bytes(b"".join(frames))
    return path


@contextmanager
def filming(browser: Browser, *arguments: str) -> Iterator[Page]:
    """A page of a browser of its own, which the camera belongs to."""
    opened = browser.browser_type.launch(executable_path=shutil.which("chromium"), args=[*ARGUMENTS, *arguments])
    try:
        with watched_page(opened) as page:
            yield page
    finally:
        opened.close()


@contextmanager
def watching(browser: Browser, filmed: Path) -> Iterator[Page]:
    with filming(browser, *FILMED, f"--use-file-for-fake-video-capture={filmed}") as page:
        yield page


def frames_sent(page: Page) -> list[str]:
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/scan/frame"):
            sent.append(request.method)

    page.on("request", note)
    return sent


def open_seals(page: Page, server: LiveServer) -> None:
    team = make_team()
    sample_id = make_sample(team)
    log_in(page, server, team.samplers[0].username, PASSWORD)
    page.goto(f"{server.url}/field/samples/{sample_id}/seal")


@pytest.mark.parametrize("degrees", [0, 6, 90, 180])
def test_our_own_reader_reads_a_label_held_before_the_camera_by_keyboard_alone(
    live_server: LiveServer, browser: Browser, tmp_path: Path, degrees: float
):
    with watching(browser, film(tmp_path / "label.mjpeg", label("QH0000071"), degrees=degrees)) as page:
        sent = frames_sent(page)
        open_seals(page, live_server)
        assert page.evaluate("() => 'BarcodeDetector' in window") is False
        page.get_by_role("button", name=BUTTON).focus()
        page.keyboard.press("Enter")
        page.locator("[data-camera-code]").get_by_text("QH0000071").wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="hidden")
        assert page.locator("[name=test_seal_no]").input_value() == "QH0000071"
        assert page.locator("[name=backup_seal_no]").input_value() == ""
        assert sent == []


def test_a_code_that_only_the_server_reads_is_read_there(live_server: LiveServer, browser: Browser, tmp_path: Path):
    with watching(browser, film(tmp_path / "square.mjpeg", square("QH0000072"))) as page:
        sent = frames_sent(page)
        open_seals(page, live_server)
        page.get_by_role("button", name=BUTTON).click()
        page.locator("[data-camera-code]").get_by_text("QH0000072").wait_for()
        assert page.locator("[name=test_seal_no]").input_value() == "QH0000072"
        assert set(sent) == {"POST"}


def test_a_scan_field_takes_what_the_camera_read_and_is_sent(live_server: LiveServer, browser: Browser, tmp_path: Path):
    with watching(browser, film(tmp_path / "label.mjpeg", label("QH9999999"))) as page:
        log_in(page, live_server, make_team().custodian.username, PASSWORD)
        page.get_by_role("button", name=BUTTON).click()
        page.wait_for_url("**/custody/find?code=QH9999999")
        assert page.get_by_text("Unknown code: QH9999999").is_visible()


def test_without_a_camera_the_page_says_what_to_do(live_server: LiveServer, browser: Browser):
    with filming(browser) as page:
        open_seals(page, live_server)
        page.get_by_role("button", name=BUTTON).click()
        told = page.get_by_role("dialog").get_by_text("type the number that stands below the bars")
        told.locator("visible=true").wait_for()
