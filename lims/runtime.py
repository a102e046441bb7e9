"""From settings to a running process: database, keys, files. Nothing here happens at import or in `create_app`.

A command that needs no database (judging a file, decoding a capture) never calls `connect`, so it leaves no trace.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click
import structlog
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from lims import clock, files, layouts, migrate
from lims.catalog.load import load_reference
from lims.cluster import Cluster, Urls
from lims.config import Settings
from lims.db import POOL_SIZE, db
from lims.ledger.sequencer import Signer, load_signer
from lims.people import services as people

log = structlog.get_logger(__name__)

_clusters: list[Cluster] = []


def settings_of(app: Flask) -> Settings:
    """The settings an application was made with."""
    settings: Settings = app.extensions["lims.settings"]
    return settings


def database_urls(settings: Settings) -> Urls:
    """The two logins, starting the private cluster when the environment names none."""
    if settings.database_url is not None and settings.database_owner_url is not None:
        return Urls(app=settings.database_url, owner=settings.database_owner_url)
    if not _clusters:
        _clusters.append(Cluster(settings.home))
    return _clusters[0].ensure_running()


def prepare_database(settings: Settings) -> Urls:
    """Bring the database to this version: schema and privileges as its owner, then the shipped reference rows.

    Safe to repeat: rows that are there stay as they are, whatever an administrator made of them.
    """
    urls = database_urls(settings)
    migrate.upgrade(urls.owner)
    engine = create_engine(urls.app, poolclass=NullPool)
    try:
        with Session(engine) as session, session.begin():
            load_reference(session, clock.now())
    finally:
        engine.dispose()
    return urls


def keep_database() -> None:
    """Bring the private cluster back when its server was killed; does nothing where it runs or there is none.

    Its socket stands in the same folder afterwards, so the children find it again at their next connection.
    """
    for cluster in _clusters:
        if not cluster.is_running():
            log.warning("database_died", folder=str(cluster.folder))
            cluster.ensure_running()


def connect(app: Flask, *, pool_size: int = POOL_SIZE, durable: bool = True) -> None:
    """Bind this process to its database, its keys and its files folder.

    Args:
        app: with its settings.
        pool_size: connections that are kept open.
        durable: False does not wait for the disk.
    """
    settings = settings_of(app)
    db.configure(database_urls(settings).app, pool_size=pool_size, durable=durable)
    app.config["SECRET_KEY"] = settings.session_secret()
    people.configure(settings.identity_key_file)
    files.configure(settings, durable=durable)
    layouts.configure(settings)


def disconnect() -> None:
    """Give everything back; the last user of a private cluster stops it."""
    db.dispose()
    while _clusters:
        _clusters.pop().stop()


def signer_of(app: Flask) -> Signer:
    """The signer of ledger heads. Only background processes and commands ask for it, never a web worker."""
    settings = settings_of(app)
    return load_signer(settings.ledger_key_file, settings.ledger_origin)


CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def with_database(command: CommandT) -> CommandT:
    """Let a click command run inside the application, connected; it disconnects at the end whatever happened."""

    @wraps(command)
    def connected(*args: Any, **kwargs: Any) -> Any:
        connect(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own idiom
        click.get_current_context().call_on_close(disconnect)
        return command(*args, **kwargs)

    return with_appcontext(connected)  # type: ignore[return-value]
