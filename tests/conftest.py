"""What all tests share: a real PostgreSQL, one rolled-back transaction each, and nothing skipped in silence."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest
from argon2 import PasswordHasher, profiles
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from lims import clock, files, migrate
from lims.auth.passwords import use_hasher
from lims.catalog.load import load_reference
from lims.cluster import Cluster, Urls
from lims.config import Environment, Settings
from lims.db import db
from lims.people import services as people
from tests.browser import LiveServer, chromium, served, watched_page

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)  # Monday, 09:00 in Shanghai, well inside the known calendar

os.environ["LIMS_LOCALE"] = "en"
# How fast the machine is today says nothing about the code; timings live in benchmarks/.
hypothesis.settings.register_profile("lims", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("lims")
use_hasher(PasswordHasher.from_parameters(profiles.CHEAPEST))


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    """Reference material that may not enter the repository; its absence is the only allowed skip."""
    folder = Path(os.environ.get("LIMS_REFERENCE_DIR") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip(f"reference material absent: {folder} (set LIMS_REFERENCE_DIR)")
    return folder


@pytest.fixture(scope="session")
def server_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Urls]:
    """A PostgreSQL server for this test process: `LIMS_TEST_DATABASE_URL` (a superuser's), or a private one."""
    given = os.environ.get("LIMS_TEST_DATABASE_URL")
    if given:
        yield Urls(app=given, owner=given)
        return
    with Cluster(tmp_path_factory.mktemp("pg"), durable=False) as urls:
        yield urls


def _superuser(urls: Urls) -> str:
    return str(make_url(urls.owner).set(username="postgres", database="postgres"))


def _create_database(urls: Urls, name: str, template: str | None = None) -> Urls:
    engine = create_engine(_superuser(urls), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        source = f" TEMPLATE {template} STRATEGY wal_log" if template else ""
        connection.execute(text(f"CREATE DATABASE {name} OWNER lims_owner{source}"))
    engine.dispose()
    return Urls(
        app=make_url(urls.app).set(database=name).render_as_string(hide_password=False),
        owner=make_url(urls.owner).set(database=name).render_as_string(hide_password=False),
    )


@pytest.fixture(scope="session")
def template_database(server_urls: Urls) -> Urls:
    """A migrated database with the shipped catalogue, which tests copy and never change."""
    urls = _create_database(server_urls, "lims_template")
    migrate.upgrade(urls.owner)
    engine = create_engine(urls.app, poolclass=NullPool)
    with Session(engine) as session, session.begin():
        load_reference(session, NOW)
    engine.dispose()
    return urls


@pytest.fixture(scope="session")
def shared_database(server_urls: Urls, template_database: Urls) -> Urls:
    """The database in which tests roll back."""
    return _create_database(server_urls, "lims_shared", "lims_template")


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the test application."""
    home = tmp_path_factory.mktemp("home")
    made = Settings(
        home=home,
        database_url=None,
        database_owner_url=None,
        broker_url=None,
        secret_key="test-secret-" * 4,
        public_url="http://fenjian.test",
        mail_url=None,
        witnesses=(),
        trusted_proxies=0,
        environment=Environment.TESTING,
        log_level="WARNING",
    )
    people.configure(made.identity_key_file)
    files.configure(made)
    return made


@pytest.fixture(scope="session")
def app(settings: Settings) -> Flask:
    """The whole application."""
    from app import create_app

    made = create_app(settings)
    made.config.update(SECRET_KEY=settings.secret_key, TESTING=False)
    return made


@pytest.fixture
def frozen_clock() -> Iterator[clock.SimulatedClock]:
    """Time stands still at `NOW` until the test moves it."""
    with clock.use_clock(clock.SimulatedClock(NOW)) as simulated:
        assert isinstance(simulated, clock.SimulatedClock)
        yield simulated


@pytest.fixture
def connection(shared_database: Urls, app: Flask) -> Iterator[Connection]:
    """One transaction as the application's login, rolled back at the end."""
    if db.url != shared_database.app:
        db.configure(shared_database.app, durable=False)
    with db.engine.connect() as opened:
        transaction = opened.begin()
        with db.bound_to(opened):
            yield opened
        transaction.rollback()


@pytest.fixture
def session(connection: Connection, frozen_clock: clock.SimulatedClock) -> Iterator[Session]:
    """A session to look with; units of work share its transaction."""
    with Session(connection, join_transaction_mode="create_savepoint") as opened:
        yield opened


@pytest.fixture
def client(app: Flask, session: Session) -> Iterator[FlaskClient]:
    """A browser without a login."""
    with app.test_client() as opened:
        yield opened


@pytest.fixture
def committed_database(
    server_urls: Urls, template_database: Urls, app: Flask, frozen_clock: clock.SimulatedClock
) -> Iterator[Urls]:
    """A database of one's own where commits are real: for races, commands, browsers and faults."""
    name = f"lims_{uuid4().hex[:12]}"
    urls = _create_database(server_urls, name, "lims_template")
    db.configure(urls.app)
    yield urls
    db.dispose()
    engine = create_engine(_superuser(server_urls), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all browser tests of this process."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An English page of a person nobody knows yet; `tests.browser.watched_page` opens others."""
    with watched_page(browser) as opened:
        yield opened


@pytest.fixture
def live_server(app: Flask, committed_database: Urls, frozen_clock: clock.SimulatedClock) -> Iterator[LiveServer]:
    """The whole application at an address, on a database of its own, living by the test's clock."""
    with served(app, frozen_clock) as server:
        yield server
