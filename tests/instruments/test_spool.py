"""The outbox: in order, once, and patient."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.delivery import Answer, Courier, HttpDelivery, Outcome, idempotency_key
from instruments.spool import Captured, Spool, SpooledReading, SpoolState
from instruments.types import Reading
from tests.instruments.ptys import eventually

AT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


def captured(number: int) -> Captured:
    reading = Reading(driver="mt-sics", parser_version=1, raw=b"\x7e", value_text=f"{number}", unit_text="g")
    return Captured(reading.key("balance", f"1:{number}"), AT, reading)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path / "spool.sqlite3")
    yield opened
    opened.close()


class Server:
    """Takes what it is sent, in the outcomes it was told."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.taken: list[str] = []
        self.calls: list[tuple[str, int]] = []

    def __call__(self, instrument: str, readings: Sequence[SpooledReading]) -> Answer:
        self.calls.append((instrument, len(readings)))
        outcome = self.outcomes.pop(0) if self.outcomes else Outcome.TAKEN
        if outcome is Outcome.TAKEN:
            self.taken += [reading.body["value_text"] for reading in readings]
        return Answer(outcome, "" if outcome is Outcome.TAKEN else outcome)


def empty(courier: Courier, attempts: int = 50) -> None:
    for _ in range(attempts):
        courier.deliver_next()


def test_a_key_is_taken_once_and_a_repeat_is_counted(spool: Spool):
    assert spool.add("balance", [captured(1), captured(2)]) == 2
    assert spool.add("balance", [captured(2), captured(3)]) == 1
    assert [item.body["value_text"] for item in spool.waiting(10)] == ["1", "2", "3"]


def test_what_waits_survives_a_restart(tmp_path: Path):
    first = Spool(tmp_path / "spool.sqlite3")
    first.add("balance", [captured(1)])
    first.set_processed_epoch("balance", 7)
    first.close()
    second = Spool(tmp_path / "spool.sqlite3")
    assert [item.key for item in second.waiting(10)] == [captured(1).key]
    assert (second.processed_epoch("balance"), second.processed_epoch("other")) == (7, 0)
    second.close()


def test_the_body_is_what_the_server_was_promised(spool: Spool):
    spool.add("balance", [captured(5)])
    [item] = spool.waiting(1)
    assert item.body == {
        "key": captured(5).key,
        "captured_at": "2026-11-23T01:30:00+00:00",
        "item_text": "",
        "sample_text": "",
        "slot": "",
        "value_text": "5",
        "value": None,
        "comparator": None,
        "unit_text": "g",
        "verdict_text": "",
        "measured_text": "",
        "measured_at": None,
        "record_no": "",
        "quality_control": False,
        "status": "ok",
        "raw_hex": "7e",
        "driver": "mt-sics",
        "parser_version": 1,
        "identity": "",
        "problem": None,
    }


def test_a_batch_is_of_one_instrument_and_order_is_kept_between_them(spool: Spool):
    for name, number in (("a", 1), ("a", 2), ("b", 3), ("a", 4)):
        spool.add(name, [captured(number)])
    server = Server()
    empty(Courier(spool, server))
    assert server.calls == [("a", 2), ("b", 1), ("a", 1)]
    assert server.taken == ["1", "2", "3", "4"]


@settings(max_examples=40, deadline=None)
@given(outcomes=st.lists(st.sampled_from([Outcome.TAKEN, Outcome.TRY_LATER]), max_size=12))
def test_any_outage_delivers_everything_once_in_order(tmp_path_factory, outcomes: list[Outcome]):
    spool = Spool(tmp_path_factory.mktemp("spool") / "spool.sqlite3")
    spool.add("balance", [captured(number) for number in range(250)])
    server = Server(*outcomes)
    empty(Courier(spool, server))
    assert server.taken == [str(number) for number in range(250)]
    assert spool.counts() == {SpoolState.WAITING: 0, SpoolState.DELIVERED: 250, SpoolState.REFUSED: 0}
    spool.close()


def test_one_reading_that_is_refused_stops_no_other(spool: Spool):
    spool.add("balance", [captured(number) for number in range(3)])
    server = Server(Outcome.REFUSED, Outcome.REFUSED)
    empty(Courier(spool, server))
    assert server.taken == ["1", "2"]
    assert spool.counts()[SpoolState.REFUSED] == 1
    assert [one.instrument for one in spool.refused()] == ["balance"]
    assert spool.retry_refused() == 1
    empty(Courier(spool, server))
    assert server.taken == ["1", "2", "0"]


def test_the_same_batch_has_the_same_idempotency_key(spool: Spool):
    spool.add("balance", [captured(1), captured(2)])
    assert idempotency_key(spool.waiting(2)) == idempotency_key(spool.waiting(2))
    assert idempotency_key(spool.waiting(2)) != idempotency_key(spool.waiting(1))


JSON, PROBLEM, PAGE = "application/json", "application/problem+json", "text/html"
TAKEN = (201, JSON, b'{"instrument_id": null, "taken": 1, "known": 0, "quarantined": 1}')
WORDS = '{"detail": "批号不对", "errors": {"key": ["x"]}}'.encode()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.server.seen.append((self.path, dict(self.headers), json.loads(self.rfile.read(length) or "null")))
        status, kind, text = self.server.answers.pop(0)
        if not status:
            self.wfile.write(text)  # whatever stands in front of the server speaks no HTTP
            return
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        if status in {301, 302, 307, 308}:
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    made = HTTPServer(("127.0.0.1", 0), _Handler)
    made.seen, made.answers = [], []
    thread = Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_http_delivery_speaks_the_promised_request(spool: Spool, server: HTTPServer):
    spool.add("balance", [captured(1)])
    server.answers = [TAKEN]
    waiting = spool.waiting(10)
    delivery = HttpDelivery(f"http://127.0.0.1:{server.server_port}/", "secret-token")
    assert delivery("balance", waiting) == Answer(Outcome.TAKEN)
    [(path, headers, body)] = server.seen
    assert path == "/api/v1/instruments/readings"
    assert headers["Authorization"] == "Bearer secret-token"
    assert headers["Idempotency-Key"] == idempotency_key(waiting)
    assert body == {"instrument": "balance", "readings": [waiting[0].body]}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (422, Outcome.REFUSED),
        (400, Outcome.REFUSED),
        (401, Outcome.TRY_LATER),
        (404, Outcome.TRY_LATER),
        (429, Outcome.TRY_LATER),
        (500, Outcome.TRY_LATER),
        (503, Outcome.TRY_LATER),
    ],
)
def test_only_what_a_reading_is_makes_it_refused(spool: Spool, server: HTTPServer, status: int, outcome: Outcome):
    spool.add("balance", [captured(1)])
    server.answers = [(status, PROBLEM, WORDS)]
    answer = HttpDelivery(f"http://127.0.0.1:{server.server_port}", "t")("balance", spool.waiting(10))
    assert answer == Answer(outcome, f'{status} 批号不对 {{"key": ["x"]}}')


@pytest.mark.parametrize(
    "answer",
    [
        (200, PAGE, b"<title>Log in to the network of the county</title>"),
        (200, JSON, b"[]"),
        (201, JSON, b'{"taken": 0, "known": 0}'),
        (201, JSON, b'{"taken": "1", "known": 0}'),
        (413, PAGE, b"<title>413 Request Entity Too Large</title>"),
        (400, PAGE, b"plain HTTP request was sent to HTTPS port"),
        (301, PAGE, b""),
        (302, PAGE, b""),
        (308, PAGE, b""),
        (0, "", b"SSH-2.0-OpenSSH_9.2\r\n"),
    ],
)
def test_what_stands_before_the_server_neither_takes_nor_refuses_a_reading(
    spool: Spool, server: HTTPServer, answer: tuple[int, str, bytes]
):
    spool.add("balance", [captured(1)])
    server.answers = [answer, TAKEN]
    courier = Courier(spool, HttpDelivery(f"http://127.0.0.1:{server.server_port}", "secret"))
    assert not courier.deliver_next()
    assert courier.last_error
    assert spool.counts()[SpoolState.WAITING] == 1
    assert [path for path, _headers, _body in server.seen] == ["/api/v1/instruments/readings"]


def test_a_redirection_is_told_with_its_place_and_not_followed(spool: Spool, server: HTTPServer):
    spool.add("balance", [captured(1)])
    server.answers = [(301, PAGE, b"")]
    answer = HttpDelivery(f"http://127.0.0.1:{server.server_port}", "secret")("balance", spool.waiting(1))
    assert answer.reason.startswith(f"301: the server is at http://127.0.0.1:{server.server_port}/elsewhere;")


def test_a_spool_that_refuses_ends_no_courier(spool: Spool, monkeypatch: pytest.MonkeyPatch):
    sent = Server()
    courier = Courier(spool, sent, first_retry_seconds=0.01)
    spool.add("balance", [captured(1)])

    def full(_positions: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(spool, "mark_delivered", full)
        courier.start()
        eventually(lambda: "disk is full" in courier.last_error, "it is said")
    eventually(lambda: bool(spool.counts()[SpoolState.DELIVERED]), "it goes on")
    courier.stop()
    courier.join()
    assert courier.last_error == ""


def test_a_server_that_is_not_there_is_tried_later(spool: Spool):
    spool.add("balance", [captured(1)])
    assert HttpDelivery("http://127.0.0.1:9", "t")("balance", spool.waiting(1)).outcome is Outcome.TRY_LATER


def test_an_address_that_is_no_web_address_is_refused():
    with pytest.raises(ValueError, match="https://"):
        HttpDelivery("ftp://lims", "t")


def test_the_courier_delivers_what_arrives_and_stops(spool: Spool):
    sent = Server(Outcome.TRY_LATER)
    courier = Courier(spool, sent, first_retry_seconds=0.01)
    courier.start()
    spool.add("balance", [captured(1)])
    for _ in range(500):
        if spool.counts()[SpoolState.DELIVERED]:
            break
        courier.join(0.01)
    courier.stop()
    courier.join()
    assert sent.taken == ["1"]


def test_an_outage_of_a_day_with_five_thousand_readings_delivers_all_once_in_order(spool: Spool):
    for start in range(0, 5000, 50):
        spool.add("balance", [captured(number) for number in range(start, start + 50)])
    attempts = 24 * 60  # once a minute while the server is away
    server = Server(*[Outcome.TRY_LATER] * attempts)
    empty(Courier(spool, server), attempts + 60)
    assert server.taken == [str(number) for number in range(5000)]
