"""Delivering readings to the server: in order, at least once, with keys that make the effect happen once.

`POST /api/v1/instruments/readings` takes `{"instrument": …, "readings": […]}` with a bearer token. A batch is sent
under one `Idempotency-Key` made from its reading keys, so a batch that is sent again after a lost answer is the same
request. The server may be away for days: readings wait in the spool, the wait between attempts grows to a minute.

A batch counts as taken only when the answer says so in the server's own words: a redirection, the page of a proxy or of
a log-in in front of it is no receipt. In the same way only the server's own problem is a refusal.
"""

import json
import logging
import sqlite3
import threading
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, Protocol

from instruments.spool import Spool, SpooledFile, SpooledReading, SpoolState
from lims.i18n import current_locale
from lims.i18n import gettext as _

READINGS_PATH = "/api/v1/instruments/readings"
FILES_PATH = "/api/v1/instruments/files"
CONNECTIONS_PATH = "/api/v1/instruments/connections"
BATCH_SIZE = 100
REQUEST_SECONDS = 30.0
FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 60.0
ERROR_TEXT_BYTES = 2000
MOST_ANSWER_BYTES = 100_000  # more is no answer of ours
PROBLEM_JSON = "application/problem+json"
WEB_SCHEMES = ("https://", "http://")

log = logging.getLogger(__name__)

# Answers that say "not now" or "not you"; a reading is only refused for what it is.
_WAIT = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)


class Outcome(StrEnum):
    """What the server made of a batch."""

    TAKEN = "taken"
    REFUSED = "refused"
    TRY_LATER = "try_later"


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome and the server's words."""

    outcome: Outcome
    reason: str = ""


class Deliver(Protocol):
    """Sends one batch."""

    def __call__(self, instrument: str, readings: Sequence[SpooledReading]) -> Answer: ...


def idempotency_key(readings: Sequence[SpooledReading]) -> str:
    """The key of a batch: the same readings in the same order have the same key."""
    return sha256("\n".join(reading.key for reading in readings).encode()).hexdigest()


def file_key(file: SpooledFile) -> str:
    """The key of a file: the same bytes of the same instrument have the same key. A header takes no Chinese name."""
    return sha256(f"{file.instrument}\n{file.sha256}".encode()).hexdigest()


class HttpDelivery:
    """Sends batches to a Fenjian server.

    Args:
        url: of the server, without the path.
        token: bearer token of this reader's account.
    """

    def __init__(self, url: str, token: str) -> None:
        if not url.startswith(WEB_SCHEMES):
            raise ValueError(_("The server's address begins with https:// or http://, got %(url)r.", url=url))
        self._url = url.rstrip("/")
        self._token = token

    def __call__(self, instrument: str, readings: Sequence[SpooledReading]) -> Answer:
        body = {"instrument": instrument, "readings": [reading.body for reading in readings]}
        return self._send("POST", READINGS_PATH, body, idempotency_key(readings), partial(_are_taken, len(readings)))

    def deliver_file(self, file: SpooledFile) -> Answer:
        """Send one file of a drop folder."""
        body = {**file.body, "content_base64": b64encode(file.content).decode()}
        return self._send("POST", FILES_PATH, body, file_key(file), lambda receipt: "id" in receipt)

    def report(self, reader: str, ports: Sequence[Mapping[str, Any]]) -> Answer:
        """Say how the connections are now."""
        body = {"reader": reader, "ports": list(ports)}
        return self._send("PUT", CONNECTIONS_PATH, body, None, lambda receipt: receipt.get("ports") == len(ports))

    def _send(
        self, method: str, path: str, body: Mapping[str, Any], key: str | None, is_receipt: Callable[[Any], bool]
    ) -> Answer:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Accept-Language": current_locale().replace("_", "-"),
        }
        if key is not None:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            self._url + path, data=json.dumps(body, ensure_ascii=False).encode(), method=method, headers=headers
        )
        try:
            with _OPENER.open(request, timeout=REQUEST_SECONDS) as response:
                receipt = _json_of(response.read(MOST_ANSWER_BYTES))
        except urllib.error.HTTPError as error:
            return _complaint(error)
        except (OSError, HTTPException) as error:
            cause = getattr(error, "reason", error)  # of a URLError
            return Answer(Outcome.TRY_LATER, str(cause) or type(cause).__name__)
        if not isinstance(receipt, dict) or not is_receipt(receipt):
            return Answer(Outcome.TRY_LATER, _("%(url)s does not answer as the server does.", url=self._url))
        return Answer(Outcome.TAKEN)


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a delivery that is sent elsewhere becomes a question there, and the token would go along."""

    def redirect_request(self, *_arguments: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirection)


def _json_of(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _are_taken(number: int, receipt: Mapping[str, Any]) -> bool:
    taken, known = receipt.get("taken"), receipt.get("known")
    return isinstance(taken, int) and isinstance(known, int) and taken + known == number


def _complaint(error: urllib.error.HTTPError) -> Answer:
    """What an answer that is no success means. Only the server itself can refuse, never what stands before it."""
    with error:
        try:
            content = error.read(MOST_ANSWER_BYTES)
        except (OSError, HTTPException):
            content = b""
    if HTTPStatus.MULTIPLE_CHOICES <= error.code < HTTPStatus.BAD_REQUEST:
        place = error.headers.get("Location", "/")
        words = _(
            "%(code)s: the server is at %(place)s; name that address in the file of the reader.",
            code=error.code,
            place=place,
        )
        return Answer(Outcome.TRY_LATER, words)
    problem = _json_of(content) if error.headers.get_content_type() == PROBLEM_JSON else None
    if not isinstance(problem, dict):
        text = content[:ERROR_TEXT_BYTES].decode("utf-8", "backslashreplace")
        return Answer(Outcome.TRY_LATER, f"{error.code} {text}".strip())
    reason = f"{error.code} {problem.get('detail') or problem.get('title') or ''}".strip()
    if errors := problem.get("errors"):
        reason = f"{reason} {json.dumps(errors, ensure_ascii=False)[:ERROR_TEXT_BYTES]}"
    is_refused = HTTPStatus.BAD_REQUEST <= error.code < HTTPStatus.INTERNAL_SERVER_ERROR and error.code not in _WAIT
    return Answer(Outcome.REFUSED if is_refused else Outcome.TRY_LATER, reason)


class DeliverFile(Protocol):
    """Sends one file."""

    def __call__(self, file: SpooledFile) -> Answer: ...


class Courier:
    """The thread that empties the spool: readings first, because a file holds what was measured long ago.

    Args:
        spool: what waits.
        deliver: sends one batch.
        deliver_file: sends one file of a drop folder; without it files stay in the spool.
        first_retry_seconds: wait after the first failure; doubles up to a minute.
    """

    def __init__(
        self,
        spool: Spool,
        deliver: Deliver,
        *,
        deliver_file: DeliverFile | None = None,
        first_retry_seconds: float = FIRST_RETRY_SECONDS,
    ) -> None:
        self._spool = spool
        self._deliver_file = deliver_file
        self._deliver = deliver
        self._first_retry = first_retry_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self.last_error = ""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._spool.arrived.set()

    def join(self, seconds: float = 10.0) -> None:
        self._thread.join(seconds)

    def _run(self) -> None:
        delay = self._first_retry
        while not self._stop.is_set():
            self._spool.arrived.clear()
            if self._has_moved():
                delay = self._first_retry
            elif self.last_error:
                self._stop.wait(delay)
                delay = min(delay * 2, LONGEST_RETRY_SECONDS)
            else:
                self._spool.arrived.wait(1.0)

    def _has_moved(self) -> bool:
        """Deliver; a spool that refuses (a full disk, a lock) ends no thread: what is in doubt is sent again."""
        try:
            return self.deliver_next()
        except (OSError, sqlite3.Error) as error:
            log.warning("the spool refuses: %s", error)
            self.last_error = _("The spool refuses: %(error)s", error=error)
            return False

    def deliver_next(self) -> bool:
        """Send the oldest batch; whether anything moved. A refused batch is taken apart to find what is refused."""
        batch = self._spool.waiting(BATCH_SIZE)
        if not batch:
            return self._deliver_next_file()
        answer = self._deliver(batch[0].instrument, batch)
        if answer.outcome is Outcome.REFUSED and len(batch) > 1:
            batch = batch[:1]
            answer = self._deliver(batch[0].instrument, batch)
        self.last_error = answer.reason
        if answer.outcome is Outcome.TAKEN:
            self._spool.mark_delivered(reading.position for reading in batch)
            return True
        if answer.outcome is Outcome.REFUSED:
            log.error("%s: the server refuses reading %s: %s", batch[0].instrument, batch[0].key, answer.reason)
            self._spool.mark_refused(batch[0].position, answer.reason)
            return True
        log.warning("delivery of %d readings put off: %s", len(batch), answer.reason)
        return False

    def _deliver_next_file(self) -> bool:
        file = self._spool.waiting_file() if self._deliver_file is not None else None
        if file is None or self._deliver_file is None:
            self.last_error = ""
            return False
        answer = self._deliver_file(file)
        self.last_error = answer.reason
        if answer.outcome is Outcome.TRY_LATER:
            log.warning("delivery of the file %s put off: %s", file.body["name"], answer.reason)
            return False
        if answer.outcome is Outcome.REFUSED:
            log.error("%s: the server refuses the file %s: %s", file.instrument, file.body["name"], answer.reason)
            self._spool.mark_file(file.position, SpoolState.REFUSED, answer.reason)
        else:
            self._spool.mark_file(file.position, SpoolState.DELIVERED)
        return True
