"""The outbox: nothing is lost, nothing acts twice, and what fails waits and is seen."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from lims.actors import INSTALL, OrganisationKind
from lims.db import db
from lims.events import Event, _after_commit, after_commit
from lims.outbox.models import OutboxMessage
from lims.outbox.tasks import _tasks, claim_messages, drain, perform, register_task
from lims.people.models import Organisation
from lims.people.services import register_organisation
from lims.uow import UnitOfWork, unit_of_work


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang(Event):
    """A bell rang."""

    name: ClassVar[str] = "tests.bell_rang.v1"
    bell_id: UUID

    def chain(self) -> str:
        return "config"


@pytest.fixture
def task():
    """A task that fails as often as told, then leaves an organisation behind."""
    failures = {"left": 0}

    def answer(uow: UnitOfWork, payload: Mapping[str, Any]) -> None:
        register_organisation(uow, name_zh=payload["bell_id"], name_en="bell", kind=OrganisationKind.LAB)
        if failures["left"]:
            failures["left"] -= 1
            raise OSError("the mail server is away")

    register_task("tests.answer", answer)
    after_commit(Rang, "tests.answer")
    yield failures
    _tasks.pop("tests.answer")
    _after_commit.pop(Rang)


def ring() -> str:
    bell_id = uuid4()
    with unit_of_work(INSTALL) as uow:
        uow.emit(Rang(bell_id=bell_id))
    return str(bell_id)


def answers(session, bell_id: str) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Organisation).where(Organisation.name_zh == bell_id))


def test_a_message_is_written_with_the_transaction_or_not_at_all(session, task):
    def undone() -> None:
        with unit_of_work(INSTALL) as uow:
            uow.emit(Rang(bell_id=uuid4()))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    assert session.scalar(sa.select(sa.func.count()).select_from(OutboxMessage)) == 0


def test_a_message_delivered_twice_acts_once(session, task):
    bell_id = ring()
    [(message_id, _task)] = claim_messages(session.scalar(sa.select(OutboxMessage.created_at)))
    assert perform(message_id) is True
    assert perform(message_id) is False
    assert answers(session, bell_id) == 1


def test_a_failure_undoes_its_effect_and_waits_longer_each_time(session, task, frozen_clock):
    task["left"] = 2
    bell_id = ring()
    waits = []
    for _ in range(3):
        drain()
        message = session.scalars(sa.select(OutboxMessage)).one()
        session.refresh(message)
        waits.append(message.not_before - frozen_clock.now())
        if message.done_at is None:
            assert "mail server" in message.last_error
            assert answers(session, bell_id) == 0
        frozen_clock.advance(timedelta(minutes=1))
    assert waits[:2] == [timedelta(seconds=5), timedelta(seconds=10)]
    assert answers(session, bell_id) == 1


def test_a_message_is_given_up_visibly_after_three_days(session, task, frozen_clock):
    task["left"] = 10**6
    ring()
    for _ in range(80):
        drain()
        frozen_clock.advance(timedelta(hours=1))
    message = session.scalars(sa.select(OutboxMessage)).one()
    session.refresh(message)
    assert message.dead_at is not None
    assert message.done_at is None


def test_a_lease_that_ran_out_is_handed_out_again(session, task, frozen_clock):
    ring()
    assert len(claim_messages(frozen_clock.now())) == 1
    assert claim_messages(frozen_clock.now()) == []
    assert len(claim_messages(frozen_clock.advance(timedelta(seconds=61)))) == 1


def test_two_workers_at_once_do_a_message_once(committed_database, task, frozen_clock):
    bell_ids = [ring() for _ in range(20)]
    ids = [message_id for message_id, _task in claim_messages(frozen_clock.now())]
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        for message_id in ids:
            perform(message_id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.read_session() as session:
        assert [answers(session, bell_id) for bell_id in bell_ids] == [1] * 20
