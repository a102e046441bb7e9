"""A whole installation in one file: every table as of one instant, the stored files by hash, and the keys.

The tables travel as PostgreSQL's own COPY text, so a backup needs no program beside this one and is the same from a
private cluster and from a server. What is never in it: the keys of pick rounds. They are destroyed when a round is
over, and a copy in a backup would outlive that promise (product.md §10).
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Table, create_engine, text
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import sort_tables_and_constraints

from lims import migrate
from lims.config import Settings
from lims.db import Base
from lims.errors import ConflictError, InvalidInputError
from lims.i18n import lazy_gettext as _l

FORMAT = "fenjian-backup.v1"
MANIFEST = "manifest.json"
KEY_NAMES = ("identity.key", "ledger.pem", "session.key")
CHUNK = 1024 * 1024
OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds: rows by table, files, and the files whose bytes are missing or not what their name says."""

    rows: dict[str, int]
    files: int
    damaged: tuple[str, ...]


def write_backup(settings: Settings, owner_url: str, target: Path, made_at: datetime) -> BackupReport:
    """Write everything to `target`, readable by its owner alone; the server goes on working meanwhile.

    Raises:
        ConflictError: `target` exists, or the database stands at another revision than this program.
    """
    if target.exists():
        raise ConflictError(_l("%(path)s exists already; a backup overwrites nothing.", path=str(target)))
    beginning = target.with_name(target.name + ".part")
    try:
        with _owner(owner_url) as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            _check_revision(migrate.current_revision(connection))
            with (
                os.fdopen(os.open(beginning, os.O_RDWR | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "w+b") as raw,
                zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive,
            ):
                report = _write(connection, settings, archive, made_at)
                raw.flush()
                os.fsync(raw.fileno())
        beginning.rename(target)
    finally:
        beginning.unlink(missing_ok=True)
    return report


def _write(connection: Connection, settings: Settings, archive: zipfile.ZipFile, made_at: datetime) -> BackupReport:
    rows: dict[str, int] = {}
    digests: dict[str, str] = {}
    for table in _tables():
        name = f"tables/{table.name}.copy"
        with archive.open(name, "w", force_zip64=True) as member:
            digests[name] = _copy_out(connection, table, member)
        rows[table.name] = connection.scalar(text(f'SELECT count(*) FROM "{table.name}"')) or 0  # noqa: S608
    damaged = []
    stored = [bytes(sha) for sha in connection.scalars(text("SELECT sha256 FROM stored_file ORDER BY sha256"))]
    for sha256 in stored:
        path = settings.files_folder / sha256.hex()[:2] / sha256.hex()
        content = path.read_bytes() if path.is_file() else None
        if content is None or hashlib.sha256(content).digest() != sha256:
            damaged.append(sha256.hex())
        if content is not None:
            archive.writestr(f"files/{sha256.hex()}", content)
    for key in KEY_NAMES:
        path = settings.home / "keys" / key
        if path.is_file():
            archive.writestr(f"keys/{key}", path.read_bytes())
    manifest = {
        "format": FORMAT,
        "revision": migrate.head_revision(),
        "made_at": made_at.isoformat(),
        "rows": rows,
        "sha256": digests,
    }
    archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    return BackupReport(rows, len(stored), tuple(damaged))


def read_backup(settings: Settings, owner_url: str, source: Path) -> BackupReport:
    """Put a backup back into an installation that holds no work: database, files, keys.

    The tables come back in one transaction, and every foreign key and CHECK is asked again on the way. A private key
    that stands here already is replaced, because digests and signed heads rest on the one in the backup.

    Raises:
        InvalidInputError: `source` is no backup, or has been changed.
        ConflictError: the database holds work, or the backup was made by another version of the program.
    """
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError) as error:
        raise InvalidInputError(_l("%(path)s is no backup: %(error)s", path=str(source), error=str(error))) from error
    with archive:
        manifest = _read_manifest(archive, source)
        _check_revision(manifest["revision"])
        migrate.upgrade(owner_url)
        with _owner(owner_url) as connection:
            if connection.scalar(text("SELECT EXISTS (SELECT FROM organisation)")):
                raise ConflictError(_l("The database holds work already; restore into an empty one."))
            _read_tables(connection, archive, manifest)
            damaged = _read_files(settings, archive)
            _read_keys(settings, archive)
        files = sum(name.startswith("files/") for name in archive.namelist())
    return BackupReport(manifest["rows"], files, damaged)


def _read_manifest(archive: zipfile.ZipFile, source: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
    except (KeyError, ValueError) as error:
        raise InvalidInputError(_l("%(path)s is no backup: it has no manifest.", path=str(source))) from error
    if manifest.get("format") != FORMAT:
        raise InvalidInputError(
            _l("%(path)s is no backup: its format is %(format)s.", path=str(source), format=str(manifest.get("format")))
        )
    return manifest


def _check_revision(found: str | None) -> None:
    if found != migrate.head_revision():
        raise ConflictError(
            _l(
                "The schema stands at revision %(found)s, this program wants %(wanted)s: "
                "use the version that belongs to it, then upgrade.",
                found=str(found),
                wanted=str(migrate.head_revision()),
            )
        )


def _read_tables(connection: Connection, archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    tables = _tables()
    connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    names = ", ".join(f'"{table.name}"' for table in tables)
    connection.execute(text(f"TRUNCATE {names}"))
    for table in tables:
        name = f"tables/{table.name}.copy"
        with archive.open(name) as member:
            if _copy_in(connection, table, member) != manifest["sha256"].get(name):
                raise InvalidInputError(_l("%(name)s is not what was backed up; nothing was restored.", name=name))
        for column in table.columns:
            if column.identity is not None:
                connection.execute(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), "  # noqa: S608
                        f'coalesce(max("{column.name}"), 0) + 1, false) FROM "{table.name}"'
                    )
                )


def _read_files(settings: Settings, archive: zipfile.ZipFile) -> tuple[str, ...]:
    damaged = []
    for name in archive.namelist():
        folder, _slash, digest = name.partition("/")
        if folder != "files":
            continue
        content = archive.read(name)
        if hashlib.sha256(content).hexdigest() != digest:
            damaged.append(digest)
            continue
        path = settings.files_folder / digest[:2] / digest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tuple(damaged)


def _read_keys(settings: Settings, archive: zipfile.ZipFile) -> None:
    folder = settings.home / "keys"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for key in KEY_NAMES:
        if f"keys/{key}" in archive.namelist():
            path = folder / key
            path.unlink(missing_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as written:
                written.write(archive.read(f"keys/{key}"))


def _tables() -> list[Table]:
    """Every table, those that others point at first; what points in a circle is checked at the commit."""
    ordered = sort_tables_and_constraints(Base.metadata.tables.values())  # type: ignore[no-untyped-call]
    return [table for table, _foreign_keys in ordered if table is not None]


def _columns(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns if column.computed is None)


def _copy_out(connection: Connection, table: Table, member: IO[bytes]) -> str:
    digest = hashlib.sha256()
    statement = f'COPY "{table.name}" ({_columns(table)}) TO STDOUT'
    with _cursor(connection) as cursor, cursor.copy(statement) as lines:
        for line in lines:
            digest.update(line)
            member.write(line)
    return digest.hexdigest()


def _copy_in(connection: Connection, table: Table, member: IO[bytes]) -> str:
    digest = hashlib.sha256()
    statement = f'COPY "{table.name}" ({_columns(table)}) FROM STDIN'
    with _cursor(connection) as cursor, cursor.copy(statement) as lines:
        while chunk := member.read(CHUNK):
            digest.update(chunk)
            lines.write(chunk)
    return digest.hexdigest()


@contextmanager
def _cursor(connection: Connection) -> Iterator[Any]:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        yield cursor


@contextmanager
def _owner(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
