"""The schema of the migrations is the schema of the models, both ways, and the application owns nothing of it."""

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from lims import migrate
from lims.cluster import Urls
from lims.db import Base
from lims.errors import explained_constraints
from tests.conftest import _create_database

CONSTRAINTS = """
SELECT conrelid::regclass::text AS table_name, conname, pg_get_constraintdef(oid) AS definition
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND contype <> 'n'
  AND conrelid::regclass::text <> 'alembic_version'
UNION ALL
SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""


def constraints(url: str) -> set[tuple[str, str, str]]:
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return {tuple(row) for row in connection.execute(sa.text(CONSTRAINTS))}
    finally:
        engine.dispose()


def test_migrated_and_created_databases_hold_the_same_constraints(server_urls: Urls, template_database: Urls):
    created = _create_database(server_urls, "lims_created")
    engine = create_engine(created.owner, poolclass=NullPool)
    Base.metadata.create_all(engine)
    engine.dispose()
    assert constraints(template_database.owner) == constraints(created.owner)


def test_a_migrated_database_differs_in_nothing_from_the_models(template_database: Urls):
    assert migrate.differences(template_database.owner) == []


def test_migrations_go_down_to_nothing_and_up_again(server_urls: Urls):
    urls = _create_database(server_urls, "lims_stairway")
    migrate.upgrade(urls.owner)
    engine = create_engine(urls.owner, poolclass=NullPool)
    with engine.begin() as connection:
        command.downgrade(migrate.alembic_config(connection), "base")
        left = connection.scalars(sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
    engine.dispose()
    assert left == ["alembic_version"]
    migrate.upgrade(urls.owner)
    assert migrate.differences(urls.owner) == []


def test_there_is_one_head():
    assert migrate.head_revision() is not None


@pytest.mark.parametrize(
    "statement", ["UPDATE ledger_event SET body = '{}'", "DELETE FROM ledger_event", "TRUNCATE ledger_event"]
)
def test_the_application_cannot_rewrite_the_ledger(session: Session, statement: str):
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), session.begin_nested():
        session.execute(sa.text(statement))


def test_every_explained_constraint_exists(template_database: Urls):
    names = {name for _table, name, _definition in constraints(template_database.owner)}
    assert explained_constraints() - names == set()
