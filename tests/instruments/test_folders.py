"""Drop folders: a file is taken whole, once, and stays where it is."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from instruments.folders import SETTLED_LOOKS, Folder, FolderWatcher
from instruments.spool import Spool, SpoolState
from instruments.types import PortState

CONTENT = "Sample,Value\nA,1.5\n".encode("gb18030")


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path / "spool.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def watcher(tmp_path: Path, spool: Spool) -> FolderWatcher:
    place = tmp_path / "exports"
    place.mkdir()
    return FolderWatcher(Folder(instrument="AAS", path=place, profile="plain", take=True), spool.add_file)


def settle(watcher: FolderWatcher) -> int:
    return sum(watcher.look() for _ in range(SETTLED_LOOKS))


def test_a_file_that_keeps_still_is_taken_once_and_left_where_it_is(watcher: FolderWatcher, spool: Spool):
    path = watcher.folder.path / "run 1.csv"
    path.write_bytes(CONTENT)
    assert settle(watcher) == 1
    assert settle(watcher) == 0
    assert path.read_bytes() == CONTENT
    waiting = spool.waiting_file()
    assert waiting is not None
    assert (waiting.content, waiting.body) == (
        CONTENT,
        {"instrument": "AAS", "name": "run 1.csv", "profile": "plain", "take": True},
    )


def test_a_file_that_is_still_written_is_left_alone(watcher: FolderWatcher, spool: Spool):
    path = watcher.folder.path / "growing.csv"
    with path.open("ab") as growing:
        for line in range(SETTLED_LOOKS * 2):
            growing.write(b"%d,1\n" % line)
            growing.flush()
            assert watcher.look() == 0
    assert spool.waiting_file() is None
    assert settle(watcher) == 1


def test_the_same_bytes_under_another_name_are_known_and_a_file_written_over_is_new(watcher, spool: Spool):
    first = watcher.folder.path / "a.csv"
    first.write_bytes(CONTENT)
    assert settle(watcher) == 1
    (watcher.folder.path / "b.csv").write_bytes(CONTENT)
    assert settle(watcher) == 0
    assert watcher.status.counts.duplicates == 1
    replacement = watcher.folder.path / "new.tmp"
    replacement.write_bytes(CONTENT.replace(b"1.5", b"2.5"))  # as long as the first
    os.utime(replacement, ns=(0, first.stat().st_mtime_ns))
    replacement.replace(first)
    assert settle(watcher) == 1


@pytest.mark.parametrize("name", ["~$run.xlsx", ".run.csv", "run.tmp", "run.csv.part", "run"])
def test_temporary_and_foreign_names_are_not_looked_at(watcher: FolderWatcher, spool: Spool, name: str):
    (watcher.folder.path / name).write_bytes(CONTENT)
    assert settle(watcher) == 0


def test_a_folder_that_is_gone_is_waited_for(watcher: FolderWatcher):
    place = watcher.folder.path
    place.rename(place.with_name("elsewhere"))
    assert watcher.look() == 0
    assert (watcher.status.state, watcher.status.healthy) == (PortState.RECONNECTING, False)
    assert "cannot be read" in watcher.status.last_error
    place.with_name("elsewhere").rename(place)
    watcher.look()
    assert watcher.status.healthy


def test_a_file_that_is_too_large_keeps_its_folder_red_until_it_is_taken_away(
    watcher: FolderWatcher, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("instruments.folders.MAX_FILE_BYTES", len(CONTENT) - 1)
    (watcher.folder.path / "a.csv").write_bytes(CONTENT)
    assert settle(watcher) == settle(watcher) == 0
    assert not watcher.status.healthy
    assert "a.csv" in watcher.status.last_error
    (watcher.folder.path / "a.csv").unlink()
    watcher.look()
    assert watcher.status.healthy
    assert watcher.status.last_error_at is not None


def test_a_spool_that_refuses_loses_no_file(watcher: FolderWatcher, spool: Spool, monkeypatch: pytest.MonkeyPatch):
    (watcher.folder.path / "a.csv").write_bytes(CONTENT)

    def refuse(*_arguments: object) -> bool:
        raise OSError(28, "no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(watcher, "_take", refuse)
        assert settle(watcher) == 0
        assert not watcher.status.healthy
    assert watcher.look() == 1


def test_a_delivered_file_keeps_its_digest_and_gives_its_bytes_back(spool: Spool):
    spool.add_file("AAS", "a.csv", CONTENT, {})
    waiting = spool.waiting_file()
    assert waiting is not None
    spool.mark_file(waiting.position, SpoolState.DELIVERED)
    assert spool.waiting_file() is None
    assert not spool.add_file("AAS", "b.csv", CONTENT, {})
    assert spool.add_file("GC", "b.csv", CONTENT, {})
