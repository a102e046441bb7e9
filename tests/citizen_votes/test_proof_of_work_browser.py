"""The browser's side of the proof of work, in a real browser under the policy that the program sends."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from citizen_votes.rules.proof_of_work import make_challenge, solve, verify_proof
from tests.browser import served

pytestmark = pytest.mark.browser
KEY = b"k" * 32
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SCRIPTS = Path(__file__).parents[2] / "lims" / "static" / "js"
CHALLENGE = make_challenge(KEY, "round-1", bytes(range(16)), NOW, 8)
FORM = f"""<!doctype html><title>ballot</title>
<form action="/sent" data-proof-of-work="{CHALLENGE}"><input type="hidden" name="proof"><button>Vote</button></form>
<script type="module" src="/proof-of-work.js"></script>"""


def application(environ, start_response):
    """The form, the script and a page that says sent."""
    path = environ["PATH_INFO"]
    body, kind = (FORM if path == "/" else "sent").encode(), "text/html; charset=utf-8"
    if path.endswith(".js"):
        body, kind = (SCRIPTS / path.removeprefix("/")).read_bytes(), "text/javascript; charset=utf-8"
    policy = "default-src 'self'; object-src 'none'; base-uri 'none'"
    start_response("200 OK", [("Content-Type", kind), ("Content-Security-Policy", policy)])
    return [body]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(application) as server:
        yield f"{server.url}/"


@pytest.mark.parametrize("worker", ["with a worker", "without workers"])
def test_a_ballot_is_sent_with_the_proof_that_python_finds_too(page, address, worker):
    page.goto(address)
    if worker == "without workers":
        page.add_init_script("delete globalThis.Worker")
        page.goto(address)
        assert page.evaluate("typeof Worker") == "undefined"
    page.get_by_role("button").click()
    page.wait_for_url("**/sent?proof=*")
    solution = page.url.partition("proof=")[2]
    assert solution == solve(CHALLENGE)
    verify_proof(KEY, CHALLENGE, solution, "round-1", NOW)


def test_a_challenge_that_cannot_be_read_does_not_leave_a_dead_button(page, address):
    page.route("**/", lambda route: route.fulfill(content_type="text/html", body=FORM.replace(CHALLENGE, "nonsense")))
    page.goto(address)
    page.get_by_role("button").click()
    page.wait_for_url("**/sent?proof=")


@pytest.mark.parametrize("length", [0, 55, 56, 64, 119, 200])
def test_the_hash_is_sha_256(page, address, length):
    page.goto(f"{address}sent")
    found = page.evaluate(
        """async (length) => {
            const { sha256 } = await import("/proof-of-work.js");
            const own = Array.from(sha256("a".repeat(length)), (word) => word.toString(16).padStart(8, "0")).join("");
            const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("a".repeat(length)));
            const real = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
            return own === real;
        }""",
        length,
    )
    assert found is True
