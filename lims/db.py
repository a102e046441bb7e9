"""The database: one declarative base, one engine, and the session that a request reads with.

Writing happens in `lims.uow` only. Sessions are plain SQLAlchemy, bound here and to nothing of Flask, so that commands,
tasks and tests use the very same ones.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

from flask import g, has_app_context
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ColumnElement,
    Connection,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    Numeric,
    Text,
    Uuid,
    any_,
    create_engine,
    literal,
    text,
)
from sqlalchemy import Enum as EnumType
from sqlalchemy import event as sa_event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, Session, mapped_column

from lims.reading import keep_reads

NAMING_CONVENTION = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

ENUM_LENGTH = 40  # the longest value of any of our enums is shorter; the CHECK names the values themselves
POOL_SIZE = 8  # one for each thread of a web worker, and some for its relay
PREPARED_STATEMENTS = 600  # that one connection keeps planned
STATEMENT_TIMEOUT_MS = 30_000  # nothing a person waits for may run longer
# For what is made again when it is cut off: commits do not wait for the disk, and as every statement stays planned,
# none is planned anew for its values, which costs more than these small statements themselves.
UNHINDERED = "-c synchronous_commit=off -c plan_cache_mode=force_generic_plan"


def stored_by_value(enum: type[Enum]) -> list[str]:
    return [str(member.value) for member in enum]


class Base(DeclarativeBase):
    """Root of all tables: types, names of constraints, and a CHECK for every enum column.

    A class may say in `__table_args__` `info={"privileges": "select, insert"}` what the application's login may do with
    its table (`lims.privileges`); the default is select, insert and update, never delete.
    """

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own declaration
        datetime: DateTime(timezone=True),
        str: Text(),
        bytes: LargeBinary(),
        Decimal: Numeric(),
        UUID: Uuid(),
        Enum: EnumType(
            Enum,
            native_enum=False,
            create_constraint=False,
            length=ENUM_LENGTH,
            values_callable=stored_by_value,
        ),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
        list[str]: ARRAY(Text()),
        list[UUID]: ARRAY(Uuid()),
    }

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        table = cls.__dict__.get("__table__")
        if table is None:
            return
        for column in table.columns:
            if isinstance(column.type, EnumType) and not column.computed:
                known = CheckConstraint(
                    column.in_([str(value) for value in column.type.enums]),
                    name=f"{column.name}_known",
                )
                table.append_constraint(known)


def columns_of(row: Base) -> dict[str, Any]:
    """What stands in the columns of a row, by their names; an answer that says more than the row adds to it."""
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def among(column: ColumnElement[Any] | InstrumentedAttribute[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Whether a column is any of these values, which travel as one parameter.

    A thousand parameters of their own take longer to bind than what they ask for takes to find.
    """
    return column == any_(literal(list(values), ARRAY(column.type)))


class Entity(Base):
    """A row with an identity of its own: a random UUID, which tells nobody anything."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)


def _keep_statements(connection: Any, _record: object) -> None:
    """Keep every statement of ours planned; the driver would drop all but a hundred, and there are more.

    For a process that does all there is on one connection. A web worker's many connections keep the driver's hundred.
    """
    connection.prepared_max = PREPARED_STATEMENTS


class Database:
    """The engine of this process, and the read session of the current request."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self.url: str | None = None

    def configure(self, url: str, *, pool_size: int = POOL_SIZE, durable: bool = True) -> None:
        """Bind this process to `url` as the application's login; a second call replaces the first.

        Args:
            url: of the database.
            pool_size: connections that are kept open.
            durable: False, for what is made again when it is cut off: commits return before they are on disk (a crash
                loses the last ones, whole), a restarted server is not joined again, and all statements stay planned.
        """
        self.dispose()
        self.url = url
        self._engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=durable,  # nothing that may be made again has to outlive a restart of the server
            connect_args={
                "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC"
                + ("" if durable else f" {UNHINDERED}"),
                "application_name": "lims",
            },
        )
        if not durable:
            sa_event.listen(self._engine, "connect", _keep_statements)

    def dispose(self) -> None:
        """Close every connection; after a fork or at the end of a test."""
        if self._engine is not None:
            self._engine.dispose()
        self._engine = None
        self._connection = None

    @property
    def engine(self) -> Engine:
        """The engine in use.

        Raises:
            RuntimeError: `configure` was not called.
        """
        if self._engine is None:
            raise RuntimeError("the database is not configured: call lims.db.db.configure(url) first")
        return self._engine

    @contextmanager
    def bound_to(self, connection: Connection) -> Iterator[None]:
        """Let every session of this process join one open transaction, which the caller rolls back."""
        self._connection = connection
        try:
            yield
        finally:
            self._connection = None

    @property
    def joins_outer_transaction(self) -> bool:
        """Whether commits only release a savepoint (tests); the unit of work then checks deferred constraints."""
        return self._connection is not None

    def new_session(self) -> Session:
        """A session of its own, for a unit of work."""
        if self._connection is not None:
            return Session(self._connection, join_transaction_mode="create_savepoint")
        return Session(self.engine)

    def read_session(self) -> Session:
        """A session that the database itself keeps from writing."""
        if self._connection is not None:
            # A savepoint of its own would, when rolled back at the end, take the writes of the request with it.
            return Session(self._connection, join_transaction_mode="rollback_only")
        return Session(self.engine.execution_options(postgresql_readonly=True))

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A read session that sees one instant of the database, and may take as long as a proof takes."""
        with self.read_session() as session:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            session.execute(text("SET LOCAL statement_timeout = 0"))
            keep_reads(session)  # one instant gives one answer
            yield session

    @property
    def session(self) -> Session:
        """The read session of this request; closed when the request ends."""
        if not has_app_context():
            raise RuntimeError("db.session belongs to a request; elsewhere use read_session() or a unit of work")
        if "lims_read_session" not in g:
            g.lims_read_session = self.read_session()
        session: Session = g.lims_read_session
        return session

    def close_request_session(self, _error: BaseException | None = None) -> None:
        """Give the read session back; registered as an application teardown."""
        session: Session | None = g.pop("lims_read_session", None)
        if session is not None:
            session.close()


db = Database()
