"""Check an exported Fenjian ledger, alone: `python -I verify.py BUNDLE.zip [--key VKEY] [--head NOTE.txt]`.

This file imports nothing of Fenjian, only the standard library and `cryptography`, so that a stranger can read it in
one sitting and need not trust the program it checks. The program itself takes its hashing from here: there is one
definition.

The bundle holds
  events.jsonl      one event body a line, in the order of the leaves; lines past the last head are not covered yet
  checkpoints.txt   signed heads (C2SP tlog-checkpoint notes), a line of `=====` between two
  key.txt           the verifier key `origin+id+key` (C2SP signed-note, Ed25519)

What is checked: every body is in canonical form; every chain counts 1, 2, 3 … and each event names the hash of the
one before it; the Merkle root (RFC 6962) over the first n events equals the root in the head of size n; every head is
signed by the key; heads only grow; there is a head; the archive holds these files once each and nothing beside them
(this program may lie there too, and proves nothing), so that no other reader finds other files in it. `--key` and
`--head` bring in what was noted outside the machine: a key, or a head that a witness kept or a report printed. Without
them the bundle can only be shown to agree with itself.

Exit status: 0 sound, 1 broken (the first broken item is named), 2 used wrongly.
"""

import argparse
import base64
import hashlib
import io
import json
import os
import sys
import zipfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice, starmap

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LEAF, NODE = b"\x00", b"\x01"  # RFC 6962: a leaf can never be passed off as a node
ED25519 = b"\x01"  # signature type byte of C2SP signed-note
GENESIS = "0" * 64  # what the first event of a chain names as the one before it
FORMAT = 1
HASH_BYTES = KEY_BYTES = 32  # SHA-256, and a raw Ed25519 public key
SIGNATURE_BYTES = 4 + 64  # id of the key, then the Ed25519 signature
SEPARATOR = "====="
BLOCK = 1_000  # events that a process reads at once, in some milliseconds
READ_BYTES = 1 << 17  # of the bundle at once
FILES = ("events.jsonl", "checkpoints.txt", "key.txt")
PROGRAM = "verify.py"  # lies beside them for whoever was given the bundle alone
ARCHIVE_BEGINS, ARCHIVE_ENDS, ENDING_BYTES = b"PK\x03\x04", b"PK\x05\x06", 22  # ZIP: first header, end without comment
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 1  # flag of a file in the archive


BEFORE_THE_FIRST = 0, bytes.fromhex(GENESIS)  # where a chain stands that nothing was written on


class Broken(Exception):  # noqa: N818 - it is a finding, not a fault of the program
    """The first thing that does not hold, named so that it can be found in the bundle.

    `message` and `facts` are kept apart for whoever says it in another language.
    """

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message % facts)
        self.message, self.facts = message, facts

    def __reduce__(self) -> tuple[object, ...]:  # how it comes out of another process
        return partial(Broken, self.message, **self.facts), ()


Link = tuple[str, int, str, bytes]  # chain, number in it, hash that it names as the one before, its own hash
Block = tuple[list[Link], Broken | None]  # what was read, and what ended the reading


def canonical(body: object) -> str:
    """The one text of a body: RFC 8785 for values that are strings, integers, booleans, null, lists and objects.

    Floats are refused: a measured value is a string, which keeps its figures.
    """
    _refuse_floats(body)
    return _ENCODER.encode(body)


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError(f"a ledger body holds no floats, got {value!r}; write measured values as strings")
    if isinstance(value, dict):
        for key, item in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise TypeError(f"keys of a ledger body are ASCII strings, got {key!r}")
            if type(item) not in _AS_THEY_ARE:
                _refuse_floats(item)
    elif isinstance(value, list):
        for item in value:
            if type(item) not in _AS_THEY_ARE:
                _refuse_floats(item)


def _refuse_float(text: str) -> object:
    raise ValueError(f"a ledger body holds no floats, got {text}")


_DECODER = json.JSONDecoder(parse_float=_refuse_float, parse_constant=_refuse_float)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})  # nearly always all that stands in a row


def leaf_hash(body: bytes) -> bytes:
    return hashlib.sha256(LEAF + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE + left + right).digest()


@dataclass
class CompactRange:
    """The right edge of a growing Merkle tree: the roots of its perfect subtrees, largest first."""

    size: int = 0
    stack: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        self.stack.append(leaf)
        ones = self.size  # as many merges as the old size has trailing one bits
        while ones & 1:
            right = self.stack.pop()
            self.stack.append(node_hash(self.stack.pop(), right))
            ones >>= 1
        self.size += 1

    def root(self) -> bytes:
        """The tree head; of an empty tree the hash of nothing."""
        if not self.stack:
            return hashlib.sha256(b"").digest()
        root = self.stack[-1]
        for left in reversed(self.stack[:-1]):
            root = node_hash(left, root)
        return root


@dataclass(frozen=True)
class Checkpoint:
    """A signed head: this many events, this root."""

    origin: str
    size: int
    root: bytes
    signature: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def key_id(origin: str, public_key: bytes) -> bytes:
    return hashlib.sha256(origin.encode() + b"\n" + ED25519 + public_key).digest()[:4]


def format_verifier_key(origin: str, public_key: bytes) -> str:
    encoded = base64.b64encode(ED25519 + public_key).decode()
    return f"{origin}+{key_id(origin, public_key).hex()}+{encoded}"


def parse_verifier_key(text: str) -> tuple[str, bytes]:
    """Origin and raw Ed25519 key of `origin+id+key`."""
    try:
        origin, key_hex, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise Broken("the key %(key)s is not of the form origin+id+key", key=text.strip()) from error
    if raw[:1] != ED25519 or len(raw) != 1 + KEY_BYTES or key_id(origin, raw[1:]).hex() != key_hex:
        raise Broken("the key %(key)s does not carry its own id", key=text.strip())
    return origin, raw[1:]


def parse_checkpoint(note: str) -> Checkpoint:
    """Read a C2SP note: three lines, an empty one, the signature of the ledger, and those of witnesses below it.

    Nothing else may stand in it: what no signature covers would be read as if one did.
    """
    lines = note.strip("\n").split("\n")
    try:
        origin, size, root = lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)
        name, signature = _parse_signature(lines[4])
        for witness in lines[5:]:
            _parse_signature(witness)
    except (IndexError, ValueError) as error:
        raise Broken("a head cannot be read: %(head)s", head=repr(note[:120])) from error
    head = Checkpoint(origin, size, root, signature)
    # Spelled again, it is what was read: no sign, blank or foreign digit stands where a signature covers another text.
    in_form = size > 0 and len(root) == HASH_BYTES and "\n".join(lines[:4]) + "\n" == f"{head.text}\n"
    if not in_form or name != origin or len(signature) != SIGNATURE_BYTES:
        raise Broken("a head is not in the form of a signed note: %(head)s", head=repr(note[:120]))
    return head


def _parse_signature(line: str) -> tuple[str, bytes]:
    """Name and signature of a line `— name signature`."""
    dash, name, blob = line.split(" ")
    signature = base64.b64decode(blob, validate=True)
    if dash != "—" or base64.b64encode(signature).decode() != blob:
        raise ValueError(f"no signature line: {line!r}")
    return name, signature


def check_signature(head: Checkpoint, origin: str, public_key: bytes) -> None:
    if head.origin != origin:
        raise Broken(
            "the head of size %(size)s is of %(origin)s, the key is of %(expected)s",
            size=head.size,
            origin=head.origin,
            expected=origin,
        )
    if head.signature[:4] != key_id(origin, public_key):
        raise Broken(
            "the head of size %(size)s is signed with another key than %(key)s",
            size=head.size,
            key=key_id(origin, public_key).hex(),
        )
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(head.signature[4:], head.text.encode())
    except InvalidSignature as error:
        raise Broken("the signature under the head of size %(size)s is false", size=head.size) from error


def read_event(line: bytes, number: int) -> Link:
    """Read the line of one event, which has to stand in its canonical form: the link it makes in its chain."""
    if not line.endswith(b"\n"):
        raise Broken("event %(number)s is not ended: the file of events was cut", number=number)
    raw = line[:-1]
    try:
        body = _DECODER.decode(raw.decode())
        chain, seq, prev = body["chain"], body["seq"], body["prev"]
        # The decoder let no float in, and where all is ASCII so are the keys: nothing is left to look for.
        spelled = _ENCODER.encode(body) if raw.isascii() else canonical(body)
        is_canonical = spelled.encode() == raw
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Broken("event %(number)s cannot be read: %(text)s", number=number, text=repr(raw[:80])) from error
    if not is_canonical:
        raise Broken(
            "event %(number)s (%(chain)s #%(seq)s) is not in canonical form", number=number, chain=chain, seq=seq
        )
    if type(chain) is not str or type(seq) is not int:
        raise Broken("event %(number)s (%(chain)s #%(seq)s) is no link of a chain", number=number, chain=chain, seq=seq)
    return chain, seq, prev, leaf_hash(raw)


def read_block(first: int, lines: list[bytes]) -> Block:
    """Read events up to one that does not hold, which is told after the links before it were checked."""
    links: list[Link] = []
    for number, line in enumerate(lines, first):
        try:
            links.append(read_event(line, number))
        except Broken as finding:
            return links, finding
    return links, None


def read_ahead(blocks: Iterable[tuple[int, list[bytes]]], processes: int) -> Iterator[Block]:
    """Let processes share the blocks, as no event needs another to be read; answers in the order of the blocks."""
    with ProcessPoolExecutor(processes) as pool:
        ahead: deque[Future[Block]] = deque()
        for block in blocks:
            ahead.append(pool.submit(read_block, *block))
            if len(ahead) > 2 * processes:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def read_events(lines: Iterator[bytes], processes: int) -> Iterator[Link]:
    """All events in their order."""
    blocks = zip(count(0, BLOCK), iter(lambda: list(islice(lines, BLOCK)), []), strict=False)
    for links, finding in read_ahead(blocks, processes) if processes > 1 else starmap(read_block, blocks):
        yield from links
        if finding is not None:
            raise finding


def check_events(links: Iterable[Link], heads: Iterator[Checkpoint], kept: dict[int, set[bytes]]) -> tuple[int, int]:
    """Walk all events once; returns how many there are and how many the last head covers.

    `kept` holds the roots that were noted outside the machine, by size.
    """
    tree = CompactRange()
    chains: dict[str, tuple[int, bytes]] = {}
    head, covered = next(heads, None), 0
    for chain, seq, prev, leaf in links:
        last_seq, last_hash = chains.get(chain, BEFORE_THE_FIRST)
        if seq != last_seq + 1 or prev != last_hash.hex():
            place: dict[str, object] = {"number": tree.size, "chain": chain, "seq": seq}
            if seq != last_seq + 1:
                raise Broken(
                    "event %(number)s (%(chain)s #%(seq)s): the chain stood at #%(last)s before it",
                    last=last_seq,
                    **place,
                )
            raise Broken(
                "event %(number)s (%(chain)s #%(seq)s) names another event before it than the chain has", **place
            )
        chains[chain] = seq, leaf
        tree.append(leaf)
        while head is not None and head.size == tree.size:
            if head.root != tree.root():
                raise Broken("the root over the first %(size)s events is not the root in its head", size=head.size)
            covered, head = head.size, next(heads, None)
        if tree.size in kept and kept[tree.size] != {tree.root()}:
            raise Broken("the head kept outside, of size %(size)s, has another root than this bundle", size=tree.size)
    if head is not None:
        raise Broken(
            "the head of size %(size)s covers more events than the %(events)s in the bundle",
            size=head.size,
            events=tree.size,
        )
    if kept and max(kept) > tree.size:
        raise Broken(
            "the head kept outside has %(size)s events, this bundle only %(events)s: its tail was cut",
            size=max(kept),
            events=tree.size,
        )
    return tree.size, covered


def signed_heads(notes: str, origin: str, public_key: bytes) -> Iterator[Checkpoint]:
    """The heads in a file of them, each with a true signature."""
    for note in notes.split(f"{SEPARATOR}\n"):
        head = parse_checkpoint(note)
        check_signature(head, origin, public_key)
        yield head


def growing(heads: Iterable[Checkpoint]) -> Iterator[Checkpoint]:
    """The same heads, each larger than the one before."""
    size = 0
    for head in heads:
        if head.size <= size:
            raise Broken("the head of size %(size)s stands after one of size %(before)s", size=head.size, before=size)
        size = head.size
        yield head


def check_archive(path: str, bundle: zipfile.ZipFile) -> None:
    """See that every reader of the archive finds the same files in it: no second of a name, nothing around them."""
    seen: set[str] = set()
    for inside in bundle.infolist():
        name = inside.filename
        if name in seen or name not in (*FILES, PROGRAM):
            raise Broken("the bundle holds %(name)s, which is not one of its files or is there twice", name=repr(name))
        if inside.compress_type not in PACKED or inside.flag_bits & ENCRYPTED:
            raise Broken("the file %(name)s of the bundle is packed in a way that is not read", name=repr(name))
        seen.add(name)
    with open(path, "rb") as archive:  # noqa: PTH123 - nothing beyond what is needed is imported
        begins = archive.read(len(ARCHIVE_BEGINS))
        archive.seek(-ENDING_BYTES, os.SEEK_END)
        ends = archive.read(len(ARCHIVE_ENDS))
    first = min((inside.header_offset for inside in bundle.infolist()), default=0)
    if begins != ARCHIVE_BEGINS or ends != ARCHIVE_ENDS or first != 0:
        raise Broken("something stands before or after the files of the bundle")


def verify_bundle(
    path: str, *, key: str | None = None, heads: Iterable[str] = (), processes: int = 1
) -> tuple[int, int]:
    """Check the bundle at `path`; returns (events, events under a signed head).

    Each of `heads` is a head that was kept outside the machine, or several as they stand in a bundle.

    Raises:
        Broken: names the first item that does not hold.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            check_archive(path, bundle)
            own_key = bundle.read("key.txt").decode()
            if key is not None and own_key.strip() != key.strip():
                raise Broken(
                    "the bundle carries the key %(key)s, expected %(expected)s",
                    key=own_key.strip(),
                    expected=key.strip(),
                )
            origin, public_key = parse_verifier_key(own_key)
            kept: dict[int, set[bytes]] = {}
            for notes in heads:
                for head in signed_heads(notes, origin, public_key):
                    kept.setdefault(head.size, set()).add(head.root)
            notes = bundle.read("checkpoints.txt").decode()
            if not notes:
                raise Broken("the bundle holds no head, so nothing in it is signed")
            with bundle.open("events.jsonl") as opened:
                links = read_events(io.BufferedReader(opened, READ_BYTES), processes)  # type: ignore[type-var]
                return check_events(links, growing(signed_heads(notes, origin, public_key)), kept)
    except (zipfile.BadZipFile, zlib.error, KeyError, OSError, EOFError, UnicodeDecodeError) as error:
        raise Broken("the bundle cannot be read: %(error)s", error=error) from error


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check an exported Fenjian ledger.")
    parser.add_argument("bundle")
    parser.add_argument("--key", help="verifier key noted outside the machine")
    parser.add_argument("--head", action="append", default=[], metavar="FILE", help="a head kept outside the machine")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N", help="that share the work")
    options = parser.parse_args(arguments)
    try:
        notes = []
        for name in options.head:
            with open(name, encoding="utf8") as note:  # noqa: PTH123 - nothing beyond what is needed is imported
                notes.append(note.read())
        events, covered = verify_bundle(options.bundle, key=options.key, heads=notes, processes=options.processes)
    except Broken as finding:
        print(f"BROKEN: {finding}")  # noqa: T201
        return 1
    except (OSError, UnicodeDecodeError) as error:
        print(f"cannot read a head: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print(f"SOUND: {events} events, {covered} of them under a signed head")  # noqa: T201
    if events > covered:
        print(f"The last {events - covered} stand under none: nothing shows that they were not made up.")  # noqa: T201
    if options.key is None and not notes:
        print("No --key and no --head was given: the bundle agrees with itself, whoever made it.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
