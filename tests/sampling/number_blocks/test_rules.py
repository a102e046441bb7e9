"""Blocks of numbers as a sheet names them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.catalog.identifiers import SAMPLING_NO_PATTERN
from lims.errors import InvalidInputError
from sampling.number_blocks.rules import MOST_NUMBERS, read_range
from sampling.number_blocks.types import NumberRange

FIXED = "GZJ26371402"
serials = st.integers(0, 10**9 - MOST_NUMBERS)
counts = st.integers(1, MOST_NUMBERS)
suffixes = st.sampled_from(["", "ZX"])


def read(first, last="", count="", prefix=""):
    return read_range(
        first, last, count, prefix, pattern=SAMPLING_NO_PATTERN, prefixes={"GZJ", "XBJ"}, regions={"371402"}
    )


@given(first=serials, count=counts, suffix=suffixes)
def test_first_and_last_first_and_count_and_all_three_name_the_same_block(first, count, suffix):
    block = NumberRange(FIXED, first, first + count - 1, suffix)
    assert read(block.first_no, block.last_no) == block
    assert read(block.first_no, count=str(count)) == block
    assert read(f" {block.first_no.lower()} ", block.last_no, f"{count}.0") == block


@given(first=serials, count=counts)
def test_digits_alone_are_completed_by_the_prefix_of_the_row(first, count):
    block = NumberRange(FIXED, first, first + count - 1)
    assert read(f"{first:09d}", f"{block.last:09d}", prefix=FIXED) == block


@given(first=serials, count=counts, place=st.data())
def test_every_number_of_a_block_stands_between_its_ends(first, count, place):
    block = NumberRange(FIXED, first, first + count - 1)
    number = block.number(place.draw(st.integers(1, count)))
    assert block.first_no <= number <= block.last_no
    assert block.overlaps(read(number, number))


@given(one=st.tuples(serials, counts), other=st.tuples(serials, counts))
def test_two_blocks_overlap_exactly_when_they_share_a_number(one, other):
    blocks = [NumberRange(FIXED, first, first + count - 1) for first, count in (one, other)]
    shares = set(range(blocks[0].first, blocks[0].last + 1)) & set(range(blocks[1].first, blocks[1].last + 1))
    assert blocks[0].overlaps(blocks[1]) is blocks[1].overlaps(blocks[0]) is bool(shares)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (("", "", "5"), "empty"),
        (("GZJ26371402000000001",), "Neither a last number nor a count"),
        (("GZJ26371402000000009", "GZJ26371402000000001"), "before the first"),
        (("GZJ26371402000000001", "XBJ26371402000000009"), "differ"),
        (("GZJ26371402000000001", "GZJ26371402000000009", "8"), "there are 9"),
        (("GZJ26371402000000001", "", "many"), "many"),
        (("GZJ26371402000000001", "", "0"), "0"),
        (("GZJ26371402000000001", "", "100001"), "at most 100000"),
        (("GZJ26371402999999999", "", "2"), "at most"),
        (("QQQ26371402000000001", "", "2"), "QQQ"),
        (("GZJ26999999000000001", "", "2"), "999999"),
        (("GZJ2637140200001", "", "2"), "GZJ2637140200001"),
    ],
)
def test_what_is_no_block_is_refused_with_the_value(cells, told):
    with pytest.raises(InvalidInputError) as refusal:
        read(*cells)
    assert told in str(refusal.value)
