"""Background tasks: declared by packages, performed exactly once for each outbox message.

A task is a plain function `(uow, payload)`. Delivery is at least once; the effect and the mark that it is done commit
together, so a second delivery finds the mark and does nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select, update

from lims import clock
from lims.actors import BEAT, RELAY
from lims.db import db
from lims.outbox.models import OutboxMessage
from lims.uow import UnitOfWork, unit_of_work

log = structlog.get_logger(__name__)

TaskFunction = Callable[[UnitOfWork, Mapping[str, Any]], None]
PeriodicFunction = Callable[[UnitOfWork], None]

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=72)  # as long as a mail server goes on trying
LEASE = timedelta(seconds=60)  # how long a handed-out message is left alone before it is handed out again
BATCH = 200


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something that is looked at every so often: escalations, the sequencer, sweeps."""

    name: str
    every: timedelta
    run: PeriodicFunction


_tasks: dict[str, TaskFunction] = {}
_periodic: dict[str, Periodic] = {}


def register_task(name: str, function: TaskFunction) -> None:
    """Make `function` known under the name that `events.after_commit` uses."""
    _tasks[name] = function


def register_periodic(name: str, every: timedelta, function: PeriodicFunction) -> None:
    """Have beat run `function` in a transaction of its own every `every`."""
    _periodic[name] = Periodic(name, every, function)


def task_names() -> tuple[str, ...]:
    """All tasks there are, by name."""
    return tuple(sorted(_tasks))


def periodic_tasks() -> tuple[Periodic, ...]:
    """All periodic tasks, by name."""
    return tuple(_periodic[name] for name in sorted(_periodic))


def run_periodic(name: str) -> None:
    """Run one periodic task now."""
    with unit_of_work(BEAT) as uow:
        _periodic[name].run(uow)


def claim_messages(now: datetime, *, limit: int = BATCH) -> list[tuple[int, str]]:
    """Lease waiting messages to this relay: ids and task names, oldest first.

    Rows that another relay holds are skipped, not waited for. A lease that ran out is handed out again.
    """
    session = db.new_session()
    try:
        waiting = (
            select(OutboxMessage.id)
            .where(
                OutboxMessage.done_at.is_(None),
                OutboxMessage.dead_at.is_(None),
                OutboxMessage.not_before <= now,
                (OutboxMessage.leased_until.is_(None)) | (OutboxMessage.leased_until < now),
            )
            .order_by(OutboxMessage.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        claimed = session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id.in_(waiting.scalar_subquery()))
            .values(leased_until=now + LEASE)
            .returning(OutboxMessage.id, OutboxMessage.task)
        ).all()
        session.commit()
    finally:
        session.close()
    return sorted((message_id, task) for message_id, task in claimed)


def perform(message_id: int) -> bool:
    """Do what one message asks for; returns whether anything was done.

    A failure is written beside the message, which waits longer each time and is given up, visibly, after 72 hours.
    """
    try:
        with unit_of_work(RELAY) as uow:
            message = uow.session.scalar(
                select(OutboxMessage).where(OutboxMessage.id == message_id).with_for_update(skip_locked=True)
            )
            if message is None or message.done_at is not None or message.dead_at is not None:
                return False
            _tasks[message.task](uow, message.payload)
            message.done_at = uow.now
    except Exception as error:
        log.exception("task_failed", message_id=message_id)
        _note_failure(message_id, error)
        return False
    return True


def _note_failure(message_id: int, error: Exception) -> None:
    with unit_of_work(RELAY) as uow:
        message = uow.session.get_one(OutboxMessage, message_id, with_for_update=True)
        message.attempts += 1
        message.last_error = f"{type(error).__name__}: {error}"[:2000]
        message.leased_until = None
        message.not_before = uow.now + min(FIRST_RETRY * 2 ** min(message.attempts - 1, 16), LONGEST_RETRY)
        if uow.now - message.created_at > GIVE_UP_AFTER:
            message.dead_at = uow.now


def drain() -> int:
    """Perform everything that is due, in this process, until nothing is left; returns how many were done.

    What the demo, commands and tests use in place of a worker.
    """
    done = 0
    while claimed := claim_messages(clock.now()):
        done += sum(perform(message_id) for message_id, _task in claimed)
    return done
