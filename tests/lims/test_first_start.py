"""An empty installation: the shipped catalogue and the first administrator, by commands alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import INSTALL
from lims.auth.permissions import Role
from lims.catalog.models import FoodLimit
from lims.cluster import Cluster
from lims.errors import ConflictError, InvalidInputError
from lims.people.administration import settle_administrator
from lims.people.models import Account, RoleGrant
from lims.uow import unit_of_work

ROOT = Path(__file__).parents[2]
SOMEBODY = {"name": "何志强", "document": "371402198501010018", "organisation": "清河县市场监督管理局"}


CHINESE = re.compile(r"[\u4e00-\u9fff]")


def lims(home: Path, *words: str, typed: str = "", locale: str = "en") -> "subprocess.CompletedProcess[str]":
    environ = os.environ | {"LIMS_HOME": str(home), "LIMS_LOCALE": locale}
    return subprocess.run(
        [sys.executable, "-m", "app", *words],
        cwd=ROOT,
        env=environ,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_empty_home_gets_its_catalogue_and_its_administrator_by_commands(tmp_path: Path):
    home = tmp_path / "home"
    for _again in range(2):
        upgraded = lims(home, "db", "upgrade")
        assert upgraded.returncode == 0, upgraded.stderr
    options = [word for name, value in SOMEBODY.items() for word in (f"--{name}", value)]
    made = lims(home, "users", "administrator", "admin", *options, "--password", "long enough")
    assert made.returncode == 0, made.stderr
    refused = lims(home, "users", "administrator", "second", *options, "--password", "long enough")
    assert refused.returncode == 2
    assert "already" in refused.stderr
    with Cluster(home) as urls:
        speak_both_languages(home)
        engine = sa.create_engine(urls.app)
        with Session(engine) as session:
            assert session.scalar(sa.select(sa.func.count()).select_from(FoodLimit))
            assert session.scalars(sa.select(Account.username)).all() == ["admin"]
            assert session.scalars(sa.select(RoleGrant.role)).all() == [Role.ADMINISTRATOR]
        engine.dispose()


def speak_both_languages(home: Path) -> None:
    """What the commands of the ground floor tell is Chinese to the last line, and English where that is asked for."""
    bundle = str(home / "bundle.zip")
    for words in (
        ("db", "check"),
        ("doctor",),
        ("verify",),
        ("ledger", "export", "--output", bundle),
        ("ledger", "verify", bundle),
        ("users", "disable", "admin"),
    ):
        done = lims(home, *words, locale="zh_CN")
        assert done.returncode == 0, done.stderr
        assert done.stdout, words
        assert [told for told in done.stdout.splitlines() if not CHINESE.search(told)] == [], words
    english = lims(home, "doctor").stdout
    assert "schema: revision" in english
    assert not CHINESE.search(english)
    damaged = home / "damaged.zip"
    damaged.write_bytes(Path(bundle).read_bytes()[:-40])
    broken = lims(home, "ledger", "verify", str(damaged), locale="zh_CN")
    assert (broken.returncode, broken.stdout.startswith("已损坏：包无法读取")) == (1, True)
    nobody = lims(home, "users", "disable", "nobody", locale="zh_CN")
    assert (nobody.returncode, "没有账号“nobody”" in nobody.stderr) == (2, True)


def test_a_password_that_is_too_short_leaves_nothing_behind(session: Session):
    with pytest.raises(InvalidInputError), unit_of_work(INSTALL) as uow:
        settle_administrator(uow, "admin", "short", **SOMEBODY)
    assert session.scalar(sa.select(sa.func.count()).select_from(Account)) == 0


def test_there_is_one_first_administrator_only(session: Session):
    with unit_of_work(INSTALL) as uow:
        settle_administrator(uow, "admin", "long enough", **SOMEBODY)
    with pytest.raises(ConflictError), unit_of_work(INSTALL) as uow:
        settle_administrator(uow, "second", "long enough", **SOMEBODY)
