"""A small witness: it keeps the last head it saw of one ledger and countersigns only trees that grow.

It stands on another machine, in other hands than the laboratory: an auditor's, a court's. It speaks the witness
protocol of transparency logs (C2SP tlog-witness), so that other witnesses can take its place, and needs no database:

    lims ledger witness --home DIR --key VERIFIER_KEY --port 8017

What it keeps lies in its folder: the last head, every head it countersigned by size, and its own key.

**Source:** C2SP tlog-witness (`add-checkpoint`), tlog-cosignature (cosignature/v1), RFC 6962.
"""

import base64
import hashlib
import os
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lims.ledger.proofs import is_consistent
from lims.ledger.verify import Broken, Checkpoint, check_signature, parse_checkpoint, parse_verifier_key

COSIGNATURE = b"\x04"  # signature type byte of a timestamped Ed25519 cosignature
ADD_CHECKPOINT = "/add-checkpoint"
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"
MAX_BODY = 64 * 1024  # a proof has at most 63 lines
MAX_PROOF = 63


@dataclass(frozen=True, slots=True)
class Request:
    """What a ledger asks: to move on from a size, by a proof, to a head."""

    old_size: int
    proof: tuple[bytes, ...]
    note: str

    def to_text(self) -> str:
        """The body of the request."""
        lines = [f"old {self.old_size}", *(base64.b64encode(node).decode() for node in self.proof), "", self.note]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness says: a countersignature, or why not."""

    status: HTTPStatus
    text: str
    media_type: str = TEXT_TYPE


def parse_request(text: str) -> Request:
    """Read the body of a request.

    Raises:
        ValueError: it is not in the form of the protocol.
    """
    head, separator, note = text.partition("\n\n")
    first, *proof = head.split("\n")
    word, _, size = first.partition(" ")
    if word != "old" or not separator or not size.isdecimal() or len(proof) > MAX_PROOF:
        raise ValueError(f"expected 'old SIZE', at most {MAX_PROOF} hashes, an empty line and a head, got {first!r}")
    return Request(int(size), tuple(base64.b64decode(line, validate=True) for line in proof), note)


class Witness:
    """The rules and the memory of one witness for one ledger.

    Args:
        home: folder of its memory; made when it is not there.
        verifier_key: of the ledger it watches, as `lims ledger key` prints it.
        name: under which it countersigns.
        now: gives the seconds since 1970 that stand in a countersignature.
    """

    def __init__(self, home: Path, verifier_key: str, name: str, now: Callable[[], float]) -> None:
        self.home = home
        self.origin, self._ledger_key = parse_verifier_key(verifier_key)
        self.name = name
        self._now = now
        self._lock = threading.Lock()
        home.mkdir(parents=True, exist_ok=True)
        key_file = home / "witness.key"
        if not key_file.exists():
            _write(key_file, Ed25519PrivateKey.generate().private_bytes_raw(), mode=0o600)
        self._key = Ed25519PrivateKey.from_private_bytes(key_file.read_bytes())

    @property
    def verifier_key(self) -> str:
        """What countersignatures are checked with."""
        encoded = base64.b64encode(COSIGNATURE + self._public_key).decode()
        return f"{self.name}+{self._key_id.hex()}+{encoded}"

    @property
    def last(self) -> Checkpoint | None:
        """The head it countersigned last; None before the first."""
        kept = self.home / "last"
        return parse_checkpoint(kept.read_text(encoding="utf8")) if kept.exists() else None

    def add_checkpoint(self, text: str) -> Answer:
        """Countersign a head, if it is the ledger's and its tree begins with the one seen last."""
        try:
            asked = parse_request(text)
            head = parse_checkpoint(asked.note)
        except (ValueError, Broken) as error:
            return Answer(HTTPStatus.BAD_REQUEST, f"{error}\n")
        if head.origin != self.origin:
            return Answer(HTTPStatus.NOT_FOUND, f"this witness watches {self.origin}\n")
        try:
            check_signature(head, self.origin, self._ledger_key)
        except Broken as error:
            return Answer(HTTPStatus.FORBIDDEN, f"{error}\n")
        with self._lock:
            return self._move_on(asked, head)

    def _move_on(self, asked: Request, head: Checkpoint) -> Answer:
        last = self.last
        seen = last.size if last else 0
        if asked.old_size > head.size:
            return Answer(HTTPStatus.BAD_REQUEST, "the head is smaller than the size it is said to grow from\n")
        if asked.old_size != seen:
            return Answer(HTTPStatus.CONFLICT, f"{seen}\n", SIZE_TYPE)
        if last is None:
            if asked.proof:
                return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing is proven from an empty tree\n")
        elif not is_consistent(last.size, last.root, head.size, head.root, asked.proof):
            # Of the same size and another root it is a fork, whatever is proven.
            return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, f"this tree does not begin with the {seen} events seen\n")
        note = f"{head.text}\n{asked.note.strip().rpartition(chr(10))[2]}\n"
        _write(self.home / "heads" / str(head.size), note.encode())
        _write(self.home / "last", note.encode())
        return Answer(HTTPStatus.OK, self._countersign(head))

    def _countersign(self, head: Checkpoint) -> str:
        seconds = int(self._now())
        signed = self._key.sign(f"cosignature/v1\ntime {seconds}\n{head.text}".encode())
        blob = self._key_id + struct.pack(">Q", seconds) + signed
        return f"— {self.name} {base64.b64encode(blob).decode()}\n"

    @property
    def _public_key(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def _key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + COSIGNATURE + self._public_key).digest()[:4]


def make_server(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    """An HTTP server that answers for a witness; the caller serves and closes it."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # seconds for a request to come in whole

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length") or ""
            if not self.path.endswith(ADD_CHECKPOINT):
                answer = Answer(HTTPStatus.NOT_FOUND, f"POST {ADD_CHECKPOINT}\n")
            elif not length.isdecimal() or int(length) > MAX_BODY:
                answer = Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MAX_BODY} bytes\n")
            else:
                answer = witness.add_checkpoint(self.rfile.read(int(length)).decode("utf8", errors="replace"))
            content = answer.text.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return ThreadingHTTPServer((host, port), Handler)


def _write(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put a file in place whole and on disk: a witness that forgets is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
