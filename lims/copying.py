"""Many rows at once, past the ORM: COPY, which parses them once and plans nothing.

The caller notes them in the ledger (`UnitOfWork.record_plain`).
"""

import csv
import io
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

import psycopg
from sqlalchemy import FromClause, Text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session


def copy_in(session: Session, table: FromClause, rows: Iterable[Mapping[str, Any]]) -> None:
    """Copy rows into a table.

    Args:
        session: of the transaction; what it holds is flushed first.
        table: of a model.
        rows: a value for every column, as PostgreSQL writes it; None is NULL. In a text column that may be NULL, an
            empty text would be NULL as well.

    Raises:
        IntegrityError: a row breaks a constraint; as SQLAlchemy says it, so that it gets the same words.
    """
    session.flush()
    names = [column.name for column in table.columns]
    kept = [column.name for column in table.columns if isinstance(column.type, Text) and not column.nullable]
    options = f", FORCE_NOT_NULL ({', '.join(kept)})" if kept else ""
    statement = f"COPY {table.description} ({', '.join(names)}) FROM STDIN (FORMAT csv{options})"
    lines = io.StringIO(newline="")
    csv.writer(lines).writerows(map(itemgetter(*names), rows))
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)  # noqa: S101 - the one driver there is
    try:
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(lines.getvalue())
    except psycopg.IntegrityError as error:
        raise IntegrityError(statement, None, error) from error
