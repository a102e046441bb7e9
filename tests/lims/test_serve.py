"""`lims serve` keeps its parts alive: whatever is killed comes back, and Ctrl-C leaves nothing running."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.served import Served, serve, wait_until


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("served")
    home.chmod(0o755)
    with serve(home, workers=1) as running:
        yield running
    assert not (home / "postgres/data/postmaster.pid").exists(), "the cluster was not stopped cleanly"


def replaced(served: Served, find: Callable[[], int]) -> bool:
    """Kill one process and wait until another stands in its place and pages are served."""
    victim = find()
    os.kill(victim, signal.SIGKILL)

    def is_back() -> bool:
        try:
            return find() != victim and served.answers()
        except (IndexError, FileNotFoundError, ValueError):
            return False

    wait_until(is_back, "the replacement")
    return True


def test_a_killed_database_server_is_started_again(served: Served):
    assert replaced(served, served.postmaster)


def test_a_killed_web_server_is_started_again(served: Served):
    assert replaced(served, lambda: served.children("gunicorn")[0])


def test_a_killed_background_child_is_started_again(served: Served):
    assert replaced(served, lambda: served.children("background")[0])


def test_a_second_program_on_the_same_home_finds_the_running_server(served: Served):
    from lims.cluster import Cluster

    before = served.postmaster()
    with Cluster(Path(served.home)) as urls:
        assert "lims_app" in urls.app
        assert served.postmaster() == before
