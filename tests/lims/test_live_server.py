"""The server that browser tests stand on: nothing stays open behind a browser that left, and all of it is one world."""

import socket
import struct
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from lims.auth.permissions import Role
from tests.browser import log_in, served
from tests.factories.people import PASSWORD, make_organisation, make_person

LEAVERS = 30
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Pieces:
    """An answer in pieces that knows whether it was closed."""

    def __init__(self) -> None:
        self.is_closed = False

    def __iter__(self):
        yield from [b"x" * 65_536] * 40

    def close(self) -> None:
        self.is_closed = True


def test_an_answer_is_closed_although_its_browser_left_half_way():
    answers: list[Pieces] = []

    def application(_environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        answers.append(Pieces())
        return answers[-1]

    with served(application) as server:
        for _leaver in range(LEAVERS):
            with socket.create_connection(("127.0.0.1", urlsplit(server.url).port)) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                connection.recv(1)
    assert len(answers) == LEAVERS
    assert all(answer.is_closed for answer in answers)


@pytest.mark.browser
def test_a_person_logs_in_over_the_live_server_at_the_time_of_the_test(page, live_server):
    somebody = make_person(make_organisation(), Role.ADMINISTRATOR)
    log_in(page, live_server, somebody.username, PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert live_server.drain() == 0
