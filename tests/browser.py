"""Browser tests: how an application is served to a real Chromium, and how Chromium is driven.

The pages are served from threads of the test process, so that the tests and the server share one database, one clock
and one set of factories. The fixtures stand in `conftest.py`: `browser`, `page`, `live_server`.
"""

import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from lims import clock
from lims.outbox.tasks import drain

SETTLE_SECONDS = 10  # how long the last answers may take once nobody asks any more
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
DESK = {"width": 1440, "height": 900}


class Answered:
    """A WSGI application whose answers are complete, and closed, before the first byte leaves.

    A browser that goes elsewhere drops its connections half way. The development server then leaves the file it was
    sending open; here there is none left to leave. It also knows how many requests are being answered, so that a test
    ends after its last one.
    """

    def __init__(self, application: Any, ticking: clock.Clock | None = None) -> None:
        self._application = application
        self._ticking = ticking
        self._under_way = 0
        self._changed = threading.Condition()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self._changed:
            self._under_way += 1
        try:
            with clock.use_clock(self._ticking or clock.SystemClock()):
                return [_whole(self._application(environ, start_response))]
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def settle(self) -> None:
        """Wait until every request that came has been answered."""
        with self._changed:
            assert self._changed.wait_for(lambda: not self._under_way, SETTLE_SECONDS), "a request is never answered"


def _whole(chunks: Any) -> bytes:
    try:
        return b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()


class LiveServer:
    """An application at an address, as a person reaches it.

    Attributes:
        url: its address without a slash at the end.
    """

    def __init__(self, url: str, answered: Answered) -> None:
        self.url = url
        self._answered = answered

    def drain(self) -> int:
        """Do the background work that is due, once the pages asked for have been answered; returns how much it was."""
        self._answered.settle()
        return drain()


@contextmanager
def served(application: Any, ticking: clock.Clock | None = None) -> Iterator[LiveServer]:
    """Serve a WSGI application on a free port, by `ticking` or the system's clock, until the block ends."""
    answered = Answered(application, ticking)
    server = make_server("127.0.0.1", 0, answered, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="live-server")
    thread.start()
    try:
        yield LiveServer(f"http://127.0.0.1:{server.server_port}", answered)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        answered.settle()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium, the machine's own."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield opened
        opened.close()


@contextmanager
def watched_page(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page of a fresh person, which fails the test when the content policy or a script complains.

    Args:
        browser: where to open it.
        options: of `Browser.new_context`: `viewport`, `locale`, ...
    """
    context: BrowserContext = browser.new_context(**{"viewport": DESK, "locale": "en-GB"} | options)
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    try:
        yield context.new_page()
    finally:
        context.close()
    # A refusal the test asks for is also written to the console: the page's own errors are what counts.
    told = [line for line in complaints if not line.startswith("Failed to load resource")]
    assert told == []


def log_in(page: Page, server: LiveServer, username: str, password: str) -> None:
    """Log in through the page, as a person does; answers on the person's first page."""
    page.goto(f"{server.url}/login")
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.locator("form", has=page.locator("[name=password]")).locator("button[type=submit]").click()
    page.wait_for_url(lambda url: "/login" not in url)
