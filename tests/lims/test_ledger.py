"""The ledger: what is written, what is found when somebody tampers, and that a stranger can check an export alone."""

import json
import re
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import rfc8785
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from lims.actors import INSTALL, OrganisationKind
from lims.auth.permissions import Role
from lims.cluster import Urls
from lims.db import db
from lims.ledger import verify
from lims.ledger.capture import plain
from lims.ledger.export import write_bundle
from lims.ledger.models import LedgerEvent, LedgerLeaf
from lims.ledger.replay import check_chains, check_heads, check_replay
from lims.ledger.sequencer import Signer, load_signer, seal_head
from lims.people.models import Organisation, Person
from lims.people.services import register_organisation
from lims.uow import unit_of_work
from lims.verification import run_checks
from tests.factories.people import make_organisation, make_person

VERIFIER = Path(verify.__file__)

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(max_codepoint=126)), inner),
    max_leaves=12,
)


@given(values)
def test_the_canonical_form_is_that_of_rfc_8785(value):
    try:
        expected = rfc8785.dumps(value)
    except rfc8785.CanonicalizationError:
        return
    assert verify.canonical(value).encode() == expected


def test_a_float_never_enters_the_ledger():
    with pytest.raises(TypeError, match=r"0\.1"):
        verify.canonical({"value": [0.1]})
    with pytest.raises(TypeError, match="float"):
        plain(0.1)


@given(st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=40))
def test_the_growing_tree_has_the_root_of_rfc_6962(bodies):
    def root(leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return leaves[0]
        split = 1 << ((len(leaves) - 1).bit_length() - 1)
        return verify.node_hash(root(leaves[:split]), root(leaves[split:]))

    tree = verify.CompactRange()
    hashes = [verify.leaf_hash(body) for body in bodies]
    for leaf in hashes:
        tree.append(leaf)
    assert tree.root() == root(hashes)


def test_every_changed_row_stands_in_the_ledger_without_being_told(session: Session):
    organisation_id = make_organisation(OrganisationKind.LAB)
    with unit_of_work(INSTALL) as uow:
        uow.session.get_one(Organisation, organisation_id).phone = "0534-7654321"
    bodies = session.scalars(
        sa.select(LedgerEvent.body)
        .where(LedgerEvent.chain == f"organisation:{organisation_id}")
        .order_by(LedgerEvent.seq)
    ).all()
    first, second = (json.loads(body) for body in bodies)
    assert first["type"] == "lims.organisation_registered.v1"
    assert second["rows"] == [{"t": "organisation", "k": {"id": str(organisation_id)}, "c": {"phone": "0534-7654321"}}]
    assert second["prev"] == verify.leaf_hash(bodies[0].encode()).hex()


def test_rows_set_by_one_statement_are_noted_each_on_its_own_chain(session: Session):
    ids = [make_organisation(OrganisationKind.LAB) for _number in range(3)]
    with unit_of_work(INSTALL) as uow:
        rows = [uow.session.get_one(Organisation, one) for one in ids]
        uow.set_all(rows, phone="0534-7654321")
        assert [row.phone for row in rows] == ["0534-7654321"] * 3
    for one in ids:
        assert session.get_one(Organisation, one).phone == "0534-7654321"
        newest = sa.select(LedgerEvent.body).where(LedgerEvent.chain == f"organisation:{one}")
        body = json.loads(session.scalars(newest.order_by(LedgerEvent.seq.desc())).first() or "")
        assert body["rows"] == [{"t": "organisation", "k": {"id": str(one)}, "c": {"phone": "0534-7654321"}}]


def test_what_is_personal_is_not_set_by_one_statement(session: Session):
    person = session.get_one(Person, make_person(make_organisation(), Role.TESTER).person_id)
    with pytest.raises(ValueError, match="name"), unit_of_work(INSTALL) as uow:
        uow.set_all([person], name="欧阳清")


def test_a_persons_name_enters_as_a_digest_only(session: Session):
    person = make_person(make_organisation(), Role.TESTER, name="欧阳清")
    bodies = session.scalars(sa.select(LedgerEvent.body).where(LedgerEvent.chain == f"person:{person.person_id}")).all()
    assert bodies
    assert not any("欧阳清" in body for body in bodies)


def test_an_undone_transaction_leaves_no_event(session: Session):
    before = session.scalar(sa.select(sa.func.count()).select_from(LedgerEvent))

    def undone() -> None:
        with unit_of_work(INSTALL) as uow:
            register_organisation(uow, name_zh="甲", name_en="A", kind=OrganisationKind.LAB)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    assert session.scalar(sa.select(sa.func.count()).select_from(LedgerEvent)) == before


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return load_signer(tmp_path / "keys" / "ledger.pem", "fenjian/test")


def test_the_signing_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path):
    path = tmp_path / "keys" / "ledger.pem"
    first = load_signer(path, "fenjian/test")
    assert load_signer(path, "fenjian/test").public_key == first.public_key
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_head_covers_every_event_once(session: Session, signer: Signer):
    make_organisation()
    with unit_of_work(INSTALL) as uow:
        head = seal_head(uow, signer)
        assert head is not None
        size, note = head.size, head.note
    indices = session.scalars(sa.select(LedgerLeaf.index).order_by(LedgerLeaf.index)).all()
    assert list(indices) == list(range(size))
    parsed = verify.parse_checkpoint(note)
    verify.check_signature(parsed, "fenjian/test", signer.public_key)
    with unit_of_work(INSTALL) as uow:
        assert seal_head(uow, signer) is None


@pytest.fixture
def bundle(session: Session, signer: Signer, tmp_path: Path) -> Path:
    """An export with several chains and two heads."""
    for _ in range(3):
        make_person(make_organisation(), Role.TESTER)
        with unit_of_work(INSTALL) as uow:
            seal_head(uow, signer)
    path = tmp_path / "bundle.zip"
    write_bundle(session, path, signer.verifier_key)
    return path


def run_verifier(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(VERIFIER), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_stranger_checks_an_export_with_one_file(bundle: Path):
    run = run_verifier(bundle)
    assert run.returncode == 0, run.stdout
    assert run.stdout.startswith("SOUND")


def rewrite(bundle: Path, change) -> Path:
    """A copy of the bundle whose files went through `change`."""
    changed = bundle.with_name("changed.zip")
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(changed, "w") as target:
        files = {name: source.read(name) for name in source.namelist()}
        change(files)
        for name, content in files.items():
            target.writestr(name, content)
    return changed


def rechain(lines: list[bytes]) -> list[bytes]:
    """Mend all hashes after a change, as somebody with the database would."""
    heads: dict[str, tuple[int, str]] = {}
    mended = []
    for line in lines:
        body = json.loads(line)
        seq, previous = heads.get(body["chain"], (0, verify.GENESIS))
        body |= {"seq": seq + 1, "prev": previous}
        text = verify.canonical(body).encode()
        heads[body["chain"]] = (seq + 1, verify.leaf_hash(text).hex())
        mended.append(text)
    return mended


def edit(lines: list[bytes], place: int) -> list[bytes]:
    body = json.loads(lines[place])
    body["actor"] = "person:somebody-else"
    return [*lines[:place], verify.canonical(body).encode(), *lines[place + 1 :]]


TAMPERINGS = {
    "edit": edit,
    "edit and chain again": lambda lines, place: rechain(edit(lines, place)),
    "delete": lambda lines, place: lines[:place] + lines[place + 1 :],
    "delete and chain again": lambda lines, place: rechain(lines[:place] + lines[place + 1 :]),
    "erase a whole object": lambda lines, place: [
        line for line in lines if json.loads(line)["chain"] != json.loads(lines[place])["chain"]
    ],
    "swap two": lambda lines, place: [*lines[:place], *reversed(lines[place : place + 2]), *lines[place + 2 :]],
    "another spelling": lambda lines, place: [
        *lines[:place],
        lines[place].replace(b":", b": ", 1),
        *lines[place + 1 :],
    ],
}


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_tampering_is_found_wherever_it_is_done(bundle: Path, kind: str):
    with zipfile.ZipFile(bundle) as source:
        lines = source.read("events.jsonl").splitlines()
    for place in range(len(lines) - 1):
        tampered = TAMPERINGS[kind](lines, place)
        path = rewrite(bundle, lambda files, new=tampered: files.update({"events.jsonl": b"\n".join(new) + b"\n"}))
        with pytest.raises(verify.Broken):
            verify.verify_bundle(str(path))


def respell(bundle: Path, old: bytes, new: bytes) -> Path:
    """A copy of the bundle with the first `old` among its events written as `new`."""

    def change(files: dict[str, bytes]) -> None:
        assert old in files["events.jsonl"]
        files["events.jsonl"] = files["events.jsonl"].replace(old, new, 1)

    return rewrite(bundle, change)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b'"v":1', b'"v":1.0', "cannot be read"),
        (b'"v":1', b'"v":NaN', "cannot be read"),
        (b'"v":1', b'"v":' + b"[" * 100_000, "cannot be read"),
        (b'"reason":null', rb'"reason":"\ud800"', "cannot be read"),
        (b'"reason":null', rb'"reason":"\u4e2d"', "canonical"),
        (b'"reason":null', b'"reason":null,"reason":null', "canonical"),
        (b'"reason":null', '"reason":{"理":1}'.encode(), "cannot be read"),
        (b'"seq":1,', b'"seq":true,', "no link"),
    ],
)
def test_an_event_in_a_form_that_could_be_read_in_two_ways_is_refused(bundle: Path, old: bytes, new: bytes, told: str):
    with pytest.raises(verify.Broken, match=told):
        verify.verify_bundle(str(respell(bundle, old, new)))


def test_several_processes_find_the_same_first_thing_as_one(bundle: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(verify, "BLOCK", 3)
    assert verify.verify_bundle(str(bundle), processes=2) == verify.verify_bundle(str(bundle))
    with zipfile.ZipFile(bundle) as source:
        lines = source.read("events.jsonl").splitlines()
    # The chain is broken before the event that cannot be read, in the same block: the earlier one is the first.
    broken = [*lines[:4], b"{}", *lines[5:]]
    for place, told in ((None, "event 4 cannot be read"), (3, "event 3 .* before it")):
        changed = list(broken)
        if place is not None:
            changed[place] = edit_link(changed[place])
        path = rewrite(bundle, lambda files, new=changed: files.update({"events.jsonl": b"\n".join(new) + b"\n"}))
        for processes in (1, 2):
            with pytest.raises(verify.Broken, match=told) as found:
                verify.verify_bundle(str(path), processes=processes)
            assert found.value.facts["number"] == (4 if place is None else place)


def edit_link(line: bytes) -> bytes:
    return verify.canonical(json.loads(line) | {"prev": "f" * 64}).encode()


def test_a_bundle_whose_bytes_were_damaged_is_broken_and_no_fault_of_the_verifier(bundle: Path):
    with zipfile.ZipFile(bundle) as source:
        inside = source.getinfo("events.jsonl")
    content = bytearray(bundle.read_bytes())
    begins = inside.header_offset + 100  # past the header, whose spare fields nobody reads
    for place in range(begins, begins + inside.compress_size - 100, 97):
        content[place] ^= 0xFF
        bundle.write_bytes(content)
        with pytest.raises(verify.Broken):
            verify.verify_bundle(str(bundle))
        content[place] ^= 0xFF


def test_of_two_heads_of_one_size_that_were_kept_outside_no_false_one_is_passed_over(bundle: Path, signer: Signer):
    with zipfile.ZipFile(bundle) as source:
        true = source.read("checkpoints.txt").decode().split(f"{verify.SEPARATOR}\n")[0]
    forged = signer.sign(verify.parse_checkpoint(true).size, b"\x07" * 32)
    for heads in ([true, forged], [forged, true]):
        with pytest.raises(verify.Broken, match="another root"):
            verify.verify_bundle(str(bundle), heads=heads)


Files = list[tuple[str, bytes]]


def pack(path: Path, files: Files, packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The bytes of an archive, in which a name may stand twice."""
    with zipfile.ZipFile(path, "w", packed) as target, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a name that stands twice
        for name, content in files:
            target.writestr(name, content)
    return path.read_bytes()


FORGED = ("events.jsonl", b"forged")
ARCHIVES: dict[str, tuple[Callable[[Files], Files], int, str]] = {
    "a second file of one name": (lambda files: [FORGED, *files], zipfile.ZIP_DEFLATED, "twice"),
    "another file": (lambda files: [*files, ("judgement.txt", b"approved")], zipfile.ZIP_DEFLATED, "judgement.txt"),
    "packed in another way": (list, zipfile.ZIP_LZMA, "packed"),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_an_archive_in_which_another_reader_would_find_other_files_is_broken(bundle: Path, kind: str):
    change, packed, told = ARCHIVES[kind]
    with zipfile.ZipFile(bundle) as source:
        files = [(name, source.read(name)) for name in source.namelist()]
    path = bundle.with_name("changed.zip")
    pack(path, change(files), packed)
    with pytest.raises(verify.Broken, match=told):
        verify.verify_bundle(str(path))


def test_nothing_stands_before_or_after_the_files_of_a_bundle(bundle: Path):
    whole, path = bundle.read_bytes(), bundle.with_name("around.zip")
    for changed in (pack(path, [FORGED]) + whole, b"#!/bin/sh\n" + whole, whole + b"and more"):
        path.write_bytes(changed)
        with pytest.raises(verify.Broken, match="before or after"):
            verify.verify_bundle(str(path))


@pytest.mark.parametrize(
    "change",
    [
        lambda notes: notes[:0],
        lambda notes: notes[:0] + verify.SEPARATOR + "\n",
        lambda notes: notes.replace(verify.SEPARATOR + "\n", ""),  # hides all heads after the first
        lambda notes: notes.replace(verify.SEPARATOR, "Approved by the court\n" + verify.SEPARATOR),
        lambda notes: re.sub(r"\n(\d+)\n", r"\n+\1\n", notes, count=1),
        lambda notes: re.sub(r"\n(\d+)\n", r"\n0\1\n", notes, count=1),
        lambda notes: notes.replace("\n", "\r\n"),
    ],
)
def test_a_head_holds_nothing_that_its_signature_does_not_cover(bundle: Path, change):
    def tamper(files: dict[str, bytes]) -> None:
        notes = files["checkpoints.txt"].decode()
        assert change(notes) != notes
        files["checkpoints.txt"] = change(notes).encode()

    with pytest.raises(verify.Broken, match="head"):
        verify.verify_bundle(str(rewrite(bundle, tamper)))


def test_a_head_that_witnesses_countersigned_is_read(bundle: Path):
    def countersign(files: dict[str, bytes]) -> None:
        first, separator, more = files["checkpoints.txt"].partition(verify.SEPARATOR.encode())
        files["checkpoints.txt"] = first + "— a.witness AAAA\n".encode() + separator + more

    assert verify.verify_bundle(str(rewrite(bundle, countersign))) == verify.verify_bundle(str(bundle))


def test_a_file_of_events_that_was_cut_within_its_last_line_is_broken(bundle: Path):
    def cut(files: dict[str, bytes]) -> None:
        files["events.jsonl"] = files["events.jsonl"][:-1]

    with pytest.raises(verify.Broken, match="not ended"):
        verify.verify_bundle(str(rewrite(bundle, cut)))


def test_every_head_of_a_file_that_was_kept_outside_is_looked_at(bundle: Path, signer: Signer, tmp_path: Path):
    with zipfile.ZipFile(bundle) as source:
        notes = source.read("checkpoints.txt").decode()
    verify.verify_bundle(str(bundle), heads=[notes])
    last = verify.parse_checkpoint(notes.split(f"{verify.SEPARATOR}\n")[-1])
    hidden = notes + f"{verify.SEPARATOR}\n" + signer.sign(last.size, b"\x07" * 32)
    with pytest.raises(verify.Broken, match="another root"):
        verify.verify_bundle(str(bundle), heads=[hidden])


def test_a_stranger_is_told_what_was_not_proven(bundle: Path, signer: Signer):
    assert "agrees with itself" in run_verifier(bundle).stdout
    assert "agrees with itself" not in run_verifier(bundle, "--key", signer.verifier_key).stdout

    def drop_the_last_head(files: dict[str, bytes]) -> None:
        files["checkpoints.txt"] = files["checkpoints.txt"].rpartition(f"{verify.SEPARATOR}\n".encode())[0]

    assert "stand under none" in run_verifier(rewrite(bundle, drop_the_last_head)).stdout
    kept = bundle.with_name("no-text")
    kept.write_bytes(b"\xff\xfe")
    assert run_verifier(bundle, "--head", kept).returncode == 2  # used wrongly


def test_a_cut_tail_is_found_with_a_head_kept_outside(bundle: Path):
    with zipfile.ZipFile(bundle) as source:
        notes = source.read("checkpoints.txt").decode().split(f"{verify.SEPARATOR}\n")
        lines = source.read("events.jsonl").splitlines(keepends=True)
    smaller = verify.parse_checkpoint(notes[0]).size

    def cut(files: dict[str, bytes]) -> None:
        files["events.jsonl"] = b"".join(lines[:smaller])
        files["checkpoints.txt"] = notes[0].encode()

    path = rewrite(bundle, cut)
    verify.verify_bundle(str(path))
    with pytest.raises(verify.Broken, match="tail was cut"):
        verify.verify_bundle(str(path), heads=[notes[-1]])


def test_another_key_is_found(bundle: Path, tmp_path: Path):
    stranger = load_signer(tmp_path / "stranger.pem", "fenjian/test")
    with pytest.raises(verify.Broken, match="expected"):
        verify.verify_bundle(str(bundle), key=stranger.verifier_key)
    path = rewrite(bundle, lambda files: files.update({"key.txt": stranger.verifier_key.encode()}))
    with pytest.raises(verify.Broken, match="another key"):
        verify.verify_bundle(str(path))


def as_owner(urls: Urls, statement: str) -> None:
    engine = create_engine(urls.owner, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


@pytest.mark.parametrize(
    ("statement", "table", "column"),
    [
        ("UPDATE organisation SET name_zh = '另一家'", "organisation", "name_zh"),
        ("UPDATE person SET name = '另一人'", "person", "name"),
        ("UPDATE employment SET valid_from = '2019-01-01'", "employment", "valid_from"),
        ("DELETE FROM role_grant", "role_grant", "*"),
        ("UPDATE ledger_event SET body = replace(body, 'system:install', 'system:other')", "ledger_event", "body"),
        ("UPDATE ledger_event SET type = 'lims.other.v1'", "ledger_event", "type"),
        ("UPDATE ledger_head SET seq = seq + 1", "ledger_head", "hash"),
    ],
)
def test_a_hand_made_change_by_the_owner_is_named(committed_database: Urls, statement: str, table: str, column: str):
    make_person(make_organisation(), Role.TESTER)
    with db.read_session() as reader:
        assert [finding for finding in run_checks(reader, "ledger") if finding.violations] == []
    as_owner(committed_database, statement)
    with db.read_session() as reader:
        findings = run_checks(reader, "ledger")
    named = {(one.table, one.column) for finding in findings for one in finding.examples}
    assert (table, column) in named


def test_an_erased_salt_leaves_the_proof_valid(committed_database: Urls):
    person = make_person(make_organisation(), Role.TESTER)
    as_owner(committed_database, "DELETE FROM personal_salt")
    as_owner(committed_database, f"UPDATE person SET name = '' WHERE id = '{person.person_id}'")
    with db.read_session() as reader:
        assert reader.scalar(sa.select(Person.name).where(Person.id == person.person_id)) == ""
        for check in (check_chains, check_heads, check_replay):
            assert check(reader).violations == 0
