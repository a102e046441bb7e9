"""The code on a result notice, with which its addressee answers on the public page without an account.

It is derived, not kept: whoever reads the database finds no code, and a notice that is printed again carries the same.
A notice is good for one application of each kind; the rows of the applications say what is used up.
"""

import hmac
from hashlib import sha256
from uuid import UUID

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 characters, none that is read as another
GROUPS, GROUP = 3, 4
LENGTH = GROUPS * GROUP  # 60 bits: with throttled tries nobody guesses one


def notice_code(secret: str, notice_id: UUID) -> str:
    """The code of a notice in groups of four, as `K7QM-2F9X-PDHT`."""
    digest = hmac.new(secret.encode(), b"notice-code|" + notice_id.bytes, sha256).digest()
    letters = "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:LENGTH])
    return "-".join(letters[place : place + GROUP] for place in range(0, LENGTH, GROUP))


def fits(secret: str, notice_id: UUID, typed: str) -> bool:
    """Whether what somebody typed is the code of this notice; dashes, spaces and small letters do not matter."""
    letters = "".join(character for character in typed.upper() if character.isascii() and character.isalnum())
    return hmac.compare_digest(letters, notice_code(secret, notice_id).replace("-", ""))
