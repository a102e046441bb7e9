"""Many rows at once, past the ORM, as one parameter and one statement.

The caller notes them in the ledger (`UnitOfWork.record_plain`).
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import psycopg
from sqlalchemy import JSON, FromClause, Text, column, func, literal, select, text
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.db import Base


def copy_in(session: Session, table: FromClause, rows: Iterable[Mapping[str, Any]]) -> None:
    """Copy rows into a table with COPY, which parses them once and plans nothing.

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


def insert_rows(model: type[Base], rows: Sequence[Mapping[str, Any]]) -> Insert:
    """An INSERT of rows that may be told to forgive some of them, and what to answer.

    The rows are one parameter: to bind each value of a thousand rows takes longer than to write them.

    Args:
        model: whose rows they are.
        rows: all with the same columns, as the ledger writes them (`plain`); they are written in this order.
    """
    names = list(rows[0])
    like = text(f"NULL::{model.__tablename__}")
    packed = literal(json.dumps(rows, ensure_ascii=False)).cast(JSON)
    given = func.json_populate_recordset(like, packed).table_valued(*(column(name) for name in names))
    return insert(model).from_select(names, select(*given.c))
