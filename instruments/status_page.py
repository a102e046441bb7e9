"""The reader's own page: how its ports are, on the machine beside them, also while the server is away.

It shows no reading and takes no order. The address is the one the configuration names, by custom of this machine only.
"""

import json
import threading
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from instruments.drivers.registry import driver_title
from instruments.words import last_fault_words, spool_words, state_words
from lims import clock
from lims.config import data_folder
from lims.i18n import DEFAULT_LOCALE, gettext, speaking

RENEWED_SECONDS = 5
PAGE, STYLE, FACTS = "/", "/reader.css", "/status.json"
# The style sheets of the server are not here, and the page must be readable without them.
_RULES = """
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #14211d; background: #f4f6f5 }
body { font: 16px/1.5 system-ui, "Noto Sans CJK SC", sans-serif }
h1 { font-size: 1.5rem; margin: 0 0 .25rem }
table { width: 100%; margin: 1.25rem 0; border-collapse: collapse; background: #fff; border: 1px solid #d5dcd9 }
th, td { padding: .6rem .8rem; text-align: left; vertical-align: top; border-bottom: 1px solid #d5dcd9 }
th, .time { white-space: nowrap }
td.num, th.num { text-align: right; font-variant-numeric: tabular-nums }
.small { font-size: .85rem; color: #52625c; overflow-wrap: anywhere }
.good { color: #146c2e } .bad { color: #a31212 }
strong.good::before { content: "✓ " } strong.bad::before { content: "✗ " }
"""
_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
)

Status = Callable[[], dict[str, Any]]


class StatusPage:
    """Serves one page, and the same facts as JSON, until stopped.

    Args:
        address: host and port to listen on; port 0 takes any that is free.
        status: the facts, as `Daemon.status`.

    Raises:
        OSError: the address cannot be listened on.
    """

    def __init__(self, address: tuple[str, int], status: Status) -> None:
        self._server = ThreadingHTTPServer(address, _handler(status))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="status page", daemon=True)

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Answer nobody any more; the address is free afterwards."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


def _handler(status: Status) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # seconds for a browser that says nothing

        def do_GET(self) -> None:
            """The page, or the facts: with status 503 where somebody should look, for programs that see only that."""
            path = self.path.partition("?")[0]
            if path == PAGE:
                locale = "en" if self.headers.get("Accept-Language", "zh").lower().startswith("en") else DEFAULT_LOCALE
                self._answer(HTTPStatus.OK, "text/html", render(status(), locale))
            elif path == STYLE:
                self._answer(HTTPStatus.OK, "text/css", _RULES)
            elif path == FACTS:
                facts = status()
                code = HTTPStatus.OK if facts["healthy"] else HTTPStatus.SERVICE_UNAVAILABLE
                self._answer(code, "application/json", json.dumps(facts, ensure_ascii=False))
            else:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", f"{PAGE} {FACTS}")

        def _answer(self, code: HTTPStatus, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            for name, value in _HEADERS:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives it
            """Nothing: a page that renews itself would fill the log."""

    return Handler


def _time_of_day(instant: str | None) -> str:
    return "/" if instant is None else f"{clock.local_time(datetime.fromisoformat(instant)):%Y-%m-%d %H:%M:%S}"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(data_folder("templates")), autoescape=True, undefined=StrictUndefined
    )
    environment.globals.update(
        _=gettext,
        driver_title=driver_title,
        last_fault_words=last_fault_words,
        spool_words=spool_words,
        state_words=state_words,
        time_of_day=_time_of_day,
    )
    return environment


ENVIRONMENT = _environment()


def render(facts: dict[str, Any], locale: str) -> str:
    """The page in one language."""
    with speaking(locale):
        template = ENVIRONMENT.get_template("instruments/reader.html")
        return template.render(facts=facts, locale=locale, renewed_seconds=RENEWED_SECONDS)
