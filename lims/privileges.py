"""What the application's login may do, table by table: the truth stands beside each model, and is applied from here.

The application owns nothing. A table says in `info["privileges"]` what may be done with it (`select, insert` for
evidence, `select, insert, update (closed_at)` where only some columns may change); the default is select, insert and
update. `lims db upgrade` applies the list, `lims db check` compares it with the server.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection, Table, text

from lims.db import Base
from lims.i18n import gettext

APP_ROLE = "lims_app"
DEFAULT = "select, insert, update"
CLAUSE = re.compile(r"\s*(select|insert|update|delete)\s*(?:\(([^)]*)\))?\s*(?:,|$)")

# A privilege on a whole table, or on some columns of it.
Privilege = tuple[str, frozenset[str] | None]


def wanted_privileges(table: Table) -> frozenset[Privilege]:
    """What the application may do with a table.

    Raises:
        ValueError: the model's statement cannot be read.
    """
    stated = str(table.info.get("privileges", DEFAULT))
    found: set[Privilege] = set()
    position = 0
    while position < len(stated):
        clause = CLAUSE.match(stated, position)
        if clause is None:
            raise ValueError(f"{table.name}: cannot read the privileges {stated!r} from {stated[position:]!r}")
        columns = None if clause[2] is None else frozenset(name.strip() for name in clause[2].split(","))
        found.add((clause[1], columns))
        position = clause.end()
    return frozenset(found)


def apply_privileges(connection: Connection) -> None:
    """Give the application exactly what the models say; run as the owner, any number of times."""
    quote = connection.dialect.identifier_preparer.quote
    existing = set(connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")))
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}"))
    for table in Base.metadata.sorted_tables:
        if table.name not in existing:
            continue
        name = quote(table.name)
        connection.execute(text(f"REVOKE ALL ON {name} FROM {APP_ROLE}"))
        granted = ", ".join(_clause(*privilege) for privilege in sorted(wanted_privileges(table), key=str))
        connection.execute(text(f"GRANT {granted} ON {name} TO {APP_ROLE}"))


def _clause(action: str, columns: frozenset[str] | None) -> str:
    return action if columns is None else f"{action} ({', '.join(sorted(columns))})"


def _in_words(privileges: Iterable[Privilege]) -> str:
    return ", ".join(sorted(_clause(*one) for one in privileges)) or gettext("nothing")


def wrong_privileges(connection: Connection) -> list[str]:
    """Tables where the server and the models disagree, each with both sides in words."""
    whole: dict[str, set[str]] = defaultdict(set)
    for table_name, action in connection.execute(
        text(
            "SELECT table_name, lower(privilege_type) FROM information_schema.role_table_grants"
            " WHERE grantee = :role AND table_schema = 'public'"
        ),
        {"role": APP_ROLE},
    ):
        whole[table_name].add(action)
    partial: dict[tuple[str, str], set[str]] = defaultdict(set)
    for table_name, action, column in connection.execute(
        text(
            "SELECT table_name, lower(privilege_type), column_name FROM information_schema.role_column_grants"
            " WHERE grantee = :role AND table_schema = 'public'"
        ),
        {"role": APP_ROLE},
    ):
        if action not in whole[table_name]:
            partial[table_name, action].add(column)
    problems = []
    for table in Base.metadata.sorted_tables:
        held: set[Privilege] = {(action, None) for action in whole[table.name]}
        held |= {(action, frozenset(cols)) for (name, action), cols in partial.items() if name == table.name}
        wanted = wanted_privileges(table)
        if wanted != held:
            problems.append(
                gettext(
                    "%(table)s: the application may %(held)s, expected %(wanted)s",
                    table=table.name,
                    held=_in_words(held),
                    wanted=_in_words(wanted),
                )
            )
    return problems
