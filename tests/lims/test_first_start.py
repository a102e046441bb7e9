"""An empty installation: the shipped catalogue and the first administrator, by commands alone."""

import os
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


def lims(home: Path, *words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    environ = os.environ | {"LIMS_HOME": str(home)}
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
        engine = sa.create_engine(urls.app)
        with Session(engine) as session:
            assert session.scalar(sa.select(sa.func.count()).select_from(FoodLimit))
            assert session.scalars(sa.select(Account.username)).all() == ["admin"]
            assert session.scalars(sa.select(RoleGrant.role)).all() == [Role.ADMINISTRATOR]
        engine.dispose()


def test_a_password_that_is_too_short_leaves_nothing_behind(session: Session):
    with pytest.raises(InvalidInputError), unit_of_work(INSTALL) as uow:
        settle_administrator(uow, "admin", "short", **SOMEBODY)
    assert session.scalar(sa.select(sa.func.count()).select_from(Account)) == 0


def test_there_is_one_first_administrator_only(session: Session):
    with unit_of_work(INSTALL) as uow:
        settle_administrator(uow, "admin", "long enough", **SOMEBODY)
    with pytest.raises(ConflictError), unit_of_work(INSTALL) as uow:
        settle_administrator(uow, "second", "long enough", **SOMEBODY)
