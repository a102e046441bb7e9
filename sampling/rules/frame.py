"""The frame of a draw: who could be drawn, frozen under one hash before anybody knows the seed.

All hashes are over plain text joined by `|`, so that an outsider can compute any of them with a shell and `sha256sum`.
"""

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l

# `|` joins the parts of every hashed text; control characters would make two texts look alike.
FORBIDDEN = re.compile(r"[|\x00-\x1f\x7f]")
LEAF, NODE = b"\x00", b"\x01"  # RFC 6962: a leaf can never pass for a node


class FrameEntry(NamedTuple):
    """One business in one stratum; `weight` is how many tickets it holds, 1 unless the public named it.

    A tuple rather than a dataclass: a county has hundreds of these, a province a million, sorted and hashed at once.
    """

    stratum: str
    business_id: str
    weight: int = 1


def region_prefix(code: str) -> str:
    """What the codes of all regions within a region begin with: `371402` itself, `3714` for 371400, all for none.

    Source: GB/T 2260, two digits each for province, prefecture and county, 00 for the whole of it.
    """
    return re.sub(r"(00)+$", "", code)


def check_token(text: str, what: str) -> str:
    """Return `text` if it may be part of a hashed text.

    Raises:
        InvalidInputError: it is empty or holds `|` or a control character.
    """
    if not text or FORBIDDEN.search(text):
        raise InvalidInputError(
            _l(
                "The %(what)s %(text)r must not be empty nor hold “|” or control characters.",
                what=what,
                text=text,
            ),
            field=what,
        )
    return text


def sort_entries(entries: Iterable[FrameEntry], weight_bound: int) -> list[FrameEntry]:
    """The entries by stratum and business, checked.

    Raises:
        InvalidInputError: a name that cannot be hashed, a business twice in a stratum, a weight outside 1..bound.
    """
    ordered = sorted(entries)
    previous = ("", "")
    for stratum, business_id, weight in ordered:
        if stratum != previous[0]:
            check_token(stratum, "stratum")
        check_token(business_id, "business_id")
        if (stratum, business_id) == previous:
            raise InvalidInputError(
                _l(
                    "%(business)s is twice in the stratum %(stratum)s.",
                    business=business_id,
                    stratum=stratum,
                ),
                field="business_id",
            )
        if not 1 <= weight <= weight_bound:
            raise InvalidInputError(
                _l(
                    "%(business)s has the weight %(weight)s, expected 1 to %(bound)s.",
                    business=business_id,
                    weight=weight,
                    bound=weight_bound,
                ),
                field="weight",
            )
        previous = (stratum, business_id)
    return ordered


def hash_leaf(key: str, entry: FrameEntry) -> bytes:
    """The leaf of one entry: its content beside a salt of its own.

    Args:
        key: the frame key, 64 hexadecimal digits, secret until the record is published.

    Without the salt anybody could find out from a proof for one business which others were in the frame.
    """
    stratum, business_id, weight = entry
    name = f"{stratum}|{business_id}"
    salt = sha256(f"{key}|{name}".encode()).hexdigest()
    return sha256(LEAF + f"{salt}|{name}|{weight}".encode()).digest()


def hash_frame(key: str, entries: Sequence[FrameEntry]) -> str:
    """The root F over the entries in their order, as 64 hexadecimal digits."""
    return merkle_root([hash_leaf(key, entry) for entry in entries]).hex()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash of leaf hashes.

    Source: RFC 6962 section 2.1 (an odd node moves up unpaired, which equals splitting at the largest power of two).
    """
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        paired = [sha256(NODE + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0]


def prove_in_frame(leaves: Sequence[bytes], index: int) -> list[tuple[str, str]]:
    """The way from one leaf to the root: per step the side of the sibling (`left` or `right`) and its hash in hex.

    Lets one business see that it stood in the frame without seeing anybody else.
    """
    path = []
    level = list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(("left" if sibling < index else "right", level[sibling].hex()))
        level = [merkle_root(level[i : i + 2]) for i in range(0, len(level), 2)]
        index //= 2
    return path


def is_in_frame(leaf: bytes, path: Sequence[tuple[str, str]], root: str) -> bool:
    """Whether the way leads from the leaf to the root."""
    for side, sibling in path:
        other = bytes.fromhex(sibling)
        pair = other + leaf if side == "left" else leaf + other
        leaf = sha256(NODE + pair).digest()
    return leaf.hex() == root
