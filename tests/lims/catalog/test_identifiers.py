import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lims.catalog.identifiers import (
    USCC_ALPHABET,
    Suspicious,
    Valid,
    check_jy_licence,
    check_sampling_no,
    check_sc_licence,
    check_uscc,
    mod_11_10,
)

CHECKS = {
    "uscc": check_uscc,
    "sc_licence": check_sc_licence,
    "jy_licence": check_jy_licence,
    "sampling_no": check_sampling_no,
}


def test_the_reference_vectors_come_out_as_expected(reference_dir: Path):
    with (reference_dir / "data" / "identifier_vectors.csv").open(encoding="utf-8") as file:
        vectors = list(csv.DictReader(file))
    wrong = [
        vector["value"]
        for vector in vectors
        if isinstance(CHECKS[vector["kind"]](vector["value"]), Valid) != (vector["expected"] == "valid")
    ]
    assert vectors
    assert wrong == []


def test_the_standards_own_example_code_is_valid():
    assert check_uscc("91350100M000100Y43") == Valid("91350100M000100Y43")


def test_a_wrong_check_character_names_the_one_that_fits():
    answer = check_uscc("91350100M000100Y44")
    assert isinstance(answer, Suspicious)
    assert answer.code == "uscc_check"
    assert "4" in str(answer.message)
    assert "3" in str(answer.message)


@pytest.mark.parametrize(
    ("text", "code"),
    [("91350100M000100Y4", "uscc_length"), ("9135O100M000100Y43", "uscc_alphabet"), ("", "uscc_length")],
)
def test_a_code_of_wrong_form_says_what_a_code_looks_like(text, code):
    answer = check_uscc(text)
    assert isinstance(answer, Suspicious)
    assert answer.code == code


def test_spaces_and_small_letters_do_not_matter():
    assert check_uscc(" 9135 0100 m000 100y 43 ") == Valid("91350100M000100Y43")


@pytest.mark.parametrize("text", ["SC1044101930006", "JY10441019300064", "SC1044101930006A", "/"])
def test_a_licence_number_of_wrong_form_is_suspicious(text):
    assert isinstance(check_sc_licence(text), Suspicious)


def test_a_sampling_number_of_an_unknown_prefix_or_region_is_suspicious():
    number = "XBJ26420502123400001"
    assert check_sampling_no(number, prefixes={"XBJ"}, regions={"420502"}) == Valid(number)
    prefix = check_sampling_no(number, prefixes={"GZJ"}, regions={"420502"})
    region = check_sampling_no(number, prefixes={"XBJ"}, regions={"110101"})
    assert isinstance(prefix, Suspicious)
    assert prefix.code == "sampling_no_prefix"
    assert isinstance(region, Suspicious)
    assert region.code == "sampling_no_region"


def test_a_suffix_of_letters_is_allowed():
    assert isinstance(check_sampling_no("XBJ26420502123400001ZX"), Valid)


@settings(max_examples=100)
@given(
    body=st.text("0123456789", min_size=13, max_size=13), place=st.integers(0, 12), other=st.sampled_from("0123456789")
)
def test_mod_11_10_notices_every_single_wrong_digit(body, place, other):
    changed = body[:place] + other + body[place + 1 :]
    assert (mod_11_10(changed) == mod_11_10(body)) == (changed == body)


@settings(max_examples=100)
@given(
    body=st.text(USCC_ALPHABET, min_size=17, max_size=17),
    place=st.integers(0, 16),
    other=st.sampled_from(USCC_ALPHABET),
)
def test_a_valid_code_with_one_wrong_character_is_never_valid(body, place, other):
    valid = next(body + char for char in USCC_ALPHABET if isinstance(check_uscc(body + char), Valid))
    changed = valid[:place] + other + valid[place + 1 :]
    assert isinstance(check_uscc(changed), Valid) == (changed == valid)
