"""Symbols are read back by a decoder that is not ours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lims.symbols import QR_QUIET_MODULES, QUIET_MODULES, Modules, code128, code128_svg, qr, qr_svg, read_symbols

printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=24)


def drawn(rows: Modules, quiet: int, dots: int, height: int = 1) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    """Draw modules as dark on light, each `dots` wide."""
    dark = np.repeat(np.array(rows, dtype=bool), height, axis=0)
    image = np.where(np.pad(dark, quiet), 0, 255).astype(np.uint8)
    return np.kron(image, np.ones((dots, dots), dtype=np.uint8))


@given(printable)
@settings(max_examples=100)
def test_a_code_128_is_read_back_as_it_was_written(text: str) -> None:
    [reading] = read_symbols(drawn((code128(text),), QUIET_MODULES, 2, height=30))
    assert (reading.text, reading.symbology) == (text, "Code128")


@pytest.mark.parametrize("text", ["9900", "99", "999", "9999", "99345678", "99001", "0099", "9912ABCD"])
def test_digits_that_look_like_a_change_of_charset_stay_digits(text: str) -> None:
    [reading] = read_symbols(drawn((code128(text),), QUIET_MODULES, 2, height=30))
    assert (reading.text, reading.symbology) == (text, "Code128")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=60))
@settings(max_examples=60)
def test_a_qr_code_is_read_back_whatever_its_letters(text: str) -> None:
    [reading] = read_symbols(drawn(qr(text), QR_QUIET_MODULES, 3))
    assert reading.text == text


@pytest.mark.parametrize("text", ["", "豇豆", "XBJ26\u00e9"])
def test_what_code_128_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Code 128"):
        code128(text)


def test_a_drawing_is_the_same_every_time_and_has_its_quiet_zones() -> None:
    width = len(code128("XBJ265105")) + 2 * QUIET_MODULES
    assert f'viewBox="0 0 {width} 1"' in code128_svg("XBJ265105")
    assert qr_svg("https://example.org/a") == qr_svg("https://example.org/a")
