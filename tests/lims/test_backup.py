"""A backup brings everything back, and nothing that is not what it was."""

import zipfile
from dataclasses import replace
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from lims import backup, clock, files, migrate, verification
from lims.db import Base, db
from lims.errors import ConflictError, InvalidInputError
from lims.files import store_file
from lims.uow import unit_of_work
from tests.conftest import _create_database
from tests.factories.sampling import make_sample, make_team

CONTENT = b"%PDF-1.7 a report"


@pytest.fixture
def elsewhere(server_urls, settings, tmp_path):
    """An empty database and home to restore into."""
    urls = _create_database(server_urls, f"lims_{uuid4().hex[:12]}")
    return urls, replace(settings, home=tmp_path / "elsewhere")


@pytest.fixture
def installation(committed_database, settings):
    """A sample with its acts, and a stored file."""
    team = make_team()
    make_sample(team)
    with unit_of_work(team.planner.actor) as uow:
        sha256 = store_file(uow, CONTENT)
    return committed_database, settings, sha256


def counts(url: str) -> dict[str, int]:
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        found = {name: connection.scalar(sa.text(f'SELECT count(*) FROM "{name}"')) for name in Base.metadata.tables}
    engine.dispose()
    return found


def test_everything_comes_back_and_the_ledger_verifies(installation, elsewhere, tmp_path):
    urls, settings, sha256 = installation
    fresh, home = elsewhere
    target = tmp_path / "all.zip"
    report = backup.write_backup(settings, urls.owner, target, clock.now())
    restored = backup.read_backup(home, fresh.owner, target)
    assert report.damaged == restored.damaged == ()
    assert counts(fresh.owner) == counts(urls.owner)
    assert (home.files_folder / sha256.hex()[:2] / sha256.hex()).read_bytes() == CONTENT
    assert home.identity_key_file.read_bytes() == settings.identity_key_file.read_bytes()
    assert migrate.differences(fresh.owner) == []
    db.configure(fresh.app)
    files.configure(home)
    try:
        with db.read_session() as session:
            findings = verification.run_checks(session, "ledger")
        assert findings
        assert sum(finding.violations for finding in findings) == 0
        make_sample(make_team())  # numbers and identities go on behind what was restored
    finally:
        db.configure(urls.app)
        files.configure(settings)


def test_a_backup_is_readable_by_its_owner_alone_and_holds_no_key_of_a_round(installation, tmp_path):
    urls, settings, _sha256 = installation
    (settings.home / "keys" / "rounds").mkdir(parents=True, exist_ok=True)
    (settings.home / "keys" / "rounds" / "one.key").write_text("to be destroyed")
    target = tmp_path / "all.zip"
    backup.write_backup(settings, urls.owner, target, clock.now())
    assert target.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(target) as archive:
        assert not [name for name in archive.namelist() if "round" in name and name.startswith("keys/")]


def test_a_damaged_file_is_named_when_it_is_backed_up(installation, tmp_path):
    urls, settings, sha256 = installation
    path = settings.files_folder / sha256.hex()[:2] / sha256.hex()
    path.unlink()
    path.write_bytes(b"something else")
    report = backup.write_backup(settings, urls.owner, tmp_path / "all.zip", clock.now())
    assert report.damaged == (sha256.hex(),)
    path.unlink()


def test_a_changed_backup_restores_nothing(installation, elsewhere, tmp_path):
    urls, settings, _sha256 = installation
    fresh, home = elsewhere
    backup.write_backup(settings, urls.owner, tmp_path / "all.zip", clock.now())
    with zipfile.ZipFile(tmp_path / "all.zip") as source, zipfile.ZipFile(tmp_path / "bad.zip", "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "tables/person.copy":
                content = content.replace("人员".encode(), "别人".encode())
            target.writestr(name, content)
    with pytest.raises(InvalidInputError, match=r"person\.copy"):
        backup.read_backup(home, fresh.owner, tmp_path / "bad.zip")
    assert counts(fresh.owner)["person"] == 0
    assert not home.identity_key_file.exists()


def test_a_restore_into_a_database_with_work_is_refused(installation, tmp_path):
    urls, settings, _sha256 = installation
    backup.write_backup(settings, urls.owner, tmp_path / "all.zip", clock.now())
    with pytest.raises(ConflictError, match="holds work already"):
        backup.read_backup(settings, urls.owner, tmp_path / "all.zip")
    with pytest.raises(ConflictError, match="overwrites nothing"):
        backup.write_backup(settings, urls.owner, tmp_path / "all.zip", clock.now())


@pytest.mark.parametrize("content", [b"no zip", b""])
def test_a_file_that_is_no_backup_is_refused(elsewhere, tmp_path, content):
    fresh, home = elsewhere
    (tmp_path / "strange").write_bytes(content)
    with pytest.raises(InvalidInputError, match="is no backup"):
        backup.read_backup(home, fresh.owner, tmp_path / "strange")
