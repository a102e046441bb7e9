"""Identifiers of businesses and samples: does the check digit fit?

Real official forms carry codes whose check digit is wrong (1 of 3 in the forms read), so the answer is `Valid` or
`Suspicious` with a reason a person can act on. Nothing here ever blocks.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l

# GB 32100-2015: no I, O, Z, S, V, which look like 1, 0, 2, 5, U.
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_LENGTH = 18
LICENCE_DIGITS = 14

# The official coding rule was not found; this is what real documents look like, and configuration may replace it.
SAMPLING_NO_PATTERN = r"^(?P<prefix>[A-Z]{2,4})(?P<year>\d{2})(?P<region>\d{6})(?P<serial>\d{9})(?P<suffix>[A-Z]{0,3})$"


@dataclass(frozen=True, slots=True)
class Valid:
    """Form and check digit fit.

    Attributes:
        text: the identifier in its official spelling, without spaces, in upper case.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Suspicious:
    """Something does not fit: show the message, ask for a reason, accept it all the same.

    Attributes:
        text: as typed, without spaces, in upper case.
        code: stable name of what does not fit.
        message: the same in words, with what was expected.
    """

    text: str
    code: str
    message: LazyString


IdentifierCheck = Valid | Suspicious


def check_uscc(text: str) -> IdentifierCheck:
    """Check a unified social credit code (统一社会信用代码).

    **Source**: GB 32100-2015: weights 3^(i-1) mod 31 over the first 17 places, check character (31 - S mod 31) mod 31.
    """
    code = _tidy(text)
    if len(code) != USCC_LENGTH:
        return Suspicious(
            code,
            "uscc_length",
            _l("A unified social credit code has 18 characters, this one has %(count)s.", count=len(code)),
        )
    strange = sorted(set(code) - set(USCC_ALPHABET))
    if strange:
        return Suspicious(
            code,
            "uscc_alphabet",
            _l("A unified social credit code has no %(strange)s.", strange=", ".join(strange)),
        )
    total = sum(USCC_ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(code[:-1]))
    return _compare(code, USCC_ALPHABET[-total % 31], "uscc_check")


def check_sc_licence(text: str) -> IdentifierCheck:
    """Check a food production licence (食品生产许可证): SC and 14 digits, MOD 11,10."""
    return _check_licence(text, "SC")


def check_jy_licence(text: str) -> IdentifierCheck:
    """Check a food business licence (食品经营许可证): JY and 14 digits, MOD 11,10."""
    return _check_licence(text, "JY")


def check_sampling_no(
    text: str,
    *,
    pattern: str = SAMPLING_NO_PATTERN,
    prefixes: Collection[str] = (),
    regions: Collection[str] = (),
) -> IdentifierCheck:
    """Check a sampling number (抽样编号) against the pattern in force.

    Args:
        text: as printed or typed.
        pattern: regular expression with the groups `prefix` and `region`.
        prefixes: known prefixes; empty when they are not to be checked.
        regions: known region codes; empty when they are not to be checked.
    """
    code = _tidy(text)
    match = re.match(pattern, code)
    if match is None:
        return Suspicious(
            code,
            "sampling_no_pattern",
            _l("This is not built like a sampling number: letters, year, region (6 digits), 9 digits."),
        )
    if prefixes and match["prefix"] not in prefixes:
        return Suspicious(
            code,
            "sampling_no_prefix",
            _l("The prefix %(prefix)s is not in the list of prefixes.", prefix=match["prefix"]),
        )
    if regions and match["region"] not in regions:
        return Suspicious(
            code,
            "sampling_no_region",
            _l("There is no region %(region)s.", region=match["region"]),
        )
    return Valid(code)


def mod_11_10(digits: str) -> str:
    """The check digit of GB/T 17710, hybrid system MOD 11,10."""
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def _check_licence(text: str, letters: str) -> IdentifierCheck:
    code = _tidy(text)
    if not re.fullmatch(rf"{letters}[0-9]{{{LICENCE_DIGITS}}}", code):
        return Suspicious(
            code,
            f"{letters.lower()}_form",
            _l("This licence number is %(letters)s and 14 digits.", letters=letters),
        )
    return _compare(code, mod_11_10(code[2:-1]), f"{letters.lower()}_check")


def _compare(code: str, expected: str, reason: str) -> IdentifierCheck:
    if code[-1] == expected:
        return Valid(code)
    return Suspicious(
        code,
        reason,
        _l("The check character is %(found)s where %(expected)s fits.", found=code[-1], expected=expected),
    )


def _tidy(text: str) -> str:
    return re.sub(r"\s+", "", text).upper()
