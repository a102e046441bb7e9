"""Background work: relay, worker and beat, over Celery.

Without a broker one child process runs all three on the in-memory broker. With `LIMS_BROKER_URL` the same code is
spread: `lims relay`, `lims worker`, `lims beat`. The outbox table is the truth; Celery only carries ids.
"""

import contextlib
import select
import threading
from datetime import timedelta
from typing import Any

import psycopg
import structlog
from celery import Celery
from celery.beat import EmbeddedService, Scheduler
from flask import Flask
from sqlalchemy.exc import OperationalError

from lims import clock
from lims.config import Settings
from lims.db import db
from lims.outbox.tasks import claim_messages, perform, periodic_tasks, run_periodic
from lims.runtime import settings_of
from lims.uow import OUTBOX_CHANNEL

log = structlog.get_logger(__name__)


class Queues:
    """The names of all queues; a test compares them with what the worker listens to."""

    OUTBOX = "lims.outbox"
    PERIODIC = "lims.periodic"

    ALL = (OUTBOX, PERIODIC)


PERFORM = "lims.perform"
RUN_PERIODIC = "lims.run_periodic"
SWEEP = timedelta(seconds=5)  # how long a message waits when its NOTIFY was lost
TASK_SECONDS = 240  # no task of ours may take longer; the redelivery time-out below is more than twice that
VISIBILITY_SECONDS = 600


def make_celery(app: Flask) -> Celery:
    """The Celery application of this installation, with its two tasks."""
    settings = settings_of(app)
    celery = Celery("lims", broker=settings.broker_url or "memory://localhost/", set_as_current=False)
    celery.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_time_limit=TASK_SECONDS,
        task_default_queue=Queues.OUTBOX,
        task_routes={RUN_PERIODIC: {"queue": Queues.PERIODIC}, PERFORM: {"queue": Queues.OUTBOX}},
        broker_connection_retry_on_startup=True,
        broker_transport_options=_transport_options(settings),
        worker_hijack_root_logger=False,
        beat_schedule={
            periodic.name: {"task": RUN_PERIODIC, "schedule": periodic.every, "args": (periodic.name,)}
            for periodic in periodic_tasks()
        },
        timezone="UTC",
    )

    def perform_message(message_id: int) -> None:
        with app.app_context():
            perform(message_id)

    def perform_periodic(name: str) -> None:
        with app.app_context():
            run_periodic(name)

    celery.task(perform_message, name=PERFORM)
    celery.task(perform_periodic, name=RUN_PERIODIC)
    return celery


def _transport_options(settings: Settings) -> dict[str, Any]:
    if settings.broker_url is None:
        return {"polling_interval": 0.05}  # the in-memory broker polls; its default of a second would be felt
    return {"visibility_timeout": VISIBILITY_SECONDS}


def relay_once(celery: Celery) -> int:
    """Hand every due message to Celery; returns how many."""
    handed = 0
    while claimed := claim_messages(clock.now()):
        for message_id, _task in claimed:
            celery.send_task(PERFORM, args=(message_id,), queue=Queues.OUTBOX)
        handed += len(claimed)
    return handed


def relay_until(celery: Celery, stop: threading.Event) -> None:
    """Relay whenever a commit notifies and at least every five seconds, until `stop`; outlives a database restart."""
    while not stop.is_set():
        try:
            with _listen() as connection:
                while not stop.is_set():
                    relay_once(celery)
                    select.select([connection.fileno()], [], [], SWEEP.total_seconds())
                    for _notify in connection.notifies(timeout=0):
                        pass
        except (psycopg.Error, OperationalError, OSError) as error:
            log.warning("relay_lost_database", error=str(error))
            stop.wait(1)


def _listen() -> psycopg.Connection[Any]:
    assert db.url is not None  # noqa: S101 - the process is connected before it relays
    connection = psycopg.connect(db.url.replace("postgresql+psycopg://", "postgresql://", 1), autocommit=True)
    connection.execute(f"LISTEN {OUTBOX_CHANNEL}")
    return connection


def run_relay(app: Flask, stop: threading.Event) -> None:
    """The relay alone (`lims relay`)."""
    relay_until(make_celery(app), stop)


def run_worker(app: Flask, *, concurrency: int) -> None:
    """A worker alone (`lims worker`), until it is told to stop."""
    celery = make_celery(app)
    pool = "solo" if concurrency == 1 else "threads"
    worker = celery.Worker(
        pool=pool, concurrency=concurrency, queues=list(Queues.ALL), without_gossip=True, without_mingle=True
    )
    worker.start()


def run_beat(app: Flask) -> None:
    """Beat alone (`lims beat`); run one of it."""
    service = EmbeddedService(make_celery(app), thread=True, scheduler_cls=Scheduler, max_interval=1)
    service.start()
    service.join()


def run_all(app: Flask) -> None:
    """Relay, worker and beat in this one process on the in-memory broker: what stands beside a small installation."""
    celery = make_celery(app)
    stop = threading.Event()
    relay = threading.Thread(target=relay_until, args=(celery, stop), name="relay", daemon=True)
    beat = EmbeddedService(celery, thread=True, scheduler_cls=Scheduler, max_interval=1)
    relay.start()
    beat.start()
    try:
        worker = celery.Worker(
            pool="solo", concurrency=1, queues=list(Queues.ALL), without_gossip=True, without_mingle=True
        )
        worker.start()
    finally:
        stop.set()
        with contextlib.suppress(RuntimeError):
            beat.stop()
        relay.join(timeout=SWEEP.total_seconds() + 1)
