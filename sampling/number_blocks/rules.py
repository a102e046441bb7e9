"""Reading a block of sampling numbers: first, last and count must agree, and the numbers must be sampling numbers."""

import re
import unicodedata
from collections.abc import Collection

from lims.catalog.identifiers import Suspicious, check_sampling_no
from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from sampling.number_blocks.types import SERIAL_DIGITS, NumberRange

MOST_NUMBERS = 100_000  # an institution has five digits to count with


def read_range(
    first: str,
    last: str,
    count: str,
    prefix: str = "",
    *,
    pattern: str,
    prefixes: Collection[str],
    regions: Collection[str],
) -> NumberRange:
    """The numbers that a row names: by first and last, by first and count, or by all three when they agree.

    Args:
        first: the first number, whole or without what `prefix` says.
        last: the last number, likewise; empty where `count` says it.
        count: how many; may be empty.
        prefix: what stands before the digits of first and last, where it has a column of its own.
        pattern: of sampling numbers, with the groups prefix, region, serial and suffix.
        prefixes: letters that a number may begin with.
        regions: codes of the regions there are.

    Raises:
        InvalidInputError: in words, with the value and what was expected.
    """
    begin = _read_number(_whole(first, prefix), pattern, prefixes, regions)
    if not count and not last:
        raise InvalidInputError(_l("Neither a last number nor a count; expected one of them."))
    if last:
        end = _read_number(_whole(last, prefix), pattern, prefixes, regions)
    else:
        end = NumberRange(begin.fixed, begin.first, begin.first + _read_count(count) - 1, begin.suffix)
    if (begin.fixed, begin.suffix) != (end.fixed, end.suffix):
        raise InvalidInputError(
            _l(
                "%(first)s and %(last)s differ before or after their %(digits)s digits; expected two of one block.",
                first=begin.first_no,
                last=end.last_no,
                digits=SERIAL_DIGITS,
            )
        )
    numbers = NumberRange(begin.fixed, begin.first, end.last, begin.suffix)
    if numbers.count < 1:
        raise InvalidInputError(
            _l("The last number %(last)s is before the first, %(first)s.", last=end.last_no, first=begin.first_no)
        )
    if numbers.count > MOST_NUMBERS or numbers.last >= 10**SERIAL_DIGITS:
        raise InvalidInputError(
            _l("A block has at most %(most)s numbers, this one %(count)s.", most=MOST_NUMBERS, count=numbers.count)
        )
    if count and _read_count(count) != numbers.count:
        raise InvalidInputError(
            _l(
                "The count is %(count)s, but from %(first)s to %(last)s there are %(found)s.",
                count=count,
                first=numbers.first_no,
                last=numbers.last_no,
                found=numbers.count,
            )
        )
    return numbers


def _whole(text: str, prefix: str) -> str:
    number = _tidy(text)
    return f"{_tidy(prefix)}{number}" if number.isdecimal() else number


def _tidy(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper()


def _read_number(text: str, pattern: str, prefixes: Collection[str], regions: Collection[str]) -> NumberRange:
    if not text:
        raise InvalidInputError(_l("The first number is empty."))
    answer = check_sampling_no(text, pattern=pattern, prefixes=prefixes, regions=regions)
    if isinstance(answer, Suspicious):
        raise InvalidInputError(_l("%(number)s: %(problem)s", number=text, problem=answer.message))
    match = re.match(pattern, text)
    assert match is not None  # noqa: S101 - it was checked against this very pattern
    serial = int(match["serial"])
    return NumberRange(text[: match.start("serial")], serial, serial, match["suffix"])


def _read_count(text: str) -> int:
    digits = _tidy(text).removesuffix(".0")  # workbooks keep 200 as 200.0
    if not digits.isdecimal() or int(digits) < 1:
        raise InvalidInputError(_l("The count is “%(count)s”, expected a number from 1 on.", count=text))
    return int(digits)
