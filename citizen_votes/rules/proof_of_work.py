"""A proof of work in place of picture puzzles: the device computes for a second while the voter reads.

It makes a vote by device cost something without asking anything of the person. It is no identity: a farm can pay the
price, which is why all such votes together weigh little (`citizen_votes.rules.tally`).

A challenge is one signed text, so no part of it can be exchanged: `fjpow1.<round>.<id>.<difficulty>.<expires>.<mac>`.
It holds eight small puzzles rather than one large one: the waiting time then stays near its mean (one voter in a
hundred waits twice as long, with one puzzle 4.6 times). Puzzle i asks for a number n with at least `difficulty` leading
zero bits in the SHA-256 of SHA-256(`challenge|i`) and n (8 bytes, big endian): one block of SHA-256 per attempt, on the
phone as here. `lims/static/js/proof-of-work.js` is the other side.

The signature says that a challenge is ours, its expiry that it is fresh; that it is used once is held by a unique key
on its id in the database.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count

from lims.errors import LimsError
from lims.i18n import lazy_gettext as _l

VERSION = "fjpow1"
PUZZLES = 8
ID_BYTES = 16
HASH_BITS = 256
MAX_DIGITS = 16  # of a counter in hexadecimal: it has 8 bytes
MAX_DIFFICULTY = 32  # above that no phone ends within minutes
DEFAULT_DIFFICULTY = 15  # 8 x 32,768 attempts: about a second on a phone of 2020
LIFETIME = timedelta(minutes=20)  # time to read and choose; the work is done while the voter reads
ROUND = re.compile(r"[0-9A-Za-z_-]{1,64}")
SOLUTION = re.compile(rf"[0-9a-f]{{1,{MAX_DIGITS}}}(?:-[0-9a-f]{{1,{MAX_DIGITS}}}){{{PUZZLES - 1}}}", re.ASCII)


class ProofRefusedError(LimsError):
    """The proof does not hold; the voter gets a new challenge, the choices stay."""

    code = "proof_refused"
    status = 422


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a challenge says, once its signature was checked.

    Args:
        round_id: the round it is good for.
        challenge_id: to be stored under a unique key until `expires_at`, so that it is used once.
        difficulty: leading zero bits per puzzle.
        expires_at: from then on it is refused.
    """

    round_id: str
    challenge_id: str
    difficulty: int
    expires_at: datetime


def make_challenge(key: bytes, round_id: str, salt: bytes, issued_at: datetime, difficulty: int) -> str:
    """Sign a challenge.

    Args:
        key: the server's secret for challenges.
        round_id: letters, digits, `-` and `_`.
        salt: 16 random bytes, the identity of the challenge.
        issued_at: now; it expires `LIFETIME` later.
        difficulty: leading zero bits per puzzle, 1 to 32.

    Raises:
        ValueError: an argument outside its range.
    """
    if not ROUND.fullmatch(round_id) or len(salt) != ID_BYTES or not 1 <= difficulty <= MAX_DIFFICULTY:
        raise ValueError(f"no challenge for round {round_id!r}, {len(salt)} bytes of salt, difficulty {difficulty}")
    expires = int((issued_at + LIFETIME).timestamp())
    signed = f"{VERSION}.{round_id}.{salt.hex()}.{difficulty}.{expires}"
    return f"{signed}.{_sign(key, signed)}"


def verify_proof(key: bytes, challenge: str, solution: str, round_id: str, at: datetime) -> Challenge:
    """Check a solved challenge: signature, round, expiry, work. Takes about 20 microseconds.

    Raises:
        ProofRefusedError: the challenge is not ours, expired, for another round, or not solved.
    """
    signed, _dot, mac = challenge.rpartition(".")
    if not challenge.isascii() or not hmac.compare_digest(_sign(key, signed), mac):
        raise ProofRefusedError(_l("This page is too old or was changed. Please try again."), field="proof")
    _version, its_round, challenge_id, difficulty, expires = signed.split(".")
    stated = Challenge(its_round, challenge_id, int(difficulty), datetime.fromtimestamp(int(expires), UTC))
    if stated.round_id != round_id or at >= stated.expires_at:
        raise ProofRefusedError(_l("This page is too old or was changed. Please try again."), field="proof")
    if not SOLUTION.fullmatch(solution) or not all(
        _is_solved(_puzzle(challenge, index), int(counter, 16), stated.difficulty)
        for index, counter in enumerate(solution.split("-"))
    ):
        raise ProofRefusedError(_l("The check of your device did not succeed. Please try again."), field="proof")
    return stated


def solve(challenge: str) -> str:
    """Solve a challenge, for programs that vote: eight counters in hexadecimal, joined by `-`."""
    difficulty = int(challenge.split(".")[3])
    puzzles = (_puzzle(challenge, index) for index in range(PUZZLES))
    return "-".join(f"{next(n for n in count() if _is_solved(puzzle, n, difficulty)):x}" for puzzle in puzzles)


def _sign(key: bytes, signed: str) -> str:
    mac = hmac.digest(key, signed.encode(), "sha256")
    return urlsafe_b64encode(mac).rstrip(b"=").decode()


def _puzzle(challenge: str, index: int) -> bytes:
    return sha256(f"{challenge}|{index}".encode()).digest()


def _is_solved(puzzle: bytes, counter: int, difficulty: int) -> bool:
    found = sha256(puzzle + counter.to_bytes(8)).digest()
    return int.from_bytes(found) >> (HASH_BITS - difficulty) == 0
