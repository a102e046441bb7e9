"""What people do, as requests: how many at once, and how much of one the ledger takes."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

from sqlalchemy import func, select

from benchmarks.harness import CLIENTS, Measure, at_once, bare_inserts, installation, percentile
from lims import files
from lims.cluster import Cluster
from lims.config import load_settings
from lims.db import db
from lims.ledger.models import LedgerEvent
from lims.people import services as people
from tests.factories.chain_of_custody import ALL_GOOD, make_sealed_sample, some_seals
from tests.factories.sampling import Team, make_task, make_team
from tests.factories.web import bearer
from tests.served import serve
from tests.walk.forms import form_pictures, leek_form

SAMPLES = 30  # of each client, six acts each
PAIRS = 100  # requests with and without the ledger, of each kind

Post = Callable[[str, Any, Any], Any]


def measure() -> list[Measure]:
    """The ledger's share of two kinds of requests, and business events a second over the whole way to the bench."""
    return [*_ledger_share(), *_events_at_once()]


def _ledger_share() -> list[Measure]:
    """Requests with their ledger entries against the same without, taking turns, so that neighbours disturb both alike.

    What is left out is all that a transaction does for the ledger: noting the changed rows, writing events and heads,
    and what the commit needs for them. A request is whole: token, JSON, service, transaction on the disk, answer.
    """
    with installation() as app:
        team = make_team()
        client, sampler = app.test_client(), bearer(team.samplers[0])

        def post(path: str, body: Any) -> None:
            answer = client.post(f"/api/v1{path}", json=body, headers=sampler)
            assert answer.status_code == HTTPStatus.CREATED, answer.text

        tasks = [make_task(team) for _ in range(2 * PAIRS)]
        sealed = [make_sealed_sample(team)[1] for _ in range(2 * PAIRS)]
        acts: dict[str, Callable[[int], None]] = {
            "registering a sample": lambda turn: post(
                f"/tasks/{tasks[turn]}/form", form_pictures(turn) | {"form": leek_form()}
            ),
            "offering a hand-over": lambda turn: post(
                "/hand-overs", {"portion_nos": sealed[turn], "to_organisation_id": str(team.lab_id)}
            ),
        }
        return [
            Measure(f"share of the ledger in {name}", 100 * _share(act), "%", "≤ 15 %") for name, act in acts.items()
        ]


def _share(act: Callable[[int], None]) -> float:
    took: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(2 * PAIRS):
        is_written = turn % 2 == 0
        if is_written:
            took[True].append(_timed(act, turn))
        else:
            with patch("lims.uow.append", lambda *_: None), patch("lims.uow.changes_of", lambda _: []):
                took[False].append(_timed(act, turn))
    return 1 - percentile(sorted(took[False]), 0.5) / percentile(sorted(took[True]), 0.5)


def _timed(act: Callable[[int], None], turn: int) -> float:
    begun = time.perf_counter()
    act(turn)
    return time.perf_counter() - begun


def _events_at_once() -> list[Measure]:
    """Eight clients of `lims serve` with two workers: each registers samples and takes them to their blind codes.

    The clients share the machine with the server. A business event is an event of the ledger: an act writes one on each
    chain that it touches.
    """
    with tempfile.TemporaryDirectory(prefix="lims-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # the private server may run as another user
        with serve(home) as served, Cluster(home) as urls:
            settings = replace(load_settings({"LIMS_HOME": folder}), secret_key="benchmark-" * 4)
            db.configure(urls.app)
            people.configure(settings.identity_key_file)
            files.configure(settings)
            try:
                teams = [make_team() for _ in range(CLIENTS)]
                tasks = [[make_task(team) for _ in range(SAMPLES)] for team in teams]
                pictures = [form_pictures(number) for number in range(SAMPLES)]
                before, acts = _events(), []

                def post(path: str, who: str, body: Any) -> Any:
                    status, answer = served.post(f"/api/v1{path}", who, body)
                    assert status == HTTPStatus.CREATED, answer
                    acts.append(path)
                    return answer

                begun = time.perf_counter()
                at_once(lambda number: _bring_to_the_bench(post, teams[number], tasks[number], pictures), CLIENTS)
                took = time.perf_counter() - begun
                bare = bare_inserts()
                rate = (_events() - before) / took
                return [
                    Measure(f"business events, {CLIENTS} clients over HTTP", rate, "/s", "", rate / bare),
                    Measure("  acts that wrote them", len(acts) / took, "/s", ""),
                ]
            finally:
                db.dispose()


def _events() -> int:
    with db.read_session() as session:
        return session.scalar(select(func.count()).select_from(LedgerEvent)) or 0


def _bring_to_the_bench(post: Post, team: Team, tasks: list[UUID], pictures: list[dict[str, Any]]) -> None:
    sampler, custodian = (
        bearer(one)["Authorization"].removeprefix("Bearer ") for one in (team.samplers[0], team.custodian)
    )
    for task_id, drawn in zip(tasks, pictures, strict=True):
        sample = post(f"/tasks/{task_id}/form", sampler, drawn | {"form": leek_form()})["id"]
        seals = {f"{kind.value}_seal_no": seal for kind, seal in some_seals().items()}
        portions = post(f"/samples/{sample}/seals", sampler, seals)["portions"]
        numbers = [one["portion_no"] for one in portions]
        offered = post("/hand-overs", sampler, {"portion_nos": numbers, "to_organisation_id": str(team.lab_id)})["id"]
        scans = [{"portion_no": one, "seal_intact": True} for one in numbers]
        post(f"/hand-overs/{offered}/confirmation", custodian, {"scans": scans})
        post(f"/samples/{sample}/reception", custodian, asdict(ALL_GOOD) | {"accepted": True})
        post(f"/samples/{sample}/blind-code", custodian, {"blindness": "repacked"})
