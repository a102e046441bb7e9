"""What every benchmark stands on: an installation of its own, eight clients, and figures beside a bare operation."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import uuid4

from argon2 import PasswordHasher, profiles
from flask import Flask
from sqlalchemy import insert

from lims import clock
from lims.auth.passwords import use_hasher
from lims.config import Environment, load_settings
from lims.db import db
from lims.garbage import keep_what_stands
from lims.people.models import LoginAttempt
from lims.runtime import connect, disconnect, prepare_database

CLIENTS = 8


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure.

    Attributes:
        what: what was done.
        figure: how fast, with `unit`.
        goal: what the design asks for, in words.
        ratio: the figure over the same of a bare operation in this run, None where there is no such thing.
    """

    what: str
    figure: float
    unit: str
    goal: str
    ratio: float | None = None

    def line(self) -> str:
        """The measure as `lims bench` prints it."""
        ratio = "" if self.ratio is None else f"ratio {self.ratio:.3f}"
        return f"{self.what:<52} {self.figure:>12,.1f} {self.unit:<10} {ratio:<14} {self.goal}"


@contextmanager
def installation() -> Iterator[Flask]:
    """A private cluster on disk that waits for its disk, migrated, with the shipped catalogue; gone afterwards."""
    from app import create_app

    use_hasher(PasswordHasher.from_parameters(profiles.CHEAPEST))  # people are made, not logged in
    with tempfile.TemporaryDirectory(prefix="lims-bench-") as home:
        settings = replace(
            load_settings({"LIMS_HOME": home}), environment=Environment.TESTING, secret_key="benchmark-" * 4
        )
        app = create_app(settings)
        try:
            prepare_database(settings)
            connect(app, pool_size=CLIENTS)
            keep_what_stands()  # as every process that serves
            yield app
        finally:
            disconnect()


def at_once(act: Callable[[int], object], jobs: int, clients: int = CLIENTS) -> tuple[float, list[float]]:
    """Do `act(0)` to `act(jobs - 1)` with so many clients; answers jobs a second and the sorted seconds of each."""
    took: list[float] = []
    lock = threading.Lock()

    def timed(number: int) -> None:
        begun = time.perf_counter()
        act(number)
        ended = time.perf_counter() - begun
        with lock:
            took.append(ended)

    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(timed, range(jobs)))
    return jobs / (time.perf_counter() - begun), sorted(took)


def bare_inserts(jobs: int = 2_000) -> float:
    """One committed INSERT of one row a second, by as many clients on the same server: what a ratio stands over."""
    statement = insert(LoginAttempt)

    def one(_number: int) -> None:
        values = {"id": uuid4(), "username": "bench", "network_digest": b"", "at": clock.now(), "succeeded": True}
        with db.engine.begin() as connection:
            connection.execute(statement, values)

    rate, _took = at_once(one, jobs)
    return rate


def percentile(took: list[float], part: float) -> float:
    """Milliseconds below which `part` of the sorted seconds lie."""
    return took[min(len(took) - 1, int(len(took) * part))] * 1000
