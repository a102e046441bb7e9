"""Numbering the leaves and signing heads: the part of the ledger that no writer waits for.

Writers queue their events in any order; one sequencer at a time gives them their place in the tree and signs the root,
so that gaps in identities and late transactions do not matter (the pattern of certificate-transparency logs).
"""

import base64
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, insert, select, text

from lims.config import write_secret_once
from lims.errors import ConfigurationError
from lims.i18n import lazy_gettext as _l
from lims.ledger.models import LedgerCheckpoint, LedgerEvent, LedgerLeaf, LedgerPending
from lims.ledger.verify import CompactRange, format_verifier_key, key_id
from lims.uow import UnitOfWork

SEQUENCER_LOCK = 0x4C454447  # "LEDG": one sequencer in the whole installation
MAX_LEAVES_PER_HEAD = 5_000  # keeps the transaction short; the next beat takes the rest
DIGEST_BYTES = 32


class Signer:
    """Signs heads in the name of `origin`. Its key lives beside the background process, never with a web worker."""

    def __init__(self, origin: str, key: Ed25519PrivateKey) -> None:
        self.origin = origin
        self._key = key
        self.public_key = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    @property
    def verifier_key(self) -> str:
        """What is noted outside the machine to check heads with."""
        return format_verifier_key(self.origin, self.public_key)

    def sign(self, size: int, root: bytes) -> str:
        """The head of a tree as a C2SP checkpoint note."""
        body = f"{self.origin}\n{size}\n{base64.b64encode(root).decode()}\n"
        signature = key_id(self.origin, self.public_key) + self._key.sign(body.encode())
        return f"{body}\n— {self.origin} {base64.b64encode(signature).decode()}\n"


def load_signer(path: Path, origin: str) -> Signer:
    """Read the signing key, or make one where there is none yet (readable by its owner alone).

    Raises:
        ConfigurationError: the file is no Ed25519 key.
    """
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_secret_once(path, pem)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise ConfigurationError(
            _l("The ledger key %(path)s cannot be read: %(error)s", path=str(path), error=str(error))
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(_l("The ledger key %(path)s is not an Ed25519 key.", path=str(path)))
    return Signer(origin, key)


def edge_of(head: LedgerCheckpoint) -> CompactRange:
    """The right edge of the tree a head was made from."""
    return CompactRange(head.size, [head.stack[i : i + DIGEST_BYTES] for i in range(0, len(head.stack), DIGEST_BYTES)])


def seal_head(uow: UnitOfWork, signer: Signer) -> LedgerCheckpoint | None:
    """Give waiting events their leaves and sign the new head; None when nothing waits or another sequencer is at it."""
    session = uow.session
    if not session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": SEQUENCER_LOCK}):
        return None
    waiting = session.execute(
        select(LedgerEvent.id, LedgerEvent.chain, LedgerEvent.seq, LedgerEvent.hash)
        .join(LedgerPending, LedgerPending.event_id == LedgerEvent.id)
        .order_by(LedgerEvent.id)
        .limit(MAX_LEAVES_PER_HEAD)
    ).all()
    if not waiting:
        return None
    last = session.scalar(select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).limit(1))
    tree = CompactRange() if last is None else edge_of(last)
    leaves = []
    for row in waiting:
        leaves.append({"index": tree.size, "event_id": row.id})
        tree.append(row.hash)
    session.execute(insert(LedgerLeaf), leaves)
    session.execute(delete(LedgerPending).where(LedgerPending.event_id.in_([row.id for row in waiting])))
    head = LedgerCheckpoint(
        size=tree.size, note=signer.sign(tree.size, tree.root()), stack=b"".join(tree.stack), made_at=uow.now
    )
    session.add(head)
    return head
