"""What the application's login may do, table by table: the truth stands beside each model, and is applied from here.

The application owns nothing. A table says in `info["privileges"]` what may be done with it (`select, insert` for
evidence); the default is select, insert and update. `lims db upgrade` applies the list, `lims db check` compares it
with the server.
"""

from sqlalchemy import Connection, Table, text

from lims.db import Base

APP_ROLE = "lims_app"
DEFAULT = "select, insert, update"


def wanted_privileges(table: Table) -> frozenset[str]:
    """What the application may do with a table: `{"select", "insert", ...}`."""
    stated = str(table.info.get("privileges", DEFAULT))
    return frozenset(word.strip() for word in stated.split(","))


def apply_privileges(connection: Connection) -> None:
    """Give the application exactly what the models say; run as the owner, any number of times."""
    quote = connection.dialect.identifier_preparer.quote
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}"))
    connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
    for table in Base.metadata.sorted_tables:
        name = quote(table.name)
        connection.execute(text(f"REVOKE ALL ON {name} FROM {APP_ROLE}"))
        granted = ", ".join(sorted(wanted_privileges(table)))
        connection.execute(text(f"GRANT {granted} ON {name} TO {APP_ROLE}"))


def wrong_privileges(connection: Connection) -> list[str]:
    """Tables where the server and the models disagree, each with both sides in words."""
    found: dict[str, set[str]] = {}
    rows = connection.execute(
        text(
            "SELECT table_name, lower(privilege_type) FROM information_schema.role_table_grants"
            " WHERE grantee = :role AND table_schema = 'public'"
        ),
        {"role": APP_ROLE},
    )
    for table_name, privilege in rows:
        found.setdefault(table_name, set()).add(privilege)
    problems = []
    for table in Base.metadata.sorted_tables:
        wanted, held = wanted_privileges(table), found.get(table.name, set())
        if wanted != held:
            problems.append(f"{table.name}: has {', '.join(sorted(held))}; should have {', '.join(sorted(wanted))}")
    return problems
