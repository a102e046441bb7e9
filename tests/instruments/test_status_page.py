"""The reader's own page, in a browser beside the ports."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from instruments.config import load_config
from instruments.daemon import CannotStartError, Daemon
from instruments.status_page import StatusPage
from instruments.words import fault_words, state_words

FACTS: dict[str, Any] = {
    "at": "2026-11-28T07:36:16+00:00",
    "healthy": False,
    "ports": [
        {
            "instrument": "Balance <1>",
            "driver": "mt-sics",
            "port": "/dev/ttyUSB0",
            "state": "reconnecting",
            "healthy": False,
            "last_byte_at": "2026-11-28T07:30:00+00:00",
            "last_reading_at": None,
            "readings": 12,
            "last_error": "was lost: the other end closed the connection",
            "last_error_at": "2026-11-28T07:29:58+00:00",
        }
    ],
    "spool": {"waiting": 4, "delivered": 8, "refused": 0},
    "delivery": {"url": "https://lims.example.org", "last_error": "connection refused"},
}


def fetch(url: str, language: str = "en", path: str = "/") -> tuple[int, str]:
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=5)) as connection:
        connection.request("GET", path, headers={"Accept-Language": language})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@contextmanager
def shown(facts: dict[str, Any]) -> Iterator[str]:
    page = StatusPage(("127.0.0.1", 0), lambda: facts)
    page.start()
    try:
        yield page.url
    finally:
        page.stop()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en-GB,en;q=0.9", ["Not reached", "The line was lost: the other end closed", "4 waiting for the server"]),
        ("zh-CN", ["连接不上", "连接已断开", "待送达 4 条", "梅特勒-托利多天平"]),
    ],
)
def test_the_page_says_how_the_ports_are_in_the_language_of_the_browser(language: str, words: list[str]):
    with shown(FACTS) as url:
        status, text = fetch(url, language)
    assert status == 200
    for word in (*words, "Balance &lt;1&gt;", "/dev/ttyUSB0", "2026-11-28 15:30:00"):
        assert word in text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Well again. At 2026-11-28 15:29:58: The line was lost: the other end closed the connection"),
        ("zh-CN", "已恢复正常。2026-11-28 15:29:58：连接已断开：对方关闭了连接"),
    ],
)
def test_a_port_that_came_back_says_when_its_last_fault_was_and_that_it_is_well(language: str, words: str):
    port = FACTS["ports"][0] | {"state": "open", "healthy": True}
    with shown(FACTS | {"ports": [port]}) as url:
        assert words in fetch(url, language)[1]
    with shown(FACTS) as url:
        text = fetch(url, language)[1]
    assert "2026-11-28 15:29:58" in text
    assert words not in text


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("cannot be opened: [Errno 2] could not open port p: [Errno 2] No such file or directory: 'p'", "plugged in"),
        ("cannot be opened: [Errno 11] Could not exclusively lock port p", "another program has it open"),
        ("was lost: device reports readiness to read but returned no data", "the device was unplugged"),
        ("was lost: [Errno 5] Input/output error", "the device was unplugged"),
        ("journal cannot be written: [Errno 5] Input/output error", "written: [Errno 5] Input/output error"),
        ("folder cannot be read: [Errno 2] No such file or directory: 'f'", "No such file or directory: 'f'"),
        ("file cannot be taken: a.csv: [Errno 13] Permission denied", "a.csv: [Errno 13] Permission denied"),
        ("something new: of a later reader", "something new: of a later reader"),
    ],
)
def test_a_fault_is_told_so_that_the_bench_can_do_something_about_it(told: str, words: str):
    assert words in fault_words(told)


def test_a_port_that_listens_waits_for_its_device():
    assert state_words("starting", "listen://0.0.0.0:4001", is_healthy=True) == "Waits for the device to call"
    assert state_words("starting", "/dev/ttyUSB0", is_healthy=True) == "Starting"
    assert state_words("open", "/dev/ttyUSB0", is_healthy=False) == "Only noise comes"


def test_the_facts_are_json_and_their_status_says_whether_somebody_should_look():
    with shown(FACTS) as url:
        status, text = fetch(url, path="/status.json")
    assert (status, json.loads(text)) == (503, FACTS)
    with shown(FACTS | {"healthy": True}) as url:
        assert fetch(url, path="/status.json")[0] == 200
        assert "border-collapse" in fetch(url, path="/reader.css")[1]
        assert fetch(url, path="/etc/passwd")[0] == 404


def daemon_of(folder: Path, listen: str) -> Daemon:
    path = folder / "reader.toml"
    path.write_text(
        f'[store]\npath = "{folder / "store"}"\n[status]\nlisten = "{listen}"\n'
        f'[[instrument]]\nname = "Balance 1"\ndriver = "mt-sics"\nport = "{folder / "missing"}"\n',
        "utf-8",
    )
    return Daemon(load_config(path))


def test_the_reader_serves_its_page_while_it_runs(tmp_path: Path):
    daemon = daemon_of(tmp_path, "127.0.0.1:0")
    assert daemon.page is not None
    daemon.start()
    try:
        status, text = fetch(daemon.page.url)
    finally:
        daemon.stop()
    assert status == 200
    assert "Balance 1" in text
    assert "readings stay here" in text
    with pytest.raises(OSError, match="refused"):
        fetch(daemon.page.url)


def test_an_address_that_is_taken_is_said_and_frees_the_journals(tmp_path: Path):
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(CannotStartError, match=f"{taken}: .*in use"):
            daemon_of(tmp_path, taken)
    daemon = daemon_of(tmp_path, "127.0.0.1:0")
    daemon.start()
    daemon.stop()
