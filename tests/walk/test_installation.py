"""A served installation under load and under attack: parallel registrars, and kills in the flow of a failed sample."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import HTTPException
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from lims import files
from lims.cluster import Cluster
from lims.config import Settings
from lims.db import db
from lims.numbering import IssuedNumber
from lims.outbox.models import OutboxMessage
from lims.people import services as people
from lims.verification import Finding, run_checks
from results.models import Conclusion
from results.referral.models import Referral
from results.types import LimitState
from sampling.models import Sample
from sampling.number_blocks.services import OWN_SERIES
from sampling.types import SampleVerdict
from tests.factories.people import PASSWORD
from tests.factories.results import STATED, make_test_set
from tests.factories.sampling import make_task, make_team
from tests.factories.web import bearer
from tests.served import Served, serve, wait_until
from tests.walk.forms import form_pictures, leek_form

CLIENTS = 30
Body = dict[str, Any]


class Installation:
    """A served home, and the hands of the test in its database."""

    def __init__(self, served: Served, url: str) -> None:
        self.served = served
        self._engine = sa.create_engine(url, poolclass=NullPool)

    def ask(self, question: Callable[[Session], Any]) -> Any:
        """Look into the database with a connection of its own; waits while the server is away."""
        deadline = time.monotonic() + 60
        while True:
            try:
                with Session(self._engine) as session:
                    return question(session)
            except SQLAlchemyError:
                assert time.monotonic() < deadline
                time.sleep(0.1)

    def insist(self, path: str, token: str, body: Body | None, key: str) -> Body:
        """POST until it is answered, always with the same key: what a careful program does."""
        deadline = time.monotonic() + 90
        while True:
            assert time.monotonic() < deadline, f"{path} is never answered"
            try:
                status, answer = self.served.post(path, token, body, key)
            except (OSError, HTTPException, ValueError):
                time.sleep(0.1)
                continue
            if status == 201:
                return dict(answer)
            assert status in {502, 503, 500}, (status, answer)
            time.sleep(0.1)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, app: Flask, settings: Settings) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("installation")
    home.chmod(0o755)
    ours = replace(settings, home=home)
    with serve(home) as served, Cluster(home) as urls:
        db.configure(urls.app)
        people.configure(ours.identity_key_file)
        files.configure(ours)
        try:
            yield Installation(served, urls.app)
        finally:
            db.dispose()
            people.configure(settings.identity_key_file)
            files.configure(settings)


def register_in_parallel(installation: Installation, each: int) -> None:
    team = make_team()
    tasks = [make_task(team) for _ in range(CLIENTS * each)]
    token = bearer(team.samplers[0])["Authorization"].removeprefix("Bearer ")
    start = threading.Barrier(CLIENTS)

    def register(number: int) -> list[tuple[int, Any]]:
        start.wait()
        return [
            installation.served.post(
                f"/api/v1/tasks/{task_id}/form", token, form_pictures(number) | {"form": leek_form()}
            )
            for task_id in tasks[number::CLIENTS]
        ]

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = [answer for answered in clients.map(register, range(CLIENTS)) for answer in answered]
    assert [status for status, _body in answers] == [201] * len(tasks), answers
    numbers = [body["sampling_no"] for _status, body in answers]
    assert len(set(numbers)) == len(tasks)

    def issued(session: Session) -> list[int]:
        scope = numbers[0][:-5]
        query = sa.select(IssuedNumber.n).where(IssuedNumber.series == OWN_SERIES, IssuedNumber.scope == scope)
        return list(session.scalars(query.order_by(IssuedNumber.n)))

    assert installation.ask(issued) == list(range(1, len(tasks) + 1))
    mine = sa.select(sa.func.count()).select_from(Sample).where(Sample.sampling_no.in_(numbers))
    assert installation.ask(lambda session: session.scalar(mine)) == len(tasks)


def test_thirty_registrars_at_once_get_every_number_once_and_none_is_missing(installation: Installation):
    register_in_parallel(installation, 2)


@pytest.mark.soak
def test_thirty_registrars_at_once_get_every_number_once_ten_times_over(installation: Installation):
    register_in_parallel(installation, 20)


def fail_sample(installation: Installation, code: str, tokens: dict[str, str]) -> UUID:
    """Test, lock, report and sign one sample by API; one item is far over its limit."""
    where = f"/api/v1/test-sets/{code}"
    worklist = installation.insist(f"{where}/take", tokens["tester"], None, f"take-{code}")
    judged = [line["id"] for line in worklist["lines"] if line["limit_state"] == LimitState.FOUND]
    entries = [
        {"line_id": line["id"], "text": "900"}
        if line["id"] == judged[0]
        else {"line_id": line["id"], "text": "/", "untested_reason": "限量未载入"}
        if line["limit_state"] != LimitState.FOUND
        else {"line_id": line["id"], "text": STATED if line["lod"] is None else "未检出"}
        for line in worklist["lines"]
    ]
    installation.insist(f"{where}/results", tokens["tester"], {"entries": entries}, f"enter-{code}")
    installation.insist(f"{where}/retests", tokens["tester"], {"line_id": judged[0], "text": "900"}, f"again-{code}")
    installation.insist(f"{where}/lock", tokens["reviewer"], None, f"lock-{code}")
    report = installation.insist("/api/v1/reports", tokens["signatory"], {"blind_code": code}, f"compose-{code}")
    signature = {"pdf_sha256": report["pdf_sha256"], "password": PASSWORD}
    path = f"/api/v1/reports/{report['id']}/signature"
    conclusion = installation.insist(path, tokens["signatory"], signature, f"sign-{code}")
    assert conclusion["verdict"] == SampleVerdict.FAIL
    return UUID(conclusion["id"])


def check_pairs(session: Session) -> None:
    """Every fail conclusion has exactly one referral of its own, and no referral is without its fail."""
    fails = set(session.scalars(sa.select(Conclusion.id).where(Conclusion.verdict == SampleVerdict.FAIL)))
    referred = list(session.scalars(sa.select(Referral.conclusion_id)))
    assert len(referred) == len(set(referred))
    assert set(referred) == fails


def verified(session: Session, topic: str) -> list[Finding]:
    """As `lims verify TOPIC`: over one snapshot, because the background goes on working."""
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return run_checks(session, topic)


def kill_in_the_flow(installation: Installation, kills: int, seed: int) -> int:
    """Walk failing samples one after the other while something is killed at random moments; how many were signed."""
    served, chance = installation.served, random.Random(seed)
    team = make_team()
    tokens = {
        name: bearer(somebody)["Authorization"].removeprefix("Bearer ")
        for name, somebody in (("tester", team.tester), ("reviewer", team.reviewer), ("signatory", team.signatory))
    }
    codes = [make_test_set(team).blind_code for _ in range(kills * 3)]
    victims: dict[str, Callable[[], int]] = {
        "web": lambda: served.children("gunicorn")[0],
        "web worker": lambda: chance.choice(served.children("gunicorn")[1:]),
        "background": lambda: served.children("app background")[0],
        "database": served.postmaster,
    }
    done, killed = threading.Event(), 0

    def attack() -> None:
        nonlocal killed
        for _ in range(kills):
            time.sleep(chance.uniform(0.1, 1.5))
            victim = chance.choice(list(victims))
            try:
                os.kill(victims[victim](), signal.SIGKILL)
            except (IndexError, OSError, ValueError):
                continue  # it was just coming back
            killed += 1
            installation.ask(check_pairs)
            wait_until(served.answers, f"the page after the {victim} was killed")
        done.set()

    attacker = threading.Thread(target=attack)
    attacker.start()
    signed = []
    for code in codes:
        signed.append(fail_sample(installation, code, tokens))
        if done.is_set():
            break
    attacker.join()
    installation.ask(check_pairs)
    assert killed, "nothing was killed"
    concluded = sa.select(Conclusion.id).where(Conclusion.id.in_(signed))
    assert set(installation.ask(lambda session: session.scalars(concluded).all())) == set(signed)
    waiting = sa.select(sa.func.count()).select_from(OutboxMessage).where(OutboxMessage.done_at.is_(None))
    wait_until(lambda: installation.ask(lambda session: session.scalar(waiting)) == 0, "the outbox to be empty")
    for topic in ("ledger", "referrals", "verdicts"):
        findings = installation.ask(lambda session, topic=topic: verified(session, topic))
        assert [found for found in findings if found.violations] == []
        assert sum(found.checked for found in findings)
    return len(signed)


def test_kills_in_the_flow_never_leave_a_fail_without_its_one_referral(installation: Installation):
    assert kill_in_the_flow(installation, kills=3, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_fifty_kills_in_the_flow_never_leave_a_fail_without_its_one_referral(installation: Installation):
    assert kill_in_the_flow(installation, kills=50, seed=2)
