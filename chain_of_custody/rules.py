"""Decisions of custody on plain values: blind codes, scan lists, temperatures, retention."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from chain_of_custody.types import CelsiusRange, LineOutcome, Scan, UnblindingOffice

# 0, O, 1 and I are left out: they are mistaken for each other by eye and hand.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
BODY_LENGTH = 7  # 32^7 = 34 thousand million codes: nobody hits one by trying


DIGITS = "0123456789"
LABEL_LETTER, LABEL_DIGITS = "L", 8  # a county prints a million labels in decades; the bars fit 40 mm


def check_character(body: str, alphabet: str = ALPHABET) -> str:
    """The last character of a blind code, or in digits that of a pre-printed label.

    Luhn's algorithm modulo the letters of the alphabet: finds every single wrong character, and every swap of
    neighbours but of the first and the last letter of the alphabet.

    **Source:** ISO/IEC 7812-1 Annex B, carried to base 32 for the letters of blind codes.

    Raises:
        ValueError: a character outside the alphabet.
    """
    total = 0
    for place, character in enumerate(reversed(body)):
        value = alphabet.index(character) * (2 if place % 2 == 0 else 1)
        total += value // len(alphabet) + value % len(alphabet)
    return alphabet[-total % len(alphabet)]


def label_no(number: int) -> str:
    """What stands on the pre-printed label of a number, its check digit last: 1 is L000000018."""
    body = f"{number:0{LABEL_DIGITS}d}"
    return f"{LABEL_LETTER}{body}{check_character(body, DIGITS)}"


def number_on_label(text: str) -> int | None:
    """The number of a pre-printed label; None when this can be none, by its form or its check digit."""
    body, check = text[1:-1], text[-1:]
    well_formed = text.startswith(LABEL_LETTER) and len(body) == LABEL_DIGITS and set(body + check) <= set(DIGITS)
    return int(body) if well_formed and check == check_character(body, DIGITS) else None


def is_blind_code(text: str) -> bool:
    """Whether this can be a blind code at all: length, alphabet and check character."""
    if len(text) != BODY_LENGTH + 1 or any(character not in ALPHABET for character in text):
        return False
    return check_character(text[:-1]) == text[-1]


def normalise_scan(text: str) -> str:
    """What a scanner or a hand meant: upper case, without blanks and without what cannot be printed."""
    if text.isascii() and text.isprintable() and " " not in text:  # nearly always
        return text.upper()
    return "".join(character for character in text if character.isprintable() and not character.isspace()).upper()


def offices_of(roles: Collection[str]) -> list[UnblindingOffice]:
    """The offices among these roles that decide on an unblinding, the head of the laboratory first."""
    return [office for office in UnblindingOffice if office.value in roles]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a receiver's scans say about the giver's list: an outcome for each portion, and what is not on the list."""

    outcomes: Mapping[str, LineOutcome]
    extra: tuple[str, ...]


def compare_scans(expected: Mapping[str, str], scans: Iterable[Scan]) -> Comparison:
    """Hold the scans against the list; the list is never typed to fit.

    Args:
        expected: portion number → seal number, as offered.
        scans: what the receiver scanned. Of a portion scanned twice the worse finding stands.
    """
    outcomes = dict.fromkeys(expected, LineOutcome.MISSING)
    extra: dict[str, None] = {}
    for scan in scans:
        if scan.portion_no not in expected:
            extra[scan.portion_no] = None
            continue
        is_whole = scan.seal_intact and scan.seal_no in {None, expected[scan.portion_no]}
        if not is_whole:
            outcomes[scan.portion_no] = LineOutcome.BROKEN
        elif outcomes[scan.portion_no] is LineOutcome.MISSING:
            outcomes[scan.portion_no] = LineOutcome.RECEIVED
    return Comparison(outcomes, tuple(extra))


def bearable(
    conditions: Collection[str], warmest: Mapping[str, Decimal], coldest: Mapping[str, Decimal]
) -> CelsiusRange:
    """The temperatures in °C that every portion of a load bears; without an end where nothing in it has to be cold.

    Chilled food that froze is as spoilt for the bench as one that thawed. Where frozen food lies in the same load no
    temperature suits both, and the load is judged by its warm end alone.

    Args:
        conditions: how each portion is to be kept.
        warmest: storage condition → highest temperature, from the rule parameters.
        coldest: storage condition → lowest temperature, from the rule parameters.
    """
    highest = min((warmest[one] for one in conditions if one in warmest), default=None)
    lowest = max((coldest[one] for one in conditions if one in coldest), default=None)
    if highest is not None and lowest is not None and lowest > highest:
        lowest = None
    return CelsiusRange(lowest, highest)
