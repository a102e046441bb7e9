"""One use case, one transaction: rows, ledger and outbox together or not at all.

An edge (view, API, command, task) opens the unit, calls one service and answers:

    with unit_of_work(current_actor()) as uow:
        receive_portion(uow, ...)

Nothing else commits.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from sqlalchemy import event as sa_event
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from lims import clock
from lims.actors import Actor
from lims.db import Entity, among, db
from lims.errors import LimsError, from_integrity_error
from lims.events import Event, subscribers_of, tasks_of
from lims.ledger.capture import Ledgered, RowChange, changes_of, plain
from lims.ledger.chain import Stamp, append
from lims.outbox.models import OutboxMessage
from lims.reading import ReadOnce, forget_reads, keep_reads

_current: ContextVar["UnitOfWork | None"] = ContextVar("lims_unit_of_work", default=None)

OUTBOX_CHANNEL = "lims_outbox"


class UnitOfWork:
    """The transaction of one use case.

    Attributes:
        session: the SQLAlchemy session; services flush, nobody commits.
        actor: the person who acts.
        now: one instant for the whole use case, aware and in UTC.
        reason: why, where the act asks for a reason; it stands in the ledger.
    """

    def __init__(self, session: Session, actor: Actor, now: datetime) -> None:
        self.session = session
        self.actor = actor
        self.now = now
        self.reason: str | None = None
        self._events: list[Event] = []
        self._changes: list[RowChange] = []
        keep_reads(session)
        sa_event.listen(session, "after_flush", self._collect)

    def _collect(self, session: Session, _context: object) -> None:
        self._changes.extend(changes_of(session))
        forget_reads(session)

    def emit(self, event: Event) -> None:
        """Announce a fact: in-transaction subscribers run now, tasks after the commit.

        The session is flushed first, so that a subscriber reads what the publisher wrote.
        """
        self.session.flush()
        self._events.append(event)
        for subscriber in subscribers_of(event):
            subscriber(self, event)

    def record(self, chain: str, table: str, key: Mapping[str, Any], columns: Mapping[str, Any] | None) -> None:
        """Note a row that a bulk statement wrote (or, with None, deleted) past the ORM."""
        noted = None if columns is None else {name: plain(value) for name, value in columns.items()}
        self._changes.append(RowChange(chain, table, {name: plain(value) for name, value in key.items()}, noted))

    def record_plain(self, chain: str, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """As `record`, of many new rows known by their `id`, whose values are as the ledger writes them (`plain`)."""
        for row in rows:
            columns = dict(row)
            self._changes.append(RowChange(chain, table, {"id": columns.pop("id")}, columns))

    def set_all(self, rows: Collection[Entity], **values: Any) -> None:
        """Give several rows of one table the same values with one statement, noted as if each had been set.

        What else is pending on the session is written first.

        Raises:
            ValueError: a column holds something personal, whose digest is another in each row.
        """
        self.session.flush()
        model = type(next(iter(rows)))
        if personal := [name for name in values if model.__table__.columns[name].info.get("personal")]:
            raise ValueError(f"personal columns are set row by row: {', '.join(personal)}")
        self.session.execute(
            update(model).where(among(model.id, [row.id for row in rows])).values(values),
            execution_options={"synchronize_session": False},
        )
        if issubclass(model, ReadOnce):
            keep_reads(self.session)
        for row in rows:
            assert isinstance(row, Ledgered)  # noqa: S101 - no other row has a chain
            for name, value in values.items():
                set_committed_value(row, name, value)
            self.record(row.ledger_chain(), model.__tablename__, {"id": row.id}, values)

    @property
    def events(self) -> tuple[Event, ...]:
        """What was announced so far."""
        return tuple(self._events)

    def finish(self) -> None:
        """Write outbox and ledger and let every deferred constraint speak; the caller commits."""
        self.session.flush()
        messages = [
            OutboxMessage(
                task=task, event_name=event.name, payload=event.to_payload(), created_at=self.now, not_before=self.now
            )
            for event in self._events
            for task in tasks_of(event)
        ]
        if messages:
            self.session.add_all(messages)
            self.session.flush()
            self.session.execute(text(f"NOTIFY {OUTBOX_CHANNEL}"))
        organisation = self.actor.organisation_id
        stamp = Stamp(self.now, self.actor.ledger_name, str(organisation) if organisation else None, self.reason)
        append(self.session, stamp, [(event.chain(), event.to_payload()) for event in self._events], self._changes)
        if db.joins_outer_transaction:
            # A released savepoint checks nothing; a test must hear what a commit would have said.
            self.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            self.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))


@contextmanager
def unit_of_work(actor: Actor, *, reason: str | None = None) -> Iterator[UnitOfWork]:
    """Open the transaction of one use case for `actor`; commit at the end of the block, roll back on any exception.

    Raises:
        RuntimeError: another unit is open in this context; units do not nest.
        LimsError: in place of a broken constraint that has words (`lims.errors.explain_constraint`).
    """
    if _current.get() is not None:
        raise RuntimeError("units of work do not nest: call services with the unit that is open")
    try:
        with _transaction(actor, reason) as uow:
            yield uow
    except LimsError as refusal:
        if refusal.is_remembered:
            with _transaction(actor, reason) as uow:
                refusal.remember(uow)
        raise


@contextmanager
def _transaction(actor: Actor, reason: str | None) -> Iterator[UnitOfWork]:
    session = db.new_session()
    uow = UnitOfWork(session, actor, clock.now())
    uow.reason = reason
    token = _current.set(uow)
    try:
        yield uow
        uow.finish()
        session.commit()
    except IntegrityError as error:
        session.rollback()
        refusal = from_integrity_error(error)
        if refusal is None:
            raise
        raise refusal from error
    except BaseException:
        session.rollback()
        raise
    finally:
        _current.reset(token)
        session.close()
