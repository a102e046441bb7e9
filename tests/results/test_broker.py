"""A referral goes through a real broker: relays, workers and beat as processes of their own, and it arrives once."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from lims.background import PERFORM, Queues, make_celery
from lims.factory import create_base_app
from lims.ledger.models import LedgerCheckpoint
from lims.outbox.models import OutboxMessage
from results.referral.models import CaseEntry, ReferralBranch
from results.referral.types import CaseAct
from tests.factories.referral import make_signed_sample
from tests.factories.sampling import make_team

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 90  # three processes import the program on a machine that has other work
PARTS = (["relay"], ["relay"], ["worker", "--concurrency", "2"], ["worker", "--concurrency", "1"], ["beat"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, happened: Callable[[], object]) -> None:
    """Look until it happened.

    Raises:
        AssertionError: it did not, for as long as anybody would wait.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < end, f"not within {PATIENCE_SECONDS} seconds: {what}"
        time.sleep(0.2)


@contextmanager
def processes(commands: list[list[str]], environ: dict[str, str], log: Path) -> Iterator[None]:
    """Run programs until the block ends; what they say stands in `log`."""
    running: list[subprocess.Popen[bytes]] = []
    with log.open("wb") as said:
        try:
            running += [
                subprocess.Popen(command, env=environ, cwd=ROOT, stdout=said, stderr=said) for command in commands
            ]
            yield
        finally:
            for process in running:
                process.terminate()
            for process in running:
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def answers(broker: str) -> bool:
    connection = redis.Redis.from_url(broker)
    try:
        return bool(connection.ping())
    except redis.ConnectionError:
        return False
    finally:
        connection.close()


@pytest.fixture
def broker(tmp_path) -> Iterator[str]:
    """A Redis server on loopback."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is missing: install it to test a shared broker")
    port = free_port()
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    with processes([command], dict(os.environ), tmp_path / "redis.log"):
        url = f"redis://127.0.0.1:{port}/0"
        wait_for("redis answers", lambda: answers(url))
        yield url


def test_a_referral_is_delivered_once_through_redis_and_beat_signs_the_ledger(
    broker, committed_database, settings, tmp_path
):
    sample_id = make_signed_sample(make_team(), fails=True)
    environ = dict(os.environ) | {
        "LIMS_HOME": str(tmp_path / "home"),
        "LIMS_DATABASE_URL": committed_database.app.replace("+psycopg", ""),
        "LIMS_DATABASE_OWNER_URL": committed_database.owner.replace("+psycopg", ""),
        "LIMS_BROKER_URL": broker,
        "LIMS_LOG_LEVEL": "WARNING",
    }
    engine = sa.create_engine(committed_database.app, poolclass=NullPool)

    def ask(query):
        with Session(engine) as session:
            return session.scalars(query).all()

    unsent = sa.select(ReferralBranch).where(ReferralBranch.sample_id == sample_id, ReferralBranch.sent_at.is_(None))
    waiting = sa.select(OutboxMessage).where(OutboxMessage.done_at.is_(None))
    sent = (
        sa.select(CaseEntry.id)
        .join(ReferralBranch, ReferralBranch.id == CaseEntry.branch_id)
        .where(ReferralBranch.sample_id == sample_id, CaseEntry.act == CaseAct.SENT)
    )
    branches = sa.select(ReferralBranch.id).where(ReferralBranch.sample_id == sample_id)
    messages = ask(sa.select(OutboxMessage.id))
    assert messages
    assert ask(unsent)
    log = tmp_path / "parts.log"
    with processes([[sys.executable, "-m", "app", *part] for part in PARTS], environ, log):
        wait_for("the referral is sent", lambda: not ask(unsent))
        wait_for("the outbox is empty", lambda: not ask(waiting))
        wait_for("beat has the ledger signed", lambda: ask(sa.select(LedgerCheckpoint)))
        again = redis.Redis.from_url(broker)
        celery = make_celery(create_base_app(replace(settings, broker_url=broker)))
        for message_id in messages * 3:
            celery.send_task(PERFORM, args=(message_id,), queue=Queues.OUTBOX)
        wait_for("the second deliveries are taken", lambda: not again.llen(Queues.OUTBOX))
        celery.close()
        again.close()
    engine.dispose()
    assert len(ask(sent)) == len(ask(branches))
    assert [row.attempts for row in ask(sa.select(OutboxMessage))] == [0] * len(messages)
