"""The journal: what `sync` returned for is there after anything."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments import journal as journal_module
from instruments.journal import Clocks, EntryKind, Journal, JournalError, read_journal, segments_of

RECEIVED, SENT = EntryKind.RECEIVED, EntryKind.SENT


def write(folder: Path, *payloads: bytes, segment_bytes: int = 1 << 20) -> None:
    with Journal(folder, segment_bytes=segment_bytes) as journal:
        journal.begin_epoch(b"{}")
        for payload in payloads:
            journal.append(RECEIVED, payload)
            journal.sync()


def received(folder: Path) -> list[bytes]:
    return [entry.payload for entry in read_journal(folder) if entry.kind is RECEIVED]


@settings(max_examples=40, deadline=None)
@given(payloads=st.lists(st.binary(max_size=200), max_size=20), segment_bytes=st.integers(1, 2000))
def test_what_was_written_is_read_in_order(tmp_path_factory, payloads: list[bytes], segment_bytes: int):
    folder = tmp_path_factory.mktemp("journal")
    write(folder, *payloads, segment_bytes=segment_bytes)
    assert received(folder) == payloads
    write(folder, b"more", segment_bytes=segment_bytes)
    assert received(folder) == [*payloads, b"more"]


def test_epochs_and_sequences_count_connections_and_records(tmp_path: Path):
    write(tmp_path, b"a", b"b")
    write(tmp_path, b"c")
    assert [(entry.epoch, entry.sequence, entry.kind.name) for entry in read_journal(tmp_path)] == [
        (1, 0, "OPENED"),
        (1, 1, "RECEIVED"),
        (1, 2, "RECEIVED"),
        (2, 0, "OPENED"),
        (2, 1, "RECEIVED"),
    ]


def test_a_record_has_both_clocks(tmp_path: Path):
    clocks = Clocks(wall_ns=lambda: 1_795_397_415_000_000_000, monotonic_ns=lambda: 42)
    with Journal(tmp_path, clocks=clocks) as journal:
        journal.begin_epoch(b"")
    [entry] = read_journal(tmp_path)
    assert entry.at.isoformat() == "2026-11-23T01:30:15+00:00"
    assert entry.monotonic_ns == 42


def test_a_tail_torn_at_any_byte_is_set_aside_and_writing_goes_on(tmp_path: Path):
    write(tmp_path / "whole", b"first")
    good = segments_of(tmp_path / "whole")[0].read_bytes()
    write(tmp_path / "longer", b"first", b"second")
    full = segments_of(tmp_path / "longer")[0].read_bytes()
    for size in range(len(good) + 1, len(full)):
        folder = tmp_path / f"cut-{size}"
        folder.mkdir()
        (folder / "segment-00000001.fj").write_bytes(full[:size])
        write(folder, b"after")
        assert received(folder) == [b"first", b"after"]
        [torn] = folder.glob("*.torn-at-*")
        assert torn.read_bytes() == full[len(good) : size]


def test_a_torn_write_of_zeros_is_set_aside(tmp_path: Path):
    write(tmp_path, b"first")
    with segments_of(tmp_path)[0].open("ab") as segment:
        segment.write(bytes(4096))
    write(tmp_path, b"after")
    assert received(tmp_path) == [b"first", b"after"]


def test_damage_to_what_was_durable_is_refused_and_named(tmp_path: Path):
    write(tmp_path, b"first", b"second", b"third")
    segment = segments_of(tmp_path)[0]
    content = bytearray(segment.read_bytes())
    content[content.index(b"first")] ^= 1
    segment.write_bytes(content)
    with pytest.raises(JournalError, match="damaged at byte"):
        Journal(tmp_path)
    assert segment.read_bytes() == bytes(content)


def test_a_damaged_older_segment_is_refused(tmp_path: Path):
    write(tmp_path, b"x" * 100, b"y" * 100, b"z" * 100, segment_bytes=200)
    oldest = segments_of(tmp_path)[0]
    oldest.write_bytes(oldest.read_bytes()[:-1])
    with pytest.raises(JournalError, match=oldest.name):
        list(read_journal(tmp_path))
    with pytest.raises(JournalError, match=oldest.name):
        Journal(tmp_path)


def test_a_record_taken_out_breaks_the_chain(tmp_path: Path):
    write(tmp_path, b"first", b"second")
    write(tmp_path / "other", b"second")
    segment = segments_of(tmp_path)[0]
    content = segment.read_bytes()
    at = content.index(b"first") - journal_module._HEADER.size
    segment.write_bytes(content[:at] + content[at + journal_module._HEADER.size + 5 + 32 :])
    assert received(tmp_path) == []


def test_a_second_owner_is_refused(tmp_path: Path):
    with Journal(tmp_path), pytest.raises(JournalError, match="in use by another process"):
        Journal(tmp_path)
    Journal(tmp_path).close()


def test_a_full_disk_leaves_no_half_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, b"first")
    with Journal(tmp_path) as journal:
        journal.begin_epoch(b"")
        whole_write = os.write

        def half(descriptor: int, record: bytes) -> int:
            return whole_write(descriptor, record[: len(record) // 2])

        monkeypatch.setattr(os, "write", half)
        with pytest.raises(OSError, match="bytes could be written") as caught:
            journal.append(RECEIVED, b"second")
        monkeypatch.undo()
        assert caught.value.errno == errno.ENOSPC
        journal.append(RECEIVED, b"third")
        journal.sync()
    assert received(tmp_path) == [b"first", b"third"]


def test_after_a_failed_sync_nothing_undurable_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(_descriptor: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    with Journal(tmp_path) as journal:
        journal.begin_epoch(b"")
        journal.append(RECEIVED, b"lost")
        monkeypatch.setattr(os, "fdatasync", refuse)
        with pytest.raises(OSError, match="input/output"):
            journal.sync()
        monkeypatch.undo()
        journal.append(RECEIVED, b"again")
        journal.sync()
    assert received(tmp_path) == [b"again"]
