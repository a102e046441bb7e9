"""Bringing a database to the schema of this version, and saying where it differs."""

import logging

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from lims.config import data_folder
from lims.db import Base
from lims.i18n import gettext
from lims.privileges import apply_privileges, wrong_privileges

UPGRADE_LOCK = 0x4C494D53  # "LIMS": one upgrade at a time in one database
LOCK_TIMEOUT_MS = 10_000  # a migration that waits for a table longer than this would stop the laboratory


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration without an ini file; `connection` is the owner's."""
    config = Config()
    config.set_main_option("script_location", str(data_folder("migrations")))
    config.attributes["connection"] = connection
    return config


def upgrade(owner_url: str, revision: str = "head") -> None:
    """Run the migrations as the owner and give the application its privileges; safe to run twice or at once."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    engine = create_engine(owner_url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
            connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))
            command.upgrade(alembic_config(connection), revision)
            if revision == "head":
                apply_privileges(connection)
    finally:
        engine.dispose()


def current_revision(connection: Connection) -> str | None:
    """The revision a database stands at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str | None:
    """The revision of this version of the program."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def differences(owner_url: str) -> list[str]:
    """Everything in which the database differs from the models: revision, tables, constraints, privileges."""
    engine = create_engine(owner_url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            found = []
            current, head = current_revision(connection), head_revision()
            if current != head:
                found.append(
                    gettext(
                        "the database stands at revision %(current)s, this version wants %(head)s",
                        current=current,
                        head=head,
                    )
                )
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            found += [str(difference) for difference in compare_metadata(context, Base.metadata)]
            return found + wrong_privileges(connection)
    finally:
        engine.dispose()
