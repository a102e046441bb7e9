"""Heads leave the house: consistency proofs, the witness that refuses a shrunken or forked tree, and their delivery."""

import base64
import struct
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from http import HTTPStatus
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from lims import clock
from lims.actors import INSTALL
from lims.cluster import Urls
from lims.config import load_settings
from lims.db import db
from lims.errors import ConfigurationError
from lims.ledger.models import LedgerWitnessing
from lims.ledger.proofs import consistency_proof, is_consistent
from lims.ledger.sequencer import Signer, load_signer, seal_head
from lims.ledger.verify import CompactRange, leaf_hash
from lims.ledger.witness import SIZE_TYPE, Answer, Request, Witness, make_server
from lims.ledger.witnessing import deliver_heads, post_to_witness
from lims.mail import Mailer
from lims.uow import unit_of_work
from lims.web.operations import count_all
from tests.factories.people import make_organisation

ORIGIN = "fenjian/test"
SECONDS = 1_790_000_000


def tree_of(leaves: list[bytes]) -> CompactRange:
    tree = CompactRange()
    for leaf in leaves:
        tree.append(leaf)
    return tree


def some_leaves(count: int, first: int = 0) -> list[bytes]:
    return [leaf_hash(f"event {number}".encode()) for number in range(first, first + count)]


def test_every_tree_is_proven_to_begin_with_every_smaller_one():
    leaves = some_leaves(40)
    for size in range(2, len(leaves) + 1):
        new = tree_of(leaves[:size])
        for old_size in range(1, size):
            old = tree_of(leaves[:old_size])
            proof = consistency_proof(old, leaves[old_size:size])
            assert is_consistent(old_size, old.root(), size, new.root(), proof), (old_size, size)
            assert len(proof) <= size.bit_length() + 1


@given(st.data())
def test_no_proof_holds_for_another_history(data):
    size = data.draw(st.integers(2, 300))
    old_size = data.draw(st.integers(1, size - 1))
    leaves = some_leaves(size)
    old, new = tree_of(leaves[:old_size]), tree_of(leaves)
    proof = consistency_proof(old, leaves[old_size:])
    changed = data.draw(st.integers(0, old_size - 1))
    forged = tree_of([*leaves[:changed], leaf_hash(b"forged"), *leaves[changed + 1 :]])
    assert not is_consistent(old_size, old.root(), size, forged.root(), proof)
    forged_old = tree_of([*leaves[:changed], leaf_hash(b"forged"), *leaves[changed + 1 : old_size]])
    forged_proof = consistency_proof(forged_old, leaves[old_size:])
    assert not is_consistent(old_size, old.root(), size, forged.root(), forged_proof)
    for place in range(len(proof)):
        assert not is_consistent(
            old_size, old.root(), size, new.root(), [*proof[:place], leaf_hash(b"x"), *proof[place + 1 :]]
        )
        assert not is_consistent(old_size, old.root(), size, new.root(), [*proof[:place], *proof[place + 1 :]])
    assert not is_consistent(old_size, old.root(), size, new.root(), [*proof, leaf_hash(b"x")])


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return load_signer(tmp_path / "ledger.pem", ORIGIN)


@pytest.fixture
def witness(tmp_path: Path, signer: Signer) -> Witness:
    return Witness(tmp_path / "witness", signer.verifier_key, "court", lambda: SECONDS)


def asked(signer: Signer, leaves: list[bytes], old_size: int) -> str:
    """A request to move on from `old_size` to the tree over `leaves`."""
    tree = tree_of(leaves)
    proof = consistency_proof(tree_of(leaves[:old_size]), leaves[old_size:]) if 0 < old_size < len(leaves) else []
    return Request(old_size, tuple(proof), signer.sign(tree.size, tree.root())).to_text()


def test_a_witness_countersigns_a_tree_that_grows(witness: Witness, signer: Signer):
    leaves = some_leaves(9)
    for old_size, size in ((0, 3), (3, 4), (4, 9)):
        assert witness.add_checkpoint(asked(signer, leaves[:size], old_size)).status == HTTPStatus.OK
    assert witness.last is not None
    assert witness.last.size == 9


def test_a_countersignature_is_one_of_the_protocol(witness: Witness, signer: Signer):
    leaves = some_leaves(5)
    answer = witness.add_checkpoint(asked(signer, leaves, 0))
    dash, name, blob = answer.text.strip().split(" ")
    _name, key_id, encoded = witness.verifier_key.split("+", 2)
    raw, key = base64.b64decode(blob), base64.b64decode(encoded)
    assert (dash, name, raw[:4].hex(), key[0]) == ("—", "court", key_id, 4)
    [seconds] = struct.unpack(">Q", raw[4:12])
    body = signer.sign(5, tree_of(leaves).root()).partition("\n\n")[0] + "\n"
    public = Ed25519PublicKey.from_public_bytes(key[1:])
    public.verify(raw[12:], f"cosignature/v1\ntime {seconds}\n{body}".encode())
    with pytest.raises(InvalidSignature):
        public.verify(raw[12:], f"cosignature/v1\ntime {seconds + 1}\n{body}".encode())
    assert seconds == SECONDS


def test_the_same_head_again_is_countersigned_again(witness: Witness, signer: Signer):
    text = asked(signer, some_leaves(4), 0)
    witness.add_checkpoint(text)
    again = asked(signer, some_leaves(4), 4)
    assert witness.add_checkpoint(again).status == HTTPStatus.OK


def test_a_witness_refuses_a_fork_a_shrunken_tree_and_a_jump(witness: Witness, signer: Signer):
    leaves = some_leaves(6)
    witness.add_checkpoint(asked(signer, leaves, 0))
    other = [*leaves[:2], leaf_hash(b"another event"), *leaves[3:]]
    fork = witness.add_checkpoint(asked(signer, other, 6))
    grown_fork = witness.add_checkpoint(asked(signer, [*other, *some_leaves(3, first=6)], 6))
    shrunken = witness.add_checkpoint(asked(signer, leaves[:4], 0))
    smaller = witness.add_checkpoint(Request(6, (), signer.sign(4, tree_of(leaves[:4]).root())).to_text())
    from_elsewhere = witness.add_checkpoint(asked(signer, some_leaves(9), 5))
    assert (fork.status, grown_fork.status) == (HTTPStatus.UNPROCESSABLE_ENTITY,) * 2
    assert (shrunken.status, shrunken.media_type, shrunken.text) == (HTTPStatus.CONFLICT, SIZE_TYPE, "6\n")
    assert smaller.status == HTTPStatus.BAD_REQUEST
    assert from_elsewhere.status == HTTPStatus.CONFLICT
    assert witness.last is not None
    assert witness.last.root == tree_of(leaves).root()


def test_a_witness_answers_for_one_ledger_and_its_key_only(witness: Witness, tmp_path: Path):
    leaves = some_leaves(3)
    stranger = load_signer(tmp_path / "stranger.pem", ORIGIN)
    elsewhere = load_signer(tmp_path / "elsewhere.pem", "fenjian/elsewhere")
    assert witness.add_checkpoint(asked(stranger, leaves, 0)).status == HTTPStatus.FORBIDDEN
    assert witness.add_checkpoint(asked(elsewhere, leaves, 0)).status == HTTPStatus.NOT_FOUND
    assert witness.last is None


@pytest.mark.parametrize("text", ["", "old", "old x\n\n", "new 3\n\nnote", "old 3\n-\n\nnote", "old 0\n\nnote"])
def test_what_is_no_request_is_told_so(witness: Witness, text: str):
    assert witness.add_checkpoint(text).status == HTTPStatus.BAD_REQUEST


def test_a_witness_remembers_after_a_restart(witness: Witness, signer: Signer):
    leaves = some_leaves(5)
    witness.add_checkpoint(asked(signer, leaves, 0))
    again = Witness(witness.home, signer.verifier_key, "court", lambda: SECONDS)
    assert again.verifier_key == witness.verifier_key
    assert again.add_checkpoint(asked(signer, leaves[:3], 0)).status == HTTPStatus.CONFLICT
    assert (witness.home / "heads" / "5").read_text().startswith(f"{ORIGIN}\n5\n")


@pytest.fixture
def address(witness: Witness) -> Iterator[str]:
    """The witness behind HTTP."""
    with make_server(witness, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def work_and_seal(signer: Signer) -> None:
    make_organisation()
    with unit_of_work(INSTALL) as uow:
        seal_head(uow, signer)


def deliver(*witnesses: str, ask=post_to_witness, send=None) -> None:
    with unit_of_work(INSTALL) as uow:
        deliver_heads(uow, witnesses, ask, send or (lambda *_message: None))


def words(session) -> list[LedgerWitnessing]:
    session.expire_all()
    return list(session.scalars(sa.select(LedgerWitnessing).order_by(LedgerWitnessing.id)))


def test_each_head_reaches_the_witness_once_with_its_proof(session, signer: Signer, witness: Witness, address: str):
    for _ in range(3):
        work_and_seal(signer)
        deliver(address)
        deliver(address)  # nothing new, nothing sent
    assert [one.cosignature is not None for one in words(session)] == [True, True, True]
    assert witness.last is not None
    assert witness.last.size == words(session)[-1].size


def test_a_witness_that_was_away_gets_the_newest_head_later(session, signer: Signer, witness: Witness, address: str):
    def away(*_request: str) -> Answer:
        raise OSError("no route to host")

    work_and_seal(signer)
    deliver(address)
    work_and_seal(signer)
    deliver(address, ask=away)
    work_and_seal(signer)
    deliver(address)
    assert [one.refusal for one in words(session)] == [None, None]
    assert witness.last is not None
    assert witness.last.size == words(session)[-1].size


def test_an_answer_that_was_lost_is_caught_up_with(session, signer: Signer, witness: Witness, address: str):
    def lost(witness_address: str, body: str) -> Answer:
        post_to_witness(witness_address, body)
        raise OSError("connection reset")

    work_and_seal(signer)
    deliver(address)
    work_and_seal(signer)
    deliver(address, ask=lost)
    work_and_seal(signer)
    deliver(address)
    assert [(one.refusal, one.cosignature is None) for one in words(session)] == [(None, False), (None, False)]


def test_a_history_that_was_cut_is_refused_and_counted(
    committed_database: Urls, signer: Signer, witness: Witness, address: str
):
    work_and_seal(signer)
    deliver(address)
    work_and_seal(signer)
    deliver(address)
    owner = create_engine(committed_database.owner, poolclass=NullPool)
    with owner.begin() as connection:  # whoever owns the database cuts the tail, and covers it up
        keep = connection.execute(sa.text("SELECT min(size) FROM ledger_checkpoint")).scalar_one()
        connection.execute(sa.text(f"DELETE FROM ledger_witnessing WHERE size > {keep}"))
        connection.execute(sa.text(f"DELETE FROM ledger_checkpoint WHERE size > {keep}"))
        connection.execute(sa.text(f"DELETE FROM ledger_leaf WHERE index >= {keep}"))
    owner.dispose()
    work_and_seal(signer)
    deliver(address)
    deliver(address)  # said again, kept once
    with db.read_session() as session:
        refusals = [one for one in words(session) if one.refusal]
        refused = next(value for count, value in count_all(session, clock.now()) if "witness" in str(count.label))
    assert (len(refusals), refused) == (1, 1)
    assert refusals[0].refusal is not None
    assert refusals[0].refusal.startswith("422")


def test_a_mailbox_gets_one_head_a_day(session, signer: Signer, frozen_clock, tmp_path: Path):
    mailer = Mailer(None, tmp_path / "mail", "fenjian.test")
    for hours in (0, 1, 24):
        frozen_clock.advance(timedelta(hours=hours))
        work_and_seal(signer)
        deliver("mailto:court@example.org", send=mailer.send)
    messages = [message_from_bytes(path.read_bytes()) for path in (tmp_path / "mail").iterdir()]
    assert len(messages) == 2
    assert {message["To"] for message in messages} == {"court@example.org"}
    sizes = {one.size for one in words(session)}
    assert {int(str(message.get_payload(decode=True), "utf8").split("\n")[1]) for message in messages} == sizes


@pytest.mark.parametrize("text", ["ftp://court", "court@example.org", "mailto:court", "https://"])
def test_an_address_no_head_can_go_to_stops_the_start(text: str):
    with pytest.raises(ConfigurationError, match="LIMS_WITNESSES"):
        load_settings({"LIMS_WITNESSES": text})


def test_witnesses_are_separated_by_commas():
    settings = load_settings({"LIMS_WITNESSES": "https://court.example/w, mailto:audit@example.org"})
    assert settings.witnesses == ("https://court.example/w", "mailto:audit@example.org")
