"""What a valid ballot is, in which order it is shown, and the receipt that finds it again."""

import hmac
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256

from citizen_votes.types import CodeChannel, Tier
from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l

MAX_APPROVALS = 5  # longer ballots take longer without being abandoned more (Stanford participatory budgeting)
MIN_MIX = 50  # fewer ballots in a batch would leave each voter in too small a crowd
NONCE_BYTES = 32
NO_OPINION = "-"  # stands for the empty choice in a commitment, so that nothing is joined from nothing
# 31 digits without 0, 1, I, L and O: nothing to confuse, and a prime, so that the check digit (weights 1 to 12) finds
# every wrong digit and every swap of two.
DIGITS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
BASE = len(DIGITS)
RECEIPT_DIGITS = 12  # 59 bits: among ten million ballots the chance of any two alike is one in 15,000
RECEIPT_GROUP = 4
MOBILE = re.compile(r"1[3-9]\d{9}")
MAILBOX = re.compile(r"[^@\s|]+@[^@\s|]+\.[^@\s|.]+")
TOKEN = re.compile(r"[0-9a-f]{64}")
PAPER = re.compile(r"[0-9A-Z-]{1,40}")


def check_choices(choices: Sequence[str], offered: Collection[str], *, no_opinion: bool = False) -> tuple[str, ...]:
    """The choices of a valid ballot, sorted: 1 to 5 of the strata offered, or none with "no opinion" said.

    Raises:
        InvalidInputError: nothing chosen and no opinion not said, both, too many, one twice, or one not offered.
    """
    if no_opinion != (not choices):
        raise InvalidInputError(_l("Choose between 1 and 5 foods, or “no opinion”."), field="choices")
    if len(choices) > MAX_APPROVALS:
        raise InvalidInputError(
            _l("%(count)s foods are chosen, at most %(most)s are allowed.", count=len(choices), most=MAX_APPROVALS),
            field="choices",
        )
    if len(set(choices)) < len(choices):
        raise InvalidInputError(_l("A food is chosen twice."), field="choices")
    unknown = sorted(set(choices) - set(offered))
    if unknown:
        raise InvalidInputError(_l("%(choice)s is not offered in this round.", choice=unknown[0]), field="choices")
    return tuple(sorted(choices))


def order_options(offered: Iterable[str], seed: bytes) -> list[str]:
    """The order in which this ballot shows its options; every order is equally likely over random seeds.

    The seed is kept with the ballot, so that an effect of the order can be measured.
    """
    return sorted(offered, key=lambda code: sha256(seed + code.encode()).digest())


def normalise_contact(channel: CodeChannel, contact: str) -> str:
    """One spelling per telephone or mailbox, so that one voter has one tag.

    Raises:
        InvalidInputError: no mobile number of mainland China, or no mail address. The message does not repeat it.
    """
    text = unicodedata.normalize("NFKC", contact).strip()
    if not text.isprintable():
        raise InvalidInputError(_l("This text holds signs that cannot be printed."), field="contact")
    if channel is CodeChannel.SMS:
        number = re.sub(r"[\s().-]", "", text)
        number = re.sub(r"^(\+|00)?86(?=1)", "", number)
        if MOBILE.fullmatch(number) and number.isascii():
            return number
        raise InvalidInputError(_l("This is not a mobile number of 11 digits."), field="contact")
    address = text.casefold()
    if MAILBOX.fullmatch(address):
        return address
    raise InvalidInputError(_l("This is not a mail address."), field="contact")


def make_tag(round_key: bytes, round_id: str, tier: Tier, identifier: str) -> bytes:
    """The tag that makes one voter vote once: HMAC-SHA256 under the key of the round.

    A plain hash would be worth nothing: all mobile numbers of the country are hashed in an hour. After the key is
    destroyed the tags are noise.

    Args:
        round_key: 32 random bytes kept outside the database, one per round.
        round_id: the round.
        tier: what stands behind the identifier; the same text in two tiers makes two tags.
        identifier: what `normalise_contact` returned, 64 hexadecimal digits of a device token, or the serial number of
            a paper ballot.

    Raises:
        InvalidInputError: a device token or serial number of another form.
    """
    form = {Tier.DEVICE: TOKEN, Tier.ASSISTED: PAPER}.get(tier)
    if form is not None and not form.fullmatch(identifier):
        raise InvalidInputError(_l("This token or serial number has another form than expected."), field="identifier")
    return hmac.digest(round_key, f"{round_id}|{tier}|{identifier}".encode(), "sha256")


def commit_ballot(round_id: str, choices: Sequence[str], nonce: bytes) -> bytes:
    """The commitment of a ballot: SHA-256 of the byte 0 and `round|choice,choice|nonce`, the nonce in hexadecimal.

    The device makes the nonce; after the close the list of (choices, nonce) is published, so a voter finds the own
    ballot by computing this, and anybody can count again.

    Raises:
        InvalidInputError: the nonce is not 32 bytes.
    """
    if len(nonce) != NONCE_BYTES:
        raise InvalidInputError(
            _l("The nonce has %(count)s bytes, expected %(expected)s.", count=len(nonce), expected=NONCE_BYTES),
            field="nonce",
        )
    listed = ",".join(sorted(choices)) or NO_OPINION
    return sha256(b"\0" + f"{round_id}|{listed}|{nonce.hex()}".encode()).digest()


def receipt_number(commitment: bytes) -> str:
    """The receipt of a ballot, short enough to write down: `K7Q2-9MFD-3XTA-C`; the last one is a check digit."""
    value = int.from_bytes(commitment)
    digits = [value // BASE**place % BASE for place in range(RECEIPT_DIGITS)]
    text = "".join(DIGITS[digit] for digit in (*digits, _check_digit(digits)))
    return "-".join(text[i : i + RECEIPT_GROUP] for i in range(0, len(text), RECEIPT_GROUP))


def read_receipt_number(text: str) -> str:
    """A receipt number as a person typed it (any case, width and spaces), in its one spelling.

    Raises:
        InvalidInputError: too long or too short, a sign that is no digit, or a check digit that does not fit.
    """
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    digits = [DIGITS.find(sign) for sign in plain]
    if len(digits) != RECEIPT_DIGITS + 1 or -1 in digits or _check_digit(digits[:-1]) != digits[-1]:
        raise InvalidInputError(
            _l("%(text)r is not a receipt number, expected for example %(example)s.", text=text[:30], example=EXAMPLE),
            field="receipt",
        )
    return "-".join(plain[i : i + RECEIPT_GROUP] for i in range(0, len(plain), RECEIPT_GROUP))


def _check_digit(digits: Sequence[int]) -> int:
    return sum((index + 1) * digit for index, digit in enumerate(digits)) % BASE


EXAMPLE = receipt_number(bytes(range(1, 33)))


def is_batch_ready(waiting: int, *, closed: bool) -> bool:
    """Whether the ballots that wait may be mixed in: enough of them to hide in, or the round is over."""
    return waiting >= MIN_MIX or (closed and waiting > 0)


def mix(ballot_ids: Iterable[bytes], secret: bytes) -> list[bytes]:
    """The order in which a batch enters the ballot table, so that not even the order links ballots to tags.

    Args:
        ballot_ids: of the batch.
        secret: 32 random bytes, used once and never stored.
    """
    return sorted(ballot_ids, key=lambda ballot_id: hmac.digest(secret, ballot_id, "sha256"))
