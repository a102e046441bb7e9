"""Amounts in capital numerals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.capital_numerals import DIGITS, MOST_YUAN, yuan_in_words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角"),
        ("10", "壹拾元整"),
        ("37.80", "叁拾柒元捌角"),
        ("1005.20", "壹仟零伍元贰角"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("100000", "壹拾万元整"),
        ("107000.53", "壹拾万零柒仟元伍角叁分"),
        ("20340567.08", "贰仟零叁拾肆万零伍佰陆拾柒元零捌分"),
        ("100000000", "壹亿元整"),
        ("100010001", "壹亿零壹万零壹元整"),
    ],
)
def test_an_amount_reads_as_the_rules_write_it(amount: str, words: str) -> None:
    assert yuan_in_words(Decimal(amount)) == words


@pytest.mark.parametrize("amount", ["-0.01", "0.005", "1000000000000", "NaN", "Infinity"])
def test_what_is_no_amount_is_refused_by_its_value(amount: str) -> None:
    with pytest.raises(ValueError, match="expected whole fen"):
        yuan_in_words(Decimal(amount))


@given(st.integers(0, MOST_YUAN * 100 - 1), st.integers(0, MOST_YUAN * 100 - 1))
def test_different_amounts_read_differently(one: int, other: int) -> None:
    words = [yuan_in_words(Decimal(fen) / 100) for fen in (one, other)]
    assert (words[0] == words[1]) == (one == other)


@given(st.integers(1, MOST_YUAN - 1))
def test_the_digits_that_are_not_zero_stand_in_their_order(yuan: int) -> None:
    read = [DIGITS.index(word) for word in yuan_in_words(Decimal(yuan)) if word in DIGITS[1:]]
    assert read == [int(digit) for digit in str(yuan) if digit != "0"]
